//! All of the recording in steps of time: what the page shows where it does not have each call.

use crate::command::report::events::Call;
use crate::command::report::observer::DepthSample;
use crate::command::report::steps::{Step, Steps};
use msgq::trace::format::Kind;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// How many steps there are at most.
const MOST_STEPS: usize = 512;

/// How many processes have steps, and how many queues: those that were seen first.
const MOST_ROWS: usize = 1_000;

/// What a process did in a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Busy {
    /// Calls that returned.
    calls: u32,
    /// How many of them failed.
    failed: u32,
    /// How long it was in msgsnd, in msgrcv and in other calls, summed over its threads: nanoseconds.
    time: [u64; 3],
}

/// The most that a queue held in a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    messages: u64,
    bytes: u64,
}

/// All of it.
#[derive(Default)]
pub struct Overview {
    processes: BTreeMap<usize, Steps<Busy>>,
    queues: BTreeMap<i32, (Steps<Level>, Level)>,
}

/// The same, for the page: a row of numbers for each step. Times are nanoseconds.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct OverviewReport<'a> {
    pub processes: Vec<BusyReport<'a>>,
    pub queues: Vec<LevelReport<'a>>,
}

/// A process, by its number.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct BusyReport<'a> {
    pub process: usize,
    pub step: u64,
    pub steps: &'a [Busy],
}

/// A queue, by its id.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct LevelReport<'a> {
    pub queue: i32,
    pub step: u64,
    pub steps: &'a [Level],
}

impl Step for Busy {
    fn join(&self, next: &Busy) -> Busy {
        Busy {
            calls: self.calls.saturating_add(next.calls),
            failed: self.failed.saturating_add(next.failed),
            time: std::array::from_fn(|kind| self.time[kind] + next.time[kind]),
        }
    }
}

// Names of fields would be most of what the page has of them.
impl Serialize for Busy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.calls, self.failed, self.time).serialize(serializer)
    }
}

impl Step for Level {
    fn join(&self, next: &Level) -> Level {
        Level { messages: self.messages.max(next.messages), bytes: self.bytes.max(next.bytes) }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.messages, self.bytes).serialize(serializer)
    }
}

/// Whether a table has a row, or room for one.
fn has_room<K: Ord, V>(rows: &BTreeMap<K, V>, key: &K) -> bool {
    rows.len() < MOST_ROWS || rows.contains_key(key)
}

impl Overview {
    /// A call of the process of this number returned, or never will.
    pub fn call(&mut self, process: usize, call: &Call) {
        if !has_room(&self.processes, &process) {
            return;
        }
        let steps = self.processes.entry(process).or_insert_with(|| Steps::new(0, MOST_STEPS));
        let kind = match call.kind {
            Kind::Send => 0,
            Kind::Receive => 1,
            _ => 2,
        };
        let end = call.end().unwrap_or(call.entered);
        let quiet = Busy::default();
        steps.over(call.entered, end, &quiet, |step, part| step.time[kind] += part);
        let step = steps.at(end, &quiet);
        let failed = u32::from(call.errno().is_some());
        *step = step.join(&Busy { calls: 1, failed, time: [0; 3] });
    }

    /// A queue holds more or less than before.
    pub fn depth(&mut self, sample: &DepthSample) {
        if !has_room(&self.queues, &sample.queue) {
            return;
        }
        let empty = || (Steps::new(0, MOST_STEPS), Level::default());
        let (steps, now) = self.queues.entry(sample.queue).or_insert_with(empty);
        let next = Level { messages: sample.messages, bytes: sample.bytes };
        let step = steps.at(sample.at, now);
        *step = step.join(&next);
        *now = next;
    }

    /// All of it.
    pub fn report(&self) -> OverviewReport<'_> {
        let processes = self.processes.iter().map(|(process, steps)| BusyReport {
            process: *process,
            step: steps.width,
            steps: steps.all(),
        });
        let queues = self.queues.iter().map(|(queue, (steps, _))| LevelReport {
            queue: *queue,
            step: steps.width,
            steps: steps.all(),
        });
        OverviewReport { processes: processes.collect(), queues: queues.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::report::samples::{QUEUE, failed, receive, send};
    use serde_json::json;

    #[test]
    fn a_long_call_is_in_all_the_steps_that_it_took() {
        let mut overview = Overview::default();
        overview.call(3, &failed(receive(1, 50_000, 250_000, 1, b""), libc::EINTR));
        overview.call(3, &send(1, 250_000, 260_000, 1, b""));
        let steps =
            json!([[0, 0, [0, 50_000, 0]], [0, 0, [0, 100_000, 0]], [2, 1, [10_000, 50_000, 0]]]);
        let expected = json!([{"process": 3, "step": 100_000, "steps": steps}]);
        assert_eq!(serde_json::to_value(overview.report().processes).unwrap(), expected);
    }

    #[test]
    fn a_queue_keeps_its_depth_until_it_changes() {
        let mut overview = Overview::default();
        let sample = |at, messages| DepthSample { queue: QUEUE, key: None, at, messages, bytes: 0 };
        overview.depth(&sample(0, 2));
        overview.depth(&sample(250_000, 1));
        overview.depth(&sample(350_000, 0));
        let expected =
            json!([{"queue": QUEUE, "step": 100_000, "steps": [[2, 0], [2, 0], [2, 0], [1, 0]]}]);
        assert_eq!(serde_json::to_value(overview.report().queues).unwrap(), expected);
    }
}
