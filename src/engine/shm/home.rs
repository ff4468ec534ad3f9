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
