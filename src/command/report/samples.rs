//! Calls for the tests of the report, with times in nanoseconds.

use super::events::Call;
use msgq::errno::Errno;
use msgq::trace::call::{Injected, Outcome};
use msgq::trace::format::Kind;
use msgq::trace::record::Record;

/// The queue of the samples.
pub const QUEUE: i32 = 5;

/// A call on [`QUEUE`] by a process with one thread.
pub fn call(kind: Kind, process: u32, entered: u64, returned: Option<(u64, Outcome)>) -> Call {
    Call(Record {
        kind,
        process,
        thread: process,
        entered,
        returned,
        object: QUEUE,
        flags: 0,
        msgsz: 0,
        msgtyp: 0,
        address: 0x7f00,
        mtype: None,
        number: 0,
        bytes: Vec::new(),
        injected: Injected::default(),
    })
}

/// A msgsnd that succeeded.
pub fn send(process: u32, entered: u64, returned: u64, mtype: i64, text: &[u8]) -> Call {
    let mut call = call(Kind::Send, process, entered, Some((returned, Ok(0))));
    call.0.msgsz = text.len() as u64;
    call.0.mtype = Some(mtype);
    call.0.bytes = text.to_vec();
    call
}

/// A msgrcv of this type that succeeded.
pub fn receive(process: u32, entered: u64, returned: u64, mtype: i64, text: &[u8]) -> Call {
    let result = Ok(text.len() as i64);
    let mut call = call(Kind::Receive, process, entered, Some((returned, result)));
    call.0.msgsz = 64;
    call.0.msgtyp = mtype;
    call.0.mtype = Some(mtype);
    call.0.bytes = text.to_vec();
    call
}

/// The same call, that never returned.
pub fn never(mut call: Call) -> Call {
    call.0.returned = None;
    call.0.mtype = None;
    call.0.bytes.clear();
    call
}

/// The same call, that failed.
pub fn failed(mut call: Call, errno: i32) -> Call {
    let at = call.end().unwrap_or(call.entered);
    call.0.returned = Some((at, Err(Errno(errno))));
    if call.kind == Kind::Receive {
        call.0.mtype = None;
        call.0.bytes.clear();
    }
    call
}

/// A msgget that made [`QUEUE`].
pub fn create(process: u32, at: u64) -> Call {
    let mut call = call(Kind::Get, process, at, Some((at + 1, Ok(i64::from(QUEUE)))));
    call.0.object = libc::IPC_PRIVATE;
    call.0.flags = libc::IPC_CREAT | 0o600;
    call
}

/// A msgctl.
pub fn control(process: u32, entered: u64, returned: u64, cmd: i32) -> Call {
    let mut call = call(Kind::Control, process, entered, Some((returned, Ok(0))));
    call.0.flags = cmd;
    call
}
