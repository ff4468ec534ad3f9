//! Engines that are wrong on purpose: what the storms have to find.
#![allow(unsafe_code)]

use libc::{EAGAIN, ENOMSG, IPC_NOWAIT, c_int, c_long, c_void, key_t, msqid_ds};
use msgq::engine::{DEFAULT, ENGINES, Engine, Number, Received};
use msgq::errno::Errno;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering::SeqCst};

/// The kernel's queues, but for one thing.
pub struct Faulty {
    pub name: &'static str,
    fault: Fault,
    calls: AtomicU32,
    lock: AtomicPtr<AtomicU32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Loses,
    Doubles,
    Locks,
}

const fn faulty(name: &'static str, fault: Fault) -> Faulty {
    Faulty { name, fault, calls: AtomicU32::new(0), lock: AtomicPtr::new(null_mut()) }
}

/// All of them.
pub static FAULTY: [Faulty; 3] = [
    faulty("loses_a_message_now_and_then", Fault::Loses),
    faulty("sends_a_message_twice_now_and_then", Fault::Doubles),
    faulty("keeps_a_lock_that_its_owner_dies_with", Fault::Locks),
];

/// The faulty engine of this name.
pub fn named(name: &str) -> Option<&'static dyn Engine> {
    FAULTY.iter().find(|faulty| faulty.name == name).map(|faulty| faulty as &dyn Engine)
}

fn sound() -> &'static dyn Engine {
    ENGINES[DEFAULT].1
}

impl Faulty {
    fn is_time(&self) -> bool {
        self.calls.fetch_add(1, SeqCst) % 500 == 499
    }

    /// Makes a call that does not wait, again and again while nobody else does, until it succeeds
    /// or need not wait.
    fn locked<T>(
        &self,
        waits: bool,
        mut call: impl FnMut() -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        // SAFETY: `prepare` has made it, in memory that stays.
        let lock = unsafe { &*self.lock.load(SeqCst) };
        loop {
            while lock.swap(1, SeqCst) != 0 {
                std::thread::yield_now();
            }
            let answer = call();
            lock.store(0, SeqCst);
            match answer {
                Err(Errno(EAGAIN | ENOMSG)) if waits => std::thread::yield_now(),
                answer => return answer,
            }
        }
    }
}

impl Engine for Faulty {
    fn prepare(&self) {
        sound().prepare();
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping overlaps nothing; it is never removed.
        let page = unsafe { libc::mmap(null_mut(), 4096, protection, kind, -1, 0) };
        let _ = self.lock.compare_exchange(null_mut(), page.cast(), SeqCst, SeqCst);
    }

    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        sound().msgget(key, msgflg)
    }

    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        // SAFETY: the caller's promise, handed on.
        unsafe { sound().msgctl(msqid, cmd, buf) }
    }

    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<Number, Errno> {
        // SAFETY: the caller's promise, handed on.
        let send = |msgflg| unsafe { sound().msgsnd(msqid, msgp, msgsz, msgflg) };
        let waits = msgflg & IPC_NOWAIT == 0;
        match self.fault {
            Fault::Loses if self.is_time() => Ok(0),
            Fault::Doubles if self.is_time() => send(msgflg).and_then(|_| send(msgflg)),
            Fault::Loses | Fault::Doubles => send(msgflg),
            Fault::Locks => self.locked(waits, || send(msgflg | IPC_NOWAIT)),
        }
    }

    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<Received, Errno> {
        // SAFETY: the caller's promise, handed on.
        let receive = |msgflg| unsafe { sound().msgrcv(msqid, msgp, msgsz, msgtyp, msgflg) };
        let waits = msgflg & IPC_NOWAIT == 0;
        match self.fault {
            Fault::Loses | Fault::Doubles => receive(msgflg),
            Fault::Locks => self.locked(waits, || receive(msgflg | IPC_NOWAIT)),
        }
    }
}
