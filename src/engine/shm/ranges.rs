//! The mapped ranges of shared files that are answered for: what their pages hold can be taken away
//! by whoever may truncate the file, and touching such a page is then a SIGBUS.
//!
//! The signal's handler reads the table, so nobody waits for anybody here. A place in it belongs to
//! the range that starts at the address it holds.
#![allow(unsafe_code)]

use crate::os;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// How many ranges are answered for; later ones are not.
const MOST: usize = 1024;

struct Range {
    /// 0: the place is free.
    start: AtomicUsize,
    /// 0: nothing is answered for yet.
    bytes: AtomicUsize,
    damaged: AtomicBool,
}

impl Range {
    const fn free() -> Range {
        Range {
            start: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            damaged: AtomicBool::new(false),
        }
    }
}

struct Table<const PLACES: usize> {
    ranges: [Range; PLACES],
    /// How many places have ever been taken.
    used: AtomicUsize,
}

static TABLE: Table<MOST> = Table::new();

/// Whether any range was ever damaged: as long as none was, nobody looks for one.
static DAMAGE: AtomicBool = AtomicBool::new(false);

/// From now on a page of these that is gone reads as zeros, and makes the range damaged. A range
/// that has grown is registered again, with the same start. Whether the table had room.
pub fn register(start: *const u8, bytes: usize) -> bool {
    TABLE.register(start.addr(), bytes)
}

/// No longer answers for the range that starts there; to be called before it is unmapped.
pub fn forget(start: *const u8) {
    TABLE.forget(start.addr());
}

/// Whether a page of the range that starts there was gone when it was touched: what has been read
/// from the range since may be zeros, and what was written may be lost.
#[inline]
pub fn damaged(start: *const u8) -> bool {
    DAMAGE.load(Acquire) && TABLE.at(start.addr()).any(|range| range.damaged.load(Acquire))
}

/// Answers for a fault at this address, where it lies in one of the ranges: puts a page of zeros
/// there, of this process's own. Whether the instruction can go on.
pub fn mend(address: usize) -> bool {
    let Some(range) = TABLE.around(address) else { return false };
    // First, so that who reads a zero finds the mark.
    range.damaged.store(true, Release);
    DAMAGE.store(true, Release);
    let page = os::page_size();
    let start = address - address % page;
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: replaces a page of a range of ours that no longer holds anything.
    unsafe { os::kernel!(libc::SYS_mmap, start, page, protection, flags, -1, 0) }.is_ok()
}

impl<const PLACES: usize> Table<PLACES> {
    const fn new() -> Self {
        let ranges = [const { Range::free() }; PLACES];
        Table { ranges, used: AtomicUsize::new(0) }
    }

    fn register(&self, start: usize, bytes: usize) -> bool {
        // Two threads that register the same range at once may take a place each: whoever looks for
        // a range looks at all places.
        let range = self.at(start).next().or_else(|| self.take(start));
        if let Some(range) = range {
            range.bytes.store(bytes, Release);
        }
        range.is_some()
    }

    fn take(&self, start: usize) -> Option<&Range> {
        let free = |range: &Range| range.start.compare_exchange(0, start, Release, Relaxed).is_ok();
        let place = self.ranges.iter().position(free)?;
        self.used.fetch_max(place + 1, Release);
        self.ranges.get(place)
    }

    fn forget(&self, start: usize) {
        for range in self.at(start) {
            range.bytes.store(0, Release);
            range.damaged.store(false, Relaxed);
            range.start.store(0, Release);
        }
    }

    /// The places of the range that starts there.
    fn at(&self, start: usize) -> impl Iterator<Item = &Range> {
        self.taken().filter(move |range| range.start.load(Acquire) == start)
    }

    fn around(&self, address: usize) -> Option<&Range> {
        self.taken().find(|range| {
            let (start, bytes) = (range.start.load(Acquire), range.bytes.load(Acquire));
            address.checked_sub(start).is_some_and(|offset| offset < bytes)
        })
    }

    fn taken(&self) -> impl Iterator<Item = &Range> {
        self.ranges.iter().take(self.used.load(Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected<const PLACES: usize>(table: &Table<PLACES>, address: usize) -> bool {
        table.around(address).is_some()
    }

    #[test]
    fn a_range_is_found_by_each_address_in_it_and_no_other() {
        let table = Table::<4>::new();
        assert!(table.register(0x1000, 0x2000) && table.register(0x5000, 0x1000));
        let found = [0xfff, 0x1000, 0x2fff, 0x3000, 0x4fff, 0x5000, 0x5fff, 0x6000]
            .map(|address| protected(&table, address));
        assert_eq!(found, [false, true, true, false, false, true, true, false]);
    }

    #[test]
    fn a_range_registered_again_grows_and_takes_no_second_place() {
        let table = Table::<1>::new();
        assert!(table.register(0x1000, 0x1000));
        assert!(!protected(&table, 0x2000));
        assert!(table.register(0x1000, 0x2000));
        assert!(protected(&table, 0x2000));
    }

    #[test]
    fn a_full_table_refuses_until_a_range_is_forgotten() {
        let table = Table::<2>::new();
        assert!(table.register(0x1000, 1) && table.register(0x2000, 1));
        assert!(!table.register(0x3000, 1));
        assert!(!protected(&table, 0x3000));
        table.forget(0x1000);
        assert!(!protected(&table, 0x1000));
        assert!(table.register(0x3000, 1));
        assert!(protected(&table, 0x3000) && protected(&table, 0x2000));
    }

    #[test]
    fn what_was_damaged_and_forgotten_begins_anew_whole() {
        let table = Table::<2>::new();
        table.register(0x1000, 1);
        table.around(0x1000).unwrap().damaged.store(true, Relaxed);
        table.forget(0x1000);
        table.register(0x1000, 1);
        assert!(!table.around(0x1000).unwrap().damaged.load(Relaxed));
    }

    #[test]
    fn sixteen_threads_register_and_forget_without_losing_a_range() {
        let table = Table::<64>::new();
        std::thread::scope(|scope| {
            for thread in 1..=16 {
                let table = &table;
                scope.spawn(move || {
                    for round in 0..1000 {
                        let start = thread << 20 | (round % 2) << 12;
                        assert!(table.register(start, 0x1000), "{start:#x}");
                        assert!(protected(table, start + 0xfff), "{start:#x}");
                        table.forget(start);
                        assert!(!protected(table, start), "{start:#x}");
                    }
                });
            }
        });
    }
}
