//! What may be read of the caller's memory, and how it comes into the recording.
//!
//! The address that a program hands to a call may be wrong, and reading it would then end the
//! program where the call would have answered EFAULT. So the call is made first, and its outcome
//! tells what the engine has read or written itself ([`super::call::Call::proves`]).
#![allow(unsafe_code)]

use super::format::{FIRST_BYTES, FIRST_BYTES_WORD, MORE_BYTES_WORD, Slot};
use crate::os;
use libc::{c_long, c_void, msqid_ds};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory of the caller's that its call has proven readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readable {
    /// Where the message's type is.
    pub mtype: Option<*const c_long>,
    /// Where the bytes are: the message's, or msgctl's structure.
    pub bytes: *const u8,
    /// How many.
    pub length: usize,
}

impl Readable {
    /// Nothing was proven.
    pub const NOTHING: Readable = Readable { mtype: None, bytes: ptr::null(), length: 0 };

    /// A message with so many bytes of text.
    #[inline(always)]
    pub fn message(msgp: *const c_void, length: usize) -> Readable {
        let mtype = msgp.cast::<c_long>();
        Readable { mtype: Some(mtype), bytes: mtype.wrapping_add(1).cast(), length }
    }

    /// A structure of so many bytes.
    #[inline(always)]
    pub fn structure(buf: *const msqid_ds, length: usize) -> Readable {
        Readable { mtype: None, bytes: buf.cast(), length }
    }

    /// The same, with at most so many bytes.
    #[inline(always)]
    pub fn at_most(self, length: usize) -> Readable {
        Readable { length: self.length.min(length), ..self }
    }

    /// The same, or nothing, where somebody other than the engine answered.
    #[cold]
    pub fn proven_by_kernel(self) -> Readable {
        let first = self.mtype.map_or(self.bytes, |mtype| mtype.cast());
        let bytes = self.bytes.addr().wrapping_add(self.length).wrapping_sub(first.addr());
        if os::is_readable(first, bytes) { self } else { Readable::NOTHING }
    }

    /// Reads the message's type.
    ///
    /// # Safety
    /// The memory is still what the call saw.
    #[inline(always)]
    pub unsafe fn read_mtype(&self) -> Option<i64> {
        // SAFETY: proven readable; the program may have put it at any address.
        self.mtype.map(|mtype| unsafe { mtype.read_unaligned() })
    }

    /// Copies the bytes into a record's slots; gives how many there was room for.
    ///
    /// # Safety
    /// The memory is still what the call saw.
    #[inline(always)]
    pub unsafe fn copy(&self, slots: &[Slot]) -> u32 {
        let Some((first, more)) = slots.split_first() else { return 0 };
        let first = &first[FIRST_BYTES_WORD..];
        // SAFETY: proven readable.
        let mut done = unsafe {
            match self.length >= FIRST_BYTES {
                // The usual case, of a length that the compiler knows.
                true => fill(first, self.bytes, FIRST_BYTES),
                false => fill(first, self.bytes, self.length),
            }
        };
        for slot in more {
            let rest = self.bytes.wrapping_add(done);
            // SAFETY: the rest of what is proven readable.
            done += unsafe { fill(&slot[MORE_BYTES_WORD..], rest, self.length - done) };
        }
        done as u32
    }
}

/// Fills words with bytes; gives how many there was room for.
///
/// # Safety
/// `length` bytes can be read at `from`.
#[inline(always)]
unsafe fn fill(words: &[AtomicU64], from: *const u8, length: usize) -> usize {
    let (whole, rest) = words.split_at(words.len().min(length / 8));
    let mut from = from;
    for word in whole {
        // SAFETY: as many whole words as the bytes make.
        unsafe {
            word.store(from.cast::<u64>().read_unaligned(), Ordering::Relaxed);
            from = from.add(8);
        }
    }
    let done = whole.len() * 8;
    match rest.first() {
        Some(last) if done < length => {
            let mut bytes = [0u8; 8];
            // SAFETY: fewer than eight bytes are left, and all can be read.
            unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), length - done) };
            last.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
            length
        }
        _ => done,
    }
}
