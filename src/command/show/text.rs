//! A line a call, much as strace(1) prints system calls.

use super::structures::{Limits, QueueData};
use super::{Filter, Show, message_length, names};
use crate::command::recording::follower::Told;
use crate::command::recording::live::Losses;
use crate::command::recording::time::Scale;
use libc::{IPC_INFO, IPC_SET, IPC_STAT, MSG_INFO, MSG_STAT};
use msgq::trace::call::{Injected, MSG_STAT_ANY};
use msgq::trace::format::Kind;
use msgq::trace::record::Record;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Shows calls as lines.
pub struct Text<W> {
    out: W,
    filter: Filter,
}

impl<W: Write> Text<W> {
    /// Lines for `out`.
    pub fn new(out: W, filter: Filter) -> Text<W> {
        Text { out, filter }
    }
}

impl<W: Write> Show for Text<W> {
    fn show(&mut self, told: &Told, scale: &Scale) -> io::Result<()> {
        if !self.filter.takes(told.record()) {
            return Ok(());
        }
        writeln!(self.out, "{}", line(told, scale))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: Losses) -> io::Result<()> {
        self.out.flush()
    }
}

/// The line for one call.
pub fn line(told: &Told, scale: &Scale) -> String {
    let record = told.record();
    let name = names::call(record.kind).unwrap_or_default();
    let at = |ticks: u64| format!("{} {}", who(record), seconds(scale.since_made(ticks)));
    let entered = at(record.entered);
    match (told, &record.returned) {
        (Told::Returned(_, was_told), Some((ticks, _))) => {
            let took = seconds(scale.between(record.entered, *ticks));
            match was_told {
                false => format!("{entered} {} <{took}>", call(record)),
                true => {
                    let (arguments, result) = (arguments(record), result(record));
                    format!("{} <... {name} resumed>({arguments}) = {result} <{took}>", at(*ticks))
                }
            }
        }
        (Told::Never(_, true), _) => {
            format!("{entered} <... {name} never returned>({}) = ?", arguments(record))
        }
        (Told::Never(_, false), _) => format!("{entered} {} <unfinished ...>", call(record)),
        _ => format!("{entered} {name}({} <unfinished ...>", arguments(record)),
    }
}

/// A call with its arguments and its result: `msgsnd(5, {mtype=1, mtext="a"}, 1, 0) = 0`.
pub fn call(record: &Record) -> String {
    let name = names::call(record.kind).unwrap_or_default();
    format!("{name}({}) = {}", arguments(record), result(record))
}

/// What came of a call, and what was done to it; `?` where it has not returned.
fn result(record: &Record) -> String {
    match record.returned {
        None => "?".to_string(),
        Some((_, Ok(result))) => format!("{result}{}", injected(record.injected)),
        Some((_, Err(error))) => {
            let (name, meaning) = (names::errno(error), names::errno_meaning(error));
            format!("-1 {name} ({meaning}){}", injected(record.injected))
        }
    }
}

fn who(record: &Record) -> String {
    match record.thread == record.process {
        true => format!("[pid {}]", record.process),
        false => format!("[pid {} tid {}]", record.process, record.thread),
    }
}

/// What was done to the call, behind its result.
fn injected(injected: Injected) -> &'static str {
    match (injected.answer, injected.delay) {
        (false, false) => "",
        (true, false) => " (injected)",
        (false, true) => " (delayed)",
        (true, true) => " (delayed, injected)",
    }
}

/// Nanoseconds as seconds.
fn seconds(nanoseconds: u64) -> String {
    format!("{}.{:06}", nanoseconds / 1_000_000_000, nanoseconds / 1_000 % 1_000_000)
}

/// The arguments as the caller gave them, in its order.
fn arguments(record: &Record) -> String {
    let Record { object, flags, msgsz, msgtyp, .. } = record;
    let words = names::flags(record.kind, *flags);
    match record.kind {
        Kind::Get => format!("{}, {words}", names::key(*object)),
        Kind::Control => format!("{object}, {}, {}", names::command(*flags), structure(record)),
        Kind::Receive => format!("{object}, {}, {msgsz}, {msgtyp}, {words}", message(record)),
        _ => format!("{object}, {}, {msgsz}, {words}", message(record)),
    }
}

/// The message: its type and its text, as far as the call told them.
fn message(record: &Record) -> String {
    let Some(mtype) = record.mtype else { return address(record) };
    let length = message_length(record);
    if record.bytes.is_empty() && length > 0 {
        return format!("{{mtype={mtype}, mtext=...}}");
    }
    format!("{{mtype={mtype}, mtext={}}}", quoted(&record.bytes, length))
}

/// The bytes as C writes a string. A longer run of zeros at the end, which is what most buffers end
/// with, is cut like the bytes that were not kept.
pub fn quoted(bytes: &[u8], length: u64) -> String {
    let text = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let shown = if bytes.len() - text > 3 { &bytes[..text] } else { bytes };
    let mut quoted = String::from("\"");
    for (at, byte) in shown.iter().enumerate() {
        let before_digit = shown.get(at + 1).is_some_and(u8::is_ascii_digit);
        match byte {
            b'\n' => quoted.push_str("\\n"),
            b'\t' => quoted.push_str("\\t"),
            b'\r' => quoted.push_str("\\r"),
            b'"' | b'\\' => quoted.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            // Three digits where the next character would be taken for one more.
            _ if before_digit => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
            _ => {
                let _ = write!(quoted, "\\{byte:o}");
            }
        }
    }
    quoted.push('"');
    if (shown.len() as u64) < length {
        quoted.push_str("...");
    }
    quoted
}

/// msgctl's structure, as far as the call told it.
fn structure(record: &Record) -> String {
    let shown = match record.flags {
        IPC_STAT | IPC_SET | MSG_STAT | MSG_STAT_ANY => {
            QueueData::read(&record.bytes).map(|data| queue_data(&data, record.flags == IPC_SET))
        }
        IPC_INFO | MSG_INFO => {
            Limits::read(&record.bytes).map(|info| limits(&info, record.flags == MSG_INFO))
        }
        _ => None,
    };
    shown.unwrap_or_else(|| address(record))
}

fn queue_data(data: &QueueData, to_set: bool) -> String {
    let perm = &data.msg_perm;
    let (uid, gid, mode) = (perm.uid, perm.gid, names::mode(perm.mode));
    let qbytes = data.msg_qbytes;
    if to_set {
        // The kernel reads nothing else.
        return format!(
            "{{msg_perm={{uid={uid}, gid={gid}, mode={mode}}}, msg_qbytes={qbytes}, ...}}"
        );
    }
    format!(
        "{{msg_perm={{uid={uid}, gid={gid}, mode={mode}, key={:#x}, cuid={}, cgid={}}}, \
         msg_stime={}, msg_rtime={}, msg_ctime={}, msg_cbytes={}, msg_qnum={}, \
         msg_qbytes={qbytes}, msg_lspid={}, msg_lrpid={}}}",
        perm.key,
        perm.cuid,
        perm.cgid,
        data.msg_stime,
        data.msg_rtime,
        data.msg_ctime,
        data.msg_cbytes,
        data.msg_qnum,
        data.msg_lspid,
        data.msg_lrpid
    )
}

fn limits(info: &Limits, used: bool) -> String {
    let Limits { msgmax, msgmnb, msgmni, msgpool, msgmap, msgtql, .. } = info;
    match used {
        true => format!(
            "{{msgmax={msgmax}, msgmnb={msgmnb}, msgmni={msgmni}, msgpool={msgpool}, \
             msgmap={msgmap}, msgtql={msgtql}, ...}}"
        ),
        false => format!("{{msgmax={msgmax}, msgmnb={msgmnb}, msgmni={msgmni}, ...}}"),
    }
}

fn address(record: &Record) -> String {
    if record.address == 0 { "NULL".to_string() } else { format!("{:#x}", record.address) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::show::samples::{call, scale};
    use msgq::errno::Errno;

    fn shown(told: Told) -> String {
        line(&told, &scale())
    }

    #[test]
    fn a_send_shows_its_message_flags_and_duration() {
        let mut record = call(Kind::Send, 5, libc::IPC_NOWAIT, Ok(0));
        record.msgsz = 64;
        record.mtype = Some(1);
        record.bytes = b"hello".iter().copied().chain([0; 27]).collect();
        assert_eq!(
            shown(Told::Returned(record, false)),
            "[pid 4242] 0.000123 msgsnd(5, {mtype=1, mtext=\"hello\"...}, 64, IPC_NOWAIT) = 0 <0.000003>"
        );
    }

    #[test]
    fn a_failed_receive_shows_its_address_and_the_error_in_words() {
        let mut record = call(Kind::Receive, 5, libc::IPC_NOWAIT, Err(Errno(libc::ENOMSG)));
        record.msgsz = 8;
        record.msgtyp = -7;
        assert_eq!(
            shown(Told::Returned(record, false)),
            "[pid 4242] 0.000123 msgrcv(5, 0x7f00, 8, -7, IPC_NOWAIT) = -1 ENOMSG (No message of desired type) <0.000003>"
        );
    }

    #[test]
    fn what_was_done_to_a_call_stands_behind_its_result() {
        let shown_with = |answer, delay| {
            let mut record = call(Kind::Send, 5, 0, Err(Errno(libc::EIDRM)));
            record.injected = Injected { answer, delay };
            let line = shown(Told::Returned(record, false));
            line.split(" = ").nth(1).unwrap().to_string()
        };
        let error = "-1 EIDRM (Identifier removed)";
        assert_eq!(shown_with(false, false), format!("{error} <0.000003>"));
        assert_eq!(shown_with(true, false), format!("{error} (injected) <0.000003>"));
        assert_eq!(shown_with(false, true), format!("{error} (delayed) <0.000003>"));
        assert_eq!(shown_with(true, true), format!("{error} (delayed, injected) <0.000003>"));
    }

    #[test]
    fn a_call_that_waits_is_shown_twice() {
        let mut record = call(Kind::Receive, 5, 0, Ok(2));
        record.thread = 4243;
        record.msgsz = 8;
        record.mtype = Some(3);
        record.bytes = b"ok".to_vec();
        record.returned = Some((2_000_123_000, Ok(2)));
        let begun = Record { returned: None, mtype: None, bytes: Vec::new(), ..record.clone() };
        assert_eq!(
            shown(Told::Waits(begun.clone())),
            "[pid 4242 tid 4243] 0.000123 msgrcv(5, 0x7f00, 8, 0, 0 <unfinished ...>"
        );
        assert_eq!(
            shown(Told::Returned(record, true)),
            "[pid 4242 tid 4243] 2.000123 <... msgrcv resumed>(5, {mtype=3, mtext=\"ok\"}, 8, 0, 0) = 2 <2.000000>"
        );
        assert_eq!(
            shown(Told::Never(begun.clone(), true)),
            "[pid 4242 tid 4243] 0.000123 <... msgrcv never returned>(5, 0x7f00, 8, 0, 0) = ?"
        );
        assert_eq!(
            shown(Told::Never(begun, false)),
            "[pid 4242 tid 4243] 0.000123 msgrcv(5, 0x7f00, 8, 0, 0) = ? <unfinished ...>"
        );
    }

    #[test]
    fn keys_and_commands_are_named() {
        let get = call(Kind::Get, 0x4d2, libc::IPC_CREAT | 0o600, Ok(5));
        assert!(shown(Told::Returned(get, false)).contains("msgget(0x4d2, IPC_CREAT|0600) = 5 "));
        let mut remove = call(Kind::Control, 5, libc::IPC_RMID, Ok(0));
        remove.address = 0;
        assert!(shown(Told::Returned(remove, false)).contains("msgctl(5, IPC_RMID, NULL) = 0 "));
    }

    #[test]
    fn a_queues_data_is_shown_by_field() {
        let mut stat = call(Kind::Control, 5, IPC_STAT, Ok(0));
        stat.bytes = vec![0; 120];
        stat.bytes[20..22].copy_from_slice(&0o600u16.to_ne_bytes());
        stat.bytes[88..96].copy_from_slice(&16384u64.to_ne_bytes());
        let line = shown(Told::Returned(stat, false));
        assert!(line.contains("IPC_STAT, {msg_perm={uid=0, gid=0, mode=0600, key=0x0,"), "{line}");
        assert!(line.contains("msg_qbytes=16384, msg_lspid=0, msg_lrpid=0}) = 0"), "{line}");
    }

    #[test]
    fn bytes_are_quoted_as_c_does() {
        assert_eq!(quoted(b"a\"\\\n\x01", 5), r#""a\"\\\n\1""#);
        assert_eq!(quoted(b"\x0112\xff", 4), r#""\00112\377""#);
        assert_eq!(quoted(b"ab\0\0\0", 5), r#""ab\0\0\0""#);
        assert_eq!(quoted(b"ab\0\0\0\0", 6), r#""ab"..."#);
        assert_eq!(quoted(b"", 0), r#""""#);
        assert_eq!(quoted(b"ab", 3), r#""ab"..."#);
    }
}
