//! Hooks: functions of the program's own, called before and after each call.
//!
//! What happens on the way of a call is here: [`before`] the queues are asked, and [`after`]. Between
//! the two nothing is held. A hook is run with cancellation switched off and is itself not hooked;
//! the table counts those who are inside, so that whoever removes a hook can tell when its code and
//! data may go.
#![allow(unsafe_code)]

pub mod call;
mod table;

use crate::engine;
use crate::errno::Errno;
use crate::inject;
use crate::os::{self, Cancellation};
use crate::thread_word::HOOK;
use crate::trace::call::{Any, Call, Injected, Outcome};
use crate::trace::format::Kind;
use crate::watchers::WATCHERS;
use call::msgq_call;
use libc::{EINVAL, c_int, c_long};
pub use table::Hook;
use table::{Removal, Slot, Table};

static TABLE: Table = Table::new();

// SAFETY: what `data` points to is the program's; it says who may use it, and when.
unsafe impl Sync for Hook {}

/// What the hooks said to a call before it was made, and what is to be told to them after it.
#[derive(Clone, Copy)]
pub struct Watch {
    /// An answer in the queues' stead.
    pub answer: Option<Outcome>,
    /// Whether the call was made to wait.
    delayed: bool,
    /// The last hook that knows of the call; 0 where none does.
    newest: u64,
}

impl Watch {
    const NONE: Watch = Watch { answer: None, delayed: false, newest: 0 };

    /// The same as a record has it.
    pub fn injected(&self) -> Injected {
        Injected { answer: self.answer.is_some(), delay: self.delayed }
    }
}

/// Gets ready, when the library starts: whoever adds a hook may then be in a signal handler.
pub(crate) fn prepare() {
    os::in_every_child(forked);
}

extern "C" fn forked() {
    TABLE.forked(HOOK.get());
}

/// Adds a hook; its number.
pub(crate) fn add(hook: Hook) -> Result<c_long, Errno> {
    if hook.before.is_none() && hook.after.is_none() {
        return Err(Errno(EINVAL));
    }
    TABLE.add(hook, || WATCHERS.add_hook()).map(|number| number as c_long)
}

/// Removes a hook: 0 where nobody runs it any more, 1 where some still do.
pub(crate) fn remove(number: c_long) -> Result<c_int, Errno> {
    let number = u64::try_from(number).unwrap_or(0);
    match TABLE.remove(number, || WATCHERS.remove_hook()) {
        Removal::Gone => Ok(0),
        Removal::Running => Ok(1),
        Removal::Unknown => Err(Errno(EINVAL)),
    }
}

/// Tells the hooks that a call begins; if none of them answers it, faults may be injected. The call
/// may be cancelled here, if it is a cancellation point.
pub(crate) fn before(call: Any) -> Watch {
    let mut watch = if WATCHERS.any_hook() { tell_before(call) } else { Watch::NONE };
    if watch.answer.is_none() {
        let injection = inject::before(call);
        watch = Watch { answer: injection.answer, delayed: injection.delayed, ..watch };
    }
    // It is one also when the engine is not asked.
    if watch.answer.is_some() && matches!(call.kind(), Kind::Send | Kind::Receive) {
        engine::cancel_here();
    }
    watch
}

/// Tells the hooks that know of the call what came of it.
pub(crate) fn after(watch: Watch, call: Any, outcome: Outcome) {
    if watch.newest != 0 {
        tell_after(watch, call, outcome);
    }
}

fn tell_before(call: Any) -> Watch {
    if HOOK.get() != 0 {
        return Watch::NONE;
    }
    let mut watch = Watch { newest: TABLE.newest(), ..Watch::NONE };
    let mut last = 0;
    while let Some((number, slot)) = TABLE.after(last).filter(|(found, _)| *found <= watch.newest) {
        run(number, slot, |hook| {
            let Some(before) = hook.before else { return };
            let mut seen = msgq_call::of(call, watch.answer, watch.answer.is_some());
            // SAFETY: whoever added the hook promised that it can be called so.
            let answers = unsafe { before(&raw mut seen, hook.data) } != 0;
            if answers && watch.answer.is_none() {
                watch.answer = Some(answer(&seen));
            }
        });
        last = number;
    }
    watch
}

fn tell_after(watch: Watch, call: Any, outcome: Outcome) {
    let mut last = watch.newest + 1;
    while let Some((number, slot)) = TABLE.before(last) {
        run(number, slot, |hook| {
            let Some(after) = hook.after else { return };
            let seen = msgq_call::of(call, Some(outcome), watch.answer.is_some());
            // SAFETY: as in `tell_before`.
            unsafe { after(&raw const seen, hook.data) };
        });
        last = number;
    }
}

/// What a hook answered.
fn answer(call: &msgq_call) -> Outcome {
    match call.result {
        -1 => Err(Errno(call.error)),
        result => Ok(result as i64),
    }
}

/// Runs a hook, if it is still there. Nothing of it is seen by the program but what it answers.
fn run(number: u64, slot: &Slot, step: impl FnOnce(Hook)) {
    let errno = Errno::current();
    let cancellation = os::switch_cancellation(Cancellation::OFF);
    if let Some(hook) = slot.enter(number) {
        HOOK.set(number);
        step(hook);
        HOOK.set(0);
        slot.leave();
    }
    errno.set();
    // The last step: a thread that is cancelled meanwhile may end here.
    os::switch_cancellation(cancellation);
}
