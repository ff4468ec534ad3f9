//! msgsnd and msgrcv: what they do to their queue, and how long they wait.

use super::events::Call;
use super::model::Model;
use super::observer::{Link, Observer};
use super::queue::Linked;
use super::waits::{Ended, Wait};
use libc::{EFAULT, EIDRM, EINVAL, ENOMEM, ENOMSG, ENOSYS};

/// What one process sent to another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Talk {
    /// Messages.
    pub messages: u64,
    /// Their bytes, as sent.
    pub bytes: u64,
    /// How many of these links are certain.
    pub certain: u64,
}

impl<O: Observer> Model<'_, O> {
    /// Whether the call has found its queue, or may have.
    fn found(call: &Call) -> bool {
        match call.errno() {
            Some(EINVAL | ENOSYS | ENOMEM) => false,
            // msgsnd and MSG_COPY look at the message's memory before they look for the queue.
            Some(EFAULT) => call.takes(),
            _ => true,
        }
    }

    pub(super) fn begin_send(&mut self, call: &Call, process: usize) {
        if !Self::found(call) {
            return;
        }
        let threshold = self.known.threshold;
        let queue = self.used(call.object, process, call.entered);
        queue.under_way += usize::from(call.returned.is_some());
        let may_wait = call.may_wait() && !call.injected.delay;
        let waits = may_wait && queue.contents.fits(call.msgsz) == Some(false);
        if let Some(end) = call.end().filter(|_| waits) {
            queue.senders_waited.add(end - call.entered);
        }
        let wait = worth_telling(call, threshold).then(|| Wait::new(call, process, queue));
        if call.result().is_some() || call.returned.is_none() {
            queue.contents.begin_send(call, process);
        }
        self.waiting.extend(wait.map(|wait| (call.id(), wait)));
    }

    pub(super) fn end_send(&mut self, call: &Call, process: usize) {
        let at = call.end().unwrap_or(call.entered);
        let id = call.object;
        if let Some(queue) = self.queues.get_mut(&id).filter(|_| Self::found(call)) {
            queue.under_way = queue.under_way.saturating_sub(1);
            let ended = match call.errno() {
                Some(errno) => Ended::Failed(errno),
                None => Ended::Room(queue.room.map(|(process, _)| process)),
            };
            if call.result().is_some() {
                queue.contents.end_send(call);
                queue.sent(call, process, at);
                self.processes.get_mut(process).sent += 1;
                self.links.sent += 1;
                self.show_depth(id, at);
            }
            self.end_wait(call, at, ended);
        }
        self.retire(id, at);
    }

    pub(super) fn begin_receive(&mut self, call: &Call, process: usize) {
        if !Self::found(call) {
            return;
        }
        let threshold = self.known.threshold;
        let queue = self.used(call.object, process, call.entered);
        queue.under_way += usize::from(call.returned.is_some());
        if call.takes() {
            queue.asked(call.selector());
        }
        let may_wait = call.may_wait() && !call.injected.delay;
        let waits = may_wait && !queue.contents.has(call.selector());
        if let Some(end) = call.end().filter(|_| waits) {
            queue.receivers_waited.add(end - call.entered);
        }
        let wait = worth_telling(call, threshold).then(|| Wait::new(call, process, queue));
        queue.contents.begin_receive(call);
        self.waiting.extend(wait.map(|wait| (call.id(), wait)));
    }

    pub(super) fn end_receive(&mut self, call: &Call, process: usize) {
        let at = call.end().unwrap_or(call.entered);
        let id = call.object;
        if !Self::found(call) || !self.queues.contains_key(&id) {
            return;
        }
        let mut ended = call.errno().map_or(Ended::Message(None), Ended::Failed);
        match call.errno() {
            _ if !call.takes() => (),
            None => ended = Ended::Message(self.receive(call, process, at)),
            Some(EFAULT) => {
                self.queue(id, at).contents.end_receive(call);
            }
            Some(ENOMSG) => {
                self.queue(id, at).contents.found_nothing(call);
            }
            _ => (),
        }
        if let Some(queue) = self.queues.get_mut(&id) {
            queue.under_way = queue.under_way.saturating_sub(1);
        }
        self.end_wait(call, at, ended);
        self.retire(id, at);
    }

    /// A message was received. Gives who sent it, where that is certain.
    fn receive(&mut self, call: &Call, process: usize, at: u64) -> Option<usize> {
        let id = call.object;
        self.processes.get_mut(process).received += 1;
        let queue = self.queues.get_mut(&id)?;
        let taken = queue.contents.end_receive(call);
        let link = taken.sent.map(|sent| Link {
            queue: id,
            mtype: call.mtype.unwrap_or_default(),
            size: sent.size,
            sent: sent.id,
            from: sent.process,
            sent_at: sent.returned,
            received: call.id(),
            to: process,
            received_at: at,
            certain: taken.certain,
        });
        let linked =
            link.as_ref().map(|link| Linked { residence: link.residence(), certain: link.certain });
        self.links.received += 1;
        self.links.linked += u64::from(link.is_some());
        self.links.certain += u64::from(taken.certain);
        queue.received(call, process, at, linked, &mut self.budget);
        self.show_depth(id, at);
        let link = link?;
        let talk = self.talks.row((link.from, link.to));
        talk.messages += 1;
        talk.bytes = talk.bytes.saturating_add(link.size);
        talk.certain += u64::from(link.certain);
        self.observer.link(&link);
        link.certain.then_some(link.from)
    }

    /// A call that may have waited has returned.
    fn end_wait(&mut self, call: &Call, at: u64, ended: Ended) {
        if !self.waiting.contains_key(&call.id()) {
            return;
        }
        if matches!(ended, Ended::Failed(errno) if errno != EIDRM) {
            self.look_for_doubtful_knots(at, self.known.threshold);
        }
        if let Some(mut wait) = self.waiting.remove(&call.id()) {
            wait.ended = Some((at, ended));
            if let Some(queue) = self.queues.get(&wait.queue) {
                wait.note_readers(queue);
            }
            self.waits.add(wait, self.known.threshold);
        }
    }
}

/// Whether a call waits for so long that it is worth telling.
fn worth_telling(call: &Call, threshold: u64) -> bool {
    call.may_wait() && call.end().is_none_or(|end| end - call.entered >= threshold)
}
