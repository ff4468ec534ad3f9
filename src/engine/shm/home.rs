//! The arena of the registry, which is also where the queues are, unless each has a file of its own:
//! see `own.rs`.

use super::directory::Directory;
use super::file::{self, Refusal};
use super::space::{Mapped, Space};
use crate::errno::Errno;
use crate::path::Path;
use libc::ENOENT;

static HOME: Space = Space::empty();

/// The arena, if it is there.
#[inline(always)]
pub fn get() -> Option<Mapped> {
    HOME.get()
}

/// Opens the file of the queues in a directory, or makes it, and maps it.
pub fn open(directory: &Directory) -> Result<(), Refusal> {
    if get().is_some() {
        return Ok(());
    }
    let path: Path = Path::of(&[directory.path.as_c_str().to_bytes(), b"/queues"])?;
    match file::open(path.as_c_str(), &HOME) {
        Err(Refusal::File(Errno(ENOENT))) => {
            file::make_once(path.as_c_str(), file_mode(directory))?;
            file::open(path.as_c_str(), &HOME)
        }
        opened => opened,
    }
}

/// Who may make files in the directory may use this one.
fn file_mode(directory: &Directory) -> u32 {
    let shared = |class: u32| if directory.mode >> class & 2 != 0 { 6 << class } else { 0 };
    0o600 | shared(3) | shared(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_make_files_in_the_directory_may_use_the_registry() {
        for (mode, expected) in [
            (0o700, 0o600),
            (0o750, 0o600),
            (0o705, 0o600),
            (0o770, 0o660),
            (0o720, 0o660),
            (0o702, 0o606),
            (0o777, 0o666),
        ] {
            let found = file_mode(&Directory { mode, ..Directory::none() });
            assert_eq!(found, expected, "{found:#o}, in a directory of mode {mode:#o}");
        }
    }
}
