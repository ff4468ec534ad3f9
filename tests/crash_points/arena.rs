//! Memory that a test shares with its children: an arena, and notes beside it.
#![allow(unsafe_code)]

use crate::shm::atomic::AtomicU64;
use crate::shm::layout::{EMPTY, HEADER_UNITS, UNIT_WORDS, header};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64 as Word, Ordering};

/// An arena's words.
pub type Words = &'static [AtomicU64];

/// How many words an arena has.
const WORDS: usize = 1 << 16;
/// How many the notes have.
const NOTES: usize = 1 << 10;
/// Where in the notes each process of a test begins.
const PROCESS_NOTES: usize = 8;
/// Where the text begins: its length, and the bytes.
const TEXT: usize = 256;

/// An arena and notes.
#[derive(Clone, Copy)]
pub struct Arena {
    pub words: Words,
    notes: &'static [Word],
}

impl Arena {
    /// Maps both; they stay as long as the process.
    pub fn map() -> Arena {
        // SAFETY: a new mapping, which is never unmapped, zeroed, and aligned to a page. Both kinds
        // of words have the size and the alignment of a u64.
        unsafe {
            let base = libc::mmap(
                null_mut(),
                (WORDS + NOTES) * 8,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_ne!(base, libc::MAP_FAILED, "mmap: {}", std::io::Error::last_os_error());
            let words = std::slice::from_raw_parts(base.cast::<AtomicU64>(), WORDS);
            let notes = std::slice::from_raw_parts(base.cast::<Word>().add(WORDS), NOTES);
            Arena { words, notes }
        }
    }

    /// Makes the arena an empty one, and wipes the notes.
    pub fn empty(&self) {
        let fresh = self.words[header::FRESH].load(Ordering::Relaxed) as usize;
        let used = (fresh.max(HEADER_UNITS as usize) * UNIT_WORDS).min(WORDS);
        self.words[..used].iter().for_each(|word| word.store(0, Ordering::Relaxed));
        self.notes.iter().for_each(|note| note.store(0, Ordering::Relaxed));
        for (word, value) in EMPTY {
            self.words[word].store(value, Ordering::Relaxed);
        }
    }

    /// A note of the process with this number.
    pub fn note(&self, process: usize, number: usize) -> &'static Word {
        &self.notes[process * PROCESS_NOTES + number]
    }

    /// Leaves a text for another process.
    pub fn write(&self, text: &str) {
        let room = (NOTES - TEXT - 1) * 8;
        let bytes = &text.as_bytes()[..text.len().min(room)];
        self.notes[TEXT].store(bytes.len() as u64, Ordering::Relaxed);
        for (note, part) in self.notes[TEXT + 1..].iter().zip(bytes.chunks(8)) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            note.store(u64::from_ne_bytes(word), Ordering::Relaxed);
        }
    }

    /// The text that another process left.
    pub fn read(&self) -> String {
        let length = self.notes[TEXT].load(Ordering::Relaxed) as usize;
        let words = self.notes[TEXT + 1..].iter().map(|note| note.load(Ordering::Relaxed));
        let bytes: Vec<u8> = words.flat_map(u64::to_ne_bytes).take(length).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
