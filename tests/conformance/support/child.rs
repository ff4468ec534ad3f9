//! Another process.
#![allow(unsafe_code)]

use super::asleep::{is_asleep, state};
use super::{Verdict, Worked, moment, until};
use libc::{c_int, pid_t};
use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::FromRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A child that does something and says what differed. It is killed with its variable.
pub struct Child {
    pid: pid_t,
    verdict: File,
    reaped: bool,
}

/// Has a child do something.
pub fn in_child(body: impl FnOnce() -> Verdict) -> Verdict {
    Child::start(body)?.end()
}

impl Child {
    /// Starts one.
    pub fn start(body: impl FnOnce() -> Verdict) -> Result<Child, String> {
        let mut ends = [0; 2];
        // SAFETY: the kernel writes two descriptors.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
            return Err(Error::last_os_error()).worked("pipe2");
        }
        // SAFETY: both descriptors are new and nobody else's.
        let (read, write) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
        // SAFETY: the child runs on with what this thread has, and never returns from here.
        match unsafe { libc::fork() } {
            -1 => Err(Error::last_os_error()).worked("fork"),
            0 => live_as_child(write, body),
            pid => Ok(Child { pid, verdict: read, reaped: false }),
        }
    }

    /// Starts one and waits until it sleeps in msgsnd or msgrcv.
    pub fn start_asleep(body: impl FnOnce() -> Verdict) -> Result<Child, String> {
        let mut child = Child::start(body)?;
        child.falls_asleep()?;
        Ok(child)
    }

    /// Its process id.
    pub fn pid(&self) -> pid_t {
        self.pid
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: c_int) {
        // SAFETY: takes no address; the child has not been waited for, so the pid is its own.
        unsafe { libc::kill(self.pid, signal) };
    }

    /// Waits until it sleeps in its call.
    pub fn falls_asleep(&mut self) -> Verdict {
        let pid = self.pid;
        until("the child sleeps in its call", || {
            is_asleep(pid, pid) || state(pid, pid) == Some('Z')
        })?;
        match state(pid, pid) {
            Some('Z') => Err(format!("the child is to sleep, and has ended: {:?}", self.end())),
            _ => Ok(()),
        }
    }

    /// It is to sleep now, and a moment later.
    pub fn sleeps_on(&mut self) -> Verdict {
        moment();
        self.falls_asleep()
    }

    /// Stops it.
    pub fn stop(&self) -> Verdict {
        self.signal(libc::SIGSTOP);
        until("the child is stopped", || state(self.pid, self.pid) == Some('T'))
    }

    /// Lets it run on.
    pub fn go_on(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Kills it.
    pub fn kill(&mut self) -> Verdict {
        self.signal(libc::SIGKILL);
        self.reap().map(drop)
    }

    /// What it has found, waited for.
    pub fn end(&mut self) -> Verdict {
        let pid = self.pid;
        until("the child ends", || matches!(state(pid, pid), None | Some('Z')))?;
        let status = self.reap()?;
        let mut text = String::new();
        self.verdict.read_to_string(&mut text).worked("the child's verdict")?;
        match (status, text.is_empty()) {
            (0, true) => Ok(()),
            (_, false) => Err(format!("in a child: {text}")),
            _ => Err(format!("a child ended with status {status:#x}")),
        }
    }

    fn reap(&mut self) -> Result<c_int, String> {
        let mut status = 0;
        // SAFETY: the kernel writes one int.
        let answer = unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        if answer != self.pid {
            return Err(Error::last_os_error()).worked("waitpid");
        }
        self.reaped = true;
        Ok(status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.kill();
        }
    }
}

fn live_as_child(mut verdict: File, body: impl FnOnce() -> Verdict) -> ! {
    // SAFETY: takes no address.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let seen = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err("a panic".to_string()));
    let status = match &seen {
        Ok(()) => 0,
        Err(text) => {
            let _ = verdict.write_all(text.as_bytes());
            1
        }
    };
    // SAFETY: ends the process at once; what the parent has registered for its end is not run.
    unsafe { libc::_exit(status) }
}

/// Whether a child has ended. It is not waited for: its number stays its own.
pub fn has_ended(pid: u32) -> bool {
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: zeros are a siginfo, which the kernel fills.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_PID, pid, &raw mut info, flags) == 0 && info.si_pid() != 0
    }
}

/// Kills what is left of a process group whose leader has not been waited for.
pub fn kill_group(leader: u32) {
    // SAFETY: takes no address. The group is that of a child of this process.
    unsafe { libc::kill(-(leader as pid_t), libc::SIGKILL) };
}
