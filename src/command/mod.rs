//! The command line.

mod check;
mod demo;
mod engine;
mod failure;
mod inject;
mod launch;
mod limits;
mod pace;
#[cfg(test)]
mod pages;
mod processes;
mod program;
mod queue;
mod queues;
mod recording;
mod replacement;
mod report;
mod run;
mod show;
mod terminal;
mod trace;

use clap::{Parser, Subcommand};
use failure::{FAILED, MEANINGLESS};
use msgq::settings::{Settings, VARIABLES};
use std::process::{ExitCode, exit};

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
    /// Show the queues, as ipcs(1) does
    Ipcs(queues::ipcs::Arguments),
    /// Remove queues, as ipcrm(1) does
    Ipcrm(queues::ipcrm::Arguments),
    /// Empty queues, and keep them
    Flush(queues::flush::Arguments),
    /// Send a message, or all that were saved
    Send(queues::send::Arguments),
    /// Receive messages, and write them
    Recv(queues::recv::Arguments),
    /// Show messages, and leave them in their queue
    Peek(queues::peek::Arguments),
    /// Watch the queues live, and peek, flush and remove
    Top(queues::top::Arguments),
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

/// Runs the command.
pub fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| misunderstood(&error));
    if Settings::read().is_err() {
        // The library in this command has said so on standard error when the process began.
        return ExitCode::from(MEANINGLESS);
    }
    let done = match arguments.command {
        Command::Trace(arguments) => trace::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Ipcs(arguments) => queues::ipcs::run(arguments),
        Command::Ipcrm(arguments) => queues::ipcrm::run(arguments),
        Command::Flush(arguments) => queues::flush::run(arguments),
        Command::Send(arguments) => queues::send::run(arguments),
        Command::Recv(arguments) => queues::recv::run(arguments),
        Command::Peek(arguments) => queues::peek::run(arguments),
        Command::Top(arguments) => queues::top::run(arguments),
        Command::Limits(arguments) => limits::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
    };
    done.unwrap_or_else(|failure| {
        failure.tell();
        ExitCode::from(failure.status)
    })
}

/// Says what is wrong with the command line, or shows the help that it asks for.
fn misunderstood(error: &clap::Error) -> ! {
    let _ = error.print();
    // util-linux's programs of these names have one status for everything that is wrong.
    let named = std::env::args_os().nth(1);
    let like_util_linux = named.is_some_and(|name| name == "ipcs" || name == "ipcrm");
    exit(if error.use_stderr() && like_util_linux { FAILED.into() } else { error.exit_code() })
}
