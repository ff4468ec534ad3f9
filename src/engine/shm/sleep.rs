//! Waiting for something to happen to one's wait word.
//!
//! A waiter first looks again a few times, where another processor could be at work on what it waits
//! for; then it sleeps until its bell rings. One that was woken and finds nothing is on duty: for a
//! while it looks at the queue every two milliseconds, since the one who woke it may have died over
//! it, or a message may have been handed to somebody who died.

use super::atomic::Ordering;
use super::attempt::{End, Step, attempt};
use super::commit::{LIVE, Member};
use super::layout::{high, queue, slot};
use super::memory::{Fault, Memory};
use super::thread::{Slept, Thread};
use super::waiters::{self, next, state, state_of};
use super::{bell, control};
use libc::{EIDRM, EINVAL};

/// About a second: after that long even two who died at the same moment are noticed. Not just a second: a
/// program that sets an alarm and waits would find its signal and this end of a sleep at the same
/// moment, and the kernel then says that the time is over, not that a signal came.
const LONG_NANOSECONDS: u64 = 937_000_000;
const SHORT_NANOSECONDS: u64 = 2_000_000;
/// How many short sleeps a duty lasts.
const DUTY: u32 = 5;
/// How many short sleeps somebody gets to fetch his message, who cannot be seen, or does something else: a
/// signal handler may have come between that never returns.
pub const PATIENCE: u32 = 50;
/// How many one gets who runs, but on a busy machine may have to wait for a processor.
pub const BUSY_PATIENCE: u32 = 1500;

/// How a waiter goes about it.
pub struct Patience {
    /// Short sleeps to come.
    duty: u32,
    /// Short sleeps so far, in a row.
    pub watched: u32,
    looked: bool,
}

/// How a look at the wait word ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has changed, or it is time to look at the queue.
    Looked,
    /// A signal handler ran.
    Interrupted,
}

impl Patience {
    /// That of a call which has not waited yet.
    pub fn new() -> Patience {
        Patience { duty: 0, watched: 0, looked: false }
    }

    /// Stays on duty as long as somebody's message has not been fetched.
    pub fn keep_watching(&mut self) {
        self.duty = self.duty.max(1);
    }

    /// Looks for a moment whether something comes true, before the queue is told of a waiter. First
    /// after so many pauses, then after more and more, since whoever makes it come true is held up by
    /// each look.
    pub fn look<T: Thread>(
        &mut self,
        thread: &T,
        pauses: u32,
        come: impl Fn() -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        if self.looked {
            return Ok(false);
        }
        self.looked = true;
        let (mut pause, mut left) = (pauses, thread.looks());
        while left > 0 {
            let this = pause.min(left);
            (0..this).for_each(|_| std::hint::spin_loop());
            left -= this;
            pause += pause / 4;
            if come()? {
                self.looked = false;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Waits until the wait word is no longer `WAITING`, or it is time to look at the queue.
pub fn until_changed<M: Memory, T: Thread>(
    member: &Member<'_, M, T>,
    patience: &mut Patience,
) -> Result<Ended, Fault> {
    let word = member.memory.word(member.at + slot::WAIT)?;
    let expected = word.load(Ordering::Acquire);
    // Either this sees what the other one wrote before it looked at the bell, or that one sees the
    // bell as it is.
    let changed = || word.load(Ordering::SeqCst) != expected;
    if state_of(expected) != state::WAITING {
        return Ok(Ended::Looked);
    }
    for _ in 0..member.system.looks() {
        std::hint::spin_loop();
        if changed() {
            return Ok(Ended::Looked);
        }
    }
    let (how, time) = match patience.duty {
        0 => (bell::LONG, LONG_NANOSECONDS),
        _ => (bell::SHORT, SHORT_NANOSECONDS),
    };
    let processor = member.system.processor();
    bell::lie_down(member, how)?;
    let slept = match changed() {
        true => Slept::Woken,
        false => member.system.sleep(member.memory.word(member.at + slot::BELL)?, time),
    };
    let waker = bell::rung_from(member.memory, member.at)?;
    bell::get_up(member.memory, member.at)?;
    member.system.slept_beside(waker == Some(processor));
    match slept {
        Slept::Interrupted => return Ok(Ended::Interrupted),
        Slept::TimedOut => {
            patience.duty = patience.duty.saturating_sub(1);
            patience.watched = if how == bell::SHORT { patience.watched + 1 } else { 0 };
        }
        Slept::Woken => patience.duty = DUTY,
    }
    Ok(Ended::Looked)
}

/// The thread waits no longer: leaves the list, if it is still in it. False where something has
/// come meanwhile.
pub fn withdraw<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    list: usize,
) -> Result<bool, End> {
    let sender = list == waiters::list(at, false);
    let withdrawn = attempt(member, at, |member, seen| {
        let wait = member.memory.load(member.at + slot::WAIT)?;
        let removed = seen & LIVE == 0 || high(member.memory.load(at + queue::IDENTITY)?) != id;
        let listed = state_of(wait) == state::WAITING || sender && state_of(wait) == state::AGAIN;
        if removed || !listed {
            let has_one =
                matches!(state_of(wait), state::PENDING | state::HANDED | state::WITHDRAWN);
            return Ok(Step::Answer(!has_one));
        }
        waiters::leave(member, list, member.at, next(wait, state::IDLE, 0))?;
        Ok(Step::Change(true))
    })?;
    if withdrawn {
        // The lists of a queue that is no more are nobody's.
        let word = member.memory.word(member.at + slot::WAIT)?;
        word.store(next(word.load(Ordering::Acquire), state::IDLE, 0), Ordering::Release);
    }
    Ok(withdrawn)
}

/// The error of a call whose queue was removed while it waited. One that was stopped meanwhile
/// begins anew when it goes on, and finds no queue.
pub fn removed<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
) -> Result<i32, Fault> {
    let word = member.memory.word(member.at + slot::WAIT)?;
    let wait = word.swap(next(word.load(Ordering::Acquire), state::IDLE, 0), Ordering::AcqRel);
    // Whoever removed the queue may not have come to tell anybody, or not all.
    control::wake_everybody(member, at)?;
    Ok(if state_of(wait) == state::MISSED { EINVAL } else { EIDRM })
}

/// Whether the queue at `at` exists and has this id.
pub fn is_there<M: Memory>(memory: M, at: usize, id: u32) -> Result<bool, Fault> {
    let lock = memory.word(at)?.load(Ordering::Acquire);
    Ok(lock & LIVE != 0 && high(memory.load(at + queue::IDENTITY)?) == id)
}
