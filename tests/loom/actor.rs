//! A thread of a model: how it carries out a journal, dies or is stopped over it, and what it sees
//! of the others.

use crate::arena::{Words, ids, slot_of};
use crate::shm::atomic::{AtomicU64, Ordering, fence};
use crate::shm::commit::{Member, Order, Owner, System, step_by_step};
use crate::shm::layout::slot;
use crate::shm::memory::{Fault, Memory};
use std::cell::Cell;
use std::sync::Arc;

/// The states of a thread, as the kernel tells them.
mod state {
    pub const RUNS: u64 = 0;
    pub const SLEEPS: u64 = 1;
    pub const IS_STOPPED: u64 = 2;
    pub const IS_GONE: u64 = 3;
}

/// The kernel's view of the threads.
#[derive(Clone)]
pub struct Kernel(Arc<Vec<loom::sync::atomic::AtomicU64>>);

impl Kernel {
    pub fn new(threads: usize) -> Kernel {
        Kernel(Arc::new((0..threads).map(|_| Default::default()).collect()))
    }

    fn set(&self, thread: usize, state: u64) {
        self.0[thread].swap(state, Ordering::AcqRel);
    }

    /// A thread is no more.
    pub fn end(&self, thread: usize) {
        self.set(thread, state::IS_GONE);
    }

    /// Whether the thread of a slot is no more.
    pub fn is_gone(&self, owner: &Owner) -> bool {
        self.state(number_of(owner)) == state::IS_GONE
    }

    /// What a thread's state is now: whatever it does next, it does afterwards.
    fn state_now(&self, thread: usize) -> u64 {
        self.0[thread].fetch_add(0, Ordering::AcqRel)
    }

    /// What a thread's state is, or was a moment ago.
    fn state(&self, thread: usize) -> u64 {
        self.0[thread].load(Ordering::Acquire)
    }
}

/// What becomes of a thread that carries out its first journal, after so many stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Lives,
    /// It is killed.
    Dies(usize),
    /// It is stopped, and continued.
    IsStopped(usize),
    /// It is killed when it has taken a lock over.
    DiesWithTheLock,
}

/// What a thread does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    /// It frees the lock before it stores.
    FreesFirst,
    /// It takes those for dead who are not.
    SuspectsTheLiving,
    /// It does not look again when it has taken a lock over.
    LooksOnce,
    /// It does not tell whose change it has completed.
    TellsNobody,
}

/// A thread of a model.
pub struct Actor {
    number: usize,
    kernel: Kernel,
    fate: Cell<Fate>,
    wrong: Wrong,
    /// Whether somebody may want to see it sleep.
    is_watched: Cell<bool>,
}

impl Actor {
    pub fn new(number: usize, kernel: &Kernel) -> Actor {
        let (fate, wrong) = (Cell::new(Fate::Lives), Wrong::Nothing);
        Actor { number, kernel: kernel.clone(), fate, wrong, is_watched: Cell::new(false) }
    }

    pub fn with(mut self, fate: Fate, wrong: Wrong) -> Actor {
        self.fate = Cell::new(fate);
        self.wrong = wrong;
        self
    }

    /// The same; whoever looks sees when it sleeps.
    pub fn watched(self) -> Actor {
        self.is_watched.set(true);
        self
    }

    /// Its place, in the slot with its number.
    pub fn member<'a>(&'a self, words: &'a &'a [AtomicU64]) -> Member<'a, &'a [AtomicU64], Actor> {
        Member::new(words, self, self.number as u32, slot_of(self.number)).expect("a slot")
    }

    /// Its place in the slot of another, who is dead. What that one had published is complete.
    pub fn adopted<'a>(
        &'a self,
        words: &'a &'a [AtomicU64],
        number: usize,
    ) -> Member<'a, &'a [AtomicU64], Actor> {
        let mut member = Member::new(words, self, number as u32, slot_of(number)).expect("a slot");
        member.memory.store(member.at + slot::OWNER, ids(self.number)).expect("its owner");
        member.complete_own().expect("the change");
        member
    }

    fn is(&self, owner: &Owner) -> bool {
        owner.ids == ids(self.number)
    }

    /// The beginning of the stores: whether the lock is the thread's, now or since before.
    fn has_lock(&self, order: &Order<'_>) -> bool {
        let swap = order.lock.compare_exchange(
            order.seen,
            order.mine,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        fence(Ordering::Release);
        swap.is_ok() || swap == Err(order.mine)
    }

    /// So many of the stores.
    fn store<M: Memory>(&self, memory: M, order: &Order<'_>, most: usize) {
        for [place, new] in order.journal.iter().take(order.count.min(most)) {
            let index = place.load(Ordering::Relaxed) as usize;
            if self.wrong == Wrong::TellsNobody && is_completed(index) {
                continue;
            }
            let word = memory.word(index).expect("a word");
            word.store(new.load(Ordering::Relaxed), Ordering::Release);
        }
    }

    fn all<M: Memory>(&self, memory: M, order: &Order<'_>) -> bool {
        if !self.has_lock(order) {
            return false;
        }
        if self.wrong == Wrong::FreesFirst {
            order.lock.store(order.released, Ordering::Release);
        }
        self.store(memory, order, usize::MAX);
        if self.wrong != Wrong::FreesFirst {
            order.lock.store(order.released, Ordering::Release);
        }
        true
    }
}

/// The number of the thread that has a slot.
fn number_of(owner: &Owner) -> usize {
    (owner.ids >> 32) as usize - 1
}

/// Whether this is the word of a slot that says whose change is complete.
fn is_completed(index: usize) -> bool {
    index >= slot_of(0) && (index - slot_of(0)) % slot::WORDS == slot::COMPLETED
}

impl System for Actor {
    fn carry_out<M: Memory>(&self, memory: M, order: &Order<'_>) -> Result<bool, Fault> {
        match self.fate.replace(Fate::Lives) {
            Fate::Lives if self.wrong == Wrong::Nothing => step_by_step(memory, order),
            Fate::Lives | Fate::DiesWithTheLock => Ok(self.all(memory, order)),
            fate if !self.has_lock(order) => {
                self.fate.set(fate);
                Ok(false)
            }
            Fate::Dies(stores) => {
                self.store(memory, order, stores);
                self.kernel.set(self.number, state::IS_GONE);
                Err(Fault::Forked)
            }
            Fate::IsStopped(stores) => {
                self.store(memory, order, stores);
                self.is_watched.set(true);
                self.kernel.set(self.number, state::IS_STOPPED);
                self.kernel.set(self.number, state::RUNS);
                Ok(self.all(memory, order))
            }
        }
    }

    fn pause(&self, _: u32) {
        if self.is_watched.get() {
            self.kernel.set(self.number, state::SLEEPS);
        }
        loom::thread::yield_now();
        if self.is_watched.get() {
            self.kernel.set(self.number, state::RUNS);
        }
    }

    fn is_out_of_the_way(&self, owner: &Owner, _: u32) -> bool {
        self.is(owner)
            || self.wrong == Wrong::SuspectsTheLiving
            || matches!(self.kernel.state(number_of(owner)), state::IS_STOPPED | state::IS_GONE)
    }

    fn has_left_off(&self, owner: &Owner, _: u32) -> bool {
        self.is(owner)
            || matches!(self.wrong, Wrong::LooksOnce | Wrong::SuspectsTheLiving)
            || self.kernel.state_now(number_of(owner)) != state::RUNS
    }

    fn swap(&self, lock: &AtomicU64, seen: u64, new: u64) -> Result<bool, Fault> {
        let swap = lock.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed);
        if swap.is_ok() && self.fate.get() == Fate::DiesWithTheLock {
            self.kernel.set(self.number, state::IS_GONE);
            return Err(Fault::Forked);
        }
        Ok(swap.is_ok())
    }
}

/// Runs a thread of a model.
pub fn run(
    words: &Words,
    act: impl FnOnce(&[AtomicU64]) + Send + 'static,
) -> loom::thread::JoinHandle<()> {
    let words = words.clone();
    loom::thread::spawn(move || act(&words))
}
