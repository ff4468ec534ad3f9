//! The four calls as this command makes them itself: like any program that contains the library.
#![allow(unsafe_code)]

use libc::{IPC_SET, IPC_STAT, c_int, c_long, c_void, msqid_ds};
use msgq::abi;
use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

/// The most bytes of text in a message of this command's own.
pub const MOST_TEXT: usize = 64;

#[repr(C)]
struct Message {
    mtype: c_long,
    mtext: [u8; MOST_TEXT],
}

/// A queue, by its id.
#[derive(Clone, Copy)]
pub struct Queue(pub c_int);

impl Queue {
    /// A new queue without a key.
    pub fn create() -> io::Result<Queue> {
        // SAFETY: takes no address.
        let id = unsafe { abi::msgget(libc::IPC_PRIVATE, libc::IPC_CREAT | 0o600) };
        checked(id as isize).map(|_| Queue(id))
    }

    /// Sends `text`, or its first [`MOST_TEXT`] bytes.
    pub fn send(self, mtype: c_long, text: &str) -> io::Result<()> {
        let mut message = Message { mtype, mtext: [0; MOST_TEXT] };
        let length = text.len().min(MOST_TEXT);
        message.mtext[..length].copy_from_slice(&text.as_bytes()[..length]);
        let address = (&raw const message).cast::<c_void>();
        // SAFETY: the message has `length` bytes of text.
        checked(unsafe { abi::msgsnd(self.0, address, length, 0) } as isize).map(drop)
    }

    /// Receives a message as msgtyp and msgflg say: its type and its text.
    pub fn receive(self, msgtyp: c_long, msgflg: c_int) -> io::Result<(c_long, String)> {
        let mut message = Message { mtype: 0, mtext: [0; MOST_TEXT] };
        let address = (&raw mut message).cast::<c_void>();
        // SAFETY: the message has room for so many bytes of text.
        let length = checked(unsafe { abi::msgrcv(self.0, address, MOST_TEXT, msgtyp, msgflg) })?;
        let text = String::from_utf8_lossy(&message.mtext[..length as usize]);
        Ok((message.mtype, text.into_owned()))
    }

    /// Sets how many bytes it may hold.
    pub fn set_qbytes(self, qbytes: u64) -> io::Result<()> {
        let mut data = MaybeUninit::<msqid_ds>::zeroed();
        // SAFETY: the structure is there to be filled.
        checked(unsafe { abi::msgctl(self.0, IPC_STAT, data.as_mut_ptr()) } as isize)?;
        // SAFETY: all zero is a value of it too.
        let mut data = unsafe { data.assume_init() };
        data.msg_qbytes = qbytes;
        // SAFETY: the structure is filled.
        checked(unsafe { abi::msgctl(self.0, IPC_SET, &raw mut data) } as isize).map(drop)
    }

    /// Removes the queue.
    pub fn remove(self) -> io::Result<()> {
        // SAFETY: IPC_RMID takes no structure.
        checked(unsafe { abi::msgctl(self.0, libc::IPC_RMID, null_mut()) } as isize).map(drop)
    }
}

fn checked(answer: isize) -> io::Result<isize> {
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}
