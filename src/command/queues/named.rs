//! Which queues the user means: by id or by key, as ipcrm(1) reads them, and what is said of one that
//! cannot be had.

use super::queue::Queue;
use crate::command::failure::{Failure, MEANINGLESS};
use crate::command::show::names::errno_meaning;
use clap::{Arg, ArgAction, ArgMatches, Command, Error};
use libc::{EACCES, EIDRM, EINVAL, ENOENT, EPERM, IPC_CREAT, IPC_PRIVATE, c_int, key_t};
use msgq::engine::Engine;
use msgq::errno::Errno;
use std::ffi::OsString;
use std::fmt;

const ID: &str = "queue-id";
const KEY: &str = "queue-key";
const ID_HELP: &str = "The queue with this id (msqid)";
const KEY_HELP: &str = "The queue with this key: decimal, hexadecimal (0x4d2) or octal (02322)";

/// A queue by the name that the user gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// An id.
    Id(c_int),
    /// A key, and as it was written.
    Key(key_t, String),
}

/// The queues of `-q` and `-Q`, in the order of the command line.
pub struct Several(Vec<(bool, String)>);

/// The queue of `-q` or `-Q`.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct One {
    #[arg(short = 'q', long, value_name = "ID", help = ID_HELP, allow_hyphen_values = true)]
    queue_id: Option<OsString>,
    #[arg(short = 'Q', long, value_name = "KEY", help = KEY_HELP, allow_hyphen_values = true)]
    queue_key: Option<OsString>,
}

/// What is no id, or no key.
#[derive(Debug, PartialEq, Eq)]
pub struct Misread {
    text: String,
    is_out_of_range: bool,
}

impl fmt::Display for Misread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = if self.is_out_of_range { ": Numerical result out of range" } else { "" };
        write!(out, "'{}'{why}", self.text)
    }
}

/// What ipcrm(1) says.
impl From<Misread> for Failure {
    fn from(misread: Misread) -> Failure {
        Failure::new(format!("failed to parse argument: {misread}")).with_status(MEANINGLESS)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Named::Id(id) => write!(out, "id ({id})"),
            Named::Key(_, text) => write!(out, "key ({text})"),
        }
    }
}

/// Reads an id: decimal.
pub fn id(text: &str) -> Result<c_int, Misread> {
    let misread = |is_out_of_range| Misread { text: text.to_string(), is_out_of_range };
    let number = whole(text, |_| 10).ok_or(misread(false))?;
    c_int::try_from(number).map_err(|_| misread(true))
}

/// Reads a key: decimal, or hexadecimal after 0x, or octal after 0, of 32 bits with or without a sign.
pub fn key(text: &str) -> Result<key_t, Misread> {
    let misread = |is_out_of_range| Misread { text: text.to_string(), is_out_of_range };
    let number = whole(text, |digits| match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', ..] => 8,
        _ => 10,
    });
    let number = number.ok_or(misread(false))?;
    let key = key_t::try_from(number).or_else(|_| u32::try_from(number).map(|key| key as key_t));
    key.map_err(|_| misread(true))
}

/// Reads a number as strtol(3) does: after blanks and a sign, in the base that its digits ask for. More
/// digits than a number can have make the highest that there is.
fn whole(text: &str, base: impl Fn(&str) -> u32) -> Option<i128> {
    let text =
        text.trim_start_matches(|blank: char| blank.is_ascii_whitespace() || blank == '\x0b');
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let base = base(digits);
    let digits = if base == 16 { digits.get(2..)? } else { digits };
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    is_number.then(|| sign * i128::from_str_radix(digits, base).unwrap_or(i128::MAX))
}

impl Several {
    /// The queues, once all of their names are found to mean something.
    pub fn read(&self) -> Result<Vec<Named>, Misread> {
        self.0.iter().map(|(is_key, text)| read(*is_key, text)).collect()
    }
}

impl One {
    /// The queue.
    pub fn read(&self) -> Result<Named, Misread> {
        match (&self.queue_key, &self.queue_id) {
            (Some(key), _) => read(true, &key.to_string_lossy()),
            (None, id) => read(false, &id.as_deref().unwrap_or_default().to_string_lossy()),
        }
    }
}

fn read(is_key: bool, text: &str) -> Result<Named, Misread> {
    match is_key {
        true => Ok(Named::Key(key(text)?, text.to_string())),
        false => id(text).map(Named::Id),
    }
}

impl Named {
    /// The queue; one with this key is made where it is missing and `create` has a mode.
    pub fn open(
        &self,
        engine: &'static dyn Engine,
        create: Option<c_int>,
    ) -> Result<Queue, Failure> {
        match self {
            Named::Id(id) => Ok(Queue::with_id(engine, *id)),
            Named::Key(IPC_PRIVATE, text) => Err(Failure::new(format!("illegal key ({text})"))),
            Named::Key(key, _) => {
                let msgflg = create.map_or(0, |mode| IPC_CREAT | mode);
                Queue::with_key(engine, *key, msgflg).map_err(|error| self.failure("use", error))
            }
        }
    }

    /// Why something cannot be done with it, as ipcrm(1) says it, where it has a sentence for that.
    pub fn refusal(&self, error: Errno) -> Option<String> {
        let why = match error.0 {
            ENOENT | EINVAL => "invalid",
            EIDRM => "already removed",
            EACCES | EPERM => "permission denied for",
            _ => return None,
        };
        Some(format!("{why} {self}"))
    }

    /// The same, and what it means. `what` is what was to be done with the queue.
    pub fn failure(&self, what: &str, error: Errno) -> Failure {
        let meaning = match error.0 {
            ENOENT => "no queue has this key".to_string(),
            EINVAL => "there is no such queue".to_string(),
            EIDRM => "the queue is not there any more".to_string(),
            EACCES | EPERM => format!("this user may not {what} it"),
            _ => errno_meaning(error).to_string(),
        };
        let refusal = self.refusal(error).unwrap_or_else(|| self.to_string());
        Failure::new(format!("{refusal}: {meaning}"))
    }
}

// By hand: what is derived does not keep the order of two options.
impl clap::Args for Several {
    fn augment_args(command: Command) -> Command {
        let option = |name: &'static str, letter: char| {
            Arg::new(name)
                .short(letter)
                .long(name)
                .action(ArgAction::Append)
                .allow_hyphen_values(true)
                .value_parser(clap::value_parser!(OsString))
        };
        command
            .arg(option(ID, 'q').value_name("ID").help(ID_HELP))
            .arg(option(KEY, 'Q').value_name("KEY").help(KEY_HELP))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Several {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Several, Error> {
        let of = |name: &str| {
            let places = matches.indices_of(name).into_iter().flatten();
            let texts = matches.get_many::<OsString>(name).into_iter().flatten();
            let texts = texts.map(|text| (name == KEY, text.to_string_lossy().into_owned()));
            places.zip(texts).collect::<Vec<_>>()
        };
        let mut all = of(ID);
        all.extend(of(KEY));
        all.sort_by_key(|(place, _)| *place);
        Ok(Several(all.into_iter().map(|(_, named)| named).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misread(text: &str, is_out_of_range: bool) -> Misread {
        Misread { text: text.to_string(), is_out_of_range }
    }

    #[test]
    fn an_id_is_decimal() {
        for (text, number) in
            [("0", 0), ("2147483647", i32::MAX), ("010", 10), (" +7", 7), ("-5", -5)]
        {
            assert_eq!(id(text), Ok(number), "{text}");
        }
        for text in ["", "abc", "4x", "0x5", "4 ", "-", "--4", "۵", "1.5"] {
            assert_eq!(id(text), Err(misread(text, false)));
        }
        for text in ["2147483648", "-2147483649", "999999999999999999999999999999999999999999999"] {
            assert_eq!(id(text), Err(misread(text, true)));
        }
    }

    #[test]
    fn a_key_has_32_bits_in_one_of_three_bases() {
        for (text, number) in [
            ("1234", 1234),
            ("0x4d2", 1234),
            ("0X4D2", 1234),
            ("02322", 1234),
            ("0", 0),
            ("-1", -1),
            ("0xffffffff", -1),
            ("4294967295", -1),
            ("-2147483648", i32::MIN),
        ] {
            assert_eq!(key(text), Ok(number), "{text}");
        }
        for text in ["", "abc", "9x", "08", "0x", "0xg", "1 2"] {
            assert_eq!(key(text), Err(misread(text, false)));
        }
        // ipcrm(1) would take the low half, and remove the queue with key 6.
        for text in ["0x100000006", "4294967296", "-2147483649"] {
            assert_eq!(key(text), Err(misread(text, true)));
        }
    }

    #[test]
    fn a_refusal_begins_with_the_words_of_ipcrm() {
        let key = Named::Key(1234, "0x4d2".to_string());
        assert_eq!(key.refusal(Errno(ENOENT)).as_deref(), Some("invalid key (0x4d2)"));
        assert_eq!(
            Named::Id(7).failure("read", Errno(EACCES)).sentence,
            "permission denied for id (7): this user may not read it"
        );
        assert_eq!(Named::Id(7).failure("read", Errno(libc::EIO)).sentence, "id (7): I/O error");
    }
}
