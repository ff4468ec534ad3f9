//! A thread that makes calls: the kernel has it sleep, wakes it, and tells of its death.

use crate::actor::{Actor, Fate, Kernel, Wrong};
use crate::arena::{Words, ids, slot_of};
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::commit::{Member, Order, Owner, System};
use crate::shm::layout::{high, low, pair, slot};
use crate::shm::memory::{Fault, Memory};
use crate::shm::permission::Permissions;
use crate::shm::thread::{Presence, Slept, Thread};
use loom::sync::{Condvar, Mutex};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Longer sleeps end when somebody wakes the thread, and not before.
const SHORT: u64 = 100_000_000;
/// In a bell, as the kernel sees it: whose it is, and whether somebody sleeps on it.
const THREAD: u32 = (1 << 30) - 1;
const WAITERS: u32 = 1 << 31;

/// How a thread stands with its bell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bed {
    Empty,
    Sleeps,
    /// A second has passed since somebody died: nobody sleeps so long.
    Late,
}

/// What the kernel keeps for each bell.
#[derive(Clone)]
pub struct Futexes(Arc<Vec<(Mutex<Bed>, Condvar)>>);

impl Futexes {
    pub fn new(threads: usize) -> Futexes {
        let one = |_| (Mutex::new(Bed::Empty), Condvar::new());
        Futexes(Arc::new((0..threads).map(one).collect()))
    }

    /// Changes a sleep to this; whether the thread slept.
    fn end_sleep(&self, number: usize, to: Bed) -> bool {
        let (bed, changed) = &self.0[number];
        let mut bed = bed.lock().expect("a lock");
        let slept = *bed == Bed::Sleeps;
        if slept || to == Bed::Late {
            *bed = to;
        }
        changed.notify_all();
        slept
    }

    /// Sleeps, if the bell still says so, until somebody wakes the thread, or a second has passed.
    fn sleep(&self, number: usize, bell: &AtomicU64) -> Slept {
        let (bed, changed) = &self.0[number];
        let mut bed = bed.lock().expect("a lock");
        if *bed == Bed::Empty && low(bell.load(Ordering::SeqCst)) == 0 {
            *bed = Bed::Sleeps;
            changed.notify_all();
        }
        while *bed == Bed::Sleeps {
            bed = changed.wait(bed).expect("a lock");
        }
        if *bed == Bed::Late { Slept::TimedOut } else { Slept::Woken }
    }

    /// Waits until a thread sleeps.
    pub fn until_asleep(&self, number: usize) {
        let (bed, changed) = &self.0[number];
        let mut bed = bed.lock().expect("a lock");
        while *bed != Bed::Sleeps {
            bed = changed.wait(bed).expect("a lock");
        }
    }
}

/// Where a thread is killed, besides amid its stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Killed {
    Never,
    /// When a change is made.
    Changed,
    /// When it is about to wake somebody.
    Waking,
}

/// What a caller does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    None,
    /// It wakes nobody.
    WakesNobody,
    /// It does not tell the kernel whom to wake when it dies.
    GuardsNobody,
    /// Its second change, by which it no longer waits, comes to nothing.
    StaysInTheList,
}

/// A caller's place in an arena.
pub type Place<'a> = Member<'a, &'a [AtomicU64], Caller>;

/// A thread that makes calls.
pub struct Caller {
    number: usize,
    actor: Actor,
    kernel: Kernel,
    words: Words,
    futexes: Futexes,
    /// A signal comes whenever it is about to sleep.
    pub interrupted: bool,
    pub killed: Killed,
    /// A second passes when it is killed.
    pub time_passes: bool,
    pub slip: Slip,
    /// Whose bell the kernel rings when it dies: a slot's number, plus 1.
    guarded: Cell<u64>,
    /// How many changes it has begun to make.
    changes: Cell<u32>,
}

impl Caller {
    pub fn new(number: usize, kernel: &Kernel, words: &Words, futexes: &Futexes) -> Caller {
        Caller {
            number,
            actor: Actor::new(number, kernel).watched(),
            kernel: kernel.clone(),
            words: words.clone(),
            futexes: futexes.clone(),
            interrupted: false,
            killed: Killed::Never,
            time_passes: false,
            slip: Slip::None,
            guarded: Cell::new(0),
            changes: Cell::new(0),
        }
    }

    /// It is killed after so many stores of its first change.
    pub fn dies_after(&mut self, stores: usize) {
        self.actor = Actor::new(self.number, &self.kernel).with(Fate::Dies(stores), Wrong::Nothing);
    }

    /// Runs what a thread does, up to its end or its death; nothing where it is killed.
    pub fn live<T>(&self, act: impl for<'a> FnOnce(&mut Place<'a>) -> T) -> Option<T> {
        let words: &[AtomicU64] = &self.words;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let number = self.number as u32;
            act(&mut Member::new(&words, self, number, slot_of(self.number)).expect("a slot"))
        }));
        match outcome {
            Ok(outcome) => Some(outcome),
            Err(panic) if panic.is::<Killed>() => None,
            Err(panic) => resume_unwind(panic),
        }
    }

    /// The thread is killed. The kernel wakes who sleeps on the bell that it was to operate on.
    fn die(&self) -> ! {
        if let Some(number) = self.guarded.get().checked_sub(1) {
            let number = number as usize;
            let bell = &self.words[slot_of(number) + slot::BELL];
            let word = bell.load(Ordering::SeqCst);
            let is_mine = low(word) & THREAD == self.thread();
            if is_mine {
                let left = pair(high(word), low(word) & WAITERS | 1 << 30);
                let _ = bell.compare_exchange(word, left, Ordering::SeqCst, Ordering::SeqCst);
            }
            if low(word) == 0 || is_mine && low(word) & WAITERS != 0 {
                self.futexes.end_sleep(number, Bed::Empty);
            }
        }
        self.kernel.end(self.number);
        if self.time_passes {
            for number in 0..self.futexes.0.len() {
                self.futexes.end_sleep(number, Bed::Late);
            }
        }
        resume_unwind(Box::new(self.killed))
    }

    /// Whose bell it is.
    fn number_of(&self, bell: &AtomicU64) -> usize {
        let is_its =
            |number: &usize| std::ptr::eq(&self.words[slot_of(*number) + slot::BELL], bell);
        (0..self.futexes.0.len()).find(is_its).expect("a bell")
    }
}

impl System for Caller {
    fn carry_out<M: Memory>(&self, memory: M, order: &Order<'_>) -> Result<bool, Fault> {
        self.changes.set(self.changes.get() + 1);
        if self.slip == Slip::StaysInTheList && self.changes.get() == 2 {
            return Ok(true);
        }
        match self.actor.carry_out(memory, order) {
            Err(Fault::Forked) => self.die(),
            Ok(true) if self.killed == Killed::Changed => self.die(),
            outcome => outcome,
        }
    }

    fn pause(&self, round: u32) {
        self.actor.pause(round);
    }

    fn is_out_of_the_way(&self, owner: &Owner, round: u32) -> bool {
        self.actor.is_out_of_the_way(owner, round)
    }

    fn has_left_off(&self, owner: &Owner, round: u32) -> bool {
        self.actor.has_left_off(owner, round)
    }
}

impl Thread for Caller {
    fn process(&self) -> u32 {
        high(ids(self.number))
    }

    fn thread(&self) -> u32 {
        low(ids(self.number))
    }

    fn seconds(&self) -> u32 {
        1
    }

    fn may(&self, _: &Permissions, _: u32) -> bool {
        true
    }

    fn guard(&self, bell: &AtomicU64) -> u64 {
        match self.slip {
            Slip::GuardsNobody => 0,
            _ => self.guarded.replace(self.number_of(bell) as u64 + 1),
        }
    }

    fn guard_as_before(&self, before: u64) {
        self.guarded.set(before);
    }

    fn wake(&self, bell: &AtomicU64) -> bool {
        if self.killed == Killed::Waking {
            self.die();
        }
        self.slip == Slip::WakesNobody || self.futexes.end_sleep(self.number_of(bell), Bed::Empty)
    }

    fn sleep(&self, bell: &AtomicU64, nanoseconds: u64) -> Slept {
        if self.interrupted {
            return Slept::Interrupted;
        }
        if nanoseconds < SHORT {
            loom::thread::yield_now();
            return Slept::TimedOut;
        }
        let slept = self.futexes.sleep(self.number, bell);
        if slept == Slept::TimedOut {
            loom::thread::yield_now();
        }
        slept
    }

    fn is_gone(&self, owner: &Owner) -> bool {
        self.presence(owner) == Presence::Gone
    }

    fn presence(&self, owner: &Owner) -> Presence {
        if self.kernel.is_gone(owner) { Presence::Gone } else { Presence::There }
    }

    fn processor(&self) -> u32 {
        0
    }

    fn slept_beside(&self, _: bool) {}

    fn looks(&self) -> u32 {
        0
    }
}
