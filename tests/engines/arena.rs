//! Memory for messages and structures, with an end that is really one.
#![allow(unsafe_code)]

use super::call::Place;
use std::ptr::{null_mut, slice_from_raw_parts_mut};

/// What memory holds before a call: no call writes this much of it.
pub const FILL: u8 = 0xa5;

/// Bytes between an address that is good and the end of memory, or of what is looked at.
const PAGE: usize = 65536;

/// Writable memory followed by memory that cannot be used, and some that can only be read.
pub struct Arena {
    start: *mut u8,
    usable: usize,
    blank: Vec<u8>,
}

impl Arena {
    /// With room for so many bytes, and some more.
    pub fn new(room: usize) -> Arena {
        let usable = (room + 1024).next_multiple_of(PAGE);
        let all = usable + 2 * PAGE;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping overlaps nothing; both changes of protection lie within it.
        unsafe {
            let start = libc::mmap(null_mut(), all, protection, kind, -1, 0).cast::<u8>();
            assert!(start.cast() != libc::MAP_FAILED, "no memory for {all} bytes");
            assert_eq!(libc::mprotect(start.add(usable).cast(), PAGE, libc::PROT_NONE), 0);
            // A message of type 3 with a text of zeros.
            start.add(usable + PAGE).write(3);
            let last = start.add(usable + PAGE).cast();
            assert_eq!(libc::mprotect(last, PAGE, libc::PROT_READ), 0);
            Arena { start, usable, blank: vec![FILL; usable] }
        }
    }

    /// The address of a place.
    pub fn address(&self, place: Place) -> *mut u8 {
        match place {
            Place::Usual => self.start,
            Place::Null => null_mut(),
            Place::Cut(room) => self.start.wrapping_add(self.usable - room as usize),
            Place::ReadOnly => self.start.wrapping_add(self.usable + PAGE),
        }
    }

    /// The bytes that can be written at a place.
    pub fn bytes(&mut self, place: Place) -> &mut [u8] {
        let (from, bytes) = match place {
            Place::Usual => (self.start, self.usable),
            Place::Cut(room) => (self.address(place), room as usize),
            Place::Null | Place::ReadOnly => (self.start, 0),
        };
        // SAFETY: within the writable part, which nobody else knows.
        unsafe { &mut *slice_from_raw_parts_mut(from, bytes) }
    }

    /// What a call left at a place that held [`FILL`] before: the first `expected` bytes, or all
    /// where something was changed beyond them.
    pub fn written(&mut self, place: Place, expected: usize) -> Vec<u8> {
        let blank = std::mem::take(&mut self.blank);
        let bytes = self.bytes(place);
        let expected = expected.min(bytes.len());
        let (first, rest) = bytes.split_at(expected);
        let written = if rest == &blank[..rest.len()] { first.to_vec() } else { bytes.to_vec() };
        self.blank = blank;
        written
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: the whole mapping, which nobody uses any more.
        unsafe { libc::munmap(self.start.cast(), self.usable + 2 * PAGE) };
    }
}
