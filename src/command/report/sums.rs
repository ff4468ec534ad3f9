//! Sums over messages: how many, how large, and how long they lay in their queue.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::Hash;

/// How many histograms there may be. Each takes a few kilobytes.
const MOST_HISTOGRAMS: usize = 8000;

/// Decimal digits to which a histogram is exact.
const DIGITS: u8 = 2;

/// Times, in nanoseconds: their count, their highest, and where there is room a histogram.
#[derive(Debug, Default)]
pub struct Times {
    histogram: Option<Histogram<u32>>,
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The longest.
    pub max: u64,
}

/// What is still to be had of what is not given without end.
#[derive(Debug)]
pub struct Budget {
    histograms: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { histograms: MOST_HISTOGRAMS }
    }
}

impl Budget {
    /// Times that are given up leave room for others.
    pub fn take_back(&mut self, times: &Times) {
        self.histograms += usize::from(times.histogram.is_some());
    }
}

impl Times {
    /// Adds one.
    pub fn add(&mut self, nanoseconds: u64, budget: &mut Budget) {
        if self.count == 0 && budget.histograms > 0 {
            self.histogram = Histogram::new(DIGITS).ok();
            budget.histograms -= usize::from(self.histogram.is_some());
        }
        self.count += 1;
        self.sum = self.sum.saturating_add(nanoseconds);
        self.max = self.max.max(nanoseconds);
        if let Some(histogram) = &mut self.histogram {
            // It grows as needed, up to any number.
            let _ = histogram.record(nanoseconds);
        }
    }

    /// The time that so many percent do not exceed, in nanoseconds.
    pub fn percentile(&self, percent: f64) -> Option<u64> {
        let histogram = self.histogram.as_ref().filter(|_| self.count > 0)?;
        Some(histogram.value_at_percentile(percent).min(self.max))
    }

    /// What is said of them.
    pub fn quantiles(&self) -> Option<Quantiles> {
        let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
        let at = |percent| self.percentile(percent).map(seconds);
        (self.count > 0).then(|| Quantiles {
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            max: seconds(self.max),
        })
    }
}

/// Quantiles of times, in seconds. Null where there was no room for a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Quantiles {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
    pub max: f64,
}

/// A table of at most so many rows. What finds no place is summed up in one more.
#[derive(Debug)]
pub struct Capped<K, V> {
    rows: HashMap<K, V>,
    most: usize,
    /// What found no place.
    pub rest: V,
}

impl<K: Hash + Eq, V: Default> Capped<K, V> {
    /// An empty table.
    pub fn new(most: usize) -> Capped<K, V> {
        Capped { rows: HashMap::new(), most, rest: V::default() }
    }

    /// The row of this key, or the one for the rest.
    pub fn row(&mut self, key: K) -> &mut V {
        if self.rows.len() >= self.most && !self.rows.contains_key(&key) {
            return &mut self.rest;
        }
        self.rows.entry(key).or_default()
    }

    /// All rows but the rest.
    pub fn rows(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_times_to_a_hundredth() {
        let mut times = Times::default();
        let mut budget = Budget::default();
        (1..=1000u64).for_each(|number| times.add(number * 1000, &mut budget));
        let near = |percent, expected: f64| {
            let found = times.percentile(percent).unwrap() as f64;
            assert!((found / expected - 1.0).abs() < 0.02, "{percent}: {found}, not {expected}");
        };
        near(50.0, 500_000.0);
        near(90.0, 900_000.0);
        near(99.0, 990_000.0);
        assert_eq!(times.quantiles().unwrap().max, 0.001);
    }

    #[test]
    fn without_room_for_a_histogram_the_longest_is_still_known() {
        let mut times = Times::default();
        times.add(5, &mut Budget { histograms: 0 });
        let quantiles = times.quantiles().unwrap();
        assert_eq!((quantiles.p50, quantiles.max), (None, 5e-9));
    }

    #[test]
    fn a_full_table_sums_up_the_rest() {
        let mut table: Capped<u32, u32> = Capped::new(2);
        for key in [1, 2, 3, 1, 4] {
            *table.row(key) += 1;
        }
        assert_eq!((table.rows.get(&1), table.rows.get(&3), table.rest), (Some(&2), None, 2));
    }
}
