//! Signals to threads of this process, and what becomes of them.
#![allow(unsafe_code)]

use libc::{c_int, pid_t};

/// How a handler is set up.
#[derive(Clone, Copy, Debug)]
pub enum Handler {
    /// With SA_RESTART, which most system calls obey.
    Restarting,
    /// Without.
    Plain,
}

extern "C" fn do_nothing(_: c_int) {}

/// Handles a signal by doing nothing.
pub fn handle(signal: c_int, how: Handler) {
    let flags = match how {
        Handler::Restarting => libc::SA_RESTART,
        Handler::Plain => 0,
    };
    let handler: extern "C" fn(c_int) = do_nothing;
    set(signal, handler as libc::sighandler_t, flags);
}

/// Ignores a signal.
pub fn ignore(signal: c_int) {
    set(signal, libc::SIG_IGN, 0);
}

fn set(signal: c_int, handler: libc::sighandler_t, flags: c_int) {
    // SAFETY: an all-zero sigaction is one with an empty mask; the handler touches nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

/// Sends a signal to a thread of this process.
pub fn signal_thread(tid: pid_t, signal: c_int) {
    // SAFETY: takes no address.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tid, signal) };
}
