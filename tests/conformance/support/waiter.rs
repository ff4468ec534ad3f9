//! A thread that sleeps inside a call.

use super::asleep::is_asleep;
use super::patience::patience;
use super::signal::signal_thread;
use super::{Calls, Errno, Received, Verdict, c_int, c_long, moment, until};
use libc::pid_t;
use std::fmt::Debug;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

/// A thread inside a call, and in the end what the call gave. It is left alone where it never
/// ends: it goes with its process.
pub struct Waiter<T> {
    what: String,
    tid: pid_t,
    answer: mpsc::Receiver<T>,
}

impl<T: Send + Debug + 'static> Waiter<T> {
    /// Has a new thread make a call, and waits until it sleeps in it.
    pub fn start(
        what: &str,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Waiter<T>, String> {
        let waiter = Waiter::enter(what, call)?;
        let mut early = None;
        until(&format!("{what} sleeps"), || {
            early = waiter.answer.try_recv().ok();
            early.is_some() || waiter.is_asleep()
        })?;
        match early {
            Some(answer) => Err(format!("{what}: is to sleep, gives {answer:?}")),
            None => Ok(waiter),
        }
    }

    /// The same without the wait for its sleep: for calls that are not to sleep, and might.
    pub fn enter(
        what: &str,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Waiter<T>, String> {
        let (send, answer) = mpsc::channel();
        let tid = Arc::new(AtomicI32::new(0));
        let its_tid = Arc::clone(&tid);
        thread::spawn(move || {
            its_tid.store(super::user::thread_id(), Ordering::Release);
            // Nobody listens any more where the case has ended before.
            let _ = send.send(call());
        });
        until(&format!("the thread of {what} runs"), || tid.load(Ordering::Acquire) != 0)?;
        Ok(Waiter { what: what.to_string(), tid: tid.load(Ordering::Acquire), answer })
    }

    /// The thread's id.
    pub fn tid(&self) -> pid_t {
        self.tid
    }

    /// Whether it sleeps in its call.
    pub fn is_asleep(&self) -> bool {
        is_asleep(super::user::process_id(), self.tid)
    }

    /// It is to sleep now, and a moment later.
    pub fn sleeps_on(&self) -> Verdict {
        moment();
        if let Ok(answer) = self.answer.try_recv() {
            return Err(format!("{}: is to sleep on, gives {answer:?}", self.what));
        }
        until(&format!("{} sleeps on", self.what), || self.is_asleep())
    }

    /// Sends the thread a signal.
    pub fn signal(&self, signal: c_int) {
        signal_thread(self.tid, signal);
    }

    /// What its call gave, waited for.
    pub fn end(&self) -> Result<T, String> {
        self.answer
            .recv_timeout(patience())
            .map_err(|_| format!("{}: is to end, sleeps on after {:?}", self.what, patience()))
    }

    /// What its call gave, if it has come back.
    pub fn ended(&self) -> Option<T> {
        self.answer.try_recv().ok()
    }
}

impl Waiter<Result<Received, Errno>> {
    /// A thread that sleeps in msgrcv.
    pub fn receiver(
        calls: Calls,
        msgsz: usize,
        msgtyp: c_long,
        flags: c_int,
    ) -> Result<Self, String> {
        let what = format!("a receiver of {msgsz} bytes, type {msgtyp}, flags {flags:#o}");
        Waiter::start(&what, move || calls.receive(msgsz, msgtyp, flags))
    }
}

impl Waiter<Result<(), Errno>> {
    /// A thread that sleeps in msgsnd.
    pub fn sender(calls: Calls, mtype: c_long, bytes: usize) -> Result<Self, String> {
        let what = format!("a sender of {bytes} bytes, type {mtype}");
        Waiter::start(&what, move || calls.send_with(mtype, &vec![b's'; bytes], 0))
    }
}
