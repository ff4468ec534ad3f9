//! A message, and how it is written in JSON: as `msgq trace` has it.

use crate::command::show::json::{self, Message as Text};
use serde::{Deserialize, Serialize};
use std::io;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its type.
    pub mtype: i64,
    /// Its text, which may be any bytes.
    pub text: Vec<u8>,
}

/// What is written of it.
#[derive(Serialize)]
struct Written<'a> {
    mtype: i64,
    message: Text<'a>,
}

/// What is read. Other members are none of our business.
#[derive(Deserialize)]
#[serde(expecting = "an object with mtype and message")]
struct Read {
    mtype: i64,
    message: ReadText,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with hex or text")]
struct ReadText {
    length: Option<u64>,
    hex: Option<String>,
    text: Option<String>,
}

impl Message {
    /// The message as a JSON object, in one line with its end.
    pub fn to_json(&self) -> io::Result<String> {
        let message = Text::of(&self.text, self.text.len() as u64);
        json::line(&Written { mtype: self.mtype, message })
    }

    /// Reads such an object; or says what is wrong with it.
    pub fn from_json(line: &str) -> Result<Message, String> {
        let read: Read = serde_json::from_str(line).map_err(|error| {
            let told = error.to_string();
            let why = told.split(" at line ").next().unwrap_or_default();
            format!("{why}; right would be {{\"mtype\":7,\"message\":{{\"text\":\"hello\"}}}}")
        })?;
        if read.mtype < 1 {
            return Err(format!("mtype is {}, and types begin at 1", read.mtype));
        }
        Ok(Message { mtype: read.mtype, text: read.message.bytes()? })
    }
}

impl ReadText {
    fn bytes(self) -> Result<Vec<u8>, String> {
        let text = self.text.map(String::into_bytes);
        let hex = self.hex.map(|digits| {
            bytes(&digits).ok_or(format!("hex is {digits:?}, which are no pairs of hex digits"))
        });
        let bytes = match (hex.transpose()?, text) {
            (Some(hex), Some(text)) if hex != text => {
                return Err("hex and text say different things; leave one out".to_string());
            }
            (Some(bytes), _) | (None, Some(bytes)) => bytes,
            (None, None) => return Err("the message has neither hex nor text".to_string()),
        };
        match self.length {
            Some(length) if length != bytes.len() as u64 => Err(format!(
                "the length is {length}, and {} bytes are there; leave it out where they are all",
                bytes.len()
            )),
            _ => Ok(bytes),
        }
    }
}

/// The bytes that pairs of digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).map(|value| value as u8);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(value(high)? << 4 | value(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back_from_json() {
        let every: Vec<u8> = (0..=255).collect();
        for text in [&b""[..], b"hello", "초록".as_bytes(), b"\0\0", b"\xff\xfe", &every] {
            let message = Message { mtype: i64::MAX, text: text.to_vec() };
            let line = message.to_json().unwrap();
            assert_eq!(line.lines().count(), 1, "{line}");
            assert_eq!(Message::from_json(&line), Ok(message), "{line}");
        }
    }

    #[test]
    fn a_terminal_takes_nothing_in_json_for_a_command() {
        let text = "\x1b\x7f\u{9b}31m\u{202e}초록".as_bytes().to_vec();
        let message = Message { mtype: 7, text };
        let line = message.to_json().unwrap();
        assert!(line.contains(r#""text":"\u001b\u007f\u009b31m\u202e초록""#), "{line}");
        assert_eq!(Message::from_json(&line), Ok(message));
    }

    #[test]
    fn a_line_written_by_hand_needs_a_type_and_a_text() {
        let read = Message::from_json(r#"{"mtype":7,"message":{"text":"hi"},"call":"msgsnd"}"#);
        assert_eq!(read, Ok(Message { mtype: 7, text: b"hi".to_vec() }));
        let read = Message::from_json(r#"{"mtype":7,"message":{"hex":"00FF","text":null}}"#);
        assert_eq!(read, Ok(Message { mtype: 7, text: vec![0, 255] }));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        for (line, part) in [
            ("hello", "expected"),
            (r#"{"message":{"text":"hi"}}"#, "missing field `mtype`"),
            (r#"{"mtype":7}"#, "missing field `message`"),
            (r#"{"mtype":0,"message":{"text":"hi"}}"#, "types begin at 1"),
            (r#"{"mtype":7,"message":{}}"#, "neither hex nor text"),
            (r#"{"mtype":7,"message":"hi"}"#, "expected an object with hex or text;"),
            (r#"{"mtype":7,"message":{"hex":"0"}}"#, "no pairs of hex digits"),
            (r#"{"mtype":7,"message":{"hex":"+1"}}"#, "no pairs of hex digits"),
            (r#"{"mtype":7,"message":{"hex":"00","text":"a"}}"#, "say different things"),
            (r#"{"mtype":7,"message":{"length":9,"text":"cut"}}"#, "3 bytes are there"),
        ] {
            let wrong = Message::from_json(line).unwrap_err();
            assert!(wrong.contains(part), "{line}: {wrong}");
        }
    }
}
