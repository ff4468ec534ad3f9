//! The way of a call that is recorded, or is the first: down to the engine, and back.
//!
//! Everything on this way comes to stand in one function for each call. A processor that has been
//! in the kernel has forgotten much of what it knew of the program's branches, so the fewer of them
//! there are, and the fewer returns, the less a watched call costs.
#![allow(unsafe_code)]

use crate::check::{self, Checked};
use crate::engine::{self, Engine, Received};
use crate::trace::call::{self, Answer, Injected};
use crate::{start, trace};
use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};

/// What C sees of the outcome of `call`, which `ask` puts to the engine. `caller`: where the program
/// made the call.
#[inline(always)]
fn pass(call: impl Checked, caller: usize, ask: impl Fn(&dyn Engine) -> Answer) -> i64 {
    start::ready();
    let seen = check::enter(call, caller);
    let span = trace::enter(call);
    // Nothing that has to be dropped is alive here: the call may be cancelled.
    let answer = engine::ask(ask);
    let outcome = answer.outcome;
    // SAFETY: the engine has just answered this call.
    unsafe {
        trace::leave(span, call, answer, Injected::default());
        check::leave(seen, call, caller, outcome);
    }
    outcome.unwrap_or_else(|error| {
        error.set();
        -1
    })
}

/// # Safety
/// As msgget(2).
#[inline(never)]
pub unsafe extern "C-unwind" fn msgget(key: key_t, msgflg: c_int, caller: usize) -> c_int {
    let ask =
        |engine: &dyn Engine| Answer::without_number(engine.msgget(key, msgflg).map(i64::from));
    pass(call::Get { key, msgflg }, caller, ask) as c_int
}

/// # Safety
/// As msgctl(2).
#[inline(never)]
pub unsafe extern "C-unwind" fn msgctl(
    msqid: c_int,
    cmd: c_int,
    buf: *mut msqid_ds,
    caller: usize,
) -> c_int {
    let ask = |engine: &dyn Engine| {
        // SAFETY: the caller's promise, handed on.
        let told = unsafe { engine.msgctl(msqid, cmd, buf) };
        Answer::without_number(told.map(i64::from))
    };
    pass(call::Control { msqid, cmd, buf }, caller, ask) as c_int
}

/// # Safety
/// As msgsnd(2).
#[inline(never)]
pub unsafe extern "C-unwind" fn msgsnd(
    msqid: c_int,
    msgp: *const c_void,
    msgsz: size_t,
    msgflg: c_int,
    caller: usize,
) -> c_int {
    let ask = |engine: &dyn Engine| {
        // SAFETY: the caller's promise, handed on.
        let told = unsafe { engine.msgsnd(msqid, msgp, msgsz, msgflg) };
        Answer::of(told.map(|number| (0, number)))
    };
    pass(call::Send { msqid, msgp, msgsz, msgflg }, caller, ask) as c_int
}

/// # Safety
/// As msgrcv(2).
#[inline(never)]
pub unsafe extern "C-unwind" fn msgrcv(
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: size_t,
    msgtyp: c_long,
    msgflg: c_int,
    caller: usize,
) -> ssize_t {
    let ask = |engine: &dyn Engine| {
        // SAFETY: the caller's promise, handed on.
        let told = unsafe { engine.msgrcv(msqid, msgp, msgsz, msgtyp, msgflg) };
        Answer::of(told.map(|Received { bytes, number }| (bytes as i64, number)))
    };
    pass(call::Receive { msqid, msgp, msgsz, msgtyp, msgflg }, caller, ask) as ssize_t
}
