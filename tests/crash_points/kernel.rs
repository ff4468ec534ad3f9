//! What the kernel tells of processes and threads, and does for them.
#![allow(unsafe_code)]

use std::fs;
use std::sync::atomic::AtomicU64 as Word;

/// This process's id.
pub fn process_id() -> u32 {
    std::process::id()
}

/// The calling thread's id.
pub fn thread_id() -> u32 {
    // SAFETY: has no argument.
    unsafe { libc::gettid() as u32 }
}

/// A thread's state letter, and when it started, as `/proc` tells them.
pub fn thread_state(process: u32, thread: u32) -> Option<(u8, u64)> {
    let text = fs::read_to_string(format!("/proc/{process}/task/{thread}/stat")).ok()?;
    // The name before it may contain anything, so the last parenthesis counts.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let state = *fields.next()?.as_bytes().first()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

/// Whether the main thread of a process runs no more.
pub fn is_gone(process: u32) -> bool {
    thread_state(process, process).is_none_or(|(state, _)| matches!(state, b'Z' | b'X' | b'x'))
}

/// Whether it sleeps in the kernel.
pub fn sleeps(process: u32) -> bool {
    thread_state(process, process).is_some_and(|(state, _)| state == b'S')
}

/// Kills this process.
pub fn kill_myself() {
    // SAFETY: concerns this process alone.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
}

/// The time in nanoseconds, the same for all processes.
pub fn monotonic_nanoseconds() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the C library writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The error number of a sleep on a futex whose word is to be 0; nothing where it was woken.
pub fn futex_sleep(word: *const u32, nanoseconds: u64) -> Option<i32> {
    let time = libc::timespec {
        tv_sec: (nanoseconds / 1_000_000_000) as i64,
        tv_nsec: (nanoseconds % 1_000_000_000) as i64,
    };
    // SAFETY: the kernel reads one timespec, and the word only where it is mapped.
    let answer =
        unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, 0, &raw const time) };
    if answer == -1 { std::io::Error::last_os_error().raw_os_error() } else { None }
}

/// Wakes one who sleeps on a futex; whether there was somebody.
pub fn futex_wake(word: *const u32) -> bool {
    // SAFETY: the kernel touches no memory for it.
    unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE, 1) > 0 }
}

/// `struct robust_list_head` of the kernel: where it looks for a thread's locks when it dies.
#[repr(C)]
pub struct RobustList {
    list: Word,
    /// What is added to an entry's address to get the futex's.
    pub futex_offset: Word,
    /// The entry that the thread is at work on.
    pub pending: Word,
}

/// The calling thread's, which the C library has told the kernel of.
pub fn robust_list() -> &'static RobustList {
    let (mut head, mut bytes) = (std::ptr::null::<RobustList>(), 0usize);
    // SAFETY: the kernel writes two words.
    unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut bytes) };
    assert_eq!(bytes, size_of::<RobustList>(), "the bytes of the head of the robust list");
    // SAFETY: the thread's own, and it outlives the thread's last instruction.
    unsafe { &*head }
}
