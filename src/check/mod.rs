//! Misuse checks: what a program does with its queues that cannot be what it wants. They report, and
//! never change a result.
//!
//! ```text
//!  enter, leave           around the engine's answer to a call
//!    |
//!  get control send receive    what each call is checked for
//!    |        |
//!    |      flags, errors               what several of them are
//!    |      queues, buffers, sequel,    what they know: of the queue, of the place, of the call
//!    |      heap, ask                   before, of the caller's memory, and from the engine
//!  finding -> places      told once for each place in the program, and counted
//!    |
//!  store                  the tables: this process's own, or shared with `msgq check`
//! ```
//!
//! Between `enter` and `leave` nothing is held that has to be dropped: the call may be cancelled.

mod any;
mod ask;
mod buffers;
pub mod catalogue;
mod control;
mod errors;
mod exit;
pub mod finding;
mod flags;
mod get;
mod heap;
pub mod places;
mod queues;
mod receive;
mod send;
mod sequel;
mod store;
mod text;

use crate::engine;
use crate::errno::Errno;
use crate::os::{self, StandardError};
use crate::settings::{Checking, Settings};
use crate::trace::{
    self,
    call::{Call, Outcome},
};
use std::ffi::CStr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32};

pub use exit::left_behind;
pub use store::Store as Tables;

/// Where a call was made of which nobody has noted that.
pub(crate) const NOWHERE: usize = 0;

/// Whether calls are checked.
static ON: AtomicBool = AtomicBool::new(false);

/// Whether the first finding ends the program.
static FATAL: AtomicBool = AtomicBool::new(false);

/// This process's id, as far as fork(3) tells of children.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// How often this process has forked.
static FORKS: AtomicU32 = AtomicU32::new(0);

static STANDARD_ERROR: StandardError = StandardError::unknown();

/// A call that is checked.
pub(crate) trait Checked: Call {
    /// Looks at the call before the engine is asked.
    fn before(self, caller: usize) -> Seen;

    /// Looks at what came of it.
    ///
    /// # Safety
    /// `outcome` is what the engine answered to this call, just now.
    #[allow(unsafe_code)]
    unsafe fn after(self, caller: usize, seen: Seen, outcome: Outcome);
}

/// What was seen before the engine was asked, in words that each call uses as it likes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Whether the call is looked at.
    on: bool,
    /// Whether a receive was counted when it began.
    counted: bool,
    /// The queue's bytes and messages, or whether a key has no queue yet.
    words: Option<(u64, u64)>,
}

/// Begins to check, where the settings say so. Whether it does.
pub(crate) fn begin(settings: &Settings) -> bool {
    if settings.check == Checking::Off {
        return false;
    }
    if let Some(path) = settings.check_file
        && let Err(error) = store::share(path)
    {
        let mut reason = [0; 128];
        let reason = os::description(error, &mut reason);
        os::complain(&[
            b"msgq: MSGQ_CHECK_FILE=",
            path.to_bytes(),
            b": findings are told here instead: ",
            reason,
        ]);
    }
    queues::set_realm(settings.realm());
    FATAL.store(settings.check == Checking::Abort, Relaxed);
    PROCESS.store(os::process_id(), Relaxed);
    STANDARD_ERROR.remember();
    if !ON.load(Relaxed) {
        os::after_every_fork(parent_after_fork, child_after_fork);
        trace::keep_faults_quiet();
    }
    ON.store(true, Release);
    true
}

/// Reads along in the tables of a file, for programs that run with these settings. This process asks
/// their engine from now on.
pub fn watch(path: &CStr, settings: &Settings) -> Result<&'static Tables, Errno> {
    store::share(path)?;
    queues::set_realm(settings.realm());
    engine::choose(settings.engine);
    Ok(store::store())
}

extern "C" fn parent_after_fork() {
    FORKS.fetch_add(1, Relaxed);
}

extern "C" fn child_after_fork() {
    PROCESS.store(os::process_id(), Relaxed);
    FORKS.store(0, Relaxed);
    sequel::forget();
    if !store::is_shared() {
        store::store().findings.iter().for_each(finding::Finding::forget_count);
    }
}

/// This process's id.
#[inline(always)]
fn process() -> u32 {
    PROCESS.load(Relaxed)
}

/// Whether the first finding ends the program.
fn is_fatal() -> bool {
    FATAL.load(Relaxed)
}

/// One line on standard error, where that is still what it was, or made for such lines.
fn say(line: &[u8]) {
    if STANDARD_ERROR.takes_lines() {
        os::complain(&[line]);
    }
}

/// Looks at a call that begins.
#[inline(always)]
pub(crate) fn enter(call: impl Checked, caller: usize) -> Seen {
    if !ON.load(Relaxed) {
        return Seen::default();
    }
    guarded(|| Seen { on: true, ..call.before(caller) }).unwrap_or_default()
}

/// Looks at what came of the call.
///
/// # Safety
/// `outcome` is what the engine answered to `call`, just now.
#[inline(always)]
#[allow(unsafe_code)]
pub(crate) unsafe fn leave(seen: Seen, call: impl Checked, caller: usize, outcome: Outcome) {
    if seen.on {
        // SAFETY: the caller's promise.
        guarded(|| unsafe { call.after(caller, seen, outcome) });
    }
}

/// A call was answered in the engine's stead. What it was to make up for is not known to be lost.
pub(crate) fn answered(seen: Seen, call: impl Checked) {
    if seen.on {
        guarded(|| {
            sequel::take();
            let queue = queues::Queue::known(call.arguments().object);
            queue.filter(|_| seen.counted).map(queues::Queue::end_receive)
        });
    }
}

/// Runs a step of the checks. A fault in it ends them in this process, and nothing else.
#[inline(always)]
fn guarded<T>(step: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(step))
        .map_err(|fault| {
            ON.store(false, Relaxed);
            // Its destructor could fault again.
            std::mem::forget(fault);
        })
        .ok()
}

/// Whether an outcome is this error.
fn is(outcome: Outcome, errno: i32) -> bool {
    outcome == Err(Errno(errno))
}
