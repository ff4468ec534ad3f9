//! Who else sees what the report sees: other forms of it, which show each call.

use super::events::{Call, CallId};
use super::process::Process;

/// A message that was sent and received.
#[derive(Clone, Debug)]
pub struct Link {
    /// The queue's id.
    pub queue: i32,
    /// The message's type.
    pub mtype: i64,
    /// How many bytes were sent.
    pub size: u64,
    /// The call that sent it.
    pub sent: CallId,
    /// The process that did, by its number.
    pub from: usize,
    /// When that call returned, if it ever did.
    pub sent_at: Option<u64>,
    /// The call that received it.
    pub received: CallId,
    /// The process that did, by its number.
    pub to: usize,
    /// When that call returned.
    pub received_at: u64,
    /// Whether the link is certain: the receive can have taken no other message.
    pub certain: bool,
}

impl Link {
    /// How long the message lay in the queue: from the return of msgsnd to the return of msgrcv, in
    /// nanoseconds. 0 where msgrcv returned first.
    pub fn residence(&self) -> u64 {
        self.received_at.saturating_sub(self.sent_at.unwrap_or(self.sent.entered))
    }
}

/// How much a queue holds from a moment on.
#[derive(Clone, Copy, Debug)]
pub struct DepthSample {
    /// The queue's id.
    pub queue: i32,
    /// The moment, in nanoseconds since the recording was made.
    pub at: u64,
    /// Messages in it.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Sees what happens, in the order of time.
pub trait Observer {
    /// A process was seen for the first time, or has another name now.
    fn process(&mut self, number: usize, process: &Process) {
        let _ = (number, process);
    }
    /// A call by the process of this number returned, never will, or has not when the recording ends.
    fn call(&mut self, process: usize, call: &Call) {
        let _ = (process, call);
    }
    /// A message was received; its send is known. Its calls may be seen before or after.
    fn link(&mut self, link: &Link) {
        let _ = link;
    }
    /// A queue holds more or less than before.
    fn depth(&mut self, sample: &DepthSample) {
        let _ = sample;
    }
}

/// Nobody else.
impl Observer for () {}

/// Somebody, if anybody.
impl<O: Observer> Observer for Option<O> {
    fn process(&mut self, number: usize, process: &Process) {
        self.iter_mut().for_each(|observer| observer.process(number, process));
    }
    fn call(&mut self, process: usize, call: &Call) {
        self.iter_mut().for_each(|observer| observer.call(process, call));
    }
    fn link(&mut self, link: &Link) {
        self.iter_mut().for_each(|observer| observer.link(link));
    }
    fn depth(&mut self, sample: &DepthSample) {
        self.iter_mut().for_each(|observer| observer.depth(sample));
    }
}
