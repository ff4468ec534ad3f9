//! Processes, this one and others.
#![allow(unsafe_code)]

use super::{kernel, nanoseconds, read_small};
use crate::errno::Errno;
use crate::path::{Path, TooLong};
use libc::c_int;
use std::ffi::CStr;

/// The process's id.
pub fn process_id() -> u32 {
    // SAFETY: has no argument.
    unsafe { kernel!(libc::SYS_getpid) }.unwrap_or(0) as u32
}

/// The thread's id.
pub fn thread_id() -> u32 {
    // SAFETY: has no argument.
    unsafe { kernel!(libc::SYS_gettid) }.unwrap_or(0) as u32
}

/// The namespace of process ids that this process is in, as a number; 0 where `/proc` does not tell.
pub fn process_namespace() -> u64 {
    namespace(c"/proc/self/ns/pid")
}

/// The namespace of System V queues that this process is in, as a number; 0 where `/proc` does not
/// tell.
pub fn ipc_namespace() -> u64 {
    namespace(c"/proc/self/ns/ipc")
}

fn namespace(path: &CStr) -> u64 {
    let mut target = [0u8; 32];
    // SAFETY: the path ends with a NUL byte; the kernel writes at most as many bytes as said.
    let length = unsafe {
        kernel!(
            libc::SYS_readlinkat,
            libc::AT_FDCWD,
            path.as_ptr(),
            target.as_mut_ptr(),
            target.len()
        )
    };
    // "pid:[4026531836]"
    let target = target.get(..length.unwrap_or(0) as usize).unwrap_or_default();
    let digits = target.iter().filter(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| number.wrapping_mul(10) + u64::from(digit - b'0'))
}

/// The program's name, at most 15 bytes of it, as `/proc/PID/comm` has it.
pub fn program_name() -> [u8; 16] {
    let mut name = [0u8; 16];
    // SAFETY: the kernel writes at most 16 bytes.
    let _ = unsafe { kernel!(libc::SYS_prctl, libc::PR_GET_NAME, name.as_mut_ptr(), 0, 0, 0) };
    name
}

/// Has `handler` called in every child that fork(3) makes from now on.
pub fn in_every_child(handler: unsafe extern "C" fn()) {
    // SAFETY: the library is never unloaded (nodelete), so the handler stays where it is.
    unsafe { libc::pthread_atfork(None, None, Some(handler)) };
}

/// Sends the calling thread a signal; a handler of it has run when this returns.
pub fn signal_this_thread(signal: c_int) {
    // SAFETY: takes no address.
    let _ = unsafe { kernel!(libc::SYS_tgkill, process_id(), thread_id(), signal) };
}

/// Whether there is a process, or a thread of it, with this id in this namespace.
pub fn exists(process: u32, thread: u32) -> bool {
    // SAFETY: signal 0 is sent to nobody.
    let answer = unsafe { kernel!(libc::SYS_tgkill, process, thread, 0) };
    answer != Err(Errno(libc::ESRCH))
}

/// In a thread's flags, as the kernel's `sched.h` has them: it is on its way out, and runs nothing of
/// the program's any more. Who joins it may be told so before its state says the same.
const PF_EXITING: u64 = 4;

/// A thread's state letter and its start time, in the kernel's ticks, as `/proc` tells them. One that
/// exits is dead.
pub fn thread_state(process: u32, thread: u32) -> Option<(u8, u64)> {
    let path = task_file(process, thread).ok()?;
    let (state, [flags, started]) = stat_fields(path.as_c_str(), [6, 19])?;
    let exits = flags & PF_EXITING != 0 && state != b'Z';
    Some((if exits { b'X' } else { state }, started))
}

/// How many threads this process has; 0 where `/proc` does not tell.
pub fn threads() -> u64 {
    stat_fields(c"/proc/self/stat", [17]).map_or(0, |(_, [threads])| threads)
}

/// The state letter in a stat file, and these of its numbers, counted from behind it, in order.
#[inline(never)]
fn stat_fields<const N: usize>(path: &CStr, numbers: [usize; N]) -> Option<(u8, [u64; N])> {
    let text = &mut [0u8; 384];
    let text = read_small(path, text).ok()?;
    // The name before it may contain anything, so the last parenthesis counts.
    let end = text.iter().rposition(|byte| *byte == b')')?;
    let mut fields = text.get(end + 2..)?.split(|byte| *byte == b' ');
    let state = *fields.next()?.first()?;
    let (mut values, mut read) = ([0; N], 0);
    for (value, number) in values.iter_mut().zip(numbers) {
        let digits = fields.nth(number - read - 1)?.iter().filter(|byte| byte.is_ascii_digit());
        *value = digits.fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        read = number;
    }
    Some((state, values))
}

fn task_file(process: u32, thread: u32) -> Result<Path<48>, TooLong> {
    let mut path = Path::of(&[b"/proc/"])?;
    path.push_number(process.into())?;
    path.push(b"/task/")?;
    path.push_number(thread.into())?;
    path.push(b"/stat")?;
    Ok(path)
}

/// When the main thread of a process started, in the kernel's ticks; 0 where `/proc` does not tell.
pub fn started(process: u32) -> u64 {
    thread_state(process, process).map_or(0, |(_, started)| started)
}

/// Eight bytes that nobody can guess; or, where the kernel has none, that nobody else has at this moment.
pub fn random() -> u64 {
    let mut bytes = [0u8; 8];
    // SAFETY: the kernel writes at most as many bytes as said.
    let got = unsafe { kernel!(libc::SYS_getrandom, bytes.as_mut_ptr(), bytes.len(), 0) };
    match got {
        Ok(8) => u64::from_ne_bytes(bytes),
        _ => nanoseconds(libc::CLOCK_REALTIME) << 22 ^ u64::from(thread_id()),
    }
}

/// Whether there is a process or a thread with this id, dead ones that nobody has waited for included.
pub fn is_alive(process: i32) -> bool {
    // SAFETY: signal 0 is sent to nobody.
    let answer = unsafe { kernel!(libc::SYS_kill, process, 0) };
    answer != Err(Errno(libc::ESRCH))
}

/// Whether this process has children that nobody has waited for.
pub fn has_children() -> bool {
    let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: tells nothing but whether there are any, and leaves them as they are.
    let answer = unsafe { kernel!(libc::SYS_waitid, libc::P_ALL, 0, 0, how, 0) };
    answer != Err(Errno(libc::ECHILD))
}

/// Whether this process has ever waited for a child, by whatever way that was made: posix_spawn(3) and
/// system(3) do not tell those who want to be told of fork(3).
pub fn had_children() -> bool {
    // SAFETY: a structure of numbers, for which 0 is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one rusage.
    let told = unsafe { kernel!(libc::SYS_getrusage, libc::RUSAGE_CHILDREN, &raw mut usage) };
    // No process has ever been without memory.
    told.is_err() || usage.ru_maxrss != 0
}

/// Has handlers called after every fork(3) from now on, in the parent and in the child.
pub fn after_every_fork(in_parent: unsafe extern "C" fn(), in_child: unsafe extern "C" fn()) {
    // SAFETY: the library is never unloaded (nodelete), so the handlers stay where they are.
    unsafe { libc::pthread_atfork(None, Some(in_parent), Some(in_child)) };
}

/// Ends the process as abort(3).
pub fn abort() -> ! {
    // SAFETY: has no argument.
    unsafe { libc::abort() }
}
