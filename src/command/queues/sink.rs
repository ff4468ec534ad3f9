//! Where messages go that were taken from a queue: standard output. One that cannot be written goes
//! back to the queue.

use super::message::Message;
use super::queue::Queue;
use super::standard;
use super::written::Form;
use crate::command::failure::Failure;
use crate::command::show::names::errno_meaning;
use libc::IPC_NOWAIT;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Write};
use std::os::fd::AsFd;

/// Standard output, for messages in one form.
pub struct Sink {
    form: Form,
}

impl Sink {
    /// A place for messages in this form.
    pub fn new(form: Form) -> Result<Sink, Failure> {
        if !standard::has_output() {
            return Err(cannot_write("it is closed; no message was taken"));
        }
        Ok(Sink { form })
    }

    /// Fails where nobody reads any more what is written. To be asked before a message is taken.
    pub fn is_read(&self) -> Result<(), Failure> {
        let output = io::stdout();
        let mut asked = [PollFd::new(output.as_fd(), PollFlags::empty())];
        match poll(&mut asked, PollTimeout::ZERO) {
            Ok(_) if asked[0].revents().is_some_and(|seen| seen.contains(PollFlags::POLLERR)) => {
                Err(cannot_write("nobody reads it any more; no more message was taken"))
            }
            _ => Ok(()),
        }
    }

    /// Writes a message that is still in its queue.
    pub fn show(&self, message: &Message) -> Result<(), Failure> {
        self.write(message).map_err(|error| Failure::about("standard output", error))
    }

    /// Writes a message that was taken from a queue, or sends it back.
    pub fn keep(&self, message: &Message, queue: Queue) -> Result<(), Failure> {
        let Err(error) = self.write(message) else { return Ok(()) };
        Err(match queue.send(message, IPC_NOWAIT) {
            Ok(()) => cannot_write(&format!(
                "{error}; the message of type {} was sent back, behind those in queue {}",
                message.mtype, queue.id
            )),
            Err(refused) => cannot_write(&format!(
                "{error}; nor does queue {} take the message back ({}). Here it is, for msgq send \
                 --json:\n{}",
                queue.id,
                errno_meaning(refused),
                message.to_json().unwrap_or_default().trim_end()
            )),
        })
    }

    fn write(&self, message: &Message) -> io::Result<()> {
        let bytes = self.form.write(message)?;
        let mut output = io::stdout().lock();
        output.write_all(&bytes)?;
        output.flush()
    }
}

fn cannot_write(why: &str) -> Failure {
    Failure::new(format!("standard output: {why}"))
}
