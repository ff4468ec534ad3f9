//! Receivers that are killed, of messages that are there.

use crate::calls::{self, Place, Text};
use crate::check::{Check, Wrong};
use crate::every_store::{Case, call};
use crate::shm::attempt::End;
use crate::shm::layout::{low, slot};
use crate::shm::memory::Memory;
use crate::shm::runs::Choice;
use crate::stage::{Answer, Stage};

/// A receive that takes the message with this number of those that are there.
fn take_of(operation: &str, there: &[Text], choice: Choice, number: usize) {
    let mut left = there.to_vec();
    left.remove(number);
    Case {
        operation,
        before: &|stage| stage.fill_plenty(there),
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::take(place, stage.queue(), choice).map(drop))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.either(there, &left)?;
            let stamped = stamped(check)?;
            check.same("the last receiver is the dead one", stamped, is_done)?;
            Ok(is_done)
        },
    }
    .at_every_store();
}

/// Whether the queue names the killed process as the last receiver.
fn stamped(check: &mut Check<'_>) -> Result<bool, Wrong> {
    Ok(check.state()?.received.0 == check.stage.victim)
}

#[test]
fn a_receiver_may_die_anywhere_with_the_oldest_message() {
    take_of("a receive of the oldest message", &[(1, 10), (1, 20), (2, 30)], Choice::Any, 0);
}

#[test]
fn a_receiver_may_die_anywhere_with_the_only_message() {
    take_of("a receive of the only message", &[(1, 10)], Choice::Any, 0);
}

#[test]
fn a_receiver_may_die_anywhere_while_two_runs_become_one() {
    let there = [(1, 10), (2, 20), (1, 30), (3, 40)];
    take_of("a receive between two runs of a type", &there, Choice::Equal(2), 1);
}

#[test]
fn a_receiver_may_die_anywhere_with_the_lowest_type() {
    let there = [(7, 10), (2, 20), (4, 30), (2, 40)];
    take_of("a receive of the lowest type", &there, Choice::Lowest(5), 1);
}

#[test]
fn a_receiver_may_die_anywhere_with_another_type_than_the_oldest() {
    let there = [(1, 10), (1, 20), (2, 30), (1, 40)];
    take_of("a receive of another type", &there, Choice::NotEqual(1), 2);
}

#[test]
fn a_receiver_may_die_anywhere_while_it_gives_cells_back() {
    let there = [(1, 10); 36];
    // What is at hand without being too much.
    let most = 32;
    let taken = |stage: &Stage, place: &mut Place<'_>| -> Result<(), End> {
        while low(place.memory.load(place.at + slot::STASH)?) < most {
            calls::take(place, stage.queue(), Choice::Any)?;
        }
        Ok(())
    };
    Case {
        operation: "a receive that gives cells back",
        before: &|stage| stage.fill_plenty(&there),
        victim: &|stage, me, begin| {
            let mut place = me.place(&stage.arena.words)?;
            taken(stage, &mut place)?;
            begin();
            calls::take(&mut place, stage.queue(), Choice::Any).map(drop)
        },
        meanwhile: None,
        after: &|check| check.either(&[(1, 10); 4], &[(1, 10); 3]),
    }
    .at_every_store();
}

#[test]
fn a_receiver_may_die_anywhere_while_it_lets_a_sender_go_on() {
    Case {
        operation: "a receive that makes room for a sender",
        before: &|stage| {
            stage.fill(100, &[(1, 100)])?;
            stage.sender((2, 50))
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::take(place, stage.queue(), Choice::Any).map(drop))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = stamped(check)?;
            if !is_done {
                check.asleep(0)?;
                check.take(Choice::Any)?;
            }
            check.back(0, Answer::Sent)?;
            check.holds(&[(2, 50)])?;
            Ok(is_done)
        },
    }
    .at_every_store();
}

#[test]
fn a_receiver_may_die_anywhere_while_it_lets_several_senders_go_on() {
    Case {
        operation: "a receive that makes room for three senders",
        before: &|stage| {
            stage.fill(100, &[(1, 100)])?;
            stage.sender((2, 30))?;
            stage.sender((3, 30))?;
            stage.sender((4, 30))
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::take(place, stage.queue(), Choice::Any).map(drop))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = stamped(check)?;
            if !is_done {
                check.take(Choice::Any)?;
            }
            (0..3).try_for_each(|sleeper| check.back(sleeper, Answer::Sent))?;
            check.holds_all(&[(2, 30), (3, 30), (4, 30)])?;
            Ok(is_done)
        },
    }
    .at_every_store();
}
