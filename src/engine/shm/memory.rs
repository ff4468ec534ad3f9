//! The words of an arena, each checked before it is touched, and what may be wrong with them.

use super::atomic::{AtomicU64, Ordering};
use super::layout::{UNIT_WORDS, queue, word_of};

/// Why a change cannot be made. As wide as everything else that is handed back: a processor is slow to
/// read in one piece what it has just written in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Fault {
    /// What was read makes no sense: either it was changed meanwhile, or it is damaged.
    Nonsense,
    /// There is no room for what is needed.
    Full,
    /// The thread is another process's by now: a handler that interrupted it has forked.
    Forked,
}

/// An arena's words. None of them is trusted: whoever may write to the file can have put anything
/// there.
pub trait Memory: Copy {
    /// The word at this index.
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault>;

    /// So many words from this index on.
    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault>;

    /// Gives the words from `start` to `end` real storage.
    fn back(&self, start: usize, end: usize) -> Result<(), Fault>;

    /// Where the words are, and how many of them can be reached without asking.
    fn all(&self) -> (*const AtomicU64, usize);

    /// As many words from this index on as the caller asks for by type: checked once.
    #[inline(always)]
    fn array<const WORDS: usize>(&self, index: usize) -> Result<&[AtomicU64; WORDS], Fault> {
        self.words(index, WORDS)?.try_into().map_err(|_| Fault::Nonsense)
    }

    /// The same, with where they are.
    #[inline(always)]
    fn block<const WORDS: usize>(&self, start: usize) -> Result<Block<'_, WORDS>, Fault> {
        Ok(Block { start, words: self.array(start)? })
    }

    /// The words of a node, or the first ones of a cell; `unit` is not none.
    #[inline(always)]
    fn node(&self, unit: u32) -> Result<Node<'_>, Fault> {
        if unit == 0 { Err(Fault::Nonsense) } else { self.block(word_of(unit)) }
    }

    /// This index, once the word is known to be there.
    #[inline(always)]
    fn spot(&self, index: usize) -> Result<Spot, Fault> {
        self.word(index).map(|_| Spot(index))
    }

    /// The value of a word.
    #[inline(always)]
    fn load(&self, index: usize) -> Result<u64, Fault> {
        Ok(self.word(index)?.load(Ordering::Relaxed))
    }

    /// The value of a word of a node or cell; `unit` is not none.
    #[inline(always)]
    fn load_in(&self, unit: u32, word: usize) -> Result<u64, Fault> {
        Ok(self.node(unit)?.load(word))
    }

    /// Changes a word that belongs to the calling thread alone.
    #[inline(always)]
    fn store(&self, index: usize, value: u64) -> Result<(), Fault> {
        self.word(index)?.store(value, Ordering::Relaxed);
        Ok(())
    }
}

/// The index of a word that is known to be there: what a journal may name.
#[derive(Clone, Copy)]
pub struct Spot(usize);

impl Spot {
    /// The index.
    #[inline(always)]
    pub fn index(self) -> usize {
        self.0
    }
}

/// Words side by side that are known to be there.
#[derive(Clone, Copy)]
pub struct Block<'a, const WORDS: usize> {
    start: usize,
    words: &'a [AtomicU64; WORDS],
}

/// A unit's words.
pub type Node<'a> = Block<'a, UNIT_WORDS>;
/// A queue's words.
pub type Queue<'a> = Block<'a, { queue::WORDS }>;

impl<'a, const WORDS: usize> Block<'a, WORDS> {
    /// The first one's index.
    #[inline(always)]
    pub fn start(&self) -> usize {
        self.start
    }

    /// The words.
    #[inline(always)]
    pub fn words(&self) -> &'a [AtomicU64; WORDS] {
        self.words
    }

    /// The value of one of them, by its number.
    #[inline(always)]
    pub fn load(&self, word: usize) -> u64 {
        value(&self.words[word])
    }

    /// Changes one that belongs to the calling thread alone.
    #[inline(always)]
    pub fn store(&self, word: usize, value: u64) {
        self.words[word].store(value, Ordering::Relaxed);
    }

    /// Where one of them is.
    #[inline(always)]
    pub fn spot(&self, word: usize) -> Spot {
        assert!(word < WORDS);
        Spot(self.start + word)
    }
}

/// The value of a word that was found already.
#[inline(always)]
pub fn value(word: &AtomicU64) -> u64 {
    word.load(Ordering::Relaxed)
}

impl<M: Memory> Memory for &M {
    #[inline(always)]
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault> {
        (**self).word(index)
    }

    #[inline(always)]
    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault> {
        (**self).words(index, count)
    }

    #[inline(always)]
    fn array<const WORDS: usize>(&self, index: usize) -> Result<&[AtomicU64; WORDS], Fault> {
        (**self).array(index)
    }

    fn back(&self, start: usize, end: usize) -> Result<(), Fault> {
        (**self).back(start, end)
    }

    #[inline(always)]
    fn all(&self) -> (*const AtomicU64, usize) {
        (**self).all()
    }
}

/// Words of this process alone, for tests.
#[cfg(test)]
impl Memory for &[AtomicU64] {
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault> {
        self.get(index).ok_or(Fault::Nonsense)
    }

    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault> {
        self.get(index..).and_then(|rest| rest.get(..count)).ok_or(Fault::Nonsense)
    }

    fn all(&self) -> (*const AtomicU64, usize) {
        (self.as_ptr(), self.len())
    }

    fn back(&self, _: usize, end: usize) -> Result<(), Fault> {
        if end <= self.len() { Ok(()) } else { Err(Fault::Full) }
    }
}
