//! msgsnd and msgrcv between the caller's memory and a queue: the arguments are checked in the kernel's
//! order, and then the message is on its way.
#![allow(unsafe_code)]

use super::attempt::End;
use super::caller_thread::Caller;
use super::cells::{self, Message};
use super::layout::class_of;
use super::receive::{self, Request};
use super::registry::{self, INDEXES};
use super::runs::{Choice, NODES};
use super::seat::{self, Seat, inside, inside_own};
use super::{caller, home, limits_now, own, send, sleep, text};
use crate::engine::{Number, Received};
use libc::{
    E2BIG, EACCES, EINVAL, ENOMEM, ENOSYS, IPC_NOWAIT, MSG_COPY, MSG_EXCEPT, MSG_NOERROR, c_int,
    c_long, c_void,
};

/// Up to so many bytes a cell is made without proof that there is a message for it.
const CHEAP: usize = 1 << 16;

/// msgsnd.
///
/// # Safety
/// As msgsnd(2).
#[inline(always)]
pub unsafe fn send(
    msqid: c_int,
    msgp: *const c_void,
    msgsz: usize,
    msgflg: c_int,
) -> Result<Number, End> {
    // SAFETY: the caller's promise; a bad address gives EFAULT.
    let mtype = unsafe { caller::read_word(msgp.cast()) }?;
    at_queue(&Sending { msqid, msgp, mtype, msgsz, wait: msgflg & IPC_NOWAIT == 0 })
}

/// msgrcv.
///
/// # Safety
/// As msgrcv(2).
#[inline(always)]
pub unsafe fn receive(
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: usize,
    msgtyp: c_long,
    msgflg: c_int,
) -> Result<Received, End> {
    if msqid < 0 || (msgsz as isize) < 0 {
        return Err(End::errno(EINVAL));
    }
    if msgflg & MSG_COPY != 0 {
        return copy(Copying { msqid, msgp, msgsz, position: msgtyp, msgflg });
    }
    let request = Request {
        choice: choice(msgtyp, msgflg),
        room: msgsz,
        cut: msgflg & MSG_NOERROR != 0,
        wait: msgflg & IPC_NOWAIT == 0,
    };
    at_queue(&Receiving { msqid, msgp, request })
}

/// msgrcv with MSG_COPY: the message stays in the queue.
#[cold]
fn copy(copying: Copying) -> Result<Received, End> {
    if copying.msgflg & MSG_EXCEPT != 0 || copying.msgflg & IPC_NOWAIT == 0 {
        return Err(End::errno(EINVAL));
    }
    at_queue(&copying)
}

/// Where a queue is in its arena, and what it is called there; or why it cannot be used.
type Found = Result<(usize, u32), End>;

/// What is done with a queue. Whoever makes one has promised what the call asks of its address.
trait Task {
    type Answer;

    /// The queue's id.
    fn msqid(&self) -> c_int;

    /// Does it in the arena where the queue is; where there is none, that is told.
    fn perform(&self, seat: &mut Seat<'_>, found: Found) -> Result<Self::Answer, End>;
}

/// Does a task in the arena of its queue.
#[inline(always)]
fn at_queue<T: Task>(task: &T) -> Result<T::Answer, End> {
    if own::are_wanted() {
        return at_queue_of_its_own(task);
    }
    let memory = home::get().ok_or(End::errno(ENOSYS))?;
    let caller = Caller::new();
    let mut seat = seat::enter(&memory, &caller, true)?;
    let outcome = perform(&mut seat, task);
    // As `inside`, but in no loop: so it becomes one function that needs few registers.
    seat::leave(seat, outcome).unwrap_or_else(|| at_queue_once_more(task))
}

/// The same in a child that was made amid the call.
#[cold]
fn at_queue_once_more<A>(task: &dyn Task<Answer = A>) -> Result<A, End> {
    inside(|seat| perform(seat, task))
}

/// Does a task where its queue is, or tells it that there is none.
#[inline(always)]
fn perform<A>(seat: &mut Seat<'_>, task: &(impl Task<Answer = A> + ?Sized)) -> Result<A, End> {
    let found = registry::named(seat.memory, task.msqid() as u32).map(|(at, id, _)| (at, id));
    task.perform(seat, found)
}

/// The same in a directory where queues have files of their own.
#[cold]
fn at_queue_of_its_own<A>(task: &dyn Task<Answer = A>) -> Result<A, End> {
    let file = file_of(task.msqid())?;
    if file == 0 {
        return inside(|seat| perform(seat, task));
    }
    let index = task.msqid() as u32 % INDEXES;
    let found = (own::AT, own::id_in(file));
    match inside_own(index, file, |seat| task.perform(seat, Ok(found))) {
        // What the call was given is looked at before the queue.
        Err(end) if end == End::errno(EACCES) || end == End::errno(EINVAL) => {
            inside(|seat| task.perform(seat, Err(end)))
        }
        outcome => outcome,
    }
}

/// The name of the file of the queue with this id; 0 where there is none.
fn file_of(msqid: c_int) -> Result<u64, End> {
    inside(|seat| match registry::named(seat.memory, msqid as u32) {
        Ok((at, id, file)) if sleep::is_there(seat.memory, at, id)? => Ok(file),
        _ => Ok(0),
    })
}

struct Sending {
    msqid: c_int,
    msgp: *const c_void,
    mtype: c_long,
    msgsz: usize,
    wait: bool,
}

impl Task for Sending {
    type Answer = Number;

    fn msqid(&self) -> c_int {
        self.msqid
    }

    #[inline(always)]
    fn perform(&self, seat: &mut Seat<'_>, found: Found) -> Result<Number, End> {
        // SAFETY: the promise with which this was made.
        let (message, number) =
            unsafe { take_up(seat, self.msqid, self.msgp, self.mtype, self.msgsz) }?;
        let (at, id) = found?;
        send::send(seat, at, id, message, self.wait)?;
        Ok(number)
    }
}

/// Copies the caller's message into a cell, once all that can be said without the queue is
/// right; and numbers it.
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
) -> Result<(Message, Number), End> {
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
    let message = Message { unit, size: msgsz as u32, mtype };
    let number = cells::next_number(seat);
    cells::label(seat.memory, message, number)?;
    Ok((message, number))
}

struct Receiving {
    msqid: c_int,
    msgp: *mut c_void,
    request: Request,
}

impl Task for Receiving {
    type Answer = Received;

    fn msqid(&self) -> c_int {
        self.msqid
    }

    #[inline(always)]
    fn perform(&self, seat: &mut Seat<'_>, found: Found) -> Result<Received, End> {
        let (at, id) = found?;
        let message = receive::receive(seat, at, id, self.request)?;
        // SAFETY: the promise with which this was made.
        let delivered = unsafe { deliver(seat, message, self.msgp, self.request.room) };
        cells::trim(seat, message.class()?)?;
        // The nodes that kept its type apart from the others' are free too.
        cells::trim(seat, 0)?;
        delivered
    }
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
    message: Message,
    msgp: *mut c_void,
    msgsz: usize,
) -> Result<Received, End> {
    let bytes = (message.size as usize).min(msgsz);
    let to = msgp.cast::<u8>().wrapping_add(size_of::<c_long>());
    // SAFETY: the caller's promise.
    unsafe {
        caller::write_word(msgp.cast(), message.mtype)?;
        text::deliver(seat.memory, message.unit, to, bytes)??;
    }
    Ok(Received { bytes, number: cells::number(seat.memory, message.unit)? })
}

struct Copying {
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: usize,
    position: c_long,
    msgflg: c_int,
}

impl Task for Copying {
    type Answer = Received;

    fn msqid(&self) -> c_int {
        self.msqid
    }

    fn perform(&self, seat: &mut Seat<'_>, found: Found) -> Result<Received, End> {
        let room = self.msgsz.min(limits_now::msgmax()? as usize);
        // The kernel reads what it is going to overwrite.
        // SAFETY: the promise with which this was made.
        unsafe { caller::prove_readable(self.msgp.cast(), room) }?;
        let (at, id) = found?;
        let message = duplicate(seat, at, id, self.position, |size| match size {
            _ if size > self.msgsz && self.msgflg & MSG_NOERROR == 0 => Err(End::errno(E2BIG)),
            _ if size > room => Err(End::errno(EINVAL)),
            _ => Ok(()),
        })?;
        // SAFETY: the promise with which this was made.
        unsafe { deliver(seat, message, self.msgp, self.msgsz) }
    }
}

/// Copies the message at a position to a cell of the calling thread's, if its size is `permitted`. The
/// size tells which cell is needed, and there may be another message by the time it is there.
fn duplicate(
    seat: &mut Seat<'_>,
    at: usize,
    id: u32,
    position: i64,
    permitted: impl Fn(usize) -> Result<(), End>,
) -> Result<Message, End> {
    let mut class = 0;
    loop {
        cells::provide(seat, class, 1)?;
        let mut unit = 0;
        let peeked = receive::peek(seat, at, id, position, |seat, original| {
            permitted(original.size as usize)?;
            if original.class()? <= class {
                unit = cells::at_hand(seat, class)?;
                cells::duplicate(seat.memory, original, unit)?;
            }
            Ok(())
        })?;
        match peeked {
            Some(original) if original.class()? <= class => {
                return Ok(Message { unit, ..original });
            }
            Some(original) => class = original.class()?,
            None => {}
        }
    }
}
