//! msgrcv.

use super::deviation::Deviation;
use super::rules::READ;
use super::sleep::Wake;
use super::state::{MSGMAX, Message, Queue, Slot, State, Wanted};
use super::{Model, locked, memory};
use crate::support::{
    E2BIG, EIDRM, EINTR, EINVAL, ENOMSG, Errno, IPC_NOWAIT, MSG_COPY, MSG_EXCEPT, MSG_NOERROR,
    c_int, c_long, now,
};
use std::sync::{Arc, MutexGuard};

/// What a receiver asks for.
#[derive(Clone, Copy)]
struct Asked {
    wanted: Wanted,
    msgp: usize,
    msgsz: usize,
    flags: c_int,
}

impl Asked {
    fn has(&self, flag: c_int) -> bool {
        self.flags & flag != 0
    }
}

/// How a search through a queue ended.
enum Found {
    Message(Message),
    Nothing,
}

impl Model {
    pub(super) fn receive(
        &self,
        id: c_int,
        msgp: usize,
        msgsz: usize,
        msgtyp: c_long,
        flags: c_int,
    ) -> Result<usize, Errno> {
        let is_negative = (msgsz as isize) < 0 && !self.is(Deviation::NegativeSizePasses);
        let is_big = msgsz > MSGMAX && self.is(Deviation::SizeIsBounded);
        if id < 0 || is_negative || is_big {
            return Err(Errno(EINVAL));
        }
        if flags & MSG_COPY != 0 {
            self.prepare_copy(id, msgp, msgsz, flags)?;
        }
        if self.is(Deviation::FaultBeforeSearch) {
            memory::write(msgp, &[0; 8])?;
        }
        let asked = Asked { wanted: self.wanted(msgtyp, flags), msgp, msgsz, flags };
        let message = self.get_message(id, &asked)?;
        self.hand_out(id, &asked, message)
    }

    fn prepare_copy(
        &self,
        id: c_int,
        msgp: usize,
        msgsz: usize,
        flags: c_int,
    ) -> Result<(), Errno> {
        let excepts = flags & MSG_EXCEPT != 0 && !self.is(Deviation::CopyWithExcept);
        let waits = flags & IPC_NOWAIT == 0 && !self.is(Deviation::CopyWithoutNowait);
        if excepts || waits {
            return Err(Errno(EINVAL));
        }
        if self.is(Deviation::CopyChecksIdFirst) {
            self.lock().find(self, id)?;
        }
        memory::read(msgp, msgsz.min(MSGMAX)).map(drop)
    }

    fn wanted(&self, msgtyp: c_long, flags: c_int) -> Wanted {
        let excepts = flags & MSG_EXCEPT != 0;
        match msgtyp {
            position if flags & MSG_COPY != 0 => Wanted::Position(position),
            0 if excepts && self.is(Deviation::ExceptExcludesAll) => Wanted::Lowest(0),
            0 => Wanted::Any,
            c_long::MIN if self.is(Deviation::LowestLongOverflows) => Wanted::Lowest(c_long::MIN),
            ..0 if excepts && self.is(Deviation::ExceptTurnsNegative) => {
                Wanted::Other(msgtyp.saturating_neg())
            }
            ..0 if self.is(Deviation::LowestExcludesItsBound) => {
                Wanted::Lowest(msgtyp.saturating_neg() - 1)
            }
            ..0 => Wanted::Lowest(msgtyp.saturating_neg()),
            unwanted if excepts && !self.is(Deviation::ExceptIsIgnored) => Wanted::Other(unwanted),
            wanted => Wanted::Equal(wanted),
        }
    }

    fn get_message(&self, id: c_int, asked: &Asked) -> Result<Message, Errno> {
        let mut state = self.lock();
        loop {
            let queue = state.find(self, id)?;
            if self.is(Deviation::NoMessageBeforePermission) && queue.messages.is_empty() {
                return Err(Errno(ENOMSG));
            }
            self.permits(&queue.permissions, READ)?;
            if let Found::Message(message) = self.search(queue, asked)? {
                return Ok(message);
            }
            if asked.has(IPC_NOWAIT) {
                return Err(Errno(ENOMSG));
            }
            match self.wait_for_message(state, id, asked)? {
                (_, Some(message)) => return Ok(message),
                (locked, None) => state = locked,
            }
        }
    }

    fn search(&self, queue: &mut Queue, asked: &Asked) -> Result<Found, Errno> {
        let Some(mut place) = self.place(queue, asked.wanted) else { return Ok(Found::Nothing) };
        let size = queue.messages[place].text.len();
        if let Wanted::Position(_) = asked.wanted {
            return self.copy(queue, place, asked);
        }
        let cuts = asked.has(MSG_NOERROR) && !self.is(Deviation::NoerrorIsIgnored);
        if size > asked.msgsz && !cuts {
            if self.is(Deviation::TooBigIsEaten) {
                self.dequeue(queue, place, asked);
            }
            let next = queue.messages.iter().position(|message| {
                asked.wanted.matches(message.mtype) && message.text.len() <= asked.msgsz
            });
            match next.filter(|_| self.is(Deviation::TooBigIsPassed)) {
                Some(next) => place = next,
                None => return Err(Errno(E2BIG)),
            }
        }
        Ok(Found::Message(self.dequeue(queue, place, asked)))
    }

    fn place(&self, queue: &Queue, wanted: Wanted) -> Option<usize> {
        let matches = |message: &Message| wanted.matches(message.mtype);
        let messages = &queue.messages;
        match wanted {
            Wanted::Any if self.is(Deviation::AnyTakesNewest) => messages.len().checked_sub(1),
            Wanted::Lowest(_) if !self.is(Deviation::LowestIsTheOldest) => {
                let of_type = |place: &usize| messages[*place].mtype;
                let mut fit = (0..messages.len()).filter(|place| matches(&messages[*place]));
                if self.is(Deviation::LowestIsTheNewest) {
                    return fit.rev().min_by_key(of_type);
                }
                // Of equals the first is the least.
                fit.by_ref().min_by_key(of_type)
            }
            Wanted::Position(position) => {
                let first = c_long::from(self.is(Deviation::CopyCountsFromOne));
                let place = usize::try_from(position - first).ok()?;
                (place < messages.len()).then_some(place)
            }
            _ => messages.iter().position(matches),
        }
    }

    fn copy(&self, queue: &mut Queue, place: usize, asked: &Asked) -> Result<Found, Errno> {
        let mut message = queue.messages[place].clone();
        let room = asked.msgsz.min(MSGMAX);
        if message.text.len() > room {
            let cuts = asked.has(MSG_NOERROR);
            let is_e2big = !cuts && message.text.len() > asked.msgsz;
            if is_e2big && !self.is(Deviation::CopyTooBigIsInvalid)
                || self.is(Deviation::CopyTooBigIsE2big)
            {
                return Err(Errno(E2BIG));
            }
            if !cuts || !self.is(Deviation::CopyIsCut) {
                return Err(Errno(EINVAL));
            }
            message.text.truncate(room);
        }
        if self.is(Deviation::CopyTakes) {
            self.dequeue(queue, place, asked);
        }
        if self.is(Deviation::CopyNotesProcess) {
            queue.lrpid = super::caller().0;
        }
        Ok(Found::Message(message))
    }

    fn dequeue(&self, queue: &mut Queue, place: usize, asked: &Asked) -> Message {
        let message = queue.messages.remove(place).expect("a place that was found");
        let mut counted = message.text.len();
        if self.is(Deviation::CutCountsItsRest) {
            counted = counted.min(asked.msgsz);
        }
        queue.qnum -= 1;
        queue.cbytes = queue.cbytes.saturating_sub(counted as u64);
        let (process, thread) = super::caller();
        if !self.is(Deviation::NoReceiversPid) {
            queue.lrpid = if self.is(Deviation::ReceiversThreadIsNoted) { thread } else { process };
        }
        if !self.is(Deviation::NoTimeOfReceiving) {
            queue.rtime = now();
        }
        if !self.is(Deviation::ReceiveWakesNobody) {
            self.wake_senders(queue);
        }
        message
    }

    fn wait_for_message<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        id: c_int,
        asked: &Asked,
    ) -> Result<(MutexGuard<'a, State>, Option<Message>), Errno> {
        let cuts = asked.has(MSG_NOERROR) && !self.is(Deviation::HandOffIgnoresNoerror);
        let waiter = self.new_waiter(asked.wanted, if cuts { usize::MAX } else { asked.msgsz });
        state.find(self, id)?.receivers.push(Arc::clone(&waiter));
        drop(state);
        let mut wake = waiter.bed.sleep();
        while wake == Wake::Signal && self.is(Deviation::SignalRestarts) {
            wake = waiter.bed.sleep();
        }
        let mut state = self.lock();
        let slot = std::mem::replace(&mut *locked(&waiter.slot), Slot::Nothing);
        if self.is(Deviation::RemovalBeatsMessage) {
            state.find(self, id).map_err(|_| Errno(EIDRM))?;
        }
        match slot {
            Slot::Message(message) => return Ok((state, Some(message))),
            Slot::Error(error) => return Err(Errno(error)),
            Slot::Nothing => {}
        }
        let stays = wake == Wake::Signal && self.is(Deviation::InterruptedStaysListed);
        if let (Ok(queue), false) = (state.find(self, id), stays) {
            queue.receivers.retain(|other| !Arc::ptr_eq(other, &waiter));
        }
        if wake == Wake::Signal {
            return Err(Errno(EINTR));
        }
        Ok((state, None))
    }

    /// Writes the message where the caller wants it.
    fn hand_out(&self, id: c_int, asked: &Asked, message: Message) -> Result<usize, Errno> {
        let whole = message.text.len();
        let room = if self.is(Deviation::CutIsWrittenWhole) { usize::MAX } else { asked.msgsz };
        let text = &message.text[..whole.min(room)];
        let written = memory::write(asked.msgp, &message.mtype.to_ne_bytes())
            .and_then(|()| memory::write(asked.msgp + size_of::<c_long>(), text));
        if let (Err(_), true) = (written, self.is(Deviation::FaultKeepsMessage)) {
            let mut state = self.lock();
            let queue = state.find(self, id)?;
            queue.qnum += 1;
            queue.cbytes += whole as u64;
            queue.messages.push_front(message);
            return Err(Errno(libc::EFAULT));
        }
        written?;
        let cut = whole.min(asked.msgsz);
        Ok(if self.is(Deviation::CutGivesFullSize) { whole } else { cut })
    }
}
