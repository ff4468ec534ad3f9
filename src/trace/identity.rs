//! Who makes a call: the process's and the thread's id, without asking the kernel each time.
//!
//! A thread remembers its id together with its process's. In a forked child the two no longer
//! agree with the process's own id, and the thread asks again.

use crate::os;
use crate::thread_word::IDENTITY;

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
    let word = IDENTITY.get();
    let identity = Identity { process: word as u32, thread: (word >> 32) as u32 };
    if identity.process == process { identity } else { ask(process) }
}

#[cold]
fn ask(process: u32) -> Identity {
    let identity = Identity { process, thread: os::thread_id() };
    IDENTITY.set(u64::from(identity.process) | u64::from(identity.thread) << 32);
    identity
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
