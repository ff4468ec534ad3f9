//! The four calls: their arguments are checked in the kernel's order, and what they say is done.
#![allow(unsafe_code)]

use super::attempt::End;
use super::caller_thread::Caller;
use super::layout::{class_of, pair, queue};
use super::memory::Memory;
use super::receive::{self, Request, Taken};
use super::registry::{self, Got, INDEXES, New};
use super::runs::{Choice, NODES};
use super::seat::{Seat, inside, inside_own};
use super::send::{self, Message};
use super::thread::Thread;
use super::{caller, cells, credentials, limits_now, own, sleep, start, straight, text};
use crate::engine::functions::Functions;
use crate::engine::limits::Limits;
use crate::engine::{Engine, syscall};
use crate::errno::Errno;
use libc::{
    E2BIG, EACCES, EINVAL, ENOMEM, IPC_NOWAIT, MSG_COPY, MSG_EXCEPT, MSG_NOERROR, c_int, c_long,
    c_void, key_t, msqid_ds,
};

/// Up to so many bytes a cell is made without proof that there is a message for it.
const CHEAP: usize = 1 << 16;

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
        let put = |seat: &mut Seat<'_>, place: Found| {
            // SAFETY: the caller's promise, handed on.
            let message = unsafe { take_up(seat, msqid, msgp, mtype, msgsz) }?;
            let (at, id) = place?;
            send::send(seat, at, id, message, msgflg & IPC_NOWAIT == 0)
        };
        let sent = at_queue(msqid, put);
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
        let received = at_queue(msqid, |seat, place| {
            let (at, id) = place?;
            let taken = receive::receive(seat, at, id, request)?;
            // SAFETY: the caller's promise.
            let delivered = unsafe { deliver(seat, &taken, msgp, msgsz) };
            cells::trim(seat, taken.class)?;
            delivered
        });
        Ok(received?)
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
                Got::Id(id) => Some(named(seat, id as c_int)?.2),
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

/// Where a queue is in its arena, and what it is called there; or why it cannot be used.
pub type Found = Result<(usize, u32), End>;

/// Does something in the arena of the queue with this id. Where there is none, that is told too.
#[inline(always)]
fn at_queue<T>(
    msqid: c_int,
    act: impl Fn(&mut Seat<'_>, Found) -> Result<T, End>,
) -> Result<T, End> {
    let file = match own::are_wanted() {
        false => 0,
        true => file_of(msqid)?,
    };
    if file == 0 {
        return inside(|seat| {
            let found = named(seat, msqid).map(|(at, id, _)| (at, id));
            act(seat, found)
        });
    }
    let index = msqid as u32 % INDEXES;
    let outcome = inside_own(index, file, |seat| act(seat, Ok((own::AT, own::id_in(file)))));
    match outcome {
        // What the call was given is looked at before the queue.
        Err(end) if end == End::errno(EACCES) || end == End::errno(EINVAL) => {
            inside(|seat| act(seat, Err(end)))
        }
        outcome => outcome,
    }
}

/// The name of the file of the queue with this id; 0 where there is none.
#[cold]
pub fn file_of(msqid: c_int) -> Result<u64, End> {
    inside(|seat| match named(seat, msqid) {
        Ok((at, id, file)) if sleep::is_there(seat.memory, at, id)? => Ok(file),
        _ => Ok(0),
    })
}

/// Where the queue with this id is in the registry's arena, its name there, and that of its file.
#[inline(always)]
pub fn named(seat: &Seat<'_>, msqid: c_int) -> Result<(usize, u32, u64), End> {
    let at = registry::by_id(seat.memory, msqid as u32)?;
    let file = seat.memory.load(at + queue::FILE)?;
    Ok((at, msqid as u32 | queue::NAMED, file))
}

/// Copies the caller's message into a cell, once all that can be said without the queue is
/// right.
///
/// # Safety
/// As msgsnd(2).
#[inline(always)]
unsafe fn take_up(
    seat: &mut Seat<'_>,
    msqid: c_int,
    msgp: *const c_void,
    mtype: c_long,
    msgsz: usize,
) -> Result<Message, End> {
    if msgsz as u64 > limits_now::msgmax()? || msqid < 0 || mtype < 1 {
        return Err(End::errno(EINVAL));
    }
    let class = class_of(msgsz).ok_or(End::errno(ENOMEM))?;
    let from = msgp.cast::<u8>().wrapping_add(size_of::<c_long>());
    if msgsz > CHEAP {
        // SAFETY: the caller's promise.
        unsafe { caller::prove_readable(from, msgsz) }?;
    }
    cells::provide(seat, 0, NODES + 1)?;
    cells::provide(seat, class, 1)?;
    let unit = cells::at_hand(seat, class)?;
    // SAFETY: the cell is of a class that has room; the caller's promise.
    unsafe { text::bring(seat.memory, from, unit, msgsz) }??;
    cells::label(seat.memory, unit, mtype, msgsz)?;
    Ok(Message { unit, class, mtype, size: msgsz })
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
    let copied = at_queue(msqid, |seat, place| {
        let room = msgsz.min(limits_now::msgmax()? as usize);
        // The kernel reads what it is going to overwrite.
        // SAFETY: the caller's promise.
        unsafe { caller::prove_readable(msgp.cast(), room) }?;
        let (at, id) = place?;
        let message = duplicate(seat, at, id, msgtyp, |size| match size {
            _ if size > msgsz && msgflg & MSG_NOERROR == 0 => Err(End::errno(E2BIG)),
            _ if size > room => Err(End::errno(EINVAL)),
            _ => Ok(()),
        })?;
        // SAFETY: the caller's promise.
        let delivered = unsafe { deliver(seat, &message, msgp, msgsz) };
        cells::trim(seat, message.class)?;
        delivered
    });
    Ok(copied?)
}

/// Copies the message at a position to a cell of the calling thread's, if its size is `permitted`. The
/// size tells which cell is needed, and there may be another message by the time it is there.
fn duplicate(
    seat: &mut Seat<'_>,
    at: usize,
    id: u32,
    position: i64,
    permitted: impl Fn(usize) -> Result<(), End>,
) -> Result<Taken, End> {
    let mut class = 0;
    loop {
        cells::provide(seat, class, 1)?;
        let unit = cells::at_hand(seat, class)?;
        let memory = seat.memory;
        let fits = |size: usize| class_of(size).is_some_and(|needed| needed <= class);
        let head = receive::peek(seat, at, id, position, |head| {
            permitted(head.size)?;
            match fits(head.size) {
                true => Ok(cells::duplicate(memory, head.unit, unit, head.size)?),
                false => Ok(()),
            }
        })?;
        if fits(head.size) {
            return Ok(Taken { unit, class, mtype: head.mtype, size: head.size });
        }
        class = class_of(head.size).ok_or(End::errno(ENOMEM))?;
    }
}
