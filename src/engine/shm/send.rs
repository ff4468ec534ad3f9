//! msgsnd: a message goes to a receiver that waits for it, or into the queue, or has to wait.

use super::atomic::Ordering;
use super::attempt::{Attempt, End, Step, attempt, conclude, expect};
use super::bell::{self, Rung};
use super::cells::{self, Message};
use super::commit::{Member, owner, slot_at};
use super::layout::{MOST_SLOTS, high, low, pair, queue, slot};
use super::memory::{Fault, Memory, Queue};
use super::permission::Permissions;
use super::thread::{Presence, Thread, WRITE};
use super::waiters::{self, Receiver, next, state};
use super::{runs, sleep};
use libc::{EACCES, EAGAIN, EIDRM, EINTR, EINVAL};

/// Before the first look whether there is room: long enough for a receiver to make some, so that the two
/// do not wait for each other with every message.
const PAUSES: u32 = 50;

/// What a try to send came to.
enum Sent {
    /// The message is in the queue.
    Queued,
    /// A receiver got it.
    Handed { place: usize, wait: u64 },
    /// A receiver was told that it is too big for it; the try has to go on.
    Refused { place: usize },
    /// There is no room.
    Full,
}

/// Whether a message of this size fits: into the bytes, and into the number of messages.
fn fits(counts: u64, qbytes: u64, size: usize) -> bool {
    let (messages, bytes) = (u64::from(high(counts)), u64::from(low(counts)));
    bytes + size as u64 <= qbytes && messages < qbytes && bytes + size as u64 <= u64::from(u32::MAX)
}

/// Whom a queue belongs to, and what it permits.
#[inline(always)]
pub fn permissions(queue: Queue<'_>) -> Permissions {
    let (owner, creator) = (queue.load(queue::OWNER), queue.load(queue::CREATOR));
    let mode = high(queue.load(queue::MODE));
    let (uid, gid, cuid, cgid) = (high(owner), low(owner), high(creator), low(creator));
    Permissions { uid, gid, cuid, cgid, mode }
}

/// Sends a message to the queue at `at`. Its cell is the first at hand of its class, and
/// [`runs::NODES`] cells of the smallest class are at hand too. The first try is nearly always the last, and stands in no
/// loop: so it needs no more registers than there are.
#[inline(always)]
pub fn send<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    message: Message,
    wait: bool,
) -> Result<(), End> {
    // Before the call has waited, a queue that is not there was never there.
    match once(member, at, id, message, EINVAL)? {
        Some(Sent::Queued) => Ok(cells::trim(member, 0)?),
        tried => member.aside(|member| go_on(member, at, id, message, wait, tried)),
    }
}

/// Sends it after a first try, of which nothing came where somebody else was faster.
#[cold]
fn go_on<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    message: Message,
    wait: bool,
    mut tried: Option<Sent>,
) -> Result<(), End> {
    let mut missing = EINVAL;
    let mut patience = sleep::Patience::new();
    loop {
        match tried {
            Some(Sent::Queued) => break,
            Some(Sent::Handed { place, wait }) if handed(member, at, place, wait, message)? => {
                break;
            }
            Some(Sent::Handed { .. }) => {}
            Some(Sent::Refused { place }) => refused(member, at, place)?,
            Some(Sent::Full) if !wait => return Err(End::errno(EAGAIN)),
            Some(Sent::Full) => {
                missing = wait_for_room(member, at, id, message, &mut patience)?;
            }
            None => {}
        }
        tried = once(member, at, id, message, missing)?;
    }
    Ok(cells::trim(member, 0)?)
}

/// Tries to send it. A queue that is not there is this error.
#[inline(always)]
fn once<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    message: Message,
    missing: i32,
) -> Result<Option<Sent>, End> {
    let seen = member.begin(at)?;
    let memory = member.memory;
    let tried = match expect(&memory, at, seen, id, missing) {
        Ok(queue) => try_to_send(member, queue, message),
        Err(end) => Err(end),
    };
    conclude(member, at, seen, tried)
}

#[inline(always)]
fn try_to_send<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    queue: Queue<'_>,
    message: Message,
) -> Attempt<Sent> {
    if !member.system.may(&permissions(queue), WRITE) {
        return Err(End::errno(EACCES));
    }
    let counts = queue.load(queue::COUNTS);
    if !fits(counts, queue.load(queue::QBYTES), message.size as usize) {
        return Ok(Step::Answer(Sent::Full));
    }
    let now = member.system.seconds();
    let stamp = pair(member.system.process(), now);
    if queue.load(queue::RECEIVERS) != 0
        && let Some(sent) =
            member.aside(|member| find_receiver(member, queue.start(), message, now))?
    {
        if matches!(sent, Sent::Handed { .. }) {
            member.set_at(queue.spot(queue::SENT), stamp)?;
        }
        return Ok(Step::Change(sent));
    }
    cells::take(member, message.class()?)?;
    runs::append(member, queue, message.unit, message.mtype, high(counts))?;
    member.set_at(queue.spot(queue::COUNTS), counts.wrapping_add(pair(1, message.size)))?;
    member.set_at(queue.spot(queue::SENT), stamp)?;
    Ok(Step::Change(Sent::Queued))
}

/// Part of a change: the first waiting receiver that asks for the message gets it, or is told that
/// it has no room for it. Of those, one at a time: only one sleeper can be guarded.
#[cold]
fn find_receiver<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    message: Message,
    now: u32,
) -> Result<Option<Sent>, Fault> {
    let mut link = high(member.memory.load(at + queue::RECEIVERS)?);
    for _ in 0..MOST_SLOTS {
        if link == 0 {
            return Ok(None);
        }
        let receiver = waiters::receiver(member, at, link)?;
        link = receiver.next;
        if !receiver.choice.takes(message.mtype) {
            continue;
        }
        let wait = member.memory.load(receiver.at + slot::WAIT)?;
        let list = waiters::list(at, true);
        bell::guard(member, receiver.at)?;
        if receiver.most < message.size {
            waiters::leave(member, list, receiver.at, next(wait, state::TOO_BIG, 0))?;
            return Ok(Some(Sent::Refused { place: receiver.at }));
        }
        cells::take(member, message.class()?)?;
        let wait = next(wait, state::PENDING, message.unit);
        waiters::leave(member, list, receiver.at, wait)?;
        hand_over(member, at, &receiver, now)?;
        return Ok(Some(Sent::Handed { place: receiver.at, wait }));
    }
    Err(Fault::Nonsense)
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
    let thread = low(owner(member.memory, receiver.at)?.ids);
    member.set(at + queue::RECEIVED, pair(thread, now))?;
    Ok(())
}

/// The change is made: tells the receiver that it may believe its wait word, and wakes it. False
/// where it is stopped or dead; the message is the thread's own again then.
fn handed<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    place: usize,
    wait: u64,
    message: Message,
) -> Result<bool, Fault> {
    let arrived = tell_of_message(member, at, place, wait, message)?;
    bell::unguard(member);
    Ok(arrived)
}

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
        || bell::ring(member, place)? == Rung::Awake
        || matches!(presence(member, place)?, Presence::There | Presence::Unseen)
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

fn presence<M: Memory, T: Thread>(
    member: &Member<'_, M, T>,
    place: usize,
) -> Result<Presence, Fault> {
    Ok(member.system.presence(&owner(member.memory, place)?))
}

/// The change is made: wakes a receiver that was told that the message is too big. One that is
/// stopped was not there, and begins its call anew when it goes on.
fn refused<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    place: usize,
) -> Result<(), Fault> {
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
    bell::unguard(member);
    Ok(())
}

/// Makes another receiver that would take the message, and sleeps, keep an eye on it: should the one
/// who has it die now, nobody else would look.
fn watch_over<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    mtype: i64,
) -> Result<(), Fault> {
    let other = attempt(member, at, |member, _| {
        let mut link = high(member.memory.load(at + queue::RECEIVERS)?);
        for _ in 0..MOST_SLOTS {
            if link == 0 {
                break;
            }
            let other = waiters::receiver(member, at, link)?;
            if other.choice.takes(mtype) {
                return Ok(Step::Answer(Some(other.at)));
            }
            link = other.next;
        }
        Ok(Step::Answer(None))
    });
    if let Ok(Some(other)) = other
        && bell::sleeps_long(member.memory, other)?
    {
        bell::ring(member, other)?;
    }
    Ok(())
}

/// Waits until there may be room. Gives the error that a missing queue means from now on.
#[cold]
fn wait_for_room<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    message: Message,
    patience: &mut sleep::Patience,
) -> Result<i32, End> {
    let full = |member: &Member<'_, M, T>| -> Result<bool, Fault> {
        let counts = member.memory.load(at + queue::COUNTS)?;
        Ok(!fits(counts, member.memory.load(at + queue::QBYTES)?, message.size as usize))
    };
    if patience.look(member.system, PAUSES, || Ok(!full(member)?))? {
        return Ok(EIDRM);
    }
    waiters::describe_sender(member, at, message.size as usize)?;
    let list = waiters::list(at, false);
    let joined = attempt(member, at, |member, seen| {
        expect(&member.memory, at, seen, id, EIDRM)?;
        if !full(member)? {
            return Ok(Step::Answer(false));
        }
        waiters::join(member, id, list)?;
        Ok(Step::Change(true))
    })?;
    if !joined {
        return Ok(EIDRM);
    }
    let mut interrupted = false;
    loop {
        interrupted |= sleep::until_changed(member, patience)? == sleep::Ended::Interrupted;
        if !interrupted && !sleep::is_there(member.memory, at, id)? {
            return Err(End::errno(sleep::removed(member, at)?));
        }
        let told = waiters::state_of(waiters::wait_word(member, member.at)?) != state::WAITING;
        // Whoever made room may not have come to tell anybody, or not all.
        wake_senders(member, at)?;
        if told || interrupted {
            break;
        }
    }
    sleep::withdraw(member, at, id, list)?;
    if interrupted {
        return Err(End::errno(EINTR));
    }
    Ok(EIDRM)
}

/// Wakes the senders whose messages fit now, in the order in which they came. Nothing is kept free
/// for them: whoever is first has it.
#[cold]
pub fn wake_senders<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
) -> Result<(), Fault> {
    each_sender_that_fits(member, at, |member, place| {
        let word = member.memory.word(place + slot::WAIT)?;
        let wait = word.load(Ordering::Acquire);
        if waiters::state_of(wait) == state::WAITING {
            let again = next(wait, state::AGAIN, 0);
            let _ = word.compare_exchange(wait, again, Ordering::SeqCst, Ordering::Relaxed);
        }
        bell::ring(member, place).map(drop)
    })?;
    bell::unguard(member);
    Ok(())
}

fn each_sender_that_fits<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    mut tell: impl FnMut(&mut Member<'_, M, T>, usize) -> Result<(), Fault>,
) -> Result<(), Fault> {
    loop {
        let seen = member.begin(at)?;
        let counts = member.memory.load(at + queue::COUNTS)?;
        let qbytes = member.memory.load(at + queue::QBYTES)?;
        let mut link = high(member.memory.load(at + queue::SENDERS)?);
        for _ in 0..MOST_SLOTS {
            if link == 0 {
                break;
            }
            let place = slot_at(member.memory, link - 1)?;
            let around = member.memory.load(place + slot::AROUND)?;
            let size = member.memory.load(place + slot::WANTED)? as usize;
            if !member.still(at, seen)? {
                break;
            }
            if fits(counts, qbytes, size) {
                tell(member, place)?;
            }
            link = low(around);
        }
        if member.still(at, seen)? {
            return Ok(());
        }
        // The list has changed: from the start, since those told before may be told again.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_fits_where_bytes_and_messages_have_room() {
        for (counts, qbytes, size, expected) in [
            (pair(0, 0), 10, 10, true),
            (pair(0, 0), 10, 11, false),
            (pair(9, 0), 10, 0, true),
            (pair(10, 0), 10, 0, false),
            (pair(100, 1 << 20), 1 << 30, 1 << 13, true),
            (pair(100, u32::MAX - 10), u64::MAX, 10, true),
            (pair(100, u32::MAX - 10), u64::MAX, 11, false),
        ] {
            let (messages, bytes) = (high(counts), low(counts));
            let found = fits(counts, qbytes, size);
            assert_eq!(found, expected, "{size} to {messages} of {bytes} bytes in {qbytes}");
        }
    }
}
