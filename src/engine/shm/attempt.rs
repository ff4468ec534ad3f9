//! One try after the other, until what was read belongs together.

use super::commit::{LIVE, Member, System};
use super::layout::{high, queue};
use super::memory::{Fault, Memory, Queue};
use crate::errno::Errno;

/// Why a call ends without success: an error number, or a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End(i64);

impl End {
    /// The call fails with this number.
    #[inline(always)]
    pub const fn errno(number: i32) -> End {
        End(number as i64)
    }

    /// Something is wrong with the arena.
    #[inline(always)]
    pub const fn fault(fault: Fault) -> End {
        End(-1 - fault as i64)
    }
}

impl From<Fault> for End {
    #[inline(always)]
    fn from(fault: Fault) -> End {
        End::fault(fault)
    }
}

impl From<End> for Errno {
    fn from(end: End) -> Errno {
        match end {
            End(number @ 0..) => Errno(number as i32),
            end if end == End::fault(Fault::Full) => Errno(libc::ENOMEM),
            _ => Errno(libc::EIO),
        }
    }
}

/// What a try comes to.
pub enum Step<T> {
    /// This answer, once the drafted change is made.
    Change(T),
    /// This answer, if nobody has changed anything meanwhile.
    Answer(T),
}

/// A try: what it comes to, or why it fails.
pub type Attempt<T> = Result<Step<T>, End>;

/// Tries until an answer is right. An error is an answer too: nonsense that was read while somebody
/// made a change means nothing.
#[inline(always)]
pub fn attempt<'a, M: Memory, S: System, T>(
    member: &mut Member<'a, M, S>,
    lock: usize,
    mut step: impl FnMut(&mut Member<'a, M, S>, u64) -> Attempt<T>,
) -> Result<T, End> {
    loop {
        let seen = member.begin(lock)?;
        let tried = step(member, seen);
        if let Some(answer) = conclude(member, lock, seen, tried)? {
            return Ok(answer);
        }
    }
}

/// What a try that began with `seen` comes to; nothing where somebody else was faster.
#[inline(always)]
pub fn conclude<M: Memory, S: System, T>(
    member: &mut Member<'_, M, S>,
    lock: usize,
    seen: u64,
    tried: Attempt<T>,
) -> Result<Option<T>, End> {
    match tried {
        Ok(Step::Change(answer)) => Ok(member.publish(lock, seen)?.then_some(answer)),
        Ok(Step::Answer(answer)) => Ok(member.still(lock, seen)?.then_some(answer)),
        Err(end) if end == End::fault(Fault::Forked) || member.still(lock, seen)? => Err(end),
        Err(_) => Ok(None),
    }
}

/// The queue at `at`; `errno` unless it exists and has this id.
#[inline(always)]
pub fn expect<M: Memory>(
    memory: &M,
    at: usize,
    seen: u64,
    id: u32,
    errno: i32,
) -> Result<Queue<'_>, End> {
    let queue = memory.block(at)?;
    if seen & LIVE == 0 || high(queue.load(queue::IDENTITY)) != id {
        return Err(End::errno(errno));
    }
    Ok(queue)
}
