//! Joining a recording: opening the file that `MSGQ_TRACE` names, or making it.

use super::clock::Clock;
use super::format::{
    CHUNK_BYTES, Cursor, DEFAULT_KEPT, HEADER_BYTES, Header, MAGIC, MOST_CHUNKS, MOST_KEPT,
    VERSION, chunk,
};
use super::mapping::Mapping;
use crate::errno::Errno;
use crate::os::{self, Descriptor};
use libc::{EEXIST, ENAMETOOLONG, ENOENT, O_CREAT, O_EXCL, O_NOCTTY, O_RDWR};
use std::ffi::CStr;
use std::mem::offset_of;

/// Why a recording cannot be joined.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The file cannot be opened or made.
    File(Errno),
    /// The file is something else.
    Foreign,
    /// The file is a recording of another version.
    Version,
    /// The recording is a copy, or has been cut off: there is no room to write in it.
    Closed,
    /// The program has forbidden itself the clock that the recording uses.
    Clock,
    /// The machine's pages are not those that the format is made for.
    Pages,
}

impl Refusal {
    /// What is wrong, and what would be right.
    pub fn sentence(&self) -> &'static str {
        match self {
            Refusal::File(_) => "the file cannot be opened or made",
            Refusal::Foreign => "the file is no recording; name another, or one that is not there",
            Refusal::Version => "the recording was made by another version of msgq",
            Refusal::Closed => "the recording is finished; name a file that is not there",
            Refusal::Clock => "the program may not read the clock of this recording",
            Refusal::Pages => {
                "recording needs memory pages of 4096 bytes, and this machine's differ"
            }
        }
    }
}

/// Chunks in a recording on a kernel that cannot give storage later (before Linux 5.14): 64 MiB.
const CHUNKS_AT_ONCE: u32 = 512;

/// Opens the recording at `path`, or makes it, and maps it. False where another thread was first.
pub fn open(path: &CStr, mapping: &Mapping) -> Result<bool, Refusal> {
    match Descriptor::open(path, O_RDWR | O_NOCTTY, 0) {
        Ok(file) => attach(&file, mapping),
        Err(Errno(ENOENT)) => {
            make(path, DEFAULT_KEPT)?;
            attach(&Descriptor::open(path, O_RDWR, 0).map_err(Refusal::File)?, mapping)
        }
        Err(error) => Err(Refusal::File(error)),
    }
}

/// Maps the recording in `file`, once everything in its header is found sound.
pub fn attach(file: &Descriptor, mapping: &Mapping) -> Result<bool, Refusal> {
    if os::page_size() != HEADER_BYTES {
        return Err(Refusal::Pages);
    }
    let mut words = [0u8; 64];
    let read = file.read(&mut words).map_err(Refusal::File)?;
    let mut words =
        words.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default()));
    let mut next = || words.next().unwrap_or(0);
    if next() != MAGIC || read < 64 {
        return Err(Refusal::Foreign);
    }
    if next() != VERSION {
        return Err(Refusal::Version);
    }
    let (chunks, kept, clock) = (next(), next(), next());
    let clock = Clock::from_number(clock).ok_or(Refusal::Foreign)?;
    if chunks == 0 {
        return Err(Refusal::Closed);
    }
    if chunks > u64::from(MOST_CHUNKS) || kept > u64::from(MOST_KEPT) {
        return Err(Refusal::Foreign);
    }
    if file.size().map_err(Refusal::File)? < file_bytes(chunks as u32) {
        return Err(Refusal::Closed);
    }
    if !clock.is_readable() {
        return Err(Refusal::Clock);
    }
    mapping.attach(file, chunks as u32).map_err(Refusal::File)
}

fn file_bytes(chunks: u32) -> u64 {
    HEADER_BYTES as u64 + u64::from(chunks) * CHUNK_BYTES as u64
}

/// Makes an empty recording that keeps `kept` bytes of each message. It gets its name when it is
/// whole, so that two processes that make it at the same time end up with one.
pub fn make(path: &CStr, kept: u32) -> Result<(), Refusal> {
    let mut name = [0u8; libc::PATH_MAX as usize];
    let unfinished = unfinished_name(path, &mut name).ok_or(Refusal::File(Errno(ENAMETOOLONG)))?;
    let made = write_empty(unfinished, kept);
    let linked = made.and_then(|()| match os::link(unfinished, path) {
        Ok(()) | Err(Errno(EEXIST)) => Ok(()),
        Err(error) => Err(Refusal::File(error)),
    });
    let _ = os::unlink(unfinished);
    linked
}

/// `path` with the process's id behind it.
fn unfinished_name<'a>(path: &CStr, into: &'a mut [u8]) -> Option<&'a CStr> {
    let mut digits = [b'0'; 10];
    let mut rest = os::process_id();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let parts = [path.to_bytes(), b".", &digits, b"\0"];
    let length = parts.iter().map(|part| part.len()).sum();
    let name = into.get_mut(..length)?;
    for (place, byte) in name.iter_mut().zip(parts.into_iter().flatten()) {
        *place = *byte;
    }
    CStr::from_bytes_with_nul(name).ok()
}

fn write_empty(path: &CStr, kept: u32) -> Result<(), Refusal> {
    let file = Descriptor::open(path, O_RDWR | O_CREAT | O_EXCL, 0o600).map_err(Refusal::File)?;
    let chunks = make_room(&file).map_err(Refusal::File)?;
    let clock = Clock::best();
    let rate = clock.measure_rate();
    let moment = clock.moment();
    let header = [
        MAGIC,
        VERSION,
        u64::from(chunks),
        u64::from(kept.min(MOST_KEPT)),
        clock as u64,
        rate,
        moment.ticks,
        moment.monotonic,
        os::nanoseconds(libc::CLOCK_REALTIME),
    ];
    // Chunk 0 is the current one, and the first in order; chunk 1 is the first never used.
    let write = |words: &[u64], at: usize| {
        words.iter().enumerate().try_for_each(|(number, word)| {
            file.write(&word.to_ne_bytes(), (at + number * 8) as u64).map_err(Refusal::File)
        })
    };
    write(&[1], offset_of!(Header, fresh))?;
    write(&[Cursor { chunk: 0, generation: 1, claimed: 0 }.word()], offset_of!(Header, cursor))?;
    write(&[1], HEADER_BYTES + chunk::SEQUENCE * 8)?;
    write(&header, 0)
}

/// Makes the file as long as it may become, and gives its number of chunks. Its storage comes when
/// it is needed, or at once where the kernel could not say later that there is none.
fn make_room(file: &Descriptor) -> Result<u32, Errno> {
    let allowed = os::largest_file().saturating_sub(HEADER_BYTES as u64) / CHUNK_BYTES as u64;
    let most = if os::can_populate() { MOST_CHUNKS } else { CHUNKS_AT_ONCE };
    let chunks = allowed.min(u64::from(most)) as u32;
    if chunks == 0 {
        return Err(Errno(libc::EFBIG));
    }
    file.set_size(file_bytes(chunks))?;
    let at_once = if os::can_populate() { 1 } else { chunks };
    match file.allocate(file_bytes(at_once)) {
        // A file system that cannot promise storage gets something to store.
        Err(Errno(libc::EOPNOTSUPP)) => write_zeros(file, file_bytes(at_once)).map(|()| chunks),
        allocated => allocated.map(|()| chunks),
    }
}

fn write_zeros(file: &Descriptor, bytes: u64) -> Result<(), Errno> {
    let zeros = [0u8; HEADER_BYTES];
    (0..bytes).step_by(zeros.len()).try_for_each(|at| file.write(&zeros, at))
}
