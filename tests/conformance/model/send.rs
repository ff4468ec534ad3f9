//! msgsnd.

use super::deviation::Deviation;
use super::rules::WRITE;
use super::sleep::Wake;
use super::state::{MSGMAX, Message, Queue, Slot, State, Waiter, Wanted};
use super::{Model, locked, memory};
use crate::support::{E2BIG, EAGAIN, EIDRM, EINTR, EINVAL, Errno, IPC_NOWAIT, c_int, now};
use std::sync::{Arc, MutexGuard};

impl Model {
    pub(super) fn send(
        &self,
        id: c_int,
        msgp: usize,
        msgsz: usize,
        flags: c_int,
    ) -> Result<(), Errno> {
        if self.is(Deviation::IdBeforeType) {
            self.lock().find(self, id)?;
        }
        let mtype = memory::read_long(msgp)?;
        let is_big = msgsz > MSGMAX && !self.is(Deviation::SizeIsUnlimited);
        if is_big || (msgsz as isize) < 0 || id < 0 {
            return Err(Errno(EINVAL));
        }
        if msgsz == 0 && self.is(Deviation::EmptyIsRefused) {
            return Err(Errno(EINVAL));
        }
        if self.is(Deviation::PermissionBeforeType) {
            self.permits(&self.lock().find(self, id)?.permissions, WRITE)?;
        }
        let least = if self.is(Deviation::TypeZeroPasses) { 0 } else { 1 };
        if mtype < least {
            return Err(Errno(EINVAL));
        }
        if self.is(Deviation::IdBeforeText) {
            self.lock().find(self, id)?;
        }
        let text = memory::read(msgp + size_of_val(&mtype), msgsz)?;
        self.send_copied(id, Message { mtype, text }, flags)
    }

    fn send_copied(&self, id: c_int, message: Message, flags: c_int) -> Result<(), Errno> {
        let bytes = message.text.len();
        let mut state = self.lock();
        let mut is_new = true;
        loop {
            let queue = state.find(self, id)?;
            if self.is(Deviation::FullBeforePermission)
                && flags & IPC_NOWAIT != 0
                && !self.fits(queue, bytes)
            {
                return Err(Errno(EAGAIN));
            }
            if is_new || !self.is(Deviation::WokenSenderIsNotChecked) {
                self.permits(&queue.permissions, WRITE)?;
            }
            if bytes as u64 > queue.qbytes && self.is(Deviation::BigIsInvalid) {
                return Err(Errno(EINVAL));
            }
            if self.may_go_in(queue, &message, is_new) {
                self.put(queue, message);
                return Ok(());
            }
            if flags & IPC_NOWAIT != 0 && !self.is(Deviation::NowaitIsIgnored) {
                return Err(Errno(EAGAIN));
            }
            state = self.wait_for_room(state, id, bytes)?;
            is_new = false;
        }
    }

    fn may_go_in(&self, queue: &Queue, message: &Message, is_new: bool) -> bool {
        if self.is(Deviation::HandOffPassesFullQueue)
            && queue.receivers.iter().any(|waiter| waiter.wanted.matches(message.mtype))
        {
            return true;
        }
        let passes = self.is(Deviation::NewcomersQueueUp) && !is_new;
        passes || self.fits(queue, message.text.len())
    }

    fn wait_for_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        id: c_int,
        bytes: usize,
    ) -> Result<MutexGuard<'a, State>, Errno> {
        let waiter = self.new_waiter(Wanted::Any, bytes);
        state.find(self, id)?.senders.push(Arc::clone(&waiter));
        drop(state);
        let mut wake = waiter.bed.sleep();
        while wake == Wake::Signal && self.is(Deviation::SignalRestarts) {
            wake = waiter.bed.sleep();
        }
        let mut state = self.lock();
        if let Slot::Error(error) = *locked(&waiter.slot) {
            return Err(Errno(error));
        }
        let queue = state.find(self, id).map_err(|_| Errno(EIDRM))?;
        queue.senders.retain(|other| !Arc::ptr_eq(other, &waiter));
        if wake == Wake::Signal {
            return Err(Errno(EINTR));
        }
        Ok(state)
    }

    /// The message goes to a receiver, or into the queue.
    fn put(&self, queue: &mut Queue, message: Message) {
        let (process, thread) = super::caller();
        if !self.is(Deviation::NoSendersPid) {
            queue.lspid = if self.is(Deviation::SendersThreadIsNoted) { thread } else { process };
        }
        if !self.is(Deviation::NoTimeOfSending) {
            queue.stime = now();
        }
        let bytes = message.text.len() as u64;
        let Some(message) = self.hand_over(queue, message) else {
            if self.is(Deviation::HandOffIsCounted) {
                queue.qnum += 1;
                queue.cbytes += bytes;
            }
            return;
        };
        queue.messages.push_back(message);
        queue.qnum += 1;
        if !self.is(Deviation::BytesAreNotCounted) {
            queue.cbytes += bytes;
        }
    }

    /// Gives the message back where nobody takes it.
    fn hand_over(&self, queue: &mut Queue, message: Message) -> Option<Message> {
        while let Some(place) = self.taker(queue, &message) {
            let taker = queue.receivers.remove(place);
            if taker.bytes >= message.text.len() {
                self.note_taker(queue, &taker);
                taker.tell(Slot::Message(message));
                return None;
            }
            taker.tell(Slot::Error(E2BIG));
            if self.is(Deviation::TooSmallEndsSearch) {
                break;
            }
        }
        Some(message)
    }

    fn taker(&self, queue: &Queue, message: &Message) -> Option<usize> {
        let takes = |waiter: &Arc<Waiter>| {
            let fits = waiter.bytes >= message.text.len();
            let matches =
                waiter.wanted.matches(message.mtype) || self.is(Deviation::HandOffIgnoresTypes);
            matches && (fits || !self.is(Deviation::TooSmallSleepsOn))
        };
        if self.is(Deviation::LastReceiverFirst) {
            return queue.receivers.iter().rposition(takes);
        }
        queue.receivers.iter().position(takes)
    }

    fn note_taker(&self, queue: &mut Queue, taker: &Waiter) {
        let by_process = self.is(Deviation::HandOffNotesProcess);
        queue.lrpid = if by_process { taker.process } else { taker.thread };
        if !self.is(Deviation::HandOffNotesNoTime) {
            queue.rtime = now();
        }
    }
}
