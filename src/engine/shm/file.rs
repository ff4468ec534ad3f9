//! The files that arenas are in.

use super::layout::{EMPTY, FIRST_FRESH, MAGIC, MOST_UNITS, UNIT_BYTES, VERSION, header};
use super::space::{FIRST_BYTES, Space};
use crate::errno::Errno;
use crate::os::{self, Descriptor};
use crate::path::{Path, TooLong};
use libc::{EEXIST, ENOTSUP, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR};
use std::ffi::CStr;

/// Why there is no arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The file cannot be opened or made.
    File(Errno),
    /// The file is something else.
    Foreign,
    /// The file is of another version of this library.
    Version,
    /// There is no address space for it.
    Memory(Errno),
}

impl From<TooLong> for Refusal {
    fn from(_: TooLong) -> Refusal {
        Refusal::File(Errno(libc::ENAMETOOLONG))
    }
}

impl Refusal {
    /// What is wrong, and what would be right.
    pub fn sentence(&self) -> &'static str {
        match self {
            Refusal::File(_) => "the file of the queues cannot be opened or made",
            Refusal::Foreign => "the file of the queues is something else; remove it",
            Refusal::Version => {
                "the queues are those of another version of msgq; end the programs that use them, \
                 and remove the file"
            }
            Refusal::Memory(_) => "the file of the queues cannot be mapped",
        }
    }

    /// What the kernel said, where it did.
    pub fn error(&self) -> Option<Errno> {
        match self {
            Refusal::File(error) | Refusal::Memory(error) => Some(*error),
            Refusal::Foreign | Refusal::Version => None,
        }
    }
}

/// Opens a file, and maps it once it is found to be an arena.
pub fn open(path: &CStr, space: &Space) -> Result<(), Refusal> {
    let file = Descriptor::open(path, O_RDWR | O_NOFOLLOW, 0).map_err(Refusal::File)?;
    let mut words = [0u8; 24];
    let read = file.read(&mut words).map_err(Refusal::File)?;
    let word = |number: usize| {
        let bytes = words.get(number * 8..number * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_ne_bytes)
    };
    if read < words.len() || word(header::MAGIC) != MAGIC || word(header::READY) != 1 {
        return Err(Refusal::Foreign);
    }
    if word(header::VERSION) != VERSION {
        return Err(Refusal::Version);
    }
    let size = file.size().map_err(Refusal::File)?;
    if size < FIRST_BYTES as u64 {
        return Err(Refusal::Foreign);
    }
    let bytes = size.min(MOST_UNITS * UNIT_BYTES as u64) as usize;
    space.fill(&file, bytes).map_err(Refusal::Memory)
}

/// Makes an empty arena, unless there is something of that name. It gets its name when it is whole, so
/// that two processes that make it at the same time end up with one.
pub fn make_once(path: &CStr, mode: u32) -> Result<(), Refusal> {
    let mut unfinished: Path = Path::of(&[path.to_bytes(), b"."])?;
    unfinished.push_number(os::process_id().into())?;
    unfinished.push(b".")?;
    unfinished.push_number(os::thread_id().into())?;
    let unfinished = unfinished.as_c_str();
    let made =
        make(unfinished, mode, FIRST_FRESH, &[]).and_then(|()| match os::link(unfinished, path) {
            Ok(()) | Err(Errno(EEXIST)) => Ok(()),
            Err(error) => Err(Refusal::File(error)),
        });
    let _ = os::unlink(unfinished);
    made
}

/// Makes an arena of this size in units, with these words besides those of an empty one, under a name
/// that nobody knows yet.
pub fn make(path: &CStr, mode: u32, units: u64, words: &[(usize, u64)]) -> Result<(), Refusal> {
    write(path, mode, units, words).map_err(Refusal::File)
}

fn write(path: &CStr, mode: u32, units: u64, words: &[(usize, u64)]) -> Result<(), Errno> {
    const PAGE: u64 = 4096;
    let file = Descriptor::open(path, O_RDWR | O_CREAT | O_EXCL, mode)?;
    file.set_mode(mode)?;
    let bytes = (MOST_UNITS * UNIT_BYTES as u64).min(os::largest_file());
    if bytes < FIRST_BYTES as u64 {
        return Err(Errno(libc::EFBIG));
    }
    file.set_size(bytes / PAGE * PAGE)?;
    match file.allocate(units * UNIT_BYTES as u64) {
        Err(Errno(ENOTSUP)) => Ok(()),
        allocated => allocated,
    }?;
    let write = |(word, value): &(usize, u64)| file.write(&value.to_ne_bytes(), *word as u64 * 8);
    EMPTY.iter().chain(words).try_for_each(write)
}

#[cfg(test)]
#[path = "file_tests.rs"]
#[allow(unsafe_code)]
mod tests;
