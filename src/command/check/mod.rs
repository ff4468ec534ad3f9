//! `msgq check`: runs a program, and tells what it does wrong with its queues.

mod list;
mod source;
mod told;

use super::engine::engines;
use super::failure::Failure;
use super::launch::{Launch, end_like};
use super::recording::place::Place;
use clap::ArgGroup;
use clap::builder::PossibleValuesParser;
use msgq::check::{self, Tables};
use msgq::engine;
use msgq::settings::{Checking, Settings};
use std::ffi::{CString, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::thread::sleep;
use std::time::Duration;
use told::Told;

/// What `msgq check` is told.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("what").required(true).args(["command", "list"]))]
pub struct Arguments {
    /// End the program at the first finding, as abort(3) does
    #[arg(long)]
    abort: bool,
    /// Exit with N where something was found, and not as the program did
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    error_exitcode: Option<u8>,
    /// Where the queues live
    #[arg(long, value_name = "ENGINE", value_parser = PossibleValuesParser::new(engines()))]
    engine: Option<String>,
    /// Run nothing, and show what is checked
    #[arg(long, conflicts_with_all = ["abort", "error_exitcode", "engine"])]
    list: bool,
    /// The program, and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Runs the command line's wish.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if arguments.list {
        writeln!(io::stdout(), "{}", list::table())
            .map_err(|error| Failure::about("standard output", error))?;
        return Ok(ExitCode::SUCCESS);
    }
    let error_exitcode = arguments.error_exitcode;
    let (status, findings) = check(arguments)?;
    Ok(match error_exitcode {
        Some(code) if findings > 0 => ExitCode::from(code),
        _ => end_like(status),
    })
}

/// Runs the program to its end; how it ended, and at how many places something was found.
fn check(arguments: Arguments) -> Result<(ExitStatus, usize), Failure> {
    let about = |error| Failure::about("a temporary file of findings", error);
    let place = Place::new().map_err(about)?;
    let file = place.recording.clone();
    fs::write(&file, Tables::empty_file()).map_err(about)?;
    place.open_to_others().map_err(about)?;
    let tables = tables(&file, arguments.engine.as_deref())?;
    let checking = if arguments.abort { Checking::Abort } else { Checking::Warn };
    let launch = Launch {
        command: arguments.command,
        engine: arguments.engine,
        checking: Some((checking, file)),
        ..Launch::default()
    };
    let mut launched = launch.start()?;
    let mut told = Told::new(tables, io::stderr());
    let status = loop {
        told.tell_new();
        match launched.ended()? {
            Some(status) => break status,
            None => sleep(Duration::from_millis(5)),
        }
    };
    check::left_behind();
    told.tell_new();
    Ok((status, told.sum_up()))
}

/// The tables in the file, as the programs under this engine use them.
fn tables(file: &Path, engine: Option<&str>) -> Result<&'static Tables, Failure> {
    let about = |error: io::Error| Failure::about(file.display(), error);
    let path = CString::new(file.as_os_str().as_bytes()).map_err(|error| about(error.into()))?;
    let settings = Settings::read().map_err(|_| Failure::new("the environment means nothing"))?;
    let engine = engine.and_then(engine::number).unwrap_or(settings.engine);
    check::watch(&path, &Settings { engine, ..settings })
        .map_err(|error| about(io::Error::from_raw_os_error(error.0)))
}
