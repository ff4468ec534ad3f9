//! What these test programs are told besides what every test program is told.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

/// The options, and the arguments that are left.
pub struct Options {
    /// `--seed N`, or the environment's MSGQ_SEED.
    pub seed: Option<u64>,
    /// `--calls N`.
    pub calls: Option<u64>,
    /// `--seconds N`.
    pub seconds: Option<u64>,
    /// `--endless`.
    pub endless: bool,
    /// The arguments of every test program.
    pub rest: Vec<OsString>,
}

/// The seed where nobody asks for another: the same from run to run.
pub const USUAL_SEED: u64 = 1;

impl Options {
    /// Of this process.
    pub fn read() -> Result<Options, String> {
        let mut options = Options {
            seed: number("MSGQ_SEED", std::env::var_os("MSGQ_SEED"))?,
            calls: None,
            seconds: None,
            endless: false,
            rest: Vec::new(),
        };
        let mut arguments = std::env::args_os();
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some(name @ "--seed") => options.seed = required(name, arguments.next())?,
                Some(name @ "--calls") => options.calls = required(name, arguments.next())?,
                Some(name @ "--seconds") => options.seconds = required(name, arguments.next())?,
                Some("--endless") => options.endless = true,
                _ => options.rest.push(argument),
            }
        }
        Ok(options)
    }

    /// The seed to begin with: in an endless run, another one every time.
    pub fn first_seed(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.seed.unwrap_or(if self.endless { now.as_secs() } else { USUAL_SEED })
    }
}

fn required(name: &str, value: Option<OsString>) -> Result<Option<u64>, String> {
    number(name, value)?.map(Some).ok_or(format!("{name} wants a number after it"))
}

fn number(name: &str, value: Option<OsString>) -> Result<Option<u64>, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().and_then(|value| value.parse().ok());
    number.map(Some).ok_or(format!("{name} is {value:?}, which is no whole number"))
}
