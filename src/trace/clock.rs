//! The clock that a recording's times are read from.
//!
//! Two readings a call are the greatest part of what recording costs. Where Linux itself keeps
//! time by the processor's time stamp counter, that counter is the same on every processor and
//! never stands still, and it is read in less than half the time that CLOCK_MONOTONIC takes. The
//! recording then holds pairs of both clocks' readings, from which its reader works out the time.

use crate::os;

/// A clock, as a recording's header names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Clock {
    /// CLOCK_MONOTONIC, in nanoseconds.
    Monotonic = 0,
    /// The time stamp counter of an x86-64 processor.
    Counter = 1,
}

/// A moment on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// On the recording's clock.
    pub ticks: u64,
    /// On CLOCK_MONOTONIC, in nanoseconds.
    pub monotonic: u64,
}

impl Clock {
    /// The clock of this number; nothing where there is none.
    pub fn from_number(number: u64) -> Option<Clock> {
        [Clock::Monotonic, Clock::Counter].into_iter().find(|clock| *clock as u64 == number)
    }

    /// The best clock that this machine has.
    pub fn best() -> Clock {
        let path = c"/sys/devices/system/clocksource/clocksource0/current_clocksource";
        let mut text = [0; 16];
        let by_counter = os::read_small(path, &mut text).is_ok_and(|name| name == b"tsc\n");
        if by_counter && Clock::Counter.is_readable() { Clock::Counter } else { Clock::Monotonic }
    }

    /// Whether this process can read it. A program may forbid itself the counter, and reading it
    /// would then end the program.
    pub fn is_readable(self) -> bool {
        match self {
            Clock::Monotonic => true,
            Clock::Counter => cfg!(target_arch = "x86_64") && os::may_read_tsc(),
        }
    }

    /// Reads the clock.
    #[inline(always)]
    pub fn now(self) -> u64 {
        match self {
            Clock::Monotonic => os::monotonic_nanoseconds(),
            Clock::Counter => counter(),
        }
    }

    /// Reads both clocks.
    pub fn moment(self) -> Moment {
        match self {
            Clock::Monotonic => {
                let now = os::monotonic_nanoseconds();
                Moment { ticks: now, monotonic: now }
            }
            Clock::Counter => {
                // The thread may lose the processor between two readings: the counter is read on
                // both sides of the other clock, and the closest of a few tries is taken.
                let tries = (0..4).map(|_| {
                    let before = counter();
                    let monotonic = os::nanoseconds(libc::CLOCK_MONOTONIC);
                    let apart = counter().saturating_sub(before);
                    (apart, Moment { ticks: before + apart / 2, monotonic })
                });
                let closest = tries.min_by_key(|(apart, _)| *apart);
                closest.map_or(Moment { ticks: 0, monotonic: 0 }, |(_, moment)| moment)
            }
        }
    }

    /// How many ticks it makes in a second, measured over a few milliseconds.
    pub fn measure_rate(self) -> u64 {
        match self {
            Clock::Monotonic => 1_000_000_000,
            Clock::Counter => {
                let from = self.moment();
                os::sleep_milliseconds(2);
                rate(from, self.moment()).unwrap_or(1_000_000_000)
            }
        }
    }
}

/// The ticks in a second between two moments; nothing where they are the same.
pub fn rate(from: Moment, to: Moment) -> Option<u64> {
    let ticks = u128::from(to.ticks.checked_sub(from.ticks)?);
    let nanoseconds = u128::from(to.monotonic.checked_sub(from.monotonic)?);
    (ticks * 1_000_000_000)
        .checked_div(nanoseconds)
        .map(|rate| rate as u64)
        .filter(|rate| *rate > 0)
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
#[inline(always)]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has the instruction; `is_readable` asked whether it may run.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    os::monotonic_nanoseconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_between_two_readings_of_both_clocks() {
        let clock = Clock::best();
        let (ticks, monotonic) = (clock.now(), os::nanoseconds(libc::CLOCK_MONOTONIC));
        let moment = clock.moment();
        assert!(moment.ticks >= ticks && moment.ticks <= clock.now(), "{moment:?}");
        assert!(moment.monotonic >= monotonic, "{moment:?}");
    }

    #[test]
    fn the_measured_rate_is_near_the_one_over_a_longer_time() {
        let clock = Clock::best();
        let from = clock.moment();
        let measured = clock.measure_rate() as f64;
        std::thread::sleep(std::time::Duration::from_millis(100));
        let longer = rate(from, clock.moment()).unwrap() as f64;
        assert!((measured / longer - 1.0).abs() < 0.01, "{measured} and {longer}");
    }

    #[test]
    fn no_time_has_no_rate() {
        let moment = Moment { ticks: 5, monotonic: 5 };
        assert_eq!(rate(moment, moment), None);
        assert_eq!(rate(moment, Moment { ticks: 4, monotonic: 6 }), None);
    }
}
