//! A queue, and the calls on it.
#![allow(unsafe_code)]

use super::user::process_id;
use super::{
    Errno, IPC_CREAT, IPC_EXCL, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT, On, Verdict,
    Worked, c_int, c_long,
};
use libc::{key_t, msginfo, msqid_ds};
use std::fmt;
use std::ops::Deref;

pub use libc::{IPC_INFO, MSG_INFO, MSG_STAT};
/// The libc crate does not have it.
pub const MSG_STAT_ANY: c_int = 13;

/// The calls on one id, whether there is such a queue or not.
#[derive(Clone, Copy)]
pub struct Calls {
    pub engine: On,
    pub id: c_int,
}

/// A message that was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    pub mtype: c_long,
    pub text: Vec<u8>,
}

/// A message as it is to be received.
pub fn message(mtype: c_long, text: &[u8]) -> Received {
    Received { mtype, text: text.to_vec() }
}

impl fmt::Debug for Received {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = &self.text[..self.text.len().min(40)];
        let start = String::from_utf8_lossy(start);
        write!(out, "{{mtype={}, {} bytes {start:?}}}", self.mtype, self.text.len())
    }
}

/// One of four keys that no other process uses while this one lives.
pub fn key(number: i32) -> key_t {
    0x4d00_0000 | (number & 3) << 22 | (process_id() & 0x3f_ffff)
}

impl Calls {
    /// The same engine, another id.
    pub fn with_id(self, id: c_int) -> Calls {
        Calls { id, ..self }
    }

    /// Sends without waiting.
    pub fn send(self, mtype: c_long, text: &[u8]) -> Result<(), Errno> {
        self.send_with(mtype, text, IPC_NOWAIT)
    }

    /// Sends.
    pub fn send_with(self, mtype: c_long, text: &[u8], flags: c_int) -> Result<(), Errno> {
        let mut bytes = mtype.to_ne_bytes().to_vec();
        bytes.extend_from_slice(text);
        self.send_from(bytes.as_ptr() as usize, text.len(), flags)
    }

    /// Sends what stands at an address, or may not.
    pub fn send_from(self, address: usize, msgsz: usize, flags: c_int) -> Result<(), Errno> {
        // SAFETY: an address is that of enough bytes, or the engine is to notice that it is not.
        unsafe { self.engine.msgsnd(self.id, address as *const _, msgsz, flags) }.map(drop)
    }

    /// Receives without waiting.
    pub fn take(self, msgsz: usize, msgtyp: c_long) -> Result<Received, Errno> {
        self.receive(msgsz, msgtyp, IPC_NOWAIT)
    }

    /// Receives. What is written where nothing is to be written is a panic.
    pub fn receive(self, msgsz: usize, msgtyp: c_long, flags: c_int) -> Result<Received, Errno> {
        // More than the largest message is never written, however much the caller has room for.
        let mut bytes = vec![b'.'; 8 + msgsz.min(16384)];
        let length = self.receive_at(bytes.as_mut_ptr() as usize, msgsz, msgtyp, flags)?;
        assert!(bytes.len() >= 8 + length, "{length} bytes received, room for {msgsz}");
        let behind = &bytes[8 + length..];
        assert!(
            behind.iter().all(|byte| *byte == b'.'),
            "written behind {length} bytes: {behind:?}"
        );
        let mtype = bytes[..8].try_into().map(c_long::from_ne_bytes).unwrap_or_default();
        Ok(Received { mtype, text: bytes[8..8 + length].to_vec() })
    }

    /// Receives to an address that may be written, or may not.
    pub fn receive_at(
        self,
        address: usize,
        msgsz: usize,
        msgtyp: c_long,
        flags: c_int,
    ) -> Result<usize, Errno> {
        // SAFETY: as in `send_from`.
        let told = unsafe { self.engine.msgrcv(self.id, address as *mut _, msgsz, msgtyp, flags) };
        told.map(|received| received.bytes)
    }

    /// Controls, with an address that may be used, or may not.
    pub fn control(self, cmd: c_int, address: usize) -> Result<c_int, Errno> {
        // SAFETY: as in `send_from`.
        unsafe { self.engine.msgctl(self.id, cmd, address as *mut _) }
    }

    /// Reads the queue's data by one of the commands for that; gives the call's value, too.
    pub fn stat_by(self, cmd: c_int) -> Result<(c_int, msqid_ds), Errno> {
        // SAFETY: zeros are a msqid_ds.
        let mut data: msqid_ds = unsafe { std::mem::zeroed() };
        let value = self.control(cmd, &raw mut data as usize)?;
        Ok((value, data))
    }

    /// Reads the queue's data.
    pub fn stat(self) -> Result<msqid_ds, Errno> {
        self.stat_by(IPC_STAT).map(|(_, data)| data)
    }

    /// Sets the queue's data to these.
    pub fn set_to(self, data: &msqid_ds) -> Result<c_int, Errno> {
        self.control(IPC_SET, data as *const msqid_ds as usize)
    }

    /// Changes the queue's data.
    pub fn set(self, change: impl FnOnce(&mut msqid_ds)) -> Result<c_int, Errno> {
        let mut data = self.stat()?;
        change(&mut data);
        self.set_to(&data)
    }

    /// Sets the limit of the queue.
    pub fn limit(self, qbytes: u64) -> Verdict {
        gives_0("IPC_SET of qbytes", self.set(|data| data.msg_qbytes = qbytes))
    }

    /// Sets the permissions of the queue.
    pub fn permit(self, mode: u32) -> Verdict {
        gives_0("IPC_SET of the mode", self.set(|data| data.msg_perm.mode = mode as _))
    }

    /// The bytes and the messages that are in the queue.
    pub fn filled(self) -> Result<(u64, u64), String> {
        let data = self.stat().worked("IPC_STAT")?;
        Ok((data.__msg_cbytes, data.msg_qnum))
    }

    /// Removes the queue.
    pub fn remove(self) -> Result<c_int, Errno> {
        self.control(IPC_RMID, 0)
    }

    /// What IPC_INFO or MSG_INFO tell.
    pub fn info(self, cmd: c_int) -> Result<(c_int, msginfo), Errno> {
        // SAFETY: zeros are a msginfo.
        let mut info: msginfo = unsafe { std::mem::zeroed() };
        let value = self.control(cmd, &raw mut info as usize)?;
        Ok((value, info))
    }
}

fn gives_0(what: &str, answer: Result<c_int, Errno>) -> Verdict {
    super::gives(what, answer, 0)
}

/// A queue that is removed with its variable.
pub struct Queue(Calls);

impl Queue {
    /// A new one, without a key, that its owner may read and write.
    pub fn private(engine: On) -> Result<Queue, String> {
        Queue::get(engine, IPC_PRIVATE, 0o600)
    }

    /// A new one under a key.
    pub fn new(engine: On, key: key_t, mode: c_int) -> Result<Queue, String> {
        Queue::get(engine, key, mode | IPC_CREAT | IPC_EXCL)
    }

    fn get(engine: On, key: key_t, flags: c_int) -> Result<Queue, String> {
        let id = engine.msgget(key, flags).worked(&format!("msgget({key:#x}, {flags:#o})"))?;
        Ok(Queue(Calls { engine, id }))
    }

    /// The queue of an id that msgget gave.
    pub fn of(engine: On, id: c_int) -> Queue {
        Queue(Calls { engine, id })
    }
}

impl Deref for Queue {
    type Target = Calls;

    fn deref(&self) -> &Calls {
        &self.0
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Fails where the case has removed it, or may not remove it any more.
        let _ = self.0.remove();
    }
}
