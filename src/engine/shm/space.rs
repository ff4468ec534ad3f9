//! An arena in this process's memory.
//!
//! Address space for the largest arena is set aside at once; the file is mapped into it bit by bit, as
//! it grows. A program that locks all its memory (mlockall(2)) would otherwise have all of the
//! file. The descriptor is closed at once, since its number may be the program's next; what comes
//! later is mapped by way of what is there, which also works after chroot(2) and setuid(2).
#![allow(unsafe_code)]

use super::atomic::{AtomicU64, Ordering};
use super::layout::{FIRST_FRESH, UNIT_BYTES};
use super::memory::{Fault, Memory};
use super::{here, ranges};
use crate::errno::Errno;
use crate::os::{self, Descriptor};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicUsize};

const PAGE: usize = 4096;
/// What is mapped at first.
pub const FIRST_BYTES: usize = 1 << 20;

// What every arena has is there from the start.
const _: () = assert!(FIRST_BYTES >= FIRST_FRESH as usize * UNIT_BYTES);

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
    base: NonNull<AtomicU64>,
    /// How many words were mapped when the thread entered. There may be more by now.
    words: usize,
    space: &'static Space,
}

impl Memory for Mapped {
    #[inline(always)]
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault> {
        if index >= self.words {
            self.space.reach(index)?;
        }
        // SAFETY: mapped, and not unmapped while anybody is inside.
        Ok(unsafe { self.base.add(index).as_ref() })
    }

    #[inline(always)]
    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault> {
        let end = index.checked_add(count).ok_or(Fault::Nonsense)?;
        if end > self.words {
            self.space.reach(end - 1)?;
        }
        // SAFETY: mapped, and not unmapped while anybody is inside.
        Ok(unsafe { NonNull::slice_from_raw_parts(self.base.add(index), count).as_ref() })
    }

    #[inline(always)]
    fn array<const COUNT: usize>(&self, index: usize) -> Result<&[AtomicU64; COUNT], Fault> {
        // The first mebibyte is always there, and no array is as long.
        if index > self.words.wrapping_sub(COUNT) {
            self.space.reach(index.checked_add(COUNT - 1).ok_or(Fault::Nonsense)?)?;
        }
        // SAFETY: mapped, and not unmapped while anybody is inside.
        Ok(unsafe { self.base.add(index).cast().as_ref() })
    }

    fn back(&self, start: usize, end: usize) -> Result<(), Fault> {
        self.words(end, 0)?;
        let first = start * 8 / PAGE * PAGE;
        let bytes = (end * 8).next_multiple_of(PAGE).saturating_sub(first);
        // SAFETY: the range is mapped, shared and writable.
        match unsafe { os::populate(self.base.cast::<u8>().add(first).as_ptr(), bytes) } {
            Ok(()) => Ok(()),
            // Before Linux 5.14: what lacks storage is found out by the first store.
            Err(Errno(libc::EINVAL)) => Ok(()),
            Err(_) => Err(Fault::Full),
        }
    }

    #[inline(always)]
    fn all(&self) -> (*const AtomicU64, usize) {
        (self.base.as_ptr(), self.space.words.load(Ordering::Acquire))
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
        let base = NonNull::new(self.base.load(Ordering::Acquire))?;
        let words = self.words.load(Ordering::Acquire);
        Some(Mapped { base, words, space: self })
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
        // Another thread may be first, and may have mapped more meanwhile.
        let least = |known: usize| if known == 0 { most / 8 } else { known.min(most / 8) };
        let _ =
            self.most.fetch_update(Ordering::AcqRel, Ordering::Acquire, |known| Some(least(known)));
        self.words.fetch_max(FIRST_BYTES / 8, Ordering::AcqRel);
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
            self.words.store(0, Ordering::Release);
            // SAFETY: the caller's promise.
            unsafe { os::unmap(base, self.most.swap(0, Ordering::AcqRel) * 8) };
        }
    }

    /// Sees to it that this word is there, which was not when the thread entered.
    #[cold]
    fn reach(&self, index: usize) -> Result<(), Fault> {
        match index < self.words.load(Ordering::Acquire) {
            true => Ok(()),
            false => self.grow(index),
        }
    }

    /// Maps more, so that this word is there.
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
        // What comes after a page that core files do without is kept out of them too.
        // SAFETY: the range up to `most` was set aside for this, and nobody uses it yet.
        unsafe { os::map_more_at(base.add(before - PAGE), base.add(before), after - before) }
            .map_err(|_| Fault::Full)?;
        self.words.store(after / 8, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
#[path = "space_tests.rs"]
mod tests;
