//! What the model holds: its queues, and how their ids are chosen.

use super::Model;
use super::deviation::Deviation;
use super::sleep::Bed;
use crate::support::{EINVAL, Errno, c_int, c_long};
use libc::{gid_t, key_t, pid_t, time_t, uid_t};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

pub const MSGMAX: usize = 8192;
pub const MSGMNB: u64 = 16384;
pub const MSGMNI: usize = 32000;

/// The bits of an id that are its index.
pub const INDEX: usize = 0x7fff;
const INDEX_BITS: u32 = 15;
const SEQUENCES: usize = 65535;

/// Every queue, by its index.
#[derive(Default)]
pub struct State {
    pub queues: BTreeMap<usize, Queue>,
    cursor: usize,
    last: Option<usize>,
    sequence: usize,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub mtype: c_long,
    pub text: Vec<u8>,
}

/// Whom a queue belongs to, and who may do what.
#[derive(Clone, Copy)]
pub struct Permissions {
    pub uid: uid_t,
    pub gid: gid_t,
    pub cuid: uid_t,
    pub cgid: gid_t,
    pub mode: u32,
}

pub struct Queue {
    pub id: usize,
    pub key: key_t,
    pub permissions: Permissions,
    pub qbytes: u64,
    pub cbytes: u64,
    pub qnum: u64,
    pub lspid: pid_t,
    pub lrpid: pid_t,
    pub stime: time_t,
    pub rtime: time_t,
    pub ctime: time_t,
    pub messages: VecDeque<Message>,
    pub receivers: Vec<Arc<Waiter>>,
    pub senders: Vec<Arc<Waiter>>,
}

/// Somebody who sleeps at a queue.
pub struct Waiter {
    pub wanted: Wanted,
    /// The bytes that a receiver has room for, or that a sender brings.
    pub bytes: usize,
    pub process: pid_t,
    pub thread: pid_t,
    pub slot: Mutex<Slot>,
    pub bed: Bed,
}

/// What others leave for somebody who sleeps.
pub enum Slot {
    Nothing,
    Message(Message),
    Error(c_int),
}

/// The messages that a receiver takes.
#[derive(Clone, Copy)]
pub enum Wanted {
    Any,
    Equal(c_long),
    Other(c_long),
    Lowest(c_long),
    Position(c_long),
}

impl Wanted {
    /// Whether it may take a message of this type.
    pub fn matches(self, mtype: c_long) -> bool {
        match self {
            Wanted::Any => true,
            Wanted::Equal(wanted) => mtype == wanted,
            Wanted::Other(unwanted) => mtype != unwanted,
            Wanted::Lowest(bound) => mtype <= bound,
            Wanted::Position(_) => false,
        }
    }
}

impl Waiter {
    /// Leaves something for it, and wakes it.
    pub fn tell(&self, slot: Slot) {
        *super::locked(&self.slot) = slot;
        self.bed.wake();
    }
}

impl State {
    /// The index for a new queue, and the number above it.
    pub fn new_id(&mut self, model: &Model) -> usize {
        if model.is(Deviation::IdIsReused) {
            return self.lowest_free(0, INDEX).unwrap_or_default();
        }
        let end = (self.queues.len() * 3 / 2).clamp(64, INDEX + 1);
        let start = if model.is(Deviation::LowestIndexIsTaken) { 0 } else { self.cursor };
        let index =
            self.lowest_free(start, end).or_else(|| self.lowest_free(0, end)).unwrap_or_default();
        self.cursor = index + 1;
        let again = self.last.is_some_and(|last| index <= last);
        if again || model.is(Deviation::SequenceAlwaysGrows) {
            self.sequence = (self.sequence + 1) % SEQUENCES;
        }
        self.last = Some(index);
        self.sequence << INDEX_BITS | index
    }

    fn lowest_free(&self, start: usize, end: usize) -> Option<usize> {
        (start..end).find(|index| !self.queues.contains_key(index))
    }

    /// The queue of an id.
    pub fn find(&mut self, model: &Model, id: c_int) -> Result<&mut Queue, Errno> {
        let whole = id as usize;
        let free = model.is(Deviation::SequenceIsIgnored);
        self.queues
            .get_mut(&(whole & INDEX))
            .filter(|queue| free || queue.id == whole)
            .ok_or(Errno(EINVAL))
    }

    /// The queue at an index, or of an id whose index is right.
    pub fn find_by_index(&mut self, id: c_int) -> Result<&mut Queue, Errno> {
        self.queues.get_mut(&(id as usize & INDEX)).ok_or(Errno(EINVAL))
    }
}
