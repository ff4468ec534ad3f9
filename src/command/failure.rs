//! What ends the command early: one sentence and an exit status.

use std::fmt;
use std::io::{self, Write};

/// The exit status of a command that could not do its work.
pub const FAILED: u8 = 1;
/// The exit status where the command line or the environment makes no sense.
pub const MEANINGLESS: u8 = 2;
/// The exit status where a queue has no message, or no room for one, and waiting was not wanted.
pub const NOTHING: u8 = 3;
/// The exit status where the program to run cannot be executed, as a shell has it.
pub const NOT_EXECUTABLE: u8 = 126;
/// The exit status where the program to run does not exist, as a shell has it.
pub const NOT_FOUND: u8 = 127;

/// Why the command ends.
#[derive(Debug)]
pub struct Failure {
    /// The sentence for standard error, without the command's name. Empty where all is said.
    pub sentence: String,
    /// The exit status.
    pub status: u8,
}

impl Failure {
    /// A failure of the work itself.
    pub fn new(sentence: impl Into<String>) -> Failure {
        Failure { sentence: sentence.into(), status: FAILED }
    }

    /// A failure that the library in this command has told of on standard error.
    pub fn said_already() -> Failure {
        Failure::new("")
    }

    /// The same with another exit status.
    pub fn with_status(self, status: u8) -> Failure {
        Failure { status, ..self }
    }

    /// Says it on standard error, unless all is said.
    pub fn tell(&self) {
        if !self.sentence.is_empty() {
            complain(&self.sentence);
        }
    }

    /// A failed operation on something that has a name.
    pub fn about(name: impl fmt::Display, error: io::Error) -> Failure {
        Failure::new(format!("{name}: {error}"))
    }
}

/// Writes a sentence to standard error. Where nobody takes it the work goes on all the same, which
/// `eprintln!` would end.
pub fn complain(sentence: impl fmt::Display) {
    let _ = io::stderr().write_all(format!("msgq: {sentence}\n").as_bytes());
}
