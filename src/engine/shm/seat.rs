//! A thread enters the arena with each call, and leaves it.
//!
//! A thread has a slot, and says in it while it is inside. A call that finds its thread inside was
//! made by a signal handler that interrupted another call, and takes a second slot: so it disturbs nothing
//! of the first. Or that call was left by a jump (siglongjmp(3)), and there is nobody to come back
//! to it; then its stack is gone, and the slot is free to be used again.
#![allow(unsafe_code)]

use super::atomic::Ordering;
use super::attempt::End;
use super::caller_thread::Caller;
use super::commit::{Member, slot_at};
use super::home::{self, Mapped};
use super::layout::{high, low, pair, slot};
use super::memory::{Fault, Memory, value};
use super::waiters::{state, state_of};
use super::{bell, ranges, slots};
use crate::os;
use crate::thread_word::SLOT;
use libc::{EIO, ENOSYS};

/// A thread's place in the arena.
pub type Seat<'a> = Member<'a, Mapped, Caller>;

/// Does something inside the arena.
///
/// Where the thread is cancelled inside, or leaves by a jump, it is tidied up after by whoever needs its
/// slot.
#[inline(always)]
pub fn inside<T>(act: impl Fn(&mut Seat<'_>) -> Result<T, End>) -> Result<T, End> {
    loop {
        let Some(memory) = home::get() else { return Err(End::errno(ENOSYS)) };
        if ranges::damaged(memory.all().0.cast()) {
            return Err(End::errno(EIO));
        }
        let caller = Caller::new();
        let (number, at) = enter(&memory, &caller)?;
        let mut seat = Member::new(&memory, &caller, number, at)?;
        let outcome = act(&mut seat);
        match outcome {
            // In a child that a signal handler made amid the call: the slot is the parent's.
            Err(end) if end == End::fault(Fault::Forked) => {}
            _ => {
                bell::unguard(&mut seat);
                if outcome.is_err() && waits(&seat)? {
                    slots::tidy(&mut seat)?;
                }
                seat.slot[slot::INSIDE].store(0, Ordering::Relaxed);
                return outcome;
            }
        }
    }
}

/// Whether the thread's slot still says that it waits: the queue is damaged.
fn waits(seat: &Seat<'_>) -> Result<bool, Fault> {
    Ok(state_of(seat.memory.load(seat.at + slot::WAIT)?) != state::IDLE)
}

/// Finds the thread's slot: its number, and its first word.
#[inline(always)]
fn enter(memory: &Mapped, caller: &Caller) -> Result<(u32, usize), End> {
    let marker = 0u8;
    let frame = &raw const marker as u64;
    let known = SLOT.get();
    if low(known) == high(caller.ids()) && high(known) != 0 {
        let number = high(known) - 1;
        let at = slot_at(memory, number)?;
        let words = memory.array::<{ slot::WORDS }>(at)?;
        let is_mine = value(&words[slot::OWNER]) == caller.ids();
        if is_mine && value(&words[slot::INSIDE]) == 0 {
            words[slot::INSIDE].store(frame, Ordering::Relaxed);
            return Ok((number, at));
        }
        if is_mine {
            return enter_again(memory, caller, number, at, frame);
        }
    }
    enter_first(memory, caller, frame)
}

/// The thread's first call: it needs a slot.
#[cold]
fn enter_first(memory: &Mapped, caller: &Caller, frame: u64) -> Result<(u32, usize), End> {
    let (number, at) = claim(memory, caller, frame)?;
    SLOT.set(pair(number + 1, high(caller.ids())));
    Ok((number, at))
}

fn claim(memory: &Mapped, caller: &Caller, frame: u64) -> Result<(u32, usize), End> {
    let member = slots::claim(memory, caller, &caller.owner())?;
    member.slot[slot::INSIDE].store(frame, Ordering::Relaxed);
    Ok((member.number as u32, member.at))
}

/// A call of a thread that is inside already.
#[cold]
fn enter_again(
    memory: &Mapped,
    caller: &Caller,
    number: u32,
    at: usize,
    frame: u64,
) -> Result<(u32, usize), End> {
    let mut member = Member::new(memory, caller, number, at)?;
    if frame < value(&member.slot[slot::INSIDE]) || os::on_alternate_stack() {
        return claim(memory, caller, frame);
    }
    slots::tidy(&mut member)?;
    member.slot[slot::INSIDE].store(frame, Ordering::Relaxed);
    Ok((number, at))
}
