//! A queue over time.

use super::steps::{Step as _, Steps};
use serde::Serialize;

/// How many steps there are at most.
const MOST_STEPS: usize = 128;

/// What happened in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Messages sent.
    pub sent: u64,
    /// Messages received.
    pub received: u64,
    /// The most messages in the queue.
    pub messages: u64,
    /// The most bytes in the queue.
    pub bytes: u64,
}

impl super::steps::Step for Step {
    fn join(&self, next: &Step) -> Step {
        Step {
            sent: self.sent + next.sent,
            received: self.received + next.received,
            messages: self.messages.max(next.messages),
            bytes: self.bytes.max(next.bytes),
        }
    }
}

/// The steps from a moment on.
#[derive(Debug)]
pub struct Series {
    steps: Steps<Step>,
    /// The last depth: messages, bytes.
    depth: (u64, u64),
}

/// A series, for JSON.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct SeriesReport {
    pub from: f64,
    pub step: f64,
    pub sent: Vec<u64>,
    pub received: Vec<u64>,
    pub messages: Vec<u64>,
    pub bytes: Vec<u64>,
}

impl Series {
    /// An empty one.
    pub fn new(from: u64) -> Series {
        Series { steps: Steps::new(from, MOST_STEPS), depth: (0, 0) }
    }

    /// The step of this moment. Steps in which nothing happened have the depth that was there.
    fn step(&mut self, at: u64) -> &mut Step {
        let (messages, bytes) = self.depth;
        self.steps.at(at, &Step { messages, bytes, ..Step::default() })
    }

    /// A message was sent.
    pub fn sent(&mut self, at: u64) {
        self.step(at).sent += 1;
    }

    /// A message was received.
    pub fn received(&mut self, at: u64) {
        self.step(at).received += 1;
    }

    /// The queue holds so much from now on.
    pub fn depth(&mut self, at: u64, messages: u64, bytes: u64) {
        let step = self.step(at);
        step.messages = step.messages.max(messages);
        step.bytes = step.bytes.max(bytes);
        self.depth = (messages, bytes);
    }

    /// The most messages and bytes that it held.
    pub fn most(&self) -> (u64, u64) {
        let most = self.steps.all().iter().fold(Step::default(), |most, step| most.join(step));
        (most.messages, most.bytes)
    }

    /// All steps, up to a moment.
    pub fn report(&mut self, until: u64) -> SeriesReport {
        self.step(until);
        let column = |of: fn(&Step) -> u64| self.steps.all().iter().map(of).collect();
        SeriesReport {
            from: self.steps.from as f64 / 1e9,
            step: self.steps.width as f64 / 1e9,
            sent: column(|step| step.sent),
            received: column(|step| step.received),
            messages: column(|step| step.messages),
            bytes: column(|step| step.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_lasts_until_it_changes() {
        let mut series = Series::new(0);
        series.depth(0, 3, 30);
        let width = series.steps.width;
        let report = series.report(width * 4);
        assert_eq!(report.messages, [3, 3, 3, 3, 3]);
        series.depth(width * 5, 9, 0);
        assert_eq!(series.most(), (9, 30));
    }
}
