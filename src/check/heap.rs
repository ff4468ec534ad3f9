//! How big the heap block is that a message lies in.
//!
//! The GNU C library keeps the size of a block in the word before it. A pointer need not be one to
//! the beginning of a block, and the allocator need not be that one: so a size is believed only where
//! the blocks behind it make a chain as that library builds it, and anything else is not known.
use super::catalogue::Misuse;
use super::finding::{Call, report};
use crate::os;
use libc::c_long;
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};

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

/// Where the heap begins; [`NOT_KNOWN`] at first.
static START: AtomicUsize = AtomicUsize::new(NOT_KNOWN);
const NOT_KNOWN: usize = usize::MAX;

/// Where the heap ended when there was none: it begins where it ends.
static WITHOUT_HEAP: AtomicUsize = AtomicUsize::new(0);

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
    let is_looked_at = address < end
        && address.is_multiple_of(2 * WORD)
        && !fine(address).is_some_and(|fine| fine.is_known(address, wanted));
    if is_looked_at { room_of_block(address, wanted, end) } else { None }
}

/// The same for what may be a block that was not looked at of late. That the program means to use the
/// memory at `address` does not yet make it readable, nor the page before it.
#[cold]
#[inline(never)]
fn room_of_block(address: usize, wanted: usize, end: usize) -> Option<usize> {
    let start = start(end)?;
    if address < start + 2 * WORD {
        return None;
    }
    let room = word_before(address).map(|word| (word & !FLAGS).wrapping_sub(WORD));
    let room = room.filter(|room| *room < wanted && is_block(address, start, end));
    if room.is_none()
        && let Some(fine) = fine(address)
    {
        fine.note(address, wanted);
    }
    room
}

/// Where the heap begins that ends at `end`. The list of mappings is read until there is one.
fn start(end: usize) -> Option<usize> {
    let known = START.load(Relaxed);
    if known != NOT_KNOWN {
        return Some(known);
    }
    if WITHOUT_HEAP.load(Relaxed) == end {
        return None;
    }
    let start = os::heap_start();
    match start {
        Some(start) => START.store(start, Relaxed),
        None => WITHOUT_HEAP.store(end, Relaxed),
    }
    start
}

fn word_before(address: usize) -> Option<usize> {
    let mut word = [0u8; WORD];
    os::peek(address - WORD, &mut word).then(|| usize::from_ne_bytes(word))
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
        let Some(word) = word_before(block) else { return false };
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

/// An address at which nothing was wrong. To look again costs system calls, so it is done from time to
/// time: the block there may be another one by then.
struct Fine {
    /// The address | how many bytes were wanted there.
    place: AtomicU64,
    uses: AtomicU32,
}

/// How often what is known is relied upon.
const USES: u32 = 64;

/// The most bytes of which it is noted that they fit.
const MOST_NOTED: usize = (1 << 20) - 1;

static FINE: [Fine; 64] =
    [const { Fine { place: AtomicU64::new(0), uses: AtomicU32::new(0) } }; 64];

/// Where it is noted of an address.
#[inline(always)]
fn fine(address: usize) -> Option<&'static Fine> {
    FINE.get((address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % FINE.len())
}

impl Fine {
    #[inline(always)]
    fn is_known(&self, address: usize, wanted: usize) -> bool {
        let place = self.place.load(Relaxed);
        if place >> 20 != address as u64 >> 4 || ((place as usize) & MOST_NOTED) < wanted {
            return false;
        }
        let uses = self.uses.load(Relaxed).wrapping_add(1);
        self.uses.store(uses, Relaxed);
        uses < USES
    }

    fn note(&self, address: usize, wanted: usize) {
        if wanted <= MOST_NOTED {
            self.uses.store(0, Relaxed);
            self.place.store((address as u64 >> 4) << 20 | wanted as u64, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_relied_upon_for_a_while() {
        let fine = Fine { place: AtomicU64::new(0), uses: AtomicU32::new(0) };
        let address = 0x7fff_ffff_f010;
        assert!(!fine.is_known(address, 0));
        for _ in 0..2 {
            fine.note(address, 24);
            assert!(!fine.is_known(address, 25) && !fine.is_known(address + 16, 24));
            let times = (0..1000).take_while(|_| fine.is_known(address, 24)).count();
            assert_eq!(times as u32, USES - 1);
        }
        fine.note(address, MOST_NOTED + 1);
        assert!(!fine.is_known(address, MOST_NOTED + 1));
    }

    #[test]
    #[allow(unsafe_code)]
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
