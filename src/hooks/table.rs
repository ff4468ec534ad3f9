//! The hooks that are there: a table of fixed size, in which nobody waits for anybody.
//!
//! A slot's state says whose it is; whoever runs a hook counts itself in, and then looks whether the
//! slot is still that hook's. So a remover that finds nobody counted in knows that nobody will be.

use super::call::{msgq_after, msgq_before};
use crate::errno::Errno;
use libc::{ENOSPC, c_void};
use std::ptr::null_mut;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

/// How many hooks there can be at a time.
pub const MOST: usize = 16;

/// A hook's functions, and what they are given.
#[derive(Clone, Copy)]
pub struct Hook {
    /// Called before each call.
    pub before: msgq_before,
    /// Called after it.
    pub after: msgq_after,
    /// What both get.
    pub data: *mut c_void,
}

/// The hooks.
pub struct Table {
    slots: [Slot; MOST],
    /// The number of the hook that was added last.
    newest: AtomicU64,
}

/// Room for a hook.
pub struct Slot {
    /// A [`State`].
    state: AtomicU64,
    /// How many threads are in its functions.
    running: AtomicU32,
    before: AtomicPtr<c_void>,
    after: AtomicPtr<c_void>,
    data: AtomicPtr<c_void>,
}

/// What a slot's first word says.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State(u64);

impl State {
    const FREE: State = State(0);
    /// Somebody is filling it.
    const CLAIMED: State = State(u64::MAX);

    /// The hook of this number is there.
    fn live(number: u64) -> State {
        State(number << 1)
    }

    /// It was removed, but somebody may still be in its functions.
    fn removed(number: u64) -> State {
        State(number << 1 | 1)
    }

    /// The number of the hook that is there.
    fn number(self) -> Option<u64> {
        (self != State::FREE && self.0 & 1 == 0).then_some(self.0 >> 1)
    }

    fn is_removed(self) -> bool {
        self != State::CLAIMED && self.0 & 1 == 1
    }
}

/// What became of a hook that is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nobody runs it, and nobody will.
    Gone,
    /// Nobody begins to run it any more, but some are still at it.
    Running,
    /// There never was such a hook.
    Unknown,
}

impl Table {
    /// No hooks.
    pub const fn new() -> Table {
        Table { slots: [const { Slot::new() }; MOST], newest: AtomicU64::new(0) }
    }

    /// Adds a hook; gives its number. `count` is called before anybody can see it.
    pub fn add(&self, hook: Hook, count: impl FnOnce()) -> Result<u64, Errno> {
        let slot = self.slots.iter().find(|slot| slot.claim()).ok_or(Errno(ENOSPC))?;
        slot.fill(hook);
        count();
        let number = self.newest.fetch_add(1, SeqCst) + 1;
        slot.state.store(State::live(number).0, SeqCst);
        Ok(number)
    }

    /// Removes a hook. `count` is called by the one who does it.
    pub fn remove(&self, number: u64, count: impl FnOnce()) -> Removal {
        if number == 0 || number > self.newest() {
            return Removal::Unknown;
        }
        let (live, removed) = (State::live(number).0, State::removed(number).0);
        for slot in &self.slots {
            let taken = slot.state.compare_exchange(live, removed, SeqCst, SeqCst);
            match taken {
                Ok(_) => count(),
                Err(state) if state == removed => (),
                Err(_) => continue,
            }
            return if slot.running.load(SeqCst) == 0 { Removal::Gone } else { Removal::Running };
        }
        Removal::Gone
    }

    /// The number of the hook that was added last.
    pub fn newest(&self) -> u64 {
        self.newest.load(Acquire)
    }

    /// The first hook that was added after the one of this number.
    pub fn after(&self, number: u64) -> Option<(u64, &Slot)> {
        self.live().filter(|(other, _)| *other > number).min_by_key(|(other, _)| *other)
    }

    /// The last hook that was added before the one of this number.
    pub fn before(&self, number: u64) -> Option<(u64, &Slot)> {
        self.live().filter(|(other, _)| *other < number).max_by_key(|(other, _)| *other)
    }

    fn live(&self) -> impl Iterator<Item = (u64, &Slot)> {
        self.slots.iter().filter_map(|slot| Some((slot.state().number()?, slot)))
    }

    /// In a child made by fork(3), which has one thread. It runs the hook of this number, or none.
    pub fn forked(&self, running: u64) {
        for slot in &self.slots {
            let is_run = [State::live(running), State::removed(running)].contains(&slot.state());
            slot.running.store(u32::from(running != 0 && is_run), Relaxed);
        }
    }
}

impl Slot {
    const fn new() -> Slot {
        Slot {
            state: AtomicU64::new(State::FREE.0),
            running: AtomicU32::new(0),
            before: AtomicPtr::new(null_mut()),
            after: AtomicPtr::new(null_mut()),
            data: AtomicPtr::new(null_mut()),
        }
    }

    fn state(&self) -> State {
        State(self.state.load(SeqCst))
    }

    /// Takes the slot to fill it. One whose hook was removed is free when nobody runs that any more.
    fn claim(&self) -> bool {
        let state = self.state();
        let is_free =
            state == State::FREE || (state.is_removed() && self.running.load(SeqCst) == 0);
        let claim =
            || self.state.compare_exchange(state.0, State::CLAIMED.0, SeqCst, Relaxed).is_ok();
        is_free && claim()
    }

    fn fill(&self, hook: Hook) {
        let address = |function: Option<*mut c_void>| function.unwrap_or(null_mut());
        self.before.store(address(hook.before.map(|function| function as *mut c_void)), Relaxed);
        self.after.store(address(hook.after.map(|function| function as *mut c_void)), Relaxed);
        self.data.store(hook.data, Relaxed);
    }

    /// Counts the caller in among those that run the hook of this number. Nothing where it is no
    /// longer there.
    #[allow(unsafe_code)]
    pub fn enter(&self, number: u64) -> Option<Hook> {
        self.running.fetch_add(1, SeqCst);
        if self.state() != State::live(number) {
            self.leave();
            return None;
        }
        let [before, after, data] =
            [&self.before, &self.after, &self.data].map(|place| place.load(Relaxed));
        // SAFETY: each is null, or the address of the function that `fill` was given. The slot
        // stays this hook's as long as somebody is counted in.
        unsafe {
            Some(Hook {
                before: std::mem::transmute::<*mut c_void, msgq_before>(before),
                after: std::mem::transmute::<*mut c_void, msgq_after>(after),
                data,
            })
        }
    }

    /// Counts the caller out. (A child that was forked while it came in has nothing to take away.)
    pub fn leave(&self) {
        let less = |running: u32| running.checked_sub(1);
        let _ = self.running.fetch_update(Release, Relaxed, less);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(data: usize) -> Hook {
        Hook { before: None, after: None, data: data as *mut c_void }
    }

    fn numbers(table: &Table) -> Vec<u64> {
        let mut numbers = Vec::new();
        while let Some((number, _)) = table.after(numbers.last().copied().unwrap_or(0)) {
            numbers.push(number);
        }
        numbers
    }

    #[test]
    fn hooks_come_in_the_order_in_which_they_were_added() {
        let table = Table::new();
        for data in 1..=4 {
            assert_eq!(table.add(hook(data), || ()), Ok(data as u64));
        }
        assert_eq!(table.remove(2, || ()), Removal::Gone);
        assert_eq!(table.add(hook(5), || ()), Ok(5), "in the second slot");
        assert_eq!(numbers(&table), [1, 3, 4, 5]);
        assert_eq!(table.before(u64::MAX).map(|(number, _)| number), Some(5));
        assert_eq!(table.before(3).map(|(number, _)| number), Some(1));
        assert_eq!(table.before(1).map(|(number, _)| number), None);
    }

    #[test]
    fn a_full_table_takes_no_more_until_one_is_removed() {
        let table = Table::new();
        for data in 0..MOST {
            table.add(hook(data), || ()).unwrap();
        }
        assert_eq!(table.add(hook(0), || panic!("counted")), Err(Errno(ENOSPC)));
        table.remove(7, || ());
        assert_eq!(table.add(hook(0), || ()), Ok(MOST as u64 + 1));
    }

    #[test]
    fn a_hook_that_somebody_runs_keeps_its_slot_until_that_one_has_left() {
        let table = Table::new();
        let number = table.add(hook(77), || ()).unwrap();
        let (_, slot) = table.after(0).unwrap();
        assert_eq!(slot.enter(number).map(|hook| hook.data as usize), Some(77));
        let mut counted = 0;
        assert_eq!(table.remove(number, || counted += 1), Removal::Running);
        assert_eq!(table.remove(number, || counted += 1), Removal::Running);
        assert!(slot.enter(number).is_none(), "nobody begins");
        assert!(!slot.claim(), "not free yet");
        slot.leave();
        assert_eq!(table.remove(number, || counted += 1), Removal::Gone);
        assert_eq!(counted, 1);
        assert!(slot.claim(), "free");
        assert_eq!(table.remove(number, || ()), Removal::Gone, "whoever has the slot now");
    }

    #[test]
    fn a_number_that_no_hook_ever_had_is_unknown() {
        let table = Table::new();
        table.add(hook(0), || ()).unwrap();
        for number in [0, 2, u64::MAX >> 1] {
            assert_eq!(table.remove(number, || panic!("counted")), Removal::Unknown, "{number}");
        }
    }

    #[test]
    fn a_child_runs_what_its_thread_runs_and_nothing_else() {
        let table = Table::new();
        let (own, others) =
            (table.add(hook(1), || ()).unwrap(), table.add(hook(2), || ()).unwrap());
        for (number, slot) in [table.after(0).unwrap(), table.after(own).unwrap()] {
            slot.enter(number).unwrap();
            slot.enter(number).unwrap();
        }
        table.forked(own);
        assert_eq!(table.remove(own, || ()), Removal::Running);
        assert_eq!(table.remove(others, || ()), Removal::Gone);
        table.forked(0);
        assert_eq!(table.remove(own, || ()), Removal::Gone);
    }

    #[test]
    fn who_runs_a_hook_sees_it_whole_while_others_add_and_remove() {
        let (table, rounds) = (&Table::new(), if cfg!(miri) { 20 } else { 5_000 });
        let at_work = &AtomicU32::new(2);
        std::thread::scope(|scope| {
            for turn in 0..2 {
                scope.spawn(move || {
                    for round in 0..rounds {
                        let number = table.add(hook(2 * round + turn), || ()).unwrap();
                        while table.remove(number, || ()) == Removal::Running {
                            std::hint::spin_loop();
                        }
                    }
                    at_work.fetch_sub(1, SeqCst);
                });
            }
            scope.spawn(move || {
                while at_work.load(SeqCst) > 0 {
                    let Some((number, slot)) = table.after(0) else { continue };
                    if let Some(before) = slot.enter(number) {
                        let again = slot.data.load(Relaxed);
                        assert_eq!(before.data, again, "the slot is not filled anew meanwhile");
                        slot.leave();
                    }
                }
            });
        });
    }
}
