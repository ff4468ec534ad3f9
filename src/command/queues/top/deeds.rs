//! What can be done with the queue that is chosen. What comes of it is a sentence.

use crate::command::queues::flush;
use crate::command::queues::named::Named;
use crate::command::queues::peek::Copies;
use crate::command::queues::queue::Queue;
use crate::command::terminal::escaped;
use msgq::engine::Engine;

/// So many bytes of a text are shown; no screen is wider.
const MOST_SHOWN: usize = 1000;

/// Something that is not done before the user has said yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Take its messages away.
    Flush,
    /// Remove the queue.
    Remove,
}

impl Deed {
    /// What is asked before.
    pub fn question(self, msqid: i32, messages: u64) -> String {
        let there = flush::counted(messages);
        match self {
            Deed::Flush => {
                format!("remove all messages of queue {msqid}, which has {there}? (y/n)")
            }
            Deed::Remove => format!("remove queue {msqid}, which has {there}? (y/n)"),
        }
    }

    /// Does it.
    pub fn carry_out(self, engine: &'static dyn Engine, msqid: i32) -> String {
        let (queue, name) = (Queue::with_id(engine, msqid), Named::Id(msqid));
        match self {
            Deed::Flush => match flush::empty(queue, &name) {
                Ok((removed, Ok(()))) => flush::told(removed, queue),
                Ok((0, Err(failure))) | Err(failure) => failure.sentence,
                Ok((removed, Err(failure))) => {
                    format!("{}; {}", flush::told(removed, queue), failure.sentence)
                }
            },
            Deed::Remove => match queue.remove() {
                Ok(()) => format!("removed queue {msqid}"),
                Err(error) => name.failure("remove", error).sentence,
            },
        }
    }
}

/// The first messages of a queue, a line each: at most so many.
pub fn peek(engine: &'static dyn Engine, msqid: i32, most: usize) -> Result<Vec<String>, String> {
    let (queue, name) = (Queue::with_id(engine, msqid), Named::Id(msqid));
    let copies = Copies::of(queue, &name).map_err(|failure| failure.sentence)?;
    let mut lines = vec![format!("{:>20} {:>10} text", "mtype", "bytes")];
    for copy in copies.take(most) {
        match copy {
            Ok(message) => {
                let shown = &message.text[..message.text.len().min(MOST_SHOWN)];
                let bytes = message.text.len();
                lines.push(format!("{:>20} {bytes:>10} {}", message.mtype, escaped(shown)));
            }
            Err(failure) => {
                lines.push(failure.sentence);
                break;
            }
        }
    }
    if lines.len() == 1 {
        return Err(format!("there is no message in queue {msqid}"));
    }
    Ok(lines)
}
