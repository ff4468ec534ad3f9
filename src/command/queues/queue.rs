//! A queue of an engine, by safe calls.
#![allow(unsafe_code)]

use super::message::Message;
use crate::command::show::structures::QueueData;
use libc::{E2BIG, EINVAL, IPC_NOWAIT, IPC_RMID, IPC_STAT, MSG_NOERROR, c_int, key_t, msqid_ds};
use msgq::engine::Engine;
use msgq::engine::limits::Limits;
use msgq::engine::list::Data;
use msgq::errno::Errno;
use std::ptr::null_mut;

/// MSG_COPY, which libc does not name on every target.
const MSG_COPY: c_int = 0o40000;

/// Room for the text of most messages, in bytes.
const USUAL_ROOM: usize = 8192;
/// The most that a message can have anywhere.
const MOST_ROOM: usize = c_int::MAX as usize;

/// A queue of an engine.
#[derive(Clone, Copy)]
pub struct Queue {
    engine: &'static dyn Engine,
    /// Its msqid.
    pub id: c_int,
}

/// Where messages are received. It grows with them.
pub struct Room(Vec<u64>);

impl Room {
    /// Room for most messages.
    pub fn new() -> Room {
        Room::of(USUAL_ROOM)
    }

    /// Room for a type and so many bytes.
    fn of(bytes: usize) -> Room {
        Room(vec![0; 1 + bytes.div_ceil(size_of::<u64>())])
    }

    /// How many bytes of text there is room for.
    fn bytes(&self) -> usize {
        (self.0.len() - 1) * size_of::<u64>()
    }

    /// The message that was received here, with so many bytes of text.
    fn message(&self, length: usize) -> Message {
        let [mtype, text @ ..] = self.0.as_slice() else { return Message::default() };
        let text = text.iter().flat_map(|word| word.to_ne_bytes()).take(length).collect();
        Message { mtype: *mtype as i64, text }
    }
}

impl Queue {
    /// The queue of an engine's that has this id, if there is one.
    pub fn with_id(engine: &'static dyn Engine, id: c_int) -> Queue {
        Queue { engine, id }
    }

    /// The queue that has this key; with IPC_CREAT in `msgflg` it is made where it is missing.
    pub fn with_key(
        engine: &'static dyn Engine,
        key: key_t,
        msgflg: c_int,
    ) -> Result<Queue, Errno> {
        engine.msgget(key, msgflg).map(|id| Queue { engine, id })
    }

    /// What msgctl(2) tells of it: IPC_STAT.
    pub fn data(self) -> Result<QueueData, Errno> {
        let mut data = Data([0; size_of::<msqid_ds>()]);
        // SAFETY: there is room for the structure, aligned as it has to be.
        unsafe { self.engine.msgctl(self.id, IPC_STAT, (&raw mut data).cast()) }?;
        QueueData::read(&data.0).ok_or(Errno(EINVAL))
    }

    /// Removes it.
    pub fn remove(self) -> Result<(), Errno> {
        // SAFETY: IPC_RMID takes no structure.
        unsafe { self.engine.msgctl(self.id, IPC_RMID, null_mut()) }.map(drop)
    }

    /// Sends a message.
    pub fn send(self, message: &Message, msgflg: c_int) -> Result<(), Errno> {
        let text = message.text.chunks(size_of::<u64>()).map(|chunk| {
            let mut word = [0; size_of::<u64>()];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_ne_bytes(word)
        });
        let words: Vec<u64> = [message.mtype as u64].into_iter().chain(text).collect();
        let (address, msgsz) = (words.as_ptr().cast(), message.text.len());
        // SAFETY: there are the type, and so many bytes of text.
        unsafe { self.engine.msgsnd(self.id, address, msgsz, msgflg) }.map(drop)
    }

    /// Receives a message, however long it is.
    pub fn receive(self, room: &mut Room, msgtyp: i64, msgflg: c_int) -> Result<Message, Errno> {
        loop {
            match self.receive_into(room, room.bytes(), msgtyp, msgflg) {
                // It is still there.
                Err(Errno(E2BIG)) if room.bytes() < MOST_ROOM => {
                    *room = Room::of((room.bytes() * 2).min(MOST_ROOM));
                }
                received => return received,
            }
        }
    }

    /// A copy of the message at this position, from 0 on, which stays where it is. EINVAL for one
    /// that is longer than messages may be now.
    pub fn copy(self, room: &mut Room, position: i64) -> Result<Message, Errno> {
        self.receive(room, position, MSG_COPY | IPC_NOWAIT)
    }

    /// Takes the first message away. ENOMSG where there is none.
    pub fn discard_first(self) -> Result<(), Errno> {
        let msgflg = IPC_NOWAIT | MSG_NOERROR;
        self.receive_into(&mut Room::of(0), 0, 0, msgflg).map(drop)
    }

    /// How many bytes a message may have.
    pub fn msgmax(self) -> Option<u64> {
        Limits::of(self.engine).ok()?.msgmax
    }

    fn receive_into(
        self,
        room: &mut Room,
        msgsz: usize,
        msgtyp: i64,
        msgflg: c_int,
    ) -> Result<Message, Errno> {
        let address = room.0.as_mut_ptr().cast();
        // SAFETY: there is room for a type and so many bytes.
        let received = unsafe { self.engine.msgrcv(self.id, address, msgsz, msgtyp, msgflg) }?;
        Ok(room.message(received.bytes))
    }
}
