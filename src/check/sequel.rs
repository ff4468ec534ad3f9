//! What the next call of a thread shows of how it took a failure.
//!
//! A failed call is kept in a table by its thread until that thread calls again. Where it is kept is in
//! a word of the thread's own, so that all other calls cost next to nothing.
#![allow(unsafe_code)]

use super::finding::Call;
use super::places::checksum;
use crate::os;
use crate::thread_word::KEPT;
use crate::trace::call::Outcome;
use crate::trace::capture::Readable;
use crate::trace::format::Kind;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize};

/// How many bytes of a message tell it from another.
const TELLING: usize = 256;

/// A call that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    pub msqid: i32,
    /// Where the call returned to.
    pub caller: usize,
    /// Where the message is.
    pub msgp: usize,
    pub msgsz: usize,
    pub errno: i32,
    /// Of the message, as it was then.
    pub checksum: u64,
    pub was_receive: bool,
}

struct Slot {
    /// Whose call it is; 0: free; [`BUSY`].
    thread: AtomicU32,
    errno: AtomicI32,
    msqid: AtomicI32,
    was_receive: AtomicU32,
    caller: AtomicUsize,
    msgp: AtomicUsize,
    msgsz: AtomicUsize,
    checksum: AtomicU64,
}

static SLOTS: [Slot; 64] = [const {
    Slot {
        thread: AtomicU32::new(0),
        errno: AtomicI32::new(0),
        msqid: AtomicI32::new(0),
        was_receive: AtomicU32::new(0),
        caller: AtomicUsize::new(0),
        msgp: AtomicUsize::new(0),
        msgsz: AtomicUsize::new(0),
        checksum: AtomicU64::new(0),
    }
}; 64];

/// Of a slot that somebody is writing or reading.
const BUSY: u32 = u32::MAX;

/// Where to look next for a slot whose thread has ended, and how many are looked at for one call.
static NEXT: AtomicU32 = AtomicU32::new(0);
const LOOKS: usize = 4;

/// Keeps a call of this thread that had this outcome until its next one, where the message was there:
/// at this address, of this size.
#[cold]
pub fn keep(call: Call, outcome: Outcome, checksum: Option<u64>, (msgp, msgsz): (usize, usize)) {
    if let (Some(checksum), Err(error)) = (checksum, outcome) {
        let (msqid, caller, errno) = (call.object, call.caller, error.0);
        let was_receive = call.kind == Kind::Receive;
        enter(Failed { msqid, caller, msgp, msgsz, errno, checksum, was_receive });
    }
}

#[inline(never)]
fn enter(failed: Failed) {
    let thread = os::thread_id();
    let Some((index, slot)) = claim(thread) else { return };
    slot.errno.store(failed.errno, Relaxed);
    slot.msqid.store(failed.msqid, Relaxed);
    slot.was_receive.store(failed.was_receive.into(), Relaxed);
    slot.caller.store(failed.caller, Relaxed);
    slot.msgp.store(failed.msgp, Relaxed);
    slot.msgsz.store(failed.msgsz, Relaxed);
    slot.checksum.store(failed.checksum, Relaxed);
    slot.thread.store(thread, Release);
    KEPT.set(index as u64 + 1);
}

/// A slot for this thread: a free one, or that of a thread which has ended and will never call again.
fn claim(thread: u32) -> Option<(usize, &'static Slot)> {
    let mut slots = SLOTS.iter().enumerate();
    slots.find(|(_, slot)| slot.become_busy(0)).or_else(|| {
        let from = NEXT.fetch_add(LOOKS as u32, Relaxed) as usize;
        let some = (from..from.wrapping_add(LOOKS)).map(|number| number % SLOTS.len());
        some.filter_map(|index| Some((index, SLOTS.get(index)?)))
            .find(|(_, slot)| slot.is_left(thread))
    })
}

impl Slot {
    fn become_busy(&self, thread: u32) -> bool {
        self.thread.compare_exchange(thread, BUSY, AcqRel, Relaxed).is_ok()
    }

    /// Whether nobody will take what is kept here, which the caller then may replace. (A thread leaves a
    /// slot of its own where a signal handler that came in between has kept a call, too.)
    fn is_left(&self, thread: u32) -> bool {
        let owner = self.thread.load(Acquire);
        let is_left = owner == thread || owner != BUSY && !os::exists(os::process_id(), owner);
        is_left && self.become_busy(owner)
    }
}

/// The last call of this thread, where it failed and was kept; it is kept no longer.
#[inline(always)]
pub fn take() -> Option<Failed> {
    if KEPT.get() == 0 { None } else { take_own() }
}

#[cold]
#[inline(never)]
fn take_own() -> Option<Failed> {
    let slot = SLOTS.get((KEPT.get() as usize).wrapping_sub(1));
    KEPT.set(0);
    // Another's: this thread is its like in a child.
    let slot = slot.filter(|slot| slot.become_busy(os::thread_id()))?;
    let failed = Failed {
        errno: slot.errno.load(Relaxed),
        msqid: slot.msqid.load(Relaxed),
        was_receive: slot.was_receive.load(Relaxed) != 0,
        caller: slot.caller.load(Relaxed),
        msgp: slot.msgp.load(Relaxed),
        msgsz: slot.msgsz.load(Relaxed),
        checksum: slot.checksum.load(Relaxed),
    };
    slot.thread.store(0, Release);
    Some(failed)
}

/// Keeps nothing: in a child, whose threads are not its parent's.
pub fn forget() {
    KEPT.set(0);
    SLOTS.iter().for_each(|slot| slot.thread.store(0, Relaxed));
}

/// What tells a message from another: of its type, its size, and its first bytes.
///
/// # Safety
/// The memory is still what the call saw.
#[inline(never)]
pub unsafe fn checksum_of(message: Readable, msgsz: usize) -> Option<u64> {
    // SAFETY: the caller's promise.
    let mtype = unsafe { message.read_mtype() }?;
    let length = message.length.min(TELLING);
    // SAFETY: so many bytes are there at least.
    let bytes = unsafe { std::slice::from_raw_parts(message.bytes, length) };
    Some(sum(mtype, msgsz, bytes))
}

/// The same for a buffer that was not proven readable; nothing where it is not.
#[inline(never)]
pub fn checksum_at(msgp: usize, msgsz: usize) -> Option<u64> {
    let mut mtype = [0u8; 8];
    let mut text = [0u8; TELLING];
    let text = text.get_mut(..msgsz.min(TELLING))?;
    let is_there = os::peek(msgp, &mut mtype) && os::peek(msgp.wrapping_add(8), text);
    is_there.then(|| sum(i64::from_ne_bytes(mtype), msgsz, text))
}

fn sum(mtype: i64, msgsz: usize, bytes: &[u8]) -> u64 {
    let head = mtype.to_ne_bytes().into_iter().chain(msgsz.to_ne_bytes());
    checksum(head.chain(bytes.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(msqid: i32) -> Failed {
        Failed {
            msqid,
            caller: 1,
            msgp: 2,
            msgsz: 3,
            errno: libc::EAGAIN,
            checksum: 4,
            was_receive: false,
        }
    }

    /// The table is one for the whole process.
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

    #[test]
    fn each_thread_takes_its_own_failure_once() {
        let _alone = ALONE.lock();
        assert!(take().is_none());
        enter(failed(5));
        let other = std::thread::spawn(|| {
            let before = take().map(|failed| failed.msqid);
            enter(failed(6));
            (before, take().map(|failed| failed.msqid))
        });
        assert_eq!(other.join().unwrap(), (None, Some(6)));
        assert_eq!(take().map(|failed| failed.msqid), Some(5));
        assert!(take().is_none());
    }

    #[test]
    fn threads_that_have_ended_leave_room() {
        let _alone = ALONE.lock();
        for _ in 0..10 * SLOTS.len() {
            std::thread::spawn(|| enter(failed(7))).join().unwrap();
        }
        // What a thread has kept it takes, also where a handler kept something in between.
        let kept = || {
            enter(failed(8));
            enter(failed(9));
            take().map(|failed| failed.msqid)
        };
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        // The kernel may still have some of them.
        while std::thread::spawn(kept).join().unwrap() != Some(9) {
            assert!(std::time::Instant::now() < deadline, "no room");
        }
        forget();
    }

    #[test]
    fn a_message_is_told_from_another_by_type_size_and_text() {
        let sums = [sum(1, 3, b"abc"), sum(2, 3, b"abc"), sum(1, 4, b"abc"), sum(1, 3, b"abd")];
        for (number, one) in sums.iter().enumerate() {
            assert_eq!(sums.iter().position(|other| other == one), Some(number));
        }
        let message = (7i64, *b"text    ");
        let at = std::ptr::from_ref(&message).addr();
        assert_eq!(checksum_at(at, 4), Some(sum(7, 4, b"text")));
        assert_eq!(checksum_at(8, 4), None);
    }
}
