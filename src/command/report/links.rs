//! Which receive took which send.
//!
//! Whatever a msgrcv asks for, it takes the oldest message of the type that it gets. So the messages of
//! one type, its *lane*, leave their queue in the order in which they came. What is not known is
//! the exact moment at which a call worked: it lies between its begin and its return. A
//! message was surely before another if its msgsnd had returned when the other's began; and a receive
//! may have been overtaken by those that had begun when it returned. What remains possible is then
//! compared: the length of the message, and the bytes of it that were recorded. Where the engine numbers
//! its messages, none of this is needed.

use super::events::{Call, CallId};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How many sends are looked at as the one that a receive may have taken. Where there are more, the
/// link is not certain anyway.
const MOST_CANDIDATES: usize = 256;

/// How many sends are looked at for one with the bytes received, once those are no candidates that
/// should be.
const MOST_SEARCHED: usize = 4096;

/// A message that was sent, or is being sent, and has not been received.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The call that sent it.
    pub id: CallId,
    /// Which process that was: its number in the report.
    pub process: usize,
    /// When that call returned; nothing where it has not, and may not have sent anything.
    pub returned: Option<u64>,
    /// The message's length in bytes.
    pub size: u64,
    /// The first of them, as far as they were recorded.
    pub bytes: Vec<u8>,
    /// Its number in its queue, 0 where it is unknown.
    pub number: u64,
    /// Whether the queue's depth counts it.
    pub counted: bool,
    /// Whether a receive may have taken it that is said to have taken another.
    doubted: bool,
    /// Whether it was there when a receiver was lost that may have taken it.
    exposed: bool,
}

impl Sent {
    /// The message that this call sent, or may have sent.
    pub fn new(call: &Call, process: usize) -> Sent {
        Sent {
            id: call.id(),
            process,
            returned: call.end(),
            size: call.msgsz,
            bytes: call.bytes.clone(),
            number: call.number,
            counted: false,
            doubted: false,
            exposed: false,
        }
    }

    /// Whether it may be the one received: numbers and texts, as far as both were recorded, are the
    /// same.
    pub fn agrees(&self, receive: &Receive) -> bool {
        let numbers = [self.number, receive.number];
        if !numbers.contains(&0) && self.number != receive.number {
            return false;
        }
        let Got::Message { size, cut, bytes } = &receive.got else { return true };
        let size_agrees = self.size == *size || *cut && self.size > *size;
        let common = self.bytes.len().min(bytes.len());
        size_agrees && self.bytes.get(..common) == bytes.get(..common)
    }

    /// Whether it was surely in the queue by then, or had been.
    fn is_before(&self, time: u64) -> bool {
        self.returned.is_some_and(|returned| returned < time)
    }

    /// Whether no receive can tell it from the other one.
    fn is_like(&self, other: &Sent) -> bool {
        (self.size, self.number, &self.bytes) == (other.size, other.number, &other.bytes)
    }
}

/// What a receive got.
#[derive(Clone, Copy, Debug)]
pub enum Got<'a> {
    /// A message of so many bytes; it may have been longer where it may be cut.
    Message {
        /// Its length.
        size: u64,
        /// Whether MSG_NOERROR may have cut it.
        cut: bool,
        /// Its first bytes, as far as they were recorded.
        bytes: &'a [u8],
    },
    /// A message that could not be stored (EFAULT), and is gone.
    Unknown,
}

impl Got<'_> {
    fn by(call: &Call) -> Got<'_> {
        match call.result() {
            Some(size) => {
                let cut = call.may_be_cut();
                Got::Message { size: size as u64, cut, bytes: &call.bytes }
            }
            None => Got::Unknown,
        }
    }
}

/// A receive that took a message.
#[derive(Clone, Copy, Debug)]
pub struct Receive<'a> {
    /// The call.
    pub id: CallId,
    /// What it got.
    pub got: Got<'a>,
    /// The message's number in its queue, 0 where it is unknown.
    pub number: u64,
}

impl Receive<'_> {
    /// What this call, which took a message, did.
    pub fn by(call: &Call) -> Receive<'_> {
        Receive { id: call.id(), got: Got::by(call), number: call.number }
    }

    /// Whether it tells how long the message was.
    pub fn tells_length(&self) -> bool {
        matches!(self.got, Got::Message { cut: false, .. })
    }
}

/// What is found for a receive.
#[derive(Debug, Default)]
pub struct Taken {
    /// The message that it took.
    pub sent: Option<Sent>,
    /// Whether that is certain: it can have been no other.
    pub certain: bool,
    /// Messages that were before it and are not there any more.
    pub vanished: Vec<Sent>,
    /// Whether calls that are recorded may account for all this.
    pub explained: bool,
    /// Whether it may have been another message, of another text: what is left is not surely what is
    /// believed to be left.
    pub mixed_up: bool,
}

/// The messages of one type in one queue.
#[derive(Debug, Default)]
pub struct Lane {
    /// In the order in which their calls began.
    sent: VecDeque<Sent>,
    /// The calls that are taking a message of this type.
    taking: Vec<CallId>,
    /// How many messages may be gone without a trace: taken by calls that never returned.
    perhaps_gone: usize,
    /// Messages that a receive is said to have taken which may have taken another one, of another text.
    mixed_up: Vec<Sent>,
}

/// How many mixed up messages are remembered.
const MOST_MIXED_UP: usize = 64;

impl Lane {
    /// The messages.
    pub fn sent(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter()
    }

    /// The message of this call.
    pub fn sent_by(&mut self, id: CallId) -> Option<&mut Sent> {
        // The newest are at the end.
        self.sent.iter_mut().rev().find(|sent| sent.id == id)
    }

    /// Whether nothing is in it, and nobody is about to take anything.
    pub fn is_idle(&self) -> bool {
        self.sent.is_empty() && self.taking.is_empty()
    }

    /// How many messages there are more than are being taken.
    pub fn to_spare(&self) -> usize {
        self.sent.len().saturating_sub(self.taking.len())
    }

    /// A message is being sent.
    pub fn send(&mut self, sent: Sent) {
        // Nearly always at the end.
        let place = self.sent.partition_point(|other| other.id <= sent.id);
        self.sent.insert(place, sent);
    }

    /// A call that will take a message begins.
    pub fn begin_receive(&mut self, id: CallId) {
        self.taking.push(id);
    }

    /// A call that may have taken a message ended without a word.
    pub fn lose_receiver(&mut self) {
        if !self.sent.is_empty() {
            self.perhaps_gone += 1;
            self.sent.iter_mut().for_each(|sent| sent.exposed = true);
        }
    }

    /// Removes the oldest message.
    pub fn lose_oldest(&mut self) -> Option<Sent> {
        self.sent.pop_front()
    }

    /// Removes all messages whose calls had begun by then.
    pub fn lose_until(&mut self, time: u64) -> Vec<Sent> {
        let count = self.sent.partition_point(|sent| sent.id.entered <= time);
        self.sent.drain(..count).collect()
    }

    /// Finds what a receive took when it returns. `others`: how many calls wait for such a message
    /// that never returned, and may have got one. `all_known`: nothing came into the queue or
    /// left it but what was recorded. Nothing where no message should be the next one.
    pub fn take(&mut self, receive: &Receive, others: usize, all_known: bool) -> Taken {
        self.taking.retain(|id| *id != receive.id);
        if let Some(sent) = self.take_number(receive.number) {
            return Taken { sent: Some(sent), certain: true, explained: true, ..Taken::default() };
        }
        let ahead = self.taking.len() + others + self.perhaps_gone;
        let candidates = self.candidates(receive, ahead);
        let taken = match candidates.as_slice() {
            [] => self.swap(receive),
            candidates => self.choose(candidates, others, all_known),
        };
        self.forget_exposure();
        taken
    }

    fn forget_exposure(&mut self) {
        if self.perhaps_gone > 0 && !self.sent.iter().any(|sent| sent.exposed) {
            self.perhaps_gone = 0;
        }
    }

    /// The message of this number: nothing has to be found out then.
    fn take_number(&mut self, number: u64) -> Option<Sent> {
        let index = self.sent.iter().position(|sent| number != 0 && sent.number == number)?;
        self.sent.remove(index)
    }

    /// The sends that a receive may have taken: those that agree with what it got, and have at most
    /// `ahead` messages surely before them. With each, how many those are.
    fn candidates(&self, receive: &Receive, ahead: usize) -> Vec<(usize, usize)> {
        let mut candidates = Vec::new();
        let mut returns = BinaryHeap::new();
        let mut before = 0;
        for (index, sent) in self.sent.iter().enumerate() {
            while returns.peek().is_some_and(|Reverse(returned)| *returned < sent.id.entered) {
                returns.pop();
                before += 1;
            }
            if before > ahead || candidates.len() == MOST_CANDIDATES {
                break;
            }
            if sent.agrees(receive) {
                candidates.push((index, before));
            }
            returns.extend(sent.returned.map(Reverse));
        }
        candidates
    }

    /// Chooses the candidate whose call returned first: whoever took another of them instead can be
    /// said to have taken this one later, but not the other way round.
    fn choose(&mut self, all: &[(usize, usize)], others: usize, all_known: bool) -> Taken {
        let returned =
            |(index, _): &&(usize, usize)| self.sent[*index].returned.unwrap_or(u64::MAX);
        let Some((index, before)) = all.iter().min_by_key(returned).copied() else {
            return Taken::default();
        };
        let certain = all_known && all.len() == 1 && !self.sent[index].doubted;
        let is_like = |(other, _): &(usize, usize)| self.sent[*other].is_like(&self.sent[index]);
        let mixed_up = !all.iter().all(is_like);
        if all.len() > 1 {
            // Any of them may have been taken; and where this one was gone before, one of the others is.
            let exposed = self.sent[index].exposed;
            for (other, _) in all {
                self.sent[*other].doubted = true;
                self.sent[*other].exposed |= exposed;
            }
        }
        let Some(sent) = self.sent.remove(index) else { return Taken::default() };
        if mixed_up && self.mixed_up.len() < MOST_MIXED_UP {
            self.mixed_up.push(sent.clone());
        }
        // Those surely before it were taken without a trace, if nobody can be taking them now.
        let vanished = match certain && before > 0 && self.taking.is_empty() {
            true => self.remove_before(sent.id.entered, usize::MAX),
            false => Vec::new(),
        };
        self.perhaps_gone -= vanished.len().saturating_sub(others).min(self.perhaps_gone);
        Taken { sent: Some(sent), certain, vanished, explained: true, mixed_up }
    }

    /// Finds a message that an earlier receive is said to have taken, which then has taken another: one
    /// of those that it may have.
    fn swap(&mut self, receive: &Receive) -> Taken {
        let index = self.mixed_up.iter().position(|sent| sent.agrees(receive));
        let other = self.sent.iter().position(|sent| sent.doubted);
        let (Some(index), Some(other)) = (index, other) else { return Taken::default() };
        let sent = self.mixed_up.remove(index);
        let in_its_place = self.sent.remove(other);
        let sent = Sent { counted: in_its_place.is_some_and(|other| other.counted), ..sent };
        Taken { sent: Some(sent), explained: true, ..Taken::default() }
    }

    /// Finds a message that should not be the next one, but agrees. Those before it are gone, if `all`
    /// messages that came are known.
    pub fn search(&mut self, receive: &Receive, all: bool) -> Taken {
        let found = self.sent.iter().take(MOST_SEARCHED).position(|sent| sent.agrees(receive));
        let Some(sent) = found.and_then(|index| self.sent.remove(index)) else {
            return Taken::default();
        };
        let vanished = match all {
            true => self.remove_before(sent.id.entered, usize::MAX),
            false => Vec::new(),
        };
        self.forget_exposure();
        Taken { sent: Some(sent), vanished, ..Taken::default() }
    }

    /// A receive that began at `time` found nothing. Gives the messages that are gone then, and how
    /// many of them calls may have taken that never returned: `hanging`, or over.
    pub fn found_nothing(&mut self, time: u64, hanging: usize) -> (Vec<Sent>, usize) {
        let before = self.sent.iter().filter(|sent| sent.is_before(time)).count();
        let explained = self.perhaps_gone + hanging;
        let gone = match before.saturating_sub(self.taking.len()) {
            // Which of them are being taken is not known.
            least if !self.taking.is_empty() => least.saturating_sub(explained),
            all => all,
        };
        let gone = self.remove_before(time, gone);
        let explained = if self.taking.is_empty() { gone.len().min(explained) } else { 0 };
        self.perhaps_gone -= gone.len().saturating_sub(hanging).min(self.perhaps_gone);
        self.forget_exposure();
        (gone, explained)
    }

    /// Removes the oldest messages whose calls had returned by then, but leaves as many as are
    /// being taken.
    fn remove_before(&mut self, time: u64, most: usize) -> Vec<Sent> {
        if most == 0 {
            return Vec::new();
        }
        let before = self.sent.iter().filter(|sent| sent.is_before(time)).count();
        let mut left = before.saturating_sub(self.taking.len()).min(most);
        let mut removed = Vec::new();
        self.sent.retain(|sent| {
            let goes = left > 0 && sent.is_before(time);
            if goes {
                left -= 1;
                removed.push(sent.clone());
            }
            !goes
        });
        removed
    }
}

#[cfg(test)]
#[path = "links_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "links_rough_tests.rs"]
mod rough_tests;
