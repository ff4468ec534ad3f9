//! Showing what a recording tells: as lines, as JSON, as a table.

pub mod json;
pub mod names;
pub mod output;
pub mod structures;
pub mod summary;
pub mod text;

use crate::command::recording::follower::Told;
use crate::command::recording::live::Losses;
use crate::command::recording::time::Scale;
use libc::{IPC_INFO, MSG_INFO, MSG_STAT};
use msgq::trace::call::MSG_STAT_ANY;
use msgq::trace::format::Kind;
use msgq::trace::record::Record;
use std::io;

/// A way to show calls.
pub trait Show {
    /// Shows something about one call.
    fn show(&mut self, told: &Told, scale: &Scale) -> io::Result<()>;

    /// Lets what was shown be seen.
    fn flush(&mut self) -> io::Result<()>;

    /// Shows what there is to show at the end.
    fn end(&mut self, losses: Losses) -> io::Result<()>;
}

/// Which calls to show. An empty list stands for all.
#[derive(Default)]
pub struct Filter {
    /// These calls.
    pub calls: Vec<Kind>,
    /// Calls on the queues with these ids.
    pub queues: Vec<i32>,
}

impl Filter {
    /// Whether this record is of a call to show.
    pub fn takes(&self, record: &Record) -> bool {
        names::call(record.kind).is_some()
            && (self.calls.is_empty() || self.calls.contains(&record.kind))
            && (self.queues.is_empty()
                || queue(record).is_some_and(|queue| self.queues.contains(&queue)))
    }
}

/// The id of the queue that a call is about; nothing where it is about none, or did not find one.
pub fn queue(record: &Record) -> Option<i32> {
    let result = match record.returned {
        Some((_, Ok(result))) => Some(result as i32),
        _ => None,
    };
    match (record.kind, record.flags) {
        (Kind::Get, _) | (Kind::Control, MSG_STAT | MSG_STAT_ANY) => result,
        (Kind::Control, IPC_INFO | MSG_INFO) => None,
        _ => Some(record.object),
    }
}

/// The length in bytes of the message that a call is about: what msgsnd was given, what msgrcv got.
pub fn message_length(record: &Record) -> u64 {
    match (record.kind, record.returned) {
        (Kind::Receive, Some((_, Ok(length)))) => length as u64,
        _ => record.msgsz,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use msgq::errno::Errno;

    #[test]
    fn a_call_is_about_the_queue_that_it_names_or_found() {
        let control = |cmd, outcome| queue(&samples::call(Kind::Control, 7, cmd, outcome));
        assert_eq!(queue(&samples::call(Kind::Send, 7, 0, Err(Errno(libc::EAGAIN)))), Some(7));
        assert_eq!(queue(&samples::call(Kind::Get, 7, 0, Ok(5))), Some(5));
        assert_eq!(queue(&samples::call(Kind::Get, 7, 0, Err(Errno(libc::ENOENT)))), None);
        assert_eq!(control(libc::IPC_RMID, Ok(0)), Some(7));
        assert_eq!(control(MSG_STAT, Ok(32775)), Some(32775), "7 is an index");
        assert_eq!(control(MSG_STAT_ANY, Err(Errno(libc::EINVAL))), None);
        assert_eq!(control(MSG_INFO, Ok(3)), None, "the argument means nothing");
    }
}

#[cfg(test)]
pub mod samples {
    //! Records for the tests of what is shown.

    use super::*;
    use msgq::trace::call::{Injected, Outcome};

    /// A scale whose ticks are nanoseconds since the recording was made.
    pub fn scale() -> Scale {
        Scale::in_nanoseconds(1_700_000_000_000_000_000)
    }

    /// A call by process 4242, begun after 123 microseconds, that took 3.
    pub fn call(kind: Kind, object: i32, flags: i32, outcome: Outcome) -> Record {
        Record {
            kind,
            process: 4242,
            thread: 4242,
            entered: 123_000,
            returned: Some((126_000, outcome)),
            object,
            flags,
            msgsz: 0,
            msgtyp: 0,
            address: 0x7f00,
            mtype: None,
            number: 0,
            bytes: Vec::new(),
            injected: Injected::default(),
        }
    }
}
