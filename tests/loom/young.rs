//! A lock that comes into being by a change under another one, as that of a queue does under the
//! registry's.

use crate::actor::{Actor, Fate, Kernel, Wrong, run};
use crate::arena::{FIRST, LOCK, Plan, SECOND};
use crate::model::{fails, holds_with};
use crate::shm::atomic::AtomicU64;
use crate::shm::attempt::{Step, attempt};
use crate::shm::commit::{LIVE, YOUNG};
use crate::shm::layout::header;
use crate::shm::memory::Memory;
use crate::words::{Place, add, expect};

/// What the words are at the beginning.
const NEW: u64 = 10;
/// How many stores make the queue.
const STORES: usize = 3;

/// Makes the words and their lock, with this in it.
fn make(place: &mut Place<'_>, lock: u64) -> bool {
    let made = attempt(place, header::LOCK, |place, _| {
        place.set(FIRST, NEW)?;
        place.set(SECOND, NEW)?;
        place.set(LOCK, lock)?;
        Ok(Step::Change(()))
    });
    made.is_ok()
}

/// Adds one to both words, as soon as they are there.
fn add_when_there(place: &mut Place<'_>) {
    while place.memory.load(LOCK).expect("the lock") & LIVE == 0 {
        place.begin(header::LOCK).expect("the registry's lock");
        loom::thread::yield_now();
    }
    add(place).expect("both words");
}

/// One dies after so many stores of those that make the words; two others complete them, and add.
fn one_dies_over_a_new_lock(stores: usize, lock: u64) -> impl Fn() + Send + Sync + 'static {
    move || {
        let plan = Plan::new(3).lock(header::LOCK);
        let (words, kernel) = (plan.arena(), Kernel::new(3));
        let dying = Actor::new(1, &kernel).with(Fate::Dies(stores), Wrong::Nothing);
        let slice: &[AtomicU64] = &words;
        assert!(!make(&mut dying.member(&slice), lock));
        let other = Actor::new(2, &kernel);
        let other = run(&words, move |words| {
            let mut place = other.member(&words);
            // It has to do with the registry first.
            place.begin(header::LOCK).expect("the registry's lock");
            add_when_there(&mut place);
        });
        let actor = Actor::new(0, &kernel);
        let mut place = actor.member(&slice);
        add_when_there(&mut place);
        other.join().expect("the other");
        expect(&mut place, NEW + 2);
    }
}

#[test]
fn what_is_new_is_changed_by_nobody_who_makes_it_any_more() {
    for stores in [1, STORES] {
        holds_with(2, one_dies_over_a_new_lock(stores, LIVE | YOUNG));
    }
}

#[test]
fn a_new_lock_that_does_not_say_so_is_found() {
    fails("the two words", one_dies_over_a_new_lock(STORES, LIVE));
}
