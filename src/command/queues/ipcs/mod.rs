//! `msgq ipcs`: shows an engine's queues, as util-linux's ipcs(1) shows the kernel's.

pub mod calendar;
pub mod columns;
mod details;
mod json;
pub mod people;
mod size;
mod tables;
mod totals;

use super::named;
use crate::command::engine::EngineOption;
use crate::command::failure::{FAILED, Failure, complain};
use crate::command::show::names::errno_meaning;
use crate::command::show::structures::QueueData;
use columns::Row;
use msgq::engine::limits::Limits;
use msgq::engine::{Engine, list};
use msgq::errno::Errno;
use people::People;
use size::Unit;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// What `msgq ipcs` is told.
#[derive(clap::Args)]
#[command(
    args_override_self = true,
    infer_long_args = true,
    after_help = "Only queues are shown: --queues and --all change nothing. Of --time, --pid, --creator, \
                  --limits and --summary the last one counts."
)]
pub struct Arguments {
    /// Show queues, which is all there is
    #[arg(short, long)]
    queues: bool,
    /// The same
    #[arg(short, long)]
    all: bool,
    /// Show all about the queue with this id
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    id: Option<OsString>,
    /// Show when was last sent, received and changed
    #[arg(short, long, overrides_with_all = ["pid", "creator", "limits", "summary"])]
    time: bool,
    /// Show which processes sent and received last
    #[arg(short, long, overrides_with_all = ["time", "creator", "limits", "summary"])]
    pid: bool,
    /// Show creators and owners
    #[arg(short, long, overrides_with_all = ["time", "pid", "limits", "summary"])]
    creator: bool,
    /// Show limits
    #[arg(short, long, overrides_with_all = ["time", "pid", "creator", "summary"])]
    limits: bool,
    /// Show how many queues, messages and bytes there are
    #[arg(short = 'u', long, overrides_with_all = ["time", "pid", "creator", "limits"])]
    summary: bool,
    /// Show sizes in bytes
    #[arg(short, long, overrides_with = "human")]
    bytes: bool,
    /// Show sizes with one digit after the point, and K, M or G
    #[arg(long, overrides_with = "bytes")]
    human: bool,
    /// Write all that is known as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    engine: EngineOption,
}

/// Shows what was asked for.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let id = arguments.id.as_ref().map(|id| named::id(&id.to_string_lossy()));
    let id = id
        .transpose()
        .map_err(|misread| Failure::new(format!("failed to parse id argument: {misread}")))?;
    let (name, engine) = arguments.engine.ready()?;
    let shown = match (id, arguments.json) {
        (Some(id), json) => match details(engine, id).map_err(told)? {
            Some(row) if json => json::queues(name, &[row]),
            Some(row) => details::text(&row, arguments.unit()),
            None => {
                complain(format!("id {id} not found"));
                // ipcs(1) has nothing against that.
                return Ok(ExitCode::from(if json { FAILED } else { 0 }));
            }
        },
        (None, true) => arguments.json(name, engine).map_err(told)?,
        (None, false) => format!("\n{}\n", arguments.text(engine).map_err(told)?),
    };
    let mut output = io::stdout().lock();
    let written = output.write_all(shown.as_bytes()).and_then(|()| output.flush());
    written.map_err(|error| Failure::about("standard output", error))?;
    Ok(ExitCode::SUCCESS)
}

fn told(error: Errno) -> Failure {
    Failure::new(format!("msgctl: {}", errno_meaning(error)))
}

fn details(engine: &dyn Engine, id: i32) -> Result<Option<Row>, Errno> {
    let data = list::queue(engine, id)?;
    let data = data.and_then(|data| QueueData::read(&data.0));
    Ok(data.map(|data| People::default().row(id, data)))
}

fn rows(engine: &dyn Engine) -> Result<Vec<Row>, Errno> {
    let mut people = People::default();
    let queues = list::queues(engine)?.into_iter();
    let read = queues.filter_map(|(id, data)| Some((id, QueueData::read(&data.0)?)));
    Ok(read.map(|(id, data)| people.row(id, data)).collect())
}

impl Arguments {
    fn unit(&self) -> Unit {
        match self {
            Arguments { human: true, .. } => Unit::Human,
            Arguments { bytes: true, .. } => Unit::Bytes,
            Arguments { .. } => Unit::Usual,
        }
    }

    fn text(&self, engine: &dyn Engine) -> Result<String, Errno> {
        let table = match self {
            Arguments { limits: true, .. } => {
                return Ok(totals::limits(&Limits::of(engine)?, self.unit()));
            }
            Arguments { summary: true, .. } => {
                return Ok(totals::usage(&list::usage(engine)?, self.unit()));
            }
            Arguments { time: true, .. } => &tables::TIMES,
            Arguments { pid: true, .. } => &tables::PIDS,
            Arguments { creator: true, .. } => &tables::CREATORS,
            Arguments { human: true, .. } => &tables::SIZES,
            Arguments { .. } => &tables::QUEUES,
        };
        Ok(table.text(&rows(engine)?))
    }

    fn json(&self, name: &str, engine: &dyn Engine) -> Result<String, Errno> {
        Ok(match self {
            Arguments { limits: true, .. } => json::limits(name, &Limits::of(engine)?),
            Arguments { summary: true, .. } => json::usage(name, &list::usage(engine)?),
            Arguments { .. } => json::queues(name, &rows(engine)?),
        })
    }
}
