//! `msgq flush`: empties queues, and keeps them.

use super::named::{Named, Several};
use super::queue::Queue;
use crate::command::engine::EngineOption;
use crate::command::failure::{FAILED, Failure, MEANINGLESS};
use libc::ENOMSG;
use msgq::engine::Engine;
use msgq::errno::Errno;
use std::io::{self, Write};
use std::process::ExitCode;

/// What `msgq flush` is told.
#[derive(clap::Args)]
#[command(after_help = "As many messages are removed as there are when it begins; what comes \
                        meanwhile stays. The exit status is 1 where a queue was not emptied.")]
pub struct Arguments {
    #[command(flatten)]
    named: Several,
    #[command(flatten)]
    engine: EngineOption,
}

/// Empties the queues, in the order in which they are named.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let named = arguments.named.read()?;
    if named.is_empty() {
        let sentence = "no queue is named; -q ID and -Q KEY name some";
        return Err(Failure::new(sentence).with_status(MEANINGLESS));
    }
    let (_, engine) = arguments.engine.ready()?;
    let mut status = ExitCode::SUCCESS;
    for name in &named {
        if let Err(failure) = flush(engine, name) {
            failure.tell();
            status = ExitCode::from(FAILED);
        }
    }
    Ok(status)
}

fn flush(engine: &'static dyn Engine, name: &Named) -> Result<(), Failure> {
    let queue = name.open(engine, None)?;
    let (removed, ended) = empty(queue, name)?;
    writeln!(io::stdout(), "{}", told(removed, queue))
        .map_err(|error| Failure::about("standard output", error))?;
    ended
}

/// Takes away as many messages as there are at the start; how many they were, and why there were no
/// more.
pub fn empty(queue: Queue, name: &Named) -> Result<(u64, Result<(), Failure>), Failure> {
    let failure = |error| name.failure("read", error);
    let there = queue.data().map_err(failure)?.msg_qnum;
    let (removed, ended) = discard(queue, there);
    Ok((removed, ended.map_err(failure)))
}

/// What is said afterwards.
pub fn told(removed: u64, queue: Queue) -> String {
    format!("removed {} from queue {}", counted(removed), queue.id)
}

/// `1 message`, `2 messages`.
pub fn counted(messages: u64) -> String {
    format!("{messages} {}", if messages == 1 { "message" } else { "messages" })
}

/// Takes messages away, so many at most; how many they were, and why there were no more.
fn discard(queue: Queue, most: u64) -> (u64, Result<(), Errno>) {
    for removed in 0..most {
        match queue.discard_first() {
            Ok(()) => (),
            // Somebody else was faster.
            Err(Errno(ENOMSG)) => return (removed, Ok(())),
            Err(error) => return (removed, Err(error)),
        }
    }
    (most, Ok(()))
}
