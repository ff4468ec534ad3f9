//! One JSON object a line for each call. `docs/trace.md` documents the fields.

use super::structures::{Limits, QueueData};
use super::{Filter, Show, message_length, names, queue};
use crate::command::recording::follower::Told;
use crate::command::recording::live::Losses;
use crate::command::recording::time::Scale;
use crate::command::terminal::is_command;
use libc::{IPC_INFO, IPC_SET, IPC_STAT, MSG_INFO, MSG_STAT};
use msgq::trace::call::MSG_STAT_ANY;
use msgq::trace::format::Kind;
use msgq::trace::record::Record;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::collections::HashMap;
use std::io::{self, Write};

/// A call as an object.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct CallObject<'a> {
    pub call: &'static str,
    pub time: f64,
    pub realtime_ns: u64,
    pub duration: Option<f64>,
    pub pid: u32,
    pub tid: u32,
    pub program: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<i32>,
    pub queue: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msqid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msgflg: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msgsz: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msgtyp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtype: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<QueueData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Limits>,
    pub finished: bool,
    pub result: Option<i64>,
    pub errno: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub injected: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub delayed: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A message's bytes, as far as they were kept.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct Message<'a> {
    pub length: u64,
    pub hex: String,
    pub text: Option<&'a str>,
}

impl Message<'_> {
    /// What there is of a message that has so many bytes.
    pub fn of(bytes: &[u8], length: u64) -> Message<'_> {
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Message { length, hex, text: std::str::from_utf8(bytes).ok() }
    }
}

/// What could not be kept: the last line, where there is anything to say.
#[derive(Serialize)]
struct LossObject {
    lost_calls: u64,
    faults: u64,
}

/// Shows calls as JSON.
pub struct Json<W> {
    out: W,
    filter: Filter,
    programs: HashMap<u32, String>,
}

impl<W: Write> Json<W> {
    /// Objects for `out`.
    pub fn new(out: W, filter: Filter) -> Json<W> {
        Json { out, filter, programs: HashMap::new() }
    }
}

fn write(out: &mut impl Write, object: &impl Serialize) -> io::Result<()> {
    object.serialize(&mut Serializer::with_formatter(&mut *out, Plain))?;
    out.write_all(b"\n")
}

/// An object in one line, with its end.
pub fn line(object: &impl Serialize) -> io::Result<String> {
    let mut line = Vec::new();
    write(&mut line, object)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// JSON of which a terminal takes nothing for a command. JSON itself asks for escapes up to U+001F.
struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for part in fragment.split_inclusive(is_command) {
            match part.chars().next_back().filter(|last| is_command(*last)) {
                None => out.write_all(part.as_bytes())?,
                Some(last) => {
                    out.write_all(&part.as_bytes()[..part.len() - last.len_utf8()])?;
                    write!(out, "\\u{:04x}", u32::from(last))?;
                }
            }
        }
        Ok(())
    }
}

impl<W: Write> Show for Json<W> {
    fn show(&mut self, told: &Told, scale: &Scale) -> io::Result<()> {
        let (Told::Returned(record, _) | Told::Never(record, _)) = told else { return Ok(()) };
        if matches!(record.kind, Kind::Program | Kind::Fork) {
            let name = String::from_utf8_lossy(&record.bytes).into_owned();
            self.programs.insert(record.process, name);
        }
        if !self.filter.takes(record) {
            return Ok(());
        }
        let program = self.programs.get(&record.process).map(String::as_str);
        let object = object(record, scale, program);
        write(&mut self.out, &object)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, losses: Losses) -> io::Result<()> {
        if losses != Losses::default() {
            let object = LossObject { lost_calls: losses.calls, faults: losses.faults };
            write(&mut self.out, &object)?;
        }
        self.out.flush()
    }
}

/// A call as an object.
pub fn object<'a>(record: &'a Record, scale: &Scale, program: Option<&'a str>) -> CallObject<'a> {
    let is = |kinds: &[Kind]| kinds.contains(&record.kind);
    let outcome = record.returned.map(|(_, outcome)| outcome);
    let message_call = is(&[Kind::Send, Kind::Receive]);
    let control = |commands: &[i32]| is(&[Kind::Control]) && commands.contains(&record.flags);
    CallObject {
        call: names::call(record.kind).unwrap_or_default(),
        time: scale.since_made(record.entered) as f64 / 1e9,
        realtime_ns: scale.realtime(record.entered),
        duration: record.returned.map(|(at, _)| scale.between(record.entered, at) as f64 / 1e9),
        pid: record.process,
        tid: record.thread,
        program,
        key: is(&[Kind::Get]).then_some(record.object),
        queue: queue(record),
        msqid: (!is(&[Kind::Get])).then_some(record.object),
        cmd: is(&[Kind::Control]).then(|| names::command(record.flags)),
        msgflg: (!is(&[Kind::Control])).then_some(record.flags),
        flags: (!is(&[Kind::Control])).then(|| names::flags(record.kind, record.flags)),
        msgsz: message_call.then_some(record.msgsz),
        msgtyp: is(&[Kind::Receive]).then_some(record.msgtyp),
        mtype: record.mtype,
        message: message(record),
        number: Some(record.number).filter(|number| *number != 0),
        data: control(&[IPC_STAT, IPC_SET, MSG_STAT, MSG_STAT_ANY])
            .then(|| QueueData::read(&record.bytes))
            .flatten(),
        info: control(&[IPC_INFO, MSG_INFO]).then(|| Limits::read(&record.bytes)).flatten(),
        finished: record.returned.is_some(),
        result: outcome.map(|outcome| outcome.unwrap_or(-1)),
        errno: outcome.and_then(Result::err).map(names::errno),
        injected: record.injected.answer,
        delayed: record.injected.delay,
    }
}

/// The message, where the call told its text.
fn message(record: &Record) -> Option<Message<'_>> {
    record.mtype?;
    let length = message_length(record);
    if record.bytes.is_empty() && length > 0 {
        return None;
    }
    Some(Message::of(&record.bytes, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::show::samples::{call, scale};
    use msgq::errno::Errno;
    use msgq::trace::call::Injected;
    use serde_json::{Value, json};

    fn value(record: &Record) -> Value {
        serde_json::to_value(object(record, &scale(), Some("demo"))).unwrap()
    }

    #[test]
    fn a_receive_has_its_arguments_and_its_message() {
        let mut record = call(Kind::Receive, 5, libc::MSG_NOERROR, Ok(3));
        record.msgsz = 64;
        record.msgtyp = -7;
        record.mtype = Some(2);
        record.number = 9;
        record.bytes = b"a\0\xff".to_vec();
        assert_eq!(
            value(&record),
            json!({
                "call": "msgrcv", "time": 0.000123, "realtime_ns": 1_700_000_000_000_123_000u64,
                "duration": 0.000003, "pid": 4242, "tid": 4242, "program": "demo", "queue": 5, "msqid": 5,
                "msgflg": 4096, "flags": "MSG_NOERROR", "msgsz": 64, "msgtyp": -7, "mtype": 2, "number": 9,
                "message": {"length": 3, "hex": "6100ff", "text": null},
                "finished": true, "result": 3, "errno": null,
            })
        );
    }

    #[test]
    fn a_failed_msgget_has_a_key_and_no_queue() {
        let record = call(Kind::Get, 0x4d2, 0o600, Err(Errno(libc::ENOENT)));
        let value = value(&record);
        assert_eq!(value["key"], json!(0x4d2));
        assert_eq!(value["queue"], Value::Null);
        assert_eq!(value["errno"], json!("ENOENT"));
        assert_eq!(value["result"], json!(-1));
    }

    #[test]
    fn what_was_done_to_a_call_is_there_where_something_was() {
        let mut record = call(Kind::Send, 5, 0, Ok(0));
        assert_eq!(value(&record).get("injected"), None);
        record.injected = Injected { answer: true, delay: true };
        assert_eq!(value(&record)["injected"], json!(true));
        assert_eq!(value(&record)["delayed"], json!(true));
    }

    #[test]
    fn a_call_that_never_returned_has_no_result() {
        let record = Record { returned: None, ..call(Kind::Send, 5, 0, Ok(0)) };
        let value = value(&record);
        assert_eq!(value["finished"], json!(false));
        assert_eq!(value["result"], Value::Null);
        assert_eq!(value["duration"], Value::Null);
    }
}
