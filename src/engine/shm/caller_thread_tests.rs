//! What a thread sees of others whose lock it has taken over.
#![allow(unsafe_code)]

use super::caller_thread::Caller;
use super::commit::{Owner, System};
use super::here;
use super::layout::pair;
use crate::os;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
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
    child.kill().expect("it can be killed");
    until(&stopped, b'Z');
    let dead = Caller::new().has_left_off(&stopped, 0);
    child.wait().expect("its end");
    assert_eq!((stop, seen, dead), (0, [false, false, true], true));
}

#[test]
fn a_thread_interrupts_itself_and_has_left_off_at_once() {
    let caller = Caller::new();
    assert!(caller.has_left_off(&caller.owner(), 1));
}
