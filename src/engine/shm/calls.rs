//! The four calls, as the trait has them.
#![allow(unsafe_code)]

use super::attempt::End;
use super::caller_thread::Caller;
use super::layout::pair;
use super::registry::{self, Got, New};
use super::seat::inside;
use super::thread::Thread;
use super::{asleep, credentials, limits_now, messages, own, start, straight};
use crate::engine::asleep::Asleep;
use crate::engine::functions::Functions;
use crate::engine::limits::Limits;
use crate::engine::{Engine, Number, Received, syscall};
use crate::errno::Errno;
use libc::{c_int, c_long, c_void, key_t, msqid_ds};

/// Queues in shared memory.
pub struct Shm;

impl From<Errno> for End {
    fn from(error: Errno) -> End {
        End::errno(error.0)
    }
}

impl Engine for Shm {
    fn prepare(&self) {
        start::prepare();
        straight::prepare();
    }

    fn functions(&self) -> Option<&'static Functions> {
        Some(&straight::FUNCTIONS)
    }

    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        Ok(get(key, msgflg)?)
    }

    fn set_limits(&self, limits: Limits) -> Result<(), Errno> {
        limits.check()?;
        Ok(inside(|seat| Ok(limits_now::set(seat.memory, limits)?))?)
    }

    fn asleep(&self) -> Option<Asleep> {
        asleep::all().ok()
    }

    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        // SAFETY: the caller's promise, handed on.
        unsafe { super::commands::msgctl(msqid, cmd, buf) }
    }

    #[inline(always)]
    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<Number, Errno> {
        syscall::cancel_here();
        // SAFETY: the caller's promise, handed on.
        Ok(unsafe { messages::send(msqid, msgp, msgsz, msgflg) }?)
    }

    #[inline(always)]
    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<Received, Errno> {
        syscall::cancel_here();
        // SAFETY: the caller's promise, handed on.
        Ok(unsafe { messages::receive(msqid, msgp, msgsz, msgtyp, msgflg) }?)
    }
}

/// msgget.
fn get(key: key_t, msgflg: c_int) -> Result<c_int, End> {
    let owner = pair(credentials::euid(), credentials::egid());
    let mut file = (!own::are_wanted()).then_some(0);
    loop {
        let (got, qbytes, file_of_id) = inside(|seat| {
            let qbytes = limits_now::msgmnb(seat.memory)?;
            let most = limits_now::msgmni(seat.memory)? as u32;
            let got = registry::get(seat, key, msgflg, New { owner, qbytes, most, file })?;
            let of_id = match got {
                Got::Id(id) => Some(registry::named(seat.memory, id)?.2),
                _ => None,
            };
            Ok((got, qbytes, of_id))
        })
        .inspect_err(|_| file.into_iter().filter(|file| *file != 0).for_each(own::remove))?;
        match got {
            Got::Id(id) => {
                // Somebody else may have been first.
                if let Some(file) = file.filter(|file| Some(*file) != file_of_id) {
                    own::remove(file);
                }
                return Ok(id as c_int);
            }
            _ => {
                let now = Caller::new().seconds();
                let mode = msgflg as u32 & 0o777;
                file = Some(own::make(&own::New { key, owner, mode, qbytes, now })?);
            }
        }
    }
}
