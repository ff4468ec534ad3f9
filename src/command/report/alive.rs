//! Which processes of a recording still live, where that can be told: a recording may be read while
//! it is written, or long after, or on another machine.

use super::process::Process;
use crate::command::recording::file::RecordingFile;
use msgq::os;
use std::fs;

/// Nanoseconds that the start of the machine may seem to differ by when it is worked out twice.
const SAME_START: u64 = 60_000_000_000;

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
}

impl Alive {
    /// How this recording stands to now.
    pub fn of(file: &RecordingFile) -> Alive {
        let monotonic = os::nanoseconds(libc::CLOCK_MONOTONIC);
        let started = os::nanoseconds(libc::CLOCK_REALTIME).saturating_sub(monotonic);
        let started_then = file.made_realtime.saturating_sub(file.made.monotonic);
        let is_same_start = started.abs_diff(started_then) < SAME_START;
        Alive {
            namespace: if is_same_start { os::process_namespace() } else { 0 },
            made: file.made.monotonic,
            asleep: os::nanoseconds(libc::CLOCK_BOOTTIME).saturating_sub(monotonic),
        }
    }

    /// Nothing can be told of anybody.
    #[cfg(test)]
    pub fn unknown() -> Alive {
        Alive { namespace: 0, made: 0, asleep: 0 }
    }

    /// Until when the recording tells what happens, where somebody in it lives: nanoseconds since it
    /// was made. `kept`: when a command brought it up to date.
    pub fn now(&self, kept: Option<u64>) -> u64 {
        let until = kept.unwrap_or_else(|| os::nanoseconds(libc::CLOCK_MONOTONIC));
        until.saturating_sub(self.made)
    }

    /// Whether a process lives; nothing where that cannot be told.
    pub fn process(&self, process: &Process) -> Option<bool> {
        if self.namespace == 0 || process.namespace != self.namespace {
            return None;
        }
        // A process that started later only has the same id.
        let seen = (self.made + process.since + self.asleep) / TICK + 1;
        let is_same = os::started(process.id) <= seen;
        Some(is_same && threads(process.id).any(|thread| self.thread(process, thread)))
    }

    /// Whether a thread of a process that lives does so, too.
    pub fn thread(&self, process: &Process, thread: u32) -> bool {
        os::thread_state(process.id, thread).is_some_and(|(state, _)| !b"ZX".contains(&state))
    }
}

/// The threads of a process.
fn threads(process: u32) -> impl Iterator<Item = u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok())
}
