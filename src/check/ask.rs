//! What is asked of the engine. It costs a call each time, so it is asked rarely: when a call failed
//! or may wait, or when a queue is seen for the first time. `errno` stays as it is.
#![allow(unsafe_code)]

use super::queues::Queue;
use crate::engine::limits::Limits;
use crate::engine::{self, Engine};
use crate::errno::Errno;
use crate::os;
use crate::trace::call::MSG_STAT_ANY;
use libc::{IPC_STAT, key_t, msqid_ds};

/// Asks the engine, and keeps `errno`.
fn quietly<T>(question: impl Fn(&dyn Engine) -> Result<T, Errno>) -> Result<T, Errno> {
    let before = Errno::current();
    let answer = engine::ask(question);
    before.set();
    answer
}

/// A queue's data, whether or not the caller may read it.
#[inline(never)]
pub fn status(msqid: i32) -> Option<msqid_ds> {
    // SAFETY: a structure of numbers, for which 0 is a value.
    let mut ds: msqid_ds = unsafe { std::mem::zeroed() };
    let buf = &raw mut ds;
    // SAFETY: both commands fill one msqid_ds.
    let told = quietly(|engine| unsafe { engine.msgctl(msqid, IPC_STAT, buf) });
    match told {
        Ok(_) => Some(ds),
        Err(Errno(libc::EACCES)) => {
            // SAFETY: as before.
            let told = quietly(|engine| unsafe { engine.msgctl(msqid, MSG_STAT_ANY, buf) });
            (told == Ok(msqid)).then_some(ds)
        }
        Err(_) => None,
    }
}

/// The queue of this id, which is asked about when it is seen for the first time.
#[inline(always)]
pub fn queue(msqid: i32) -> Option<&'static Queue> {
    match Queue::known(msqid) {
        Some(queue) if queue.qbytes().is_some() => Some(queue),
        _ => enter(msqid),
    }
}

#[cold]
#[inline(never)]
fn enter(msqid: i32) -> Option<&'static Queue> {
    if msqid < 0 {
        return None;
    }
    let ds = status(msqid)?;
    let queue = Queue::enter(msqid)?;
    queue.set_status(&ds);
    Some(queue)
}

/// The id of the queue that has this key.
pub fn queue_of(key: key_t) -> Result<i32, Errno> {
    quietly(|engine| engine.msgget(key, 0))
}

/// The most bytes that a message may have.
pub fn msgmax() -> Option<u64> {
    quietly(Limits::of).ok()?.msgmax
}

/// Whether those who used the queue are known, and have all ended.
pub fn users_are_gone(ds: &msqid_ds) -> bool {
    let users = [(ds.msg_lspid, ds.msg_stime), (ds.msg_lrpid, ds.msg_rtime)];
    // A process of another namespace has no id here, but it has used the queue at some time.
    let gone = |(process, time): &(i32, i64)| match process {
        0 => *time == 0,
        _ => !os::is_alive(*process),
    };
    users.iter().any(|(process, _)| *process != 0) && users.iter().all(gone)
}
