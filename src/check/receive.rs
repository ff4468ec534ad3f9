//! What msgrcv is checked for.
#![allow(unsafe_code)]

use super::catalogue::Misuse;
use super::finding::{self, report};
use super::places::checksum;
use super::queues::{Queue, SEVERAL};
use super::sequel;
use super::{Checked, Seen, ask, buffers, errors, flags, heap, is, process};
use crate::os;
use crate::trace::call::{Call, Outcome, Receive};
use libc::{E2BIG, EINTR, EINVAL, IPC_NOWAIT, MSG_EXCEPT, MSG_NOERROR, c_long};
use std::fmt::Write;

/// What a msgsz that counts mtype is too much.
const MTYPE: usize = size_of::<c_long>();

/// How many messages of one length make a habit of it.
const HABIT: u32 = 3;

/// After how many times the same receive, too small each time, goes round in circles.
const CIRCLES: u32 = 3;

/// How often the queue is looked at on behalf of MSG_NOERROR, unless it seems to cut messages.
const LOOKS: u32 = 64;

impl Checked for Receive {
    #[inline(always)]
    fn before(self, caller: usize) -> Seen {
        let call = self.at(caller);
        let allowed = IPC_NOWAIT | MSG_NOERROR | MSG_EXCEPT | flags::MSG_COPY;
        flags::look(call, self.msgflg, allowed);
        heap::look(call, self.msgp.addr(), self.msgsz);
        if self.msgflg & (MSG_EXCEPT | flags::MSG_COPY) == MSG_EXCEPT && self.msgtyp <= 0 {
            report(Misuse::ExceptWithoutType, call, &|detail| {
                let _ = write!(detail, "MSG_EXCEPT with msgtyp {} is ignored", self.msgtyp);
            });
        }
        let Some(queue) = ask::queue(self.msqid) else { return Seen::default() };
        let is_alone = queue.begin_receive();
        let may_cut = self.msgflg & MSG_NOERROR != 0;
        let words = if may_cut { self.look_before(queue, is_alone) } else { None };
        Seen { counted: true, words, ..Seen::default() }
    }

    #[inline(always)]
    unsafe fn after(self, caller: usize, seen: Seen, outcome: Outcome) {
        sequel::take();
        let queue = Queue::known(self.msqid);
        match outcome {
            Ok(length) if self.msgflg & flags::MSG_COPY == 0 => {
                if let Some(queue) = queue {
                    self.received(caller, seen, queue, length as usize);
                }
            }
            Ok(_) => (),
            Err(_) => self.failed(caller, outcome),
        }
        if let Some(queue) = queue.filter(|_| seen.counted) {
            queue.end_receive();
        }
    }
}

impl Receive {
    #[inline(always)]
    fn at(self, caller: usize) -> finding::Call {
        finding::Call { kind: self.kind(), object: self.msqid, caller }
    }

    #[inline(always)]
    fn received(self, caller: usize, seen: Seen, queue: &Queue, length: usize) {
        queue.note_received(length, self.msgsz);
        if self.msgsz != length + MTYPE {
            buffers::note(caller);
        } else if length > 0 {
            self.look_at_habit(caller, queue, length);
        }
        if self.msgsz == length && self.msgflg & MSG_NOERROR != 0 {
            self.look_after(caller, seen, queue);
        }
    }

    /// Every message leaves just so much room as an mtype takes.
    fn look_at_habit(self, caller: usize, queue: &Queue, length: usize) {
        let is_habit = queue.received_alike() == HABIT && length.is_multiple_of(MTYPE);
        if is_habit
            && !buffers::is_one(caller)
            && queue.sent_size().is_none_or(|sent| sent == length)
        {
            report(Misuse::CountsMtype, self.at(caller), &|detail| {
                let msgsz = self.msgsz;
                let _ = write!(
                    detail,
                    "msgsz is {msgsz}, and every message has {length} bytes: {MTYPE} fewer, as \
                     many as mtype takes"
                );
            });
        }
    }

    /// What the queue holds before a message may be cut: its bytes, and its messages | how many
    /// receives have begun. Nothing where others may take messages at the same time.
    #[cold]
    #[inline(never)]
    fn look_before(self, queue: &Queue, is_alone: bool) -> Option<(u64, u64)> {
        if queue.note_look() > LOOKS || !is_alone {
            return None;
        }
        let begun = u64::from(queue.begun());
        let ds = ask::status(self.msqid)?;
        let is_alone = queue.note_receiver(ds.msg_lrpid, process());
        is_alone.then_some((ds.__msg_cbytes, ds.msg_qnum << 32 | begun))
    }

    /// A message that fills the buffer was received: whether it was cut.
    #[cold]
    #[inline(never)]
    fn look_after(self, caller: usize, seen: Seen, queue: &Queue) {
        let Some((bytes, words)) = seen.words else {
            queue.look_again();
            return;
        };
        let (messages, begun) = (words >> 32, words as u32);
        let Some(ds) = ask::status(self.msqid) else { return };
        let is_alone = queue.note_receiver(ds.msg_lrpid, process()) && queue.begun() == begun;
        let size = if messages == ds.msg_qnum + 1 {
            // A message that came meanwhile would have made up for one that another has taken.
            bytes.checked_sub(ds.__msg_cbytes).filter(|_| is_alone)
        } else if messages == 0 && ds.msg_qnum == 0 {
            // It came while this call waited, and was never counted.
            let is_known = queue.sender() != SEVERAL && queue.sender() as i32 == ds.msg_lspid;
            queue.sent_size().filter(|_| is_known).map(|size| size as u64)
        } else {
            None
        };
        if let Some(size) = size.filter(|size| *size > self.msgsz as u64) {
            report(Misuse::Truncated, self.at(caller), &|detail| {
                let msgsz = self.msgsz;
                let _ = write!(detail, "a message of {size} bytes was cut to {msgsz}");
            });
        }
    }

    #[cold]
    #[inline(never)]
    fn failed(self, caller: usize, outcome: Outcome) {
        let call = self.at(caller);
        if is(outcome, EINVAL) {
            if !errors::look_at_ids(call, self.msqid, self.msgsz) {
                errors::look_at_removal(call, self.msqid);
            }
        } else if is(outcome, E2BIG) {
            self.too_big(call);
        } else if is(outcome, EINTR) {
            let checksum = sequel::checksum_at(self.msgp.addr(), self.msgsz);
            sequel::keep(call, outcome, checksum, (self.msgp.addr(), self.msgsz));
        } else {
            errors::look_at_error(call, outcome);
        }
    }

    /// E2BIG.
    fn too_big(self, call: finding::Call) {
        let Some(queue) = Queue::known(self.msqid) else { return };
        if queue.sent_size().or_else(|| self.one_size()) == self.msgsz.checked_add(MTYPE) {
            report(Misuse::CountsMtype, call, &|detail| {
                let (msgsz, sent) = (self.msgsz, self.msgsz + MTYPE);
                let _ = write!(
                    detail,
                    "the message has {sent} bytes and msgsz is {msgsz}: {MTYPE} fewer, as many as \
                     mtype takes; the sender seems to count it"
                );
            });
        }
        // Each of several threads may meet with one such message, and go on with a bigger buffer.
        let words = [self.msgsz as u64, self.msgtyp as u64, u64::from(os::thread_id())];
        let receive = checksum(words.into_iter().flat_map(u64::to_ne_bytes)) | 1 << 63;
        if queue.note_too_big(receive) == CIRCLES {
            report(Misuse::TooBigAgain, call, &|detail| {
                let msgsz = self.msgsz;
                let _ = write!(detail, "E2BIG for the third time in a row with msgsz {msgsz}");
            });
        }
    }

    /// The size that all messages in the queue have, where they have one.
    fn one_size(self) -> Option<usize> {
        let ds = ask::status(self.msqid)?;
        let size = ds.__msg_cbytes.checked_div(ds.msg_qnum)?;
        (ds.msg_qnum == 1 && size * ds.msg_qnum == ds.__msg_cbytes).then_some(size as usize)
    }
}
