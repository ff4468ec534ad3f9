//! Who sleeps on the queues: read from the slots, without changing anything. For those who look at
//! queues: no call comes here.

use super::attempt::End;
use super::commit::{Member, owner, slot_at};
use super::layout::{header, high, low, queue, slot};
use super::memory::{Fault, Memory};
use super::registry::{self, INDEXES};
use super::seat::{inside, inside_own};
use super::slots;
use super::thread::{Presence, Thread};
use super::waiters::{state, state_of, wait_word};
use crate::engine::asleep::{Asleep, Sleeper};
use crate::errno::Errno;
use libc::{EACCES, c_int};

/// All who sleep, whichever file their queue is in.
pub fn all() -> Result<Asleep, End> {
    let (threads, files) = inside(|seat| Ok((waiting(seat)?, files(seat.memory)?)))?;
    let mut asleep = Asleep { threads, some_unseen: false };
    for (index, msqid, file) in files {
        match inside_own(index, file, |seat| Ok(waiting(seat)?)) {
            Ok(threads) => asleep
                .threads
                .extend(threads.into_iter().map(|sleeper| Sleeper { msqid, ..sleeper })),
            Err(end) => asleep.some_unseen |= Errno::from(end) == Errno(EACCES),
        }
    }
    Ok(asleep)
}

/// The queues that have files of their own: index, id, and the file's name.
fn files<M: Memory>(memory: M) -> Result<Vec<(u32, c_int, u64)>, Fault> {
    let indexes = memory.load(header::INDEXES)?.min(u64::from(INDEXES)) as u32;
    let mut files = Vec::new();
    for index in 0..indexes {
        let Some(at) = registry::queue_at(memory, index)? else { continue };
        let (file, identity) = (memory.load(at + queue::FILE)?, memory.load(at + queue::IDENTITY)?);
        if file != 0 && identity != 0 {
            files.push((index, id(high(identity)), file));
        }
    }
    Ok(files)
}

/// An id as callers have it.
fn id(named: u32) -> c_int {
    (named & !queue::NAMED) as c_int
}

/// Those who wait in this arena. There are as many looks as slots, whatever the arena says.
fn waiting<M: Memory, T: Thread>(member: &Member<'_, M, T>) -> Result<Vec<Sleeper>, Fault> {
    let memory = member.memory;
    let mut threads = Vec::new();
    for number in 0..slots::used(memory)? {
        let place = slot_at(memory, number)?;
        let wait = wait_word(member, place)?;
        if state_of(wait) != state::WAITING {
            continue;
        }
        let at = memory.load(place + slot::QUEUE)? as usize;
        let list = memory.load(place + slot::LIST)?;
        let its = owner(memory, place)?;
        // Where it waits for something else by now, half of what was read may be of that.
        if wait_word(member, place)? != wait {
            continue;
        }
        let (process, thread) = match member.system.presence(&its) {
            Presence::Gone => continue,
            Presence::Unseen => (0, 0),
            Presence::There | Presence::Running | Presence::Stopped => {
                (high(its.ids), low(its.ids))
            }
        };
        let sends = (low(list) as usize).checked_sub(at) == Some(queue::SENDERS);
        threads.push(Sleeper { msqid: id(high(list)), sends, process, thread });
    }
    Ok(threads)
}

#[cfg(test)]
mod tests {
    use super::super::attempt::{Step, attempt};
    use super::super::lone::{self, Lone};
    use super::super::runs::Choice;
    use super::super::waiters;
    use super::*;

    #[test]
    fn those_who_wait_are_seen_with_what_they_wait_for_as_long_as_they_live() {
        let arena = lone::arena(1 << 16);
        let words = &arena[..];
        let [receiver, sender, looker] = [1, 2, 3].map(Lone::new);
        let mut receiving = receiver.member(&words);
        let (at, name) = lone::queue(&mut receiving, 100);
        let mut sending = sender.member(&words);
        waiters::describe_receiver(&receiving, at, Choice::Any, 100).unwrap();
        waiters::describe_sender(&sending, at, 50).unwrap();
        for (member, is_receiver) in [(&mut receiving, true), (&mut sending, false)] {
            attempt(member, at, |member, _| {
                waiters::join(member, name, waiters::list(at, is_receiver))?;
                Ok(Step::Change(()))
            })
            .unwrap();
        }
        let looking = looker.member(&words);
        let msqid = id(name);
        let sleeper = |sends, number| Sleeper { msqid, sends, process: number, thread: number };
        assert_eq!(waiting(&looking), Ok(vec![sleeper(false, 1), sleeper(true, 2)]));
        looker.others.set(Presence::Unseen);
        assert_eq!(waiting(&looking), Ok(vec![sleeper(false, 0), sleeper(true, 0)]));
        looker.others.set(Presence::Gone);
        assert_eq!(waiting(&looking), Ok(vec![]));
    }
}
