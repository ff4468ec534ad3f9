//! From ticks of a recording's clock to time.

use super::file::RecordingFile;
use msgq::trace::clock::{Moment, rate};

/// Nanoseconds below which two moments are too close to tell the clock's rate from.
const SHORTEST: u64 = 20_000_000;

/// Turns ticks into nanoseconds since the recording was made.
#[derive(Clone, Copy)]
pub struct Scale {
    made: Moment,
    made_realtime: u64,
    ticks_per_second: u64,
}

impl Scale {
    /// The scale of a recording, by the rate that was measured when it was made.
    pub fn new(file: &RecordingFile) -> Scale {
        Scale {
            made: file.made,
            made_realtime: file.made_realtime,
            ticks_per_second: file.ticks_per_second,
        }
    }

    /// A scale by a clock whose rate needs no measuring.
    #[cfg(test)]
    pub fn in_nanoseconds(made_realtime: u64) -> Scale {
        let made = Moment { ticks: 0, monotonic: 0 };
        Scale { made, made_realtime, ticks_per_second: 1_000_000_000 }
    }

    /// Takes the rate from a later moment, the later the more exact.
    pub fn refine(&mut self, later: Moment) {
        if later.monotonic.saturating_sub(self.made.monotonic) >= SHORTEST
            && let Some(rate) = rate(self.made, later)
        {
            self.ticks_per_second = rate;
        }
    }

    /// Nanoseconds between two readings of the clock.
    pub fn between(&self, from: u64, to: u64) -> u64 {
        let ticks = u128::from(to.saturating_sub(from));
        (ticks * 1_000_000_000 / u128::from(self.ticks_per_second)) as u64
    }

    /// Nanoseconds since the recording was made.
    pub fn since_made(&self, ticks: u64) -> u64 {
        self.between(self.made.ticks, ticks)
    }

    /// Nanoseconds of CLOCK_REALTIME.
    pub fn realtime(&self, ticks: u64) -> u64 {
        self.made_realtime.saturating_add(self.since_made(ticks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(ticks_per_second: u64) -> Scale {
        let made = Moment { ticks: 1_000, monotonic: 5_000 };
        Scale { made, made_realtime: 70, ticks_per_second }
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
        let mut scale = scale(1);
        scale.refine(Moment { ticks: 2_000, monotonic: 5_001 });
        assert_eq!(scale.ticks_per_second, 1);
        let later = Moment { ticks: 1_000 + 3_000_000_000, monotonic: 5_000 + 1_000_000_000 };
        scale.refine(later);
        assert_eq!(scale.ticks_per_second, 3_000_000_000);
    }
}
