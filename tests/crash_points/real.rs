//! A thread of a real process, as the engine sees it: woken, and found dead, by the kernel.

use crate::kernel;
use crate::shm::atomic::{AtomicU64, asks};
use crate::shm::attempt::End;
use crate::shm::commit::{Member, Order, Owner, System, step_by_step};
use crate::shm::layout::{high, low, pair};
use crate::shm::memory::{Fault, Memory};
use crate::shm::permission::Permissions;
use crate::shm::slots;
use crate::shm::thread::{Presence, Slept, Thread};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// All processes of a test have one namespace: its number, and no flag.
const NAMESPACE: u64 = 5 << 1;
/// The time that every call sees.
pub const NOW: u32 = 7;

/// The thread that made this.
pub struct Real {
    ids: u64,
    started: u64,
}

impl Real {
    pub fn new() -> Real {
        let process = kernel::process_id();
        let started = kernel::thread_state(process, process).map_or(0, |(_, started)| started);
        Real { ids: pair(process, kernel::thread_id()), started }
    }

    pub fn owner(&self) -> Owner {
        Owner { ids: self.ids, started: self.started, namespace: NAMESPACE }
    }

    /// Its place in an arena.
    pub fn place<'a, M: Memory>(&'a self, memory: &'a M) -> Result<Member<'a, M, Real>, End> {
        slots::claim(memory, self, &self.owner())
    }
}

impl System for Real {
    fn carry_out<M: Memory>(&self, memory: M, order: &Order<'_>) -> Result<bool, Fault> {
        step_by_step(memory, order)
    }

    fn pause(&self, round: u32) {
        match round {
            0..50 => std::hint::spin_loop(),
            50..60 => std::thread::yield_now(),
            _ => std::thread::sleep(Duration::from_micros(60)),
        }
    }

    fn is_out_of_the_way(&self, owner: &Owner, round: u32) -> bool {
        owner.ids == self.ids
            || round >= 60 && round.is_multiple_of(16) && self.presence(owner) == Presence::Gone
    }

    fn has_left_off(&self, owner: &Owner, _: u32) -> bool {
        owner.ids == self.ids || self.presence(owner) == Presence::Gone
    }
}

impl Thread for Real {
    fn process(&self) -> u32 {
        high(self.ids)
    }

    fn thread(&self) -> u32 {
        low(self.ids)
    }

    fn seconds(&self) -> u32 {
        NOW
    }

    fn may(&self, permissions: &Permissions, wanted: u32) -> bool {
        let owner = permissions.mode >> 6;
        (wanted >> 6 | wanted >> 3 | wanted) & !owner & 7 == 0
    }

    fn guard(&self, bell: &AtomicU64) -> u64 {
        asks();
        let head = kernel::robust_list();
        let entry = bell_word(bell) as u64;
        let before = head.pending.load(Ordering::Relaxed);
        let offset = head.futex_offset.load(Ordering::Relaxed);
        head.pending.store(entry.wrapping_sub(offset), Ordering::SeqCst);
        before
    }

    fn guard_as_before(&self, before: u64) {
        asks();
        kernel::robust_list().pending.store(before, Ordering::SeqCst);
    }

    fn wake(&self, bell: &AtomicU64) -> bool {
        asks();
        kernel::futex_wake(bell_word(bell))
    }

    fn sleep(&self, bell: &AtomicU64, nanoseconds: u64) -> Slept {
        asks();
        match kernel::futex_sleep(bell_word(bell), nanoseconds) {
            Some(libc::EINTR) => Slept::Interrupted,
            Some(libc::ETIMEDOUT) => Slept::TimedOut,
            _ => Slept::Woken,
        }
    }

    fn is_gone(&self, owner: &Owner) -> bool {
        self.presence(owner) == Presence::Gone
    }

    fn presence(&self, owner: &Owner) -> Presence {
        if owner.ids == self.ids {
            return Presence::There;
        }
        if owner.namespace != NAMESPACE {
            return Presence::Unseen;
        }
        let (process, thread) = (high(owner.ids), low(owner.ids));
        match kernel::thread_state(process, thread) {
            None => Presence::Gone,
            Some((_, started))
                if process == thread && owner.started != 0 && started != owner.started =>
            {
                Presence::Gone
            }
            Some((b'T' | b't', _)) => Presence::Stopped,
            Some((b'Z' | b'X' | b'x', _)) => Presence::Gone,
            Some(_) => Presence::There,
        }
    }

    fn looks(&self) -> u32 {
        0
    }

    fn processor(&self) -> u32 {
        0
    }

    fn slept_beside(&self, _: bool) {}
}

/// What a futex waits on: the bell's low half.
fn bell_word(bell: &AtomicU64) -> *const u32 {
    let half = bell.as_ptr().cast::<u32>();
    if cfg!(target_endian = "little") { half } else { half.wrapping_add(1) }
}
