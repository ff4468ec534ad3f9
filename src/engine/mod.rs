//! Engines: where the queues live. One trait, an implementation a file, and the choice between
//! them.

pub mod asleep;
pub mod functions;
mod kernel;
pub mod limits;
pub mod list;
mod refusal;
mod shm;
mod syscall;
mod sysctl;

pub(crate) use kernel::next;
pub(crate) use syscall::cancel_here;

use crate::errno::Errno;
use asleep::Asleep;
use functions::Functions;
use libc::{ENOSYS, c_int, c_long, c_void, key_t, msqid_ds};
use limits::Limits;
use std::sync::atomic::{AtomicU8, Ordering};

/// The four calls, as msgop(2), msgget(2) and msgctl(2) describe them.
///
/// A call that blocks is a cancellation point: `pthread_cancel` unwinds the thread's stack from
/// inside the engine, through these methods. So nothing that has to be dropped may be alive in an
/// engine, or in whoever calls it, while a call may block.
#[allow(unsafe_code)] // Declares what its implementations must be careful with.
pub trait Engine: Sync {
    /// Gets ready, before the first call. May be called more than once, by several threads.
    fn prepare(&self) {}

    /// Its four calls as C functions, where it has such: a call that nobody watches then goes to
    /// them with nothing in between.
    fn functions(&self) -> Option<&'static Functions> {
        None
    }

    /// Sets the limits that have a value, or none of them. ENOSYS where the engine has no limits
    /// that can be set, ERANGE for a value that a limit cannot have.
    fn set_limits(&self, limits: Limits) -> Result<(), Errno> {
        let _ = limits;
        Err(Errno(ENOSYS))
    }

    /// Who sleeps in a call on its queues. Nothing where it does not know.
    fn asleep(&self) -> Option<Asleep> {
        None
    }

    /// Opens or creates the queue of a key; gives its id.
    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno>;

    /// Reads, changes or removes a queue; what it gives depends on `cmd`.
    ///
    /// # Safety
    /// `buf` is what `cmd` asks for. An address that cannot be used gives EFAULT.
    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno>;

    /// Sends a message; gives its number.
    ///
    /// # Safety
    /// `msgp` points to a long and `msgsz` bytes. An address that cannot be read gives EFAULT.
    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<Number, Errno>;

    /// Receives a message.
    ///
    /// # Safety
    /// `msgp` points to a long and `msgsz` bytes that may be overwritten. An address that cannot
    /// be written gives EFAULT.
    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<Received, Errno>;
}

/// A message's number: no other message of its queue has it. 0: this engine does not number them.
pub type Number = u64;

/// What msgrcv gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes are behind the message's type.
    pub bytes: usize,
    /// The message's number.
    pub number: Number,
}

/// The engines by name, as `MSGQ_ENGINE` and `--engine` have them.
pub const ENGINES: [(&str, &dyn Engine); 2] = [("kernel", &kernel::Kernel), ("shm", &shm::Shm)];

/// The number in [`ENGINES`] of the one used where nobody asks for another.
pub const DEFAULT: usize = 0;

/// The names, in words.
pub const ALLOWED: &str = "kernel (default), shm";

/// What [`CHOSEN`] holds where the settings mean nothing.
const REFUSED: u8 = u8::MAX;

static CHOSEN: AtomicU8 = AtomicU8::new(DEFAULT as u8);

/// The number in [`ENGINES`] of the engine called `name`.
pub fn number(name: &str) -> Option<usize> {
    ENGINES.iter().position(|(known, _)| *known == name)
}

/// From now on the calls go to the engine with this number in [`ENGINES`].
pub(crate) fn choose(number: usize) {
    if let Some((_, engine)) = ENGINES.get(number) {
        engine.prepare();
    }
    CHOSEN.store(number as u8, Ordering::Relaxed);
}

/// From now on every call fails with ENOSYS.
pub(crate) fn refuse() {
    CHOSEN.store(REFUSED, Ordering::Relaxed);
}

/// Asks the engine that answers the calls.
///
/// The usual engine is asked by name, so that its code comes to stand in the caller's. A processor
/// that has been in the kernel has forgotten where to return to, and guesses wrong at every return
/// on the way back: the fewer there are, the better.
#[inline(always)]
pub(crate) fn ask<T>(question: impl Fn(&dyn Engine) -> T) -> T {
    let chosen = usize::from(CHOSEN.load(Ordering::Relaxed));
    if chosen == DEFAULT {
        return question(ENGINES[DEFAULT].1);
    }
    match ENGINES.get(chosen) {
        Some((_, engine)) => question(*engine),
        None => question(&refusal::Refusal),
    }
}

/// The C functions of the engine that answers the calls.
pub(crate) fn functions() -> Option<&'static Functions> {
    ask(|engine| engine.functions())
}

/// The limits of the engine that answers the calls; none where it does not tell them.
pub(crate) fn limits_now() -> Limits {
    ask(|engine| Limits::of(engine).unwrap_or_default())
}

/// Whether nobody comes after the engine that answers the calls but these functions of the C library.
/// (The kernel's queues are reached through the next definitions of the calls, whoever has them.)
pub(crate) fn ends_at(functions: [usize; 4]) -> bool {
    kernel::Kernel.prepare();
    !is_the_kernel() || kernel::NEXT.get().map(|next| next.addr()) == functions
}

/// Whether the kernel's queues answer the calls.
pub(crate) fn is_the_kernel() -> bool {
    usize::from(CHOSEN.load(Ordering::Relaxed)) == DEFAULT
}

/// Whether the calls of this copy of the library reach another copy of it.
pub(crate) fn another_copy_follows() -> bool {
    !next(c"msgq_version").is_null()
}

/// From now on the engine `kernel` means the kernel's queues, also where the calls of this copy of
/// the library reach another copy, which may have been told to use another engine.
pub fn pass_over_other_copies() {
    if another_copy_follows() {
        kernel::pass_over_others();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_of_allowed_names_is_the_table() {
        let names: Vec<String> = ENGINES
            .iter()
            .enumerate()
            .map(|(number, (name, _))| match number {
                DEFAULT => format!("{name} (default)"),
                _ => (*name).to_string(),
            })
            .collect();
        assert_eq!(ALLOWED, names.join(", "));
    }

    #[test]
    fn a_name_that_is_no_engine_has_no_number() {
        assert_eq!(number("kernel"), Some(DEFAULT));
        assert_eq!(number("SHM"), None);
        assert_eq!(number(""), None);
    }
}
