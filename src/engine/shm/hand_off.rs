//! The hand-off: a receiver that waits gets the message from its sender, and the queue never has it.

use super::atomic::Ordering;
use super::attempt::{Step, attempt};
use super::bell::{self, Rung};
use super::cells::{self, Message};
use super::commit::{Member, owner};
use super::layout::{high, low, pair, queue, slot};
use super::memory::{Fault, Memory};
use super::thread::{Presence, Thread};
use super::waiters::{self, Receiver, next, state};

/// So many dead that are found in the line are passed by for one who watches. Whoever sleeps looks
/// once in a second, too.
const MOST_DEAD: usize = 64;

/// What became of a message for which somebody waits.
#[derive(Clone, Copy)]
pub enum HandOff {
    /// A receiver got it.
    Handed { place: usize, wait: u64 },
    /// A receiver was told that it is too big for it; the try has to go on.
    Refused { place: usize },
}

/// Part of a change: the first waiting receiver that asks for the message gets it, or is told that
/// it has no room for it. Of those, one at a time: only one sleeper can be guarded.
#[cold]
pub fn to_receiver<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    message: Message,
    now: u32,
) -> Result<Option<HandOff>, Fault> {
    let Some(receiver) = waiters::taker(member, at, message.mtype, 0)? else { return Ok(None) };
    let wait = member.memory.load(receiver.at + slot::WAIT)?;
    let list = waiters::list(at, true);
    bell::guard(member, receiver.at)?;
    if receiver.most < message.size {
        waiters::leave(member, list, receiver.at, next(wait, state::TOO_BIG, 0))?;
        return Ok(Some(HandOff::Refused { place: receiver.at }));
    }
    cells::take(member, message.class()?)?;
    let wait = next(wait, state::PENDING, message.unit);
    waiters::leave(member, list, receiver.at, wait)?;
    hand_over(member, at, &receiver, now)?;
    Ok(Some(HandOff::Handed { place: receiver.at, wait }))
}

/// Part of a change: the queue has handed a message to a receiver.
fn hand_over<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    receiver: &Receiver,
    now: u32,
) -> Result<(), Fault> {
    let handed = member.memory.load(at + queue::HANDED)?;
    member.set(at + queue::HANDED, handed.wrapping_add(1))?;
    // It asks for nothing any more; should the message come back, it is in its turn.
    member.set(receiver.at + slot::WANTED, handed)?;
    let thread = low(owner(member.memory, receiver.at)?.ids);
    member.set(at + queue::RECEIVED, pair(thread, now))?;
    Ok(())
}

/// The change is made: wakes the receiver. Whether it has the message; where it is stopped or dead or
/// has no room, the message is the thread's own again.
pub fn tell<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    done: HandOff,
    message: Message,
) -> Result<bool, Fault> {
    let arrived = match done {
        HandOff::Handed { place, wait } => tell_of_message(member, at, place, wait, message)?,
        HandOff::Refused { place } => tell_of_size(member, at, place)?,
    };
    bell::unguard(member);
    Ok(arrived)
}

/// Tells the receiver that it may believe its wait word.
fn tell_of_message<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    place: usize,
    wait: u64,
    message: Message,
) -> Result<bool, Fault> {
    let word = member.memory.word(place + slot::WAIT)?;
    let now = pair(high(wait), low(wait) & !state::MASK | state::HANDED);
    // Where the receiver was faster, the word is another already.
    if word.compare_exchange(wait, now, Ordering::SeqCst, Ordering::Relaxed).is_err()
        || is_there(member, place)?
    {
        if waiters::wait_word(member, place)? == now {
            watch_over(member, at, message.mtype)?;
        }
        return Ok(true);
    }
    let word = member.memory.word(place + slot::WAIT)?;
    let missed = next(now, state::MISSED, 0);
    if word.compare_exchange(now, missed, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        return Ok(true);
    }
    cells::keep(member, message.class()?, message.unit)?;
    Ok(false)
}

/// Whether the receiver that was handed a message, and is told so now, is there to fetch it.
fn is_there<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    place: usize,
) -> Result<bool, Fault> {
    Ok(match bell::ring(member, place)? {
        Rung::Awake => true,
        Rung::Before => !member.system.is_gone(&owner(member.memory, place)?),
        Rung::NoAnswer => !matches!(presence(member, place)?, Presence::Stopped | Presence::Gone),
    })
}

fn presence<M: Memory, T: Thread>(
    member: &Member<'_, M, T>,
    place: usize,
) -> Result<Presence, Fault> {
    Ok(member.system.presence(&owner(member.memory, place)?))
}

/// Tells a receiver that the message is too big. One that is stopped was not there, and begins its call
/// anew when it goes on.
fn tell_of_size<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    place: usize,
) -> Result<bool, Fault> {
    let told = waiters::wait_word(member, place)?;
    if bell::ring(member, place)? == Rung::NoAnswer
        && presence(member, place)? == Presence::Stopped
        && waiters::state_of(told) == state::TOO_BIG
    {
        member.begin(at)?;
        let word = member.memory.word(place + slot::WAIT)?;
        let missed = next(told, state::MISSED, 0);
        let _ = word.compare_exchange(told, missed, Ordering::AcqRel, Ordering::Relaxed);
    }
    Ok(false)
}

/// Makes another receiver that would take the message, and sleeps, keep an eye on it: should the one
/// who has it die now, nobody else would look.
fn watch_over<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    mtype: i64,
) -> Result<(), Fault> {
    for dead in 0..MOST_DEAD {
        let other = attempt(member, at, |member, _| {
            Ok(Step::Answer(waiters::taker(member, at, mtype, dead)?))
        });
        let Ok(Some(Receiver { at: other, .. })) = other else { break };
        let wakes =
            bell::sleeps_long(member.memory, other)? && bell::ring(member, other)? == Rung::Awake;
        if wakes || !member.system.is_gone(&owner(member.memory, other)?) {
            break;
        }
    }
    Ok(())
}
