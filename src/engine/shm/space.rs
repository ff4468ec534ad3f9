//! An arena in this process's memory.
//!
//! Address space for the largest arena is set aside at once; the file is mapped into it bit by bit, as
//! it grows. A program that locks all its memory (mlockall(2)) would otherwise have all of the
//! file. The descriptor is closed at once, since its number may be the program's next; what comes
//! later is mapped by way of what is there, which also works after chroot(2) and setuid(2).
#![allow(unsafe_code)]

use super::atomic::{AtomicU64, Ordering};
use super::memory::{Fault, Memory};
use super::{here, ranges};
use crate::errno::Errno;
use crate::os::{self, Descriptor};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize};

const PAGE: usize = 4096;
/// What is mapped at first.
pub const FIRST_BYTES: usize = 1 << 20;

/// A place for an arena.
pub struct Space {
    base: AtomicPtr<AtomicU64>,
    /// How many words are mapped.
    words: AtomicUsize,
    /// For how many there is address space.
    most: AtomicUsize,
}

/// The words of an arena, in its place.
#[derive(Clone, Copy)]
pub struct Mapped {
    space: &'static Space,
    base: *const AtomicU64,
}

impl Memory for Mapped {
    #[inline(always)]
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault> {
        if index >= self.space.words.load(Ordering::Acquire) {
            self.space.grow(index)?;
        }
        // SAFETY: mapped, and not unmapped while anybody is inside.
        Ok(unsafe { &*self.base.add(index) })
    }

    #[inline(always)]
    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault> {
        let end = index.checked_add(count).ok_or(Fault::Nonsense)?;
        if end > self.space.words.load(Ordering::Acquire) {
            self.space.grow(end)?;
        }
        // SAFETY: mapped, and not unmapped while anybody is inside.
        Ok(unsafe { std::slice::from_raw_parts(self.base.add(index), count) })
    }

    #[inline(always)]
    fn array<const COUNT: usize>(&self, index: usize) -> Result<&[AtomicU64; COUNT], Fault> {
        // The first mebibyte is always there, and no array is as long.
        if index > self.space.words.load(Ordering::Acquire).wrapping_sub(COUNT) {
            self.space.grow(index.checked_add(COUNT).ok_or(Fault::Nonsense)?)?;
        }
        // SAFETY: mapped, and not unmapped while anybody is inside.
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
        (self.base, self.space.words.load(Ordering::Acquire))
    }
}

impl Space {
    /// Nothing is there.
    pub const fn empty() -> Space {
        Space {
            base: AtomicPtr::new(null_mut()),
            words: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    /// The arena that is there, if any.
    #[inline(always)]
    pub fn get(&'static self) -> Option<Mapped> {
        let base = self.base.load(Ordering::Acquire);
        (!base.is_null()).then_some(Mapped { space: self, base })
    }

    /// Maps the beginning of a file into address space for so many bytes of it, or for as many as
    /// there is.
    pub fn fill(&self, file: &Descriptor, bytes: usize) -> Result<(), Errno> {
        let mut most = bytes / PAGE * PAGE;
        let base = loop {
            match os::set_aside(most) {
                Ok(base) => break base,
                Err(error) if most <= FIRST_BYTES => return Err(error),
                Err(_) => most = (most / 4).max(FIRST_BYTES) / PAGE * PAGE,
            }
        };
        // SAFETY: the range was set aside just now, and nobody else knows of it.
        unsafe {
            file.map_at(base, FIRST_BYTES)?;
            os::keep_out_of_cores(base, FIRST_BYTES);
        }
        ranges::register(base, most);
        self.most.store(most / 8, Ordering::Release);
        self.words.store(FIRST_BYTES / 8, Ordering::Release);
        let (none, first) = (null_mut(), base.cast());
        if self.base.compare_exchange(none, first, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // Another thread was first, with the same file.
            ranges::forget(base);
            // SAFETY: nobody uses this one.
            unsafe { os::unmap(base, most) };
        }
        Ok(())
    }

    /// Takes away what is there.
    ///
    /// # Safety
    /// Nobody uses it any more.
    pub unsafe fn clear(&self) {
        let base: *mut u8 = self.base.swap(null_mut(), Ordering::AcqRel).cast();
        if !base.is_null() {
            ranges::forget(base);
            // SAFETY: the caller's promise.
            unsafe { os::unmap(base, self.most.load(Ordering::Acquire) * 8) };
        }
    }

    /// Maps more, so that this word is there.
    #[cold]
    fn grow(&self, index: usize) -> Result<(), Fault> {
        let most = self.most.load(Ordering::Acquire);
        if index >= most {
            return Err(Fault::Nonsense);
        }
        // Alone: whoever maps over what is mapped takes it away for a moment.
        let signals = os::block_signals();
        here::begin_to_grow();
        let grown = self.map_until(index, most);
        here::grown();
        os::restore_signals(signals);
        grown
    }

    fn map_until(&self, index: usize, most: usize) -> Result<(), Fault> {
        let base = self.base.load(Ordering::Acquire).cast::<u8>();
        let before = self.words.load(Ordering::Acquire) * 8;
        let after = (index * 8 + 1).max(before * 2).next_power_of_two().min(most * 8);
        if index * 8 < before {
            return Ok(());
        }
        // SAFETY: the range up to `most` was set aside for this, and nobody uses it yet.
        unsafe { os::map_more_at(base.add(before - PAGE), base.add(before), after - before) }
            .map_err(|_| Fault::Full)?;
        // SAFETY: mapped just now.
        unsafe { os::keep_out_of_cores(base.add(before), after - before) };
        self.words.store(after / 8, Ordering::Release);
        Ok(())
    }
}
