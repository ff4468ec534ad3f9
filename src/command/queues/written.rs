//! How received messages are written.

use super::message::Message;
use crate::command::terminal::escaped;
use std::fmt::Write;
use std::io;

/// How many bytes a line of hex shows.
const ROW: usize = 16;

/// The options that choose a form.
#[derive(clap::Args)]
#[group(multiple = false)]
pub struct FormOptions {
    /// Write the text and the end of a line, with \xHH for what cannot be printed (default)
    #[arg(long)]
    text: bool,
    /// Write the bytes of the text, and nothing else
    #[arg(long)]
    raw: bool,
    /// Write the type, the size, and the bytes in hexadecimal
    #[arg(long)]
    hex: bool,
    /// Write a JSON object a line, which `msgq send --json` reads
    #[arg(long)]
    json: bool,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line of text, in which bytes that cannot be printed are escaped.
    Text,
    /// The bytes of its text.
    Raw,
    /// A line about it, and its bytes in hexadecimal.
    Hex,
    /// A line with a JSON object.
    Json,
}

impl FormOptions {
    /// What they say.
    pub fn form(&self) -> Form {
        match self {
            FormOptions { raw: true, .. } => Form::Raw,
            FormOptions { hex: true, .. } => Form::Hex,
            FormOptions { json: true, .. } => Form::Json,
            FormOptions { .. } => Form::Text,
        }
    }
}

impl Form {
    /// The message in this form.
    pub fn write(self, message: &Message) -> io::Result<Vec<u8>> {
        Ok(match self {
            Form::Raw => message.text.clone(),
            Form::Text => format!("{}\n", escaped(&message.text)).into_bytes(),
            Form::Hex => hex(message).into_bytes(),
            Form::Json => message.to_json()?.into_bytes(),
        })
    }
}

/// A line about the message, and its bytes in rows.
fn hex(message: &Message) -> String {
    let mut dump = format!("mtype={} msgsz={}\n", message.mtype, message.text.len());
    for (number, row) in message.text.chunks(ROW).enumerate() {
        let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let printed = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' };
        let letters: String = row.iter().map(printed).collect();
        let width = ROW * 3 - 1;
        let _ = writeln!(dump, "{:08x}  {:<width$}  |{letters}|", number * ROW, digits.join(" "));
    }
    dump
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, text: &[u8]) -> String {
        let message = Message { mtype: 7, text: text.to_vec() };
        String::from_utf8_lossy(&form.write(&message).unwrap()).into_owned()
    }

    #[test]
    fn a_text_is_a_line_whatever_its_bytes_are() {
        assert_eq!(written(Form::Text, b"hello"), "hello\n");
        assert_eq!(written(Form::Text, "초록\n".as_bytes()), "초록\\n\n");
        assert_eq!(written(Form::Text, b"a\0\x1b[31m\xff\\"), "a\\x00\\x1b[31m\\xff\\\\\n");
        assert_eq!(written(Form::Text, "\u{9b}".as_bytes()), "\\xc2\\x9b\n");
        // What is behind it would be shown from right to left.
        assert_eq!(written(Form::Text, "\u{202e}ab".as_bytes()), "\\xe2\\x80\\xaeab\n");
        assert_eq!(written(Form::Text, b""), "\n");
    }

    #[test]
    fn raw_is_nothing_but_the_bytes() {
        let message = Message { mtype: 7, text: b"a\0\xff\n".to_vec() };
        assert_eq!(Form::Raw.write(&message).unwrap(), b"a\0\xff\n");
    }

    #[test]
    fn hex_has_rows_of_sixteen() {
        assert_eq!(
            written(Form::Hex, b"0123456789abcdef\0~\x7f"),
            "mtype=7 msgsz=19\n\
             00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
             00000010  00 7e 7f                                         |.~.|\n"
        );
        assert_eq!(written(Form::Hex, b""), "mtype=7 msgsz=0\n");
    }

    #[test]
    fn json_is_a_line() {
        assert_eq!(
            written(Form::Json, b"hi\n"),
            "{\"mtype\":7,\"message\":{\"length\":3,\"hex\":\"68690a\",\"text\":\"hi\\n\"}}\n"
        );
    }
}
