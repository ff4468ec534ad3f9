//! Deciding who runs first: a thread that has been woken comes to run only once the one that woke
//! it sleeps, where both share a processor and the woken one has no urgency.
#![allow(unsafe_code)]

use libc::cpu_set_t;
use std::mem::size_of;

/// From now on this thread, and those that it starts, run on one processor.
pub fn share_one_processor() {
    // SAFETY: both calls get a set of the size that they are told; an empty set is all zeros.
    unsafe {
        let mut allowed: cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of::<cpu_set_t>(), &raw mut allowed);
        let all: Vec<usize> =
            (0..libc::CPU_SETSIZE as usize).filter(|it| libc::CPU_ISSET(*it, &allowed)).collect();
        if let Some(one) = all.get(libc::getpid() as usize % all.len().max(1)) {
            let mut set: cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(*one, &mut set);
            libc::sched_setaffinity(0, size_of::<cpu_set_t>(), &raw const set);
        }
    }
}

/// From now on this thread runs where nobody else wants to.
pub fn idle() {
    // SAFETY: the kernel reads one sched_param; a policy without priorities wants a zero.
    unsafe {
        let none: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const none);
    }
}
