//! What is told when a process ends: queues that it leaves behind, and how often each finding came.
#![allow(unsafe_code)]

use super::catalogue::Misuse;
use super::finding::{Call, report_of, say_counts};
use super::queues::Queue;
use super::store::{is_shared, store};
use super::{ON, ask};
use crate::os;
use crate::trace::format::Kind;
use libc::{IPC_PRIVATE, msqid_ds};
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

// Miri starts nothing, and ends nothing.
#[cfg(not(miri))]
extern "C" fn destructor() {
    // Whoever reads the shared tables tells of what is left when all programs have ended.
    if ON.load(Relaxed) && !is_shared() {
        look();
        say_counts();
    }
}

#[cfg(not(miri))]
#[used]
// SAFETY: the C library calls the functions of this section once, when the program exits; of the
// sections with numbers, the lowest comes last, after the program's own destructors.
#[unsafe(link_section = ".fini_array.00001")]
static DESTRUCTOR: extern "C" fn() = destructor;

/// Tells of the queues that this process created and leaves behind. Its children may go on with
/// them, and so may others that know the key: a queue that this process has not both sent to and
/// received from, as the last one, is taken to be meant for them.
fn look() {
    if os::has_children() {
        return;
    }
    let own = os::process_id();
    for queue in &store().queues {
        if queue.creator().is_some_and(|(creator, _)| creator == own) {
            tell_if_left(queue, |ds| {
                let is_own = [ds.msg_lspid, ds.msg_lrpid].iter().all(|user| *user == own as i32);
                queue.key() == IPC_PRIVATE || is_own
            });
        }
    }
}

/// Tells of the queues that were created by processes which have ended, and that are still there; in
/// the shared tables, by the command that reads them.
pub fn left_behind() {
    for queue in &store().queues {
        if queue.creator().is_some_and(|(creator, _)| !os::is_alive(creator as i32)) {
            tell_if_left(queue, |_| true);
        }
    }
}

fn tell_if_left(queue: &Queue, is_leak: impl Fn(&msqid_ds) -> bool) {
    let (Some(msqid), Some((creator, place)), None) =
        (queue.msqid(), queue.creator(), queue.remover())
    else {
        return;
    };
    let Some(ds) = ask::status(msqid).filter(is_leak) else { return };
    let call = Call { kind: Kind::Get, object: queue.key(), caller: 0 };
    report_of(Misuse::NotRemoved, call, (creator, creator), place, &|detail| {
        let _ = write!(detail, "the queue {msqid} was created here and is still there");
        if queue.key() == IPC_PRIVATE {
            detail.push(b", where nobody finds it without its id");
        }
        let _ = write!(detail, ", with {} messages", ds.msg_qnum);
    });
}
