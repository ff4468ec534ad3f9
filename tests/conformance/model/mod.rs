//! A simple engine for the threads of one process, and the ways in which it can be made wrong.
//!
//! The right model passes the cases. A wrong one is right but for one deviation, and the case that
//! the deviation names has to fail on it: so it is known that the cases can fail.

mod control;
mod deviation;
mod get;
mod memory;
mod receive;
mod rules;
mod send;
mod sleep;
mod state;
mod tables;

use crate::support::{Engine, Errno, On, c_int, c_long};
pub use deviation::Deviation;
use libc::{c_void, key_t, msqid_ds, pid_t};
use msgq::engine::{Number, Received};
use state::{Slot, State, Waiter, Wanted};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The engine.
pub struct Model {
    deviation: Option<Deviation>,
    state: Mutex<State>,
}

impl Model {
    /// A new one that lasts as long as the process.
    pub fn leaked(deviation: Option<Deviation>) -> On {
        Box::leak(Box::new(Model { deviation, state: Mutex::default() }))
    }

    fn is(&self, deviation: Deviation) -> bool {
        self.deviation == Some(deviation)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    fn new_waiter(&self, wanted: Wanted, bytes: usize) -> Arc<Waiter> {
        let (process, thread) = caller();
        let slot = Mutex::new(Slot::Nothing);
        Arc::new(Waiter { wanted, bytes, process, thread, slot, bed: Default::default() })
    }
}

/// A lock's content, even where somebody panicked with it: the case has failed then anyway.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling process and thread.
fn caller() -> (pid_t, pid_t) {
    (crate::support::process_id(), crate::support::thread_id())
}

#[allow(unsafe_code)] // The trait's methods are unsafe; addresses go to `memory` alone.
impl Engine for Model {
    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        self.get(key, msgflg)
    }

    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        self.control(msqid, cmd, buf as usize)
    }

    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<Number, Errno> {
        self.send(msqid, msgp as usize, msgsz, msgflg).map(|()| 0)
    }

    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<Received, Errno> {
        let bytes = self.receive(msqid, msgp as usize, msgsz, msgtyp, msgflg)?;
        Ok(Received { bytes, number: 0 })
    }
}
