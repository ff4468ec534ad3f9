//! Children for tests, that end or are ended without taking the tests with them.
#![allow(unsafe_code)]

use libc::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The number that a child ends with whose body panics.
const PANICKED: c_int = 101;

/// Runs `body` in a forked child, where it may make system calls and use what is its own, but must
/// neither allocate nor print; gives the child's status as waitpid(2) has it.
pub fn status_of(body: impl FnOnce() -> c_int) -> c_int {
    // SAFETY: the child does what `body` does, and ends.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            let nothing = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &raw const nothing);
            // A body that panics may wait for ever for a lock that a thread of the parent holds.
            libc::alarm(20);
            // Who panics must not go on as the test in the child: that would end it as if all were well.
            libc::_exit(catch_unwind(AssertUnwindSafe(body)).unwrap_or(PANICKED));
        }
        assert!(child > 0, "fork failed");
        let mut status = -1;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        status
    }
}

/// The status of a child that ended by itself with this number.
pub fn exited(number: c_int) -> c_int {
    number << 8
}

/// The status of a child that a signal ended.
pub fn killed(signal: c_int) -> c_int {
    signal
}

/// Has `handler` answer, as a program would ask for it; gives what did before.
pub fn sigaction(signal: c_int, handler: usize, flags: c_int) -> libc::sigaction {
    // SAFETY: both structures are whole.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        let mut old: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = handler;
        new.sa_flags = flags;
        assert_eq!(libc::sigaction(signal, &raw const new, &raw mut old), 0);
        old
    }
}

/// In a child: the signals as a program finds them when it begins.
#[cfg(target_arch = "x86_64")]
pub fn as_new() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        sigaction(signal, libc::SIG_DFL, 0);
    }
    super::fault::forget_preparation();
}
