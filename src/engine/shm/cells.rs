//! Cells: the arena's memory, in pieces of 26 sizes.
//!
//! Each thread keeps some free cells of each size at hand, in its slot. They are its own: it may
//! fill one before anybody knows of the message, and keep one that it has just emptied. Only now
//! and then it fetches a batch of them from the arena, or gives a batch back.

use super::atomic::Ordering;
use super::commit::{Member, System};
use super::layout::{
    CLASSES, FIRST_FRESH, MOST_UNITS, UNIT_WORDS, cell, class_of, class_units, header, high, low,
    pair, slot, word_of,
};
use super::memory::{Fault, Memory, Spot};

/// A message in its cell. Two registers' worth, so that it is handed on in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The cell.
    pub unit: u32,
    /// The size in bytes.
    pub size: u32,
    /// The type.
    pub mtype: i64,
}

impl Message {
    /// The message in this cell.
    #[inline(always)]
    pub fn in_cell<M: Memory>(memory: M, unit: u32) -> Result<Message, Fault> {
        let node = memory.node(unit)?;
        let (size, mtype) = (low(node.load(cell::NEXT)), node.load(cell::MTYPE) as i64);
        Ok(Message { unit, size, mtype })
    }

    /// The class of its cell, which has to be large enough for it.
    #[inline(always)]
    pub fn class(&self) -> Result<usize, Fault> {
        class_of(self.size as usize).ok_or(Fault::Nonsense)
    }
}

/// How many cells of a class are fetched at a time: about a page of them.
const fn batch(class: usize) -> u32 {
    match class {
        0..=2 => 16,
        3..=4 => 4,
        _ => 1,
    }
}

/// Sees to it that at least `wanted` cells of a class are at hand.
#[inline(always)]
pub fn provide<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    class: usize,
    wanted: u32,
) -> Result<(), Fault> {
    while low(stash(member, class)?.1) < wanted {
        member.aside(|member| fetch(member, class))?;
    }
    Ok(())
}

/// The first cell at hand of a class that has been provided; the thread may write to it.
#[inline(always)]
pub fn at_hand<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    class: usize,
) -> Result<u32, Fault> {
    let stash = stash(member, class)?.1;
    match (high(stash), low(stash)) {
        (0, _) | (_, 0) => Err(Fault::Nonsense),
        (unit, _) => Ok(unit),
    }
}

/// Part of a change: takes the first cell at hand.
#[inline(always)]
pub fn take<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    class: usize,
) -> Result<u32, Fault> {
    let (place, stash) = stash_drafted(member, class)?;
    // No change takes a cell that it has put back.
    let next = member.memory.load_in(high(stash), cell::NEXT)?;
    member.set_at(place, pair(high(next), low(stash).wrapping_sub(1)))?;
    Ok(high(stash))
}

/// Part of a change: the cell is free, and at hand.
#[inline(always)]
pub fn put_back<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    class: usize,
    unit: u32,
) -> Result<(), Fault> {
    let (place, stash) = stash_drafted(member, class)?;
    member.set_in(unit, cell::NEXT, pair(high(stash), 0))?;
    member.set_at(place, pair(unit, low(stash).wrapping_add(1)))
}

/// What is at hand of a class, and where that is written down.
#[inline(always)]
fn stash<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    class: usize,
) -> Result<(Spot, u64), Fault> {
    if class >= CLASSES {
        return Err(Fault::Nonsense);
    }
    let word = slot::STASH + class;
    Ok((member.slot.spot(word), member.slot.load(word)))
}

/// The same amid a change, which may have taken and put back cells of the smallest class before.
#[inline(always)]
fn stash_drafted<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    class: usize,
) -> Result<(Spot, u64), Fault> {
    let (place, stash) = stash(member, class)?;
    match class {
        0 => {
            let member = *member;
            Ok((place, member.load(place.index())?))
        }
        _ => Ok((place, stash)),
    }
}

/// A cell that belongs to the thread, and to nobody's list, is at hand from now on.
pub fn keep<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    class: usize,
    unit: u32,
) -> Result<(), Fault> {
    let place = member.at + slot::STASH + class;
    let stash = member.memory.load(place)?;
    let size = low(member.memory.load_in(unit, cell::NEXT)?);
    member.memory.store(word_of(unit) + cell::NEXT, pair(high(stash), size))?;
    member.memory.store(place, pair(unit, low(stash).wrapping_add(1)))
}

/// Gives cells back to the arena where more are at hand than are likely to be used.
#[inline(always)]
pub fn trim<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    class: usize,
) -> Result<(), Fault> {
    if low(stash(member, class)?.1) > 2 * batch(class) {
        member.aside(|member| give_back(member, class, batch(class)))?;
    }
    Ok(())
}

/// Fetches a batch: from the free cells, or where there are none, from what was never used.
#[cold]
fn fetch<M: Memory, S: System>(member: &mut Member<'_, M, S>, class: usize) -> Result<(), Fault> {
    let units = class_units(class);
    loop {
        let seen = member.begin(header::LOCK)?;
        let place = member.at + slot::STASH + class;
        let stash = member.memory.load(place)?;
        let first = member.memory.load(header::FREE + class)?;
        let drafted = if first > 0 {
            take_chain(member, class, stash, first as u32)
        } else {
            let fresh = fresh(member.memory)?;
            let end = fresh + units * u64::from(batch(class));
            back(member, fresh, end)?;
            cut(member, class, stash, fresh)
        };
        settle(member, seen, drafted)?;
        if low(member.memory.load(place)?) > low(stash) {
            return Ok(());
        }
    }
}

/// Publishes what was drafted under the arena's lock. Nothing happens where somebody was faster;
/// what made no sense is an error only where nobody was.
fn settle<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    seen: u64,
    drafted: Result<(), Fault>,
) -> Result<(), Fault> {
    match drafted {
        Ok(()) => member.publish(header::LOCK, seen).map(drop),
        Err(Fault::Nonsense) if !member.still(header::LOCK, seen)? => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// Part of a change: up to a batch of the arena's free cells comes before those at hand.
fn take_chain<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    class: usize,
    stash: u64,
    first: u32,
) -> Result<(), Fault> {
    let (mut last, mut count) = (first, 1);
    let mut rest = high(member.memory.load_in(last, cell::NEXT)?);
    while rest > 0 && count < batch(class) {
        last = rest;
        rest = high(member.memory.load_in(last, cell::NEXT)?);
        count += 1;
    }
    member.set_in(last, cell::NEXT, pair(high(stash), 0))?;
    member.set(header::FREE + class, u64::from(rest))?;
    member.set(member.at + slot::STASH + class, pair(first, low(stash).wrapping_add(count)))
}

/// Part of a change: a batch of cells that were never used comes before those at hand.
fn cut<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    class: usize,
    stash: u64,
    fresh: u64,
) -> Result<(), Fault> {
    let units = class_units(class);
    let count = u64::from(batch(class));
    for number in 0..count {
        let unit = (fresh + number * units) as u32;
        let next = if number + 1 < count { unit + units as u32 } else { high(stash) };
        member.set_in(unit, cell::NEXT, pair(next, 0))?;
    }
    member.set(header::FRESH, fresh + count * units)?;
    member.set(
        member.at + slot::STASH + class,
        pair(fresh as u32, low(stash).wrapping_add(count as u32)),
    )
}

/// The first unit that was never used.
pub fn fresh<M: Memory>(memory: M) -> Result<u64, Fault> {
    let fresh = memory.load(header::FRESH)?;
    if (FIRST_FRESH..=MOST_UNITS).contains(&fresh) { Ok(fresh) } else { Err(Fault::Nonsense) }
}

/// Gives storage to the units before `end`, and some more, so that it need not be asked often.
pub fn back<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    fresh: u64,
    end: u64,
) -> Result<(), Fault> {
    if end > MOST_UNITS {
        return Err(Fault::Full);
    }
    let backed = member.memory.load(header::BACKED)?;
    if end <= backed && backed <= MOST_UNITS {
        // Storage is there, but this process may not see it yet.
        return member.memory.word(end as usize * UNIT_WORDS - 1).map(drop);
    }
    // A page at first; an eighth more each time for one that grows; a mebibyte at most.
    let ahead = (end / 8).clamp(64, 1 << 14);
    let with_more = (end + ahead).next_multiple_of(64).min(MOST_UNITS);
    // From what is taken now: what stands before it, a damaged word may put anywhere.
    let start = fresh as usize * UNIT_WORDS;
    let until = match member.memory.back(start, with_more as usize * UNIT_WORDS) {
        Ok(()) => with_more,
        Err(_) => {
            member.memory.back(start, end as usize * UNIT_WORDS)?;
            end
        }
    };
    // Only a hint: it may be behind what others wrote here meanwhile.
    member.memory.store(header::BACKED, until)
}

/// Gives `count` of the cells at hand back to the arena, or all where there are fewer.
#[cold]
fn give_back<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    class: usize,
    count: u32,
) -> Result<(), Fault> {
    let place = member.at + slot::STASH + class;
    loop {
        let seen = member.begin(header::LOCK)?;
        let stash = member.memory.load(place)?;
        if low(stash) == 0 || high(stash) == 0 {
            return Ok(());
        }
        let (mut last, mut given) = (high(stash), 1);
        let mut rest = high(member.memory.load_in(last, cell::NEXT)?);
        while rest > 0 && given < count.min(low(stash)) {
            last = rest;
            rest = high(member.memory.load_in(last, cell::NEXT)?);
            given += 1;
        }
        let free = member.memory.load(header::FREE + class)?;
        member.set_in(last, cell::NEXT, pair(free as u32, 0))?;
        member.set(header::FREE + class, u64::from(high(stash)))?;
        member.set(place, pair(rest, low(stash) - given))?;
        if member.publish(header::LOCK, seen)? {
            return Ok(());
        }
    }
}

/// Bits of how many messages a slot has numbered, in a message's number. Above them is the slot's own.
/// Together these are fewer than 53 bits, which is what readers of JSON keep of a number.
const COUNT_BITS: u32 = 36;

/// A number for the next message of the calling thread's: never 0, and no other message of the arena has
/// it.
#[inline(always)]
pub fn next_number<M: Memory, S: System>(member: &Member<'_, M, S>) -> u64 {
    let count = member.slot.load(slot::NUMBERED).wrapping_add(1);
    // Before the message is there: a thread that is lost in between has only skipped a number.
    member.slot.store(slot::NUMBERED, count);
    (member.number as u64 + 1) << COUNT_BITS | count & ((1 << COUNT_BITS) - 1)
}

/// Writes type, size and number of a message into its cell, which is the calling thread's.
#[inline(always)]
pub fn label<M: Memory>(memory: M, message: Message, number: u64) -> Result<(), Fault> {
    let node = memory.node(message.unit)?;
    node.store(cell::NUMBER, number);
    node.store(cell::NEXT, pair(high(node.load(cell::NEXT)), message.size));
    node.store(cell::MTYPE, message.mtype as u64);
    Ok(())
}

/// The number of the message in this cell.
#[inline(always)]
pub fn number<M: Memory>(memory: M, unit: u32) -> Result<u64, Fault> {
    memory.load_in(unit, cell::NUMBER)
}

/// Copies number and text of a message, which may change meanwhile, into a cell of the calling thread's.
pub fn duplicate<M: Memory>(memory: M, message: Message, to: u32) -> Result<(), Fault> {
    let words = cell::TEXT - cell::NUMBER + (message.size as usize).div_ceil(8);
    let from = memory.words(word_of(message.unit) + cell::NUMBER, words)?;
    let to = memory.words(word_of(to) + cell::NUMBER, words)?;
    for (from, to) in from.iter().zip(to) {
        to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
    }
    Ok(())
}
