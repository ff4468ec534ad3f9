//! `msgq peek`: shows messages, and leaves them where they are.

use super::message::Message;
use super::named::{Named, One};
use super::queue::{Queue, Room};
use super::selection::Selection;
use super::sink::Sink;
use super::written::FormOptions;
use crate::command::engine::EngineOption;
use crate::command::failure::{Failure, NOTHING};
use libc::{EINVAL, ENOMSG, ENOSYS};
use msgq::errno::Errno;
use std::process::ExitCode;

/// What `msgq peek` is told.
#[derive(clap::Args)]
#[command(
    after_help = "It never waits. The exit status is 3 where there is no message. Messages are \
                        found by their place in the queue: while others receive, some may be left out."
)]
pub struct Arguments {
    #[command(flatten)]
    queue: One,
    /// Which messages: 7 (of this type), -7 (of this type or a lower one, the lowest first), !7 (of
    /// any other type) or 0 (all)
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "0",
          value_parser = Selection::read, allow_hyphen_values = true)]
    selection: Selection,
    /// Show all of them, and not the first alone
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    form: FormOptions,
    #[command(flatten)]
    engine: EngineOption,
}

/// Shows what was asked for.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let name = arguments.queue.read()?;
    let (_, engine) = arguments.engine.ready()?;
    let queue = name.open(engine, None)?;
    let sink = Sink::new(arguments.form.form())?;
    let selection = arguments.selection;
    let most = if arguments.all { usize::MAX } else { 1 };
    let mut shown = 0;
    let mut show = |message: &Message| {
        shown += 1;
        sink.show(message)
    };
    let copies = Copies::of(queue, &name)?
        .filter(|copy| copy.as_ref().map_or(true, |message| selection.takes(message)));
    if let Selection::UpTo(_) = selection {
        let mut messages = copies.collect::<Result<Vec<_>, _>>()?;
        messages.sort_by_key(|message| message.mtype);
        messages.iter().take(most).try_for_each(&mut show)?;
    } else {
        copies.take(most).try_for_each(|copy| show(&copy?))?;
    }
    if shown == 0 && !arguments.all {
        let sentence = format!("there is no {selection} in queue {}", queue.id);
        return Err(Failure::new(sentence).with_status(NOTHING));
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies of the messages that were in a queue at the start, the oldest first.
pub struct Copies<'a> {
    queue: Queue,
    name: &'a Named,
    room: Room,
    position: u64,
    /// How many messages were there.
    end: u64,
}

impl Copies<'_> {
    /// Those of this queue, which the user calls by this name.
    pub fn of(queue: Queue, name: &Named) -> Result<Copies<'_>, Failure> {
        let data = queue.data().map_err(|error| name.failure("read", error))?;
        Ok(Copies { queue, name, room: Room::new(), position: 0, end: data.msg_qnum })
    }

    fn failure(&self, error: Errno) -> Failure {
        match error.0 {
            ENOSYS => Failure::new(
                "this kernel shows no message without giving it away: it was built without \
                 CONFIG_CHECKPOINT_RESTORE",
            ),
            EINVAL if self.queue.data().is_ok() => Failure::new(format!(
                "message {} of queue {} is longer than messages may be now (msgmax {}), and such \
                 are not shown; msgq limits --msgmax raises that",
                self.position + 1,
                self.queue.id,
                self.queue.msgmax().unwrap_or_default()
            )),
            _ => self.name.failure("read", error),
        }
    }
}

impl Iterator for Copies<'_> {
    type Item = Result<Message, Failure>;

    fn next(&mut self) -> Option<Result<Message, Failure>> {
        if self.position >= self.end {
            return None;
        }
        match self.queue.copy(&mut self.room, self.position as i64) {
            Ok(message) => {
                self.position += 1;
                Some(Ok(message))
            }
            // Somebody has received meanwhile.
            Err(Errno(ENOMSG)) => None,
            Err(error) => {
                let failure = self.failure(error);
                self.end = 0;
                Some(Err(failure))
            }
        }
    }
}
