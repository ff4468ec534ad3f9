//! What every recorded call needs, together in one page.
//!
//! A call has just been in the kernel, or is about to go there, and finds little of what it needs
//! in the processor's caches: each page that recording touches is paid for. The kernel wipes this
//! page in every child that gets a copy of the memory, however the child was made: by fork(3),
//! clone(2), or a library's own way around the C library. So a wiped page also tells a child that
//! the process id it remembers is its parent's.

use super::clock::Clock;
use super::format::{CHUNK_BYTES, CHUNK_SLOTS, HEADER_BYTES, Header, Slot};
use super::mapping::Mapping;
use super::recording::Memory;
use crate::os;
use std::ptr::null_mut;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32};

/// The page. All zero: nothing is known yet, in this process.
#[repr(C, align(4096))]
pub struct Hot {
    process: AtomicU32,
    kept: AtomicU32,
    clock: AtomicU8,
    /// How many chunks the first piece of the mapping has; 0 while it is not known where it is.
    chunks: AtomicU32,
    /// The first of them; the header is before it.
    first: AtomicPtr<u8>,
}

/// What does not change from call to call, nor in a child: from it the page is filled again.
pub struct Lasting {
    /// The recording's memory.
    pub mapping: Mapping,
    /// How many bytes of each message are kept.
    pub kept: AtomicU32,
    /// The recording's clock, as a number.
    pub clock: AtomicU8,
}

/// The page of this process.
static HOT: Hot = Hot {
    process: AtomicU32::new(0),
    kept: AtomicU32::new(0),
    clock: AtomicU8::new(0),
    chunks: AtomicU32::new(0),
    first: AtomicPtr::new(null_mut()),
};

const _: () = assert!(size_of::<Hot>() == 4096);

/// What fills it.
pub static LASTING: Lasting = Lasting {
    mapping: Mapping::new(),
    kept: AtomicU32::new(0),
    clock: AtomicU8::new(Clock::Monotonic as u8),
};

impl Hot {
    /// The page, filled.
    #[inline(always)]
    pub fn get() -> &'static Hot {
        if HOT.process.load(Acquire) == 0 {
            HOT.fill();
        }
        &HOT
    }

    #[cold]
    fn fill(&self) {
        os::wipe_on_fork(&raw const *self as *mut u8, size_of::<Hot>());
        self.kept.store(LASTING.kept.load(Relaxed), Relaxed);
        self.clock.store(LASTING.clock.load(Relaxed), Relaxed);
        if let Some((first, chunks)) = LASTING.mapping.first_piece() {
            self.first.store(first, Relaxed);
            self.chunks.store(chunks, Release);
        }
        self.process.store(os::process_id(), Release);
    }

    /// Forgets everything: where a child was made by fork(3), on a kernel that wipes nothing.
    pub fn forget() {
        HOT.process.store(0, Release);
    }

    /// The process's id.
    #[inline(always)]
    pub fn process(&self) -> u32 {
        self.process.load(Relaxed)
    }

    /// How many bytes of each message are kept.
    #[inline(always)]
    pub fn kept(&self) -> usize {
        self.kept.load(Relaxed) as usize
    }

    /// The recording's clock.
    #[inline(always)]
    pub fn clock(&self) -> Clock {
        Clock::from_number(u64::from(self.clock.load(Relaxed))).unwrap_or(Clock::Monotonic)
    }
}

/// The recording as [`Recording`](super::recording::Recording) sees it: its first chunks by way of
/// the page, which are all there are while somebody reads along.
#[derive(Clone, Copy)]
pub struct HotMemory;

#[allow(unsafe_code)]
impl Memory for HotMemory {
    #[inline(always)]
    fn header(&self) -> Option<&Header> {
        let known = HOT.chunks.load(Acquire) > 0;
        // SAFETY: the header stands before the first chunk of a mapping that is never unmapped.
        known.then(|| unsafe { &*HOT.first.load(Relaxed).sub(HEADER_BYTES).cast::<Header>() })
    }

    #[inline(always)]
    fn chunk(&self, index: u32) -> Option<&[Slot; CHUNK_SLOTS]> {
        if index >= HOT.chunks.load(Acquire) {
            return LASTING.mapping.chunk(index);
        }
        let offset = index as usize * CHUNK_BYTES;
        // SAFETY: the first piece has this chunk, and is never unmapped.
        Some(unsafe { &*HOT.first.load(Relaxed).add(offset).cast::<[Slot; CHUNK_SLOTS]>() })
    }

    fn back(&self, index: u32) -> bool {
        LASTING.mapping.back(index)
    }
}
