//! A rule: which calls, and what is done to them. `msgsnd:errno=EAGAIN:type=7:nth=3`

use super::errors::{self, Error};
use crate::trace::call::{Arguments, CALLS};
use crate::trace::format::Kind;
use libc::c_int;
use std::fmt;
use std::time::Duration;

/// What a rule is made of, for help texts: how it is written, and what it means.
pub const PARTS: [(&str, &str); 8] = [
    ("errno=NAME", "do not ask the queues, and fail with this error"),
    ("delay=TIME", "wait first: 300us, 10ms, 2s; an hour at most"),
    ("kill[=SIGNAL]", "send the thread this signal first (default: KILL)"),
    ("type=N", "messages of this type: of msgsnd the message's, of msgrcv the one asked for"),
    ("key=N", "msgget's key: 1234 or 0x4d2"),
    ("queue=ID", "the queue with this id"),
    ("nth=N", "only the Nth of these calls, in each process"),
    ("every=N", "every Nth of them"),
];

/// The longest delay.
const LONGEST: Duration = Duration::from_secs(3600);

/// The signals, by their names.
const SIGNALS: [(&str, c_int); 15] = [
    ("ABRT", libc::SIGABRT),
    ("ALRM", libc::SIGALRM),
    ("BUS", libc::SIGBUS),
    ("CHLD", libc::SIGCHLD),
    ("FPE", libc::SIGFPE),
    ("HUP", libc::SIGHUP),
    ("ILL", libc::SIGILL),
    ("INT", libc::SIGINT),
    ("KILL", libc::SIGKILL),
    ("PIPE", libc::SIGPIPE),
    ("QUIT", libc::SIGQUIT),
    ("SEGV", libc::SIGSEGV),
    ("TERM", libc::SIGTERM),
    ("USR1", libc::SIGUSR1),
    ("USR2", libc::SIGUSR2),
];

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Of which function's calls.
    pub call: Kind,
    /// The error that they get.
    pub error: Option<&'static Error>,
    /// How long they wait first.
    pub delay: Option<Duration>,
    /// The signal that the thread gets first.
    pub signal: Option<c_int>,
    /// Only those about messages of this type.
    pub mtype: Option<i64>,
    /// Only those on the queue with this key, of msgget, or this id.
    pub object: Option<i32>,
    /// Which of them in turn.
    pub turn: Turn,
}

/// Which of the calls that a rule is about get what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Every Nth of them.
    Every(u64),
    /// The Nth alone.
    Nth(u64),
}

impl Turn {
    /// Whether it is the turn of the call of this number; the first has 1.
    pub fn is(self, number: u64) -> bool {
        match self {
            Turn::Every(every) => number.is_multiple_of(every),
            Turn::Nth(nth) => number == nth,
        }
    }
}

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong<'a> {
    /// No function has this name.
    Call(&'a str),
    /// Nothing is to be done.
    NoAction,
    /// No part is written so.
    Part(&'a str),
    /// This part's value means nothing.
    Value(&'a str),
    /// The function has no such error.
    Error(Kind, &'a str),
    /// The part says nothing about this function.
    NotOf(Kind, &'a str),
    /// It says this twice, or two things that exclude each other.
    Twice(&'a str),
}

impl Rule {
    /// Reads a rule.
    pub fn read(text: &str) -> Result<Rule, Wrong<'_>> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let known = CALLS.iter().find(|(_, known)| *known == name);
        let call = known.map(|(call, _)| *call).ok_or(Wrong::Call(name))?;
        let mut rule = Rule {
            call,
            error: None,
            delay: None,
            signal: None,
            mtype: None,
            object: None,
            turn: Turn::Every(1),
        };
        let mut turn = None;
        for part in parts {
            rule.read_part(part, &mut turn)?;
        }
        rule.turn = turn.unwrap_or(rule.turn);
        let acts = rule.error.is_some() || rule.delay.is_some() || rule.signal.is_some();
        if acts { Ok(rule) } else { Err(Wrong::NoAction) }
    }

    fn read_part<'a>(&mut self, part: &'a str, turn: &mut Option<Turn>) -> Result<(), Wrong<'a>> {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let wrong = Wrong::Value(part);
        let is_get = self.call == Kind::Get;
        let has_messages = matches!(self.call, Kind::Send | Kind::Receive);
        let positive = || value.parse().ok().filter(|number| *number > 0).ok_or(wrong);
        match name {
            "errno" => {
                let error =
                    errors::named(self.call, value).ok_or(Wrong::Error(self.call, value))?;
                once(&mut self.error, error, part)
            }
            "delay" => once(&mut self.delay, duration(value).ok_or(wrong)?, part),
            "kill" => {
                let default = if part == name { Some(libc::SIGKILL) } else { None };
                once(&mut self.signal, default.or_else(|| signal(value)).ok_or(wrong)?, part)
            }
            "type" if has_messages => {
                once(&mut self.mtype, value.parse().map_err(|_| wrong)?, part)
            }
            "key" if is_get => once(&mut self.object, key(value).ok_or(wrong)?, part),
            "queue" if !is_get => once(&mut self.object, value.parse().map_err(|_| wrong)?, part),
            "type" | "key" | "queue" => Err(Wrong::NotOf(self.call, name)),
            "nth" => once(turn, Turn::Nth(positive()?), part),
            "every" => once(turn, Turn::Every(positive()?), part),
            _ => Err(Wrong::Part(part)),
        }
    }

    /// Whether it is about a call with these arguments. `mtype` gives the type of a message that is
    /// to be sent, where that can be read.
    pub fn is_about(
        &self,
        call: Kind,
        arguments: &Arguments,
        mtype: impl Fn() -> Option<i64>,
    ) -> bool {
        let asked = || if call == Kind::Send { mtype() } else { Some(arguments.msgtyp) };
        call == self.call
            && self.object.is_none_or(|object| object == arguments.object)
            && self.error.is_none_or(|error| error.to.takes(arguments))
            && self.mtype.is_none_or(|mtype| asked() == Some(mtype))
    }
}

fn once<'a, T>(place: &mut Option<T>, value: T, part: &'a str) -> Result<(), Wrong<'a>> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Wrong::Twice(part)),
    }
}

/// A time with its unit.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit)?;
    let nanoseconds = match unit {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    let duration = Duration::from_nanos(number.checked_mul(nanoseconds)?);
    (duration <= LONGEST).then_some(duration)
}

/// A signal by its name, with or without "SIG".
fn signal(name: &str) -> Option<c_int> {
    let short = name.strip_prefix("SIG").unwrap_or(name);
    SIGNALS.iter().find(|(known, _)| *known == short).map(|(_, number)| *number)
}

/// A key, decimal or as ipcs(1) has it.
fn key(text: &str) -> Option<i32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok().map(|key| key as i32),
        None => text.parse().ok(),
    }
}

impl fmt::Display for Wrong<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |call: &Kind| {
            CALLS.iter().find(|(known, _)| known == call).map_or("", |(_, name)| *name)
        };
        match self {
            Wrong::Call(text) => {
                write!(out, "no function is called {text:?}; a rule begins with ")?;
                list(out, CALLS.iter().map(|(_, name)| *name))
            }
            Wrong::NoAction => {
                write!(out, "it does nothing: it needs errno=NAME, delay=TIME or kill")
            }
            Wrong::Part(text) => {
                write!(out, "{text:?} means nothing here; a rule has ")?;
                list(out, PARTS.iter().map(|(part, _)| *part))
            }
            Wrong::Value(text) if text.starts_with("kill") => {
                write!(out, "{text:?} names no signal; there are ")?;
                list(out, SIGNALS.iter().map(|(name, _)| *name))
            }
            Wrong::Value(text) if text.starts_with("delay") => {
                write!(
                    out,
                    "{text:?} is no time of an hour at most; right would be 300us, 10ms or 2s"
                )
            }
            Wrong::Value(text) => write!(out, "{text:?} has no number that makes sense"),
            Wrong::Error(call, text) => {
                write!(out, "{} cannot fail with {text:?}; it can with ", name(call))?;
                list(out, errors::of(*call).iter().map(|error| error.name))
            }
            Wrong::NotOf(call, text) => write!(out, "{} has no {text:?}", name(call)),
            Wrong::Twice(text) => write!(out, "{text:?} stands beside another of its kind"),
        }
    }
}

fn list(
    out: &mut fmt::Formatter<'_>,
    mut names: impl Iterator<Item = &'static str>,
) -> fmt::Result {
    names.try_fold("", |before, name| write!(out, "{before}{name}").map(|()| ", ")).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Rule::read(text).expect_err(text).to_string()
    }

    #[test]
    fn a_rule_is_read_part_by_part() {
        let rule = Rule::read("msgsnd:errno=EAGAIN:type=7:nth=3:queue=5").unwrap();
        assert_eq!(rule.call, Kind::Send);
        assert_eq!(rule.error.map(|error| error.number), Some(libc::EAGAIN));
        assert_eq!((rule.mtype, rule.object, rule.turn), (Some(7), Some(5), Turn::Nth(3)));
        let rule = Rule::read("msgget:delay=10ms:kill=SIGUSR1:key=0xffffffff:every=2").unwrap();
        assert_eq!(rule.delay, Some(Duration::from_millis(10)));
        assert_eq!((rule.signal, rule.object), (Some(libc::SIGUSR1), Some(-1)));
        assert_eq!(rule.turn, Turn::Every(2));
        assert_eq!(Rule::read("msgrcv:kill").unwrap().signal, Some(libc::SIGKILL));
    }

    #[test]
    fn an_error_that_the_call_cannot_give_is_refused_with_those_that_it_can() {
        assert_eq!(
            wrong("msgsnd:errno=EPERM"),
            "msgsnd cannot fail with \"EPERM\"; it can with EACCES, EAGAIN, EFAULT, EIDRM, EINTR, \
             EINVAL, ENOMEM, ENOSYS"
        );
    }

    #[test]
    fn what_means_nothing_is_named() {
        for (text, part) in [
            ("semop:errno=EINVAL", "\"semop\""),
            ("", "msgget, msgctl, msgsnd, msgrcv"),
            ("msgsnd", "does nothing"),
            ("msgsnd:nth=3", "does nothing"),
            ("msgsnd:errno", "\"\""),
            ("msgsnd:colour=red", "\"colour=red\""),
            ("msgsnd:errno=EINVAL:", "\"\""),
            ("msgsnd:delay=10", "10ms"),
            ("msgsnd:delay=2h", "\"delay=2h\""),
            ("msgsnd:delay=3601s", "an hour"),
            ("msgsnd:delay=99999999999999999999s", "an hour"),
            ("msgsnd:delay=18446744073709551615s", "an hour"),
            ("msgsnd:kill=STOPIT", "TERM"),
            ("msgsnd:kill=", "TERM"),
            ("msgsnd:errno=EINVAL:nth=0", "\"nth=0\""),
            ("msgsnd:errno=EINVAL:every=-1", "\"every=-1\""),
            ("msgsnd:errno=EINVAL:type=x", "\"type=x\""),
            ("msgsnd:errno=EINVAL:key=5", "msgsnd has no \"key\""),
            ("msgget:errno=ENOENT:type=5", "msgget has no \"type\""),
            ("msgsnd:errno=EINVAL:nth=1:every=2", "\"every=2\""),
            ("msgsnd:errno=EINVAL:errno=EIDRM", "\"errno=EIDRM\""),
        ] {
            assert!(wrong(text).contains(part), "{text}: {}", wrong(text));
        }
    }

    #[test]
    fn a_rule_is_about_the_calls_that_it_names() {
        let send = Arguments { object: 5, flags: libc::IPC_NOWAIT, ..Arguments::default() };
        let is_about =
            |rule: &str, mtype| Rule::read(rule).unwrap().is_about(Kind::Send, &send, || mtype);
        assert!(is_about("msgsnd:errno=EINVAL", None));
        assert!(!is_about("msgrcv:errno=EINVAL", None));
        assert!(is_about("msgsnd:errno=EINVAL:type=7", Some(7)));
        assert!(!is_about("msgsnd:errno=EINVAL:type=7", Some(8)));
        assert!(!is_about("msgsnd:errno=EINVAL:type=7", None), "its address is bad");
        assert!(is_about("msgsnd:errno=EINVAL:queue=5", None));
        assert!(!is_about("msgsnd:errno=EINVAL:queue=6", None));
        assert!(is_about("msgsnd:errno=EAGAIN", None));
        assert!(!is_about("msgsnd:errno=EINTR", None), "it does not wait");
    }

    #[test]
    fn turns_are_counted_from_one() {
        let turns = |turn: Turn| (1..=6).filter(|number| turn.is(*number)).collect::<Vec<u64>>();
        assert_eq!(turns(Turn::Nth(3)), [3]);
        assert_eq!(turns(Turn::Every(2)), [2, 4, 6]);
        assert_eq!(turns(Turn::Every(1)), [1, 2, 3, 4, 5, 6]);
    }
}
