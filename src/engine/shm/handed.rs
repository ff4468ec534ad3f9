//! Messages that were handed to a receiver, and not fetched: by one that was stopped or killed in
//! the moment between being woken and running.
//!
//! The queue counts how many it ever handed over. Whoever finds nothing in the queue, where the number
//! has changed since somebody last knew that all had been fetched, looks through the slots.

use super::atomic::Ordering;
use super::attempt::{End, Step, attempt};
use super::cells::{self, Message};
use super::commit::{Member, owner, slot_at};
use super::layout::{high, pair, queue, slot};
use super::memory::{Fault, Memory};
use super::thread::{Presence, Thread};
use super::waiters::{self, next, state, state_of};
use super::{bell, runs, sleep, slots};

/// Takes messages back from receivers that are stopped or dead, and from those that have not fetched
/// theirs in so many short sleeps of somebody else. Whether there were any.
#[cold]
pub fn settle<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    watched: u32,
) -> Result<bool, End> {
    let memory = member.memory;
    let handed = memory.load(at + queue::HANDED)?;
    let settled = memory.load(at + queue::SETTLED)?;
    if handed == settled {
        return Ok(false);
    }
    // Each goes before all that is in the queue, so that what was handed over last goes first.
    let (mut taken_back, mut turn) = (false, u64::MAX);
    let outstanding = loop {
        let left = look(member, at, watched, turn)?;
        let Some(last) = left.last else { break left.outstanding };
        turn = last.turn;
        taken_back |= take_back(member, at, last.place, last.wait)?;
    };
    if !outstanding {
        let word = memory.word(at + queue::SETTLED)?;
        let _ = word.compare_exchange(settled, handed, Ordering::AcqRel, Ordering::Relaxed);
    }
    Ok(taken_back)
}

/// A message whose receiver is away.
struct Away {
    /// How many the queue had handed over before.
    turn: u64,
    /// The receiver's slot, and its wait word.
    place: usize,
    wait: u64,
}

/// What was not fetched.
struct Left {
    /// Of those whose receiver is away, the last.
    last: Option<Away>,
    /// Whether there are receivers who may fetch theirs.
    outstanding: bool,
}

/// Looks for messages that were not fetched, and whose turn was before this one.
fn look<M: Memory, T: Thread>(
    member: &Member<'_, M, T>,
    at: usize,
    watched: u32,
    before: u64,
) -> Result<Left, End> {
    let memory = member.memory;
    let mut left = Left { last: None, outstanding: false };
    for number in 0..slots::used(memory)? {
        let place = slot_at(memory, number)?;
        if place == member.at || memory.load(place + slot::QUEUE)? != at as u64 {
            continue;
        }
        let wait = waiters::wait_word(member, place)?;
        let has_one = matches!(state_of(wait), state::PENDING | state::HANDED | state::WITHDRAWN);
        if !has_one {
            continue;
        }
        let is_away = match member.system.presence(&owner(memory, place)?) {
            _ if state_of(wait) == state::WITHDRAWN => true,
            Presence::Stopped | Presence::Gone => true,
            Presence::There | Presence::Unseen => watched >= sleep::PATIENCE,
            Presence::Running => watched >= sleep::BUSY_PATIENCE,
        };
        let turn = memory.load(place + slot::WANTED)?;
        if !is_away {
            left.outstanding = true;
        } else if turn < before && left.last.as_ref().is_none_or(|last| last.turn < turn) {
            left.last = Some(Away { turn, place, wait });
        }
    }
    Ok(left)
}

fn take_back<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    place: usize,
    wait: u64,
) -> Result<bool, End> {
    if state_of(wait) != state::WITHDRAWN {
        // Until the lock is free, the word may be stored again.
        member.begin(at)?;
        let withdrawn = next(wait, state::WITHDRAWN, high(wait));
        let word = member.memory.word(place + slot::WAIT)?;
        if word.compare_exchange(wait, withdrawn, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return Ok(false);
        }
    }
    put_back(member, at, place)?;
    Ok(true)
}

/// Puts the message of a slot whose wait word says `WITHDRAWN` back into the queue, before all
/// others, and sends the first waiting receiver that takes it there.
pub fn put_back<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    place: usize,
) -> Result<(), End> {
    cells::provide(member, 0, runs::NODES)?;
    // In the place of the queue that the slot waited for there may be another by now.
    let id = high(member.memory.load(place + slot::LIST)?);
    let told = attempt(member, at, |member, _| {
        let wait = member.memory.load(place + slot::WAIT)?;
        if state_of(wait) != state::WITHDRAWN {
            return Ok(Step::Answer(None));
        }
        let unit = high(wait);
        if !sleep::is_there(member.memory, at, id)? {
            return Ok(Step::Answer(None));
        }
        let Message { size, mtype, .. } = Message::in_cell(member.memory, unit)?;
        let counts = member.memory.load(at + queue::COUNTS)?;
        member.set(place + slot::WAIT, next(wait, state::MISSED, 0))?;
        runs::prepend(member, at, unit, mtype, high(counts))?;
        member.set(at + queue::COUNTS, counts.wrapping_add(pair(1, size)))?;
        let told = tell_one(member, at, mtype)?;
        Ok(Step::Change(told))
    })?;
    if let Some(told) = told {
        bell::ring(member, told)?;
    }
    let word = member.memory.word(place + slot::WAIT)?;
    let wait = word.load(Ordering::Acquire);
    if state_of(wait) == state::WITHDRAWN && !sleep::is_there(member.memory, at, id)? {
        // The queue is gone, and nobody can receive the message any more.
        let missed = next(wait, state::MISSED, 0);
        let free = word.compare_exchange(wait, missed, Ordering::AcqRel, Ordering::Relaxed);
        if free.is_ok() {
            let message = Message::in_cell(member.memory, high(wait))?;
            cells::keep(member, message.class()?, message.unit)?;
        }
    }
    bell::ring(member, place)?;
    bell::unguard(member);
    Ok(())
}

/// Part of a change: the first waiting receiver that takes this type is to look at the queue.
fn tell_one<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    mtype: i64,
) -> Result<Option<usize>, Fault> {
    let Some(receiver) = waiters::taker(member, at, mtype, 0)? else { return Ok(None) };
    bell::guard(member, receiver.at)?;
    let wait = member.memory.load(receiver.at + slot::WAIT)?;
    waiters::leave(member, waiters::list(at, true), receiver.at, next(wait, state::AGAIN, 0))?;
    Ok(Some(receiver.at))
}
