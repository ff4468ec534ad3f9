//! `msgq limits`: the limits of all queues.

use super::engine::EngineOption;
use super::failure::{Failure, MEANINGLESS};
use comfy_table::{CellAlignment, Table, TableStyle};
use msgq::engine::limits::{Limits, MOST};
use msgq::errno::Errno;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

/// What `msgq limits` is told.
#[derive(clap::Args)]
#[command(
    after_help = "N is a whole number; K, M and G behind it stand for powers of 1024 (16K, 64M)."
)]
pub struct Arguments {
    #[command(flatten)]
    engine: EngineOption,
    /// Set how many bytes a message may have
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    msgmax: Option<OsString>,
    /// Set how many bytes a new queue may hold
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    msgmnb: Option<OsString>,
    /// Set how many queues there may be
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    msgmni: Option<OsString>,
}

/// What each limit means, in the order of [`Limits::each`].
const MEANINGS: [&str; 3] = [
    "the most bytes in a message",
    "the most bytes in a queue, until its msg_qbytes is changed",
    "the most queues",
];

/// Sets what there is to set, and shows all limits.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let limits = arguments.limits()?;
    let (name, engine) = arguments.engine.ready()?;
    if limits != Limits::default() {
        engine.set_limits(limits).map_err(|error| cannot_set(limits, name, error))?;
    }
    let limits =
        Limits::of(engine).map_err(|error| Failure::about("msgctl(IPC_INFO)", in_words(error)))?;
    writeln!(io::stdout(), "{}", table(limits))
        .map_err(|error| Failure::about("standard output", error))?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// The values that are to be set, once all of them are found sound.
    fn limits(&self) -> Result<Limits, Failure> {
        let [(msgmax, most_msgmax), (msgmnb, most_msgmnb), (msgmni, most_msgmni)] = MOST.each();
        Ok(Limits {
            msgmax: value(msgmax, self.msgmax.as_deref(), most_msgmax)?,
            msgmnb: value(msgmnb, self.msgmnb.as_deref(), most_msgmnb)?,
            msgmni: value(msgmni, self.msgmni.as_deref(), most_msgmni)?,
        })
    }
}

/// The value that an option has, if it is there.
fn value(name: &str, text: Option<&OsStr>, most: Option<u64>) -> Result<Option<u64>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let text = text.to_string_lossy();
    let refuse = |sentence| Failure::new(sentence).with_status(MEANINGLESS);
    let size = Size::read(&text).ok_or_else(|| {
        refuse(format!(
            "--{name} {text:?} means nothing; it takes a whole number such as 8192 or 64K"
        ))
    })?;
    let bytes = size.number.checked_mul(size.unit).filter(|bytes| Some(*bytes) <= most);
    bytes.map(Some).ok_or_else(|| {
        let most = most.unwrap_or(u64::MAX);
        refuse(format!("--{name} {text} is too high; the most that it can be is {most}"))
    })
}

/// A number, and what it is to be multiplied by.
struct Size {
    number: u64,
    unit: u64,
}

impl Size {
    /// Reads digits, and a letter behind them or none. More digits than a number can have make the
    /// highest that there is.
    fn read(text: &str) -> Option<Size> {
        let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
        let unit = match text.strip_prefix(digits)? {
            "" => 1,
            "K" | "k" => 1 << 10,
            "M" | "m" => 1 << 20,
            "G" | "g" => 1 << 30,
            _ => return None,
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| Size { number: digits.parse().unwrap_or(u64::MAX), unit })
    }
}

/// Why the limits stay as they are.
fn cannot_set(limits: Limits, engine: &str, error: Errno) -> Failure {
    let wanted = limits.each().into_iter().filter(|(_, value)| value.is_some());
    let names: Vec<&str> = wanted.map(|(name, _)| name).collect();
    let all = |prefix: &str| {
        let names: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
        names.join(" and ")
    };
    let is_kernel = engine == "kernel";
    let subject =
        if is_kernel { all("kernel.") } else { format!("{} of the engine {engine}", all("")) };
    let reason = match error.0 {
        libc::ENOSYS => "this engine has no limits that can be set".to_string(),
        libc::EACCES | libc::EPERM if is_kernel => format!(
            "the permission to write to {} is missing, which root has",
            all("/proc/sys/kernel/")
        ),
        libc::EROFS if is_kernel => "/proc/sys is mounted read-only here".to_string(),
        _ => in_words(error).to_string(),
    };
    Failure::new(format!("{subject} cannot be set: {reason}"))
}

fn in_words(error: Errno) -> io::Error {
    io::Error::from_raw_os_error(error.0)
}

fn table(limits: Limits) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(["limit", "value", "meaning"]);
    for ((name, value), meaning) in limits.each().into_iter().zip(MEANINGS) {
        let value = value.map_or("unknown".to_string(), |value| value.to_string());
        table.add_row([name.to_string(), value, meaning.to_string()]);
    }
    if let Some(values) = table.column_mut(1) {
        values.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<u64>, String> {
        value("msgmax", Some(OsStr::new(text)), MOST.msgmax).map_err(|failure| failure.sentence)
    }

    #[test]
    fn letters_stand_for_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("8192", 8192),
            ("16K", 16384),
            ("64M", 64 << 20),
            ("1G", 1 << 30),
            ("2k", 2048),
        ] {
            assert_eq!(read(text), Ok(Some(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_shown_as_it_was_written() {
        for text in ["", "K", "-1", "+1", "1.5K", "64 K", "64KB", "0x10", "12Q", "M64", "۵"] {
            let sentence = read(text).unwrap_err();
            assert!(sentence.contains(&format!("--msgmax {text:?} ")), "{text}: {sentence}");
        }
    }

    #[test]
    fn what_is_too_high_is_told_with_the_most_that_can_be() {
        for text in ["2147483648", "2G", "99999999999999999999999", "18446744073709551615G"] {
            let sentence = read(text).unwrap_err();
            assert!(sentence.contains(text) && sentence.contains("2147483647"), "{sentence}");
        }
        assert_eq!(read("2147483647"), Ok(Some(2147483647)));
    }

    #[test]
    fn a_refusal_names_the_sysctls_and_the_permission() {
        let limits = Limits { msgmax: Some(1), msgmni: Some(1), ..Limits::default() };
        let sentence = |engine, error| cannot_set(limits, engine, Errno(error)).sentence;
        assert_eq!(
            sentence("kernel", libc::EACCES),
            "kernel.msgmax and kernel.msgmni cannot be set: the permission to write to \
             /proc/sys/kernel/msgmax and /proc/sys/kernel/msgmni is missing, which root has"
        );
        assert!(sentence("kernel", libc::EROFS).ends_with("/proc/sys is mounted read-only here"));
        assert!(sentence("shm", libc::ENOSYS).starts_with("msgmax and msgmni of the engine shm"));
        assert!(sentence("shm", libc::EACCES).ends_with("Permission denied (os error 13)"));
    }
}
