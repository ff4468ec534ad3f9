//! Threads that are stopped while they carry out a change, and continued while others take it over.

use crate::actor::{Actor, Fate, Kernel, Wrong, run};
use crate::arena::Plan;
use crate::model::fails;
use crate::shm::atomic::AtomicU64;
use crate::words::{add_and, expect};

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

/// Known to be wrong: a thread that is continued between another's look at it and the moment when
/// that one takes the lock over goes on to store.
#[test]
fn a_thread_that_goes_on_while_its_lock_is_taken_over_stores_what_is_old() {
    for stores in 0..=2 {
        fails("the two words", one_is_stopped_and_another_adds(stores, Wrong::Nothing));
    }
}

#[test]
fn who_does_not_say_whose_change_he_completed_is_found() {
    fails("the two words", one_is_stopped_and_another_adds(1, Wrong::TellsNobody));
}
