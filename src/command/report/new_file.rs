//! A file that is there as a whole, or not at all.

use crate::command::failure::{Failure, MEANINGLESS};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// A file that is being written beside the place where it will stand.
pub struct NewFile {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl NewFile {
    /// A file that will stand at `path`. What stands there stays until then; the recording for ever.
    pub fn create(path: &Path, recording: &Path) -> Result<NewFile, Failure> {
        let name = path.display();
        // Where a link leads, there the file will be.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if let Ok(there) = fs::metadata(&place) {
            let is_recording = fs::metadata(recording)
                .is_ok_and(|file| (file.dev(), file.ino()) == (there.dev(), there.ino()));
            let why = match (is_recording, there.is_file()) {
                (true, _) => "this is the recording itself; name another file",
                (_, false) => "this is no regular file; name one, or one that is not there yet",
                _ => "",
            };
            if !why.is_empty() {
                return Err(Failure::new(format!("{name}: {why}")).with_status(MEANINGLESS));
            }
        }
        let beside = match place.parent() {
            Some(directory) if directory != Path::new("") => directory,
            _ => Path::new("."),
        };
        let file = Builder::new().prefix(".msgq-").tempfile_in(beside);
        let file = file.map_err(|error| match beside.exists() {
            false => {
                Failure::new(format!("{name}: the directory {} is not there", beside.display()))
            }
            true => Failure::new(format!("{name}: no file can be made there: {error}")),
        })?;
        Ok(NewFile { path: place, out: BufWriter::with_capacity(1 << 16, file) })
    }

    /// All of it is written: puts it in its place.
    pub fn keep(self) -> io::Result<()> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_there_stays_until_the_new_file_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("page");
        fs::write(&path, "old").unwrap();
        let begin = || {
            let mut file = NewFile::create(&path, Path::new("/nowhere")).unwrap();
            file.write_all(b"new").unwrap();
            file
        };
        drop(begin());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        begin().keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_file_is_written_to_where_a_link_leads() {
        let directory = tempfile::tempdir().unwrap();
        let [path, link] = ["page", "link"].map(|name| directory.path().join(name));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut file = NewFile::create(&link, Path::new("/nowhere")).unwrap();
        file.write_all(b"new").unwrap();
        file.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn neither_the_recording_nor_a_device_is_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let [recording, link] = ["recording", "link"].map(|name| directory.path().join(name));
        fs::write(&recording, "all there is").unwrap();
        std::os::unix::fs::symlink(&recording, &link).unwrap();
        let refusal = |path: &Path| match NewFile::create(path, &recording) {
            Err(failure) => failure.sentence,
            Ok(_) => panic!("{path:?} was taken"),
        };
        for path in [&recording, &link] {
            assert!(refusal(path).contains("the recording itself"), "{path:?}");
        }
        for path in ["/dev/null", "/"] {
            assert!(refusal(Path::new(path)).contains("no regular file"), "{path}");
        }
        assert!(refusal(Path::new("/nowhere/page")).contains("/nowhere is not there"));
        assert_eq!(fs::read(&recording).unwrap(), b"all there is");
    }
}
