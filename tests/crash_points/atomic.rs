//! Words that count what is stored into them, and end the process at a chosen store, or have it
//! pause there.

use crate::{clock, kernel};
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64 as Word;
pub use std::sync::atomic::{Ordering, fence};

/// One of the two moments around a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The store's number, counted from 1.
    pub store: u64,
    /// Whether the store has been made.
    pub made: bool,
}

impl fmt::Display for Moment {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} store {}", if self.made { "right after" } else { "before" }, self.store)
    }
}

/// What a process does at its moment.
enum Act {
    /// It ends. Before, it writes down when, and [what it asked of the kernel](ASKED).
    End { time: &'static Word, asked: &'static Word },
    /// It pauses until the word says that it is to go on.
    Pause(&'static Word),
}

/// Set in children of a test, each for itself alone.
static ACT: OnceLock<Act> = OnceLock::new();
/// The moment: twice the store's number, and 1 more if it is made; 0: none.
static MOMENT: Word = Word::new(0);
/// How many stores were begun since then.
static STORES: Word = Word::new(0);
/// How often the process asked the kernel for something since its last store.
static ASKED: Word = Word::new(0);

/// In the word of a pause: the process pauses.
pub const PAUSES: u64 = 1;
/// It is to go on.
pub const GOES_ON: u64 = 2;

/// From now on stores are counted, and the process ends at this moment.
pub fn end_at(moment: Moment, time: &'static Word, asked: &'static Word) {
    begin(moment, Act::End { time, asked });
}

/// From now on stores are counted, and the process pauses at this moment, until the word says that
/// it is to go on.
pub fn pause_at(moment: Moment, word: &'static Word) {
    begin(moment, Act::Pause(word));
}

fn begin(moment: Moment, act: Act) {
    let _ = ACT.set(act);
    STORES.store(0, Ordering::Relaxed);
    ASKED.store(0, Ordering::Relaxed);
    MOMENT.store(moment.store * 2 + u64::from(moment.made), Ordering::Relaxed);
}

/// Nothing ends the process any more.
pub fn live_on() {
    if MOMENT.swap(0, Ordering::Relaxed) != 0 {
        write_down();
    }
}

/// The process asks the kernel for something that others notice: right after a store is not the
/// same as before the next one.
pub fn asks() {
    ASKED.fetch_add(1, Ordering::Relaxed);
}

fn write_down() {
    if let Some(Act::End { time, asked }) = ACT.get() {
        asked.store(ASKED.load(Ordering::Relaxed), Ordering::SeqCst);
        time.store(clock::now(), Ordering::SeqCst);
    }
}

/// Makes a store, unless the process ends before it.
fn counted<T>(store: impl FnOnce() -> T) -> T {
    let moment = MOMENT.load(Ordering::Relaxed);
    if moment == 0 {
        return store();
    }
    let this = 2 * (STORES.fetch_add(1, Ordering::Relaxed) + 1);
    if this == moment {
        reached();
    }
    ASKED.store(0, Ordering::Relaxed);
    let outcome = store();
    if this + 1 == moment {
        reached();
    }
    outcome
}

fn reached() {
    match ACT.get() {
        Some(Act::Pause(word)) => {
            let _ = word.compare_exchange(0, PAUSES, Ordering::SeqCst, Ordering::SeqCst);
            let goes_on = || (word.load(Ordering::SeqCst) == GOES_ON).then_some(());
            clock::until(clock::HANGS, goes_on);
        }
        _ => {
            write_down();
            kernel::kill_myself();
            unreachable!("a killed process goes nowhere");
        }
    }
}

/// A word like the standard library's.
#[repr(transparent)]
pub struct AtomicU64(Word);

impl AtomicU64 {
    pub fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    pub fn store(&self, value: u64, order: Ordering) {
        counted(|| self.0.store(value, order));
    }

    pub fn swap(&self, value: u64, order: Ordering) -> u64 {
        counted(|| self.0.swap(value, order))
    }

    pub fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        counted(|| self.0.compare_exchange(current, new, success, failure))
    }

    pub fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        counted(|| self.0.fetch_add(value, order))
    }

    /// Where the word is.
    pub fn as_ptr(&self) -> *mut u64 {
        self.0.as_ptr()
    }
}
