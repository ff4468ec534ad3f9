//! The four calls: their arguments are checked in the kernel's order, and what they say is done.
#![allow(unsafe_code)]

use super::attempt::End;
use super::layout::{class_of, pair, queue};
use super::receive::{self, Request, Taken};
use super::registry::{self, New};
use super::runs::{Choice, NODES};
use super::seat::{Seat, inside};
use super::send::{self, Message};
use super::{caller, cells, credentials, limits_now, text};
use crate::engine::limits::Limits;
use crate::engine::{Engine, syscall};
use crate::errno::Errno;
use libc::{
    E2BIG, EINVAL, ENOMEM, IPC_NOWAIT, MSG_COPY, MSG_EXCEPT, MSG_NOERROR, c_int, c_long, c_void,
    key_t, msqid_ds,
};

/// Queues in shared memory.
pub struct Shm;

impl From<Errno> for End {
    fn from(error: Errno) -> End {
        End::errno(error.0)
    }
}

impl Engine for Shm {
    fn prepare(&self) {
        super::start::prepare();
    }

    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        let id = inside(|seat| {
            let (uid, gid) = (credentials::euid(), credentials::egid());
            let new = New {
                owner: pair(uid, gid),
                qbytes: limits_now::msgmnb(seat.memory)?,
                most: limits_now::msgmni(seat.memory)? as u32,
            };
            registry::get(seat, key, msgflg, new)
        })?;
        Ok(id as c_int)
    }

    fn set_limits(&self, limits: Limits) -> Result<(), Errno> {
        limits.check()?;
        Ok(inside(|seat| Ok(limits_now::set(seat.memory, limits)?))?)
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
    ) -> Result<(), Errno> {
        syscall::cancel_here();
        // SAFETY: the caller's promise; a bad address gives EFAULT.
        let mtype = unsafe { caller::read_word(msgp.cast()) }?;
        let sent = inside(|seat| {
            if msgsz as u64 > limits_now::msgmax(seat.memory)? || msqid < 0 || mtype < 1 {
                return Err(End::errno(EINVAL));
            }
            let class = class_of(msgsz).ok_or(End::errno(ENOMEM))?;
            cells::provide(seat, 0, NODES + 1)?;
            cells::provide(seat, class, 1)?;
            let unit = cells::at_hand(seat, class)?;
            let from = msgp.cast::<u8>().wrapping_add(size_of::<c_long>());
            // SAFETY: the cell is of a class that has room; the caller's promise.
            unsafe { text::bring(seat.memory, from, unit, msgsz) }??;
            cells::label(seat.memory, unit, mtype, msgsz)?;
            let (at, id) = named(seat, msqid)?;
            let message = Message { unit, class, mtype, size: msgsz };
            send::send(seat, at, id, message, msgflg & IPC_NOWAIT == 0)
        });
        Ok(sent?)
    }

    #[inline(always)]
    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<usize, Errno> {
        syscall::cancel_here();
        if msqid < 0 || (msgsz as isize) < 0 {
            return Err(Errno(EINVAL));
        }
        if msgflg & MSG_COPY != 0 {
            // SAFETY: the caller's promise, handed on.
            return unsafe { copy(msqid, msgp, msgsz, msgtyp, msgflg) };
        }
        let request = Request {
            choice: choice(msgtyp, msgflg),
            room: msgsz,
            cut: msgflg & MSG_NOERROR != 0,
            wait: msgflg & IPC_NOWAIT == 0,
        };
        let received = inside(|seat| {
            let (at, id) = named(seat, msqid)?;
            let taken = receive::receive(seat, at, id, request)?;
            // SAFETY: the caller's promise.
            let delivered = unsafe { deliver(seat, &taken, msgp, msgsz) };
            cells::trim(seat, taken.class)?;
            delivered
        });
        Ok(received?)
    }
}

/// Where the queue with this id is, and its name there.
#[inline(always)]
pub fn named(seat: &Seat<'_>, msqid: c_int) -> Result<(usize, u32), End> {
    Ok((registry::by_id(seat.memory, msqid as u32)?, msqid as u32 | queue::NAMED))
}

fn choice(msgtyp: c_long, msgflg: c_int) -> Choice {
    match msgtyp {
        0 => Choice::Any,
        1.. if msgflg & MSG_EXCEPT != 0 => Choice::NotEqual(msgtyp),
        1.. => Choice::Equal(msgtyp),
        c_long::MIN => Choice::Lowest(c_long::MAX),
        _ => Choice::Lowest(-msgtyp),
    }
}

/// Copies a message that has left the queue to the caller. Where that fails it is lost.
///
/// # Safety
/// As msgrcv(2).
#[inline(always)]
unsafe fn deliver(
    seat: &Seat<'_>,
    message: &Taken,
    msgp: *mut c_void,
    msgsz: usize,
) -> Result<usize, End> {
    let bytes = message.size.min(msgsz);
    let to = msgp.cast::<u8>().wrapping_add(size_of::<c_long>());
    // SAFETY: the caller's promise.
    unsafe {
        caller::write_word(msgp.cast(), message.mtype)?;
        text::deliver(seat.memory, message.unit, to, bytes)??;
    }
    Ok(bytes)
}

/// msgrcv with MSG_COPY: the message stays in the queue.
///
/// # Safety
/// As msgrcv(2).
#[cold]
unsafe fn copy(
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: usize,
    msgtyp: c_long,
    msgflg: c_int,
) -> Result<usize, Errno> {
    if msgflg & MSG_EXCEPT != 0 || msgflg & IPC_NOWAIT == 0 {
        return Err(Errno(EINVAL));
    }
    let copied = inside(|seat| {
        let room = msgsz.min(limits_now::msgmax(seat.memory)? as usize);
        let class = class_of(room).ok_or(End::errno(ENOMEM))?;
        cells::provide(seat, class, 1)?;
        let unit = cells::at_hand(seat, class)?;
        // SAFETY: the cell is of a class that has room; the caller's promise. The kernel reads what
        // it is going to overwrite.
        unsafe { text::bring(seat.memory, msgp.cast(), unit, room) }??;
        let (at, id) = named(seat, msqid)?;
        let memory = seat.memory;
        let head = receive::peek(seat, at, id, msgtyp, |head| {
            if head.size > msgsz && msgflg & MSG_NOERROR == 0 {
                return Err(End::errno(E2BIG));
            }
            if head.size > room {
                return Err(End::errno(EINVAL));
            }
            Ok(cells::duplicate(memory, head.unit, unit, head.size)?)
        })?;
        let taken = Taken { unit, class, mtype: head.mtype, size: head.size };
        // SAFETY: the caller's promise.
        unsafe { deliver(seat, &taken, msgp, msgsz) }
    });
    Ok(copied?)
}
