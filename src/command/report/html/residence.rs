//! How long messages lay in their queue, as histograms: per queue, and per type of each.

use crate::command::report::observer::Link;
use crate::command::report::sums::Capped;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many histograms there are.
const MOST_HISTOGRAMS: usize = 4_000;

/// How many bars there are from a time to its double.
const BARS: f64 = 4.0;

/// All histograms.
pub struct Residence {
    histograms: Capped<(i32, Option<i64>), Histogram>,
}

/// How many messages lay for how long: by the number of the bar.
#[derive(Debug, Default)]
struct Histogram(BTreeMap<i16, u64>);

/// A histogram, for the page. `bars`: a number, and a count: of the times from 2^(number/4)
/// nanoseconds on, up to the next bar. -1: no time at all. `mtype` is a text, as the largest are no numbers
/// of JavaScript's.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct HistogramReport {
    pub queue: i32,
    pub mtype: Option<String>,
    pub bars: Vec<(i16, u64)>,
}

impl Default for Residence {
    fn default() -> Residence {
        Residence { histograms: Capped::new(MOST_HISTOGRAMS) }
    }
}

impl Histogram {
    fn add(&mut self, nanoseconds: u64) {
        let bar = match nanoseconds {
            0 => -1,
            nanoseconds => ((nanoseconds as f64).log2() * BARS) as i16,
        };
        *self.0.entry(bar).or_default() += 1;
    }
}

impl Residence {
    /// A message was received.
    pub fn add(&mut self, link: &Link) {
        let residence = link.residence();
        for mtype in [None, Some(link.mtype)] {
            self.histograms.row((link.queue, mtype)).add(residence);
        }
    }

    /// All histograms; of each queue first that of all its messages.
    pub fn report(&self) -> Vec<HistogramReport> {
        let mut rows: Vec<_> = self.histograms.rows().collect();
        rows.sort_by_key(|(key, _)| **key);
        let report = |((queue, mtype), histogram): (&(i32, Option<i64>), &Histogram)| {
            let bars = histogram.0.iter().map(|(bar, count)| (*bar, *count)).collect();
            HistogramReport { queue: *queue, mtype: mtype.map(|mtype| mtype.to_string()), bars }
        };
        rows.into_iter().map(report).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stands_in_the_bar_that_begins_before_it() {
        let mut histogram = Histogram::default();
        [0, 1, 1024, 1100, 1300].into_iter().for_each(|time| histogram.add(time));
        let bars: Vec<(i16, u64)> = histogram.0.into_iter().collect();
        assert_eq!(bars, [(-1, 1), (0, 1), (40, 2), (41, 1)]);
    }
}
