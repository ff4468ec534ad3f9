//! Who watches the calls, apart from the recording: one word, which is 0 while nobody does.
//!
//! Its lower half belongs to the kernel, which counts there who has attached to a probe of this
//! library ([`crate::probes`]); its upper half counts the hooks ([`crate::hooks`]; the rules of
//! [`crate::inject`], all together, are one more).

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

/// The word. The kernel asks for a place in a file that is mapped privately and can be written.
#[allow(unsafe_code)]
// SAFETY: a section of its own, which nobody else gives a meaning.
#[cfg_attr(not(miri), unsafe(link_section = ".probes"))]
pub static WATCHERS: Watchers = Watchers { word: AtomicU32::new(0) };

/// Bits of the kernel's half.
const PROBE_BITS: u32 = 16;

/// One hook, in the upper half. To add or take it never carries into the kernel's half, which is not
/// stored to by a whole word either: so neither undoes what the other does.
const HOOK: u32 = 1 << PROBE_BITS;

/// A word of [`WATCHERS`].
#[repr(transparent)]
pub struct Watchers {
    word: AtomicU32,
}

impl Watchers {
    /// Whether there is anybody.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.word.load(Relaxed) != 0
    }

    /// Whether somebody has attached to a probe.
    #[inline(always)]
    pub fn any_probe(&self) -> bool {
        !self.word.load(Relaxed).is_multiple_of(HOOK)
    }

    /// Whether there is a hook.
    #[inline(always)]
    pub fn any_hook(&self) -> bool {
        self.word.load(Relaxed) >= HOOK
    }

    /// One hook more.
    pub fn add_hook(&self) {
        self.word.fetch_add(HOOK, SeqCst);
    }

    /// One hook less.
    pub fn remove_hook(&self) {
        self.word.fetch_sub(HOOK, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_and_probes_are_counted_apart() {
        let watchers = Watchers { word: AtomicU32::new(0) };
        let seen = || (watchers.any(), watchers.any_hook(), watchers.any_probe());
        assert_eq!(seen(), (false, false, false));
        watchers.add_hook();
        assert_eq!(seen(), (true, true, false));
        // As the kernel does when somebody attaches.
        watchers.word.fetch_add(1, Relaxed);
        assert_eq!(seen(), (true, true, true));
        watchers.remove_hook();
        assert_eq!(seen(), (true, false, true));
    }
}
