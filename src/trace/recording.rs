//! How records find their place: many processes, threads and signal handlers write into one
//! recording at the same time, and one reader may give them its chunks back to use again.
//!
//! Nobody holds anything that another would have to wait for. A place is claimed by one addition,
//! a new chunk by one exchange; whoever is killed in between leaves at most a chunk that is not used
//! again.

use super::clock::Clock;
use super::format::{CHUNK_SLOTS, Cursor, Header, Kind, Progress, Slot, Tag, chunk};
use crate::os;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// The memory that a recording is in.
pub trait Memory {
    /// The header; nothing while there is no recording.
    fn header(&self) -> Option<&Header>;
    /// A chunk; nothing where there is no such chunk, or it cannot be mapped.
    fn chunk(&self, index: u32) -> Option<&[Slot; CHUNK_SLOTS]>;
    /// Gives a chunk real storage; false where there is none left.
    fn back(&self, index: u32) -> bool;
}

/// A recording, to write to and to clean up behind its reader.
pub struct Recording<M> {
    memory: M,
}

/// How often a claim is tried. Every failure means that others filled a whole chunk meanwhile, or
/// that the recording is damaged.
const TRIES: usize = 64;

/// Claims beyond the end of a chunk after which nobody adds to them any more. It is full, and no
/// other was to be had; the count must not run over.
const FAR_BEYOND: u32 = 1 << 16;

/// Nanoseconds after which a reader that has not read is no reader any more. Nothing new is then
/// stored for it.
const READER_GONE: u64 = 60_000_000_000;

impl<M> Recording<M> {
    /// A recording in this memory.
    pub const fn new(memory: M) -> Recording<M> {
        Recording { memory }
    }

    /// The memory it is in.
    pub fn memory(&self) -> &M {
        &self.memory
    }
}

impl<M: Memory> Recording<M> {
    /// Claims as many slots in a row, which nobody else will write to. Where there is no place
    /// left, the loss is counted.
    #[inline(always)]
    pub fn claim(&self, slots: usize) -> Option<&[Slot]> {
        let claimed = self.try_claim(slots);
        if claimed.is_none()
            && let Some(header) = self.memory.header()
        {
            header.lost.word.fetch_add(1, Relaxed);
        }
        claimed
    }

    #[inline(always)]
    fn try_claim(&self, slots: usize) -> Option<&[Slot]> {
        let header = self.memory.header()?;
        let cursor = &header.cursor.word;
        for _ in 0..TRIES {
            let mut at = Cursor::from_word(cursor.load(Relaxed));
            // Nothing is claimed in a chunk that this process cannot reach.
            self.memory.chunk(at.chunk)?;
            if at.claimed < FAR_BEYOND {
                at = Cursor::from_word(cursor.fetch_add(Cursor::claim(slots), AcqRel));
                let all = self.memory.chunk(at.chunk)?;
                let first = 1 + at.claimed as usize;
                if let Some(mine) = all.get(first..first + slots) {
                    return Some(mine);
                }
                mark_unused(all.get(first..).unwrap_or_default());
            }
            self.advance(header, at)?;
        }
        None
    }

    /// Has records go into another chunk than the one at `full`, which is full.
    #[cold]
    fn advance(&self, header: &Header, full: Cursor) -> Option<()> {
        let cursor = &header.cursor.word;
        let is_still_full = |word: u64| {
            let now = Cursor::from_word(word);
            now.chunk == full.chunk && now.generation == full.generation
        };
        let own = &self.memory.chunk(full.chunk)?[0];
        let sequence = own[chunk::SEQUENCE].load(Acquire);
        if !is_still_full(cursor.load(Acquire)) || Cursor::generation(sequence) != full.generation {
            return Some(());
        }
        // Numbers only grow, so whoever comes late cannot undo what a later use of the chunk stored.
        own[chunk::FULL].fetch_max(sequence, AcqRel);
        let next = self.take_clean(header).or_else(|| self.take_fresh(header))?;
        let first = &self.memory.chunk(next)?[0];
        let clock = Clock::from_number(header.clock.load(Relaxed)).unwrap_or(Clock::Monotonic);
        let moment = clock.moment();
        first[chunk::MOMENT_TICKS].store(moment.ticks, Relaxed);
        first[chunk::MOMENT_MONOTONIC].store(moment.monotonic, Relaxed);
        first[chunk::SEQUENCE].store(sequence.wrapping_add(1), Release);
        let generation = Cursor::generation(sequence.wrapping_add(1));
        let there = Cursor { chunk: next, generation, claimed: 0 }.word();
        let mut seen = cursor.load(Acquire);
        while is_still_full(seen) {
            match cursor.compare_exchange_weak(seen, there, AcqRel, Acquire) {
                Ok(_) => return Some(()),
                Err(now) => seen = now,
            }
        }
        first[chunk::SEQUENCE].store(0, Relaxed);
        self.put_clean(header, next);
        Some(())
    }

    /// A chunk that was never used. It counts as used only once it is known to have storage.
    fn take_fresh(&self, header: &Header) -> Option<u32> {
        let read = header.read.word.load(Relaxed);
        if read != 0 && os::nanoseconds(libc::CLOCK_MONOTONIC).saturating_sub(read) > READER_GONE {
            return None;
        }
        let fresh = &header.fresh.word;
        loop {
            let index = fresh.load(Relaxed);
            if index >= header.chunks.load(Relaxed) || !self.memory.back(index as u32) {
                return None;
            }
            if fresh.compare_exchange(index, index + 1, AcqRel, Relaxed).is_ok() {
                return Some(index as u32);
            }
        }
    }

    /// The chunk that was cleaned last. The list's head counts its changes, so that a chunk which
    /// was taken, used and put back meanwhile is not mistaken for the one seen first.
    fn take_clean(&self, header: &Header) -> Option<u32> {
        let head = &header.clean.word;
        let mut seen = head.load(Acquire);
        loop {
            let index = (seen as u32).checked_sub(1)?;
            let next = self.memory.chunk(index)?[0][chunk::NEXT_CLEAN].load(Relaxed);
            match head.compare_exchange_weak(seen, changed(seen, next), AcqRel, Acquire) {
                Ok(_) => return Some(index),
                Err(now) => seen = now,
            }
        }
    }

    fn put_clean(&self, header: &Header, index: u32) {
        let Some(all) = self.memory.chunk(index) else { return };
        let head = &header.clean.word;
        let mut seen = head.load(Acquire);
        loop {
            all[0][chunk::NEXT_CLEAN].store(u64::from(seen as u32), Relaxed);
            let mine = changed(seen, u64::from(index) + 1);
            match head.compare_exchange_weak(seen, mine, AcqRel, Acquire) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Tells the programs that somebody reads along.
    pub fn note_reading(&self) {
        if let Some(header) = self.memory.header() {
            header.read.word.store(os::nanoseconds(libc::CLOCK_MONOTONIC), Relaxed);
        }
    }

    /// Ends the recording: from now on no slot is claimed. Gives where the next would have been.
    pub fn close(&self) -> Cursor {
        self.memory.header().map_or(Cursor::CLOSED, |header| {
            Cursor::from_word(header.cursor.word.swap(Cursor::CLOSED.word(), AcqRel))
        })
    }

    /// Gives a chunk back, to be used again. Only the reader may do this, with a chunk that it has
    /// read to its end, and that was not the current one after that.
    pub fn clean(&self, index: u32) {
        let (Some(header), Some(all)) = (self.memory.header(), self.memory.chunk(index)) else {
            return;
        };
        all[0][chunk::SEQUENCE].store(0, Relaxed);
        all[0][chunk::FULL].store(0, Relaxed);
        for slot in &all[1..] {
            slot[0].store(0, Relaxed);
        }
        self.put_clean(header, index);
    }
}

/// The end of a chunk that a record did not fit into.
fn mark_unused(slots: &[Slot]) {
    for slot in slots {
        slot[0].store(Tag::of(Kind::Unused, Progress::Returned, 1).word(), Release);
    }
}

/// The list's head after one more change.
fn changed(head: u64, first: u64) -> u64 {
    (head >> 32).wrapping_add(1) << 32 | first
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
