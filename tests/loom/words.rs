//! Two words that belong together: every change adds one to both.

use crate::actor::{Actor, Fate, Kernel, Wrong, run};
use crate::arena::{FIRST, LOCK, Plan, SECOND};
use crate::model::{fails, holds};
use crate::shm::atomic::AtomicU64;
use crate::shm::attempt::{End, Step, attempt};
use crate::shm::commit::Member;
use crate::shm::memory::{Fault, Memory};

pub type Place<'a> = Member<'a, &'a [AtomicU64], Actor>;

/// Reads both, in one version.
pub fn read(place: &mut Place<'_>) -> Result<(u64, u64), End> {
    attempt(place, LOCK, |place, _| {
        let both = (place.memory.load(FIRST)?, place.memory.load(SECOND)?);
        Ok(Step::Answer(both))
    })
}

/// Adds one to both.
pub fn add(place: &mut Place<'_>) -> Result<(), End> {
    attempt(place, LOCK, |place, _| {
        let (first, second) = (place.memory.load(FIRST)?, place.memory.load(SECOND)?);
        place.set(FIRST, first + 1)?;
        place.set(SECOND, second + 1)?;
        Ok(Step::Change(()))
    })
}

/// The same by a thread to which something happens meanwhile; whether it lives on.
pub fn add_and(words: &[AtomicU64], actor: &Actor) -> bool {
    match add(&mut actor.member(&words)) {
        Ok(()) => true,
        Err(end) if end == End::fault(Fault::Forked) => false,
        Err(end) => panic!("{end:?}"),
    }
}

/// Both words have this value.
pub fn expect(place: &mut Place<'_>, value: u64) {
    let both = read(place).expect("both words");
    assert_eq!(both, (value, value), "the two words");
}

/// Two threads add, and a third reads meanwhile.
fn two_who_add(plan: Plan, wrong: Wrong) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (words, kernel) = (plan.arena(), Kernel::new(3));
        let threads = [1, 2].map(|number| {
            let actor = Actor::new(number, &kernel).with(Fate::Lives, wrong);
            run(&words, move |words| assert!(add_and(words, &actor)))
        });
        let actor = Actor::new(0, &kernel);
        let words: &[AtomicU64] = &words;
        let mut place = actor.member(&words);
        let both = read(&mut place).expect("both words");
        assert_eq!(both.0, both.1, "half of a change");
        threads.into_iter().for_each(|thread| thread.join().expect("a thread"));
        expect(&mut place, 2);
    }
}

#[test]
fn readers_see_all_of_a_change_or_nothing_and_no_change_is_lost() {
    holds(two_who_add(Plan::new(3), Wrong::Nothing));
}

#[test]
fn a_lock_that_is_freed_before_the_stores_is_found() {
    fails("the two words", two_who_add(Plan::new(3), Wrong::FreesFirst));
}

#[test]
fn a_lock_that_keeps_nothing_in_order_is_found() {
    fails("the two words", two_who_add(Plan::new(3).weak(), Wrong::Nothing));
}
