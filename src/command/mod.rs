//! The command line.

mod check;
mod demo;
mod failure;
mod inject;
mod launch;
mod limits;
#[cfg(test)]
mod pages;
mod processes;
mod program;
mod queue;
mod recording;
mod report;
mod run;
mod show;
mod trace;

use clap::{Parser, Subcommand};
use failure::{Failure, MEANINGLESS};
use msgq::engine::{self, Engine};
use msgq::settings::{Settings, VARIABLES};
use std::process::ExitCode;

/// See and test what programs do with System V message queues.
#[derive(Parser)]
#[command(version, about, after_help = environment(), disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a program and show each of its message queue calls
    Trace(trace::Arguments),
    /// Tell what a recording says: who sent what to whom, how long it took, and what went wrong
    Report(report::Arguments),
    /// Run a program with the library, without tracing
    Run(run::Arguments),
    /// Run a program and tell what it does wrong with its queues
    Check(check::Arguments),
    /// Show the limits of all queues, and set them where that is permitted
    Limits(limits::Arguments),
    /// Hold a small conversation over a queue, to try the other commands on
    Demo(demo::Arguments),
}

/// The environment variables, for the help's end.
fn environment() -> String {
    let rows = VARIABLES.iter().map(|variable| {
        let name = variable.name.to_string_lossy();
        format!("  {name:<15} {}: {}\n", variable.meaning, variable.allowed)
    });
    format!("Environment:\n{}", rows.collect::<String>())
}

/// The names of the engines, for `--engine`.
fn engines() -> Vec<&'static str> {
    engine::ENGINES.iter().map(|(name, _)| *name).collect()
}

/// The engine of this name, or without one that of the environment; and its name. Ready for calls.
fn engine_called(name: Option<&str>) -> Result<(&'static str, &'static dyn Engine), Failure> {
    let number = match name {
        Some(name) => engine::number(name),
        None => Settings::read().ok().map(|settings| settings.engine),
    };
    let known = number.and_then(|number| engine::ENGINES.get(number));
    let (name, engine) = known.ok_or_else(|| Failure::new("there is no such engine"))?;
    engine.prepare();
    Ok((*name, *engine))
}

/// Runs the command.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if Settings::read().is_err() {
        // The library in this command has said so on standard error when the process began.
        return ExitCode::from(MEANINGLESS);
    }
    let done = match arguments.command {
        Command::Trace(arguments) => trace::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Limits(arguments) => limits::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
    };
    done.unwrap_or_else(|Failure { sentence, status }| {
        eprintln!("msgq: {sentence}");
        ExitCode::from(status)
    })
}
