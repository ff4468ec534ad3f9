//! What others have written, shown in a terminal: it is read there, and never obeyed.

use std::fmt::Write;

/// Whether a terminal takes this for a command: to do something, or to show what follows in another
/// order.
pub fn is_command(character: char) -> bool {
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}');
    character.is_control() || turns
}

/// One line without its end, of which a terminal takes nothing for a command.
pub fn escaped(bytes: &[u8]) -> String {
    let mut line = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => line.push_str("\\n"),
                '\t' => line.push_str("\\t"),
                '\r' => line.push_str("\\r"),
                '\\' => line.push_str("\\\\"),
                _ if is_command(character) => {
                    character
                        .encode_utf8(&mut [0; 4])
                        .bytes()
                        .for_each(|byte| escape(&mut line, byte));
                }
                _ => line.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| escape(&mut line, *byte));
    }
    line
}

fn escape(line: &mut String, byte: u8) {
    let _ = write!(line, "\\x{byte:02x}");
}
