//! The thread that makes a call, as the kernel sees it.
#![allow(unsafe_code)]

use super::commit::{Order, Owner, System};
use super::layout::{high, low, pair, slot};
use super::memory::{Fault, Memory};
use super::permission::Permissions;
use super::thread::{Presence, Slept, Thread};
use super::{apply, here, remembered};
use crate::engine::syscall;
use crate::errno::Errno;
use crate::os;
use crate::thread_word::{OWNER, ROBUST_LIST, SLEEPS};
use std::sync::atomic::{AtomicU64, Ordering};

/// For how many pauses of the processor a waiter looks before it sleeps: about two microseconds.
const LOOKS: u32 = 100;

// What a thread knows of its sleeps: how many there were, and these flags.
/// It is bound to one processor.
const BOUND: u32 = 1;
/// The last time, the one who woke it was on the same processor. Bound to it, he cannot do so while
/// the thread looks.
const BESIDE: u32 = 2;
/// After so many sleeps it is asked anew whether the thread is bound.
const RECOUNT: u32 = 64;

/// After so many pauses nobody is believed to be there who cannot be seen: a tenth of a second.
const UNSEEN_ROUNDS: u32 = 1_500;
/// After so many pauses, about a millisecond, who was in the midst of his stores is through, or was
/// interrupted. A state that `/proc` shows is set a moment before the thread leaves the processor.
const STORED_ROUNDS: u32 = 70;
/// The same of those who cannot be seen: some milliseconds.
const UNSEEN_STORED_ROUNDS: u32 = 100;

/// The calling thread.
pub struct Caller {
    /// Its process's id | its own.
    ids: u64,
}

impl Caller {
    /// The calling thread.
    #[inline(always)]
    pub fn new() -> Caller {
        let process = here::process();
        let ids = OWNER.get();
        if high(ids) == process {
            return Caller { ids };
        }
        Caller::ask(process)
    }

    #[cold]
    fn ask(process: u32) -> Caller {
        let ids = pair(process, os::thread_id());
        OWNER.set(ids);
        Caller { ids }
    }

    /// What its slot says of it.
    pub fn owner(&self) -> Owner {
        let flags = if apply::restarts() { slot::RESTARTS } else { 0 };
        Owner { ids: self.ids, started: here::started(), namespace: here::namespace() << 1 | flags }
    }

    /// Whether the slot is this thread's. What it had published was interrupted then, by what the
    /// thread is doing now.
    fn is_mine(&self, owner: &Owner) -> bool {
        owner.ids == self.ids && owner.namespace >> 1 == here::namespace()
    }

    /// Its process's id | its own.
    pub fn ids(&self) -> u64 {
        self.ids
    }
}

impl System for Caller {
    #[inline(always)]
    fn carry_out<M: Memory>(&self, memory: M, order: &Order<'_>) -> Result<bool, Fault> {
        apply::carry_out(memory, order, high(self.ids))
    }

    fn pause(&self, round: u32) {
        match round {
            0..50 => (0..8).for_each(|_| std::hint::spin_loop()),
            50..60 => os::yield_processor(),
            _ => os::sleep_nanoseconds(60_000),
        }
    }

    fn is_out_of_the_way(&self, owner: &Owner, round: u32) -> bool {
        if self.is_mine(owner) {
            return true;
        }
        // Not at once: it is usually done within nanoseconds.
        if round < 60 || !round.is_multiple_of(16) {
            return false;
        }
        match self.presence(owner) {
            Presence::Gone => true,
            Presence::Stopped => owner.namespace & slot::RESTARTS != 0,
            Presence::There | Presence::Running => false,
            Presence::Unseen => round > UNSEEN_ROUNDS,
        }
    }

    fn has_left_off(&self, owner: &Owner, round: u32) -> bool {
        if self.is_mine(owner) {
            return true;
        }
        if (1..STORED_ROUNDS).contains(&round) {
            return false;
        }
        match self.presence(owner) {
            Presence::Gone => true,
            Presence::Stopped | Presence::There => round >= STORED_ROUNDS,
            Presence::Running => false,
            Presence::Unseen => round >= UNSEEN_STORED_ROUNDS,
        }
    }

    fn swap(&self, lock: &AtomicU64, seen: u64, new: u64) -> Result<bool, Fault> {
        apply::swap(lock, seen, new, high(self.ids))
    }
}

/// Whether a thread's ids mean the same here as to itself.
fn is_seen(owner: &Owner) -> bool {
    owner.namespace >> 1 == here::namespace() && here::namespace() != 0
}

impl Thread for Caller {
    #[inline(always)]
    fn process(&self) -> u32 {
        high(self.ids)
    }

    fn thread(&self) -> u32 {
        low(self.ids)
    }

    #[inline(always)]
    fn seconds(&self) -> u32 {
        // SAFETY: the C library reads a page that the kernel keeps up to date.
        unsafe { libc::time(std::ptr::null_mut()) as u32 }
    }

    #[inline(always)]
    fn may(&self, permissions: &Permissions, wanted: u32) -> bool {
        remembered::allows(permissions, wanted)
    }

    fn guard(&self, bell: &AtomicU64) -> u64 {
        match robust_list() {
            Some(head) => {
                let entry = low_half(bell) as u64;
                // SAFETY: the thread's own, and it outlives the thread's last instruction.
                let head = unsafe { &*head };
                let entry = entry.wrapping_sub(head.futex_offset.load(Ordering::Relaxed));
                let before = head.pending.load(Ordering::Relaxed);
                head.pending.store(entry, Ordering::SeqCst);
                before
            }
            None => 0,
        }
    }

    fn guard_as_before(&self, before: u64) {
        if let Some(head) = robust_list() {
            // SAFETY: as in `guard`.
            unsafe { &*head }.pending.store(before, Ordering::SeqCst);
        }
    }

    fn wake(&self, bell: &AtomicU64) -> bool {
        os::wake_one(low_half(bell)) > 0
    }

    fn sleep(&self, bell: &AtomicU64, nanoseconds: u64) -> Slept {
        let before = Errno::current();
        // SAFETY: the word is mapped, and stays so.
        let answer = unsafe { syscall::futex_wait(low_half(bell), 0, nanoseconds) };
        let error = Errno::current();
        before.set();
        match (answer, error.0) {
            (-1, libc::EINTR) => Slept::Interrupted,
            (-1, libc::ETIMEDOUT) => Slept::TimedOut,
            _ => Slept::Woken,
        }
    }

    fn presence(&self, owner: &Owner) -> Presence {
        if !is_seen(owner) {
            return Presence::Unseen;
        }
        let (process, thread) = (high(owner.ids), low(owner.ids));
        if process == 0 || !os::exists(process, thread) {
            return Presence::Gone;
        }
        // Without /proc, what exists may run.
        let Some((state, started)) = os::thread_state(process, thread) else {
            return if os::exists(process, thread) { Presence::Running } else { Presence::Gone };
        };
        if process == thread && owner.started != 0 && started != owner.started {
            return Presence::Gone;
        }
        match state {
            b'T' | b't' => Presence::Stopped,
            b'Z' | b'X' | b'x' => Presence::Gone,
            b'R' => Presence::Running,
            _ => Presence::There,
        }
    }

    fn is_gone(&self, owner: &Owner) -> bool {
        is_seen(owner) && !os::exists(high(owner.ids), low(owner.ids))
    }

    fn processor(&self) -> u32 {
        // SAFETY: has no argument.
        unsafe { libc::sched_getcpu() as u32 }
    }

    fn looks(&self) -> u32 {
        let in_vain = low(SLEEPS.get()) == BOUND | BESIDE;
        if in_vain || !here::has_other_processors() { 0 } else { LOOKS }
    }

    fn slept_beside(&self, beside: bool) {
        let before = SLEEPS.get();
        let bound = match high(before).is_multiple_of(RECOUNT) {
            true if os::allowed_processors() == 1 => BOUND,
            true => 0,
            false => low(before) & BOUND,
        };
        let beside = if beside { BESIDE } else { 0 };
        SLEEPS.set(pair(high(before).wrapping_add(1), bound | beside));
    }
}

/// What the C library has told the kernel of its locks: `struct robust_list_head` of the kernel.
#[repr(C)]
struct RobustList {
    list: AtomicU64,
    futex_offset: AtomicU64,
    pending: AtomicU64,
}

/// The calling thread's, if it has one.
fn robust_list() -> Option<*const RobustList> {
    let head = match ROBUST_LIST.get() {
        0 => {
            let head = os::robust_list().map_or(1, |head| head as u64);
            ROBUST_LIST.set(head);
            head
        }
        head => head,
    };
    (head > 1).then_some(head as *const RobustList)
}

/// What a futex waits on.
fn low_half(word: &AtomicU64) -> *const u32 {
    let half = word.as_ptr().cast::<u32>();
    if cfg!(target_endian = "little") { half } else { half.wrapping_add(1) }
}
