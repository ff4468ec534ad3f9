//! Calls that failed because of what became of their queue: EINVAL and EIDRM, explained.

use super::events::Call;
use super::life::Removed;
use super::model::Model;
use super::observer::Observer;
use super::sums::Capped;
use super::words::{bytes, moment};
use libc::{EIDRM, EINVAL, IPC_NOWAIT, MSG_COPY, MSG_EXCEPT};
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

/// Why a call failed.
enum Reason {
    /// Its arguments.
    Arguments(String),
    /// Its queue is not there.
    Queue,
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
        let key = Key { process, queue: call.object, kind: call.kind, errno };
        let at = call.end().unwrap_or(call.entered);
        let row = self.failures.rows.row(key);
        row.count += 1;
        if row.count > 1 {
            return;
        }
        let (why, removed) = match self.reason(call, errno) {
            Reason::Arguments(why) => (why, false),
            Reason::Queue => self.absence(call, at),
        };
        let row = self.failures.rows.row(key);
        (row.first, row.why, row.removed) = (at, why, removed);
    }

    fn reason(&self, call: &Call, errno: i32) -> Reason {
        let arguments = |why: &str| Reason::Arguments(why.to_string());
        let negative = call.msgsz > i64::MAX as u64;
        if errno == EIDRM {
            return Reason::Queue;
        }
        if call.object < 0 {
            return arguments(
                "a negative number is no queue; the msgget before it may have failed",
            );
        }
        match call.kind {
            Kind::Send if negative => arguments("msgsz is negative"),
            Kind::Send if self.known.msgmax.is_some_and(|msgmax| call.msgsz > msgmax) => {
                let msgmax = bytes(self.known.msgmax.unwrap_or_default());
                Reason::Arguments(format!(
                    "msgsz is {}, and a message may have {msgmax} (msgmax)",
                    bytes(call.msgsz)
                ))
            }
            Kind::Send if call.mtype.is_some_and(|mtype| mtype < 1) => {
                arguments("mtype is not above 0")
            }
            Kind::Receive if negative => arguments("msgsz is negative"),
            Kind::Receive
                if call.has(MSG_COPY) && (call.has(MSG_EXCEPT) || !call.has(IPC_NOWAIT)) =>
            {
                arguments("MSG_COPY needs IPC_NOWAIT, and does not go with MSG_EXCEPT")
            }
            Kind::Receive if call.has(MSG_COPY) && self.is_there(call.object) => {
                arguments("the message that MSG_COPY found is longer than msgsz")
            }
            Kind::Control if self.is_there(call.object) && is_odd(call.flags) => {
                arguments("msgctl knows no such command")
            }
            Kind::Control if call.flags == libc::IPC_SET && self.is_there(call.object) => {
                arguments("an owner or a group that cannot be, as -1")
            }
            _ => Reason::Queue,
        }
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

/// Whether this is none of the commands that name a queue by its id.
fn is_odd(cmd: i32) -> bool {
    use libc::{IPC_RMID, IPC_SET, IPC_STAT};
    !matches!(cmd, IPC_RMID | IPC_SET | IPC_STAT)
}
