//! Which messages of a queue: `--type`, as msgrcv(2) has msgtyp and MSG_EXCEPT.

use super::message::Message;
use libc::{MSG_EXCEPT, c_int};
use std::fmt;

/// A choice of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    Any,
    /// Those of this type.
    Type(i64),
    /// Those of this type and of lower ones, the lowest first.
    UpTo(i64),
    /// Those of other types.
    Not(i64),
}

impl Selection {
    /// Reads 7, -7, !7 or 0.
    pub fn read(text: &str) -> Result<Selection, String> {
        let number = text.strip_prefix('!').unwrap_or(text).parse::<i64>().ok();
        match (number, text.starts_with('!')) {
            (Some(number), true) if number > 0 => Ok(Selection::Not(number)),
            (Some(0), false) => Ok(Selection::Any),
            (Some(number), false) if number > 0 => Ok(Selection::Type(number)),
            // As the kernel has it: there is no number that is as far above 0 as the lowest is below.
            (Some(number), false) => Ok(Selection::UpTo(number.saturating_neg())),
            _ => Err("it chooses no messages; right would be 7 (this type), -7 (this type or a \
                      lower one, the lowest first), !7 (any other type) or 0 (all)"
                .to_string()),
        }
    }

    /// msgrcv's msgtyp.
    pub fn msgtyp(self) -> i64 {
        match self {
            Selection::Any => 0,
            Selection::Type(mtype) | Selection::Not(mtype) => mtype,
            Selection::UpTo(mtype) => -mtype,
        }
    }

    /// What it adds to msgrcv's msgflg.
    pub fn msgflg(self) -> c_int {
        if matches!(self, Selection::Not(_)) { MSG_EXCEPT } else { 0 }
    }

    /// Whether this message is one of them.
    pub fn takes(self, message: &Message) -> bool {
        match self {
            Selection::Any => true,
            Selection::Type(mtype) => message.mtype == mtype,
            Selection::UpTo(mtype) => message.mtype <= mtype,
            Selection::Not(mtype) => message.mtype != mtype,
        }
    }
}

/// `message`, and of which types.
impl fmt::Display for Selection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::Any => write!(out, "message"),
            Selection::Type(mtype) => write!(out, "message of type {mtype}"),
            Selection::UpTo(mtype) => write!(out, "message of type {mtype} or lower"),
            Selection::Not(mtype) => write!(out, "message of another type than {mtype}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_choices_are_those_of_msgrcv() {
        for (text, selection, msgtyp, msgflg) in [
            ("0", Selection::Any, 0, 0),
            ("7", Selection::Type(7), 7, 0),
            ("-7", Selection::UpTo(7), -7, 0),
            ("!7", Selection::Not(7), 7, MSG_EXCEPT),
            ("-9223372036854775808", Selection::UpTo(i64::MAX), -i64::MAX, 0),
        ] {
            assert_eq!(Selection::read(text), Ok(selection), "{text}");
            assert_eq!((selection.msgtyp(), selection.msgflg()), (msgtyp, msgflg), "{text}");
        }
    }

    #[test]
    fn what_chooses_nothing_is_refused() {
        for text in ["", "x", "!", "!0", "!-7", "!!7", "7!", "9223372036854775808", "1.5", "0x7"] {
            assert!(Selection::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_message_is_taken_by_its_type() {
        let taken = |selection: Selection| {
            let types = [6, 7, 8].into_iter();
            let messages = types.map(|mtype| Message { mtype, text: Vec::new() });
            messages.map(|message| selection.takes(&message)).collect::<Vec<_>>()
        };
        assert_eq!(taken(Selection::Any), [true, true, true]);
        assert_eq!(taken(Selection::Type(7)), [false, true, false]);
        assert_eq!(taken(Selection::UpTo(7)), [true, true, false]);
        assert_eq!(taken(Selection::Not(7)), [true, false, true]);
    }
}
