//! From ticks of a recording's clock to time.

use super::file::RecordingFile;
use msgq::trace::clock::{Moment, rate};

/// Nanoseconds below which two moments are too close to tell the clock's rate from.
const SHORTEST: u64 = 20_000_000;

/// Turns ticks into nanoseconds since the recording was made. A later time is never the smaller one, also
/// where the clock's rate became known better between the two.
#[derive(Clone)]
pub struct Scale {
    made: Moment,
    made_realtime: u64,
    /// One after the other; each holds until the next begins.
    stretches: Vec<Stretch>,
}

/// A stretch of time in which the clock is taken to have one rate.
#[derive(Clone, Copy)]
struct Stretch {
    /// When it begins, in ticks.
    ticks: u64,
    /// The same in nanoseconds since the recording was made.
    since_made: u64,
    ticks_per_second: u64,
}

impl Scale {
    /// The scale of a recording, by the rate that was measured when it was made.
    pub fn new(file: &RecordingFile) -> Scale {
        Scale::from(file.made, file.made_realtime, file.ticks_per_second)
    }

    fn from(made: Moment, made_realtime: u64, ticks_per_second: u64) -> Scale {
        let first = Stretch { ticks: made.ticks, since_made: 0, ticks_per_second };
        Scale { made, made_realtime, stretches: vec![first] }
    }

    /// A scale by a clock whose rate needs no measuring.
    #[cfg(test)]
    pub fn in_nanoseconds(made_realtime: u64) -> Scale {
        Scale::from(Moment { ticks: 0, monotonic: 0 }, made_realtime, 1_000_000_000)
    }

    /// Takes the rate from a later moment, the later the more exact. No time has been told by the scale yet.
    pub fn measure(&mut self, later: Moment) {
        if self.elapsed_until(later) >= SHORTEST
            && let Some(rate) = rate(self.made, later)
        {
            self.stretches[0].ticks_per_second = rate;
        }
    }

    /// The same amid a recording: times before `later` stay what they are, and those after it come nearer to
    /// the truth, until they meet it when the recording is twice as old.
    pub fn refine(&mut self, later: Moment) {
        let elapsed = self.elapsed_until(later);
        let begun = self.since_made(later.ticks);
        let last = self.stretches.last().map_or(0, |last| last.since_made);
        if elapsed >= SHORTEST && begun >= 2 * last && rate(self.made, later).is_some() {
            let nanoseconds = (2 * elapsed).saturating_sub(begun).max(elapsed / 2);
            let ticks = later.ticks - self.made.ticks;
            let rate = u128::from(ticks) * 1_000_000_000 / u128::from(nanoseconds);
            let ticks_per_second = (rate as u64).max(1);
            self.stretches.push(Stretch {
                ticks: later.ticks,
                since_made: begun,
                ticks_per_second,
            });
        }
    }

    /// Nanoseconds of CLOCK_MONOTONIC since the recording was made.
    fn elapsed_until(&self, later: Moment) -> u64 {
        later.monotonic.saturating_sub(self.made.monotonic)
    }

    /// Nanoseconds between two readings of the clock.
    pub fn between(&self, from: u64, to: u64) -> u64 {
        self.since_made(to).saturating_sub(self.since_made(from))
    }

    /// Nanoseconds since the recording was made.
    pub fn since_made(&self, ticks: u64) -> u64 {
        let begun = |stretch: &&Stretch| stretch.ticks <= ticks;
        let Some(stretch) = self.stretches.iter().rev().find(begun) else { return 0 };
        let ticks = u128::from(ticks - stretch.ticks);
        let within = ticks * 1_000_000_000 / u128::from(stretch.ticks_per_second);
        stretch.since_made.saturating_add(within as u64)
    }

    /// Nanoseconds of CLOCK_REALTIME.
    pub fn realtime(&self, ticks: u64) -> u64 {
        self.made_realtime.saturating_add(self.since_made(ticks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Moment = Moment { ticks: 1_000, monotonic: 5_000 };

    fn scale(ticks_per_second: u64) -> Scale {
        Scale::from(MADE, 70, ticks_per_second)
    }

    /// So much later, by a clock with this rate.
    fn later(nanoseconds: u64, ticks_per_second: u64) -> Moment {
        let ticks = u128::from(nanoseconds) * u128::from(ticks_per_second) / 1_000_000_000;
        Moment { ticks: MADE.ticks + ticks as u64, monotonic: MADE.monotonic + nanoseconds }
    }

    #[test]
    fn ticks_become_nanoseconds_by_the_rate() {
        let scale = scale(2_000_000_000);
        assert_eq!(scale.since_made(3_000), 1_000);
        assert_eq!(scale.realtime(3_000), 1_070);
        assert_eq!(scale.between(9, 3), 0);
    }

    #[test]
    fn a_later_moment_corrects_the_rate_and_a_close_one_does_not() {
        let mut scale = scale(1_000_000_000);
        scale.measure(later(SHORTEST - 1, 3_000_000_000));
        assert_eq!(scale.since_made(MADE.ticks + 3_000), 3_000);
        scale.measure(later(SHORTEST, 3_000_000_000));
        assert_eq!(scale.since_made(MADE.ticks + 3_000), 1_000);
    }

    #[test]
    fn a_better_rate_leaves_past_times_alone_and_turns_no_two_round() {
        // The measured rates are wrong by up to the half.
        for measured in [1_000_000_000, 1_990_000_000, 2_000_000_000, 2_010_000_000, 3_900_000_000]
        {
            let mut scale = scale(measured);
            let mut told: Vec<(u64, u64)> = Vec::new();
            for millisecond in 1..=5_000 {
                let moment = later(millisecond * 1_000_000, 2_000_000_000);
                scale.refine(moment);
                for (ticks, time) in &told {
                    assert_eq!(scale.since_made(*ticks), *time, "{measured}, {millisecond} ms");
                }
                let time = scale.since_made(moment.ticks);
                assert!(
                    told.last().is_none_or(|(_, before)| *before < time),
                    "{measured}, {millisecond} ms: {time} after {:?}",
                    told.last()
                );
                if millisecond % 50 == 0 {
                    told.push((moment.ticks, time));
                }
            }
            let error = told.last().unwrap().1.abs_diff(5_000_000_000);
            assert!(error < 5_000_000, "{measured}: wrong by {error} ns after five seconds");
        }
    }

    #[test]
    fn a_recording_of_years_has_few_stretches() {
        let mut scale = scale(2_000_000_000);
        for second in 1..=1_000_000 {
            scale.refine(later(second * 1_000_000_000, 2_000_000_001));
        }
        assert!(scale.stretches.len() < 64, "{} stretches", scale.stretches.len());
    }
}
