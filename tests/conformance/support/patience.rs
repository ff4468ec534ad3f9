//! Waiting, never for ever.

use super::Verdict;
use libc::time_t;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

static PATIENCE: OnceLock<Duration> = OnceLock::new();

/// How long this process waits for what is to happen. Engines that are known to be wrong are not
/// worth waiting for.
pub fn be_patient_for(time: Duration) {
    let _ = PATIENCE.set(time);
}

/// How long to wait at most.
pub fn patience() -> Duration {
    *PATIENCE.get_or_init(|| Duration::from_secs(20))
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Verdict {
    let end = Instant::now() + patience();
    while !is_so() {
        if Instant::now() > end {
            return Err(format!("waited {:?} in vain for this: {what}", patience()));
        }
        sleep(Duration::from_micros(500));
    }
    Ok(())
}

/// Long enough for somebody who was woken by mistake to come back.
pub fn moment() {
    sleep(Duration::from_millis(25));
}

/// The clock from which queues have their times, in whole seconds. It may be a tick behind the precise one.
#[allow(unsafe_code)]
pub fn now() -> time_t {
    // SAFETY: stores nothing.
    unsafe { libc::time(null_mut()) }
}

/// Waits until that clock has gone on to another second.
pub fn next_second() {
    let begin = now();
    while now() == begin {
        sleep(Duration::from_millis(5));
    }
}
