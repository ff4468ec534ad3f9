//! What is told of a call besides its name and its time: the fields of `-f json` that say something, and
//! what the report has found out.

use super::messages::{DebugAnnotation, Value};
use super::names::Argument;
use crate::command::report::events::Call;
use crate::command::report::observer::Link;
use crate::command::show::text::quoted;
use crate::command::show::{message_length, names, queue};
use msgq::errno::Errno;
use msgq::trace::format::Kind;

/// An argument.
pub fn argument(name: Argument, value: Value) -> DebugAnnotation {
    DebugAnnotation { name_iid: Some(name.iid()), value: Some(value) }
}

/// Those of the moment in which a message is received.
pub fn of_message(link: &Link) -> Vec<DebugAnnotation> {
    let queue = argument(Argument::Queue, Value::Int(link.queue.into()));
    vec![queue, argument(Argument::Mtype, Value::Int(link.mtype))]
}

/// Those of a call; a msgrcv may have taken a message whose send is known.
pub fn of_call(call: &Call, link: Option<&Link>) -> Vec<DebugAnnotation> {
    let mut all = Vec::with_capacity(9);
    let mut tell = |name, value: Value| all.push(argument(name, value));
    match call.kind {
        Kind::Get => tell(Argument::Key, Value::String(names::key(call.object))),
        _ => tell(Argument::Msqid, Value::Int(call.object.into())),
    }
    if let Some(id) = queue(call) {
        tell(Argument::Queue, Value::Int(id.into()));
    }
    match call.kind {
        Kind::Control => tell(Argument::Cmd, Value::String(names::command(call.flags))),
        kind => tell(Argument::Flags, Value::String(names::flags(kind, call.flags))),
    }
    if matches!(call.kind, Kind::Send | Kind::Receive) {
        tell(Argument::Msgsz, Value::Uint(call.msgsz));
    }
    if call.kind == Kind::Receive {
        tell(Argument::Msgtyp, Value::Int(call.msgtyp));
    }
    if let Some(mtype) = call.mtype {
        tell(Argument::Mtype, Value::Int(mtype));
        tell(Argument::Mtext, Value::String(quoted(&call.bytes, message_length(call))));
    }
    if let Some((_, outcome)) = call.returned {
        tell(Argument::Result, Value::Int(outcome.unwrap_or(-1)));
    }
    if let Some(errno) = call.errno() {
        tell(Argument::Errno, Value::String(names::errno(Errno(errno))));
    }
    if call.injected.answer {
        tell(Argument::Injected, Value::Bool(true));
    }
    if call.injected.delay {
        tell(Argument::Delayed, Value::Bool(true));
    }
    if let Some(link) = link {
        tell(Argument::Certain, Value::Bool(link.certain));
        tell(Argument::Residence, Value::Uint(link.residence()));
    }
    all
}
