//! Flags that a call does not have.

use super::catalogue::Misuse;
use super::finding::{Call, report};
use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, MSG_EXCEPT, MSG_NOERROR, c_int};
use std::fmt::Write;

/// msgrcv(2)'s MSG_COPY, which libc does not name on every target.
pub const MSG_COPY: c_int = 0o40000;

/// The permission bits.
pub const MODE: c_int = 0o777;

/// The flags of all four calls, by name.
const NAMES: [(c_int, &str); 6] = [
    (IPC_CREAT, "IPC_CREAT"),
    (IPC_EXCL, "IPC_EXCL"),
    (IPC_NOWAIT, "IPC_NOWAIT"),
    (MSG_NOERROR, "MSG_NOERROR"),
    (MSG_EXCEPT, "MSG_EXCEPT"),
    (MSG_COPY, "MSG_COPY"),
];

/// Tells of flags that are not among `allowed`.
#[inline(always)]
pub fn look(call: Call, msgflg: c_int, allowed: c_int) {
    let stray = msgflg & !allowed;
    if stray != 0 {
        tell(call, stray);
    }
}

#[cold]
#[inline(never)]
fn tell(call: Call, stray: c_int) {
    report(Misuse::StrayFlag, call, &|detail| {
        let mut rest = stray;
        detail.push(b"the flags contain");
        for (flag, name) in NAMES.iter().filter(|(flag, _)| stray & flag != 0) {
            let _ = write!(detail, " {name} (0{flag:o})");
            rest &= !flag;
        }
        if rest & MODE != 0 {
            let _ = write!(detail, " permissions (0{:o})", rest & MODE);
            rest &= !MODE;
        }
        if rest != 0 {
            let _ = write!(detail, " {rest:#x}");
        }
        detail.push(b", which this call does not have");
    });
}
