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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthSample {
    /// The queue's id.
    pub queue: i32,
    /// Its key, where it is known; 0 is IPC_PRIVATE.
    pub key: Option<i32>,
    /// The moment, in nanoseconds since the recording was made.
    pub at: u64,
    /// Messages in it.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Sees what happens, in the order of time.
pub trait Observer {
    /// The recording was made at this moment, in nanoseconds of CLOCK_MONOTONIC and of CLOCK_REALTIME.
    /// Seen before all else.
    fn recorded_since(&mut self, monotonic: u64, realtime: u64) {
        let _ = (monotonic, realtime);
    }
    /// A process was seen for the first time, or has another name now.
    fn process(&mut self, number: usize, process: &Process) {
        let _ = (number, process);
    }
    /// A call by the process of this number returned, never will, or has not when the recording ends.
    fn call(&mut self, process: usize, call: &Call) {
        let _ = (process, call);
    }
    /// A call by the process of this number did not return: it was over at a moment, or waits still when
    /// the recording ends.
    fn never(&mut self, process: usize, call: &Call, until: Option<u64>) {
        let _ = until;
        self.call(process, call);
    }
    /// A message was received; its send is known. Its calls may be seen before or after.
    fn link(&mut self, link: &Link) {
        let _ = link;
    }
    /// A queue holds more or less than before, or is used for the first time.
    fn depth(&mut self, sample: &DepthSample) {
        let _ = sample;
    }
    /// A queue was made by the process of this number; or perhaps opened, where nothing tells.
    fn made(&mut self, queue: i32, process: usize, at: u64) {
        let _ = (queue, process, at);
    }
    /// A queue that was used is gone: the process of this number removed it, or somebody who is not in the
    /// recording.
    fn removed(&mut self, queue: i32, process: Option<usize>, at: u64) {
        let _ = (queue, process, at);
    }
}

/// Nobody else.
impl Observer for () {}

/// Somebody, or nobody.
impl<O: Observer> Observer for Option<O> {
    fn recorded_since(&mut self, monotonic: u64, realtime: u64) {
        self.iter_mut().for_each(|observer| observer.recorded_since(monotonic, realtime));
    }
    fn process(&mut self, number: usize, process: &Process) {
        self.iter_mut().for_each(|observer| observer.process(number, process));
    }
    fn call(&mut self, process: usize, call: &Call) {
        self.iter_mut().for_each(|observer| observer.call(process, call));
    }
    fn never(&mut self, process: usize, call: &Call, until: Option<u64>) {
        self.iter_mut().for_each(|observer| observer.never(process, call, until));
    }
    fn link(&mut self, link: &Link) {
        self.iter_mut().for_each(|observer| observer.link(link));
    }
    fn depth(&mut self, sample: &DepthSample) {
        self.iter_mut().for_each(|observer| observer.depth(sample));
    }
    fn made(&mut self, queue: i32, process: usize, at: u64) {
        self.iter_mut().for_each(|observer| observer.made(queue, process, at));
    }
    fn removed(&mut self, queue: i32, process: Option<usize>, at: u64) {
        self.iter_mut().for_each(|observer| observer.removed(queue, process, at));
    }
}

/// Two of them.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn recorded_since(&mut self, monotonic: u64, realtime: u64) {
        self.0.recorded_since(monotonic, realtime);
        self.1.recorded_since(monotonic, realtime);
    }
    fn process(&mut self, number: usize, process: &Process) {
        self.0.process(number, process);
        self.1.process(number, process);
    }
    fn call(&mut self, process: usize, call: &Call) {
        self.0.call(process, call);
        self.1.call(process, call);
    }
    fn never(&mut self, process: usize, call: &Call, until: Option<u64>) {
        self.0.never(process, call, until);
        self.1.never(process, call, until);
    }
    fn link(&mut self, link: &Link) {
        self.0.link(link);
        self.1.link(link);
    }
    fn depth(&mut self, sample: &DepthSample) {
        self.0.depth(sample);
        self.1.depth(sample);
    }
    fn made(&mut self, queue: i32, process: usize, at: u64) {
        self.0.made(queue, process, at);
        self.1.made(queue, process, at);
    }
    fn removed(&mut self, queue: i32, process: Option<usize>, at: u64) {
        self.0.removed(queue, process, at);
        self.1.removed(queue, process, at);
    }
}
