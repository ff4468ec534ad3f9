//! What msgctl does to one queue: tells its state, changes it, ends it.

use super::atomic::Ordering;
use super::attempt::{End, Step, attempt, expect};
use super::bell::{self, Rung};
use super::cells;
use super::commit::{LIVE, Member, owner, slot_at};
use super::handed;
use super::layout::{CLASSES, MOST_SLOTS, high, low, pair, queue, slot};
use super::memory::{Fault, Memory};
use super::permission::Permissions;
use super::room::wake_senders;
use super::runs::{self, Choice};
use super::thread::{Presence, READ, Thread};
use super::waiters::{self, next, state, state_of};
use libc::{EACCES, EINVAL};

/// Everything that IPC_STAT tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The id.
    pub id: u32,
    /// The key.
    pub key: u32,
    /// Whom it belongs to.
    pub permissions: Permissions,
    /// Messages.
    pub messages: u32,
    /// Their bytes.
    pub bytes: u32,
    /// How many it may hold.
    pub qbytes: u64,
    /// The last sender's pid, and when, in seconds.
    pub sent: (u32, u32),
    /// The last receiver's pid, and when, in seconds.
    pub received: (u32, u32),
    /// When owner, mode or qbytes last changed, in seconds.
    pub changed: u32,
}

/// What IPC_SET changes.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The new owner.
    pub uid: u32,
    /// The new owner's group.
    pub gid: u32,
    /// The new mode.
    pub mode: u32,
    /// How many bytes it may hold from now on.
    pub qbytes: u64,
}

/// The state of the queue at `at`, whose id is `id` if one is given. With `anybody`, also for those
/// who may not read it.
pub fn status<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: Option<u32>,
    anybody: bool,
) -> Result<Status, End> {
    loop {
        let (status, unsettled) = attempt(member, at, |member, seen| {
            let load = |word: usize| member.memory.load(at + word);
            let identity = load(queue::IDENTITY)?;
            let queue = expect(&member.memory, at, seen, id.unwrap_or(high(identity)), EINVAL)?;
            let permissions = Permissions::of(queue);
            if !anybody && !member.system.may(&permissions, READ) {
                return Err(End::errno(EACCES));
            }
            let (counts, mode) = (load(queue::COUNTS)?, load(queue::MODE)?);
            let (sent, received) = (load(queue::SENT)?, load(queue::RECEIVED)?);
            let status = Status {
                id: high(identity) & !queue::NAMED,
                key: low(identity),
                permissions,
                messages: high(counts),
                bytes: low(counts),
                qbytes: load(queue::QBYTES)?,
                sent: (high(sent), low(sent)),
                received: (high(received), low(received)),
                changed: low(mode),
            };
            Ok(Step::Answer((status, load(queue::HANDED)? != load(queue::SETTLED)?)))
        })?;
        if !unsettled || !handed::settle(member, at, 0)? {
            return Ok(status);
        }
    }
}

/// Changes the queue at `at`; `permitted` says whether the thread may, or with which error not.
pub fn change<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    change: Change,
    permitted: impl Fn(&Permissions) -> Result<(), i32>,
) -> Result<(), End> {
    attempt(member, at, |member, seen| {
        let queue = expect(&member.memory, at, seen, id, EINVAL)?;
        permitted(&Permissions::of(queue)).map_err(End::errno)?;
        guard_somebody(member, at)?;
        member.set(at + queue::OWNER, pair(change.uid, change.gid))?;
        member.set(at + queue::MODE, pair(change.mode & 0o777, member.system.seconds()))?;
        member.set(at + queue::QBYTES, change.qbytes)?;
        Ok(Step::Change(()))
    })?;
    rerun_receivers(member, at)?;
    wake_senders(member, at)?;
    Ok(())
}

fn guard_somebody<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
) -> Result<(), Fault> {
    waiters::guard_first(member, waiters::list(at, false))?;
    waiters::guard_first(member, waiters::list(at, true))
}

/// Has every waiting receiver look at the queue again, since it may no longer be allowed to wait.
fn rerun_receivers<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
) -> Result<(), End> {
    let list = waiters::list(at, true);
    // Those who come back to wait are behind all that were there before.
    let last = low(member.memory.load(list)?);
    for _ in 0..MOST_SLOTS {
        let told = attempt(member, at, |member, seen| {
            let link = high(member.memory.load(list)?);
            if link == 0 || seen & LIVE == 0 {
                return Ok(Step::Answer(None));
            }
            let receiver = waiters::receiver(member, at, link)?;
            bell::guard(member, receiver.at)?;
            let wait = member.memory.load(receiver.at + slot::WAIT)?;
            waiters::leave(member, list, receiver.at, next(wait, state::AGAIN, 0))?;
            Ok(Step::Change(Some((receiver.at, link))))
        })?;
        let Some((place, link)) = told else { return Ok(()) };
        bell::ring(member, place)?;
        if link == last {
            return Ok(());
        }
    }
    Ok(())
}

/// Ends the queue at `at`: from now on nobody finds it. See [`clear`].
pub fn end<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    permitted: impl Fn(&Permissions) -> Result<(), i32>,
) -> Result<(), End> {
    loop {
        let seen = member.begin(at)?;
        let memory = member.memory;
        let allowed = expect(&memory, at, seen, id, EINVAL).and_then(|queue| {
            permitted(&Permissions::of(queue)).map_err(End::errno)?;
            Ok(guard_somebody(member, at)?)
        });
        if let Err(end) = allowed {
            if member.still(at, seen)? {
                return Err(end);
            }
        } else if member.publish_as(at, seen, 0)? {
            break;
        }
    }
    wake_everybody(member, at).map_err(End::from)
}

/// Wakes all who wait on the queue at `at`, which is no more.
#[cold]
pub fn wake_everybody<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
) -> Result<(), Fault> {
    for receivers in [true, false] {
        let mut link = high(member.memory.load(waiters::list(at, receivers))?);
        for _ in 0..MOST_SLOTS {
            if link == 0 {
                break;
            }
            let place = slot_at(member.memory, link - 1)?;
            link = low(member.memory.load(place + slot::AROUND)?);
            if member.memory.load(place + slot::QUEUE)? == at as u64 && place != member.at {
                tell_of_the_end(member, at, place)?;
            }
        }
    }
    bell::unguard(member);
    Ok(())
}

fn tell_of_the_end<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    place: usize,
) -> Result<(), Fault> {
    let word = member.memory.word(place + slot::WAIT)?;
    let wait = word.load(Ordering::Acquire);
    // There may be another queue in the same place by now, for which the thread waits.
    let is_dead = member.memory.word(at)?.load(Ordering::Acquire) & LIVE == 0;
    let told = match state_of(wait) {
        state::WAITING if is_dead => next(wait, state::AGAIN, 0),
        // Whoever told it may have died before he rang.
        state::AGAIN if is_dead => wait,
        _ => return Ok(()),
    };
    let _ = word.compare_exchange(wait, told, Ordering::SeqCst, Ordering::Relaxed);
    if bell::ring(member, place)? == Rung::NoAnswer
        && member.system.presence(&owner(member.memory, place)?) == Presence::Stopped
    {
        let missed = next(told, state::MISSED, 0);
        let word = member.memory.word(place + slot::WAIT)?;
        let _ = word.compare_exchange(told, missed, Ordering::SeqCst, Ordering::Relaxed);
    }
    Ok(())
}

/// Frees the messages of the queue at `at`, which has ended.
pub fn clear<M: Memory, T: Thread>(member: &mut Member<'_, M, T>, at: usize) -> Result<(), End> {
    loop {
        let class = attempt(member, at, |member, seen| {
            let memory = member.memory;
            let queue = memory.block(at)?;
            let counts = queue.load(queue::COUNTS);
            if seen & LIVE != 0 || high(counts) == 0 {
                return Ok(Step::Answer(None));
            }
            let Some(head) = runs::find(member, queue, Choice::Any)? else {
                return Err(End::fault(Fault::Nonsense));
            };
            let message = head.message;
            let class = message.class()?;
            runs::remove(member, queue, head, high(counts))?;
            cells::put_back(member, class, message.unit)?;
            member.set(at + queue::COUNTS, counts.wrapping_sub(pair(1, message.size)))?;
            Ok(Step::Change(Some(class)))
        })?;
        match class {
            Some(class) => cells::trim(member, class)?,
            None => break,
        }
        cells::trim(member, 0)?;
    }
    clear_nodes(member, at)
}

/// Frees the run and the leaf that stay in an empty queue.
fn clear_nodes<M: Memory, T: Thread>(member: &mut Member<'_, M, T>, at: usize) -> Result<(), End> {
    attempt(member, at, |member, seen| {
        let run = high(member.memory.load(at + queue::RUNS)?);
        if seen & LIVE != 0 || run == 0 {
            return Ok(Step::Answer(()));
        }
        let leaf = member.memory.load(at + queue::TYPES)? as u32;
        member.set(at + queue::RUNS, 0)?;
        member.set(at + queue::TYPES, 0)?;
        cells::put_back(member, 0, run)?;
        cells::put_back(member, 0, leaf)?;
        Ok(Step::Change(()))
    })?;
    Ok(cells::trim(member, 0)?)
}

const _: () = assert!(CLASSES < 32);
