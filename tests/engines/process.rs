//! Processes that are made with fork, and what can be seen of them from outside.
#![allow(unsafe_code)]

use super::sides::Person;
use libc::{c_int, c_long};
use std::fs::read_to_string;
use std::io::Error;
use std::time::{Duration, Instant};

/// A child of this process, which is killed with it or when this is dropped.
pub struct Process {
    pid: i32,
    gone: bool,
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Exit(c_int),
    Signal(c_int),
}

impl Process {
    /// Forks. The child does `work`, and ends with the exit status that this gives. Only for
    /// processes of one thread.
    pub fn fork(work: impl FnOnce() -> c_int) -> Process {
        // SAFETY: this process has one thread, so that the child may do what its parent may.
        match unsafe { libc::fork() } {
            -1 => panic!("fork failed: {}", Error::last_os_error()),
            0 => {
                end_with_parent();
                // Unwinding would end up in a copy of the parent's work.
                let work = std::panic::AssertUnwindSafe(work);
                let status = std::panic::catch_unwind(work).unwrap_or(101);
                // SAFETY: ends the process; nothing of what the parent registered is run.
                unsafe { libc::_exit(status) }
            }
            pid => Process { pid, gone: false },
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Sends a signal.
    pub fn signal(&self, signal: c_int) {
        if !self.gone {
            // SAFETY: the child has not been waited for, so that the id is still its own.
            unsafe { libc::kill(self.pid, signal) };
        }
    }

    /// Kills the process, and waits until it is gone.
    pub fn kill(&mut self) -> End {
        self.signal(libc::SIGKILL);
        self.wait(true).unwrap_or(End::Signal(libc::SIGKILL))
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<End> {
        self.wait(false)
    }

    /// How it ended, or nothing where it has not within this time.
    pub fn ends_within(&mut self, limit: Duration) -> Option<End> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(end) = self.ended() {
                return Some(end);
            }
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    fn wait(&mut self, until_end: bool) -> Option<End> {
        if self.gone {
            return None;
        }
        let mut status = 0;
        let options = if until_end { 0 } else { libc::WNOHANG };
        // SAFETY: the kernel writes one int.
        let pid = unsafe { libc::waitpid(self.pid, &raw mut status, options) };
        if pid != self.pid {
            return None;
        }
        self.gone = true;
        Some(match libc::WIFEXITED(status) {
            true => End::Exit(libc::WEXITSTATUS(status)),
            false => End::Signal(libc::WTERMSIG(status)),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Has this process killed when its parent ends. Whoever becomes another user has to say so again.
pub fn end_with_parent() {
    // SAFETY: takes no address.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Lets whoever sends the signals come before the calling thread.
pub fn step_back() {
    // SAFETY: takes no address.
    unsafe { libc::nice(10) };
}

/// The calling process and thread.
pub fn myself() -> Person {
    // SAFETY: neither call takes an address.
    unsafe { Person { pid: libc::getpid(), tid: libc::gettid() } }
}

/// Sends a signal to one thread.
pub fn signal_thread(person: Person, signal: c_int) {
    // SAFETY: takes no address.
    unsafe { libc::syscall(libc::SYS_tgkill, person.pid, person.tid, signal) };
}

/// The state letter of a thread, as /proc has it: 'S' asleep, 'T' stopped; '?' where there is none.
pub fn state(person: Person) -> char {
    let stat = task_file(person, "stat");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.trim_start().chars().next().unwrap_or('?')
}

/// The system call that a thread is in; Err where this machine does not tell.
fn system_call(person: Person) -> Result<Option<c_long>, ()> {
    let text = task_file(person, "syscall");
    match text.split_whitespace().next() {
        None => Err(()),
        // "running"
        Some(word) => Ok(word.parse().ok()),
    }
}

/// Calls in which the waiters of a queue sleep, whatever the engine. One that was stopped in a futex
/// goes on in the last.
const SLEEPS: [c_long; 4] =
    [libc::SYS_msgsnd, libc::SYS_msgrcv, libc::SYS_futex, libc::SYS_restart_syscall];

/// Whether the thread sleeps in msgsnd or msgrcv. Where the system call cannot be seen, a thread that
/// is found asleep many times in a row is taken to have arrived.
pub fn is_asleep_in_call(person: Person) -> bool {
    match system_call(person) {
        Ok(call) => call.is_some_and(|call| SLEEPS.contains(&call)) && state(person) == 'S',
        Err(()) => (0..25).all(|_| {
            std::thread::sleep(Duration::from_millis(2));
            state(person) == 'S'
        }),
    }
}

/// What a thread is doing, for messages.
pub fn describe(person: Person) -> String {
    let call = task_file(person, "syscall");
    let call = call.split_whitespace().next().unwrap_or("unknown").to_string();
    format!("process {}: state {}, system call {call}", person.pid, state(person))
}

fn task_file(Person { pid, tid }: Person, name: &str) -> String {
    read_to_string(format!("/proc/{pid}/task/{tid}/{name}")).unwrap_or_default()
}
