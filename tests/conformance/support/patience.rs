//! Waiting, never for ever.

use super::Verdict;
use libc::time_t;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static PATIENCE: OnceLock<Duration> = OnceLock::new();

/// How long this process waits for what is to happen. Engines that are known to be wrong are not
/// worth waiting for.
pub fn be_patient_for(time: Duration) {
    let _ = PATIENCE.set(time);
}

/// How long to wait at most.
pub fn patience() -> Duration {
    *PATIENCE.get_or_init(|| Duration::from_secs(5))
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

/// The realtime clock, in whole seconds.
pub fn now() -> time_t {
    since_epoch().as_secs() as time_t
}

/// Waits until the realtime clock has gone on to another second.
pub fn next_second() {
    let part = Duration::from_nanos(since_epoch().subsec_nanos().into());
    // The kernel takes its times from a clock that may be a tick late.
    sleep(Duration::from_secs(1) - part + Duration::from_millis(15));
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
