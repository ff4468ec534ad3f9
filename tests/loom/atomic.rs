//! Words that loom knows of. The rest of an arena is there to be read.

use loom::sync::atomic::AtomicU64 as Modelled;
pub use loom::sync::atomic::fence;
pub use std::sync::atomic::Ordering;

/// A word like the standard library's.
pub enum AtomicU64 {
    /// One that nobody changes.
    Constant(u64),
    /// One that threads change.
    Word(Modelled),
    /// The same. A store may meet the compare-and-swap of another thread, as happens to a lock.
    /// Of two such stores loom would not know which is the later one; so it sees swaps.
    Lock(Modelled),
    /// One whose loads and stores keep no order.
    Weak(Modelled),
}

impl AtomicU64 {
    fn modelled(&self) -> &Modelled {
        match self {
            AtomicU64::Word(word) | AtomicU64::Lock(word) | AtomicU64::Weak(word) => word,
            AtomicU64::Constant(value) => {
                panic!("a word is changed that the model takes for a constant {value:#x}")
            }
        }
    }

    fn order(&self, order: Ordering) -> Ordering {
        if matches!(self, AtomicU64::Weak(_)) { Ordering::Relaxed } else { order }
    }

    pub fn load(&self, order: Ordering) -> u64 {
        match self {
            AtomicU64::Constant(value) => *value,
            _ => in_order(order, || self.modelled().load(self.order(order))),
        }
    }

    pub fn store(&self, value: u64, order: Ordering) {
        in_order(order, || match self {
            AtomicU64::Lock(word) => drop(word.swap(value, order)),
            _ => self.modelled().store(value, self.order(order)),
        });
    }

    pub fn swap(&self, value: u64, order: Ordering) -> u64 {
        in_order(order, || self.modelled().swap(value, self.order(order)))
    }

    pub fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        in_order(success, || {
            let (success, failure) = (self.order(success), self.order(failure));
            self.modelled().compare_exchange(current, new, success, failure)
        })
    }
}

/// Loom knows the one order of everything that is `SeqCst` for fences alone. One before each such
/// load or store does as much, and no more: a later load that is not `SeqCst` may come first.
fn in_order<T>(order: Ordering, act: impl FnOnce() -> T) -> T {
    if order == Ordering::SeqCst {
        fence(order);
    }
    act()
}
