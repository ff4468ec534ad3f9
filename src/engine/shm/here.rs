//! The process, as it was when it was last asked about: in a page that the kernel wipes in every child.

use crate::os;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

#[repr(C, align(4096))]
struct Here {
    process: AtomicU32,
    /// 1 while a thread maps more of the arena.
    growing: AtomicU32,
    started: AtomicU64,
    namespace: AtomicU64,
}

static HERE: Here = Here {
    process: AtomicU32::new(0),
    growing: AtomicU32::new(0),
    started: AtomicU64::new(0),
    namespace: AtomicU64::new(0),
};

const _: () = assert!(size_of::<Here>() == 4096);

/// Whether the machine has other processors: a child need not ask again. 0: not asked yet.
static OTHERS: AtomicU32 = AtomicU32::new(0);
const NONE: u32 = 1;
const SOME: u32 = 2;

/// The process's id.
#[inline(always)]
pub fn process() -> u32 {
    match HERE.process.load(Acquire) {
        0 => ask(),
        process => process,
    }
}

/// Where it stands. 0: it was not asked yet.
pub fn process_word() -> *const u32 {
    HERE.process.as_ptr()
}

/// When the process started, in the kernel's ticks.
pub fn started() -> u64 {
    process();
    HERE.started.load(Relaxed)
}

/// The namespace of its id.
pub fn namespace() -> u64 {
    process();
    HERE.namespace.load(Relaxed)
}

/// Whether another thread can be at work while this one is.
pub fn has_other_processors() -> bool {
    process();
    OTHERS.load(Relaxed) == SOME
}

/// Waits until no other thread maps more of the arena. Signals are blocked; and a child that was made
/// meanwhile has a wiped page, and need not wait.
pub fn begin_to_grow() {
    process();
    while HERE.growing.compare_exchange(0, 1, Acquire, Relaxed).is_err() {
        os::yield_processor();
    }
}

/// Others may.
pub fn grown() {
    HERE.growing.store(0, Release);
}

/// Forgets everything: where a child was made by fork(3), on a kernel that wipes nothing.
pub extern "C" fn forget() {
    HERE.growing.store(0, Relaxed);
    HERE.process.store(0, Release);
}

#[cold]
fn ask() -> u32 {
    os::wipe_on_fork((&raw const HERE).cast_mut().cast(), size_of::<Here>());
    let process = os::process_id();
    if OTHERS.load(Relaxed) == 0 {
        OTHERS.store(if os::several_processors() { SOME } else { NONE }, Relaxed);
    }
    HERE.started.store(os::started(process), Relaxed);
    HERE.namespace.store(os::process_namespace(), Relaxed);
    HERE.process.store(process, Release);
    process
}
