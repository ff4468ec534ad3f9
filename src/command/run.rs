//! `msgq run`.

use super::engine::engines;
use super::failure::Failure;
use super::inject::Inject;
use super::launch::{Launch, end_like};
use clap::builder::PossibleValuesParser;
use std::ffi::OsString;
use std::process::ExitCode;

/// What `msgq run` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the queues live
    #[arg(long, value_name = "ENGINE", value_parser = PossibleValuesParser::new(engines()))]
    engine: Option<String>,
    #[command(flatten)]
    inject: Inject,
    /// The program, and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    command: Vec<OsString>,
}

/// Runs the program; the exit status is its own.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Arguments { engine, inject, command } = arguments;
    let launch = Launch { command, engine, inject: inject.value()?, ..Launch::default() };
    Ok(end_like(launch.start()?.wait()?))
}
