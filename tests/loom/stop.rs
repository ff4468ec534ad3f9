//! Threads that are stopped while they carry out a change, and continued while others take it over.

use crate::actor::{Actor, Fate, Kernel, Wrong, run};
use crate::arena::Plan;
use crate::model::{fails, holds};
use crate::shm::atomic::AtomicU64;
use crate::words::{add, add_and, expect};

/// One is stopped after so many stores, and goes on at some time; another adds twice meanwhile.
fn one_is_stopped_and_another_adds(
    stores: usize,
    wrong: Wrong,
) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (words, kernel) = (Plan::new(3).arena(), Kernel::new(3));
        let stopped = Actor::new(1, &kernel).with(Fate::IsStopped(stores), Wrong::Nothing);
        let stopped = run(&words, move |words| assert!(add_and(words, &stopped)));
        let actor = Actor::new(0, &kernel).with(Fate::Lives, wrong);
        assert!(add_and(&words, &actor));
        assert!(add_and(&words, &actor));
        stopped.join().expect("the one who was stopped");
        let words: &[AtomicU64] = &words;
        expect(&mut Actor::new(0, &kernel).member(&words), 3);
    }
}

/// One is stopped after so many stores, and goes on at some time. Another takes its lock over, if it
/// comes to that, and dies; then a third adds, in a slot of its own or in the dead one's.
fn one_is_stopped_and_another_dies(
    stores: usize,
    adopted: bool,
    wrong: Wrong,
) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (words, kernel) = (Plan::new(3).arena(), Kernel::new(3));
        let stopped = Actor::new(1, &kernel).with(Fate::IsStopped(stores), Wrong::Nothing);
        let stopped = run(&words, move |words| assert!(add_and(words, &stopped)));
        let dying = Actor::new(0, &kernel).with(Fate::DiesWithTheLock, Wrong::Nothing);
        let sum = 2 + u64::from(add_and(&words, &dying));
        let third = Actor::new(2, &kernel).with(Fate::Lives, wrong).watched();
        let words: &[AtomicU64] = &words;
        let mut place = if adopted { third.adopted(&words, 0) } else { third.member(&words) };
        add(&mut place).expect("both words");
        stopped.join().expect("the one who was stopped");
        expect(&mut place, sum);
    }
}

#[test]
fn who_overtakes_the_dead_waits_for_whom_they_had_overtaken() {
    holds(one_is_stopped_and_another_dies(1, false, Wrong::Nothing));
}

#[test]
fn who_does_not_wait_for_whom_the_dead_had_overtaken_is_found() {
    fails("the two words", one_is_stopped_and_another_dies(1, false, Wrong::LooksOnce));
}

#[test]
fn who_adopts_and_does_not_wait_for_them_is_found() {
    fails("the two words", one_is_stopped_and_another_dies(1, true, Wrong::LooksOnce));
}

#[test]
fn who_adopts_a_slot_waits_for_whom_its_thread_had_overtaken() {
    holds(one_is_stopped_and_another_dies(1, true, Wrong::Nothing));
}

#[test]
fn a_stopped_threads_change_is_made_once_whenever_it_goes_on() {
    for stores in 0..=2 {
        holds(one_is_stopped_and_another_adds(stores, Wrong::Nothing));
    }
}

#[test]
fn who_looks_only_before_he_takes_the_lock_is_found() {
    fails("the two words", one_is_stopped_and_another_adds(1, Wrong::LooksOnce));
}

#[test]
fn who_does_not_say_whose_change_he_completed_is_found() {
    fails("the two words", one_is_stopped_and_another_adds(1, Wrong::TellsNobody));
}
