//! Which queues there are: keys, ids, and what all of them come to.

use super::atomic::Ordering;
use super::attempt::{Attempt, End, Step, attempt};
use super::cells;
use super::commit::{LIVE, Member, NEXT_VERSION, YOUNG};
use super::control;
use super::layout::{
    FIRST_FRESH, GROUP_QUEUES, QUEUE_GROUPS, UNIT_WORDS, header, high, low, pair, queue, word_of,
};
use super::memory::{Fault, Memory};
use super::permission::Permissions;
use super::thread::Thread;
use libc::{EACCES, EEXIST, EINVAL, ENOENT, ENOSPC, IPC_CREAT, IPC_EXCL, IPC_PRIVATE};

/// Units of a group of queues.
pub const GROUP_UNITS: u64 = (GROUP_QUEUES * queue::WORDS / UNIT_WORDS) as u64;
/// One more than the highest index.
pub const INDEXES: u32 = (QUEUE_GROUPS * GROUP_QUEUES) as u32;
/// As many sequence numbers as fit into an id beside the index.
const SEQUENCES: u32 = 65535;
/// Indexes go round in at least so many places, so that an id is not used again at once.
const FEWEST_PLACES: u32 = 64;

/// What a new queue is like.
#[derive(Clone, Copy, Debug)]
pub struct New {
    /// Its owner's uid | gid.
    pub owner: u64,
    /// How many bytes it may hold.
    pub qbytes: u64,
    /// How many queues there may be.
    pub most: u32,
    /// The name of its file; nothing where one has to be made first.
    pub file: Option<u64>,
}

/// What msgget comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// This id.
    Id(u32),
    /// There is no queue, and a file has to be made for one.
    NeedsFile,
    /// A queue that has ended, and that nobody has cleared away.
    Remains(usize),
}

/// What a look at all queues comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The highest index in use, or 0.
    pub highest: u32,
    /// How many queues there are.
    pub queues: u64,
    /// How many messages are in them.
    pub messages: u64,
    /// How many bytes these have.
    pub bytes: u64,
}

/// The first word of the queue with this index, if there ever was one.
#[inline(always)]
pub fn queue_at<M: Memory>(memory: M, index: u32) -> Result<Option<usize>, Fault> {
    let index = index as usize;
    let (group, place) = (index / GROUP_QUEUES, index % GROUP_QUEUES);
    if group >= QUEUE_GROUPS {
        return Ok(None);
    }
    match memory.load(header::QUEUE_GROUPS + group)? {
        0 => Ok(None),
        unit if unit < FIRST_FRESH => Err(Fault::Nonsense),
        unit => match u32::try_from(unit) {
            Ok(unit) => Ok(Some(word_of(unit) + place * queue::WORDS)),
            Err(_) => Err(Fault::Nonsense),
        },
    }
}

/// The first word of the queue with this id, or of one that had or will have the same index.
#[inline(always)]
pub fn by_id<M: Memory>(memory: M, id: u32) -> Result<usize, End> {
    queue_at(memory, id % INDEXES)?.ok_or(End::errno(EINVAL))
}

/// Where the queue with this id is, its name there, and that of its file.
#[inline(always)]
pub fn named<M: Memory>(memory: M, id: u32) -> Result<(usize, u32, u64), End> {
    let at = by_id(memory, id)?;
    Ok((at, id | queue::NAMED, memory.load(at + queue::FILE)?))
}

/// msgget: finds the queue of a key, or makes one.
pub fn get<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    key: i32,
    msgflg: i32,
    new: New,
) -> Result<Got, End> {
    loop {
        let got = attempt(member, header::LOCK, |member, _| try_to_get(member, key, msgflg, new))?;
        match got {
            Got::Remains(at) => bury(member, at)?,
            got => return Ok(got),
        }
    }
}

fn try_to_get<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    key: i32,
    msgflg: i32,
    new: New,
) -> Attempt<Got> {
    if key != IPC_PRIVATE {
        if let Some(at) = by_key(member, key)? {
            if msgflg & IPC_CREAT != 0 && msgflg & IPC_EXCL != 0 {
                return Err(End::errno(EEXIST));
            }
            // Key and id change under the registry's lock alone. The queue may have ended by now: then
            // this was a moment before.
            let permissions = Permissions::of(member.memory.block(at)?);
            if !member.system.may(&permissions, msgflg as u32) {
                return Err(End::errno(EACCES));
            }
            let identity = member.memory.load(at + queue::IDENTITY)?;
            return Ok(Step::Answer(Got::Id(high(identity) & !queue::NAMED)));
        }
        if msgflg & IPC_CREAT == 0 {
            return Err(End::errno(ENOENT));
        }
    }
    create(member, key, msgflg, new)
}

fn is_live<M: Memory>(memory: M, at: usize) -> Result<bool, Fault> {
    Ok(memory.word(at)?.load(Ordering::Acquire) & LIVE != 0)
}

fn by_key<M: Memory, T: Thread>(
    member: &Member<'_, M, T>,
    key: i32,
) -> Result<Option<usize>, Fault> {
    let indexes = member.memory.load(header::INDEXES)?.min(u64::from(INDEXES)) as u32;
    for index in 0..indexes {
        let Some(at) = queue_at(member.memory, index)? else { continue };
        let identity = member.memory.load(at + queue::IDENTITY)?;
        if low(identity) == key as u32 && is_live(member.memory, at)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Part of a change of the registry: makes a queue.
fn create<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    key: i32,
    msgflg: i32,
    new: New,
) -> Attempt<Got> {
    let memory = member.memory;
    let sequence = memory.load(header::SEQUENCE)?;
    let in_use = low(sequence);
    if in_use >= new.most {
        return match remains(member)? {
            Some(at) => Ok(Step::Answer(Got::Remains(at))),
            None => Err(End::errno(ENOSPC)),
        };
    }
    let Some(file) = new.file else { return Ok(Step::Answer(Got::NeedsFile)) };
    let cursor = memory.load(header::CURSOR)?;
    let index = free_index(member, high(cursor), in_use)?;
    let at = match queue_at(memory, index)? {
        Some(at) if memory.load(at + queue::IDENTITY)? != 0 => {
            return Ok(Step::Answer(Got::Remains(at)));
        }
        Some(at) => at,
        None => make_group(member, index)?,
    };
    let number = match index < low(cursor) {
        true => high(sequence).wrapping_add(1),
        false => high(sequence),
    } % SEQUENCES;
    let id = number << 15 | index;
    member.set(header::CURSOR, pair(index + 1, index + 1))?;
    member.set(header::SEQUENCE, pair(number, in_use.wrapping_add(1)))?;
    let indexes = memory.load(header::INDEXES)?;
    member.set(header::INDEXES, indexes.max(u64::from(index) + 1))?;
    for word in queue::COUNTS..=queue::RECEIVED {
        member.set(at + word, 0)?;
    }
    let mode = pair(msgflg as u32 & 0o777, member.system.seconds());
    member.set(at + queue::IDENTITY, pair(id | queue::NAMED, key as u32))?;
    member.set(at + queue::OWNER, new.owner)?;
    member.set(at + queue::CREATOR, new.owner)?;
    member.set(at + queue::MODE, mode)?;
    member.set(at + queue::QBYTES, new.qbytes)?;
    member.set(at + queue::FILE, file)?;
    member.set(at + queue::SETTLED, memory.load(at + queue::HANDED)?)?;
    // Nobody changes a queue that does not exist: its lock is free.
    let lock = memory.load(at)?;
    member.set(at, revived(lock).ok_or(Fault::Nonsense)?)?;
    Ok(Step::Change(Got::Id(id)))
}

/// The lock word of a queue that comes into being, where there was one before or not.
fn revived(lock: u64) -> Option<u64> {
    (lock & (LIVE | (LIVE - 1)) == 0).then(|| lock.wrapping_add(NEXT_VERSION) | LIVE | YOUNG)
}

/// The next free index, going round.
fn free_index<M: Memory, T: Thread>(
    member: &Member<'_, M, T>,
    cursor: u32,
    in_use: u32,
) -> Result<u32, End> {
    let places = (in_use.saturating_mul(3) / 2).clamp(FEWEST_PLACES, INDEXES);
    let from_cursor = cursor.min(places)..places;
    for index in from_cursor.chain(0..cursor.min(places)) {
        let Some(at) = queue_at(member.memory, index)? else { return Ok(index) };
        if member.memory.load(at + queue::IDENTITY)? == 0 || !is_live(member.memory, at)? {
            return Ok(index);
        }
    }
    Err(End::errno(ENOSPC))
}

/// Part of a change: a group of queues more. Gives the place of the queue with this index.
fn make_group<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    index: u32,
) -> Result<usize, Fault> {
    let fresh = cells::fresh(member.memory)?;
    cells::back(member, fresh, fresh + GROUP_UNITS)?;
    member.set(header::FRESH, fresh + GROUP_UNITS)?;
    let (group, place) = (index as usize / GROUP_QUEUES, index as usize % GROUP_QUEUES);
    member.set(header::QUEUE_GROUPS + group, fresh)?;
    Ok(word_of(fresh as u32) + place * queue::WORDS)
}

/// A queue that has ended and was not cleared away.
fn remains<M: Memory, T: Thread>(member: &Member<'_, M, T>) -> Result<Option<usize>, Fault> {
    let indexes = member.memory.load(header::INDEXES)?.min(u64::from(INDEXES)) as u32;
    for index in 0..indexes {
        let Some(at) = queue_at(member.memory, index)? else { continue };
        if member.memory.load(at + queue::IDENTITY)? != 0 && !is_live(member.memory, at)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Clears away a queue that has ended: its messages, and its index.
pub fn bury<M: Memory, T: Thread>(member: &mut Member<'_, M, T>, at: usize) -> Result<(), End> {
    // Messages that cannot be found any more stay where they are.
    let _ = control::clear(member, at);
    attempt(member, header::LOCK, |member, _| {
        let identity = member.memory.load(at + queue::IDENTITY)?;
        if identity == 0 || is_live(member.memory, at)? {
            return Ok(Step::Answer(()));
        }
        let sequence = member.memory.load(header::SEQUENCE)?;
        let in_use = low(sequence).saturating_sub(1);
        member.set(header::SEQUENCE, pair(high(sequence), in_use))?;
        member.set(at + queue::IDENTITY, 0)?;
        Ok(Step::Change(()))
    })
}

/// What all queues come to.
pub fn totals<M: Memory, T: Thread>(member: &mut Member<'_, M, T>) -> Result<Totals, End> {
    let mut totals = Totals::default();
    let indexes = member.memory.load(header::INDEXES)?.min(u64::from(INDEXES)) as u32;
    for index in 0..indexes {
        let Some(at) = queue_at(member.memory, index)? else { continue };
        if !is_live(member.memory, at)? {
            continue;
        }
        let counts = member.memory.load(at + queue::COUNTS)?;
        totals.highest = index;
        totals.queues += 1;
        totals.messages += u64::from(high(counts));
        totals.bytes += u64::from(low(counts));
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_taken_or_of_a_queue_that_lives_is_not_that_of_a_new_queue() {
        for bit in 0..16 {
            assert_eq!(revived(NEXT_VERSION | 1 << bit), None, "bit {bit}");
        }
        assert_eq!(revived(NEXT_VERSION), Some((2 * NEXT_VERSION) | LIVE | YOUNG));
    }
}
