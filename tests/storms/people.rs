//! Those who send and receive in a storm.
#![allow(unsafe_code)]

use crate::board::{Board, fate};
use crate::engines::random::Random;
use libc::{IPC_CREAT, IPC_NOWAIT, MSG_COPY, MSG_EXCEPT, c_int, c_long, msqid_ds};
use msgq::engine::Engine;
use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::SeqCst;

/// The most bytes of text.
const MOST_TEXT: usize = 8192;

/// The type of the message that sends a receiver home: above all others, so that it comes last.
pub const END: c_long = 1 << 40;

/// Types of the others are 1 to this.
const TYPES: u64 = 3;

/// A message: the words in front of its text say which it is.
#[repr(C)]
pub struct Message {
    mtype: c_long,
    number: u64,
    life: u64,
    sequence: u64,
    check: u64,
    rest: [u8; MOST_TEXT - HEAD],
}

/// Bytes of the words in front of the text.
const HEAD: usize = 32;

/// A process of a storm: its number on the board, and where it is at work.
pub struct Life<'a> {
    pub number: usize,
    pub board: &'a Board,
    pub engine: &'static dyn Engine,
    pub msqid: c_int,
    pub random: Random,
}

impl Message {
    pub fn blank() -> Box<Message> {
        Box::new(Message {
            mtype: 0,
            number: 0,
            life: 0,
            sequence: 0,
            check: 0,
            rest: [0; MOST_TEXT - HEAD],
        })
    }

    fn seal(&self, size: usize) -> u64 {
        (self.number ^ self.life << 40 ^ self.sequence << 20).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ size as u64
    }

    /// Whether the message is what its sender made, from its first byte to its last.
    fn is_sound(&self, size: usize) -> bool {
        let byte = self.number as u8;
        size >= HEAD
            && self.check == self.seal(size)
            && self.rest[..size - HEAD].iter().all(|found| *found == byte)
    }
}

/// Sends a message; size is that of the text.
fn send(
    engine: &dyn Engine,
    msqid: c_int,
    message: &Message,
    size: usize,
    msgflg: c_int,
) -> Result<(), c_int> {
    // SAFETY: the message has at least as many bytes of text.
    let answer = unsafe { engine.msgsnd(msqid, (&raw const *message).cast(), size, msgflg) };
    answer.map(drop).map_err(|error| error.0)
}

/// Receives a message; gives the size of its text.
fn receive(
    engine: &dyn Engine,
    msqid: c_int,
    message: &mut Message,
    msgtyp: c_long,
    msgflg: c_int,
) -> Result<usize, c_int> {
    let msgp = (&raw mut *message).cast();
    // SAFETY: the message has room for as many bytes of text.
    let answer = unsafe { engine.msgrcv(msqid, msgp, MOST_TEXT, msgtyp, msgflg) };
    answer.map(|received| received.bytes).map_err(|error| error.0)
}

impl Life<'_> {
    /// Sends until the storm is over.
    pub fn produce(mut self) -> Result<(), String> {
        let mut message = Message::blank();
        let me = &self.board.lives[self.number];
        for sequence in 0.. {
            if self.board.is_over() {
                break;
            }
            let number = self.board.next.fetch_add(1, SeqCst);
            self.board.sender[number as usize].store(self.number as u16, SeqCst);
            let size = HEAD + self.padding();
            message.mtype = (number % TYPES) as c_long + 1;
            message.number = number;
            message.life = self.number as u64;
            message.sequence = sequence;
            message.check = message.seal(size);
            message.rest[..size - HEAD].fill(number as u8);
            me.in_call.store(1, SeqCst);
            let fate = self.bring(&message, size)?;
            self.board.fate[number as usize].store(fate, SeqCst);
            me.in_call.store(0, SeqCst);
            me.count.fetch_add(1, SeqCst);
        }
        Ok(())
    }

    /// Mostly little, at times as much as there may be.
    fn padding(&mut self) -> usize {
        match self.random.below(40) {
            0 => self.random.below((MOST_TEXT - HEAD) as u64 + 1) as usize,
            1..6 => self.random.below(1000) as usize,
            _ => self.random.below(64) as usize,
        }
    }

    /// Sends a message, however long it takes; what became of it.
    fn bring(&mut self, message: &Message, size: usize) -> Result<u8, String> {
        let msgflg = if self.random.one_in(3) { IPC_NOWAIT } else { 0 };
        loop {
            match send(self.engine, self.msqid, message, size, msgflg) {
                Ok(()) => return Ok(fate::SENT),
                Err(libc::EAGAIN) if self.board.is_over() => return Ok(fate::GIVEN_UP),
                Err(libc::EAGAIN | libc::EINTR) => std::thread::yield_now(),
                Err(errno) => return Err(format!("msgsnd failed with error {errno}")),
            }
        }
    }

    /// Receives until it is sent home.
    pub fn consume(mut self) -> Result<(), String> {
        let mut message = Message::blank();
        let mut last: HashMap<(u64, c_long), u64> = HashMap::new();
        let me = &self.board.lives[self.number];
        loop {
            let (msgtyp, msgflg) = self.wish();
            me.in_call.store(1, SeqCst);
            let size = match receive(self.engine, self.msqid, &mut message, msgtyp, msgflg) {
                Ok(size) => size,
                Err(libc::ENOMSG | libc::EINTR) => {
                    std::thread::yield_now();
                    continue;
                }
                Err(errno) => return Err(format!("msgrcv failed with error {errno}")),
            };
            if message.mtype == END {
                me.in_call.store(0, SeqCst);
                return Ok(());
            }
            enter(self.board, &message, size)?;
            me.in_call.store(0, SeqCst);
            me.count.fetch_add(1, SeqCst);
            let last = last.entry((message.life, message.mtype)).or_default();
            if *last > message.sequence {
                self.board.late.fetch_add(1, SeqCst);
            }
            *last = message.sequence.max(*last);
        }
    }

    /// Which message to ask for: all ask for every one at times.
    fn wish(&mut self) -> (c_long, c_int) {
        match self.random.below(8) {
            0 => (-END, 0),
            1 => (999, MSG_EXCEPT),
            2 => (self.random.below(TYPES) as c_long + 1, IPC_NOWAIT),
            3 => (0, IPC_NOWAIT),
            _ => (0, 0),
        }
    }

    /// Looks at the queue, changes it, and makes and removes others, until the storm is over.
    pub fn keep_books(mut self, keys: c_int) -> Result<(), String> {
        let mut message = Message::blank();
        while !self.board.is_over() {
            let key = keys + 1 + self.random.below(2) as c_int;
            // Others remove what is made here.
            let may = [libc::ENOENT, libc::EINVAL, libc::EIDRM, libc::ENOMSG];
            let done = match self.random.below(6) {
                0 => self.stat(self.msqid).map(drop),
                1 => self.stat(self.msqid).and_then(|data| self.set(&data)),
                2 => self.engine.msgget(key, IPC_CREAT | 0o600).map(drop).map_err(|e| e.0),
                3 => self.remove(key),
                4 => {
                    let flags = MSG_COPY | IPC_NOWAIT;
                    let position = self.random.below(8) as c_long;
                    receive(self.engine, self.msqid, &mut message, position, flags).map(drop)
                }
                _ => {
                    std::thread::yield_now();
                    Ok(())
                }
            };
            if let Err(errno) = done
                && !may.contains(&errno)
                && errno != libc::ENOSYS
            {
                return Err(format!("a clerk's call failed with error {errno}"));
            }
        }
        Ok(())
    }

    fn stat(&self, msqid: c_int) -> Result<msqid_ds, c_int> {
        let mut data = MaybeUninit::<msqid_ds>::zeroed();
        // SAFETY: room for what IPC_STAT fills.
        unsafe { self.engine.msgctl(msqid, libc::IPC_STAT, data.as_mut_ptr()) }
            .map_err(|error| error.0)?;
        // SAFETY: filled, and made of numbers.
        Ok(unsafe { data.assume_init() })
    }

    fn set(&self, data: &msqid_ds) -> Result<(), c_int> {
        let mut data = *data;
        // SAFETY: what IPC_SET reads.
        let answer = unsafe { self.engine.msgctl(self.msqid, libc::IPC_SET, &raw mut data) };
        answer.map(drop).map_err(|error| error.0)
    }

    fn remove(&self, key: c_int) -> Result<(), c_int> {
        let msqid = self.engine.msgget(key, 0).map_err(|error| error.0)?;
        // SAFETY: IPC_RMID takes no structure.
        let answer = unsafe { self.engine.msgctl(msqid, libc::IPC_RMID, std::ptr::null_mut()) };
        answer.map(drop).map_err(|error| error.0)
    }
}

/// Enters a received message on the board, if it is one that was sent.
fn enter(board: &Board, message: &Message, size: usize) -> Result<(), String> {
    let Message { number, life, .. } = *message;
    if !message.is_sound(size) || number >= board.next.load(SeqCst) {
        return Err(format!(
            "a message of {size} bytes is none that was sent: number {number}, process {life}"
        ));
    }
    board.receive(number);
    Ok(())
}

/// Takes everything off the queue; Err where it cannot be done.
pub fn drain(engine: &dyn Engine, msqid: c_int, board: &Board) -> Result<(), String> {
    let mut message = Message::blank();
    loop {
        match receive(engine, msqid, &mut message, 0, IPC_NOWAIT) {
            Ok(_) if message.mtype == END => {}
            Ok(size) => enter(board, &message, size)?,
            Err(libc::ENOMSG) => return Ok(()),
            Err(libc::EINTR) => {}
            Err(errno) => return Err(format!("msgrcv failed with error {errno}")),
        }
    }
}

/// Sends one receiver home. Gives back false while there is no room for it.
pub fn send_home(engine: &dyn Engine, msqid: c_int) -> Result<bool, String> {
    let mut message = Message::blank();
    message.mtype = END;
    match send(engine, msqid, &message, 0, IPC_NOWAIT) {
        Ok(()) => Ok(true),
        Err(libc::EAGAIN | libc::EINTR) => Ok(false),
        Err(errno) => Err(format!("msgsnd failed with error {errno}")),
    }
}

/// Makes each call once, and leaves the queue as it was.
pub fn visit(engine: &dyn Engine, msqid: c_int) -> Result<(), String> {
    let mut data = MaybeUninit::<msqid_ds>::zeroed();
    // SAFETY: room for what IPC_STAT fills.
    unsafe { engine.msgctl(msqid, libc::IPC_STAT, data.as_mut_ptr()) }
        .map_err(|error| format!("msgctl failed with error {}", error.0))?;
    let mut message = Message::blank();
    message.mtype = END - 1;
    match send(engine, msqid, &message, HEAD, IPC_NOWAIT) {
        Ok(()) => receive(engine, msqid, &mut message, END - 1, IPC_NOWAIT)
            .map(drop)
            .map_err(|errno| format!("msgrcv failed with error {errno}")),
        // The queue is full.
        Err(libc::EAGAIN) => Ok(()),
        Err(errno) => Err(format!("msgsnd failed with error {errno}")),
    }
}
