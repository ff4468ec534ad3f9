//! What errors tell that several calls can give.

use super::catalogue::Misuse;
use super::finding::{Call, report};
use super::queues::Queue;
use super::{ask, is, places};
use crate::os;
use crate::trace::call::Outcome;
use libc::{EIDRM, EIO};
use std::fmt::Write;

/// Whether an EINVAL comes from a negative id or size.
#[cold]
#[inline(never)]
pub fn look_at_ids(call: Call, msqid: i32, msgsz: usize) -> bool {
    if (msgsz as isize) < 0 {
        report(Misuse::NegativeSize, call, &|detail| {
            let _ = write!(detail, "msgsz is {}", msgsz as isize);
        });
        return true;
    }
    if msqid < 0 {
        report(Misuse::NoQueueId, call, &|detail| {
            let _ = write!(detail, "the id is {msqid}");
        });
        return true;
    }
    false
}

/// Whether an EINVAL comes from a queue that was removed, as the caller knew.
#[cold]
#[inline(never)]
pub fn look_at_removal(call: Call, msqid: i32) {
    let Some(queue) = Queue::known(msqid) else { return };
    if let Some((process, place)) = queue.remover()
        && ask::status(msqid).is_none()
        && queue.tell_removal(os::thread_id())
    {
        report(Misuse::UsedAfterRemoval, call, &|detail| {
            let _ = write!(detail, "process {process} removed this queue at ");
            places::write(place, detail);
        });
    }
}

/// Any other error than those that a call has reasons of its own for.
#[cold]
#[inline(never)]
pub fn look_at_error(call: Call, outcome: Outcome) {
    if is(outcome, EIDRM) {
        // The call waited, and may well have waited for this. The next one is another matter.
        if let Some(queue) = Queue::known(call.object) {
            queue.tell_removal(os::thread_id());
        }
    } else {
        damaged(call, outcome);
    }
}

/// Tells of EIO.
#[cold]
pub fn damaged(call: Call, outcome: Outcome) {
    if is(outcome, EIO) {
        report(Misuse::Damaged, call, &|detail| {
            detail.push(b"the queue, or what is around it, is damaged (EIO)");
        });
    }
}
