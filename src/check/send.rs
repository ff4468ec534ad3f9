//! What msgsnd is checked for.
#![allow(unsafe_code)]

use super::catalogue::Misuse;
use super::finding::{self, report};
use super::queues::Queue;
use super::sequel::{self, Failed};
use super::{Checked, FORKS, NOWHERE, Seen, ask, errors, flags, heap, is, process};
use crate::os;
use crate::trace::call::{Call, Outcome, Send};
use libc::{EAGAIN, EINTR, EINVAL, IPC_NOWAIT, IPC_PRIVATE, c_long};
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

impl Checked for Send {
    #[inline(always)]
    fn before(self, caller: usize) -> Seen {
        let call = self.at(caller);
        flags::look(call, self.msgflg, IPC_NOWAIT);
        heap::look(call, self.msgp.addr(), self.msgsz);
        if let Some(queue) = ask::queue(self.msqid)
            && let Some(qbytes) = queue.qbytes()
        {
            queue.note_size(self.msgsz, process());
            if self.msgsz as u64 > qbytes {
                self.look_at_room(caller, queue);
            } else if self.may_wait_for_itself(queue, qbytes) {
                self.look_at_itself(caller, queue);
            }
        }
        Seen::default()
    }

    #[inline(always)]
    unsafe fn after(self, caller: usize, _: Seen, outcome: Outcome) {
        if let Some(failed) = sequel::take() {
            // SAFETY: the caller's promise.
            unsafe { self.follows(failed, caller, outcome) };
        }
        match outcome {
            Ok(_) => {
                if let Some(queue) = Queue::known(self.msqid) {
                    queue.note_sent(self.msgsz);
                }
            }
            // SAFETY: the caller's promise.
            Err(_) => unsafe { self.failed(caller, outcome) },
        }
    }
}

impl Send {
    #[inline(always)]
    fn at(self, caller: usize) -> finding::Call {
        finding::Call { kind: self.kind(), object: self.msqid, caller }
    }

    /// Whether the queue may be full, and nobody but this process was seen to receive from it.
    #[inline(always)]
    fn may_wait_for_itself(self, queue: &Queue, qbytes: u64) -> bool {
        self.msgflg & IPC_NOWAIT == 0
            && queue.held().saturating_add(self.msgsz as i64) > qbytes as i64
            && queue.creator().is_some()
    }

    /// A message that seems bigger than the queue.
    #[cold]
    #[inline(never)]
    fn look_at_room(self, caller: usize, queue: &Queue) {
        let Some(ds) = ask::status(self.msqid) else { return };
        queue.set_status(&ds);
        let msgsz = self.msgsz as u64;
        if msgsz <= ds.msg_qbytes || ask::msgmax().is_none_or(|msgmax| msgsz > msgmax) {
            return;
        }
        report(Misuse::BiggerThanQueue, self.at(caller), &|detail| {
            let does = match self.msgflg & IPC_NOWAIT {
                0 => "msgsnd waits for ever",
                _ => "msgsnd fails with EAGAIN, now and later",
            };
            let qbytes = ds.msg_qbytes;
            let _ = write!(detail, "{msgsz} bytes for a queue of at most {qbytes}: {does}");
        });
    }

    /// A queue that seems full: whether anybody else could ever make room in it.
    #[cold]
    #[inline(never)]
    fn look_at_itself(self, caller: usize, queue: &Queue) {
        let Some(ds) = ask::status(self.msqid) else { return };
        queue.set_status(&ds);
        let is_full = ds.__msg_cbytes.saturating_add(self.msgsz as u64) > ds.msg_qbytes
            || ds.msg_qnum + 1 > ds.msg_qbytes;
        let own = os::process_id();
        let is_own = queue.creator().is_some_and(|(creator, _)| creator == own)
            && queue.key() == IPC_PRIVATE
            && [0, own as i32].contains(&ds.msg_lrpid)
            && ds.msg_lspid == own as i32;
        // Nobody else knows the id of a private queue, unless he was told.
        let is_alone = || {
            queue.forks() == FORKS.load(Relaxed)
                && !os::has_children()
                && !os::had_children()
                && os::threads() == 1
        };
        if is_full && is_own && is_alone() {
            report(Misuse::SendsToItself, self.at(caller), &|detail| {
                let (bytes, qbytes, messages) = (ds.__msg_cbytes, ds.msg_qbytes, ds.msg_qnum);
                let _ = write!(
                    detail,
                    "the queue is full ({bytes} of {qbytes} bytes, {messages} messages), and only \
                     this process, which has one thread, knows it",
                );
            });
        }
    }

    /// # Safety
    /// `outcome` is what the engine answered to this call, just now.
    #[cold]
    #[inline(never)]
    unsafe fn failed(self, caller: usize, outcome: Outcome) {
        let call = self.at(caller);
        if is(outcome, EINVAL) {
            // SAFETY: the caller's promise.
            let mtype = unsafe { self.proves(outcome).read_mtype() };
            self.invalid(call, mtype);
        } else if is(outcome, EAGAIN) || is(outcome, EINTR) {
            // SAFETY: the caller's promise.
            let checksum = unsafe { sequel::checksum_of(self.proves(outcome), self.msgsz) };
            sequel::keep(call, outcome, checksum, (self.msgp.addr(), self.msgsz));
        } else {
            errors::look_at_error(call, outcome);
        }
    }

    /// EINVAL, whose reasons come in the order in which the engine looks for them.
    fn invalid(self, call: finding::Call, mtype: Option<c_long>) {
        let msgsz = self.msgsz;
        if errors::look_at_ids(call, self.msqid, msgsz) {
            return;
        }
        if let Some(mtype) = mtype.filter(|mtype| *mtype < 1) {
            report(Misuse::MtypeBelow1, call, &|detail| {
                let _ = write!(detail, "the message's type is {mtype}");
            });
        } else if let Some(msgmax) = ask::msgmax().filter(|msgmax| msgsz as u64 > *msgmax) {
            report(Misuse::BiggerThanMsgmax, call, &|detail| {
                let _ = write!(detail, "{msgsz} bytes, where a message may have {msgmax}");
            });
        } else {
            errors::look_at_removal(call, self.msqid);
        }
    }

    /// This call comes after one that failed.
    ///
    /// # Safety
    /// As [`Checked::after`].
    #[cold]
    #[inline(never)]
    unsafe fn follows(self, failed: Failed, caller: usize, outcome: Outcome) {
        // SAFETY: the caller's promise.
        let now = unsafe { sequel::checksum_of(self.proves(outcome), failed.msgsz) };
        let error = if failed.errno == EINTR { "EINTR" } else { "EAGAIN" };
        let Some(now) = now else { return };
        if failed.was_receive {
            // SAFETY: the caller's promise.
            let is_same = failed.msgp == self.msgp.addr()
                && sequel::checksum_at(failed.msgp, failed.msgsz) == Some(failed.checksum);
            if is_same {
                report(Misuse::StaleBufferSent, self.at(caller), &|detail| {
                    let _ = write!(detail, "msgrcv into this buffer failed with {error}");
                });
            }
        } else if failed.caller == caller
            && caller != NOWHERE
            && failed.msqid == self.msqid
            && (now != failed.checksum || failed.msgsz != self.msgsz)
        {
            report(Misuse::SendGivenUp, self.at(caller), &|detail| {
                let msgsz = failed.msgsz;
                let _ = write!(
                    detail,
                    "a message of {msgsz} bytes got {error} here, and another one is sent now"
                );
            });
        }
    }
}
