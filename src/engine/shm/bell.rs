//! Waking a thread that sleeps, so that it wakes up even if the one who wakes it dies over it.
//!
//! Whoever changes something that a sleeper waits for rings its bell afterwards. Should he be killed
//! between the two, the sleeper would sleep on. So before he makes the change he tells the kernel of
//! the bell, as the futex that he is about to operate on (see `set_robust_list(2)`): when he dies the
//! kernel wakes one who sleeps on it, if the word is 0 or has his thread's id.

use super::atomic::Ordering;
use super::commit::Member;
use super::layout::{high, low, pair, slot};
use super::memory::{Fault, Memory};
use super::thread::Thread;

/// The low half of a bell: its thread sleeps, or is about to.
const ASLEEP: u32 = 0;
/// It is awake.
const AWAKE: u32 = 1;
/// Beside the id of the one who has rung: somebody sleeps on the futex.
const WAITERS: u32 = 1 << 31;

// The upper half: once somebody has rung, his processor. Before:
/// The thread sleeps until somebody rings, more or less.
pub const LONG: u32 = 1;
/// It sleeps for a moment only.
pub const SHORT: u32 = 2;

/// The thread is about to sleep like that.
pub fn lie_down<M: Memory, T: Thread>(member: &Member<'_, M, T>, how: u32) -> Result<(), Fault> {
    member.memory.word(member.at + slot::BELL)?.store(pair(how, ASLEEP), Ordering::SeqCst);
    Ok(())
}

/// The thread is awake.
pub fn get_up<M: Memory>(memory: M, at: usize) -> Result<(), Fault> {
    memory.word(at + slot::BELL)?.store(pair(0, AWAKE), Ordering::SeqCst);
    Ok(())
}

/// The processor of the one who has rung the bell of the slot at `place`, if anybody has.
pub fn rung_from<M: Memory>(memory: M, place: usize) -> Result<Option<u32>, Fault> {
    let word = memory.load(place + slot::BELL)?;
    Ok((low(word) & WAITERS != 0).then_some(high(word)))
}

/// Whether the thread of the slot at `place` sleeps until somebody rings.
pub fn sleeps_long<M: Memory>(memory: M, place: usize) -> Result<bool, Fault> {
    Ok(memory.load(place + slot::BELL)? == pair(LONG, ASLEEP))
}

/// From now on the thread of the slot at `place` wakes up if this one dies.
pub fn guard<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    place: usize,
) -> Result<(), Fault> {
    let before = member.system.guard(member.memory.word(place + slot::BELL)?);
    member.guarded.get_or_insert(before);
    Ok(())
}

/// The change is made, and all who had to be woken are.
pub fn unguard<M: Memory, T: Thread>(member: &mut Member<'_, M, T>) {
    if let Some(before) = member.guarded.take() {
        member.system.guard_as_before(before);
    }
}

/// How a ring was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// The thread is awake, or was just woken.
    Awake,
    /// Somebody else has rung, and it is not up yet; nor will it be, if it has died meanwhile.
    Before,
    /// It says that it sleeps, and does not: it is about to, or is stopped, or dead, or in a signal
    /// handler.
    NoAnswer,
}

/// Rings the bell of the slot at `place`.
pub fn ring<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    place: usize,
) -> Result<Rung, Fault> {
    let bell = member.memory.word(place + slot::BELL)?;
    let word = bell.load(Ordering::SeqCst);
    if low(word) != ASLEEP {
        return Ok(if low(word) == AWAKE { Rung::Awake } else { Rung::Before });
    }
    guard(member, place)?;
    let bell = member.memory.word(place + slot::BELL)?;
    let rung = pair(member.system.processor(), WAITERS | member.system.thread());
    let swap = bell.compare_exchange(word, rung, Ordering::SeqCst, Ordering::Relaxed);
    if swap.is_err() || member.system.wake(bell) {
        return Ok(Rung::Awake);
    }
    Ok(Rung::NoAnswer)
}
