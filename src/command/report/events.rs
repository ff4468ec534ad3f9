//! What a recording tells, as events: calls, and what else is known of processes and queues. All
//! times are nanoseconds since the recording was made.

use crate::command::recording::follower::Told;
use crate::command::recording::time::Scale;
use crate::command::show::structures::QueueData;
use crate::command::terminal::is_command;
use libc::{IPC_NOWAIT, MSG_COPY, MSG_EXCEPT, MSG_NOERROR};
use msgq::trace::format::Kind;
use msgq::trace::record::Record;
use std::ops::Deref;

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call began; what came of it stands in it, if it ever returned.
    Call(Call),
    /// A call that had been told as one that waits has returned after all: it did so while the
    /// recording was read.
    Late(Call),
    /// A process began a program, or was forked.
    Began(Began),
    /// The process of this id was seen to have ended.
    Exit(u32, u64),
    /// A thread of a process was seen to have ended.
    ThreadExit(u32, u32, u64),
    /// A queue was there when the recording began (`Kind::Queue`) or ended (`Kind::Left`).
    Queue(Kind, u64, i32, Box<QueueData>),
    /// Those are all queues that were there.
    AllQueues(Kind, u64),
}

/// A process that began a program, or was forked.
#[derive(Clone, Debug)]
pub struct Began {
    /// Its id.
    pub process: u32,
    /// When.
    pub at: u64,
    /// Whether it was forked.
    pub forked: bool,
    /// The program's name, as far as it is known: at most 15 bytes.
    pub name: String,
    /// The namespace of process ids that it is in.
    pub namespace: u64,
}

/// A call: its record, with times in nanoseconds since the recording was made.
#[derive(Clone, Debug)]
pub struct Call(pub Record);

impl Deref for Call {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.0
    }
}

/// Which call it is: a thread makes one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId {
    /// When it began.
    pub entered: u64,
    /// The thread.
    pub thread: u32,
}

impl Call {
    /// Which call it is.
    pub fn id(&self) -> CallId {
        CallId { entered: self.entered, thread: self.thread }
    }

    /// When it returned.
    pub fn end(&self) -> Option<u64> {
        self.returned.map(|(at, _)| at)
    }

    /// Its result, where it succeeded.
    pub fn result(&self) -> Option<i64> {
        self.returned.and_then(|(_, outcome)| outcome.ok())
    }

    /// Its errno, where it failed.
    pub fn errno(&self) -> Option<i32> {
        self.returned.and_then(|(_, outcome)| outcome.err()).map(|error| error.0)
    }

    /// Whether it has these flags.
    pub fn has(&self, flags: i32) -> bool {
        self.flags & flags != 0
    }

    /// Whether it may wait: a msgsnd or msgrcv without IPC_NOWAIT.
    pub fn may_wait(&self) -> bool {
        matches!(self.kind, Kind::Send | Kind::Receive) && !self.has(IPC_NOWAIT)
    }

    /// Which messages a msgrcv asks for.
    pub fn selector(&self) -> Selector {
        match self.msgtyp {
            0 => Selector::Any,
            msgtyp if msgtyp < 0 => Selector::UpTo(msgtyp.saturating_neg()),
            msgtyp if self.has(MSG_EXCEPT) => Selector::Except(msgtyp),
            msgtyp => Selector::Exact(msgtyp),
        }
    }

    /// Whether it is a msgrcv that takes the message out of its queue. (MSG_COPY leaves it there.)
    pub fn takes(&self) -> bool {
        self.kind == Kind::Receive && !self.has(MSG_COPY)
    }

    /// Whether a received message may have been longer than what was received of it.
    pub fn may_be_cut(&self) -> bool {
        self.has(MSG_NOERROR) && self.result() == i64::try_from(self.msgsz).ok()
    }
}

/// Which messages a msgrcv asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// The oldest message.
    Any,
    /// The oldest of this type.
    Exact(i64),
    /// The oldest of another type.
    Except(i64),
    /// The oldest of the lowest type, up to this one.
    UpTo(i64),
}

impl Selector {
    /// Whether it would take a message of this type.
    pub fn takes(self, mtype: i64) -> bool {
        match self {
            Selector::Any => true,
            Selector::Exact(wanted) => mtype == wanted,
            Selector::Except(unwanted) => mtype != unwanted,
            Selector::UpTo(most) => mtype <= most,
        }
    }

    /// A message that it would take, in words.
    pub fn words(self) -> String {
        match self {
            Selector::Any => "message".to_string(),
            Selector::Exact(mtype) => format!("message of type {mtype}"),
            Selector::Except(mtype) => format!("message of a type other than {mtype}"),
            Selector::UpTo(mtype) => format!("message of a type up to {mtype}"),
        }
    }
}

impl Event {
    /// What is told, as an event. Nothing where it tells nothing new.
    pub fn of(told: Told, scale: &Scale) -> Option<Event> {
        let (mut record, late) = match told {
            Told::Waits(record) | Told::Returned(record, false) | Told::Never(record, false) => {
                (record, false)
            }
            Told::Returned(record, true) => (record, true),
            // Told as waiting before.
            Told::Never(_, true) => return None,
        };
        record.entered = scale.since_made(record.entered);
        if let Some((at, _)) = &mut record.returned {
            *at = scale.since_made(*at).max(record.entered);
        }
        let Record { kind, process, entered: at, object, .. } = record;
        Some(match kind {
            Kind::Program | Kind::Fork => Event::Began(Began {
                process,
                at,
                forked: kind == Kind::Fork,
                // It may be anything; a terminal must not take it for orders.
                name: String::from_utf8_lossy(&record.bytes).replace(is_command, "?"),
                namespace: record.namespace(),
            }),
            Kind::Exit => Event::Exit(process, at),
            Kind::ThreadExit => Event::ThreadExit(process, record.thread, at),
            Kind::Queue | Kind::Left if object < 0 => Event::AllQueues(kind, at),
            Kind::Queue | Kind::Left => {
                Event::Queue(kind, at, object, Box::new(QueueData::read(&record.bytes)?))
            }
            Kind::More | Kind::Unused => return None,
            _ if late => Event::Late(Call(record)),
            _ => Event::Call(Call(record)),
        })
    }

    /// The process that still did something at this moment, or later.
    pub fn lives_at(&self, moment: u64) -> Option<u32> {
        match self {
            Event::Call(call) | Event::Late(call) => {
                let last = call.end().unwrap_or(call.entered);
                (last >= moment).then_some(call.process)
            }
            Event::Began(began) => (began.at >= moment).then_some(began.process),
            _ => None,
        }
    }

    /// The same as it was known at a moment; nothing where it had not happened.
    pub fn known_at(mut self, moment: u64) -> Option<Event> {
        if self.at() >= moment {
            return None;
        }
        if let Event::Call(Call(record)) = &mut self
            && record.returned.is_some_and(|(at, _)| at >= moment)
        {
            record.returned = None;
            record.mtype = None;
            record.bytes.clear();
        }
        Some(self)
    }

    /// When it happened.
    pub fn at(&self) -> u64 {
        match self {
            Event::Call(call) => call.entered,
            Event::Late(call) => call.end().unwrap_or(call.entered),
            Event::Began(began) => began.at,
            Event::Exit(_, at)
            | Event::ThreadExit(.., at)
            | Event::Queue(_, at, ..)
            | Event::AllQueues(_, at) => *at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::report::samples::receive;

    #[test]
    fn what_came_after_a_moment_was_not_known_then() {
        let call = |entered, returned| {
            Event::Call(receive(1, entered, returned, 5, b"x")).known_at(100).map(|event| {
                match event {
                    Event::Call(call) => (call.end(), call.mtype),
                    _ => unreachable!("a call"),
                }
            })
        };
        assert_eq!(call(10, 99), Some((Some(99), Some(5))));
        assert_eq!(call(10, 100), Some((None, None)));
        assert_eq!(call(100, 101), None);
    }

    #[test]
    fn a_name_is_nothing_that_a_terminal_obeys() {
        let mut record = receive(1, 10, 20, 0, b"a\x1b[2J\n\xff\xc2\x9b\xe2\x80\xaeb").0;
        record.kind = Kind::Program;
        let told = Told::Returned(record, false);
        match Event::of(told, &Scale::in_nanoseconds(0)) {
            Some(Event::Began(began)) => assert_eq!(began.name, "a?[2J?\u{fffd}??b"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_receive_asks_for_is_read_as_the_kernel_reads_it() {
        let selector = |msgtyp, flags| {
            let mut call = receive(1, 0, 1, 5, b"");
            call.0.msgtyp = msgtyp;
            call.0.flags = flags;
            call.selector()
        };
        assert_eq!(selector(0, MSG_EXCEPT), Selector::Any, "MSG_EXCEPT means nothing with 0");
        assert_eq!(selector(7, 0), Selector::Exact(7));
        assert_eq!(selector(7, MSG_EXCEPT), Selector::Except(7));
        assert_eq!(selector(-7, MSG_EXCEPT), Selector::UpTo(7));
        assert_eq!(selector(i64::MIN, 0), Selector::UpTo(i64::MAX));
        assert!(Selector::UpTo(7).takes(7) && !Selector::UpTo(7).takes(8));
        assert!(Selector::Except(7).takes(8) && !Selector::Except(7).takes(7));
    }
}
