//! Who makes a call: the process's and the thread's id, without asking the kernel each time.
//!
//! Both are remembered, and a fork makes both wrong in the child. The kernel itself wipes the page
//! that holds the process's id in every child that gets a copy of the memory, however it was made:
//! fork(3), clone(2), or a library's own way around the C library.

use crate::os;
use std::cell::Cell;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

thread_local! {
    /// The ids that this thread had when it last asked. No destructor: it stays usable to the
    /// thread's very end.
    static REMEMBERED: Cell<Identity> = const { Cell::new(Identity { process: 0, thread: 0 }) };
}

/// A process's and a thread's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The process.
    pub process: u32,
    /// The thread.
    pub thread: u32,
}

/// The process's id in a page that a fork wipes; null until [`prepare`] and where the kernel knows
/// no such pages.
static PROCESS: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());

/// Sets the page up.
pub(super) fn prepare() {
    if PROCESS.load(Ordering::Relaxed).is_null()
        && let Ok(page) = os::page_wiped_on_fork(4096)
    {
        PROCESS.store(page.cast(), Ordering::Relaxed);
    }
}

#[allow(unsafe_code)]
fn process_page() -> Option<&'static AtomicU32> {
    // SAFETY: the page is never unmapped, aligned, and reached through this reference alone.
    unsafe { PROCESS.load(Ordering::Relaxed).as_ref() }
}

/// The caller's identity.
#[inline]
pub(super) fn current() -> Identity {
    let process = process_page().map_or(0, |page| page.load(Ordering::Relaxed));
    let remembered = REMEMBERED.get();
    if process != 0 && remembered.process == process { remembered } else { ask() }
}

#[cold]
fn ask() -> Identity {
    let identity = Identity { process: os::process_id(), thread: os::thread_id() };
    if let Some(page) = process_page() {
        page.store(identity.process, Ordering::Relaxed);
    }
    REMEMBERED.set(identity);
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_its_own_id_and_keeps_it() {
        prepare();
        let here = current();
        assert_eq!(here.process, std::process::id());
        assert_eq!(here, current());
        let there = std::thread::spawn(|| (current(), current())).join().unwrap();
        assert_eq!(there.0, there.1);
        assert_eq!(there.0.process, here.process);
        assert_ne!(there.0.thread, here.thread);
    }
}
