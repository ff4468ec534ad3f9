//! The calling thread: its signals, its processors, and whom it wakes.
#![allow(unsafe_code)]

use super::{kernel, read_small};
use crate::errno::Errno;
use libc::c_int;
use std::ptr::null_mut;

/// Whether the calling thread can be cancelled: pthread_setcancelstate(3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cancellation(c_int);

impl Cancellation {
    /// It cannot. (The number is the same in every C library of Linux.)
    pub const OFF: Cancellation = Cancellation(1);
}

/// Switches cancellation; gives what it was before. A thread that somebody wants to cancel may end
/// here when it is switched on.
pub fn switch_cancellation(to: Cancellation) -> Cancellation {
    unsafe extern "C-unwind" {
        fn pthread_setcancelstate(new: c_int, old: *mut c_int) -> c_int;
    }
    let mut before = Cancellation::OFF.0;
    // SAFETY: the C library writes one int.
    unsafe { pthread_setcancelstate(to.0, &raw mut before) };
    Cancellation(before)
}

/// Blocks all signals that can be blocked in the calling thread; gives those that were blocked before.
pub fn block_signals() -> u64 {
    let (all, mut before) = (!0u64, 0u64);
    // SAFETY: the kernel reads and writes eight bytes each.
    let _ = unsafe {
        kernel!(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const all, &raw mut before, 8)
    };
    before
}

/// Has just these signals blocked in the calling thread.
pub fn restore_signals(blocked: u64) {
    // SAFETY: the kernel reads eight bytes.
    let _ =
        unsafe { kernel!(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const blocked, 0, 8) };
}

/// A signal, in a set of them.
const fn signal_bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}

/// Writes something. The signals that the kernel sends a thread which writes end no program: where
/// one was sent on account of this write, it is taken back.
pub fn without_signals_of_writing(write: impl FnOnce() -> Result<(), Errno>) {
    let of_writing =
        signal_bit(libc::SIGPIPE) | signal_bit(libc::SIGXFSZ) | signal_bit(libc::SIGTTOU);
    // Where it is not known what was pending before, nothing is taken back.
    let (mut blocked, mut pending) = (0u64, !0u64);
    // SAFETY: the kernel reads and writes eight bytes each.
    let block = unsafe {
        let (set, before) = (&raw const of_writing, &raw mut blocked);
        kernel!(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, set, before, 8)
    };
    if block.is_err() {
        return;
    }
    // SAFETY: the kernel writes eight bytes.
    let _ = unsafe { kernel!(libc::SYS_rt_sigpending, &raw mut pending, 8) };
    let signal = match write() {
        Err(Errno(libc::EPIPE)) => signal_bit(libc::SIGPIPE),
        Err(Errno(libc::EFBIG)) => signal_bit(libc::SIGXFSZ),
        _ => 0,
    };
    if signal & !pending != 0 {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let nowhere = null_mut::<libc::siginfo_t>();
        // SAFETY: the kernel reads eight bytes and one timespec.
        let _ = unsafe {
            kernel!(libc::SYS_rt_sigtimedwait, &raw const signal, nowhere, &raw const at_once, 8)
        };
    }
    restore_signals(blocked);
}

/// Whether the machine has several processors. The calling thread alone may be bound to one of them.
pub fn several_processors() -> bool {
    let mut text = [0; 64];
    match read_small(c"/sys/devices/system/cpu/online", &mut text) {
        // A list of numbers and ranges.
        Ok(online) => online.iter().any(|byte| matches!(byte, b'-' | b',')),
        Err(_) => allowed_processors() > 1,
    }
}

/// On how many processors the calling thread may run.
pub fn allowed_processors() -> u32 {
    let mut mask = [0u64; 128];
    // SAFETY: the kernel writes at most as many bytes as said.
    let bytes =
        unsafe { kernel!(libc::SYS_sched_getaffinity, 0, size_of_val(&mask), mask.as_mut_ptr()) };
    let words = bytes.unwrap_or(0) as usize / 8;
    mask.iter().take(words).map(|word| word.count_ones()).sum()
}

/// Wakes at most one who sleeps on a futex; how many did.
pub fn wake_one(word: *const u32) -> u32 {
    // SAFETY: the kernel touches no memory for it.
    unsafe { kernel!(libc::SYS_futex, word, libc::FUTEX_WAKE, 1) }.unwrap_or(0) as u32
}

/// Lets another thread run.
pub fn yield_processor() {
    // SAFETY: has no argument.
    let _ = unsafe { kernel!(libc::SYS_sched_yield) };
}

/// Whether the calling thread is on its alternate signal stack: sigaltstack(2).
pub fn on_alternate_stack() -> bool {
    let mut stack = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: 0, ss_size: 0 };
    // SAFETY: the kernel writes one structure.
    let answer = unsafe { kernel!(libc::SYS_sigaltstack, 0, &raw mut stack) };
    answer.is_ok() && stack.ss_flags & libc::SS_ONSTACK != 0
}

/// Where the kernel looks for the calling thread's locks when it dies: get_robust_list(2).
pub fn robust_list() -> Option<usize> {
    let (mut head, mut bytes) = (0usize, 0usize);
    // SAFETY: the kernel writes two words.
    let answer = unsafe { kernel!(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut bytes) };
    (answer.is_ok() && head != 0 && bytes == 24).then_some(head)
}
