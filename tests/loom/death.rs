//! Threads that die while they carry out a change, and those who complete it.

use crate::actor::{Actor, Fate, Kernel, Wrong, run};
use crate::arena::Plan;
use crate::model::{fails, holds, holds_with};
use crate::shm::atomic::AtomicU64;
use crate::words::{add, add_and, expect};

/// How many stores a change of both words makes before it frees the lock.
const STORES: usize = 2;

/// One dies after so many stores; two others add then.
fn one_dies_and_two_add(stores: usize, wrong: Wrong) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (words, kernel) = (Plan::new(3).arena(), Kernel::new(3));
        let dying = Actor::new(1, &kernel).with(Fate::Dies(stores), Wrong::Nothing);
        assert!(!add_and(&words, &dying));
        let other = Actor::new(2, &kernel).with(Fate::Lives, wrong);
        let other = run(&words, move |words| assert!(add_and(words, &other)));
        let actor = Actor::new(0, &kernel).with(Fate::Lives, wrong);
        assert!(add_and(&words, &actor));
        other.join().expect("the other");
        let words: &[AtomicU64] = &words;
        expect(&mut Actor::new(0, &kernel).member(&words), 3);
    }
}

#[test]
fn a_dead_threads_change_is_completed_once_by_whoever_comes() {
    for stores in 0..=STORES {
        holds(one_dies_and_two_add(stores, Wrong::Nothing));
    }
}

#[test]
fn who_takes_the_living_for_dead_is_found() {
    fails("the two words", one_dies_and_two_add(1, Wrong::SuspectsTheLiving));
}

/// One dies after so many stores; another adopts its slot, and a third adds too.
fn one_dies_and_is_adopted(stores: usize) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (words, kernel) = (Plan::new(3).arena(), Kernel::new(3));
        let dying = Actor::new(1, &kernel).with(Fate::Dies(stores), Wrong::Nothing);
        let slices: &[AtomicU64] = &words;
        assert!(!add_and(slices, &dying));
        let third = Actor::new(2, &kernel);
        let third = run(&words, move |words| assert!(add_and(words, &third)));
        let adopter = Actor::new(0, &kernel).watched();
        let mut place = adopter.adopted(&slices, 1);
        add(&mut place).expect("another change");
        third.join().expect("the third");
        expect(&mut place, 3);
    }
}

#[test]
fn who_adopts_a_slot_and_who_takes_its_lock_over_complete_its_change_once() {
    for stores in [1, STORES] {
        holds_with(2, one_dies_and_is_adopted(stores));
    }
}
