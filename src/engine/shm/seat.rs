//! A thread enters the arena with each call, and leaves it.
//!
//! A thread has a slot, and says in it while it is inside. A call that finds its thread inside was
//! made by a signal handler that interrupted another call, and takes a second slot: so it disturbs nothing
//! of the first. Or that call was left by a jump (siglongjmp(3)), and there is nobody to come back
//! to it; then its stack is gone, and the slot is free to be used again.
use super::atomic::Ordering;
use super::attempt::End;
use super::caller_thread::Caller;
use super::commit::{Member, slot_at};
use super::layout::{high, low, pair, slot};
use super::memory::{Fault, Memory, value};
use super::space::Mapped;
use super::waiters::{state, state_of};
use super::{bell, home, own, ranges, slots};
use crate::os;
use crate::thread_word::SLOT;
use libc::{EIO, ENOSYS};

/// A thread's place in the arena.
pub type Seat<'a> = Member<'a, Mapped, Caller>;

/// Does something inside the arena of the registry.
#[inline(always)]
pub fn inside<T>(act: impl Fn(&mut Seat<'_>) -> Result<T, End>) -> Result<T, End> {
    match home::get() {
        Some(memory) => inside_of(memory, true, act),
        None => Err(End::errno(ENOSYS)),
    }
}

/// Does something inside the arena of a queue that has a file of its own.
pub fn inside_own<T>(
    index: u32,
    name: u64,
    act: impl Fn(&mut Seat<'_>) -> Result<T, End>,
) -> Result<T, End> {
    let (memory, place) = own::enter(index, name)?;
    let outcome = inside_of(memory, false, act);
    own::leave(place);
    outcome
}

/// Does something inside an arena.
///
/// Where the thread is cancelled inside, or leaves by a jump, it is tidied up after by whoever needs its
/// slot.
#[inline(always)]
fn inside_of<T>(
    memory: Mapped,
    is_home: bool,
    act: impl Fn(&mut Seat<'_>) -> Result<T, End>,
) -> Result<T, End> {
    loop {
        let caller = Caller::new();
        let mut seat = enter(&memory, &caller, is_home)?;
        let outcome = act(&mut seat);
        if let Some(outcome) = leave(seat, outcome) {
            return outcome;
        }
    }
}

/// Enters an arena.
#[inline(always)]
pub fn enter<'a>(memory: &'a Mapped, caller: &'a Caller, is_home: bool) -> Result<Seat<'a>, End> {
    if ranges::damaged(memory.all().0.cast()) {
        return Err(End::errno(EIO));
    }
    let (number, at) = match is_home {
        true => enter_home(memory, caller)?,
        false => enter_own(memory, caller)?,
    };
    Ok(Member::new(memory, caller, number, at)?)
}

/// Leaves the arena; what came of the call. Nothing in a child that a signal handler made amid it: the
/// slot is the parent's, and the call begins anew.
#[inline(always)]
pub fn leave<T>(mut seat: Seat<'_>, outcome: Result<T, End>) -> Option<Result<T, End>> {
    if let Err(end) = outcome {
        return seat.aside(|seat| leave_without_success(seat, end)).map(Err);
    }
    bell::unguard(&mut seat);
    seat.slot.store(slot::INSIDE, 0);
    Some(outcome)
}

#[cold]
fn leave_without_success(seat: &mut Seat<'_>, end: End) -> Option<End> {
    if end == End::fault(Fault::Forked) {
        return None;
    }
    bell::unguard(seat);
    // A slot that still says that its thread waits: the queue is damaged, or the arena is full.
    let tidied = match seat.memory.load(seat.at + slot::WAIT) {
        Ok(wait) if state_of(wait) == state::IDLE => Ok(()),
        _ => slots::tidy(seat),
    };
    if tidied == Err(End::fault(Fault::Forked)) {
        return None;
    }
    seat.slot.store(slot::INSIDE, 0);
    Some(tidied.err().unwrap_or(end))
}

/// Where the stack is now.
#[inline(always)]
fn frame() -> u64 {
    let marker = 0u8;
    &raw const marker as u64
}

/// Finds the thread's slot: its number, and its first word.
#[inline(always)]
fn enter_home(memory: &Mapped, caller: &Caller) -> Result<(u32, usize), End> {
    let frame = frame();
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

/// The same in the arena of a single queue, where a thread does not remember its slot.
#[cold]
fn enter_own(memory: &Mapped, caller: &Caller) -> Result<(u32, usize), End> {
    let frame = frame();
    for number in 0..slots::used(memory)? {
        let at = slot_at(memory, number)?;
        let words = memory.array::<{ slot::WORDS }>(at)?;
        if value(&words[slot::OWNER]) == caller.ids() {
            match value(&words[slot::INSIDE]) {
                0 => {
                    words[slot::INSIDE].store(frame, Ordering::Relaxed);
                    return Ok((number, at));
                }
                _ => return enter_again(memory, caller, number, at, frame),
            }
        }
    }
    claim(memory, caller, frame)
}

fn claim(memory: &Mapped, caller: &Caller, frame: u64) -> Result<(u32, usize), End> {
    let member = slots::claim(memory, caller, &caller.owner())?;
    member.slot.store(slot::INSIDE, frame);
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
    if frame < member.slot.load(slot::INSIDE) || os::on_alternate_stack() {
        return claim(memory, caller, frame);
    }
    slots::tidy(&mut member)?;
    member.slot.store(slot::INSIDE, frame);
    Ok((number, at))
}

#[cfg(test)]
#[path = "seat_tests.rs"]
mod tests;
