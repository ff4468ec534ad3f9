//! What msgget is checked for.
#![allow(unsafe_code)]

use super::catalogue::Misuse;
use super::finding::{self, report};
use super::queues::Queue;
use super::{Checked, FORKS, Seen, ask, errors, flags, is, places, process};
use crate::os;
use crate::trace::call::{Call, Get, Outcome};
use libc::{EACCES, EEXIST, ENOENT, IPC_CREAT, IPC_EXCL, IPC_PRIVATE, c_int};
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

/// Modes as they look where the leading 0, or the 0o, was forgotten: numbers in decimal or
/// hexadecimal whose low bits are no permissions that anybody wants.
const SLIPS: [c_int; 12] = [600, 644, 660, 664, 666, 700, 755, 777, 0x644, 0x660, 0x666, 0x777];

impl Checked for Get {
    fn before(self, caller: usize) -> Seen {
        let call = self.at(caller);
        flags::look(call, self.msgflg, flags::MODE | IPC_CREAT | IPC_EXCL);
        if self.key == -1 {
            report(Misuse::FailedFtok, call, &|detail| {
                detail.push(b"the key is -1, which ftok gives when it fails");
            });
        }
        let is_private = self.key == IPC_PRIVATE;
        if self.msgflg & (IPC_CREAT | IPC_EXCL) == IPC_EXCL && !is_private {
            report(Misuse::ExclWithoutCreat, call, &|detail| {
                detail.push(b"IPC_EXCL without IPC_CREAT does nothing");
            });
        }
        if is_private || self.msgflg & IPC_CREAT != 0 {
            self.look_for_slip(call);
        }
        // Without IPC_EXCL nobody tells whether the queue was there before.
        let is_open = self.msgflg & (IPC_CREAT | IPC_EXCL) == IPC_CREAT && !is_private;
        let is_new = is_open && ask::queue_of(self.key).is_err_and(|error| error.0 == ENOENT);
        Seen { words: is_new.then_some((0, 0)), ..Seen::default() }
    }

    unsafe fn after(self, caller: usize, seen: Seen, outcome: Outcome) {
        let is_certain =
            self.key == IPC_PRIVATE || self.msgflg & (IPC_CREAT | IPC_EXCL) == IPC_CREAT | IPC_EXCL;
        match outcome {
            Ok(id) if is_certain || seen.words.is_some() => self.created(caller, id as c_int),
            Ok(id) => self.opened(caller, id as c_int),
            Err(_) if is(outcome, EEXIST) || is(outcome, EACCES) => self.refused(caller, outcome),
            Err(_) => errors::damaged(self.at(caller), outcome),
        }
    }
}

impl Get {
    fn at(self, caller: usize) -> finding::Call {
        finding::Call { kind: self.kind(), object: self.key, caller }
    }

    fn look_for_slip(self, call: finding::Call) {
        let low = self.msgflg & 0o7777;
        let slip = SLIPS.iter().find(|slip| low | IPC_EXCL == **slip | IPC_CREAT | IPC_EXCL);
        if let Some(slip) = slip {
            report(Misuse::DecimalMode, call, &|detail| {
                let _ = match slip {
                    0..1000 => write!(detail, "the flags look like {slip} in decimal"),
                    _ => write!(detail, "the flags look like {slip:#x}"),
                };
                let _ = write!(detail, ", which gives the permissions 0{:o}", slip & 0o777);
            });
        }
    }

    #[cold]
    #[inline(never)]
    fn created(self, caller: usize, msqid: c_int) {
        if let Some(queue) = Queue::enter(msqid) {
            queue.created(self.key, process(), places::of(caller), FORKS.load(Relaxed));
        }
        if self.msgflg & flags::MODE == 0 {
            report(Misuse::NoPermissions, self.at(caller), &|detail| {
                detail.push(b"the new queue has no permissions");
            });
        }
    }

    /// A queue that was there before.
    fn opened(self, caller: usize, msqid: c_int) {
        match Queue::known(msqid) {
            Some(queue) if queue.remover().is_some() => queue.not_removed(),
            Some(queue) if queue.creator().is_none_or(|(creator, _)| creator == process()) => (),
            Some(queue) if queue.creator().is_some_and(is_alive) => (),
            _ => self.met(caller, msqid),
        }
    }

    /// A queue that this process sees for the first time, or that another one has left.
    #[cold]
    #[inline(never)]
    fn met(self, caller: usize, msqid: c_int) {
        let Some(ds) = ask::status(msqid) else { return };
        if let Some(queue) = Queue::enter(msqid) {
            queue.set_status(&ds);
        }
        let (asked, has) = (self.msgflg & flags::MODE, ds.msg_perm.mode as c_int & flags::MODE);
        if self.msgflg & IPC_CREAT != 0 && asked != 0 && asked != has {
            self.leftover(caller, &ds, "the queue was there before");
        }
    }

    /// EEXIST or EACCES.
    #[cold]
    #[inline(never)]
    fn refused(self, caller: usize, outcome: Outcome) {
        let Ok(msqid) = ask::queue_of(self.key) else { return };
        let place = places::of(caller);
        let here = Queue::known(msqid).and_then(Queue::creator);
        if let Some((creator, created_at)) = here
            && creator == process()
            && is(outcome, EEXIST)
        {
            if created_at != place {
                report(Misuse::KeyTaken, self.at(caller), &|detail| {
                    let _ = write!(
                        detail,
                        "this process created a queue of the key {:#x} at ",
                        self.key
                    );
                    places::write(created_at, detail);
                });
            }
            return;
        }
        let is_in_use = here.is_some_and(is_alive);
        if let Some(ds) = ask::status(msqid).filter(|_| !is_in_use) {
            let error = if is(outcome, EEXIST) { "EEXIST" } else { "EACCES" };
            self.leftover(caller, &ds, error);
        }
    }

    /// Tells of a queue that stands in the way, where those who used it have ended.
    fn leftover(self, caller: usize, ds: &libc::msqid_ds, what: &str) {
        if !ask::users_are_gone(ds) {
            return;
        }
        report(Misuse::Leftover, self.at(caller), &|detail| {
            let (has, asked) = (ds.msg_perm.mode & 0o777, self.msgflg & flags::MODE);
            let (uid, messages) = (ds.msg_perm.uid, ds.msg_qnum);
            let (lspid, lrpid) = (ds.msg_lspid, ds.msg_lrpid);
            let _ = write!(
                detail,
                "{what}: the queue has mode {has:04o}, not {asked:04o}, owner {uid} and \
                 {messages} messages; its last users {lspid} and {lrpid} have ended",
            );
        });
    }
}

/// Whether the process that created a queue is there.
fn is_alive((creator, _): (u32, places::Number)) -> bool {
    os::is_alive(creator as i32)
}
