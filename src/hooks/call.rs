//! A call as C's hooks see it.
#![allow(non_camel_case_types)] // C's names.

use crate::trace::call::{Any, Call, Outcome};
use crate::trace::format::Kind;
use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};
use std::ptr::null_mut;

/// A msgq_call's function: msgget().
pub const MSGQ_MSGGET: c_int = 1;
/// A msgq_call's function: msgctl().
pub const MSGQ_MSGCTL: c_int = 2;
/// A msgq_call's function: msgsnd().
pub const MSGQ_MSGSND: c_int = 3;
/// A msgq_call's function: msgrcv().
pub const MSGQ_MSGRCV: c_int = 4;

/// A call, as a hook sees it. The arguments have the names that the manual pages give them; those
/// that the function does not have are 0. Later versions may add fields at the end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct msgq_call {
    /// Which function is called: MSGQ_MSGGET, MSGQ_MSGCTL, MSGQ_MSGSND or MSGQ_MSGRCV.
    pub function: c_int,
    /// msgget's key.
    pub key: key_t,
    /// The queue's id, of all but msgget.
    pub msqid: c_int,
    /// The flags, of all but msgctl.
    pub msgflg: c_int,
    /// msgctl's command.
    pub cmd: c_int,
    /// 1 where a hook has answered, so that the queues are not asked; else 0.
    pub answered: c_int,
    /// msgctl's structure. As the caller gave it: it may be a bad address.
    pub buf: *mut msqid_ds,
    /// The message of msgsnd and msgrcv. As the caller gave it: it may be a bad address. msgrcv's
    /// is there only when the call has succeeded; msgsnd's must not be changed.
    pub msgp: *mut c_void,
    /// The size of msgsnd and msgrcv, in bytes.
    pub msgsz: size_t,
    /// The type that msgrcv asks for.
    pub msgtyp: c_long,
    /// What the call returns: set when it has returned, or by the hook that answers it.
    pub result: ssize_t,
    /// The errno of a call that returns -1: set as `result` is.
    pub error: c_int,
}

/// A function that is called before a call. To let the call go on it returns 0. To answer it, it
/// stores what the call is to return in `call->result` and, if that is -1, the errno in
/// `call->error`, and returns 1; where several hooks answer, the first answer counts. Nothing else
/// that it stores in `*call` has any effect.
pub type msgq_before =
    Option<unsafe extern "C-unwind" fn(call: *mut msgq_call, data: *mut c_void) -> c_int>;

/// A function that is called when a call has returned.
pub type msgq_after =
    Option<unsafe extern "C-unwind" fn(call: *const msgq_call, data: *mut c_void)>;

impl msgq_call {
    /// A call with what is known of it so far.
    pub fn of(call: Any, outcome: Option<Outcome>, answered: bool) -> msgq_call {
        let arguments = call.arguments();
        let is = |kinds: &[Kind]| kinds.contains(&call.kind());
        let if_is = |kinds: &[Kind], number: c_int| if is(kinds) { number } else { 0 };
        let address = arguments.address as *mut c_void;
        let messages = [Kind::Send, Kind::Receive];
        let (result, error) = match outcome {
            None => (0, 0),
            Some(Ok(result)) => (result as ssize_t, 0),
            Some(Err(error)) => (-1, error.0),
        };
        msgq_call {
            function: call.kind() as c_int,
            key: if_is(&[Kind::Get], arguments.object),
            msqid: if is(&[Kind::Get]) { 0 } else { arguments.object },
            msgflg: if is(&[Kind::Control]) { 0 } else { arguments.flags },
            cmd: if_is(&[Kind::Control], arguments.flags),
            answered: c_int::from(answered),
            buf: if is(&[Kind::Control]) { address.cast() } else { null_mut() },
            msgp: if is(&messages) { address } else { null_mut() },
            msgsz: arguments.msgsz,
            msgtyp: arguments.msgtyp,
            result,
            error,
        }
    }
}

const _: () = {
    assert!(Kind::Get as c_int == MSGQ_MSGGET);
    assert!(Kind::Control as c_int == MSGQ_MSGCTL);
    assert!(Kind::Send as c_int == MSGQ_MSGSND);
    assert!(Kind::Receive as c_int == MSGQ_MSGRCV);
};
