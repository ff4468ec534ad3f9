//! The calls as a program makes them: each enters the arena, and leaves it.

use crate::arena::Words;
use crate::errno::Errno;
use crate::real::Real;
use crate::shm::attempt::End;
use crate::shm::cells::{self, Message};
use crate::shm::commit::Member;
use crate::shm::control::{self, Change, Status};
use crate::shm::layout::{cell, class_of, queue, slot, word_of};
use crate::shm::memory::{Fault, Memory};
use crate::shm::receive::{self, Request};
use crate::shm::registry::{self, Got, New};
use crate::shm::runs::{Choice, NODES};
use crate::shm::waiters::{state, state_of};
use crate::shm::{bell, send, slots};
use libc::ENOMSG;

pub type Place<'a> = Member<'a, Words, Real>;

/// A message: its type and its size.
pub type Text = (i64, usize);

/// Where a queue is, and its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    pub at: usize,
    pub id: u32,
}

/// More than any message has.
pub const ROOM: usize = 1 << 20;
/// How many bytes a queue holds that does not become full.
pub const PLENTY: u64 = 1 << 16;

/// The error number that a program sees.
pub fn errno(end: End) -> i32 {
    Errno::from(end).0
}

/// What a message's text begins with.
fn mark((mtype, size): Text) -> u64 {
    mtype as u64 * 1_000_003 + size as u64
}

/// Does something inside the arena.
fn inside<T>(
    place: &mut Place<'_>,
    act: impl FnOnce(&mut Place<'_>) -> Result<T, End>,
) -> Result<T, End> {
    place.memory.store(place.at + slot::INSIDE, 1)?;
    let outcome = act(place);
    bell::unguard(place);
    if outcome.is_err() && state_of(place.memory.load(place.at + slot::WAIT)?) != state::IDLE {
        slots::tidy(place)?;
    }
    place.memory.store(place.at + slot::INSIDE, 0)?;
    outcome
}

pub fn send(place: &mut Place<'_>, to: Queue, text: Text, wait: bool) -> Result<(), End> {
    let (mtype, size) = text;
    let class = class_of(size).ok_or(Fault::Full)?;
    inside(place, |place| {
        cells::provide(place, 0, NODES + 1)?;
        cells::provide(place, class, 1)?;
        let unit = cells::at_hand(place, class)?;
        place.memory.store(word_of(unit) + cell::TEXT, mark(text))?;
        let message = Message { unit, size: size as u32, mtype };
        cells::label(place.memory, message, cells::next_number(place))?;
        send::send(place, to.at, to.id, message, wait)
    })
}

pub fn receive(place: &mut Place<'_>, from: Queue, request: Request) -> Result<Text, End> {
    inside(place, |place| {
        let taken = receive::receive(place, from.at, from.id, request)?;
        let text = (taken.mtype, taken.size as usize);
        let is_its_own = place.memory.load_in(taken.unit, cell::TEXT)? == mark(text);
        cells::trim(place, taken.class()?)?;
        if is_its_own { Ok(text) } else { Err(Fault::Nonsense.into()) }
    })
}

/// Receives what is there, without waiting.
pub fn take(place: &mut Place<'_>, from: Queue, choice: Choice) -> Result<Text, End> {
    receive(place, from, Request { choice, room: ROOM, cut: false, wait: false })
}

/// The messages of a queue in their order; they stay there.
pub fn peek(place: &mut Place<'_>, at: Queue) -> Result<Vec<Text>, End> {
    inside(place, |place| {
        let mut texts = Vec::new();
        loop {
            // Copied as MSG_COPY does it, so that a wrong cell would be written to.
            cells::provide(place, 0, 1)?;
            let copy = |place: &mut Place<'_>, message: Message| {
                let unit = cells::at_hand(place, 0)?;
                Ok(cells::duplicate(place.memory, Message { size: 8, ..message }, unit)?)
            };
            match receive::peek(place, at.at, at.id, texts.len() as i64, copy) {
                Ok(Some(message)) => texts.push((message.mtype, message.size as usize)),
                Ok(None) => {}
                Err(end) if errno(end) == ENOMSG => return Ok(texts),
                Err(end) => return Err(end),
            }
        }
    })
}

/// msgget, where there may be so many queues.
pub fn get(
    place: &mut Place<'_>,
    key: i32,
    msgflg: i32,
    qbytes: u64,
    most: u32,
) -> Result<Queue, End> {
    inside(place, |place| {
        let new = New { owner: 0, qbytes, most, file: Some(0) };
        let Got::Id(id) = registry::get(place, key, msgflg, new)? else {
            return Err(Fault::Nonsense.into());
        };
        Ok(Queue { at: registry::by_id(place.memory, id)?, id: id | queue::NAMED })
    })
}

/// What is told to those too who may not read the queue.
pub fn status(place: &mut Place<'_>, of: Queue) -> Result<Status, End> {
    inside(place, |place| control::status(place, of.at, Some(of.id), true))
}

/// IPC_SET.
pub fn set(place: &mut Place<'_>, of: Queue, mode: u32, qbytes: u64) -> Result<(), End> {
    let change = Change { uid: 0, gid: 0, mode, qbytes };
    inside(place, |place| control::change(place, of.at, of.id, change, |_| Ok(())))
}

/// IPC_RMID's first half: nobody finds the queue any more.
pub fn end(place: &mut Place<'_>, of: Queue) -> Result<(), End> {
    inside(place, |place| control::end(place, of.at, of.id, |_| Ok(())))
}

/// IPC_RMID.
pub fn remove(place: &mut Place<'_>, of: Queue) -> Result<(), End> {
    inside(place, |place| {
        control::end(place, of.at, of.id, |_| Ok(()))?;
        registry::bury(place, of.at)
    })
}

/// How many queues there are, and their messages.
pub fn totals(place: &mut Place<'_>) -> Result<registry::Totals, End> {
    inside(place, registry::totals)
}
