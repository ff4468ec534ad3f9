//! The system calls themselves, for programs linked with `-static`.
//!
//! A system call made by hand is no cancellation point. While a call that blocks runs here, the
//! thread can be cancelled at any instruction: that is how C libraries make their own blocking
//! calls cancellation points. The frames between the program and the system call have nothing to
//! drop, so it does not matter where the cancellation falls.
#![allow(unsafe_code)]

use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};

// Not libc's declarations: these may unwind, when the thread is cancelled.
unsafe extern "C-unwind" {
    fn syscall(number: c_long, ...) -> c_long;
    fn pthread_setcanceltype(new: c_int, old: *mut c_int) -> c_int;
}

const PTHREAD_CANCEL_ASYNCHRONOUS: c_int = 1;

/// Runs a system call during which the thread may be cancelled.
macro_rules! cancellable {
    ($call:expr) => {{
        let mut before: c_int = 0;
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &raw mut before);
        let answer = $call;
        pthread_setcanceltype(before, &raw mut before);
        answer
    }};
}

#[cold]
pub unsafe fn msgget(key: key_t, msgflg: c_int) -> c_int {
    // SAFETY: the arguments are msgget(2)'s.
    unsafe { syscall(libc::SYS_msgget, key, msgflg) as c_int }
}

#[cold]
pub unsafe fn msgctl(msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> c_int {
    // SAFETY: the arguments are msgctl(2)'s; on 64-bit Linux the C library's structure is the
    // kernel's.
    unsafe { syscall(libc::SYS_msgctl, msqid, cmd, buf) as c_int }
}

#[cold]
pub unsafe fn msgsnd(msqid: c_int, msgp: *const c_void, msgsz: size_t, msgflg: c_int) -> c_int {
    // SAFETY: the arguments are msgsnd(2)'s.
    unsafe { cancellable!(syscall(libc::SYS_msgsnd, msqid, msgp, msgsz, msgflg) as c_int) }
}

#[cold]
pub unsafe fn msgrcv(
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: size_t,
    msgtyp: c_long,
    msgflg: c_int,
) -> ssize_t {
    // SAFETY: the arguments are msgrcv(2)'s.
    unsafe {
        cancellable!(syscall(libc::SYS_msgrcv, msqid, msgp, msgsz, msgtyp, msgflg) as ssize_t)
    }
}

/// Sleeps while the word is `expected`, for so many nanoseconds at most: futex(2), FUTEX_WAIT. With
/// a time that comes to an end it is interrupted by every signal handler, also with SA_RESTART, and
/// goes on by itself after SIGCONT.
pub unsafe fn futex_wait(word: *const u32, expected: u32, nanoseconds: u64) -> c_int {
    let time = libc::timespec {
        tv_sec: (nanoseconds / 1_000_000_000) as libc::time_t,
        tv_nsec: (nanoseconds % 1_000_000_000) as c_long,
    };
    // SAFETY: the arguments are futex(2)'s.
    unsafe {
        cancellable!(
            syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, expected, &raw const time) as c_int
        )
    }
}

/// Ends the thread here if somebody has asked for it: pthread_testcancel(3).
#[inline(always)]
pub fn cancel_here() {
    unsafe extern "C-unwind" {
        fn pthread_testcancel();
    }
    // SAFETY: has no argument.
    unsafe { pthread_testcancel() };
}
