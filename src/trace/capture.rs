//! What may be read of the caller's memory, and how it comes into the recording.
//!
//! The address that a program hands to a call may be wrong, and reading it would then end the
//! program where the call would have answered EFAULT. So the call is made first, and its outcome
//! tells what the engine has read or written itself.
#![allow(unsafe_code)]

use super::call::{Call, Outcome};
use super::format::{FIRST_BYTES, FIRST_BYTES_WORD, MORE_BYTES_WORD, Slot};
use libc::{
    EACCES, EAGAIN, EIDRM, EINTR, EINVAL, ENOMEM, EPERM, IPC_INFO, IPC_SET, IPC_STAT, MSG_INFO,
    MSG_STAT, c_int, c_long, msginfo, msqid_ds,
};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// msgctl(2)'s MSG_STAT without permission to read, which libc does not name.
pub const MSG_STAT_ANY: c_int = 13;

/// Memory of the caller's that its call has proven readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readable {
    /// Where the message's type is.
    pub mtype: Option<*const c_long>,
    /// Where the bytes are: the message's, or msgctl's structure.
    pub bytes: *const u8,
    /// How many.
    pub length: usize,
}

impl Readable {
    const NOTHING: Readable = Readable { mtype: None, bytes: ptr::null(), length: 0 };

    fn message(msgp: *const libc::c_void, length: usize) -> Readable {
        let mtype = msgp.cast::<c_long>();
        Readable { mtype: Some(mtype), bytes: mtype.wrapping_add(1).cast(), length }
    }

    fn structure(buf: *const msqid_ds, length: usize) -> Readable {
        Readable { mtype: None, bytes: buf.cast(), length }
    }

    /// What the outcome of `call` proves, by the order in which Linux checks: msgsnd reads mtype
    /// before it looks at anything else, and the text before it looks for the queue.
    #[inline(always)]
    pub fn after(call: &Call, outcome: Outcome) -> Readable {
        match (*call, outcome.map_err(|error| error.0)) {
            (Call::Send { msgp, msgsz, .. }, Ok(_) | Err(EAGAIN | EINTR | EIDRM | EACCES)) => {
                Readable::message(msgp, msgsz)
            }
            (Call::Send { msgp, .. }, Err(EINVAL | ENOMEM)) => Readable::message(msgp, 0),
            (Call::Receive { msgp, .. }, Ok(length)) => Readable::message(msgp, length as usize),
            (Call::Control { cmd, buf, .. }, outcome) => match (cmd, outcome) {
                (IPC_STAT | MSG_STAT | MSG_STAT_ANY, Ok(_)) | (IPC_SET, Ok(_) | Err(EPERM)) => {
                    Readable::structure(buf, size_of::<msqid_ds>())
                }
                (IPC_INFO | MSG_INFO, Ok(_)) => Readable::structure(buf, size_of::<msginfo>()),
                _ => Readable::NOTHING,
            },
            _ => Readable::NOTHING,
        }
    }

    /// The same, with at most so many bytes.
    #[inline(always)]
    pub fn at_most(self, length: usize) -> Readable {
        Readable { length: self.length.min(length), ..self }
    }

    /// Reads the message's type.
    ///
    /// # Safety
    /// The memory is still what the call saw.
    #[inline(always)]
    pub unsafe fn read_mtype(&self) -> Option<i64> {
        // SAFETY: proven readable; the program may have put it at any address.
        self.mtype.map(|mtype| unsafe { mtype.read_unaligned() })
    }

    /// Copies the bytes into a record's slots; gives how many there was room for.
    ///
    /// # Safety
    /// The memory is still what the call saw.
    #[inline(always)]
    pub unsafe fn copy(&self, slots: &[Slot]) -> u32 {
        let Some((first, more)) = slots.split_first() else { return 0 };
        let first = &first[FIRST_BYTES_WORD..];
        // SAFETY: proven readable.
        let mut done = unsafe {
            match self.length >= FIRST_BYTES {
                // The usual case, of a length that the compiler knows.
                true => fill(first, self.bytes, FIRST_BYTES),
                false => fill(first, self.bytes, self.length),
            }
        };
        for slot in more {
            let rest = self.bytes.wrapping_add(done);
            // SAFETY: the rest of what is proven readable.
            done += unsafe { fill(&slot[MORE_BYTES_WORD..], rest, self.length - done) };
        }
        done as u32
    }
}

/// Fills words with bytes; gives how many there was room for.
///
/// # Safety
/// `length` bytes can be read at `from`.
#[inline(always)]
unsafe fn fill(words: &[AtomicU64], from: *const u8, length: usize) -> usize {
    let (whole, rest) = words.split_at(words.len().min(length / 8));
    let mut from = from;
    for word in whole {
        // SAFETY: as many whole words as the bytes make.
        unsafe {
            word.store(from.cast::<u64>().read_unaligned(), Ordering::Relaxed);
            from = from.add(8);
        }
    }
    let done = whole.len() * 8;
    match rest.first() {
        Some(last) if done < length => {
            let mut bytes = [0u8; 8];
            // SAFETY: fewer than eight bytes are left, and all can be read.
            unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), length - done) };
            last.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
            length
        }
        _ => done,
    }
}

/// How many bytes of the caller's memory a call may give to keep, before its outcome is known.
#[inline(always)]
pub fn most_bytes(call: &Call, kept: usize) -> usize {
    match *call {
        Call::Get { .. } => 0,
        Call::Control { cmd: IPC_STAT | IPC_SET | MSG_STAT | MSG_STAT_ANY, .. } => {
            size_of::<msqid_ds>()
        }
        Call::Control { .. } => size_of::<msginfo>(),
        Call::Send { msgsz, .. } | Call::Receive { msgsz, .. } => msgsz.min(kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errno::Errno;
    use std::ptr::null_mut;

    fn send(outcome: Outcome) -> Readable {
        Readable::after(&Call::Send { msqid: 1, msgp: 8 as _, msgsz: 5, msgflg: 0 }, outcome)
    }

    #[test]
    fn a_bad_address_is_never_read() {
        let wild = 8 as *mut libc::c_void;
        for errno in 1..134 {
            let outcome = Err(Errno(errno));
            let calls = [
                Call::Receive { msqid: 1, msgp: wild, msgsz: 5, msgtyp: 0, msgflg: 0 },
                Call::Control { msqid: 1, cmd: IPC_STAT, buf: wild.cast() },
                Call::Control { msqid: 1, cmd: libc::IPC_RMID, buf: wild.cast() },
                Call::Get { key: 1, msgflg: 0 },
            ];
            for call in calls {
                assert_eq!(Readable::after(&call, outcome), Readable::NOTHING, "errno {errno}");
            }
        }
        assert_eq!(send(Err(Errno(libc::EFAULT))), Readable::NOTHING);
        assert_eq!(send(Err(Errno(libc::ENOSYS))), Readable::NOTHING);
    }

    #[test]
    fn a_send_that_saw_the_whole_message_proves_it_readable() {
        for outcome in [Ok(0), Err(Errno(EAGAIN)), Err(Errno(EINTR)), Err(Errno(EIDRM))] {
            assert_eq!(send(outcome), Readable::message(8 as _, 5));
        }
        assert_eq!(send(Err(Errno(EINVAL))), Readable::message(8 as _, 0));
    }

    #[test]
    fn a_receive_proves_as_many_bytes_as_it_returned() {
        let call = Call::Receive { msqid: 1, msgp: 8 as _, msgsz: 500, msgtyp: 0, msgflg: 0 };
        assert_eq!(Readable::after(&call, Ok(3)), Readable::message(8 as _, 3));
    }

    #[test]
    fn removing_a_queue_proves_nothing_of_buf() {
        let call = Call::Control { msqid: 1, cmd: libc::IPC_RMID, buf: null_mut() };
        assert_eq!(Readable::after(&call, Ok(0)), Readable::NOTHING);
    }
}
