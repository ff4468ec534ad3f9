//! Senders that are killed.

use crate::calls::{self, ROOM, Text};
use crate::check::{Check, Wrong};
use crate::every_store::{Case, call};
use crate::shm::layout::{class_of, header};
use crate::shm::memory::Memory;
use crate::shm::runs::Choice;
use crate::stage::Answer;
use libc::E2BIG;

/// A send of `text` into a queue with the messages `there`.
fn send_into(operation: &str, there: &[Text], text: Text) {
    let done: Vec<Text> = there.iter().copied().chain([text]).collect();
    Case {
        operation,
        before: &|stage| stage.fill_plenty(there),
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::send(place, stage.queue(), text, false))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.either(there, &done)?;
            stamped_by_the_sender(check, is_done)?;
            Ok(is_done)
        },
    }
    .at_every_store();
}

/// The queue names the killed process as the last sender just when its message is there.
fn stamped_by_the_sender(check: &mut Check<'_>, is_done: bool) -> Result<(), Wrong> {
    let (victim, last) = (check.stage.victim, check.state()?.sent.0);
    check.same("the last sender is the dead one", last == victim, is_done)
}

#[test]
fn a_sender_may_die_anywhere_on_its_way_into_an_empty_queue() {
    send_into("a send into an empty queue", &[], (1, 10));
}

#[test]
fn a_sender_may_die_anywhere_behind_messages_of_its_type() {
    send_into("a send behind the same type", &[(1, 10), (1, 20)], (1, 30));
}

#[test]
fn a_sender_may_die_anywhere_with_the_first_message_of_a_type() {
    send_into("a send of a new type", &[(9, 10), (12, 20)], (11, 30));
}

#[test]
fn a_sender_may_die_anywhere_with_a_type_that_has_a_run_further_ahead() {
    send_into("a send of a type with a run ahead", &[(1, 10), (2, 20), (3, 3)], (1, 30));
}

#[test]
fn a_sender_may_die_anywhere_while_it_cuts_new_cells() {
    send_into("a send that cuts new cells", &[(1, 10)], (1, 1500));
}

#[test]
fn a_sender_may_die_anywhere_while_it_fetches_free_cells() {
    Case {
        operation: "a send that fetches free cells",
        before: &|stage| {
            stage.fill_plenty(&[(1, 1500); 9])?;
            let mut place = stage.place()?;
            (0..9)
                .try_for_each(|_| calls::take(&mut place, stage.queue(), Choice::Any).map(drop))?;
            let free = place.memory.load(header::FREE + class_of(1500).unwrap_or_default())?;
            assert_ne!(free, 0, "somebody has given cells back");
            Ok(())
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::send(place, stage.queue(), (2, 1500), false))
        },
        meanwhile: None,
        after: &|check| check.either(&[], &[(2, 1500)]),
    }
    .at_every_store();
}

#[test]
fn a_sender_may_die_anywhere_while_it_hands_its_message_to_a_receiver() {
    Case {
        operation: "a send to a waiting receiver",
        before: &|stage| {
            stage.fill_plenty(&[])?;
            stage.receiver(Choice::Any, ROOM)
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::send(place, stage.queue(), (3, 30), false))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.state()?.sent.0 == check.stage.victim;
            if is_done {
                check.back(0, Answer::Received((3, 30)))?;
            } else {
                check.asleep(0)?;
                check.send((4, 40))?;
                check.back(0, Answer::Received((4, 40)))?;
            }
            check.holds(&[])?;
            Ok(is_done)
        },
    }
    .at_every_store();
}

#[test]
fn a_sender_may_die_anywhere_while_it_passes_a_receiver_without_room() {
    Case {
        operation: "a send past a receiver without room to another",
        before: &|stage| {
            stage.fill_plenty(&[])?;
            stage.receiver(Choice::Any, 10)?;
            stage.receiver(Choice::Any, ROOM)
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::send(place, stage.queue(), (3, 30), false))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.state()?.sent.0 == check.stage.victim;
            if !is_done {
                check.asleep(1)?;
                check.send((4, 40))?;
            }
            check.back(0, Answer::Failed(E2BIG))?;
            check.back(1, Answer::Received(if is_done { (3, 30) } else { (4, 40) }))?;
            check.holds(&[])?;
            Ok(is_done)
        },
    }
    .at_every_store();
}
