//! Which processes of a recording still live, where that can be told: a recording may be read while
//! it is written, or long after, or on another machine.

use super::process::Process;
use crate::command::recording::file::{Counters, RecordingFile};
use msgq::os;
use msgq::trace::format::BEING_KEPT;
use std::collections::HashSet;
use std::fs;

/// Nanoseconds in one of the kernel's ticks.
const TICK: u64 = 10_000_000;

/// How a recording's times and ids stand to those of now.
pub struct Alive {
    /// This command's namespace of process ids; 0 where the recording is of another start of the
    /// machine.
    namespace: u64,
    /// Nanoseconds of CLOCK_MONOTONIC when the recording was made.
    made: u64,
    /// Nanoseconds that the machine has slept since it started.
    asleep: u64,
    /// Whether a command keeps the recording now. It notes whoever ends.
    is_kept: bool,
    /// Those who did something after the moment that the report is of.
    seen_later: HashSet<u32>,
}

/// Nanoseconds after which a recording that was not brought up to date is not kept any more.
const NOT_KEPT: u64 = 3_000_000_000;

impl Alive {
    /// How this recording stands to now.
    pub fn of(file: &RecordingFile, counters: &Counters) -> Alive {
        let monotonic = os::nanoseconds(libc::CLOCK_MONOTONIC);
        let seen_later = HashSet::new();
        let is_recent = monotonic.saturating_sub(counters.kept) < NOT_KEPT;
        Alive {
            seen_later,
            is_kept: file.is_of_this_start() && counters.keeping == BEING_KEPT && is_recent,
            namespace: if file.is_of_this_start() { os::process_namespace() } else { 0 },
            made: file.made.monotonic,
            asleep: os::nanoseconds(libc::CLOCK_BOOTTIME).saturating_sub(monotonic),
        }
    }

    /// Nothing can be told of anybody.
    #[cfg(test)]
    pub fn unknown() -> Alive {
        Alive { namespace: 0, made: 0, asleep: 0, is_kept: false, seen_later: HashSet::new() }
    }

    /// A process did something after the moment that the report is of.
    pub fn seen_later(&mut self, process: u32) {
        self.seen_later.insert(process);
    }

    /// Whether a process lives; nothing where that cannot be told.
    pub fn process(&self, process: &Process) -> Option<bool> {
        if self.namespace == 0 || process.namespace != self.namespace {
            return None;
        }
        if self.is_kept || self.seen_later.contains(&process.id) {
            return Some(true);
        }
        // A process that started later only has the same id.
        let seen = self.made.saturating_add(process.since).saturating_add(self.asleep) / TICK + 1;
        let is_same = os::started(process.id) <= seen;
        Some(is_same && threads(process.id).any(|thread| lives(process.id, thread)))
    }
}

/// Whether a thread lives.
fn lives(process: u32, thread: u32) -> bool {
    os::thread_state(process, thread).is_some_and(|(state, _)| !b"ZX".contains(&state))
}

/// The threads of a process.
fn threads(process: u32) -> impl Iterator<Item = u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok())
}
