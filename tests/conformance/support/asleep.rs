//! Whether a thread sleeps inside msgsnd or msgrcv, as `/proc` tells it.

use libc::{c_long, pid_t};
use std::fs;
use std::thread::sleep;
use std::time::Duration;

/// Whether the thread sleeps in a call that waits for a queue.
pub fn is_asleep(pid: pid_t, tid: pid_t) -> bool {
    match system_call(pid, tid) {
        Some(libc::SYS_msgsnd | libc::SYS_msgrcv) => state(pid, tid) == Some('S'),
        // Engines outside the kernel have only this to sleep in. They may also wait in it for a
        // lock, which takes no time worth speaking of.
        Some(libc::SYS_futex) => stays_asleep(pid, tid, 4),
        Some(_) => false,
        // Some machines hide the call that a task is in.
        None => stays_asleep(pid, tid, 25),
    }
}

/// The state letter of a task: S asleep, T stopped.
pub fn state(pid: pid_t, tid: pid_t) -> Option<char> {
    let text = read(pid, tid, "stat")?;
    text.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
}

fn stays_asleep(pid: pid_t, tid: pid_t, samples: u32) -> bool {
    let switches = switches(pid, tid);
    (0..samples).all(|_| {
        sleep(Duration::from_millis(2));
        state(pid, tid) == Some('S')
    }) && switches == self::switches(pid, tid)
}

/// How often the task has gone to sleep so far.
fn switches(pid: pid_t, tid: pid_t) -> Option<String> {
    let text = read(pid, tid, "status")?;
    text.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).map(str::to_string)
}

fn system_call(pid: pid_t, tid: pid_t) -> Option<c_long> {
    let text = read(pid, tid, "syscall")?;
    match text.split_whitespace().next()? {
        "running" => Some(-1),
        number => number.parse().ok(),
    }
}

fn read(pid: pid_t, tid: pid_t, file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/task/{tid}/{file}")).ok()
}
