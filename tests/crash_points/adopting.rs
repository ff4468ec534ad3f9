//! Slots that are claimed, and adopted from the dead, by processes that are killed.

use crate::calls::{self, PLENTY, ROOM, Text};
use crate::check::{Check, Wrong};
use crate::dead::{dead_with_a_message, dead_with_the_lock, fetched, handed};
use crate::every_store::{Before, Case, call};
use crate::shm::attempt::End;
use crate::shm::layout::header;
use crate::shm::memory::Memory;
use crate::shm::runs::Choice;
use crate::shm::waiters::state;
use crate::stage::{Answer, Stage};
use std::cell::Cell;

/// All slots are taken but the last, so that whoever needs one looks for the dead.
fn adoption(
    operation: &str,
    before: Before<'_>,
    after: &dyn Fn(&mut Check<'_>) -> Result<(), Wrong>,
) {
    Case {
        operation,
        before,
        victim: &|stage, me, begin| {
            stage.occupy_the_free(&stage.me.owner())?;
            begin();
            me.place(&stage.arena.words).map(drop)
        },
        meanwhile: None,
        after: &|check| {
            after(check)?;
            Ok(check.had_a_slot())
        },
    }
    .at_every_store();
}

#[test]
fn the_slot_of_a_dead_receiver_that_waited_is_adopted() {
    let before = |stage: &mut Stage| {
        stage.fill_plenty(&[])?;
        stage.receiver(Choice::Any, ROOM)?;
        stage.kill_sleeper();
        Ok(())
    };
    adoption("an adoption of a receiver's slot", &before, &|check| {
        check.send((5, 50))?;
        check.holds(&[(5, 50)])
    });
}

#[test]
fn the_slot_of_a_dead_sender_that_waited_is_adopted() {
    let before = |stage: &mut Stage| {
        stage.fill(100, &[(1, 100)])?;
        stage.sender((2, 50))?;
        stage.sender((9, 10))?;
        stage.kill_sleeper();
        stage.sender((3, 50))
    };
    adoption("an adoption of a sender's slot", &before, &|check| {
        check.take(Choice::Any)?;
        check.back(0, Answer::Sent)?;
        check.back(1, Answer::Sent)?;
        check.holds_all(&[(2, 50), (3, 50)])
    });
}

#[test]
fn a_message_in_the_slot_of_the_dead_goes_back_to_the_queue() {
    let from = Cell::new(1);
    let before = |stage: &mut Stage| dead_with_a_message(stage, &from, handed);
    adoption("an adoption with a message", &before, &|check| check.holds(&[(3, 30)]));
}

#[test]
fn a_message_that_the_dead_fetched_does_not_come_again_and_its_cell_is_kept() {
    let from = Cell::new(1);
    let before = |stage: &mut Stage| dead_with_a_message(stage, &from, fetched);
    adoption("an adoption with a fetched message", &before, &|check| check.holds(&[]));
}

#[test]
fn a_change_that_the_dead_published_is_completed_by_who_adopts_the_slot() {
    for later in [0, 5] {
        let from = Cell::new(1);
        let operation = format!("an adoption {later} stores after the dead one published");
        let before = |stage: &mut Stage| dead_with_the_lock(stage, &from, later);
        let expected: [Text; 3] = [(1, 10), (2, 20), (3, 30)];
        adoption(&operation, &before, &|check| check.holds(&expected));
    }
}

#[test]
fn a_message_in_the_slot_of_the_dead_does_not_come_to_the_queue_that_came_after() {
    let from = Cell::new(1);
    let before = |stage: &mut Stage| {
        dead_with_a_message(stage, &from, handed)?;
        replace_the_queue(stage, PLENTY, &[])
    };
    adoption("an adoption with a removed queue's message", &before, &|check| {
        // Between the slot and the cells at hand, the message's cell is in nobody's list: one unit.
        check.lost = u64::from(check.killed);
        check.holds(&[])
    });
}

/// The queue is removed, and the next is in its place.
fn replace_the_queue(stage: &mut Stage, qbytes: u64, texts: &[Text]) -> Result<(), End> {
    let first = stage.queue();
    calls::remove(&mut stage.place()?, first)?;
    let cursor = stage.arena.words.load(header::CURSOR)?;
    stage.arena.words.store(header::CURSOR, cursor & u64::from(u32::MAX))?;
    stage.fill(qbytes, texts)?;
    assert_eq!(stage.queue().at, first.at, "the place of the second queue");
    Ok(())
}

#[test]
fn who_adopts_a_slot_leaves_the_queue_alone_that_came_after() {
    let before = |stage: &mut Stage| {
        stage.fill(100, &[(1, 100)])?;
        stage.sender((9, 10))?;
        stage.kill_sleeper();
        replace_the_queue(stage, 100, &[(1, 100)])?;
        stage.sender((2, 50))
    };
    adoption("an adoption of a removed queue's sender", &before, &|check| {
        check.take(Choice::Any)?;
        check.back(0, Answer::Sent)?;
        check.holds(&[(2, 50)])
    });
}

/// A claim of a slot that nobody had.
fn claim(operation: &str, prepare: &dyn Fn(&Stage) -> Result<(), End>) {
    Case {
        operation,
        before: &|stage| stage.fill_plenty(&[(1, 10)]),
        victim: &|stage, me, begin| {
            prepare(stage)?;
            begin();
            me.place(&stage.arena.words).map(drop)
        },
        meanwhile: None,
        after: &|check| {
            check.holds(&[(1, 10)])?;
            Ok(check.had_a_slot())
        },
    }
    .at_every_store();
}

#[test]
fn a_new_slot_is_claimed_or_not() {
    claim("a claim of a slot", &|_| Ok(()));
}

#[test]
fn the_last_slot_is_claimed_or_not_and_more_are_made() {
    claim("a claim of the last slot", &|stage| stage.occupy_the_free(&stage.me.owner()));
}

#[test]
fn a_slot_is_adopted_only_when_nobody_completes_a_change_of_its_owner() {
    let from = Cell::new(1);
    Case {
        operation: "a receive that completes a change whose slot is adopted then",
        before: &|stage| {
            dead_with_the_lock(stage, &from, 3)?;
            stage.fill_beside(&[])
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::take(place, stage.queue(), Choice::Any).map(drop))
        },
        meanwhile: Some(&|stage| {
            stage.occupy_the_free(&stage.me.owner())?;
            let beside = stage.beside.ok_or("no other queue".to_string())?;
            stage.other(|place| (0..3).try_for_each(|_| calls::send(place, beside, (8, 40), false)))
        }),
        after: &|check| {
            let beside = check.stage.beside.ok_or("no other queue".to_string())?;
            let found = calls::peek(&mut check.place, beside)?;
            check.same("the other queue", found, vec![(8, 40); 3])?;
            check.either(&[(1, 10), (2, 20), (3, 30)], &[(2, 20), (3, 30)])
        },
    }
    .at_every_store();
}

#[test]
fn a_slot_is_adopted_only_when_nobody_completes_what_it_was_told() {
    Case {
        operation: "a send past a dead receiver whose slot is adopted then",
        before: &|stage| {
            stage.fill_plenty(&[])?;
            stage.fill_beside(&[])?;
            stage.receiver(Choice::Any, 10)?;
            stage.kill_sleeper();
            Ok(())
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::send(place, stage.queue(), (3, 30), false))
        },
        meanwhile: Some(&|stage| {
            stage.occupy_the_free(&stage.me.owner())?;
            Ok(stage.receiver_beside(Choice::Any)?)
        }),
        after: &|check| {
            let is_done = check.either(&[], &[(3, 30)])?;
            let adopter = check.stage.sleepers.first().map_or(0, |process| process.pid);
            let slot =
                check.stage.slot_of(adopter)?.ok_or("the adopter has no slot".to_string())?;
            let waits = check.stage.wait_state(&slot)?;
            check.same("the state of the adopter's waiting", waits, state::WAITING)?;
            let beside = check.stage.beside.ok_or("no other queue".to_string())?;
            calls::send(&mut check.place, beside, (6, 10), false)?;
            check.since = crate::clock::now();
            check.back(0, Answer::Received((6, 10)))?;
            Ok(is_done)
        },
    }
    .at_every_store();
}
