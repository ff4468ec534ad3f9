//! Clocks.
#![allow(unsafe_code)]

use super::kernel;
use crate::errno::Errno;
use libc::{c_int, c_long, timespec};
use std::time::Duration;

/// Whether this process may read the processor's time stamp counter (prctl(2), PR_GET_TSC).
pub fn may_read_tsc() -> bool {
    let mut mode: c_int = 0;
    // SAFETY: the kernel writes one int.
    let answer = unsafe { kernel!(libc::SYS_prctl, libc::PR_GET_TSC, &raw mut mode, 0, 0, 0) };
    answer.is_ok() && mode == libc::PR_TSC_ENABLE
}

/// Nanoseconds on `clock`, as clock_gettime(2), from the kernel itself.
pub fn nanoseconds(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec.
    let _ = unsafe { kernel!(libc::SYS_clock_gettime, clock, &raw mut now) };
    in_nanoseconds(now)
}

/// Nanoseconds on the monotonic clock, from the C library: several times faster, since it needs
/// no system call.
pub fn monotonic_nanoseconds() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the C library writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    in_nanoseconds(now)
}

fn in_nanoseconds(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Sleeps for a few milliseconds, or less where a signal comes.
pub fn sleep_milliseconds(milliseconds: u32) {
    sleep_nanoseconds(milliseconds * 1_000_000);
}

/// The same for nanoseconds, less than a second.
pub fn sleep_nanoseconds(nanoseconds: u32) {
    let time = libc::timespec { tv_sec: 0, tv_nsec: c_long::from(nanoseconds as i32) };
    // SAFETY: the kernel reads one timespec and writes nothing.
    let _ = unsafe { kernel!(libc::SYS_nanosleep, &raw const time, 0) };
}

/// Sleeps for all of this time, whatever signals come. A cancellation point.
pub fn sleep(time: Duration) {
    unsafe extern "C-unwind" {
        fn nanosleep(time: *const timespec, rest: *mut timespec) -> c_int;
    }
    let before = Errno::current();
    let (tv_sec, tv_nsec) = (time.as_secs() as libc::time_t, time.subsec_nanos().into());
    let mut rest = timespec { tv_sec, tv_nsec };
    // SAFETY: the C library reads and writes one timespec, which may be the same.
    while unsafe { nanosleep(&raw const rest, &raw mut rest) } == -1
        && Errno::current() == Errno(libc::EINTR)
    {}
    before.set();
}
