//! The messages of a queue in their order.
//!
//! Messages of one type that were sent in a row form a run; a list of the messages. The runs form a
//! list too, in the order of sending, and those of one type another. Neighbours in the first list
//! are of different types. So whatever a receiver asks for is at the head of a run: the oldest
//! message is the first run's, the oldest of another type than that is the second run's, and a type
//! knows its first run. Nothing is ever searched, and only heads are removed.
//!
//! The last run of a queue stays when its last message goes: most queues are empty most of the
//! time, and mostly hold one type.

use super::cells::{self, Message};
use super::commit::{Member, System};
use super::layout::{cell, high, leaf, low, pair, queue, run};
use super::memory::{Fault, Memory, Queue};
use super::types;

/// How many nodes adding one message may need: a leaf, a branch and a run.
pub const NODES: u32 = 3;

/// What a receiver asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The oldest message.
    Any,
    /// The oldest of this type.
    Equal(i64),
    /// The oldest of another type.
    NotEqual(i64),
    /// The oldest of the lowest type up to this one.
    Lowest(i64),
}

impl Choice {
    /// Whether a message of this type is asked for. (Of several, [`find`] knows which.)
    pub fn takes(self, mtype: i64) -> bool {
        match self {
            Choice::Any => true,
            Choice::Equal(wanted) => mtype == wanted,
            Choice::NotEqual(unwanted) => mtype != unwanted,
            Choice::Lowest(highest) => mtype <= highest,
        }
    }
}

/// A message at the head of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The run.
    pub run: u32,
    /// The message.
    pub message: Message,
}

/// The message that a receiver gets, of those in a queue that has some.
#[inline(always)]
pub fn find<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    queue: Queue<'_>,
    choice: Choice,
) -> Result<Option<Head>, Fault> {
    let memory = member.memory;
    let (at, first) = (queue.start(), high(queue.load(queue::RUNS)));
    let run = match choice {
        Choice::Any => first,
        Choice::Equal(wanted) => match type_of(member, first)? == wanted {
            true => first,
            false => match types::find(&{ *member }, at, wanted)? {
                Some(found) => high(memory.load_in(found, leaf::RUNS)?),
                None => return Ok(None),
            },
        },
        Choice::NotEqual(unwanted) => match type_of(member, first)? == unwanted {
            true => low(memory.load_in(first, run::AROUND)?),
            false => first,
        },
        Choice::Lowest(highest) => match types::lowest(&{ *member }, at)? {
            Some(found) if memory.load_in(found, leaf::MTYPE)? as i64 <= highest => {
                high(memory.load_in(found, leaf::RUNS)?)
            }
            _ => return Ok(None),
        },
    };
    if run == 0 {
        return Ok(None);
    }
    let unit = high(memory.load_in(run, run::ENDS)?);
    Ok(Some(Head { run, message: Message::in_cell(memory, unit)? }))
}

#[inline(always)]
fn type_of<M: Memory, S: System>(member: &Member<'_, M, S>, run: u32) -> Result<i64, Fault> {
    let leaf = low(member.memory.load_in(run, run::KIN)?);
    Ok(member.memory.load_in(leaf, leaf::MTYPE)? as i64)
}

/// The message at a position, counted from 0, of those in a queue that has `messages`.
pub fn nth<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
    position: u64,
    messages: u64,
) -> Result<Option<Message>, Fault> {
    if position >= messages {
        return Ok(None);
    }
    let memory = member.memory;
    let mut left = position;
    let mut run = high(memory.load(at + queue::RUNS)?);
    // Each step goes past one message, so that a damaged list comes to an end too.
    for _ in 0..=messages {
        let ends = memory.load_in(run, run::ENDS)?;
        let mut unit = high(ends);
        while left > 0 && unit != low(ends) {
            unit = high(memory.load_in(unit, cell::NEXT)?);
            left -= 1;
        }
        if left == 0 {
            return Message::in_cell(memory, unit).map(Some);
        }
        left -= 1;
        run = low(memory.load_in(run, run::AROUND)?);
    }
    Err(Fault::Nonsense)
}

/// Part of a change: adds a message, whose cell is filled, as the newest. `messages` are there
/// already.
#[inline(always)]
pub fn append<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    queue: Queue<'_>,
    unit: u32,
    mtype: i64,
    messages: u32,
) -> Result<(), Fault> {
    let memory = member.memory;
    let last = low(queue.load(queue::RUNS));
    if last != 0 {
        let run = memory.node(last)?;
        let leaf = memory.node(low(run.load(run::KIN)))?;
        let same = leaf.load(leaf::MTYPE) == mtype as u64;
        if messages == 0 {
            // The run that stayed takes the type of whatever comes.
            if !same {
                member.set_at(leaf.spot(leaf::MTYPE), mtype as u64)?;
            }
            return member.set_at(run.spot(run::ENDS), pair(unit, unit));
        }
        if same {
            let ends = run.load(run::ENDS);
            let newest = memory.node(low(ends))?;
            let size = low(newest.load(cell::NEXT));
            member.set_at(newest.spot(cell::NEXT), pair(unit, size))?;
            return member.set_at(run.spot(run::ENDS), pair(high(ends), unit));
        }
    }
    member.aside(|member| begin_run(member, queue.start(), unit, mtype))
}

/// Part of a change: a new run, of one message, at the end.
#[inline(never)]
fn begin_run<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    unit: u32,
    mtype: i64,
) -> Result<(), Fault> {
    let runs = member.load(at + queue::RUNS)?;
    let new = cells::take(member, 0)?;
    let leaf = match types::find(member, at, mtype)? {
        Some(leaf) => {
            let kin = member.load_in(leaf, leaf::RUNS)?;
            let before = member.load_in(low(kin), run::KIN)?;
            member.set_in(low(kin), run::KIN, pair(new, low(before)))?;
            member.set_in(leaf, leaf::RUNS, pair(high(kin), new))?;
            leaf
        }
        None => {
            let leaf = types::add(member, at, mtype)?;
            member.set_in(leaf, leaf::RUNS, pair(new, new))?;
            leaf
        }
    };
    member.set_in(new, run::KIN, pair(0, leaf))?;
    member.set_in(new, run::ENDS, pair(unit, unit))?;
    member.set_in(new, run::AROUND, pair(low(runs), 0))?;
    if low(runs) == 0 {
        return member.set(at + queue::RUNS, pair(new, new));
    }
    let around = member.load_in(low(runs), run::AROUND)?;
    member.set_in(low(runs), run::AROUND, pair(high(around), new))?;
    member.set(at + queue::RUNS, pair(high(runs), new))
}

/// Part of a change: adds a message before all others.
pub fn prepend<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    unit: u32,
    mtype: i64,
    messages: u32,
) -> Result<(), Fault> {
    if messages == 0 {
        let memory = member.memory;
        return append(member, memory.block(at)?, unit, mtype, 0);
    }
    let size = low(member.load_in(unit, cell::NEXT)?);
    let runs = member.load(at + queue::RUNS)?;
    let first = high(runs);
    if type_of(member, first)? == mtype {
        let ends = member.load_in(first, run::ENDS)?;
        member.set_in(unit, cell::NEXT, pair(high(ends), size))?;
        return member.set_in(first, run::ENDS, pair(unit, low(ends)));
    }
    let new = cells::take(member, 0)?;
    let (leaf, kin) = match types::find(member, at, mtype)? {
        Some(leaf) => {
            let of_type = member.load_in(leaf, leaf::RUNS)?;
            member.set_in(leaf, leaf::RUNS, pair(new, low(of_type)))?;
            (leaf, high(of_type))
        }
        None => {
            let leaf = types::add(member, at, mtype)?;
            member.set_in(leaf, leaf::RUNS, pair(new, new))?;
            (leaf, 0)
        }
    };
    member.set_in(new, run::KIN, pair(kin, leaf))?;
    member.set_in(new, run::ENDS, pair(unit, unit))?;
    member.set_in(new, run::AROUND, pair(0, first))?;
    let around = member.load_in(first, run::AROUND)?;
    member.set_in(first, run::AROUND, pair(new, low(around)))?;
    member.set(at + queue::RUNS, pair(new, low(runs)))
}

/// Part of a change: takes a message off the queue, which has `messages` with it.
#[inline(always)]
pub fn remove<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    queue: Queue<'_>,
    head: Head,
    messages: u32,
) -> Result<(), Fault> {
    let memory = member.memory;
    let run = memory.node(head.run)?;
    let ends = run.load(run::ENDS);
    if head.message.unit != low(ends) {
        let next = high(memory.load_in(head.message.unit, cell::NEXT)?);
        member.set_at(run.spot(run::ENDS), pair(next, low(ends)))
    } else if messages == 1 {
        member.set_at(run.spot(run::ENDS), 0)
    } else {
        member.aside(|member| end_run(member, queue.start(), head.run))
    }
}

/// Part of a change: a run has lost its last message.
#[inline(never)]
fn end_run<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    gone: u32,
) -> Result<(), Fault> {
    let kin = member.load_in(gone, run::KIN)?;
    let leaf = low(kin);
    let of_type = member.load_in(leaf, leaf::RUNS)?;
    if high(of_type) != gone {
        return Err(Fault::Nonsense);
    }
    if low(of_type) == gone {
        let mtype = member.load_in(leaf, leaf::MTYPE)? as i64;
        types::remove(member, at, mtype)?;
    } else {
        member.set_in(leaf, leaf::RUNS, pair(high(kin), low(of_type)))?;
    }
    let around = member.load_in(gone, run::AROUND)?;
    let (before, after) = (high(around), low(around));
    cells::put_back(member, 0, gone)?;
    link(member, at, before, after)?;
    if before != 0 && after != 0 {
        let kin = low(member.load_in(before, run::KIN)?);
        if kin == low(member.load_in(after, run::KIN)?) {
            join(member, at, before, after)?;
        }
    }
    Ok(())
}

/// Part of a change: two runs, or one and the end of the list, become neighbours.
fn link<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    before: u32,
    after: u32,
) -> Result<(), Fault> {
    let runs = member.load(at + queue::RUNS)?;
    let mut runs = (high(runs), low(runs));
    match before {
        0 => runs.0 = after,
        _ => {
            let around = member.load_in(before, run::AROUND)?;
            member.set_in(before, run::AROUND, pair(high(around), after))?;
        }
    }
    match after {
        0 => runs.1 = before,
        _ => {
            let around = member.load_in(after, run::AROUND)?;
            member.set_in(after, run::AROUND, pair(before, low(around)))?;
        }
    }
    if before == 0 || after == 0 {
        member.set(at + queue::RUNS, pair(runs.0, runs.1))?;
    }
    Ok(())
}

/// Part of a change: two neighbours of one type become one run.
fn join<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    before: u32,
    after: u32,
) -> Result<(), Fault> {
    let (first, second) = (member.load_in(before, run::ENDS)?, member.load_in(after, run::ENDS)?);
    let size = low(member.load_in(low(first), cell::NEXT)?);
    member.set_in(low(first), cell::NEXT, pair(high(second), size))?;
    member.set_in(before, run::ENDS, pair(high(first), low(second)))?;

    let kin = member.load_in(after, run::KIN)?;
    member.set_in(before, run::KIN, kin)?;
    let leaf = low(kin);
    let of_type = member.load_in(leaf, leaf::RUNS)?;
    if low(of_type) == after {
        member.set_in(leaf, leaf::RUNS, pair(high(of_type), before))?;
    }
    let beyond = low(member.load_in(after, run::AROUND)?);
    cells::put_back(member, 0, after)?;
    link(member, at, before, beyond)
}
