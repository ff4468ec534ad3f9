//! A recording as a trace of Perfetto's: in its own format (protocol buffers), as its older one of JSON has
//! no tracks for queues and has to be read whole.
//!
//! Each call is a slice of its thread's track, each queue has counters of what it holds, and each message
//! whose send is known a flow: from the slice of its msgsnd to the moment in which msgrcv had it. That
//! moment is an event of its own inside the msgrcv, since Perfetto has a flow go from the slice that
//! began first to the other one, and a msgrcv that waits begins first.

mod arguments;
mod messages;
mod names;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod tests;
mod tracks;
mod writer;

use super::events::{Call, CallId};
use super::observer::{DepthSample, Link, Observer};
use super::process::Process;
use crate::command::failure::Failure;
use crate::command::replacement::Replacement;
use crate::command::show::Filter;
use arguments::argument;
use messages::{EventType, TrackEvent, Value};
use msgq::trace::format::Kind;
use names::{Argument, Category, Happening};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use tracks::Tracks;
use writer::Writer;

/// Writes the trace of what it sees.
pub struct Perfetto<W> {
    writer: Writer<W>,
    tracks: Tracks,
    filter: Filter,
    /// What the call has received that is seen next.
    received: Option<Link>,
}

impl<W: Write> Perfetto<W> {
    /// A trace that goes to `out`, of the calls that `filter` takes.
    pub fn new(out: W, filter: Filter) -> Perfetto<W> {
        Perfetto { writer: Writer::new(out), tracks: Tracks::default(), filter, received: None }
    }

    /// Whether a queue is to be seen.
    fn takes_queue(&self, queue: i32) -> bool {
        self.filter.queues.is_empty() || self.filter.queues.contains(&queue)
    }

    /// A queue's begin or end, and the process that brought it about.
    fn life(&mut self, queue: i32, process: Option<usize>, what: Happening, at: u64) {
        if self.takes_queue(queue) {
            let track = self.tracks.queue(&mut self.writer, queue, None).life;
            let by = process.and_then(|process| self.tracks.pid(process));
            let by = by.map(|pid| argument(Argument::By, Value::Uint(pid.into())));
            let event = TrackEvent {
                name_iid: Some(what.iid()),
                debug_annotations: by.into_iter().collect(),
                ..event(EventType::Instant, track)
            };
            self.writer.event(at, event);
        }
    }

    fn counter(&mut self, at: u64, track: u64, value: u64) {
        let event = event(EventType::Counter, track);
        let counter_value = Some(i64::try_from(value).unwrap_or(i64::MAX));
        self.writer.event(at, TrackEvent { counter_value, ..event });
    }

    /// The slice of a call, and what it received. Without an end it is one that goes on.
    fn slice(&mut self, process: usize, call: &Call, category: Category, until: Option<u64>) {
        let link = self.received.take().filter(|link| link.received == call.id());
        let Some(name) = Happening::call(call.kind).filter(|_| self.filter.takes(call)) else {
            return;
        };
        let Some(track) = self.tracks.thread(&mut self.writer, process, call.thread) else {
            return;
        };
        let sent = call.kind == Kind::Send && call.result().is_some();
        let begin = TrackEvent {
            name_iid: Some(name.iid()),
            category_iids: vec![category.iid()],
            debug_annotations: arguments::of_call(call, link.as_ref()),
            flow_ids: sent.then(|| flow(call.id())).into_iter().collect(),
            ..event(EventType::SliceBegin, track)
        };
        self.writer.event(call.entered, begin);
        let Some(until) = until else { return };
        if let Some(link) = link {
            let received = TrackEvent {
                name_iid: Some(Happening::Received.iid()),
                terminating_flow_ids: vec![flow(link.sent)],
                debug_annotations: arguments::of_message(&link),
                ..event(EventType::Instant, track)
            };
            self.writer.event(until, received);
        }
        self.writer.event(until, event(EventType::SliceEnd, track));
    }
}

impl Perfetto<Replacement> {
    /// The trace is whole: its file takes its place.
    pub fn complete(self) -> Result<(), Failure> {
        self.writer.finish().map_err(|(file, error)| file.failure(error))?.complete()
    }
}

impl<W: Write> Observer for Perfetto<W> {
    fn recorded_since(&mut self, monotonic: u64, realtime: u64) {
        self.writer.begin(monotonic, realtime);
    }

    fn process(&mut self, number: usize, process: &Process) {
        self.tracks.process(number, process);
    }

    fn call(&mut self, process: usize, call: &Call) {
        let category = if call.errno().is_some() { Category::Failed } else { Category::Returned };
        self.slice(process, call, category, call.end());
    }

    fn never(&mut self, process: usize, call: &Call, until: Option<u64>) {
        let category = if until.is_some() { Category::NeverReturned } else { Category::Waits };
        self.slice(process, call, category, until);
    }

    fn link(&mut self, link: &Link) {
        self.received = Some(link.clone());
    }

    fn depth(&mut self, sample: &DepthSample) {
        let DepthSample { queue, key, at, messages, bytes } = *sample;
        if self.takes_queue(queue) {
            let tracks = self.tracks.queue(&mut self.writer, queue, key);
            self.counter(at, tracks.messages, messages);
            self.counter(at, tracks.bytes, bytes);
        }
    }

    fn made(&mut self, queue: i32, process: usize, at: u64) {
        self.life(queue, Some(process), Happening::Made, at);
    }

    fn removed(&mut self, queue: i32, process: Option<usize>, at: u64) {
        self.depth(&DepthSample { queue, key: None, at, messages: 0, bytes: 0 });
        self.life(queue, process, Happening::Removed, at);
        self.tracks.forget_queue(queue);
    }
}

fn event(kind: EventType, track: u64) -> TrackEvent {
    TrackEvent { r#type: Some(kind as i32), track_uuid: Some(track), ..TrackEvent::default() }
}

/// The number of the flow of the message that a call sent. Nothing has to be kept to know it when the
/// message is received. That two of ten million messages have the same is as likely as three in a million.
fn flow(sent: CallId) -> u64 {
    let mut hasher = DefaultHasher::new();
    sent.hash(&mut hasher);
    hasher.finish()
}
