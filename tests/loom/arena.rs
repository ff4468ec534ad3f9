//! A small arena, made anew for each order of events: slots, a lock, and what it protects.

use crate::shm::atomic::AtomicU64;
use crate::shm::layout::{EMPTY, FIRST_FRESH, header, pair, slot, word_of};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The lock of the models, where a queue's would be.
pub const LOCK: usize = word_of(FIRST_FRESH as u32);
/// The two words that belong together.
pub const FIRST: usize = LOCK + 1;
/// See [`FIRST`].
pub const SECOND: usize = LOCK + 2;

/// How many changes a journal of the models has at most.
const CHANGES: usize = 10;

/// An arena's words.
pub type Words = Arc<Vec<AtomicU64>>;

/// What an arena is made of.
#[derive(Clone)]
pub struct Plan {
    values: BTreeMap<usize, u64>,
    changed: Vec<usize>,
    locks: Vec<usize>,
    weak: bool,
}

impl Plan {
    /// An arena where threads with these many slots change the words under [`LOCK`].
    pub fn new(threads: usize) -> Plan {
        let mut plan = Plan {
            values: EMPTY.into_iter().collect(),
            changed: vec![FIRST, SECOND],
            locks: vec![LOCK],
            weak: false,
        };
        for number in 0..threads {
            let at = slot_of(number);
            plan = plan
                .with(at + slot::OWNER, ids(number))
                .with(at + slot::STARTED, 1)
                .changed(at + slot::OWNER..at + slot::STARTED)
                .changed(at + slot::COMPLETED..at + slot::COMPLETED + 1)
                .changed(at + slot::COUNT..at + slot::STASH)
                .changed(at + slot::JOURNAL..at + slot::JOURNAL + 2 * CHANGES);
        }
        plan
    }

    /// The same with this value of a word.
    pub fn with(mut self, index: usize, value: u64) -> Plan {
        self.values.insert(index, value);
        self
    }

    /// The same where these words are changed too.
    pub fn changed(mut self, words: Range<usize>) -> Plan {
        self.changed.extend(words);
        self
    }

    /// The same with one more lock.
    pub fn lock(mut self, index: usize) -> Plan {
        self.locks.push(index);
        self
    }

    /// The same where the lock keeps nothing in order.
    pub fn weak(mut self) -> Plan {
        self.weak = true;
        self
    }

    /// The arena, to be made by the first thread of a model.
    pub fn arena(&self) -> Words {
        let last = self
            .changed
            .iter()
            .chain(&self.locks)
            .chain(self.values.keys())
            .max()
            .map_or(0, |last| *last);
        let mut words: Vec<_> = (0..=last).map(|_| AtomicU64::Constant(0)).collect();
        for (index, value) in &self.values {
            words[*index] = AtomicU64::Constant(*value);
        }
        let modelled = |index| {
            let value = self.values.get(&index).copied().unwrap_or(0);
            loom::sync::atomic::AtomicU64::new(value)
        };
        for index in &self.changed {
            words[*index] = AtomicU64::Word(modelled(*index));
        }
        for index in &self.locks {
            let word = modelled(*index);
            words[*index] = if self.weak { AtomicU64::Weak(word) } else { AtomicU64::Lock(word) };
        }
        Arc::new(words)
    }
}

/// The first word of a slot.
pub fn slot_of(number: usize) -> usize {
    let group = EMPTY.into_iter().find(|(index, _)| *index == header::SLOT_GROUPS);
    word_of(group.map_or(0, |(_, unit)| unit as u32)) + number * slot::WORDS
}

/// The process's id and the thread's, of the thread that has a slot at the beginning.
pub fn ids(number: usize) -> u64 {
    pair(number as u32 + 1, number as u32 + 1)
}
