//! A few words of each thread, zero at first.
//!
//! Rust reaches a thread's variables through a function of the dynamic linker, which touches three
//! pages more, and which may allocate when a thread calls it for the first time, maybe inside a
//! signal handler. The "initial exec" model needs neither: the words lie at a fixed distance from
//! the thread pointer. The price is a little of the room that the C library keeps for such variables
//! of libraries that are loaded late: less than a hundred bytes.
#![allow(unsafe_code)]

/// The thread's id and its process's, as the trace knows them.
pub const IDENTITY: ThreadWord<0> = ThreadWord;
/// When what the next two words say was true.
pub const RIGHTS_STAMP: ThreadWord<1> = ThreadWord;
/// Who the thread acts as.
pub const RIGHTS_FACTS: ThreadWord<2> = ThreadWord;
/// A group it is in.
pub const RIGHTS_GROUP: ThreadWord<3> = ThreadWord;
/// The process's id | the thread's, as a slot of an arena has them.
pub const OWNER: ThreadWord<4> = ThreadWord;
/// The number of the thread's slot, plus 1 | the process that has it.
pub const SLOT: ThreadWord<5> = ThreadWord;
/// Where the kernel looks for the thread's locks when it dies; 1: nowhere; 0: not asked yet.
pub const ROBUST_LIST: ThreadWord<6> = ThreadWord;
/// How often the thread has slept | what is known of that.
pub const SLEEPS: ThreadWord<7> = ThreadWord;
/// The hook that the thread runs.
pub const HOOK: ThreadWord<8> = ThreadWord;
/// Where the checks keep the thread's last call, which failed, plus 1; 0: nowhere.
pub const KEPT: ThreadWord<9> = ThreadWord;

/// How many there are.
const WORDS: usize = 10;

/// The thread's word of this number. Only the thread itself reads and writes it; a signal handler
/// may come between any two uses of it.
#[derive(Clone, Copy)]
pub struct ThreadWord<const NUMBER: usize>;

#[cfg(target_arch = "x86_64")]
mod place {
    use super::{ThreadWord, WORDS};
    use std::arch::{asm, global_asm};

    global_asm!(
        ".pushsection .tbss.msgq_thread_words, \"awT\", @nobits",
        ".balign 8",
        ".globl msgq_thread_words",
        ".hidden msgq_thread_words",
        ".type msgq_thread_words, @object",
        ".size msgq_thread_words, {bytes}",
        "msgq_thread_words:",
        ".zero {bytes}",
        ".popsection",
        bytes = const 8 * WORDS,
    );

    impl<const NUMBER: usize> ThreadWord<NUMBER> {
        /// What it holds.
        #[inline(always)]
        pub fn get(self) -> u64 {
            const { assert!(NUMBER < WORDS) };
            let word: u64;
            // SAFETY: reads the thread's own word; its distance from the thread pointer is in the
            // table that the linker fills in.
            unsafe {
                asm!(
                    "mov {word}, qword ptr [rip + msgq_thread_words@GOTTPOFF]",
                    "mov {word}, qword ptr fs:[{word} + {offset}]",
                    word = out(reg) word,
                    offset = const 8 * NUMBER,
                    options(nostack, readonly, preserves_flags),
                );
            }
            word
        }

        /// Makes it hold `word`.
        #[inline(always)]
        pub fn set(self, word: u64) {
            const { assert!(NUMBER < WORDS) };
            // SAFETY: as in `get`; nobody else reads or writes the thread's word.
            unsafe {
                asm!(
                    "mov {place}, qword ptr [rip + msgq_thread_words@GOTTPOFF]",
                    "mov qword ptr fs:[{place} + {offset}], {word}",
                    place = out(reg) _,
                    word = in(reg) word,
                    offset = const 8 * NUMBER,
                    options(nostack, preserves_flags),
                );
            }
        }
    }
}

/// The same by Rust's own means.
#[cfg(not(target_arch = "x86_64"))]
mod place {
    use super::{ThreadWord, WORDS};
    use std::cell::Cell;

    thread_local! {
        // No destructor: they stay usable to the thread's very end.
        static PLACES: [Cell<u64>; WORDS] = const { [const { Cell::new(0) }; WORDS] };
    }

    impl<const NUMBER: usize> ThreadWord<NUMBER> {
        /// What it holds.
        pub fn get(self) -> u64 {
            const { assert!(NUMBER < WORDS) };
            PLACES.with(|places| places[NUMBER].get())
        }

        /// Makes it hold `word`.
        pub fn set(self, word: u64) {
            const { assert!(NUMBER < WORDS) };
            PLACES.with(|places| places[NUMBER].set(word));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> [u64; WORDS] {
        [
            IDENTITY.get(),
            RIGHTS_STAMP.get(),
            RIGHTS_FACTS.get(),
            RIGHTS_GROUP.get(),
            OWNER.get(),
            SLOT.get(),
            ROBUST_LIST.get(),
            SLEEPS.get(),
            HOOK.get(),
            KEPT.get(),
        ]
    }

    #[test]
    fn each_thread_has_words_of_its_own_that_begin_as_zero() {
        let here = || {
            assert_eq!(all(), [0; WORDS], "before");
            IDENTITY.set(u64::MAX);
            RIGHTS_STAMP.set(2);
            RIGHTS_FACTS.set(3);
            RIGHTS_GROUP.set(4);
            OWNER.set(5);
            SLOT.set(6);
            ROBUST_LIST.set(7);
            SLEEPS.set(8);
            HOOK.set(9);
            KEPT.set(10);
            let there = std::thread::spawn(all).join().unwrap();
            assert_eq!(there, [0; WORDS], "in another thread");
            assert_eq!(all(), [u64::MAX, 2, 3, 4, 5, 6, 7, 8, 9, 10], "after");
        };
        std::thread::spawn(here).join().unwrap();
    }
}
