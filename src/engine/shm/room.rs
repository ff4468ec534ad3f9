//! Room in a queue: whether a message fits, and those who wait until theirs does.

use super::atomic::Ordering;
use super::attempt::{End, Step, attempt, expect};
use super::bell;
use super::cells::Message;
use super::commit::{Member, slot_at};
use super::layout::{MOST_SLOTS, high, low, queue, slot};
use super::memory::{Fault, Memory};
use super::sleep;
use super::thread::Thread;
use super::waiters::{self, next, state};
use libc::{EIDRM, EINTR};

/// Before the first look whether there is room: long enough for a receiver to make some, so that the two
/// do not wait for each other with every message.
const PAUSES: u32 = 50;

/// Whether a message of this size fits: into the bytes, and into the number of messages.
pub fn fits(counts: u64, qbytes: u64, size: usize) -> bool {
    let (messages, bytes) = (u64::from(high(counts)), u64::from(low(counts)));
    bytes + size as u64 <= qbytes && messages < qbytes && bytes + size as u64 <= u64::from(u32::MAX)
}

/// Waits until there may be room. Gives the error that a missing queue means from now on.
#[cold]
pub fn wait_for<M: Memory, T: Thread>(
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
    use super::super::layout::pair;
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
