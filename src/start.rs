//! Starting up: once in a process, before its own code runs where that can be had.
//!
//! The constructor does it while the process still sees the file system that its user sees, with
//! the rights that it was started with. A call that comes earlier, from another library's
//! constructor, does it then. Nobody waits here: whoever comes while another thread or an
//! interrupted frame of its own is at it does the same again, to the same result.
#![allow(unsafe_code)]

use crate::engine::functions::Functions;
use crate::errno::Errno;
use crate::settings::Settings;
use crate::{check, deepbind, engine, hooks, inject, trace};
use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, Ordering};

static STARTED: AtomicBool = AtomicBool::new(false);

/// Where calls go at once that nobody watches. None of them is there before the library has
/// started, and none in a process whose calls are recorded or checked. (Who comes and goes is in
/// [`crate::watchers`].)
pub static STRAIGHT_ON: Functions = Functions::none();

/// Makes sure that the library has started.
#[inline]
pub fn ready() {
    if !STARTED.load(Ordering::Acquire) {
        start();
    }
}

#[cold]
fn start() {
    hooks::prepare();
    let settings = Settings::read();
    // Where a program that contains this library is run with it preloaded, the calls come through
    // both copies. The one behind is the one to choose an engine, to record and to check.
    let watching = if engine::another_copy_follows() {
        engine::choose(engine::DEFAULT);
        false
    } else {
        match settings {
            Ok(settings) => {
                engine::choose(settings.engine);
                let checking = check::begin(&settings);
                inject::begin(settings.inject);
                settings.trace.is_some_and(record) || checking
            }
            Err(meaningless) => {
                engine::refuse();
                if !STARTED.load(Ordering::Acquire) {
                    meaningless.complain();
                }
                false
            }
        }
    };
    if let Some(functions) = engine::functions().filter(|_| !watching) {
        STRAIGHT_ON.set(functions.get());
    }
    STARTED.store(true, Ordering::Release);
}

/// Begins to record in the file at `path`; whether that can be done.
fn record(path: &'static CStr) -> bool {
    let recording = trace::join(path);
    if recording {
        let before = Errno::current();
        trace::note_limits(|| engine::limits_now().each().map(|(_, limit)| limit));
        before.set();
    }
    recording
}

// Miri knows the system calls of Rust's own library alone; its tests start nothing.
#[cfg(not(miri))]
extern "C" fn constructor() {
    ready();
    let reached = if Settings::reaches_deep() { deepbind::reach() } else { Ok(()) };
    if let Err(error) = reached {
        // Those would be in the kernel's queues anyway.
        if !engine::is_the_kernel() {
            deepbind::complain(error);
        }
    }
}

#[cfg(not(miri))]
#[used]
// SAFETY: the C library calls the functions of this section once, when the library is loaded.
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;
