//! One clock for all processes.

use crate::kernel;
use std::time::Duration;

/// Everything has to happen within this time: 50 ms, in nanoseconds.
pub const SOON: u64 = 50_000_000;
/// Whoever needs longer than this hangs.
pub const HANGS: u64 = 3_000_000_000;

/// The time in nanoseconds.
pub fn now() -> u64 {
    kernel::monotonic_nanoseconds()
}

/// Waits until something is there, for so many nanoseconds at most.
pub fn until<T>(most: u64, mut there: impl FnMut() -> Option<T>) -> Option<T> {
    let start = now();
    loop {
        if let Some(it) = there() {
            return Some(it);
        }
        if now() - start > most {
            return None;
        }
        std::thread::sleep(Duration::from_micros(30));
    }
}
