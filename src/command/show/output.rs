//! Where calls are shown. An output that fails is told once; the program runs on.

use super::json::Json;
use super::summary::Summary;
use super::text::Text;
use super::{Filter, Show};
use crate::command::failure::{Failure, MEANINGLESS, complain};
use crate::command::recording::follower::Told;
use crate::command::recording::live::Losses;
use crate::command::recording::time::Scale;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// How calls are shown.
#[derive(Clone, Copy)]
pub enum Form {
    /// A line a call.
    Text,
    /// A JSON object a call.
    Json,
    /// Tables at the end.
    Summary,
}

/// An output.
pub struct Output {
    show: Option<Box<dyn Show>>,
    name: String,
}

impl Output {
    /// Shows nothing but what is missing.
    pub fn nowhere() -> Output {
        Output { show: None, name: String::new() }
    }

    /// Shows calls in the file at `path`; without one on standard error, for "-" on standard output.
    pub fn open(path: Option<&Path>, form: Form, filter: Filter) -> Result<Output, Failure> {
        let (out, name): (Box<dyn Write>, String) = match path {
            None => (Box::new(io::stderr()), "standard error".to_string()),
            Some(path) if path == Path::new("-") => {
                (Box::new(io::stdout()), "standard output".to_string())
            }
            Some(path) => {
                let file = File::create(path).map_err(|error| {
                    Failure::about(path.display(), error).with_status(MEANINGLESS)
                })?;
                (Box::new(file), path.display().to_string())
            }
        };
        let out = BufWriter::with_capacity(1 << 16, out);
        let show: Box<dyn Show> = match form {
            Form::Text => Box::new(Text::new(out, filter)),
            Form::Json => Box::new(Json::new(out, filter)),
            Form::Summary => Box::new(Summary::new(out, filter)),
        };
        Ok(Output { show: Some(show), name })
    }

    /// Shows what is told, at once.
    pub fn show(&mut self, scale: &Scale, told: &[Told]) {
        let Some(show) = &mut self.show else { return };
        let shown = told.iter().try_for_each(|told| show.show(told, scale));
        let seen = shown.and_then(|()| show.flush());
        self.check(seen);
    }

    /// Shows the end, and what is missing.
    pub fn end(&mut self, losses: Losses) {
        if let Some(show) = &mut self.show {
            let ended = show.end(losses);
            self.check(ended);
        }
        let Losses { calls, faults } = losses;
        if calls > 0 {
            complain(format!("{calls} calls are missing: there was no room to keep them"));
        }
        if faults > 0 {
            complain(format!(
                "{faults} processes were not traced to their end, for a fault in msgq itself"
            ));
        }
    }

    fn check(&mut self, shown: io::Result<()>) {
        if let Err(error) = shown {
            complain(format!("{}: {error}; no more calls are shown", self.name));
            self.show = None;
        }
    }
}
