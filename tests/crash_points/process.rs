//! Processes that a test makes, and how they end.
#![allow(unsafe_code)]

use crate::clock;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A child of this process. It ends with its parent's thread, and when this is dropped.
#[derive(Debug)]
pub struct Process {
    pub pid: u32,
    ended: Option<Ending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
}

impl Process {
    /// Makes a child that does this, and ends with what it gives.
    pub fn run(body: impl FnOnce() -> i32) -> Process {
        // SAFETY: the child calls nothing that waits for a thread of the parent: what it prints is
        // captured, and the C library's allocator is ready for fork(2).
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
        if pid == 0 {
            // SAFETY: concerns this process alone; it ends here in any case.
            unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                let status = catch_unwind(AssertUnwindSafe(body)).unwrap_or(101);
                libc::_exit(status);
            }
        }
        Process { pid: pid as u32, ended: None }
    }

    /// How it ended, if it has.
    pub fn ending(&mut self) -> Option<Ending> {
        if self.ended.is_none() {
            self.ended = self.reap(libc::WNOHANG);
        }
        self.ended
    }

    /// How it ended; nothing where it hangs.
    pub fn wait(&mut self) -> Option<Ending> {
        if let Some(ending) = self.ending() {
            return Some(ending);
        }
        let time = (clock::HANGS / 1_000_000) as i32;
        // SAFETY: the kernel reads and writes one structure, and the descriptor is this function's.
        unsafe {
            let descriptor = libc::syscall(libc::SYS_pidfd_open, self.pid, 0) as i32;
            let mut ends = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
            libc::poll(&raw mut ends, 1, time);
            libc::close(descriptor);
        }
        self.ending()
    }

    /// Kills it, if it is still there.
    pub fn kill(&mut self) {
        if self.ending().is_none() {
            // SAFETY: a child of this process that was not reaped yet.
            unsafe { libc::kill(self.pid as i32, libc::SIGKILL) };
            self.ended = self.reap(0);
        }
    }

    fn reap(&self, flags: i32) -> Option<Ending> {
        let mut status = 0;
        // SAFETY: the kernel writes one int.
        let pid = unsafe { libc::waitpid(self.pid as i32, &raw mut status, flags) };
        if pid != self.pid as i32 {
            return None;
        }
        Some(match libc::WIFSIGNALED(status) {
            true => Ending::Killed(libc::WTERMSIG(status)),
            false => Ending::Exited(libc::WEXITSTATUS(status)),
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
