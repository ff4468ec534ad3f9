//! `msgq ipcrm`: removes queues, with the messages and exit statuses of util-linux's ipcrm(1).

use super::named::{Named, Several, id};
use super::queue::Queue;
use crate::command::engine::EngineOption;
use crate::command::failure::{FAILED, Failure, complain};
use crate::command::show::names::errno_meaning;
use msgq::engine::{Engine, list};
use msgq::errno::Errno;
use std::io::{self, Write};
use std::process::ExitCode;

/// What `msgq ipcrm` is told.
#[derive(clap::Args)]
#[command(
    args_override_self = true,
    infer_long_args = true,
    after_help = "Queues are removed in the order in which they are named; none is removed \
                        where one of the names means nothing. The exit status is 1 where \
                        anything was not removed."
)]
pub struct Arguments {
    #[command(flatten)]
    named: Several,
    /// Remove all queues that this user may read
    #[arg(short, long, value_name = "msg", num_args = 0..=1)]
    all: Option<Option<String>>,
    /// Tell what is being removed
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    engine: EngineOption,
    /// The word msg, and ids: the way before there were options
    #[arg(value_name = "msg ID", allow_negative_numbers = true, conflicts_with_all = ["queue-id", "queue-key", "all"])]
    words: Vec<String>,
}

/// Removes what was named.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let named = arguments.read()?;
    let (_, engine) = arguments.engine.ready()?;
    let mut removal = Removal { engine, verbose: arguments.verbose, failed: false, unsaid: None };
    for name in &named {
        removal.named(name)?;
    }
    if arguments.all.is_some() {
        removal.all()?;
    }
    if !removal.failed && !arguments.words.is_empty() {
        removal.say("resource(s) deleted");
    }
    match removal {
        Removal { unsaid: Some(error), .. } => Err(Failure::about("standard output", error)),
        Removal { failed: true, .. } => Ok(ExitCode::from(FAILED)),
        Removal { .. } => Ok(ExitCode::SUCCESS),
    }
}

impl Arguments {
    /// The queues that are named, once all of the command line is found to mean something.
    fn read(&self) -> Result<Vec<Named>, Failure> {
        if let Some(Some(kind)) = &self.all
            && kind != "msg"
        {
            return Err(Failure::new(format!("unknown argument: {kind}")));
        }
        let named = self.named.read().map_err(|misread| Failure::from(misread).with_status(FAILED));
        let named = [named?, self.old_way()?].concat();
        if named.is_empty() && self.all.is_none() {
            return Err(Failure::new("no queue is named; -q ID, -Q KEY and --all name some"));
        }
        Ok(named)
    }

    /// The queues of `msg ID...`.
    fn old_way(&self) -> Result<Vec<Named>, Failure> {
        match self.words.split_first() {
            None => Ok(Vec::new()),
            Some((kind, [])) if kind == "msg" => Err(Failure::new("not enough arguments")),
            Some((kind, ids)) if kind == "msg" => {
                let read = |text| id(text).map_err(|_| Failure::new(format!("invalid id: {text}")));
                ids.iter().map(|text| read(text).map(Named::Id)).collect()
            }
            Some((other, _)) => Err(Failure::new(format!("unknown argument: {other}"))),
        }
    }
}

/// Removing queues. What cannot be removed is told, and the rest goes on.
struct Removal {
    engine: &'static dyn Engine,
    verbose: bool,
    failed: bool,
    /// Why standard output did not take a line. Queues are removed all the same.
    unsaid: Option<io::Error>,
}

impl Removal {
    fn named(&mut self, name: &Named) -> Result<(), Failure> {
        match name {
            Named::Id(id) => self.queue(Queue::with_id(self.engine, *id), name),
            Named::Key(libc::IPC_PRIVATE, text) => {
                self.complain(&format!("illegal key ({text})"));
                Ok(())
            }
            Named::Key(key, _) => match Queue::with_key(self.engine, *key, 0) {
                // From here on ipcrm(1) shows the id where the key was.
                Ok(queue) => self.queue(queue, &Named::Key(*key, queue.id.to_string())),
                Err(error) => self.refused(name, error),
            },
        }
    }

    fn all(&mut self) -> Result<(), Failure> {
        let queues = list::queues(self.engine)
            .map_err(|error| Failure::new(format!("msgctl: {}", errno_meaning(error))))?;
        for (id, _) in queues {
            let queue = Queue::with_id(self.engine, id);
            // ipcrm(1) does not see those that the user may not read.
            if queue.data().is_ok() {
                self.queue(queue, &Named::Id(id))?;
            }
        }
        Ok(())
    }

    fn queue(&mut self, queue: Queue, name: &Named) -> Result<(), Failure> {
        if self.verbose {
            self.say(&format!("removing message queue id `{}'", queue.id));
        }
        queue.remove().or_else(|error| self.refused(name, error))
    }

    fn refused(&mut self, name: &Named, error: Errno) -> Result<(), Failure> {
        let Some(refusal) = name.refusal(error) else {
            let what = if matches!(name, Named::Id(_)) { "id" } else { "key" };
            return Err(Failure::new(format!("{what} failed: {}", errno_meaning(error))));
        };
        self.complain(&refusal);
        Ok(())
    }

    fn complain(&mut self, sentence: &str) {
        complain(sentence);
        self.failed = true;
    }

    fn say(&mut self, line: &str) {
        if let Err(error) = writeln!(io::stdout(), "{line}") {
            self.unsaid.get_or_insert(error);
        }
    }
}
