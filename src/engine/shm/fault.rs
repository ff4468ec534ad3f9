//! Faults that are ours to answer: a bad address that a program gave, and a page of a shared file
//! that somebody took away.
//!
//! A handler for SIGSEGV and SIGBUS stands before what the program had set. It answers a fault in
//! one of the [copies](super::copy) and a SIGBUS in one of the [ranges](super::ranges), and gets out
//! of the way of any other: it puts back what was there and returns, so that the same instruction
//! faults again and finds that.
//!
//! Two programs do without: one that blocks the signals (the kernel then ends it at once), and one
//! that sets its own handler later. There a bad address is what it is in the program's own code.

#[cfg(target_arch = "x86_64")]
pub use handling::{answer, prepare};
#[cfg(all(test, target_arch = "x86_64"))]
pub use handling::{forget_preparation, stand_aside};

/// Nothing stands before the program's own handlers: copies are the kernel's, and ranges are not
/// answered for.
#[cfg(not(target_arch = "x86_64"))]
pub fn prepare() {}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod handling {
    use crate::engine::shm::disposition::Disposition;
    use crate::engine::shm::here;
    use crate::engine::shm::{copy, ranges};
    use crate::os;
    use libc::{c_int, siginfo_t, ucontext_t};
    use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};

    static PREPARED: AtomicBool = AtomicBool::new(false);

    /// What answered a signal before.
    struct Previous {
        handler: AtomicUsize,
        flags: AtomicU64,
        restorer: AtomicUsize,
        mask: AtomicU64,
    }

    static BEFORE_SEGV: Previous = Previous::new();
    static BEFORE_BUS: Previous = Previous::new();

    impl Previous {
        const fn new() -> Previous {
            Previous {
                handler: AtomicUsize::new(libc::SIG_DFL),
                flags: AtomicU64::new(0),
                restorer: AtomicUsize::new(0),
                mask: AtomicU64::new(0),
            }
        }

        fn of(signal: c_int) -> &'static Previous {
            if signal == libc::SIGBUS { &BEFORE_BUS } else { &BEFORE_SEGV }
        }

        fn set(&self, disposition: &Disposition) {
            self.flags.store(disposition.flags, Relaxed);
            self.restorer.store(disposition.restorer, Relaxed);
            self.mask.store(disposition.mask, Relaxed);
            self.handler.store(disposition.handler, Release);
        }

        fn get(&self) -> Disposition {
            Disposition {
                handler: self.handler.load(Acquire),
                flags: self.flags.load(Relaxed),
                restorer: self.restorer.load(Relaxed),
                mask: self.mask.load(Relaxed),
            }
        }
    }

    /// Puts the handler in place, the first time it is called in a process; children inherit it.
    /// Threads that come at once do the same, to the same result.
    #[inline]
    pub fn prepare() {
        if !PREPARED.load(Acquire) {
            install(libc::SIGSEGV);
            install(libc::SIGBUS);
            PREPARED.store(true, Release);
        }
    }

    #[cold]
    fn install(signal: c_int) {
        let Ok(before) = Disposition::of(signal) else { return };
        if before.is_ours() {
            return;
        }
        // First: once the handler is in place it may be asked for what was there.
        Previous::of(signal).set(&before);
        let replaced = Disposition::ours(before.restarts()).install(signal);
        // The program may have set another one between the two.
        if let Some(replaced) = replaced.ok().filter(|replaced| !replaced.is_ours()) {
            Previous::of(signal).set(&replaced);
        }
    }

    /// As in a process that has not prepared.
    #[cfg(test)]
    pub fn forget_preparation() {
        PREPARED.store(false, Release);
    }

    /// Answers a signal. `by_kernel`: not from within another handler.
    pub fn answer(signal: c_int, info: &mut siginfo_t, context: &mut ucontext_t, by_kernel: bool) {
        if info.si_code <= 0 {
            pass_on(signal, info, by_kernel);
        } else if !(mended(signal, info) || left_copy(context)) {
            stand_aside(signal, by_kernel);
        }
    }

    /// Whether a page of a shared file was gone, and the instruction can go on.
    fn mended(signal: c_int, info: &siginfo_t) -> bool {
        // SAFETY: a signal of this kind has an address.
        let address = || unsafe { info.si_addr() }.addr();
        signal == libc::SIGBUS && info.si_code == libc::BUS_ADRERR && ranges::mend(address())
    }

    /// Whether it was a copy that faulted, which now goes on where it fails.
    fn left_copy(context: &mut ucontext_t) -> bool {
        let instruction = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
        match copy::way_out(*instruction as usize) {
            Some(way_out) => {
                *instruction = way_out as i64;
                true
            }
            None => false,
        }
    }

    /// A signal that somebody sent, as kill(2) does: it is not the handler's. One that the program
    /// ignores is ignored; any other is sent again, to whoever answers now.
    #[cold]
    fn pass_on(signal: c_int, info: &mut siginfo_t, by_kernel: bool) {
        if Previous::of(signal).get().handler == libc::SIG_IGN {
            return;
        }
        stand_aside(signal, by_kernel);
        let (process, thread) = (here::process(), os::thread_id());
        let info = &raw const *info;
        // SAFETY: the kernel reads the structure, which it has written itself.
        let _ = unsafe { os::kernel!(libc::SYS_rt_tgsigqueueinfo, process, thread, signal, info) };
    }

    /// Lets go of a signal.
    ///
    /// Where somebody else's handler is in place by now, and the kernel called ours, another thread
    /// has let go meanwhile: the signal finds the new one. Where that handler called ours, it has
    /// given the signal up, and what was there before us comes next; but not if that is the very
    /// one that gave up, which would call ours again for ever.
    #[cold]
    pub fn stand_aside(signal: c_int, by_kernel: bool) {
        let (now, previous) =
            (Disposition::of(signal).unwrap_or_default(), Previous::of(signal).get());
        let next = if now.is_ours() {
            previous
        } else if by_kernel {
            return;
        } else if now.handler == previous.handler {
            Disposition::default()
        } else {
            previous
        };
        let _ = next.install(signal);
    }
}
