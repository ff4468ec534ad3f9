//! Processes that are killed while they clear up after others.

use crate::calls::{self, ROOM};
use crate::every_store::{Case, call};
use crate::shm::atomic::Moment;
use crate::shm::attempt::End;
use crate::shm::commit::LIVE;
use crate::shm::layout::{high, slot};
use crate::shm::memory::Memory;
use crate::shm::receive::Request;
use crate::shm::runs::Choice;
use crate::shm::waiters::state;
use crate::stage::{Slot, Stage};
use std::cell::Cell;

const ANY: Request = Request { choice: Choice::Any, room: ROOM, cut: false, wait: true };

/// Finds the first moment from `from` on at which somebody dies as wanted, and remembers it.
fn die_so(
    stage: &mut Stage,
    from: &Cell<u64>,
    mut died: impl FnMut(&mut Stage, Moment) -> Result<bool, End>,
) -> Result<(), End> {
    loop {
        if died(stage, Moment { store: from.get(), made: false })? {
            return Ok(());
        }
        from.set(from.get() + 1);
        assert!(from.get() < 500, "nobody dies like that");
        *stage = Stage::new(stage.arena)?;
    }
}

/// A receiver waited, got a message, and died when its slot was in this state.
pub fn dead_with_a_message(
    stage: &mut Stage,
    from: &Cell<u64>,
    wanted: impl Fn(&Stage, &Slot) -> Result<bool, End>,
) -> Result<(), End> {
    die_so(stage, from, |stage, moment| {
        stage.fill_plenty(&[])?;
        let queue = stage.queue();
        let killed = stage.die(
            moment,
            |place| calls::receive(place, queue, ANY).map(drop),
            |place| calls::send(place, queue, (3, 30), false),
        )?;
        let pid = stage.dead.last().map_or(0, |process| process.pid);
        match stage.slot_of(pid)? {
            Some(slot) if killed => wanted(stage, &slot),
            _ => Ok(false),
        }
    })
}

/// Its slot has a message.
pub fn handed(stage: &Stage, slot: &Slot) -> Result<bool, End> {
    Ok(stage.wait_state(slot)? == state::HANDED)
}

/// It has fetched the message, and not kept the cell.
pub fn fetched(stage: &Stage, slot: &Slot) -> Result<bool, End> {
    let wait = stage.arena.words.load(slot.at + slot::WAIT)?;
    Ok(stage.wait_state(slot)? == state::IDLE && high(wait) != 0)
}

/// A sender died while the queue was locked by it; so many stores later than at first.
pub fn dead_with_the_lock(stage: &mut Stage, from: &Cell<u64>, later: u64) -> Result<(), End> {
    let begins = from.get() == 1;
    die_so(stage, from, |stage, moment| {
        stage.fill_plenty(&[(1, 10), (2, 20)])?;
        let queue = stage.queue();
        stage.die(moment, |place| calls::send(place, queue, (3, 30), false), |_| Ok(()))?;
        Ok(stage.arena.words.load(queue.at)? & (LIVE - 1) != 0)
    })?;
    if begins && later > 0 {
        from.set(from.get() + later);
        *stage = Stage::new(stage.arena)?;
        return dead_with_the_lock(stage, from, 0);
    }
    Ok(())
}

#[test]
fn what_was_handed_to_the_dead_is_received_once_though_the_next_dies_too() {
    let from = Cell::new(1);
    Case {
        operation: "a receive of what was handed to the dead",
        before: &|stage| dead_with_a_message(stage, &from, handed),
        victim: &|stage, me, begin| {
            call(stage, me, begin, |place| calls::take(place, stage.queue(), Choice::Any).map(drop))
        },
        meanwhile: None,
        after: &|check| {
            let is_done = check.state()?.received.0 == check.stage.victim;
            check.holds(if is_done { &[] } else { &[(3, 30)] })?;
            Ok(is_done)
        },
    }
    .at_every_store();
}

#[test]
fn a_change_is_completed_though_the_one_who_completes_it_dies_too() {
    for later in [0, 5] {
        let from = Cell::new(1);
        Case {
            operation: &format!("a receive after a sender died {later} stores after it published"),
            before: &|stage| dead_with_the_lock(stage, &from, later),
            victim: &|stage, me, begin| {
                call(stage, me, begin, |place| {
                    calls::take(place, stage.queue(), Choice::Any).map(drop)
                })
            },
            meanwhile: None,
            after: &|check| check.either(&[(1, 10), (2, 20), (3, 30)], &[(2, 20), (3, 30)]),
        }
        .at_every_store();
    }
}
