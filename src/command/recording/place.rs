//! Where the recording of a running program is.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// A directory for one recording: in memory, where that is to be had.
pub struct Place {
    /// The recording's path.
    pub recording: PathBuf,
    directory: TempDir,
}

impl Place {
    /// A place of its own, which is removed when this is dropped.
    pub fn new() -> io::Result<Place> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("msgq-");
        let directory = builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir())?;
        let mut secret = [0u8; 16];
        File::open("/dev/urandom")?.read_exact(&mut secret)?;
        let name: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Place { recording: directory.path().join(name), directory })
    }

    /// A program that was started by root may give up its rights and then start another one, which
    /// must still be able to open the recording. Whoever is told its name may: the name cannot be
    /// guessed, and the directory cannot be listed. A program that is traced can then do harm to the
    /// trace, and to the other programs in it.
    pub fn open_to_others(&self) -> io::Result<()> {
        if nix::unistd::geteuid().is_root() {
            fs::set_permissions(self.directory.path(), fs::Permissions::from_mode(0o711))?;
            fs::set_permissions(&self.recording, fs::Permissions::from_mode(0o666))?;
        }
        Ok(())
    }
}
