//! Showing what a recording tells: as lines, as JSON, as a table.

pub mod json;
pub mod names;
pub mod structures;
pub mod summary;
pub mod text;

use crate::command::recording::follower::Told;
use crate::command::recording::live::Losses;
use crate::command::recording::time::Scale;
use msgq::trace::format::{Kind, Record};
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

/// The id of the queue that a call is about; nothing for a msgget that gave none.
pub fn queue(record: &Record) -> Option<i32> {
    match (record.kind, &record.returned) {
        (Kind::Get, Some((_, Ok(id)))) => Some(*id as i32),
        (Kind::Get, _) => None,
        _ => Some(record.object),
    }
}

#[cfg(test)]
pub mod samples {
    //! Records for the tests of what is shown.

    use super::*;
    use msgq::trace::call::Outcome;

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
            bytes: Vec::new(),
        }
    }
}
