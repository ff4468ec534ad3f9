//! Calls that failed because of what became of their queue: EINVAL and EIDRM, explained.

use super::events::Call;
use super::life::Removed;
use super::model::Model;
use super::observer::Observer;
use super::sums::Capped;
use super::words::{bytes, moment};
use libc::{EIDRM, EINVAL, IPC_NOWAIT, IPC_RMID, IPC_SET, IPC_STAT, MSG_COPY, MSG_EXCEPT};
use msgq::trace::call::MSG_STAT_ANY;
use msgq::trace::format::Kind;

/// How many explanations there may be.
const MOST_FAILURES: usize = 1000;

/// What failures are told as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The process's number.
    pub process: usize,
    /// The queue's id, as it was given.
    pub queue: i32,
    /// Which call.
    pub kind: Kind,
    /// The error.
    pub errno: i32,
    /// What it comes from.
    pub reason: Reason,
}

/// What a failure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A hook or an injected fault.
    Injected,
    /// The id is negative.
    NegativeId,
    /// The size is.
    NegativeSize,
    /// The message is longer than msgmax.
    TooLong,
    /// The message's type is none.
    NoType,
    /// MSG_COPY with what does not go with it.
    CopyFlags,
    /// MSG_COPY found a message longer than the caller's memory.
    CopyTooLong,
    /// The command of msgctl is none.
    NoCommand,
    /// IPC_SET names an owner that cannot be.
    Owner,
    /// The queue is not there.
    Queue,
}

/// Failures of one sort.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// How many there were.
    pub count: u64,
    /// When the first one returned.
    pub first: u64,
    /// Why that one failed, in words.
    pub why: String,
    /// Whether the queue had been there and was removed.
    pub removed: bool,
}

/// All of them.
#[derive(Debug)]
pub struct Failures {
    /// By what they have in common.
    pub rows: Capped<Key, Failure>,
}

impl Default for Failures {
    fn default() -> Failures {
        Failures { rows: Capped::new(MOST_FAILURES) }
    }
}

impl<O: Observer> Model<'_, O> {
    /// Notes a failure that has to do with whether the queue is there.
    pub(super) fn note_failure(&mut self, call: &Call, process: usize) {
        let Some(errno) = call.errno().filter(|errno| matches!(*errno, EINVAL | EIDRM)) else {
            return;
        };
        // msgget names no queue, and MSG_STAT looks at one place after the other.
        let by_index = matches!(call.flags, libc::MSG_STAT | MSG_STAT_ANY);
        if call.kind == Kind::Get || call.kind == Kind::Control && by_index {
            return;
        }
        let reason = self.reason(call, errno);
        let key = Key { process, queue: call.object, kind: call.kind, errno, reason };
        let at = call.end().unwrap_or(call.entered);
        let row = self.failures.rows.row(key);
        row.count += 1;
        if row.count > 1 {
            return;
        }
        let (why, removed) = match self.argument(call, reason) {
            Some(why) => (why, false),
            None => self.absence(call, at),
        };
        let row = self.failures.rows.row(key);
        (row.first, row.why, row.removed) = (at, why, removed);
    }

    /// The reason, in the order in which the kernel looks.
    fn reason(&self, call: &Call, errno: i32) -> Reason {
        let negative = call.msgsz > i64::MAX as u64;
        let is_there = self.is_there(call.object);
        let copies = call.kind == Kind::Receive && call.has(MSG_COPY);
        match call.kind {
            _ if call.injected.answer => Reason::Injected,
            _ if errno == EIDRM => Reason::Queue,
            _ if call.object < 0 => Reason::NegativeId,
            Kind::Send | Kind::Receive if negative => Reason::NegativeSize,
            Kind::Send if self.known.msgmax.is_some_and(|msgmax| call.msgsz > msgmax) => {
                Reason::TooLong
            }
            Kind::Send if call.mtype.is_some_and(|mtype| mtype < 1) => Reason::NoType,
            _ if copies && (call.has(MSG_EXCEPT) || !call.has(IPC_NOWAIT)) => Reason::CopyFlags,
            _ if copies && is_there => Reason::CopyTooLong,
            Kind::Control if !matches!(call.flags, IPC_RMID | IPC_SET | IPC_STAT) => {
                Reason::NoCommand
            }
            Kind::Control if call.flags == IPC_SET && is_there => Reason::Owner,
            _ => Reason::Queue,
        }
    }

    /// What is wrong with the arguments, in words; nothing where nothing is.
    fn argument(&self, call: &Call, reason: Reason) -> Option<String> {
        let words = match reason {
            Reason::Injected => {
                "the queue was not asked: a hook or an injected fault answered in its stead"
            }
            Reason::NegativeId => {
                "a negative number is no queue; the msgget before it may have failed"
            }
            Reason::NegativeSize => "msgsz is negative",
            Reason::TooLong => {
                let msgmax = bytes(self.known.msgmax.unwrap_or_default());
                let msgsz = bytes(call.msgsz);
                return Some(format!("msgsz is {msgsz}, and a message may have {msgmax} (msgmax)"));
            }
            Reason::NoType => "mtype is not above 0",
            Reason::CopyFlags => "MSG_COPY needs IPC_NOWAIT, and does not go with MSG_EXCEPT",
            Reason::CopyTooLong => "the message that MSG_COPY found is longer than msgsz",
            Reason::NoCommand => "msgctl knows no such command",
            Reason::Owner => "an owner or a group that cannot be, such as -1",
            Reason::Queue => return None,
        };
        Some(words.to_string())
    }

    fn is_there(&self, id: i32) -> bool {
        self.queues.get(&id).is_some_and(|queue| queue.life.removed.is_none())
    }

    /// Why the queue of a call is not there, and whether it ever was.
    fn absence(&mut self, call: &Call, at: u64) -> (String, bool) {
        let id = call.object;
        if self.is_there(id) {
            self.removed_by_a_stranger(id, at);
            let who = "by somebody who is not in the recording";
            return (format!("the queue was removed {who}"), true);
        }
        match self.removed_ids.get(&id) {
            Some(Removed { at, process: Some(process) }) => {
                let who = self.processes.words(*process);
                (format!("the queue was removed by {who} at {}", moment(*at)), true)
            }
            Some(Removed { at, process: None }) => {
                let at = moment(*at);
                let who = "by somebody who is not in the recording";
                (format!("the queue was removed {who}, before {at}"), true)
            }
            None if call.errno() == Some(EIDRM) => {
                ("the queue was removed by somebody who is not in the recording".to_string(), true)
            }
            None => ("no queue had this id while it was recorded".to_string(), false),
        }
    }
}
