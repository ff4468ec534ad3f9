//! Moments as ipcs(1) writes them: by ctime(3), which knows the time zone of the user.
#![allow(unsafe_code)]

use libc::{c_char, time_t};
use std::ffi::CStr;

/// What stands for a moment that never was.
const NEVER: &str = "Not set";

// The libc crate does not declare it.
unsafe extern "C" {
    fn ctime_r(time: *const time_t, into: *mut c_char) -> *mut c_char;
}

/// `Thu Nov 26 20:13:43 2026`; [`NEVER`] for 0.
pub fn text(seconds: i64) -> String {
    // ctime_r(3) writes 26 bytes, the end of the line and the NUL included.
    let mut line: [c_char; 26] = [0; 26];
    // SAFETY: there is a number to be read and room for what is written.
    if seconds == 0 || unsafe { ctime_r(&raw const seconds, line.as_mut_ptr()) }.is_null() {
        return NEVER.to_string();
    }
    // SAFETY: ctime_r(3) has ended it with a NUL.
    let line = unsafe { CStr::from_ptr(line.as_ptr()) };
    line.to_string_lossy().trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_the_length_that_ipcs_counts_on() {
        assert_eq!(text(1_700_000_000).len(), "Thu Nov 26 20:13:43 2026".len());
        assert!(text(1_700_000_000).ends_with(" 2023"), "{}", text(1_700_000_000));
        assert_eq!(text(0), "Not set");
        assert_eq!(text(i64::MAX), "Not set");
    }
}
