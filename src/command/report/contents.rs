//! What is in a queue, as far as the calls tell.

use super::events::{Call, CallId, Selector};
use super::links::{Lane, Receive, Sent, Taken};
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

    /// A msgrcv begins.
    pub fn begin_receive(&mut self, call: &Call) {
        match (call.returned, taken_type(call)) {
            (None, _) => self.hanging.push((call.id(), call.selector())),
            (_, Some(mtype)) => {
                self.lanes.entry(mtype).or_default().begin_receive(call.id());
                self.taking.messages += 1;
                let bytes = call.result().unwrap_or(0) as u64;
                self.taking.bytes = self.taking.bytes.saturating_add(bytes);
            }
            _ if destroys(call) => {
                self.destroying += 1;
                self.all_known = false;
            }
            _ => (),
        }
    }

    /// A msgrcv that never returned is over, or has returned after all. It may have taken a
    /// message.
    pub fn give_up_receive(&mut self, id: CallId, late: bool) {
        let Some(index) = self.hanging.iter().position(|(hanging, _)| *hanging == id) else {
            return;
        };
        let (_, selector) = self.hanging.remove(index);
        if !late {
            self.lost += 1;
            let lanes = self.lanes.iter_mut().filter(|(mtype, _)| selector.takes(**mtype));
            lanes.for_each(|(_, lane)| lane.lose_receiver());
        }
    }

    /// A msgrcv has taken a message: which?
    pub fn end_receive(&mut self, call: &Call) -> Taken {
        let Some(mtype) = taken_type(call) else { return self.destroy(call) };
        if self.taking.messages > 0 {
            self.taking.messages -= 1;
            self.taking.bytes = self.taking.bytes.saturating_sub(call.result().unwrap_or(0) as u64);
        }
        let receive = Receive::by(call);
        let hanging = self.hanging.iter().filter(|(_, selector)| selector.takes(mtype)).count();
        let may_be_unsure = self.unsure.iter().any(|sent| sent.agrees(&receive));
        let all_known = self.all_known && !may_be_unsure;
        let lane = self.lanes.entry(mtype).or_default();
        let mut taken = lane.take(&receive, hanging, all_known);
        let is_next = taken.sent.is_some();
        if !is_next {
            taken = self.take_unsure(&receive);
        }
        if taken.sent.is_none()
            && let Some(lane) = self.lanes.get_mut(&mtype)
        {
            taken = lane.search(&receive, self.all_known || self.strangers);
        }
        self.tidy(Some(mtype));
        match &taken.sent {
            Some(sent) => self.left(sent),
            None => self.took_older(call),
        }
        taken.vanished.iter().for_each(|sent| self.left(sent));
        match taken.explained {
            true => self.swallowed += taken.vanished.len() as u64,
            false => self.vanished += taken.vanished.len() as u64,
        }
        if !taken.explained {
            self.has_strangers_unless_old();
        }
        if taken.mixed_up || may_be_unsure && !receive.tells_length() {
            self.all_known = false;
        }
        taken
    }

    /// What a call may have sent that never returned.
    fn take_unsure(&mut self, receive: &Receive) -> Taken {
        let index = self.unsure.iter().position(|sent| sent.agrees(receive));
        let sent = index.map(|index| self.unsure.remove(index));
        Taken { explained: sent.is_some(), sent, ..Taken::default() }
    }

    /// A message was received that nobody was seen to send.
    fn took_older(&mut self, call: &Call) {
        let size = call.result().unwrap_or(0) as u64;
        let older = if self.before.messages > 0 { &mut self.before } else { &mut self.forgotten };
        *older = older.without(size);
    }

    /// What cannot be explained in a queue of which all is known comes from outside.
    fn has_strangers_unless_old(&mut self) {
        if self.all_known {
            self.has_strangers();
        }
    }

    /// A message could not be stored and is gone. Which type it had is not known; what is oldest
    /// is the likeliest.
    fn destroy(&mut self, call: &Call) -> Taken {
        self.destroying = self.destroying.saturating_sub(1);
        let selector = call.selector();
        let matching = self.lanes.iter().filter(|(mtype, _)| selector.takes(**mtype));
        let first = match selector {
            Selector::UpTo(_) => matching.map(|(mtype, _)| *mtype).next(),
            _ => matching
                .min_by_key(|(_, lane)| lane.sent().next().map_or(u64::MAX, |sent| sent.id.entered))
                .map(|(mtype, _)| *mtype),
        };
        let Some(lane) = first.and_then(|mtype| self.lanes.get_mut(&mtype)) else {
            return Taken::default();
        };
        let taken = lane.take(&Receive::by(call), 0, false);
        self.tidy(first);
        if let Some(sent) = &taken.sent {
            self.left(sent);
        }
        taken
    }

    /// A msgrcv found nothing to take.
    pub fn found_nothing(&mut self, call: &Call) -> Vec<Sent> {
        let selector = call.selector();
        let hanging = self.hanging.len();
        let mut gone = Vec::new();
        let mut swallowed = 0;
        for (_, lane) in self.lanes.iter_mut().filter(|(mtype, _)| selector.takes(**mtype)) {
            let (lost, explained) = lane.found_nothing(call.entered, hanging);
            gone.extend(lost);
            swallowed += explained;
        }
        if !gone.is_empty() {
            gone.iter().for_each(|sent| self.left(sent));
            self.lanes.retain(|_, lane| !lane.is_idle());
        }
        let vanished = (gone.len() - swallowed) as u64;
        // Where not all is known, a message may be gone that is believed to be there.
        if self.all_known || self.strangers {
            self.swallowed += swallowed as u64;
            self.vanished += vanished;
        }
        if vanished > 0 {
            self.has_strangers_unless_old();
        }
        if selector == Selector::Any {
            self.before = Held::default();
            self.forgotten = Held::default();
            if self.was_quiet_since(call.entered) {
                self.clear();
                self.all_known = !self.strangers;
            }
        }
        gone
    }

    /// Whether no call was under way at this time, or has begun since, that brought or took a message.
    fn was_quiet_since(&self, time: u64) -> bool {
        let is_over = |sent: &Sent| sent.returned.is_some_and(|over| over < time);
        let nobody_sent =
            self.sending == 0 && self.last_send < time && self.unsure.iter().all(is_over);
        nobody_sent && self.taking.messages == 0 && self.destroying == 0
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

/// Whether a call destroys a message, and of which type is not known.
fn destroys(call: &Call) -> bool {
    call.takes() && call.errno() == Some(libc::EFAULT) && taken_type(call).is_none()
}

/// The type of the message that a call takes, where that is known.
fn taken_type(call: &Call) -> Option<i64> {
    if !call.takes() {
        return None;
    }
    match (call.result(), call.selector()) {
        (Some(_), _) => call.mtype,
        (None, Selector::Exact(mtype)) if call.errno() == Some(libc::EFAULT) => Some(mtype),
        _ => None,
    }
}
