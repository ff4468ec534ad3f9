//! What the receives tell of a queue's contents.

use super::{Contents, Held};
use crate::command::report::events::{Call, CallId, Selector};
use crate::command::report::links::{Receive, Sent, Taken};

impl Contents {
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
