//! How long a call may sleep, and what ends it: the time that was given, or a signal.
//!
//! A signal interrupts a call that sleeps, and does nothing to one that is just about to. So every
//! signal starts a timer that sends SIGALRM again and again, until the call is seen to have ended. The
//! time that was given is such a signal, too. A call that was given a message in the same moment
//! returns it.
#![allow(unsafe_code)]

use crate::command::failure::Failure;
use libc::{EAGAIN, EINTR, ENOMSG, IPC_NOWAIT, c_int};
use msgq::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::process::ExitCode;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// The signals that end the command.
const ENDING: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Between a signal and the next that repeats it.
const AGAIN: Duration = Duration::from_millis(1);

/// More than this is as good as for ever, and more than a timer takes.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The signal of [`ENDING`] that came, or 0.
static CAME: AtomicI32 = AtomicI32::new(0);

/// The options that say how long.
#[derive(clap::Args)]
pub struct PatienceOptions {
    /// Do not wait; exit with 3 instead
    #[arg(long, conflicts_with = "timeout")]
    nowait: bool,
    /// Wait so long, 0.5, 500ms or 2m, and exit with 3 then; without a unit it is seconds
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    timeout: Option<Duration>,
}

/// How long a call may sleep.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// Not at all.
    None,
    /// So long.
    For(Duration),
    /// Until it has succeeded or failed.
    Endless,
}

/// Why a call gave nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is no message, or no room for one, and the time is over.
    TimeIsOver,
    /// This signal came.
    Signal(c_int),
    /// It failed.
    Failed(Errno),
}

impl PatienceOptions {
    /// What they say.
    pub fn patience(&self) -> Patience {
        match self.timeout {
            _ if self.nowait => Patience::None,
            Some(time) if time.is_zero() => Patience::None,
            Some(time) => Patience::For(time),
            None => Patience::Endless,
        }
    }
}

/// Reads a time: a number, with a point or without, and a unit or none.
pub fn time(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let unit = match text.strip_prefix(number) {
        Some("us") => Some(1e-6),
        Some("ms") => Some(1e-3),
        Some("" | "s") => Some(1.0),
        Some("m") => Some(60.0),
        Some("h") => Some(3600.0),
        _ => None,
    };
    // What else stands for a number with a point is none here: 1e3, inf.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = number.parse::<f64>().ok().filter(|_| digits);
    number
        .zip(unit)
        .map(|(number, unit)| (number * unit).min(LONGEST.as_secs_f64()))
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "it is no time; right would be 2, 0.5, 500ms or 2m".to_string())
}

/// From now on the signals that end a command end a call first, so that nothing that it was given is
/// lost. A signal that the command was started to ignore stays ignored; one that comes twice ends
/// the command wherever it is.
pub fn watch_for_signals() -> Result<(), Failure> {
    let failed = |error: nix::Error| Failure::about("signals", error.into());
    let set = |signal, flags| {
        let action = SigAction::new(SigHandler::Handler(came), flags, SigSet::empty());
        // SAFETY: the handler does nothing that a signal may not interrupt.
        unsafe { sigaction(signal, &action) }
    };
    set(Signal::SIGALRM, SaFlags::empty()).map_err(failed)?;
    let mut all = SigSet::empty();
    all.add(Signal::SIGALRM);
    all.thread_unblock().map_err(failed)?;
    for signal in ENDING {
        let before = set(signal, SaFlags::SA_RESETHAND).map_err(failed)?;
        if matches!(before.handler(), SigHandler::SigIgn) {
            // SAFETY: no handler is set.
            unsafe { sigaction(signal, &before) }.map_err(failed)?;
        }
    }
    Ok(())
}

extern "C" fn came(signal: c_int) {
    if signal != Signal::SIGALRM as c_int {
        CAME.store(signal, Ordering::Relaxed);
        alarm_in(AGAIN);
    }
}

/// Ends the command by this signal, now that nothing is lost by that.
pub fn end_by(signal: c_int) -> ExitCode {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    ExitCode::from(128u8.wrapping_add(signal as u8))
}

/// The signal that is to end the command.
fn signal_that_came() -> Option<c_int> {
    Some(CAME.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
}

/// Has SIGALRM come after this time, and again and again from then on; never, where it is zero.
fn alarm_in(time: Duration) {
    // A timer counts microseconds, and one that is set to none of them never rings.
    let time = time + Duration::from_nanos(if time.is_zero() { 0 } else { 999 });
    let timeval = |time: Duration| libc::timeval {
        tv_sec: time.as_secs() as libc::time_t,
        tv_usec: time.subsec_micros().into(),
    };
    let times = libc::itimerval { it_interval: timeval(AGAIN), it_value: timeval(time) };
    // SAFETY: the kernel reads one structure. It changes no errno: the times are sound.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const times, null_mut()) };
}

impl Patience {
    /// Makes a call, which is given its msgflg, until it succeeds, fails, or has slept for so long.
    pub fn call<T>(self, mut call: impl FnMut(c_int) -> Result<T, Errno>) -> Result<T, Ended> {
        let deadline = match self {
            Patience::None | Patience::Endless => None,
            Patience::For(time) => {
                alarm_in(time);
                Some(Instant::now() + time)
            }
        };
        let outcome = loop {
            if let Some(signal) = signal_that_came() {
                break Err(Ended::Signal(signal));
            }
            let is_over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            let may_sleep = !matches!(self, Patience::None) && !is_over;
            match call(if may_sleep { 0 } else { IPC_NOWAIT }) {
                Err(Errno(EINTR)) => (),
                answer => break ended(answer),
            }
        };
        alarm_in(Duration::ZERO);
        outcome
    }
}

fn ended<T>(answer: Result<T, Errno>) -> Result<T, Ended> {
    answer.map_err(|error| match error.0 {
        ENOMSG | EAGAIN => Ended::TimeIsOver,
        _ => Ended::Failed(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        for (text, milliseconds) in [
            ("2", 2000),
            ("0.5", 500),
            ("500ms", 500),
            ("1.5s", 1500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("3000us", 3),
            ("0", 0),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert_eq!(time("99999999999999999999h"), Ok(LONGEST));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-1", "+1", "s", "1d", "1 s", "1e3", "inf", "NaN", ".", "1.2.3", "۵"] {
            assert!(time(text).is_err(), "{text}: {:?}", time(text));
        }
    }

    #[test]
    fn who_has_no_patience_asks_once() {
        let mut asked = Vec::new();
        let outcome = Patience::None.call(|msgflg| {
            asked.push(msgflg);
            Err::<(), _>(Errno(EAGAIN))
        });
        assert_eq!((outcome, asked), (Err(Ended::TimeIsOver), vec![IPC_NOWAIT]));
    }
}
