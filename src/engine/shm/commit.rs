//! How a change is made: all of it or nothing, whoever is killed, stopped or interrupted meanwhile.
//!
//! Nobody holds a lock while he thinks. A thread reads what it needs, remembers the version that it
//! saw, and writes down in the journal of its own slot which words are to become what. Then it
//! publishes the journal, by one compare-and-swap of the lock word from that version to its slot's
//! number; where somebody else was first, it begins anew with what there is now. Only then are the words
//! stored, and at last the lock word becomes the next version.
//!
//! ```text
//!            compare-and-swap            store each word           store
//!  version n ---------------> slot, n ------------------> slot, n -----> version n+1
//! ```
//!
//! Before the first step nothing has happened. After it the change is a fact: whoever finds the
//! lock taken by a thread that is dead, or stopped, or interrupted by the very handler that asks,
//! copies the journal to his own slot, takes the lock over by another compare-and-swap, and stores
//! the words. They are the same words with the same values, so it does not matter how many of them had
//! been stored.
//!
//! One thing must never happen: that the first thread goes on storing after the change is complete.
//! See `apply.rs` and `overtake.rs`.
//!
//! What is read on the way may be half of one version and half of the next. It is therefore checked
//! like anything else in the arena, and what comes of it is thrown away, since the
//! compare-and-swap fails.

use super::atomic::{AtomicU64, Ordering, fence};
use super::layout::{GROUP_SLOTS, MOST_SLOTS, SLOT_GROUPS, header, slot, word_of};
use super::memory::{Block, Fault, Memory, Spot, value};

/// In a lock word: the number of the slot whose journal is being carried out, plus 1; or [`YOUNG`].
pub const TAKEN: u64 = (1 << 15) - 1;
/// In a queue's lock word: the queue was just made. Those who made it may store its words again, until the
/// registry's lock is free.
pub const YOUNG: u64 = 1 << 14;
/// In a queue's lock word: the queue exists.
pub const LIVE: u64 = 1 << 15;
/// In a lock word: how often the change under way was taken over.
pub const TAKEOVERS: u64 = 15 << 16;
/// One more of these.
pub const NEXT_TAKEOVER: u64 = 1 << 16;
/// Above, a lock word has the version: one more.
pub const NEXT_VERSION: u64 = 1 << 20;

// From the lowest bit on: who has it, alive, taken over, the version.
const _: () = {
    assert!(YOUNG > MOST_SLOTS as u64);
    assert!(TAKEN & YOUNG == YOUNG && TAKEN + 1 == LIVE && 2 * LIVE == NEXT_TAKEOVER);
    assert!(TAKEOVERS == 15 * NEXT_TAKEOVER && TAKEOVERS + NEXT_TAKEOVER == NEXT_VERSION);
};

/// How many words one change may have: more than any has. The rest of the journal is for those who
/// complete it, and then die themselves: each adds a word.
const MOST_CHANGES: usize = slot::CHANGES - 8;

/// What a thread does besides reading and writing words.
pub trait System {
    /// Carries out a journal: see [`Order`]. False where the lock word was not as seen.
    fn carry_out<M: Memory>(&self, memory: M, order: &Order<'_>) -> Result<bool, Fault>;

    /// Lets some time pass, more with each round.
    fn pause(&self, round: u32);

    /// Changes a lock word, if it is as seen.
    fn swap(&self, lock: &AtomicU64, seen: u64, new: u64) -> Result<bool, Fault> {
        Ok(lock.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_ok())
    }

    /// Whether the thread of a slot stores nothing of what it has published, at this moment, and
    /// looks at the lock word before it goes on, if ever.
    fn is_out_of_the_way(&self, owner: &Owner, round: u32) -> bool;

    /// The same of a thread whose lock word became another so many pauses ago: then it stores
    /// nothing more at all.
    fn has_left_off(&self, owner: &Owner, round: u32) -> bool;
}

/// Whose slot it is, as far as the slot tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The process's id | the thread's.
    pub ids: u64,
    /// When the process started.
    pub started: u64,
    /// The namespace of the ids | flags.
    pub namespace: u64,
}

/// A journal to be carried out, as `apply.rs` reads it.
#[repr(C)]
pub struct Order<'a> {
    /// The lock word, what it has to be, what it becomes first, and what it is at the end.
    pub lock: &'a AtomicU64,
    /// See [`Order::lock`].
    pub seen: u64,
    /// See [`Order::lock`].
    pub mine: u64,
    /// See [`Order::lock`].
    pub released: u64,
    /// Pairs of index and value.
    pub journal: &'a [[AtomicU64; 2]; slot::CHANGES],
    /// How many pairs.
    pub count: usize,
    /// The arena's first word, and how many of them are mapped.
    pub all: (*const AtomicU64, usize),
}

/// Carries out a journal step by step, for a thread that nobody interrupts.
pub fn step_by_step<M: Memory>(memory: M, order: &Order<'_>) -> Result<bool, Fault> {
    let swap =
        order.lock.compare_exchange(order.seen, order.mine, Ordering::AcqRel, Ordering::Relaxed);
    if swap.is_err() {
        return Ok(false);
    }
    // Whoever sees one of the stores below sees the lock taken.
    fence(Ordering::Release);
    for [place, new] in order.journal.iter().take(order.count) {
        // What lies outside was never meant: the journal is damaged, and the lock must not stay.
        if let Ok(word) = memory.word(value(place) as usize) {
            word.store(value(new), Ordering::Release);
        }
    }
    order.lock.store(order.released, Ordering::Release);
    Ok(true)
}

/// A thread's place in an arena, and the change that it is about to make.
pub struct Member<'a, M, S> {
    /// The arena. By value: the compiler then keeps where it is in registers.
    pub memory: M,
    /// The thread.
    pub system: &'a S,
    /// The number of its slot.
    pub number: usize,
    /// The first word of its slot.
    pub at: usize,
    /// The slot's words.
    pub slot: Block<'a, { slot::WORDS }>,
    /// What the kernel did on the thread's death before a bell was guarded: see `bell.rs`.
    pub guarded: Option<u64>,
    count: usize,
}

impl<M: Memory, S> Copy for Member<'_, M, S> {}

impl<M: Memory, S> Clone for Member<'_, M, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'a, M: Memory, S: System> Member<'a, M, S> {
    /// The place of a thread that owns this slot and is not inside with it.
    #[inline(always)]
    pub fn new(memory: &'a M, system: &'a S, number: u32, at: usize) -> Result<Self, Fault> {
        let (number, slot) = (number as usize, memory.block(at)?);
        Ok(Member { memory: *memory, system, number, at, slot, guarded: None, count: 0 })
    }

    /// Does with a copy what is seldom done. Where the address of a member is handed to no function, the
    /// compiler keeps it in registers.
    #[inline(always)]
    pub fn aside<R>(&mut self, seldom: impl FnOnce(&mut Self) -> R) -> R {
        let mut copy = *self;
        let result = seldom(&mut copy);
        *self = copy;
        result
    }

    /// The lock word's value when nobody is changing what it protects. Forgets the change that was
    /// begun before.
    #[inline(always)]
    pub fn begin(&mut self, lock: usize) -> Result<u64, Fault> {
        self.count = 0;
        let seen = self.memory.word(lock)?.load(Ordering::Acquire);
        if seen & TAKEN == 0 { Ok(seen) } else { self.aside(|member| member.wait_until_free(lock)) }
    }

    /// Whether everything read since [`Member::begin`] belongs together.
    #[inline(always)]
    pub fn still(&self, lock: usize, seen: u64) -> Result<bool, Fault> {
        fence(Ordering::Acquire);
        Ok(self.memory.load(lock)? == seen)
    }

    /// The value that a word will have.
    #[inline]
    pub fn load(&self, index: usize) -> Result<u64, Fault> {
        let mut drafted = self.journal().iter().take(self.count).rev();
        match drafted.find(|[place, _]| value(place) == index as u64) {
            Some([_, new]) => Ok(value(new)),
            None => self.memory.load(index),
        }
    }

    /// The same for a word of a node.
    pub fn load_in(&self, unit: u32, word: usize) -> Result<u64, Fault> {
        if unit == 0 { Err(Fault::Nonsense) } else { self.load(word_of(unit) + word) }
    }

    /// The word is to get this value. Of two values for one word the later counts.
    #[inline(always)]
    pub fn set(&mut self, index: usize, value: u64) -> Result<(), Fault> {
        // All of them have to be mapped when they are stored.
        let spot = self.memory.spot(index)?;
        self.set_at(spot, value)
    }

    /// The same for a word that has been found.
    #[inline(always)]
    pub fn set_at(&mut self, spot: Spot, value: u64) -> Result<(), Fault> {
        if self.count >= MOST_CHANGES {
            return Err(Fault::Nonsense);
        }
        self.note(spot, value)
    }

    /// Enters a word into the journal.
    #[inline(always)]
    pub(super) fn note(&mut self, spot: Spot, value: u64) -> Result<(), Fault> {
        let [place, new] = self.journal().get(self.count).ok_or(Fault::Nonsense)?;
        place.store(spot.index() as u64, Ordering::Relaxed);
        new.store(value, Ordering::Relaxed);
        self.count += 1;
        Ok(())
    }

    /// Whatever was drafted is no more.
    pub(super) fn forget(&mut self) {
        self.count = 0;
    }

    /// What was drafted in this slot before, so many words, is the change again.
    pub(super) fn recall(&mut self, count: usize) {
        self.count = count.min(slot::CHANGES);
    }

    /// Pairs of index and value.
    #[inline(always)]
    fn journal(&self) -> &'a [[AtomicU64; 2]; slot::CHANGES] {
        let (pairs, _) = self.slot.words()[slot::JOURNAL..].as_chunks();
        pairs.first_chunk().expect("a slot has room for its journal")
    }

    /// The same for a word of a node.
    #[inline(always)]
    pub fn set_in(&mut self, unit: u32, word: usize, value: u64) -> Result<(), Fault> {
        let spot = self.memory.node(unit)?.spot(word);
        self.set_at(spot, value)
    }

    /// Makes the change, unless somebody else was first since [`Member::begin`] gave `seen`.
    #[inline(always)]
    pub fn publish(&mut self, lock: usize, seen: u64) -> Result<bool, Fault> {
        self.publish_as(lock, seen, seen)
    }

    /// The same; what the lock protects becomes alive, or dead, as `liveness` says.
    #[inline(always)]
    pub fn publish_as(&mut self, lock: usize, seen: u64, liveness: u64) -> Result<bool, Fault> {
        let mine = seen | (self.number as u64 + 1);
        let released = (seen & !LIVE | liveness & LIVE).wrapping_add(NEXT_VERSION);
        self.slot.store(slot::COMPLETED, 0);
        let order = self.order(lock, seen, mine, released)?;
        if self.system.carry_out(self.memory, &order)? {
            return Ok(true);
        }
        // A handler that interrupted this thread, or another thread, may be completing it, and says so
        // before the lock is free.
        self.begin(lock)?;
        Ok(self.slot.words()[slot::COMPLETED].load(Ordering::Acquire) == mine)
    }

    /// Writes down what others need to complete the change.
    #[inline(always)]
    pub(super) fn order(
        &self,
        lock: usize,
        seen: u64,
        mine: u64,
        released: u64,
    ) -> Result<Order<'_>, Fault> {
        self.slot.store(slot::COUNT, self.count as u64);
        self.slot.store(slot::RELEASED, released);
        self.slot.store(slot::LOCK, lock as u64);
        let journal = self.journal();
        let (lock, all) = (self.memory.word(lock)?, self.memory.all());
        Ok(Order { lock, seen, mine, released, journal, count: self.count, all })
    }
}

/// The first word of a slot.
#[inline(always)]
pub fn slot_at<M: Memory>(memory: M, number: u32) -> Result<usize, Fault> {
    let number = number as usize;
    let (group, place) = (number / GROUP_SLOTS, number % GROUP_SLOTS);
    if group >= SLOT_GROUPS {
        return Err(Fault::Nonsense);
    }
    let unit = memory.load(header::SLOT_GROUPS + group)?;
    match u32::try_from(unit) {
        Ok(unit) if unit > 0 => Ok(word_of(unit) + place * slot::WORDS),
        _ => Err(Fault::Nonsense),
    }
}

/// Whose slot it is whose first word is at `at`.
pub fn owner<M: Memory>(memory: M, at: usize) -> Result<Owner, Fault> {
    Ok(Owner {
        ids: memory.word(at + slot::OWNER)?.load(Ordering::Acquire),
        started: memory.load(at + slot::STARTED)?,
        namespace: memory.load(at + slot::NAMESPACE)?,
    })
}
