//! The slots of an arena: each belongs to a thread, from its first call on.
//!
//! Nobody gives a slot back; a thread may end at any moment. Who needs one and finds none free looks
//! for one whose thread is no more, and adopts it with all that is in it: the free cells, the place
//! in a list, even a change that was published and not completed.

use super::atomic::Ordering;
use super::attempt::{End, Step, attempt};
use super::cells;
use super::commit::{Member, Owner, owner, slot_at};
use super::layout::{
    GROUP_SLOTS, MOST_SLOTS, SLOT_GROUP_UNITS, SLOT_GROUPS, cell, class_of, header, high, low,
    slot, word_of,
};
use super::memory::{Fault, Memory};
use super::thread::{Presence, Thread};
use super::waiters::{next, state, state_of};
use super::{bell, handed, sleep};

/// How often to look again for a slot, while somebody else makes more: a few tenths of a second.
const MOST_ROUNDS: u32 = 4000;

/// Who finds so many living threads on his way to a dead one's slot makes more slots, so that the next
/// is spared that: to see whether a thread lives costs a few system calls.
const MOST_LIVING: u32 = 64;

/// How many slots there are, used or not.
pub fn used<M: Memory>(memory: M) -> Result<u32, Fault> {
    Ok(memory.load(header::SLOTS)?.min(MOST_SLOTS as u64) as u32)
}

/// Finds a slot for a thread, other than those it is inside with.
#[cold]
pub fn claim<'a, M: Memory, T: Thread>(
    memory: &'a M,
    thread: &'a T,
    me: &Owner,
) -> Result<Member<'a, M, T>, End> {
    for round in 0..MOST_ROUNDS {
        let slots = used(memory)?;
        let (mut free, mut frees) = (None, 0);
        for number in 0..slots {
            let at = slot_at(memory, number)?;
            let its = owner(memory, at)?;
            if its == *me && memory.load(at + slot::INSIDE)? == 0 {
                return Ok(Member::new(memory, thread, number, at)?);
            }
            if its.ids == 0 && (its.namespace == 0 || its.namespace >> 1 == me.namespace >> 1) {
                free.get_or_insert((number, at));
                frees += 1;
            }
        }
        let (mut member, are_short) = match free {
            Some((number, at)) if frees > 1 || round > 0 => {
                (take(memory, thread, me, number, at)?, frees == 1)
            }
            // The last one is for those who find no dead thread's.
            _ => {
                let (adopted, living) = adopt_dead(memory, thread, me, slots)?;
                (adopted, frees == 0 || living > MOST_LIVING)
            }
        };
        if let Some(member) = &mut member
            && are_short
        {
            // Whoever comes next needs one, and cannot make more without one.
            grow(member, slots)?;
        }
        match member {
            Some(member) => return Ok(member),
            None => thread.pause(round),
        }
    }
    Err(End::fault(Fault::Full))
}

/// Takes a free slot, unless somebody else was first.
fn take<'a, M: Memory, T: Thread>(
    memory: &'a M,
    thread: &'a T,
    me: &Owner,
    number: u32,
    at: usize,
) -> Result<Option<Member<'a, M, T>>, Fault> {
    // First in which namespace the id will mean something: should the thread die after the next store,
    // others could not see that it does.
    let place = at + slot::NAMESPACE;
    let reserved = memory.load(place)? >> 1 == me.namespace >> 1;
    if !reserved && !becomes(memory, place, 0, me.namespace)?
        || !becomes(memory, at + slot::OWNER, 0, me.ids)?
    {
        return Ok(None);
    }
    sign(memory, at, me)?;
    bell::get_up(memory, at)?;
    Ok(Some(Member::new(memory, thread, number, at)?))
}

/// Changes a word, if it is as seen.
fn becomes<M: Memory>(memory: &M, index: usize, seen: u64, new: u64) -> Result<bool, Fault> {
    let word = memory.word(index)?;
    Ok(word.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_ok())
}

fn sign<M: Memory>(memory: M, at: usize, me: &Owner) -> Result<(), Fault> {
    memory.store(at + slot::STARTED, me.started)?;
    memory.store(at + slot::NAMESPACE, me.namespace)
}

/// Makes a group of slots more.
fn grow<M: Memory, T: Thread>(member: &mut Member<'_, M, T>, slots: u32) -> Result<(), End> {
    let group = slots as usize / GROUP_SLOTS;
    if group >= SLOT_GROUPS {
        return Ok(());
    }
    attempt(member, header::LOCK, |member, _| {
        if member.memory.load(header::SLOTS)? != u64::from(slots) {
            return Ok(Step::Answer(()));
        }
        let fresh = cells::fresh(member.memory)?;
        cells::back(member, fresh, fresh + SLOT_GROUP_UNITS)?;
        member.set(header::FRESH, fresh + SLOT_GROUP_UNITS)?;
        member.set(header::SLOT_GROUPS + group, fresh)?;
        member.set(header::SLOTS, u64::from(slots) + GROUP_SLOTS as u64)?;
        Ok(Step::Change(()))
    })
}

/// Takes the slot of a thread that is no more. Tells, too, how many are not free, and not so.
fn adopt_dead<'a, M: Memory, T: Thread>(
    memory: &'a M,
    thread: &'a T,
    me: &Owner,
    slots: u32,
) -> Result<(Option<Member<'a, M, T>>, u32), End> {
    let mut living = 0;
    for number in 0..slots {
        let at = slot_at(memory, number)?;
        let its = owner(memory, at)?;
        if its.ids == 0 {
            continue;
        }
        if thread.presence(&its) != Presence::Gone {
            living += 1;
            continue;
        }
        // What the slot says of the dead one's start would make the new one look dead too, until it is
        // signed.
        if becomes(memory, at + slot::STARTED, its.started, 0)?
            && becomes(memory, at + slot::OWNER, its.ids, me.ids)?
        {
            sign(memory, at, me)?;
            let mut member = Member::new(memory, thread, number, at)?;
            tidy(&mut member)?;
            return Ok((Some(member), living));
        }
    }
    Ok((None, living))
}

/// Ends what a slot was in the midst of when its thread died, or left the call by a jump.
#[cold]
pub fn tidy<M: Memory, T: Thread>(member: &mut Member<'_, M, T>) -> Result<(), End> {
    let memory = member.memory;
    member.complete_own()?;
    let at = memory.load(member.at + slot::QUEUE)? as usize;
    if at != 0 {
        // Until the lock is free, words of this slot may be stored again.
        member.begin(at)?;
    }
    let word = memory.word(member.at + slot::WAIT)?;
    let last = loop {
        let wait = word.load(Ordering::Acquire);
        match state_of(wait) {
            state::PENDING | state::HANDED | state::WITHDRAWN => give_back(member, at, wait)?,
            state::WAITING | state::AGAIN => {
                let list = memory.load(member.at + slot::LIST)?;
                // Where a message has come meanwhile, it is given back next.
                sleep::withdraw(member, at, high(list), low(list) as usize)?;
            }
            _ => break wait,
        }
    };
    keep_what_was_fetched(member, last)?;
    memory.store(member.at + slot::WAIT, next(last, state::IDLE, 0))?;
    bell::get_up(memory, member.at)?;
    memory.store(member.at + slot::INSIDE, 0)?;
    Ok(())
}

/// A message that was handed to the slot goes back to the queue.
fn give_back<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    wait: u64,
) -> Result<(), End> {
    member.begin(at)?;
    let withdrawn = next(wait, state::WITHDRAWN, high(wait));
    let word = member.memory.word(member.at + slot::WAIT)?;
    if word.compare_exchange(wait, withdrawn, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
        handed::put_back(member, at, member.at)?;
    }
    Ok(())
}

/// A cell that was fetched, and is perhaps not at hand yet.
fn keep_what_was_fetched<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    wait: u64,
) -> Result<(), Fault> {
    let unit = high(wait);
    if state_of(wait) != state::IDLE || unit == 0 {
        return Ok(());
    }
    let size = low(member.memory.load(word_of(unit) + cell::NEXT)?) as usize;
    let class = class_of(size).ok_or(Fault::Nonsense)?;
    if high(member.memory.load(member.at + slot::STASH + class)?) != unit {
        cells::keep(member, class, unit)?;
    }
    Ok(())
}
