//! Those who wait: their lists, and what becomes of each.
//!
//! A waiting thread's slot is in one of its queue's two lists, and its wait word says `WAITING`. Whoever has
//! something for it takes it off the list and changes the word, in one change under the queue's
//! lock:
//!
//! ```text
//!            a message                       by the giver, later      by the waiter
//!  WAITING -----------> PENDING, its cell --------------------> HANDED -----------> IDLE
//!     |   ------------> TOO_BIG; AGAIN: look at the queue again; MISSED: begin the call anew
//! ```
//!
//! While a change is being carried out its words may be stored more than once. So the waiter
//! believes what stands there only once the queue's lock is free, or, to save him a look at the
//! lock's line, when the giver has made a PENDING a HANDED after that.
//!
//! A message that was handed to a thread that is stopped or dead goes back to the queue: see
//! `handed.rs`.

use super::atomic::Ordering;
use super::bell;
use super::commit::{Member, System, slot_at};
use super::layout::{MOST_SLOTS, high, low, pair, queue, slot};
use super::memory::{Fault, Memory};
use super::runs::Choice;
use super::thread::Thread;

/// The states of a wait word; above them its low half has a count of changes.
pub mod state {
    /// Nothing is waited for.
    pub const IDLE: u32 = 0;
    /// Nothing has come yet.
    pub const WAITING: u32 = 1;
    /// A message has come, and the change that brought it may still be under way.
    pub const PENDING: u32 = 2;
    /// A message has come.
    pub const HANDED: u32 = 3;
    /// A message came that was too big.
    pub const TOO_BIG: u32 = 4;
    /// The queue is to be looked at again.
    pub const AGAIN: u32 = 5;
    /// The message goes back to the queue.
    pub const WITHDRAWN: u32 = 6;
    /// Something came while the thread was stopped: the call begins anew.
    pub const MISSED: u32 = 7;
    /// All of them.
    pub const MASK: u32 = 7;
}

/// The state in a wait word.
pub fn state_of(word: u64) -> u32 {
    low(word) & state::MASK
}

/// The wait word that follows `word`, in this state, with this cell.
pub fn next(word: u64, state: u32, unit: u32) -> u64 {
    let count = (low(word) & !state::MASK).wrapping_add(state::MASK + 1);
    pair(unit, count | state)
}

/// How a receiver that waits chooses, in a word.
fn mode_number(choice: Choice) -> (u32, i64) {
    match choice {
        Choice::Any => (0, 0),
        Choice::Equal(mtype) => (1, mtype),
        Choice::NotEqual(mtype) => (2, mtype),
        Choice::Lowest(mtype) => (3, mtype),
    }
}

fn choice_of(mode: u32, mtype: i64) -> Choice {
    match mode {
        0 => Choice::Any,
        1 => Choice::Equal(mtype),
        2 => Choice::NotEqual(mtype),
        _ => Choice::Lowest(mtype),
    }
}

/// A receiver that waits.
#[derive(Clone, Copy, Debug)]
pub struct Receiver {
    /// Its slot: the first word.
    pub at: usize,
    /// What it asks for.
    pub choice: Choice,
    /// How many bytes it takes.
    pub most: u32,
    /// The link of the next.
    pub next: u32,
}

/// Reads the receiver with this link of the queue at `at`.
pub fn receiver<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
    link: u32,
) -> Result<Receiver, Fault> {
    let memory = member.memory;
    let place = slot_at(memory, link.wrapping_sub(1))?;
    let mode = memory.load(place + slot::MODE)?;
    if memory.load(place + slot::QUEUE)? != at as u64 {
        return Err(Fault::Nonsense);
    }
    let mtype = memory.load(place + slot::WANTED)? as i64;
    Ok(Receiver {
        at: place,
        choice: choice_of(high(mode), mtype),
        most: low(mode),
        next: low(member.load(place + slot::AROUND)?),
    })
}

/// The first receiver that waits for the queue at `at` and takes a message of this type, after so many
/// others that do.
pub fn taker<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
    mtype: i64,
    others: usize,
) -> Result<Option<Receiver>, Fault> {
    let mut link = high(member.memory.load(list(at, true))?);
    let mut before = 0;
    for _ in 0..MOST_SLOTS {
        if link == 0 {
            return Ok(None);
        }
        let receiver = receiver(member, at, link)?;
        link = receiver.next;
        if receiver.choice.takes(mtype) {
            if before == others {
                return Ok(Some(receiver));
            }
            before += 1;
        }
    }
    Err(Fault::Nonsense)
}

/// Writes down in the thread's own slot, which is in no list, what it will wait for as a receiver.
pub fn describe_receiver<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
    choice: Choice,
    most: u32,
) -> Result<(), Fault> {
    let (mode, mtype) = mode_number(choice);
    member.memory.store(member.at + slot::QUEUE, at as u64)?;
    member.memory.store(member.at + slot::WANTED, mtype as u64)?;
    member.memory.store(member.at + slot::MODE, pair(mode, most))
}

/// The same as a sender of so many bytes.
pub fn describe_sender<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
    size: usize,
) -> Result<(), Fault> {
    member.memory.store(member.at + slot::QUEUE, at as u64)?;
    member.memory.store(member.at + slot::WANTED, size as u64)
}

/// Part of a change: the thread is the last in this list of the queue with this id, and waits.
pub fn join<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    id: u32,
    list: usize,
) -> Result<(), Fault> {
    let ends = member.memory.load(list)?;
    let link = member.number as u32 + 1;
    let wait = member.memory.load(member.at + slot::WAIT)?;
    member.memory.store(member.at + slot::LIST, pair(id, list as u32))?;
    member.set(member.at + slot::WAIT, next(wait, state::WAITING, 0))?;
    member.set(member.at + slot::AROUND, pair(low(ends), 0))?;
    if low(ends) == 0 {
        return member.set(list, pair(link, link));
    }
    let last = slot_at(member.memory, low(ends) - 1)?;
    let around = member.memory.load(last + slot::AROUND)?;
    member.set(last + slot::AROUND, pair(high(around), link))?;
    member.set(list, pair(high(ends), link))
}

/// Part of a change: the slot at `place` leaves the list, and its wait word becomes `wait`.
pub fn leave<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    list: usize,
    place: usize,
    wait: u64,
) -> Result<(), Fault> {
    let around = member.load(place + slot::AROUND)?;
    let ends = member.load(list)?;
    let (before, after) = (high(around), low(around));
    let mut ends = (high(ends), low(ends));
    match before {
        0 => ends.0 = after,
        _ => {
            let before = slot_at(member.memory, before - 1)? + slot::AROUND;
            let around = member.load(before)?;
            member.set(before, pair(high(around), after))?;
        }
    }
    match after {
        0 => ends.1 = before,
        _ => {
            let after = slot_at(member.memory, after - 1)? + slot::AROUND;
            let around = member.load(after)?;
            member.set(after, pair(before, low(around)))?;
        }
    }
    member.set(list, pair(ends.0, ends.1))?;
    member.set(place + slot::AROUND, 0)?;
    member.set(place + slot::WAIT, wait)
}

/// Whoever is first in a list wakes up if this thread dies before it has told those who are in it.
pub fn guard_first<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    list: usize,
) -> Result<(), Fault> {
    match high(member.memory.load(list)?) {
        0 => Ok(()),
        link => {
            let place = slot_at(member.memory, link - 1)?;
            bell::guard(member, place)
        }
    }
}

/// The list that the slots of this kind are in.
pub fn list(at: usize, receivers: bool) -> usize {
    at + if receivers { queue::RECEIVERS } else { queue::SENDERS }
}

/// A thread's wait word, as others left it.
pub fn wait_word<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    place: usize,
) -> Result<u64, Fault> {
    Ok(member.memory.word(place + slot::WAIT)?.load(Ordering::Acquire))
}
