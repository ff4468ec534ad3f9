//! The claiming of slots, in ordinary memory.
#![allow(unsafe_code)]

use super::*;
use std::collections::HashSet;
use std::mem::zeroed;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread;

/// A recording that is in no file.
struct Heap {
    header: Header,
    /// Whether there is no storage left.
    poor: bool,
    chunks: Vec<Box<[Slot; CHUNK_SLOTS]>>,
}

impl Memory for Heap {
    fn header(&self) -> Option<&Header> {
        Some(&self.header)
    }

    fn chunk(&self, index: u32) -> Option<&[Slot; CHUNK_SLOTS]> {
        self.chunks.get(index as usize).map(|chunk| &**chunk)
    }

    fn back(&self, index: u32) -> bool {
        !self.poor && self.chunk(index).is_some()
    }
}

/// Where a recording begins.
const FIRST: Cursor = Cursor { chunk: 0, generation: 1, claimed: 0 };

fn recording(chunks: usize) -> Recording<Heap> {
    // SAFETY: atomic words may all be zero.
    let header: Header = unsafe { zeroed() };
    header.chunks.store(chunks as u64, Relaxed);
    header.fresh.word.store(1, Relaxed);
    // SAFETY: the same.
    let chunks: Vec<_> = (0..chunks).map(|_| Box::new(unsafe { zeroed() })).collect();
    let heap = Heap { header, poor: false, chunks };
    heap.chunks[0][0][chunk::SEQUENCE].store(1, Relaxed);
    heap.header.cursor.word.store(FIRST.word(), Relaxed);
    Recording::new(heap)
}

fn header(recording: &Recording<Heap>) -> &Header {
    &recording.memory().header
}

/// Where a claimed slot is.
fn place(recording: &Recording<Heap>, slot: &Slot) -> (usize, usize) {
    let address = slot.as_ptr() as usize;
    let mut chunks = recording.memory().chunks.iter().enumerate();
    let found = chunks.find_map(|(number, chunk)| {
        let offset = address.checked_sub(chunk.as_ptr() as usize)? / size_of::<Slot>();
        (offset < CHUNK_SLOTS).then_some((number, offset))
    });
    found.expect("a slot of the recording")
}

#[test]
fn the_first_claims_follow_each_other_behind_the_chunks_own_slot() {
    let recording = recording(1);
    let places = [1, 3, 1].map(|slots| place(&recording, &recording.claim(slots).unwrap()[0]));
    assert_eq!(places, [(0, 1), (0, 2), (0, 5)]);
}

#[test]
fn a_record_that_does_not_fit_goes_to_the_next_chunk_and_the_rest_is_marked() {
    let recording = recording(2);
    recording.claim(CHUNK_SLOTS - 3).unwrap();
    let claimed = recording.claim(4).unwrap();
    assert_eq!(place(&recording, &claimed[0]), (1, 1));
    let first = &recording.memory().chunks[0];
    let tags: Vec<_> = first[CHUNK_SLOTS - 3..]
        .iter()
        .map(|slot| Tag::from_word(slot[0].load(Relaxed)).map(|tag| tag.kind))
        .collect();
    assert_eq!(tags, [None, Some(Kind::Unused), Some(Kind::Unused)]);
    assert_eq!(recording.memory().chunks[1][0][chunk::SEQUENCE].load(Relaxed), 2);
}

#[test]
fn threads_never_get_the_same_slot() {
    let recording = recording(40);
    let seen = Mutex::new(HashSet::new());
    thread::scope(|scope| {
        for thread in 0..8 {
            let (recording, seen) = (&recording, &seen);
            scope.spawn(move || {
                let mut mine = Vec::new();
                for round in 0..1500 {
                    let claimed = recording.claim(1 + (thread + round) % 4).unwrap();
                    mine.extend(claimed.iter().map(|slot| place(recording, slot)));
                }
                let mut seen = seen.lock().unwrap();
                for place in mine {
                    assert!(seen.insert(place), "{place:?} was claimed twice");
                }
            });
        }
    });
    assert_eq!(header(&recording).lost.word.load(Relaxed), 0);
}

#[test]
fn a_full_recording_counts_every_call_that_it_cannot_keep() {
    let recording = recording(2);
    let kept = (0..3000).filter(|_| recording.claim(1).is_some()).count();
    assert_eq!(kept, 2 * (CHUNK_SLOTS - 1));
    assert_eq!(header(&recording).lost.word.load(Relaxed), 3000 - kept as u64);
}

#[test]
fn the_count_of_claims_on_a_full_recording_stays_far_from_running_over() {
    let recording = recording(1);
    for _ in 0..3 * FAR_BEYOND {
        recording.claim(CHUNK_SLOTS / 2);
    }
    let at = Cursor::from_word(header(&recording).cursor.word.load(Relaxed));
    assert_eq!((at.chunk, at.generation), (0, 1));
    assert!(at.claimed < 2 * FAR_BEYOND, "{at:?}");
}

#[test]
fn a_full_recording_goes_on_once_a_chunk_is_given_back() {
    let recording = recording(2);
    while recording.claim(1).is_some() {}
    recording.clean(0);
    let claimed = recording.claim(1).expect("a slot of the clean chunk");
    assert_eq!(place(&recording, &claimed[0]), (0, 1));
}

#[test]
fn nothing_new_is_stored_for_a_reader_that_is_gone() {
    let recording = recording(3);
    recording.note_reading();
    recording.claim(CHUNK_SLOTS - 1).unwrap();
    assert!(recording.claim(CHUNK_SLOTS - 1).is_some(), "somebody reads");
    header(&recording).read.word.store(1, Relaxed);
    assert!(recording.claim(1).is_none(), "nobody has read since the machine was started");
    recording.note_reading();
    assert!(recording.claim(1).is_some(), "somebody reads again");
}

#[test]
fn a_closed_recording_takes_nothing() {
    let recording = recording(3);
    recording.claim(2).unwrap();
    assert_eq!(recording.close(), Cursor { claimed: 2, ..FIRST });
    assert!(recording.claim(1).is_none());
}

#[test]
fn a_chunk_without_storage_stays_fresh() {
    let mut recording = recording(2);
    recording.memory.poor = true;
    recording.claim(CHUNK_SLOTS - 1).unwrap();
    assert!((0..5).all(|_| recording.claim(1).is_none()));
    assert_eq!(header(&recording).fresh.word.load(Relaxed), 1);
    recording.memory.poor = false;
    assert!(recording.claim(1).is_some(), "storage is back");
}

#[test]
fn a_thread_that_comes_late_does_not_advance_past_a_chunk_that_is_in_use_again() {
    let recording = recording(2);
    recording.claim(CHUNK_SLOTS - 1).unwrap();
    let late = Cursor::from_word(header(&recording).cursor.word.load(Relaxed));
    // Meanwhile the chunk is left, read, cleaned, and current again.
    recording.claim(CHUNK_SLOTS - 1).unwrap();
    recording.clean(0);
    let claimed = recording.claim(5).unwrap();
    assert_eq!(place(&recording, &claimed[0]), (0, 1));
    assert_eq!(recording.advance(header(&recording), late), Some(()));
    let claimed = recording.claim(1).unwrap();
    assert_eq!(place(&recording, &claimed[0]), (0, 6));
    let own = &recording.memory().chunks[0][0];
    assert_eq!(own[chunk::FULL].load(Relaxed), 0, "it does not count as full");
}

#[test]
fn a_clean_chunk_is_used_again_before_a_fresh_one() {
    let recording = recording(3);
    recording.claim(CHUNK_SLOTS - 1).unwrap();
    recording.claim(1).unwrap();
    recording.clean(0);
    recording.claim(CHUNK_SLOTS - 2).unwrap();
    let claimed = recording.claim(1).unwrap();
    assert_eq!(place(&recording, &claimed[0]), (0, 1));
    assert_eq!(header(&recording).fresh.word.load(Relaxed), 2);
    assert_eq!(recording.memory().chunks[0][0][chunk::SEQUENCE].load(Relaxed), 3);
}

#[test]
fn chunks_given_back_while_threads_write_lose_no_record() {
    let recording = recording(8);
    let writing = AtomicBool::new(true);
    let (sum_written, sum_read) = (AtomicU64::new(0), AtomicU64::new(0));
    let value = |slot: &Slot| slot[1].load(Relaxed);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let chunks = &recording.memory().chunks;
            let mut done = HashSet::new();
            let mut last_round = false;
            loop {
                let at = Cursor::from_word(header(&recording).cursor.word.load(Acquire));
                for (number, all) in chunks.iter().enumerate() {
                    let sequence = all[0][chunk::SEQUENCE].load(Acquire);
                    let is_full = sequence != 0 && sequence == all[0][chunk::FULL].load(Acquire);
                    // A chunk that is full may still be current: that is looked at last.
                    let at = Cursor::from_word(header(&recording).cursor.word.load(Acquire));
                    let is_full = is_full && number != at.chunk as usize;
                    let written = all[1..].iter().all(|slot| slot[0].load(Acquire) != 0);
                    if is_full && written && done.insert(sequence) {
                        sum_read.fetch_add(all[1..].iter().map(value).sum(), Relaxed);
                        recording.clean(number as u32);
                    }
                }
                if last_round {
                    let rest = &chunks[at.chunk as usize][1..];
                    let rest = rest.iter().take(at.claimed as usize).map(value).sum();
                    sum_read.fetch_add(rest, Relaxed);
                    return;
                }
                last_round = !writing.load(Acquire);
            }
        });
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for number in 1..20_000u64 {
                        // The reader may be late; then nothing is to be had for a while.
                        let Some(slots) = recording.claim(1) else { continue };
                        slots[0][1].store(number, Relaxed);
                        let tag = Tag::of(Kind::Send, Progress::Returned, 1);
                        slots[0][0].store(tag.word(), Release);
                        sum_written.fetch_add(number, Relaxed);
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        writing.store(false, Release);
        reader.join().unwrap();
    });
    assert_eq!(sum_read.load(Relaxed), sum_written.load(Relaxed));
}

#[test]
fn a_damaged_recording_gives_no_slot_and_no_harm() {
    for cursor in [u64::MAX, Cursor::CLOSED.word(), 7, Cursor::claim(5) | 99] {
        let recording = recording(2);
        header(&recording).cursor.word.store(cursor, Relaxed);
        assert!(recording.claim(1).is_none(), "cursor {cursor:#x}");
        assert_eq!(header(&recording).lost.word.load(Relaxed), 1, "cursor {cursor:#x}");
    }
    let recording = recording(2);
    header(&recording).clean.word.store(77, Relaxed);
    recording.claim(CHUNK_SLOTS - 1).unwrap();
    let claimed = recording.claim(1).expect("a fresh chunk for a clean one that does not exist");
    assert_eq!(place(&recording, &claimed[0]), (1, 1));
}
