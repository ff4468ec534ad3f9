//! The arena in this process's memory.
//!
//! Address space for the largest arena is set aside at once; the file is mapped into it bit by bit, as
//! it grows. A program that locks all its memory (mlockall(2)) would otherwise have all of the
//! file. The descriptor is closed at once, since its number may be the program's next; what comes
//! later is mapped by way of what is there, which also works after chroot(2) and setuid(2).
#![allow(unsafe_code)]

use super::atomic::{AtomicU64, Ordering};
use super::layout::{EMPTY, FIRST_FRESH, MAGIC, MOST_UNITS, UNIT_BYTES, VERSION, header};
use super::memory::{Fault, Memory};
use super::{here, ranges};
use crate::errno::Errno;
use crate::os::{self, Descriptor};
use crate::path::{Path, TooLong};
use libc::{EEXIST, ENOENT, ENOTSUP, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR};
use std::ffi::CStr;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize};

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

const PAGE: usize = 4096;
/// What is mapped at first.
const FIRST_BYTES: usize = 1 << 20;

static BASE: AtomicPtr<AtomicU64> = AtomicPtr::new(null_mut());
/// How many words are mapped.
static WORDS: AtomicUsize = AtomicUsize::new(0);
/// For how many there is address space.
static MOST_WORDS: AtomicUsize = AtomicUsize::new(0);

/// The arena's words.
#[derive(Clone, Copy)]
pub struct Mapped {
    base: *const AtomicU64,
}

/// The arena, if it is there.
#[inline(always)]
pub fn get() -> Option<Mapped> {
    let base = BASE.load(Ordering::Acquire);
    (!base.is_null()).then_some(Mapped { base })
}

impl Memory for Mapped {
    #[inline(always)]
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault> {
        if index >= WORDS.load(Ordering::Acquire) {
            grow(index)?;
        }
        // SAFETY: mapped, and never unmapped.
        Ok(unsafe { &*self.base.add(index) })
    }

    #[inline(always)]
    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault> {
        let end = index.checked_add(count).ok_or(Fault::Nonsense)?;
        if end > WORDS.load(Ordering::Acquire) {
            grow(end)?;
        }
        // SAFETY: mapped, and never unmapped.
        Ok(unsafe { std::slice::from_raw_parts(self.base.add(index), count) })
    }

    #[inline(always)]
    fn array<const COUNT: usize>(&self, index: usize) -> Result<&[AtomicU64; COUNT], Fault> {
        // The first mebibyte is always there, and no array is as long.
        if index > WORDS.load(Ordering::Acquire).wrapping_sub(COUNT) {
            grow(index.checked_add(COUNT).ok_or(Fault::Nonsense)?)?;
        }
        // SAFETY: mapped, and never unmapped.
        Ok(unsafe { &*self.base.add(index).cast() })
    }

    fn back(&self, start: usize, end: usize) -> Result<(), Fault> {
        self.words(end, 0)?;
        let first = start * 8 / PAGE * PAGE;
        let bytes = (end * 8).next_multiple_of(PAGE).saturating_sub(first);
        // SAFETY: the range is mapped, shared and writable.
        match unsafe { os::populate(self.base.cast_mut().cast::<u8>().add(first), bytes) } {
            Ok(()) => Ok(()),
            // Before Linux 5.14: what lacks storage is found out by the first store.
            Err(Errno(libc::EINVAL)) => Ok(()),
            Err(_) => Err(Fault::Full),
        }
    }

    #[inline(always)]
    fn all(&self) -> (*const AtomicU64, usize) {
        (self.base, WORDS.load(Ordering::Acquire))
    }
}

/// Maps more, so that this word is there.
#[cold]
fn grow(index: usize) -> Result<(), Fault> {
    let most = MOST_WORDS.load(Ordering::Acquire);
    if index >= most {
        return Err(if most == 0 { Fault::Full } else { Fault::Nonsense });
    }
    // Alone: whoever maps over what is mapped takes it away for a moment.
    let signals = os::block_signals();
    here::begin_to_grow();
    let grown = map_until(index, most);
    here::grown();
    os::restore_signals(signals);
    grown
}

fn map_until(index: usize, most: usize) -> Result<(), Fault> {
    let base = BASE.load(Ordering::Acquire).cast::<u8>();
    let before = WORDS.load(Ordering::Acquire) * 8;
    let after = (index * 8 + 1).max(before * 2).next_power_of_two().min(most * 8);
    if index * 8 < before {
        return Ok(());
    }
    // SAFETY: the range up to `most` was set aside for this, and nobody uses it yet.
    unsafe { os::map_more_at(base.add(before - PAGE), base.add(before), after - before) }
        .map_err(|_| Fault::Full)?;
    // SAFETY: mapped just now.
    unsafe { os::keep_out_of_cores(base.add(before), after - before) };
    WORDS.store(after / 8, Ordering::Release);
    Ok(())
}

/// Opens the file of the queues in a directory, or makes it, and maps it.
pub fn open(directory: &CStr, mode: u32) -> Result<(), Refusal> {
    if get().is_some() {
        return Ok(());
    }
    let path: Path = Path::of(&[directory.to_bytes(), b"/queues"])?;
    let path = path.as_c_str();
    let file = match Descriptor::open(path, O_RDWR | O_NOFOLLOW, 0) {
        Err(Errno(ENOENT)) => {
            make(path, mode)?;
            Descriptor::open(path, O_RDWR | O_NOFOLLOW, 0)
        }
        opened => opened,
    };
    attach(&file.map_err(Refusal::File)?)
}

fn attach(file: &Descriptor) -> Result<(), Refusal> {
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
    map(file, size.min(MOST_UNITS * UNIT_BYTES as u64) as usize / PAGE * PAGE)
}

/// Maps the beginning of the file into address space for all of it, or for as much as there is.
fn map(file: &Descriptor, bytes: usize) -> Result<(), Refusal> {
    let mut most = bytes;
    let base = loop {
        match os::set_aside(most) {
            Ok(base) => break base,
            Err(error) if most <= FIRST_BYTES => return Err(Refusal::Memory(error)),
            Err(_) => most = (most / 4).max(FIRST_BYTES) / PAGE * PAGE,
        }
    };
    // SAFETY: the range was set aside just now, and nobody else knows of it.
    unsafe {
        file.map_at(base, FIRST_BYTES).map_err(Refusal::Memory)?;
        os::keep_out_of_cores(base, FIRST_BYTES);
    }
    ranges::register(base, most);
    MOST_WORDS.store(most / 8, Ordering::Release);
    WORDS.store(FIRST_BYTES / 8, Ordering::Release);
    let first = BASE.compare_exchange(null_mut(), base.cast(), Ordering::AcqRel, Ordering::Acquire);
    if first.is_err() {
        ranges::forget(base);
        // SAFETY: another thread was first, and nobody uses this one.
        unsafe { os::unmap(base, most) };
    }
    Ok(())
}

/// Makes an empty file. It gets its name when it is whole, so that two processes that make it at the
/// same time end up with one.
fn make(path: &CStr, mode: u32) -> Result<(), Refusal> {
    let mut unfinished: Path = Path::of(&[path.to_bytes(), b"."])?;
    unfinished.push_number(os::process_id().into())?;
    unfinished.push(b".")?;
    unfinished.push_number(os::thread_id().into())?;
    let unfinished = unfinished.as_c_str();
    let made = write_empty(unfinished, mode).and_then(|()| match os::link(unfinished, path) {
        Ok(()) | Err(Errno(EEXIST)) => Ok(()),
        Err(error) => Err(error),
    });
    let _ = os::unlink(unfinished);
    made.map_err(Refusal::File)
}

fn write_empty(path: &CStr, mode: u32) -> Result<(), Errno> {
    let file = Descriptor::open(path, O_RDWR | O_CREAT | O_EXCL, mode)?;
    file.set_mode(mode)?;
    let bytes = (MOST_UNITS * UNIT_BYTES as u64).min(os::largest_file());
    if bytes < FIRST_BYTES as u64 {
        return Err(Errno(libc::EFBIG));
    }
    file.set_size(bytes / PAGE as u64 * PAGE as u64)?;
    match file.allocate(FIRST_FRESH * UNIT_BYTES as u64) {
        Err(Errno(ENOTSUP)) => Ok(()),
        allocated => allocated,
    }?;
    EMPTY.iter().try_for_each(|(word, value)| file.write(&value.to_ne_bytes(), *word as u64 * 8))
}
