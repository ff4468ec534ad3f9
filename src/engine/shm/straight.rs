//! The calls as C functions, for calls that nobody watches.
#![allow(unsafe_code)]

use super::Shm;
use crate::engine::Engine;
use crate::engine::functions::Functions;
use crate::errno::Errno;
use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};

/// Their addresses, once [`prepare`] has run.
pub static FUNCTIONS: Functions = Functions::none();

/// Enters the addresses.
pub fn prepare() {
    FUNCTIONS.set([
        msgget as *mut c_void,
        msgctl as *mut c_void,
        msgsnd as *mut c_void,
        msgrcv as *mut c_void,
    ]);
}

/// What C sees of an outcome.
#[inline(always)]
fn answer(outcome: Result<ssize_t, Errno>) -> ssize_t {
    outcome.unwrap_or_else(|error| {
        error.set();
        -1
    })
}

unsafe extern "C-unwind" fn msgget(key: key_t, msgflg: c_int) -> c_int {
    answer(Shm.msgget(key, msgflg).map(|id| id as ssize_t)) as c_int
}

unsafe extern "C-unwind" fn msgctl(msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> c_int {
    // SAFETY: the caller's promise, handed on.
    answer(unsafe { Shm.msgctl(msqid, cmd, buf) }.map(|told| told as ssize_t)) as c_int
}

unsafe extern "C-unwind" fn msgsnd(
    msqid: c_int,
    msgp: *const c_void,
    msgsz: size_t,
    msgflg: c_int,
) -> c_int {
    // SAFETY: the caller's promise, handed on.
    answer(unsafe { Shm.msgsnd(msqid, msgp, msgsz, msgflg) }.map(|_| 0)) as c_int
}

unsafe extern "C-unwind" fn msgrcv(
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: size_t,
    msgtyp: c_long,
    msgflg: c_int,
) -> ssize_t {
    // SAFETY: the caller's promise, handed on.
    let received = unsafe { Shm.msgrcv(msqid, msgp, msgsz, msgtyp, msgflg) };
    answer(received.map(|received| received.bytes as ssize_t))
}
