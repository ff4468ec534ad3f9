//! Processes that are killed while they make, change or remove a queue.

use crate::calls::{self, PLENTY, Queue, ROOM, Text};
use crate::check::{Check, Wrong};
use crate::every_store::{Before, Case, Meanwhile, call};
use crate::real::NOW;
use crate::shm::attempt::End;
use crate::shm::layout::{high, queue};
use crate::shm::memory::Memory;
use crate::shm::runs::{Choice, NODES};
use crate::shm::{cells, registry};
use crate::stage::{Answer, Stage};
use libc::{EACCES, EIDRM, ENOENT, IPC_CREAT};

const KEY: i32 = 77;
const QBYTES: u64 = 1234;
/// A message that comes before anybody has completed the change that made the queue.
const EARLY: Text = (7, 10);

/// A creation where `before` has made what is there.
fn create(operation: &str, before: Before<'_>, most: u32) {
    create_and(operation, before, most, &|_| Ok(()));
}

fn create_and(operation: &str, before: Before<'_>, most: u32, meanwhile: Meanwhile<'_>) {
    Case {
        operation,
        before,
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| {
                calls::get(place, KEY, IPC_CREAT | 0o640, QBYTES, most).map(drop)
            })
        },
        meanwhile: Some(meanwhile),
        after: &is_made_or_not,
    }
    .at_every_store();
}

/// The queue of the key is there, empty and as asked for; or it is not there, and can be made.
fn is_made_or_not(check: &mut Check<'_>) -> Result<bool, Wrong> {
    let early: &[Text] = if check.stage.early { &[EARLY] } else { &[] };
    let before = calls::totals(&mut check.place)?.queues;
    let (queue, is_done) = match calls::get(&mut check.place, KEY, 0, 0, 100) {
        Ok(queue) => (queue, true),
        Err(end) if calls::errno(end) == ENOENT => {
            let made = calls::get(&mut check.place, KEY, IPC_CREAT | 0o640, QBYTES, 100)?;
            let after = calls::totals(&mut check.place)?.queues;
            check.same("queues", after, before + 1)?;
            (made, false)
        }
        Err(end) => return Err(end.into()),
    };
    let status = calls::status(&mut check.place, queue)?;
    let found = (status.key, status.permissions.mode, status.qbytes, status.changed);
    check.same("key, mode, qbytes, ctime", found, (KEY as u32, 0o640, QBYTES, NOW))?;
    let found = calls::peek(&mut check.place, queue)?;
    check.same("the messages", found.as_slice(), early)?;
    if early.is_empty() {
        let found = (status.messages, status.bytes, status.sent, status.received);
        check.same("messages, bytes, sent, received", found, (0, 0, (0, 0), (0, 0)))?;
    }
    early.iter().try_for_each(|_| calls::take(&mut check.place, queue, Choice::Any).map(drop))?;
    calls::send(&mut check.place, queue, (1, 10), false)?;
    let taken = calls::take(&mut check.place, queue, Choice::Any)?;
    check.same("a message of it", taken, (1, 10))?;
    Ok(is_done)
}

#[test]
fn the_first_of_all_queues_is_made_whole_or_not_at_all() {
    create("msgget of the first queue", &|_| Ok(()), 100);
}

#[test]
fn a_queue_beside_others_is_made_whole_or_not_at_all() {
    create("msgget of another queue", &|stage| stage.fill_plenty(&[(1, 10)]), 100);
}

#[test]
fn a_queue_is_made_whole_or_not_at_all_where_another_was_not_cleared_away() {
    let before = |stage: &mut Stage| {
        stage.fill_plenty(&[(1, 10), (2, 300)])?;
        calls::end(&mut stage.place()?, stage.queue())?;
        stage.queue = None;
        Ok(())
    };
    create("msgget in the place of a dead queue", &before, 1);
}

#[test]
fn a_message_stays_in_a_queue_whose_maker_died_before_it_was_complete() {
    let before = |stage: &mut Stage| {
        stage.fill_plenty(&[])?;
        // Enough is at hand to send without asking the registry for cells.
        Ok(cells::provide(&mut stage.place()?, 0, NODES + 1)?)
    };
    // As ipcs(1) comes to know of a queue: by its index.
    let meanwhile = |stage: &mut Stage| -> Result<(), Wrong> {
        let words = stage.arena.words;
        let at = registry::queue_at(words, 1).map_err(End::from)?.ok_or("no group".to_string())?;
        let id = high(words.load(at + queue::IDENTITY).map_err(End::from)?);
        let mut place = stage.place()?;
        let sent = calls::send(&mut place, Queue { at, id }, EARLY, false);
        stage.early = sent.is_ok();
        Ok(())
    };
    create_and("msgget of a queue that is used early", &before, 100, &meanwhile);
}

/// A removal of the test's queue.
fn removal(
    operation: &str,
    before: Before<'_>,
    after: &dyn Fn(&mut Check<'_>, bool) -> Result<(), Wrong>,
) {
    Case {
        operation,
        before,
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::remove(place, stage.queue()))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.status()?.is_none();
            after(check, is_done)?;
            Ok(is_done)
        },
    }
    .at_every_store();
}

#[test]
fn a_queue_with_messages_is_removed_or_not_and_its_cells_come_back() {
    let there: Vec<Text> = (0..4).map(|number| (1 + number % 3, number as usize * 40)).collect();
    let after = |check: &mut Check<'_>, is_done: bool| match is_done {
        true => Ok(()),
        false => check.holds(&there),
    };
    removal("a removal of messages", &|stage| stage.fill_plenty(&there), &after);
}

#[test]
fn everybody_who_waits_learns_of_a_removal() {
    let before = |stage: &mut Stage| {
        stage.fill(100, &[(1, 100)])?;
        stage.receiver(Choice::Equal(5), ROOM)?;
        stage.sender((2, 50))?;
        stage.receiver(Choice::Equal(6), ROOM)?;
        stage.sender((3, 50))
    };
    let after = |check: &mut Check<'_>, is_done: bool| {
        if !is_done {
            (0..4).try_for_each(|sleeper| check.asleep(sleeper))?;
            check.remove()?;
        }
        (0..4).try_for_each(|sleeper| check.back(sleeper, Answer::Failed(EIDRM)))
    };
    removal("a removal while four wait", &before, &after);
}

/// IPC_SET that makes a queue of 100 bytes one of 300, in which a sender then has room.
fn enlargement(
    operation: &str,
    before: Before<'_>,
    after: &dyn Fn(&mut Check<'_>) -> Result<(), Wrong>,
) {
    Case {
        operation,
        before,
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::set(place, stage.queue(), 0o600, 300))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.state()?.qbytes == 300;
            if !is_done {
                (0..check.stage.sleepers.len()).try_for_each(|sleeper| check.asleep(sleeper))?;
                check.set(0o600, 300)?;
            }
            after(check)?;
            Ok(is_done)
        },
    }
    .at_every_store();
}

#[test]
fn a_sender_learns_that_a_queue_holds_more() {
    let before = |stage: &mut Stage| {
        stage.fill(100, &[(1, 100)])?;
        stage.sender((2, 50))
    };
    enlargement("IPC_SET that makes room for a sender", &before, &|check| {
        check.back(0, Answer::Sent)?;
        check.holds(&[(1, 100), (2, 50)])
    });
}

#[test]
fn senders_learn_that_a_queue_holds_more_while_receivers_wait() {
    let before = |stage: &mut Stage| {
        stage.fill(100, &[(1, 100)])?;
        stage.receiver(Choice::Equal(5), ROOM)?;
        stage.sender((2, 50))?;
        stage.receiver(Choice::Equal(6), ROOM)?;
        stage.sender((3, 50))
    };
    enlargement("IPC_SET that makes room for senders beside receivers", &before, &|check| {
        check.back(1, Answer::Sent)?;
        check.back(3, Answer::Sent)?;
        check.holds_all(&[(1, 100), (2, 50), (3, 50)])?;
        check.send((5, 10))?;
        check.back(0, Answer::Received((5, 10)))?;
        check.send((6, 10))?;
        check.back(2, Answer::Received((6, 10)))
    });
}

#[test]
fn a_receiver_learns_that_it_may_not_read_any_more() {
    let write_only = 0o200;
    Case {
        operation: "IPC_SET that takes the permission to read",
        before: &|stage| {
            stage.fill_plenty(&[])?;
            stage.receiver(Choice::Any, ROOM)
        },
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::set(place, stage.queue(), write_only, PLENTY))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.state()?.permissions.mode == write_only;
            if !is_done {
                check.asleep(0)?;
                check.set(write_only, PLENTY)?;
            }
            check.back(0, Answer::Failed(EACCES))?;
            check.set(0o600, PLENTY)?;
            check.holds(&[])?;
            Ok(is_done)
        },
    }
    .at_every_store();
}
