//! `msgq send`: sends a message, or all that were saved.

use super::create::CreateOption;
use super::message::Message;
use super::named::{Named, One};
use super::patience::{Ended, PatienceOptions, end_by, watch_for_signals};
use super::queue::Queue;
use super::standard;
use crate::command::engine::EngineOption;
use crate::command::failure::{Failure, NOTHING, complain};
use msgq::engine::limits::Limits;
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

/// What `msgq send` is told.
#[derive(clap::Args)]
#[command(
    after_help = "Nothing is sent where any of the messages makes no sense. The exit status is 3 \
                        where the queue has no room, or none in time."
)]
pub struct Arguments {
    #[command(flatten)]
    queue: One,
    /// The message's type, from 1 on
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value_t = 1, allow_hyphen_values = true,
          value_parser = clap::value_parser!(i64).range(1..), conflicts_with = "json")]
    mtype: i64,
    /// Read messages from standard input, a JSON object a line, as `msgq recv --json` writes them
    #[arg(long, conflicts_with = "text")]
    json: bool,
    #[command(flatten)]
    create: CreateOption,
    #[command(flatten)]
    patience: PatienceOptions,
    #[command(flatten)]
    engine: EngineOption,
    /// The message's text; without it, all of standard input is the text
    text: Option<OsString>,
}

/// Sends what was given.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let name = arguments.queue.read()?;
    let (_, engine) = arguments.engine.ready()?;
    let msgmax = Limits::of(engine).ok().and_then(|limits| limits.msgmax).unwrap_or(u64::MAX);
    let messages = arguments.messages(msgmax)?;
    let queue = name.open(engine, arguments.create.mode())?;
    // Who may not read the queue cannot know, and would wait for ever.
    if let Ok(data) = queue.data() {
        let holds = format!("queue {} holds", queue.id);
        messages.iter().try_for_each(|given| given.is_at_most(data.msg_qbytes, &holds))?;
    }
    watch_for_signals()?;
    let patience = arguments.patience.patience();
    for (sent, given) in messages.iter().enumerate() {
        let Err(ended) = patience.call(|msgflg| queue.send(&given.message, msgflg)) else {
            continue;
        };
        let all = messages.len();
        let sent = (all > 1).then(|| format!("{sent} of {all} messages were sent"));
        return stopped(ended, &name, queue, sent);
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells why not all was sent, and what was, where there was more than one message.
fn stopped(
    ended: Ended,
    name: &Named,
    queue: Queue,
    sent: Option<String>,
) -> Result<ExitCode, Failure> {
    let failure = match ended {
        Ended::Signal(signal) => {
            sent.iter().for_each(complain);
            return Ok(end_by(signal));
        }
        Ended::Failed(error) => name.failure("write to", error),
        Ended::TimeIsOver => {
            let sentence = format!("there is no room for the message in queue {}", queue.id);
            Failure::new(sentence).with_status(NOTHING)
        }
    };
    Err(match sent {
        Some(sent) => Failure { sentence: format!("{}; {sent}", failure.sentence), ..failure },
        None => failure,
    })
}

/// A message that is to be sent.
struct Given {
    message: Message,
    /// The line where it was read, if it was one of several.
    line: Option<usize>,
}

impl Given {
    /// Fails where the message has more bytes than something allows. How many there are at all is not
    /// known: no more of them were read.
    fn is_at_most(&self, most: u64, who_says: &str) -> Result<(), Failure> {
        if self.message.text.len() as u64 <= most {
            return Ok(());
        }
        let why =
            format!("the message has more than {most} bytes, which is the most that {who_says}");
        Err(self.refuse(&why))
    }

    fn refuse(&self, why: &str) -> Failure {
        refuse(self.line, why)
    }
}

fn refuse(line: Option<usize>, why: &str) -> Failure {
    let place = line.map_or(String::new(), |line| format!("line {line}: "));
    Failure::new(format!("{place}{why}; nothing was sent"))
}

impl Arguments {
    /// All that is to be sent, once each message is found to be one.
    fn messages(&self, msgmax: u64) -> Result<Vec<Given>, Failure> {
        let may_have = "a message may have (msgmax)";
        let given = match (&self.text, self.json) {
            (Some(text), _) => vec![self.one(text.clone().into_vec())],
            (None, true) => saved(&input(u64::MAX)?)?,
            // A byte more than may be there is enough to see that there are too many.
            (None, false) => vec![self.one(input(msgmax.saturating_add(1))?)],
        };
        for given in &given {
            given.is_at_most(msgmax, may_have)?;
        }
        Ok(given)
    }

    fn one(&self, text: Vec<u8>) -> Given {
        Given { message: Message { mtype: self.mtype, text }, line: None }
    }
}

/// Standard input to its end, or so many bytes of it.
fn input(most: u64) -> Result<Vec<u8>, Failure> {
    if !standard::has_input() {
        return Err(Failure::new("standard input: it is closed; nothing was sent"));
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(most).read_to_end(&mut bytes);
    read.map_err(|error| Failure::about("standard input", error))?;
    Ok(bytes)
}

/// The messages that `msgq recv --json` has written.
fn saved(bytes: &[u8]) -> Result<Vec<Given>, Failure> {
    let mut messages = Vec::new();
    for (before, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line_number = Some(before + 1);
        let text = str::from_utf8(line).map_err(|_| refuse(line_number, "it is not UTF-8"))?;
        if text.trim().is_empty() {
            continue;
        }
        let message = Message::from_json(text).map_err(|why| refuse(line_number, &why))?;
        messages.push(Given { message, line: line_number });
    }
    Ok(messages)
}
