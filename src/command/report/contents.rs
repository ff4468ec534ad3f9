//! What is in a queue, as far as the calls tell.

mod receives;

use super::events::{Call, CallId, Selector};
use super::links::{Lane, Sent};
use std::collections::BTreeMap;

/// The most messages, and the most bytes, that are remembered of a queue while its msg_qbytes is not
/// known.
const MOST_HELD: Held = Held { messages: 1 << 14, bytes: 1 << 24 };

/// How many messages, and how many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Messages.
    pub messages: u64,
    /// Bytes of text.
    pub bytes: u64,
}

impl Held {
    fn and(self, other: Held) -> Held {
        Held {
            messages: self.messages.saturating_add(other.messages),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    fn without(self, bytes: u64) -> Held {
        Held { messages: self.messages.saturating_sub(1), bytes: self.bytes.saturating_sub(bytes) }
    }
}

/// The messages in a queue.
#[derive(Debug, Default)]
pub struct Contents {
    /// By type. A type without messages is not there.
    lanes: BTreeMap<i64, Lane>,
    /// What calls that never returned may have sent: their type is not known.
    unsure: Vec<Sent>,
    /// Calls that ask for a message and never returned.
    hanging: Vec<(CallId, Selector)>,
    /// How many such calls are over.
    lost: u64,
    /// How many calls are under way that send, and when the last one returned that did.
    sending: u64,
    last_send: u64,
    /// How many receives are under way that destroy a message of any type.
    destroying: u64,
    /// msg_qbytes, where it is known, and the highest that it ever was.
    pub qbytes: Option<u64>,
    most_qbytes: u64,
    /// The length of the longest message.
    longest: u64,
    /// Whether msg_qbytes is only what a new queue has.
    presumed: bool,
    /// Whether nothing came into it or left it but what was recorded, as far as can be told.
    all_known: bool,
    /// Whether something did. Then nothing is certain any more.
    strangers: bool,
    held: Held,
    /// What was in it before anything was recorded, as far as it was told and is still there.
    before: Held,
    /// What nobody was seen to receive, and is not remembered.
    forgotten: Held,
    /// What the receives under way take.
    taking: Held,
    /// Messages that calls took which never returned.
    pub swallowed: u64,
    /// Messages that somebody took who is not in the recording.
    pub vanished: u64,
}

impl Contents {
    /// Nothing is in it now.
    pub fn start_empty(&mut self) {
        self.all_known = !self.strangers;
        self.before = Held::default();
    }

    /// Some calls are missing in the recording: nothing is certain.
    pub fn calls_are_missing(&mut self) {
        self.strangers = true;
        self.all_known = false;
    }

    /// What is in it.
    pub fn held(&self) -> Held {
        self.held.and(self.before).and(self.forgotten)
    }

    /// Its msg_qbytes is told.
    pub fn set_qbytes(&mut self, qbytes: u64) {
        self.qbytes = Some(qbytes);
        self.presumed = false;
        self.most_qbytes = self.most_qbytes.max(qbytes);
    }

    /// It may be new, and has this msg_qbytes then.
    pub fn presume_qbytes(&mut self, qbytes: u64) {
        self.set_qbytes(qbytes);
        self.presumed = true;
    }

    /// Its depth is told. What is not known to have been sent was there before.
    pub fn told(&mut self, told: Held) {
        let quiet = self.taking.messages == 0;
        if !self.all_known && quiet {
            self.forgotten = Held::default();
            self.before = Held {
                messages: told.messages.saturating_sub(self.held.messages),
                bytes: told.bytes.saturating_sub(self.held.bytes),
            };
        }
    }

    /// Whether a message of so many bytes has room. Nothing where that is not known.
    pub fn fits(&self, size: u64) -> Option<bool> {
        let held = self.held();
        let qbytes = self.qbytes?;
        Some(held.bytes.saturating_add(size) <= qbytes && held.messages < qbytes)
    }

    /// Whether there is a message that would be taken, and that nobody is taking already.
    pub fn has(&self, selector: Selector) -> bool {
        match selector {
            Selector::Exact(mtype) => {
                self.lanes.get(&mtype).is_some_and(|lane| lane.to_spare() > 0)
            }
            selector => {
                self.lanes.iter().any(|(mtype, lane)| selector.takes(*mtype) && lane.to_spare() > 0)
            }
        }
    }

    /// What it holds of each type.
    pub fn by_type(&self) -> impl Iterator<Item = (i64, Held)> {
        self.lanes.iter().map(|(mtype, lane)| {
            let sent = lane.sent().filter(|sent| sent.counted);
            let add = |held: Held, sent: &Sent| Held {
                messages: held.messages + 1,
                bytes: held.bytes.saturating_add(sent.size),
            };
            (*mtype, sent.fold(Held::default(), add))
        })
    }

    /// A msgsnd begins that sends, or never returns.
    pub fn begin_send(&mut self, call: &Call, process: usize) {
        let sent = Sent::new(call, process);
        self.longest = self.longest.max(sent.size);
        self.sending += u64::from(call.returned.is_some());
        match call.mtype {
            Some(mtype) => self.lanes.entry(mtype).or_default().send(sent),
            None => self.unsure.push(sent),
        }
    }

    /// A msgsnd that never returned is over. It may have sent its message.
    pub fn give_up_send(&mut self, id: CallId, at: u64) {
        if let Some(sent) = self.unsure.iter_mut().find(|sent| sent.id == id) {
            sent.returned = Some(at);
        }
    }

    /// A msgsnd that seemed never to return has returned.
    pub fn make_up_for_send(&mut self, call: &Call, process: usize) {
        self.unsure.retain(|sent| sent.id != call.id());
        if call.result().is_some() {
            self.begin_send(call, process);
        }
    }

    /// A msgsnd has sent its message. Gives messages that cannot be there any more.
    pub fn end_send(&mut self, call: &Call) -> Vec<Sent> {
        self.sending = self.sending.saturating_sub(1);
        self.last_send = self.last_send.max(call.end().unwrap_or(u64::MAX));
        let Some(mtype) = call.mtype else { return Vec::new() };
        let sent = self.lanes.get_mut(&mtype).and_then(|lane| lane.sent_by(call.id()));
        if let Some(sent) = sent {
            sent.counted = true;
            self.held.messages += 1;
            self.held.bytes = self.held.bytes.saturating_add(sent.size);
        }
        self.drop_impossible()
    }

    /// Drops the oldest messages where there are more than the queue can hold: somebody took them
    /// who is not in the recording.
    fn drop_impossible(&mut self) -> Vec<Sent> {
        let mut dropped = Vec::new();
        if self.presumed && self.is_beyond_limit() {
            self.qbytes = None;
            self.presumed = false;
        }
        while self.is_beyond_limit() {
            if self.qbytes.is_none() {
                self.forget_oldest();
                break;
            }
            let oldest = self
                .lanes
                .iter()
                .min_by_key(|(_, lane)| lane.sent().next().map_or(u64::MAX, |sent| sent.id.entered))
                .map(|(mtype, _)| *mtype);
            let lane = oldest.and_then(|mtype| self.lanes.get_mut(&mtype));
            let Some(sent) = lane.and_then(Lane::lose_oldest) else { break };
            self.has_strangers();
            self.vanished += 1;
            self.left(&sent);
            dropped.push(sent);
            self.tidy(oldest);
        }
        dropped
    }

    fn is_beyond_limit(&self) -> bool {
        if self.qbytes.is_none() {
            return self.held.messages > MOST_HELD.messages || self.held.bytes > MOST_HELD.bytes;
        }
        // Whoever never returned may have taken one.
        let never = self.lost.saturating_add(self.hanging.len() as u64);
        let gone = self.taking.bytes.saturating_add(self.longest.saturating_mul(never));
        let most_messages = self.taking.messages.saturating_add(never);
        self.held.bytes > self.most_qbytes.saturating_add(gone)
            || self.held.messages > self.most_qbytes.saturating_add(most_messages)
    }

    /// Forgets the oldest quarter of all messages. They may be there yet, but there is no room for them
    /// here.
    fn forget_oldest(&mut self) {
        let sent = self.lanes.values().flat_map(Lane::sent);
        let mut times: Vec<u64> = sent.map(|sent| sent.id.entered).collect();
        let quarter = times.len() / 4;
        if quarter == times.len() {
            return;
        }
        let (_, until, _) = times.select_nth_unstable(quarter);
        let lanes = self.lanes.values_mut();
        let forgotten: Vec<Sent> = lanes.flat_map(|lane| lane.lose_until(*until)).collect();
        for sent in forgotten.iter().filter(|sent| sent.counted) {
            self.forgotten = self.forgotten.and(Held { messages: 1, bytes: sent.size });
        }
        forgotten.iter().for_each(|sent| self.left(sent));
        self.lanes.retain(|_, lane| !lane.is_idle());
        self.all_known = false;
    }

    fn has_strangers(&mut self) {
        self.strangers = true;
        self.all_known = false;
    }

    fn left(&mut self, sent: &Sent) {
        if sent.counted {
            self.held = self.held.without(sent.size);
        }
    }

    /// Removes a lane that is of no use any more.
    fn tidy(&mut self, mtype: Option<i64>) {
        if let Some(mtype) = mtype
            && self.lanes.get(&mtype).is_some_and(Lane::is_idle)
        {
            self.lanes.remove(&mtype);
        }
    }

    /// The queue is gone, and all that was in it.
    pub fn clear(&mut self) {
        self.lanes.clear();
        self.unsure.clear();
        self.held = Held::default();
        self.before = Held::default();
        self.forgotten = Held::default();
    }
}
