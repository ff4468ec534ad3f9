//! What a thread sees of others whose lock it has taken over.
#![allow(unsafe_code)]

use super::caller_thread::Caller;
use super::commit::{Owner, System};
use super::here;
use super::layout::{low, pair, slot};
use super::memory::Fault;
use super::thread::{Presence, Slept, Thread};
use crate::os;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// More pauses than anybody's stores last.
const LATE: u32 = 1_000;

fn owner(process: u32, thread: u32) -> Owner {
    Owner { ids: pair(process, thread), started: 0, namespace: here::namespace() << 1 | 1 }
}

/// Waits until a thread is in this state.
fn until(owner: &Owner, state: u8) {
    let (process, thread) = ((owner.ids >> 32) as u32, owner.ids as u32);
    let start = Instant::now();
    while os::thread_state(process, thread).is_none_or(|(now, _)| now != state) {
        assert!(start.elapsed() < Duration::from_secs(20), "never in state {}", state as char);
        std::thread::yield_now();
    }
}

#[test]
fn a_thread_that_may_be_on_a_processor_has_not_left_off() {
    static ENDS: AtomicBool = AtomicBool::new(false);
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        tell.send(os::thread_id()).expect("somebody listens");
        while !ENDS.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    let running = owner(here::process(), told.recv().expect("its id"));
    until(&running, b'R');
    let seen = [0, 1, LATE].map(|round| Caller::new().has_left_off(&running, round));
    ENDS.store(true, Ordering::Relaxed);
    thread.join().expect("the thread");
    assert_eq!(seen, [false; 3], "while it runs");
    // Even one that was joined may be there for a moment.
    let start = Instant::now();
    while !Caller::new().has_left_off(&running, 0) {
        assert!(start.elapsed() < Duration::from_secs(20), "still there when it is gone");
    }
}

#[test]
fn a_thread_that_sleeps_has_left_off_a_moment_later() {
    let (wake, sleep) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        tell.send(os::thread_id()).expect("somebody listens");
        let _ = sleep.recv();
    });
    let sleeping = owner(here::process(), told.recv().expect("its id"));
    until(&sleeping, b'S');
    let seen = [0, 1, LATE].map(|round| Caller::new().has_left_off(&sleeping, round));
    drop(wake);
    thread.join().expect("the thread");
    assert_eq!(seen, [false, false, true]);
}

#[test]
fn a_thread_that_is_stopped_has_left_off_a_moment_later() {
    let mut child = Command::new("sleep").arg("60").spawn().expect("sleep(1)");
    let stopped = owner(child.id(), child.id());
    // SAFETY: a system call.
    let stop = unsafe { libc::kill(child.id() as i32, libc::SIGSTOP) };
    until(&stopped, b'T');
    let seen = [0, 1, LATE].map(|round| Caller::new().has_left_off(&stopped, round));
    let overtaken = [59, 60, 64].map(|round| Caller::new().is_out_of_the_way(&stopped, round));
    let endures = Owner { namespace: stopped.namespace & !slot::RESTARTS, ..stopped };
    let waited_for = Caller::new().is_out_of_the_way(&endures, 64);
    child.kill().expect("it can be killed");
    until(&stopped, b'Z');
    let dead = Caller::new().has_left_off(&stopped, 0);
    let gone = [59, 60, 64].map(|round| Caller::new().is_out_of_the_way(&endures, round));
    child.wait().expect("its end");
    assert_eq!((stop, seen, dead), (0, [false, false, true], true));
    assert_eq!(overtaken, [false, false, true], "whether its change is completed");
    assert!(!waited_for, "one whose stores do not begin anew is waited for");
    assert_eq!(gone, [false, false, true], "whether that of the dead is completed");
}

#[test]
fn a_thread_interrupts_itself_and_has_left_off_at_once() {
    let caller = Caller::new();
    assert!(caller.has_left_off(&caller.owner(), 1));
    assert!(caller.is_out_of_the_way(&caller.owner(), 1));
}

#[test]
fn who_cannot_be_seen_is_given_time() {
    let elsewhere = Owner { namespace: (here::namespace() + 1) << 1 | 1, ..owner(1, 1) };
    assert_eq!(Caller::new().presence(&elsewhere), Presence::Unseen);
    let out = [64, 1504, 16_000].map(|round| Caller::new().is_out_of_the_way(&elsewhere, round));
    assert_eq!(out, [false, true, true], "out of the way");
    let left = [0, 1, 99, 100].map(|round| Caller::new().has_left_off(&elsewhere, round));
    assert_eq!(left, [false, false, false, true], "has left off");
}

#[test]
fn gone_is_who_could_be_seen_and_is_not_there() {
    let mut child = Command::new("true").spawn().expect("true(1)");
    let dead = owner(child.id(), child.id());
    child.wait().expect("its end");
    let elsewhere = Owner { namespace: (here::namespace() + 1) << 1 | 1, ..dead };
    let here = owner(here::process(), os::thread_id());
    let seen = [dead, elsewhere, here].map(|owner| Caller::new().is_gone(&owner));
    assert_eq!(seen, [true, false, false], "dead, dead in another namespace, this thread");
}

#[test]
fn a_lock_is_taken_over_as_it_was_seen_by_who_saw_it() {
    let (caller, lock) = (Caller::new(), AtomicU64::new(3));
    assert_eq!(caller.swap(&lock, 4, 5), Ok(false));
    assert_eq!(lock.load(Ordering::Relaxed), 3);
    assert_eq!(caller.swap(&lock, 3, 5), Ok(true));
    assert_eq!(lock.load(Ordering::Relaxed), 5);
    let status = super::child::status_of(|| match caller.swap(&lock, 5, 6) {
        Err(Fault::Forked) => 0,
        _ => 1,
    });
    assert_eq!(status, super::child::exited(0), "in a child");
}

/// A word that a child shares.
fn shared_word() -> &'static AtomicU64 {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: a new mapping, of zeros, that stays.
    unsafe {
        let start = libc::mmap(
            std::ptr::null_mut(),
            size_of::<AtomicU64>(),
            protection,
            flags | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        assert_ne!(start, libc::MAP_FAILED);
        &*start.cast()
    }
}

#[test]
fn who_dies_wakes_whom_it_guards_and_nobody_else() {
    for guarded in [true, false] {
        let (bell, child, sleeper) = (shared_word(), shared_word(), shared_word());
        let sleeps = std::thread::spawn(move || {
            sleeper.store(os::thread_id().into(), Ordering::Release);
            Caller::new().sleep(bell, if guarded { 30_000_000_000 } else { 500_000_000 })
        });
        let kills = std::thread::spawn(move || {
            while child.load(Ordering::Acquire) == 0 || sleeper.load(Ordering::Acquire) == 0 {
                std::thread::yield_now();
            }
            if guarded {
                until(&owner(here::process(), sleeper.load(Ordering::Relaxed) as u32), b'S');
            }
            // SAFETY: a system call.
            unsafe { libc::kill(child.load(Ordering::Relaxed) as i32, libc::SIGKILL) }
        });
        let status = super::child::status_of(|| {
            let before = Caller::new().guard(bell);
            if !guarded {
                Caller::new().guard_as_before(before);
            }
            child.store(os::process_id().into(), Ordering::Release);
            loop {
                os::sleep_nanoseconds(1_000_000_000);
            }
        });
        assert_eq!(status, super::child::killed(libc::SIGKILL));
        assert_eq!(kills.join().expect("who kills"), 0);
        let expected = if guarded { Slept::Woken } else { Slept::TimedOut };
        assert_eq!(sleeps.join().expect("who sleeps"), expected, "guarded: {guarded}");
    }
}

#[test]
fn who_wakes_somebody_learns_that_somebody_slept() {
    let bell = shared_word();
    assert!(!Caller::new().wake(bell), "nobody sleeps yet");
    let sleeper = std::thread::spawn(|| Caller::new().sleep(bell, 20_000_000_000));
    let start = Instant::now();
    while !Caller::new().wake(bell) {
        assert!(start.elapsed() < Duration::from_secs(10), "nobody was ever woken");
        std::thread::yield_now();
    }
    assert_eq!(sleeper.join().expect("the sleeper"), Slept::Woken);
}

#[test]
fn a_thread_knows_its_ids() {
    let caller = Caller::new();
    assert_eq!(caller.thread(), os::thread_id());
    assert_eq!(caller.ids(), pair(os::process_id(), os::thread_id()));
    assert_eq!(low(caller.owner().ids), os::thread_id());
    assert_eq!(caller.owner().started, os::started(os::process_id()));
    assert_eq!(caller.owner().namespace >> 1, os::process_namespace());
}
