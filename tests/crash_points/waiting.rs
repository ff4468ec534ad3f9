//! Processes that are killed while they wait, and when they wake up.

use crate::calls::{self, ROOM, Text};
use crate::check::Wrong;
use crate::clock::{self, SOON};
use crate::every_store::{After, Case, Meanwhile, call};
use crate::shm::attempt::End;
use crate::shm::receive::Request;
use crate::shm::runs::Choice;
use crate::stage::{Answer, Stage};
use libc::ENOMSG;

const ANY: Request = Request { choice: Choice::Any, room: ROOM, cut: false, wait: true };

/// A process waits for a message, and is killed before, when it comes or after.
fn receive_late(operation: &str, meanwhile: Meanwhile<'_>, after: After<'_>) {
    Case {
        operation,
        before: &|stage| stage.fill_plenty(&[]),
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::receive(place, stage.queue(), ANY).map(drop))
        },
        meanwhile: Some(meanwhile),
        after,
    }
    .at_every_store();
}

#[test]
fn a_receiver_may_die_anywhere_while_it_waits_and_when_a_message_comes() {
    receive_late(
        "a receive that waits",
        &|stage| stage.other(|place| calls::send(place, stage.queue(), (3, 30), false)),
        &|check| match calls::take(&mut check.place, check.stage.queue(), Choice::Any) {
            Ok((3, 30)) => Ok(false),
            Err(end) if calls::errno(end) == ENOMSG => Ok(true),
            other => Err(format!("the message is {other:?}").into()),
        },
    );
}

#[test]
fn the_next_receiver_gets_what_was_handed_to_one_that_died() {
    receive_late(
        "a receive that waits before another",
        &|stage| {
            stage.receiver(Choice::Any, ROOM)?;
            stage.other(|place| calls::send(place, stage.queue(), (3, 30), false))?;
            // Nobody else does anything: every call would see to the message.
            clock::until(SOON, || stage.answer(0));
            Ok(())
        },
        &|check| {
            if check.stage.answer(0).is_some() {
                check.back(0, Answer::Received((3, 30)))?;
                return Ok(false);
            }
            // The first has taken the message with it.
            check.asleep(0)?;
            check.holds(&[])?;
            check.send((4, 40))?;
            check.back(0, Answer::Received((4, 40)))?;
            Ok(true)
        },
    );
}

/// A process waits for room, and is killed before, when it comes or after.
fn send_late(operation: &str, meanwhile: Meanwhile<'_>, after: After<'_>) {
    Case {
        operation,
        before: &|stage| stage.fill(100, &[(1, 100)]),
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::send(place, stage.queue(), (3, 40), true))
        },
        meanwhile: Some(meanwhile),
        after,
    }
    .at_every_store();
}

/// Another process takes the message that fills the queue.
fn make_room(stage: &Stage) -> Result<(), Wrong> {
    stage.other(|place| calls::take(place, stage.queue(), Choice::Any).map(drop))
}

#[test]
fn a_sender_may_die_anywhere_while_it_waits_and_when_there_is_room() {
    send_late("a send that waits", &|stage| make_room(stage), &|check| {
        check.either(&[], &[(3, 40)])
    });
}

#[test]
fn the_next_sender_goes_on_when_one_that_waited_died() {
    let meanwhile = |stage: &mut Stage| {
        stage.sender((2, 50))?;
        make_room(stage)
    };
    send_late("a send that waits before another", &meanwhile, &|check| {
        check.back(0, Answer::Sent)?;
        let is_done = check.state()?.messages == 2;
        let expected: &[Text] = if is_done { &[(2, 50), (3, 40)] } else { &[(2, 50)] };
        check.holds_all(expected)?;
        // Which stores there are, and in which order, depends on who of the two is faster.
        check.same("its message is there or it is dead", is_done || check.killed, true)?;
        Ok(!check.killed)
    });
}

/// A send to a queue on which somebody waits who is dead.
#[test]
fn a_sender_may_die_anywhere_while_it_takes_its_message_back_from_the_dead() {
    let before = |stage: &mut Stage| -> Result<(), End> {
        stage.fill_plenty(&[])?;
        stage.receiver(Choice::Any, ROOM)?;
        stage.kill_sleeper();
        Ok(())
    };
    Case {
        operation: "a send to a dead receiver",
        before: &before,
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::send(place, stage.queue(), (3, 30), false))
        },
        meanwhile: None,
        after: &|check| {
            let is_there = check.either(&[], &[(3, 30)])?;
            // The message is the dead receiver's first, then the sender's again, then the queue's.
            // Between, its cell is in nobody's list: one unit.
            check.lost = u64::from(!is_there);
            check.same(
                "the message is there or the sender dead",
                is_there || check.killed,
                true,
            )?;
            Ok(!check.killed)
        },
    }
    .at_every_store();
}
