//! A queue over time, in a fixed number of steps that become longer as time goes on.

use serde::Serialize;

/// How many steps there are at most.
const MOST_STEPS: usize = 128;

/// How long a step is at first, in nanoseconds.
const FIRST_WIDTH: u64 = 100_000;

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

/// The steps from a moment on.
#[derive(Debug)]
pub struct Series {
    /// When the first step begins.
    pub from: u64,
    /// How long each step is.
    pub width: u64,
    steps: Vec<Step>,
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
        Series { from, width: FIRST_WIDTH, steps: Vec::new(), depth: (0, 0) }
    }

    /// The step of this moment. Steps in which nothing happened have the depth that was there.
    fn step(&mut self, at: u64) -> &mut Step {
        let since = at.saturating_sub(self.from);
        while since / self.width >= MOST_STEPS as u64 {
            self.steps =
                self.steps.chunks(2).map(|pair| pair.iter().fold(Step::default(), join)).collect();
            self.width *= 2;
        }
        let index = (since / self.width) as usize;
        let (messages, bytes) = self.depth;
        let quiet = Step { messages, bytes, ..Step::default() };
        while self.steps.len() <= index {
            self.steps.push(quiet);
        }
        &mut self.steps[index]
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
        let most = self.steps.iter().fold(Step::default(), join);
        (most.messages, most.bytes)
    }

    /// All steps, up to a moment.
    pub fn report(&mut self, until: u64) -> SeriesReport {
        self.step(until);
        let column = |of: fn(&Step) -> u64| self.steps.iter().map(of).collect();
        SeriesReport {
            from: self.from as f64 / 1e9,
            step: self.width as f64 / 1e9,
            sent: column(|step| step.sent),
            received: column(|step| step.received),
            messages: column(|step| step.messages),
            bytes: column(|step| step.bytes),
        }
    }
}

fn join(first: Step, second: &Step) -> Step {
    Step {
        sent: first.sent + second.sent,
        received: first.received + second.received,
        messages: first.messages.max(second.messages),
        bytes: first.bytes.max(second.bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_goes_on_the_steps_stay_few_and_nothing_is_lost() {
        let mut series = Series::new(1_000);
        for second in 0..1000u64 {
            let at = 1_000 + second * 1_000_000_000;
            series.sent(at);
            series.depth(at, second % 10, 0);
        }
        let report = series.report(1_001_000_000_000);
        assert!(report.sent.len() <= MOST_STEPS && report.sent.len() > MOST_STEPS / 2);
        assert_eq!(report.sent.iter().sum::<u64>(), 1000);
        assert_eq!(series.most(), (9, 0));
    }

    #[test]
    fn a_depth_lasts_until_it_changes() {
        let mut series = Series::new(0);
        series.depth(0, 3, 30);
        let report = series.report(FIRST_WIDTH * 4);
        assert_eq!(report.messages, [3, 3, 3, 3, 3]);
    }
}
