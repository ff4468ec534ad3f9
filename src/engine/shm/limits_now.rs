//! The limits, as they are now: the arena's own, else the machine's kernel's, else the usual ones.

use super::attempt::End;
use super::home;
use super::layout::header;
use super::memory::{Fault, Memory};
use super::space::Mapped;
use crate::engine::limits::{Limits, MOST};
use crate::os;
use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};

struct Limit {
    word: usize,
    path: &'static CStr,
    usual: u64,
    /// The most that it can have been set to.
    most: u64,
    /// What the kernel says, plus 1; 0: not asked yet.
    kernel: AtomicU64,
}

static MSGMAX: Limit = Limit::new(header::MSGMAX, c"/proc/sys/kernel/msgmax", 8192, MOST.msgmax);
static MSGMNB: Limit = Limit::new(header::MSGMNB, c"/proc/sys/kernel/msgmnb", 16384, MOST.msgmnb);
static MSGMNI: Limit = Limit::new(header::MSGMNI, c"/proc/sys/kernel/msgmni", 32000, MOST.msgmni);

impl Limit {
    const fn new(word: usize, path: &'static CStr, usual: u64, most: Option<u64>) -> Limit {
        let most = most.expect("each limit has a most");
        Limit { word, path, usual, most, kernel: AtomicU64::new(0) }
    }

    #[inline(always)]
    fn value(&self, memory: Mapped) -> Result<u64, Fault> {
        match memory.load(self.word)? {
            0 => match self.kernel.load(Ordering::Relaxed) {
                0 => Ok(self.ask()),
                kernel => Ok(kernel - 1),
            },
            own if own - 1 > self.most => Err(Fault::Nonsense),
            own => Ok(own - 1),
        }
    }

    #[cold]
    fn ask(&self) -> u64 {
        let mut text = [0u8; 32];
        let value = os::read_small(self.path, &mut text).ok().and_then(number);
        let value = value.unwrap_or(self.usual);
        self.kernel.store(value + 1, Ordering::Relaxed);
        value
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Asks the kernel anew: where somebody wants to know, and is in no hurry.
pub fn refresh() {
    for limit in [&MSGMAX, &MSGMNB, &MSGMNI] {
        limit.ask();
    }
}

/// Sets limits for all who use the arena.
pub fn set(memory: Mapped, limits: Limits) -> Result<(), Fault> {
    let wanted = [(&MSGMAX, limits.msgmax), (&MSGMNB, limits.msgmnb), (&MSGMNI, limits.msgmni)];
    wanted.iter().try_for_each(|(limit, value)| match value {
        Some(value) => memory.store(limit.word, value + 1),
        None => Ok(()),
    })
}

/// The largest message, in bytes.
#[inline(always)]
pub fn msgmax() -> Result<u64, End> {
    match home::get() {
        Some(memory) => Ok(MSGMAX.value(memory)?),
        None => Err(End::errno(libc::ENOSYS)),
    }
}

/// How many bytes a new queue may hold.
pub fn msgmnb(memory: Mapped) -> Result<u64, End> {
    Ok(MSGMNB.value(memory)?)
}

/// How many queues there may be.
pub fn msgmni(memory: Mapped) -> Result<u64, End> {
    Ok(MSGMNI.value(memory)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_limit_is_a_number_and_the_end_of_a_line() {
        assert_eq!(number(b"8192\n"), Some(8192));
        assert_eq!(number(b"-1\n"), None);
        assert_eq!(number(b""), None);
    }
}
