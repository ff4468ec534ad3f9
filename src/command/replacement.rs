//! A file that takes the place of another one when it is complete. What was there before stays if writing
//! fails.

use super::failure::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Such a file.
pub struct Replacement {
    /// What it is called in errors.
    shown: String,
    destination: Destination,
}

enum Destination {
    /// A file beside the one at this path.
    Beside(NamedTempFile, PathBuf),
    /// A device or a pipe, whose place nothing can take.
    Itself(File),
}

impl Replacement {
    /// Begins the file at `path`; "-" is standard output.
    pub fn create(path: &Path) -> Result<Replacement, Failure> {
        let is_standard = path == Path::new("-");
        let shown =
            if is_standard { "standard output".to_string() } else { path.display().to_string() };
        let destination = match is_standard {
            true => {
                io::stdout().as_fd().try_clone_to_owned().map(|own| Destination::Itself(own.into()))
            }
            false => Destination::at(path),
        };
        match destination {
            Ok(destination) => Ok(Replacement { shown, destination }),
            Err(error) => Err(Failure::about(shown, error)),
        }
    }

    /// Everything is written: the file takes its place.
    pub fn complete(self) -> Result<(), Failure> {
        match self.destination {
            Destination::Beside(file, path) => {
                let taken = file.persist(path).map_err(|error| error.error);
                taken.map(drop).map_err(|error| Failure::about(self.shown, error))
            }
            Destination::Itself(_) => Ok(()),
        }
    }

    /// Why it cannot be written.
    pub fn failure(&self, error: io::Error) -> Failure {
        Failure::about(&self.shown, error)
    }
}

impl Destination {
    fn at(path: &Path) -> io::Result<Destination> {
        // The file itself, where there are links to it.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let permissions = match fs::metadata(&path) {
            Ok(data) if !data.is_file() => {
                return OpenOptions::new().write(true).open(&path).map(Destination::Itself);
            }
            Ok(data) => Some(data.permissions()),
            Err(_) => None,
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // It may have what messages say: as a recording, it is for its owner (mode 0600).
        let new =
            |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(".msgq-").make_in(directory.unwrap_or(Path::new(".")), new)?;
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
        }
        Ok(Destination::Beside(file, path))
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.destination {
            Destination::Beside(file, _) => file.write(bytes),
            Destination::Itself(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.destination {
            Destination::Beside(file, _) => file.flush(),
            Destination::Itself(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    /// What there is in a directory.
    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_was_there_stays_until_the_new_file_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let mut begun = Replacement::create(&path).unwrap();
        begun.write_all(b"half").unwrap();
        drop(begun);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut whole = Replacement::create(&path).unwrap();
        whole.write_all(b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        whole.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(names(directory.path()), ["out"]);
    }

    #[test]
    fn a_new_file_is_for_its_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        Replacement::create(&path).unwrap().complete().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_link_stays_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let [path, link] = ["out", "link"].map(|name| directory.path().join(name));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink("out", &link).unwrap();
        let mut new = Replacement::create(&link).unwrap();
        new.write_all(b"new").unwrap();
        new.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_device_is_written_to_and_stays_one() {
        let mut full = Replacement::create(Path::new("/dev/full")).unwrap();
        let error = full.write_all(b"text").unwrap_err();
        assert_eq!(
            full.failure(error).sentence,
            "/dev/full: No space left on device (os error 28)"
        );
        assert!(!fs::metadata("/dev/full").unwrap().is_file());
    }

    #[test]
    fn where_there_is_no_directory_the_path_is_named() {
        let failure = Replacement::create(Path::new("/no/such/directory/out")).err().unwrap();
        let expected = "/no/such/directory/out: No such file or directory (os error 2)";
        assert_eq!(failure.sentence, expected);
    }
}
