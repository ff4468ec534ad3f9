//! Makes calls of an engine, and keeps what came of them.
#![allow(unsafe_code)]

use super::arena::{Arena, FILL};
use super::call::{Call, Function, Outcome};
use super::random::Random;
use libc::{c_int, c_long, msginfo, msqid_ds};
use msgq::engine::Engine;
use std::mem::offset_of;

/// As much memory as msgctl is watched in.
const CONTROLLED: usize = 256;

/// Random bytes that texts are cut out of.
const TEXTS: usize = 65536;

/// Somebody who makes calls of one engine.
pub struct Performer {
    engine: &'static dyn Engine,
    arena: Arena,
    texts: Vec<u8>,
}

/// The largest message and the largest queue that an engine allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    pub msgmax: usize,
    pub msgmnb: u64,
}

/// The limits of an engine.
pub fn limits(engine: &dyn Engine) -> Result<Limits, String> {
    let mut info = [0 as c_int; CONTROLLED / size_of::<c_int>()];
    // SAFETY: there is more memory than IPC_INFO fills.
    let answer = unsafe { engine.msgctl(0, libc::IPC_INFO, info.as_mut_ptr().cast()) };
    answer.map_err(|error| format!("msgctl(0, IPC_INFO) failed with error {}", error.0))?;
    // SAFETY: the memory is large enough and aligned, and all its contents are numbers.
    let info = unsafe { info.as_ptr().cast::<msginfo>().read() };
    Ok(Limits { msgmax: info.msgmax as usize, msgmnb: info.msgmnb as u64 })
}

impl Performer {
    pub fn new(engine: &'static dyn Engine) -> Performer {
        engine.prepare();
        let msgmax = limits(engine).map_or(8192, |limits| limits.msgmax);
        Performer::with_room(engine, msgmax)
    }

    /// One who expects no message larger than this, whatever the engine says.
    pub fn with_room(engine: &'static dyn Engine, msgmax: usize) -> Performer {
        let mut random = Random::new(1);
        let mut texts = Vec::with_capacity(TEXTS + msgmax + 64);
        while texts.len() < TEXTS + msgmax {
            texts.extend_from_slice(&random.next().to_ne_bytes());
        }
        Performer { engine, arena: Arena::new(size_of::<c_long>() + msgmax + 64), texts }
    }

    /// Makes the call.
    pub fn perform(&mut self, call: &Call) -> Outcome {
        match call.function {
            Function::Get => {
                let answer = self.engine.msgget(call.target, call.flags);
                Outcome { answer: answer.map(i64::from).map_err(|e| e.0), memory: Vec::new() }
            }
            Function::Control => self.control(call),
            Function::Send => self.send(call),
            Function::Receive => self.receive(call),
        }
    }

    fn control(&mut self, call: &Call) -> Outcome {
        let bytes = self.arena.bytes(call.place);
        let watched = bytes.len().min(CONTROLLED);
        bytes[..watched].fill(FILL);
        if call.flags == libc::IPC_SET {
            let set = structure(call);
            let copied = set.len().min(watched);
            bytes[..copied].copy_from_slice(&set[..copied]);
        }
        let buf = self.arena.address(call.place).cast::<msqid_ds>();
        // SAFETY: an address where the engine finds what `cmd` asks for, or finds that it does not.
        let answer = unsafe { self.engine.msgctl(call.target, call.flags, buf) };
        let memory = self.arena.bytes(call.place)[..watched].to_vec();
        Outcome { answer: answer.map(i64::from).map_err(|error| error.0), memory }
    }

    fn send(&mut self, call: &Call) -> Outcome {
        let bytes = self.arena.bytes(call.place);
        let mtype = call.mtype.to_ne_bytes();
        for (byte, mtype) in bytes.iter_mut().zip(mtype) {
            *byte = mtype;
        }
        if let Some(text) = bytes.get_mut(mtype.len()..) {
            let from = call.label.wrapping_mul(509) as usize % TEXTS;
            let length = text.len().min(call.msgsz).min(self.texts.len() - TEXTS);
            text[..length].copy_from_slice(&self.texts[from..from + length]);
            if length >= size_of_val(&call.label) {
                text[..size_of_val(&call.label)].copy_from_slice(&call.label.to_ne_bytes());
            }
        }
        let msgp = self.arena.address(call.place).cast();
        // SAFETY: an address where the engine finds the message, or finds that it ends too early.
        let answer = unsafe { self.engine.msgsnd(call.target, msgp, call.msgsz, call.flags) };
        Outcome { answer: answer.map(|_| 0).map_err(|error| error.0), memory: Vec::new() }
    }

    fn receive(&mut self, call: &Call) -> Outcome {
        self.arena.bytes(call.place).fill(FILL);
        let Call { target, msgsz, mtype, flags, .. } = *call;
        let msgp = self.arena.address(call.place).cast();
        // SAFETY: an address with room for the largest message, or one where the engine finds that
        // there is too little of it.
        let answer = unsafe { self.engine.msgrcv(target, msgp, msgsz, mtype, flags) };
        let memory = match answer {
            Ok(received) => self.arena.written(call.place, size_of::<c_long>() + received.bytes),
            // How much of it comes before a fault is nobody's promise.
            Err(error) if error.0 == libc::EFAULT => Vec::new(),
            Err(_) => self.arena.written(call.place, 0),
        };
        Outcome {
            answer: answer.map(|received| received.bytes as i64).map_err(|error| error.0),
            memory,
        }
    }
}

/// What IPC_SET is given, with rubbish wherever it does not look.
fn structure(call: &Call) -> [u8; size_of::<msqid_ds>()] {
    let mut bytes = [FILL; size_of::<msqid_ds>()];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(offset_of!(msqid_ds, msg_perm.uid), &call.set.uid.to_ne_bytes());
    put(offset_of!(msqid_ds, msg_perm.gid), &call.set.gid.to_ne_bytes());
    put(offset_of!(msqid_ds, msg_perm.mode), &(call.set.mode as u16).to_ne_bytes());
    put(offset_of!(msqid_ds, msg_qbytes), &call.set.qbytes.to_ne_bytes());
    bytes
}
