//! msgsnd: a message goes to a receiver that waits for it, or into the queue, or has to wait.

use super::attempt::{Attempt, End, Step, conclude, expect};
use super::cells::{self, Message};
use super::commit::Member;
use super::hand_off::{self, HandOff};
use super::layout::{high, pair, queue};
use super::memory::{Memory, Queue};
use super::permission::Permissions;
use super::thread::{Thread, WRITE};
use super::{room, runs, sleep};
use libc::{EACCES, EAGAIN, EINVAL};

/// What a try to send came to.
enum Sent {
    /// The message is in the queue.
    Queued,
    /// A receiver waits for it.
    HandOff(HandOff),
    /// There is no room.
    Full,
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
            Some(Sent::HandOff(done)) if hand_off::tell(member, at, done, message)? => break,
            Some(Sent::HandOff(_)) => {}
            Some(Sent::Full) if !wait => return Err(End::errno(EAGAIN)),
            Some(Sent::Full) => {
                missing = room::wait_for(member, at, id, message, &mut patience)?;
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
    if !member.system.may(&Permissions::of(queue), WRITE) {
        return Err(End::errno(EACCES));
    }
    let counts = queue.load(queue::COUNTS);
    if !room::fits(counts, queue.load(queue::QBYTES), message.size as usize) {
        return Ok(Step::Answer(Sent::Full));
    }
    let now = member.system.seconds();
    let stamp = pair(member.system.process(), now);
    if queue.load(queue::RECEIVERS) != 0
        && let Some(done) =
            member.aside(|member| hand_off::to_receiver(member, queue.start(), message, now))?
    {
        if matches!(done, HandOff::Handed { .. }) {
            member.set_at(queue.spot(queue::SENT), stamp)?;
        }
        return Ok(Step::Change(Sent::HandOff(done)));
    }
    cells::take(member, message.class()?)?;
    runs::append(member, queue, message.unit, message.mtype, high(counts))?;
    member.set_at(queue.spot(queue::COUNTS), counts.wrapping_add(pair(1, message.size)))?;
    member.set_at(queue.spot(queue::SENT), stamp)?;
    Ok(Step::Change(Sent::Queued))
}
