//! What the calls need to know of the thread that makes them, and have the kernel do for it.

use super::atomic::AtomicU64;
use super::commit::{Owner, System};
use super::permission::Permissions;

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slept {
    /// Somebody woke the thread, or the word was another already.
    Woken,
    /// A signal handler ran.
    Interrupted,
    /// The time was over.
    TimedOut,
}

/// Whether a thread runs, as far as can be seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is there, and does not run.
    There,
    /// It runs, or would if it had a processor.
    Running,
    /// It is stopped.
    Stopped,
    /// It is no more.
    Gone,
    /// It cannot be seen from this namespace.
    Unseen,
}

/// Permission to read a queue, as a mode's bits have it.
pub const READ: u32 = 4;
/// Permission to write to it.
pub const WRITE: u32 = 2;

/// The calling thread.
pub trait Thread: System {
    /// The process's id.
    fn process(&self) -> u32;
    /// The thread's id.
    fn thread(&self) -> u32;
    /// The time: seconds since 1970.
    fn seconds(&self) -> u32;
    /// Whether a queue grants all of `wanted`: the bits of one class, or of three, added up.
    fn may(&self, permissions: &Permissions, wanted: u32) -> bool;
    /// Has the kernel wake whoever sleeps on this bell, should the thread die; gives what it was to do
    /// before.
    fn guard(&self, bell: &AtomicU64) -> u64;
    /// The kernel is to do that again.
    fn guard_as_before(&self, before: u64);
    /// Wakes whoever sleeps on the bell; whether there was somebody.
    fn wake(&self, bell: &AtomicU64) -> bool;
    /// Sleeps while the low half of the bell is 0, for so many nanoseconds at most. May be
    /// cancelled.
    fn sleep(&self, bell: &AtomicU64, nanoseconds: u64) -> Slept;
    /// Whether the thread of a slot runs.
    fn presence(&self, owner: &Owner) -> Presence;
    /// Whether the thread of a slot is known to be no more. May be told of one that is just ending that it
    /// is not.
    fn is_gone(&self, owner: &Owner) -> bool;
    /// The number of the processor it runs on.
    fn processor(&self) -> u32;
    /// For how many pauses to look at a word before sleeping on it: 0 where nobody else could run
    /// meanwhile.
    fn looks(&self) -> u32;
    /// It slept; whether the one who woke it was on the processor where it had been itself.
    fn slept_beside(&self, beside: bool);
}
