//! Sleeping until somebody else has news.
#![allow(unsafe_code)]

use libc::timespec;
use std::ptr::null;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a thread sleeps. Only its owner sleeps there; others wake it once.
#[derive(Default)]
pub struct Bed(AtomicU32);

const ASLEEP: u32 = 0;
const WOKEN: u32 = 1;

/// Why a thread sleeps no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Somebody has woken it.
    News,
    /// A handler has run.
    Signal,
}

impl Bed {
    /// Sleeps.
    pub fn sleep(&self) -> Wake {
        // Without a time limit the kernel restarts the wait after a handler that is restarting.
        let far = timespec { tv_sec: 1_000_000, tv_nsec: 0 };
        while self.0.load(Ordering::Acquire) == ASLEEP {
            let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
            // SAFETY: the word lives as long as `self`; the kernel reads one timespec.
            let answer = unsafe {
                libc::syscall(libc::SYS_futex, self.0.as_ptr(), operation, ASLEEP, &raw const far)
            };
            let error = std::io::Error::last_os_error();
            if answer == -1 && error.raw_os_error() == Some(libc::EINTR) {
                return Wake::Signal;
            }
        }
        Wake::News
    }

    /// Wakes whoever sleeps here.
    pub fn wake(&self) {
        self.0.store(WOKEN, Ordering::Release);
        let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the word lives as long as `self`.
        unsafe {
            libc::syscall(libc::SYS_futex, self.0.as_ptr(), operation, 1, null::<timespec>())
        };
    }
}
