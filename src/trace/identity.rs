//! Who makes a call: the process's and the thread's id, without asking the kernel each time.
//!
//! A thread remembers its id together with its process's. In a forked child the two no longer
//! agree with the process's own id, and the thread asks again.
#![allow(unsafe_code)]

use crate::os;

/// A process's and a thread's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The process.
    pub process: u32,
    /// The thread.
    pub thread: u32,
}

/// The identity of the calling thread, whose process has the id `process`.
#[inline(always)]
pub(super) fn of_thread(process: u32) -> Identity {
    let word = remembered::get();
    let identity = Identity { process: word as u32, thread: (word >> 32) as u32 };
    if identity.process == process { identity } else { ask(process) }
}

#[cold]
fn ask(process: u32) -> Identity {
    let identity = Identity { process, thread: os::thread_id() };
    remembered::set(u64::from(identity.process) | u64::from(identity.thread) << 32);
    identity
}

/// A word of each thread, zero at first.
///
/// Rust reaches a thread's variables through a function of the dynamic linker, which touches three
/// pages more, and which may allocate when a thread calls it for the first time, maybe inside a
/// signal handler. The "initial exec" model needs neither: the word lies at a fixed distance from
/// the thread pointer. The price is a little of the room that the C library keeps for such variables of
/// libraries that are loaded late: less than a hundred bytes.
#[cfg(target_arch = "x86_64")]
mod remembered {
    use std::arch::{asm, global_asm};

    global_asm!(
        ".pushsection .tbss.msgq_remembered, \"awT\", @nobits",
        ".balign 8",
        ".globl msgq_remembered_identity",
        ".hidden msgq_remembered_identity",
        ".type msgq_remembered_identity, @object",
        ".size msgq_remembered_identity, 8",
        "msgq_remembered_identity:",
        ".zero 8",
        ".popsection",
    );

    #[inline(always)]
    pub fn get() -> u64 {
        let word: u64;
        // SAFETY: reads the thread's own word; its distance from the thread pointer is in the
        // table that the linker fills in.
        unsafe {
            asm!(
                "mov {word}, qword ptr [rip + msgq_remembered_identity@GOTTPOFF]",
                "mov {word}, qword ptr fs:[{word}]",
                word = out(reg) word,
                options(nostack, readonly, preserves_flags),
            );
        }
        word
    }

    pub fn set(word: u64) {
        // SAFETY: as in `get`; nobody else reads or writes the thread's word.
        unsafe {
            asm!(
                "mov {place}, qword ptr [rip + msgq_remembered_identity@GOTTPOFF]",
                "mov qword ptr fs:[{place}], {word}",
                place = out(reg) _,
                word = in(reg) word,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// The same by Rust's own means.
#[cfg(not(target_arch = "x86_64"))]
mod remembered {
    use std::cell::Cell;

    thread_local! {
        // No destructor: it stays usable to the thread's very end.
        static REMEMBERED: Cell<u64> = const { Cell::new(0) };
    }

    pub fn get() -> u64 {
        REMEMBERED.get()
    }

    pub fn set(word: u64) {
        REMEMBERED.set(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_its_own_id_and_keeps_it() {
        let process = std::process::id();
        let here = of_thread(process);
        assert_eq!(here, Identity { process, thread: os::thread_id() });
        assert_eq!(here, of_thread(process));
        let there =
            std::thread::spawn(move || (of_thread(process), of_thread(process))).join().unwrap();
        assert_eq!(there.0, there.1);
        assert_ne!(there.0.thread, here.thread);
    }

    #[test]
    fn another_process_id_makes_the_thread_ask_again() {
        let child = of_thread(7);
        assert_eq!(child, Identity { process: 7, thread: os::thread_id() });
    }
}
