//! How big the heap block is that a message lies in.
//!
//! The GNU C library keeps the size of a block in the word before it. A pointer need not be one to
//! the beginning of a block, and the allocator need not be that one: so a size is believed only where
//! the blocks behind it make a chain as that library builds it, and anything else is not known.
#![allow(unsafe_code)]

use super::catalogue::Misuse;
use super::finding::{Call, report};
use crate::os;
use libc::c_long;
use std::fmt::Write;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// Flags in the word before a block.
const PREVIOUS_IN_USE: usize = 1;
const MAPPED: usize = 2;
const NOT_MAIN: usize = 4;
const FLAGS: usize = 7;

/// The bytes that a block has besides the caller's: the word before it. (The last word of a block
/// lies in the next one's room.)
const WORD: usize = size_of::<usize>();
const LEAST: usize = 4 * WORD;

/// How many blocks have to follow as they should.
const CHAIN: usize = 3;

static START: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Whether the block that the message lies in is too small for it.
#[inline(always)]
pub fn look(call: Call, msgp: usize, msgsz: usize) {
    let wanted = msgsz.saturating_add(size_of::<c_long>());
    if (msgsz as isize) < 0 {
        return;
    }
    if let Some(room) = room_below(msgp, wanted) {
        tell(call, msgsz, room);
    }
}

#[cold]
#[inline(never)]
fn tell(call: Call, msgsz: usize, room: usize) {
    let counts_mtype = msgsz <= room;
    let misuse = if counts_mtype { Misuse::CountsMtype } else { Misuse::BeyondBlock };
    report(misuse, call, &|detail| {
        let wanted = msgsz.saturating_add(size_of::<c_long>());
        let _ = write!(
            detail,
            "mtype and a msgsz of {msgsz} take {wanted} bytes, and the block at msgp has {room}"
        );
    });
}

/// How many bytes there are from `address` to the end of its heap block; nothing where `wanted` bytes
/// fit, or where it is not known.
#[inline(always)]
fn room_below(address: usize, wanted: usize) -> Option<usize> {
    let end = os::heap_end();
    if address >= end || !address.is_multiple_of(2 * WORD) {
        return None;
    }
    let start = START.load(Relaxed);
    if start == usize::MAX {
        return find_heap(address, wanted);
    }
    if address < start + 2 * WORD {
        return None;
    }
    // SAFETY: all that lies between the two ends of this heap can be read.
    let size = unsafe { ((address - WORD) as *const usize).read() } & !FLAGS;
    if size.wrapping_sub(WORD) >= wanted || size < LEAST {
        return None;
    }
    is_block(address, start, end).then_some(size - WORD)
}

#[cold]
#[inline(never)]
fn find_heap(address: usize, wanted: usize) -> Option<usize> {
    START.store(os::heap_start().filter(|start| *start < address)?, Relaxed);
    room_below(address, wanted)
}

/// Whether a block of the C library's main heap begins at `address`.
#[cold]
#[inline(never)]
fn is_block(address: usize, start: usize, end: usize) -> bool {
    let mut block = address;
    for number in 0..=CHAIN {
        if block < start + 2 * WORD || block > end {
            return false;
        }
        let mut word = [0u8; WORD];
        if !os::peek(block - WORD, &mut word) {
            return false;
        }
        let word = usize::from_ne_bytes(word);
        let size = word & !FLAGS;
        let is_sound = size.is_multiple_of(2 * WORD)
            && size >= LEAST
            && word & (MAPPED | NOT_MAIN) == 0
            && size <= end - (block - 2 * WORD)
            // The block before it, which was looked at the last time, is in use.
            && (number != 1 || word & PREVIOUS_IN_USE != 0);
        if !is_sound {
            return false;
        }
        block += size;
        // The last block of all has nothing behind it.
        if block - 2 * WORD == end {
            return number > 0;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_as_big_as_the_c_library_says_and_what_is_inside_it_is_no_block() {
        // SAFETY: allocated, asked about, and given back.
        unsafe {
            let block = libc::malloc(72);
            let size = libc::malloc_usable_size(block);
            let address = block.addr();
            // A test's thread may have a heap of its own, of which nothing is known.
            let room = room_below(address, size + 1);
            assert!(room.is_none() || room == Some(size), "{room:?}, not {size}");
            assert_eq!(room_below(address, size), None);
            std::ptr::write_bytes(block.cast::<u8>(), 0x21, 72);
            assert_eq!(room_below(address + 16, 1000), None);
            assert_eq!(room_below(address + 8, 1000), None);
            libc::free(block);
        }
        let local = [0x41usize; 16];
        assert_eq!(room_below(local.as_ptr().addr(), 1000), None);
        assert_eq!(room_below(usize::MAX - 15, 8), None);
        assert_eq!(room_below(0, 8), None);
    }
}
