//! The signals that the screen has to be given back for.
#![allow(unsafe_code)]

use libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Those that end the command.
const ENDING: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// For so many seconds a terminal may fail to answer. Then the signal has its way all the same.
const GRACE: u32 = 5;

/// The signal of [`ENDING`] that came, or 0.
static ENDED: AtomicI32 = AtomicI32::new(0);
/// SIGTSTP came.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// SIGCONT came.
static CONTINUED: AtomicBool = AtomicBool::new(false);

/// From now on signals are noted. One that the command was started to ignore stays ignored.
pub fn watch() -> io::Result<()> {
    for signal in ENDING {
        note(signal, SaFlags::SA_RESETHAND)?;
    }
    note(Signal::SIGTSTP, SaFlags::empty())?;
    note(Signal::SIGCONT, SaFlags::empty())
}

fn note(signal: Signal, flags: SaFlags) -> io::Result<()> {
    let action = SigAction::new(SigHandler::Handler(came), flags, SigSet::empty());
    // SAFETY: the handler does nothing that a signal may not interrupt.
    let before = unsafe { sigaction(signal, &action) }?;
    if matches!(before.handler(), SigHandler::SigIgn) {
        // SAFETY: no handler is set.
        unsafe { sigaction(signal, &before) }?;
    }
    Ok(())
}

extern "C" fn came(signal: c_int) {
    match signal {
        libc::SIGTSTP => STOPPED.store(true, Ordering::Relaxed),
        libc::SIGCONT => CONTINUED.store(true, Ordering::Relaxed),
        _ => {
            ENDED.store(signal, Ordering::Relaxed);
            // SAFETY: may be called anywhere. SIGALRM ends the process.
            unsafe { libc::alarm(GRACE) };
        }
    }
}

/// The signal that is to end the command, if one came.
pub fn ended() -> Option<c_int> {
    Some(ENDED.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
}

/// Whether SIGTSTP came since this was last asked.
pub fn stopped() -> bool {
    STOPPED.swap(false, Ordering::Relaxed)
}

/// Whether SIGCONT came since this was last asked. Whoever had the terminal meanwhile has left it as
/// he likes.
pub fn continued() -> bool {
    CONTINUED.swap(false, Ordering::Relaxed)
}

/// Stops, as SIGTSTP stops a program that does not know it: not at all where nobody could continue it.
/// Comes back when the process is continued.
pub fn stop() -> io::Result<()> {
    let usual = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is set.
    let ours = unsafe { sigaction(Signal::SIGTSTP, &usual) }?;
    let raised = raise(Signal::SIGTSTP);
    // SAFETY: the handler that was there before.
    unsafe { sigaction(Signal::SIGTSTP, &ours) }?;
    continued();
    Ok(raised?)
}
