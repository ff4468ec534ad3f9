//! The four calls as values: which one, with what arguments, and what came of it.

use crate::errno::Errno;
use libc::{c_int, c_long, c_void, key_t, msqid_ds};

/// A call and its arguments, named as in the manual pages.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub enum Call {
    Get { key: key_t, msgflg: c_int },
    Control { msqid: c_int, cmd: c_int, buf: *mut msqid_ds },
    Send { msqid: c_int, msgp: *const c_void, msgsz: usize, msgflg: c_int },
    Receive { msqid: c_int, msgp: *mut c_void, msgsz: usize, msgtyp: c_long, msgflg: c_int },
}

/// What came of a call: its result where it succeeded, else the error.
pub type Outcome = Result<i64, Errno>;
