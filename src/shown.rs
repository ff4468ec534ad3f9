//! The way of a call that is shown to hooks or probes, or to which a fault may be done. It is the way
//! of [`crate::watched`] with more stations, and a way of its own so that the other need not know
//! of them.
#![allow(unsafe_code)]

use crate::engine::{self, Engine, Received};
use crate::trace::call::{self, Answer, Any};
use crate::{check, hooks, probes, start, trace};
use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};

/// What C sees of the outcome of `call`, which `ask` puts to the engine.
#[inline(never)]
fn pass(call: Any, ask: &dyn Fn(&dyn Engine) -> Answer) -> i64 {
    start::ready();
    let seen = check::enter(call, check::NOWHERE);
    probes::entry(call);
    let span = trace::enter(call);
    // Nothing that has to be dropped is alive from here on: the call may be cancelled.
    let watch = hooks::before(call);
    let answer = watch.answer.map_or_else(|| engine::ask(ask), Answer::without_number);
    let outcome = answer.outcome;
    // SAFETY: the engine has just answered this call, or `watch` says that it was not asked.
    unsafe { trace::leave(span, call, answer, watch.injected()) };
    match watch.answer {
        // SAFETY: the engine has just answered this call.
        None => unsafe { check::leave(seen, call, check::NOWHERE, outcome) },
        Some(_) => check::answered(seen, call),
    }
    hooks::after(watch, call, outcome);
    probes::returned(call, outcome);
    outcome.unwrap_or_else(|error| {
        error.set();
        -1
    })
}

/// # Safety
/// As msgget(2).
#[inline(never)]
pub unsafe extern "C-unwind" fn msgget(key: key_t, msgflg: c_int) -> c_int {
    let ask =
        |engine: &dyn Engine| Answer::without_number(engine.msgget(key, msgflg).map(i64::from));
    pass(Any::of(call::Get { key, msgflg }), &ask) as c_int
}

/// # Safety
/// As msgctl(2).
#[inline(never)]
pub unsafe extern "C-unwind" fn msgctl(msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> c_int {
    let ask = |engine: &dyn Engine| {
        // SAFETY: the caller's promise, handed on.
        let told = unsafe { engine.msgctl(msqid, cmd, buf) };
        Answer::without_number(told.map(i64::from))
    };
    pass(Any::of(call::Control { msqid, cmd, buf }), &ask) as c_int
}

/// # Safety
/// As msgsnd(2).
#[inline(never)]
pub unsafe extern "C-unwind" fn msgsnd(
    msqid: c_int,
    msgp: *const c_void,
    msgsz: size_t,
    msgflg: c_int,
) -> c_int {
    let ask = |engine: &dyn Engine| {
        // SAFETY: the caller's promise, handed on.
        let told = unsafe { engine.msgsnd(msqid, msgp, msgsz, msgflg) };
        Answer::of(told.map(|number| (0, number)))
    };
    pass(Any::of(call::Send { msqid, msgp, msgsz, msgflg }), &ask) as c_int
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
) -> ssize_t {
    let ask = |engine: &dyn Engine| {
        // SAFETY: the caller's promise, handed on.
        let told = unsafe { engine.msgrcv(msqid, msgp, msgsz, msgtyp, msgflg) };
        Answer::of(told.map(|Received { bytes, number }| (bytes as i64, number)))
    };
    pass(Any::of(call::Receive { msqid, msgp, msgsz, msgtyp, msgflg }), &ask) as ssize_t
}
