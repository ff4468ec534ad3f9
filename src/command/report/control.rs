//! msgget and msgctl: the life of queues.

use super::contents::Held;
use super::events::Call;
use super::life::{Change, Origin, Removed};
use super::model::Model;
use super::observer::Observer;
use crate::command::show::queue as queue_of;
use crate::command::show::structures::{Limits, QueueData};
use libc::{
    IPC_CREAT, IPC_EXCL, IPC_INFO, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT, MSG_INFO, MSG_STAT,
};
use msgq::trace::call::MSG_STAT_ANY;

impl<O: Observer> Model<'_, O> {
    /// What a msgget will give is known when it begins, and others may use it before it has returned.
    pub(super) fn begin_get(&mut self, call: &Call, process: usize) {
        let Some(id) = call.result().map(|id| id as i32) else { return };
        let private = call.object == IPC_PRIVATE;
        let is_new = !self.queues.contains_key(&id);
        // Where all queues are known that were there before, IPC_CREAT has made this one.
        let first = is_new && self.all_listed && call.has(IPC_CREAT);
        let made = first || private || call.has(IPC_CREAT) && call.has(IPC_EXCL);
        let is_older = self.queues.get(&id).is_some_and(|queue| queue.life.since < call.entered);
        if made && is_older {
            // Its id is another queue's now.
            self.removed_by_a_stranger(id, call.entered);
        }
        let msgmnb = self.known.msgmnb;
        self.queue(id, call.entered).life.key.get_or_insert(call.object);
        let queue = self.used(id, process, call.entered);
        if made {
            queue.life.origin = Origin::Made(process);
            queue.life.mode = Some(call.flags as u32 & 0o777);
            queue.contents.start_empty();
            if let Some(msgmnb) = msgmnb {
                queue.contents.set_qbytes(msgmnb);
            }
        } else if is_new && call.has(IPC_CREAT) {
            queue.life.origin = Origin::MadeOrOpened(process);
            if let Some(msgmnb) = msgmnb {
                queue.contents.presume_qbytes(msgmnb);
            }
        } else {
            queue.life.opened_by(process);
        }
        if made || is_new && call.has(IPC_CREAT) {
            self.observer.made(id, process, call.entered);
        }
    }

    pub(super) fn begin_control(&mut self, call: &Call, process: usize) {
        if call.result().is_none() {
            return;
        }
        let at = call.end().unwrap_or(call.entered);
        match call.flags {
            IPC_RMID => {
                let removed = Removed { at, process: Some(process) };
                self.used(call.object, process, call.entered).life.removed = Some(removed);
                self.note_removal(call.object, removed);
            }
            IPC_SET => {
                let Some(data) = QueueData::read(&call.bytes) else { return };
                let queue = self.used(call.object, process, call.entered);
                queue.contents.set_qbytes(data.msg_qbytes);
                queue.room = Some((process, at));
                queue.life.changed(Change {
                    at,
                    process,
                    qbytes: data.msg_qbytes,
                    mode: data.msg_perm.mode & 0o777,
                    uid: data.msg_perm.uid,
                    gid: data.msg_perm.gid,
                });
            }
            _ => (),
        }
    }

    pub(super) fn end_control(&mut self, call: &Call, _: usize) {
        if call.result().is_none() {
            return;
        }
        let at = call.end().unwrap_or(call.entered);
        match call.flags {
            IPC_RMID => self.retire(call.object, at),
            IPC_STAT | MSG_STAT | MSG_STAT_ANY => {
                if let Some((id, data)) = queue_of(call).zip(QueueData::read(&call.bytes)) {
                    self.told(id, &data, at);
                }
            }
            IPC_INFO | MSG_INFO => {
                if let Some(limits) = Limits::read(&call.bytes) {
                    self.known.msgmnb = u64::try_from(limits.msgmnb).ok();
                    self.known.msgmax = u64::try_from(limits.msgmax).ok();
                }
            }
            _ => (),
        }
    }

    /// A queue was there before anything was recorded.
    pub(super) fn was_there(&mut self, id: i32, data: &QueueData, at: u64) {
        self.told(id, data, at);
        if data.msg_qnum == 0 {
            self.queue(id, at).contents.start_empty();
        }
    }

    /// The queues are known that were there at the end. The others were removed.
    pub(super) fn all_that_are_left(&mut self, at: u64) {
        let gone: Vec<i32> =
            self.queues.keys().filter(|id| !self.left.contains(id)).copied().collect();
        for id in gone {
            if self.queues[&id].life.removed.is_none() {
                self.removed_by_a_stranger(id, at);
            }
        }
    }

    /// The data of a queue are told.
    pub(super) fn told(&mut self, id: i32, data: &QueueData, at: u64) {
        let queue = self.queue(id, at);
        queue.life.mode = Some(data.msg_perm.mode & 0o777);
        queue.life.key = Some(data.msg_perm.key);
        queue.contents.set_qbytes(data.msg_qbytes);
        if queue.under_way == 0 {
            queue.contents.told(Held { messages: data.msg_qnum, bytes: data.msg_cbytes });
            queue.sample(at);
            self.show_depth(id, at);
        }
    }

    /// A queue is not there any more, and no call in the recording has removed it.
    pub(super) fn removed_by_a_stranger(&mut self, id: i32, at: u64) {
        let removed = Removed { at, process: None };
        if let Some(queue) = self.queues.get_mut(&id) {
            queue.life.removed.get_or_insert(removed);
            self.note_removal(id, removed);
        }
        self.retire(id, at);
    }
}
