//! One script, two sides that play it: what stands for the same thing on both.

use super::call::{Call, Function, MSG_STAT_ANY, Outcome};
use super::script::KEYS;
use libc::{c_int, msqid_ds};
use std::collections::HashMap;
use std::mem::offset_of;
use std::ops::Range;

/// What a call is about, before it is known whose ids and keys are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A key by its number.
    Key(u8),
    /// IPC_PRIVATE.
    Private,
    /// A queue by its number: they are counted as they are made.
    Queue(usize),
    /// The queue's index alone, as MSG_STAT takes it.
    Index(usize),
    /// A queue's id with another sequence number.
    Elder(usize),
    /// An id that is none of ours.
    Number(c_int),
}

/// A call before it is known whose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Who makes the call, by number.
    pub actor: usize,
    pub target: Target,
    /// The call; its own target means nothing.
    pub call: Call,
}

/// A process that makes calls, and the thread of it that does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Person {
    pub pid: i32,
    pub tid: i32,
}

/// One side.
pub struct Side {
    pub name: String,
    /// Keys are this one and those that follow.
    pub keys: c_int,
    /// The id of each queue.
    ids: Vec<c_int>,
    /// The queue of each id: the last one, as the same may come again after many others.
    numbers: HashMap<c_int, usize>,
    /// Those who make the calls.
    pub people: Vec<Person>,
}

/// As many bits of an id are the index.
const INDEX_BITS: u32 = 15;

/// What stands for an id or a process that no side knows of: itself, beyond all numbers in use.
const UNKNOWN: i64 = 1 << 40;

/// Keys that no other process uses: eight for each of two sides.
pub fn keys_of(process: u32) -> Range<c_int> {
    let first = 0x5800_0000 | (process as c_int & 0x3f_ffff) << 4;
    first..first + 16
}

/// The first key of a side of this process.
pub fn keys(side: usize) -> c_int {
    keys_of(std::process::id()).start + 8 * side as c_int
}

const _: () = assert!(KEYS <= 8);

impl Side {
    /// The side of an engine: its name, its first key, and who makes the calls.
    pub fn new(name: &str, keys: c_int, people: Vec<Person>) -> Side {
        Side { name: name.into(), keys, ids: Vec::new(), numbers: HashMap::new(), people }
    }

    /// The id or the key that this side has for it.
    pub fn resolve(&self, target: Target) -> c_int {
        match target {
            Target::Key(number) => self.keys + c_int::from(number),
            Target::Private => libc::IPC_PRIVATE,
            Target::Queue(number) => self.ids[number],
            Target::Index(number) => self.ids[number] & ((1 << INDEX_BITS) - 1),
            Target::Elder(number) => self.ids[number] ^ 1 << 30,
            Target::Number(number) => number,
        }
    }

    /// The number of the queue with this id.
    pub fn queue(&self, id: i64) -> Option<usize> {
        self.numbers.get(&c_int::try_from(id).ok()?).copied()
    }

    /// Gives the next number to a queue.
    pub fn learn(&mut self, id: c_int) {
        self.numbers.insert(id, self.ids.len());
        self.ids.push(id);
    }

    /// The answer, with the queue's number in an id's place.
    pub fn answer(&self, call: &Call, outcome: &Outcome) -> Result<i64, c_int> {
        let answer = outcome.answer?;
        let is_id = match call.function {
            Function::Get => true,
            Function::Control => [libc::MSG_STAT, MSG_STAT_ANY].contains(&call.flags),
            Function::Send | Function::Receive => false,
        };
        Ok(if is_id { self.queue(answer).map_or(-1, |number| number as i64) } else { answer })
    }

    /// Who has the id: twice his number for the process, and one more for the thread alone.
    fn person(&self, id: i64) -> i64 {
        let pid = self.people.iter().position(|person| i64::from(person.pid) == id);
        let tid = self.people.iter().position(|person| i64::from(person.tid) == id);
        match (pid, tid) {
            _ if id == 0 => -1,
            (Some(number), _) => 2 * number as i64,
            (None, Some(number)) => 2 * number as i64 + 1,
            (None, None) => UNKNOWN + id,
        }
    }

    /// What IPC_STAT and the like say, in the order of [`FACTS`]; what is no member of the
    /// structure by name is left in `bytes` alone.
    pub fn facts(&self, bytes: &mut [u8], id: c_int) -> Option<Facts> {
        if bytes.len() < size_of::<msqid_ds>() {
            return None;
        }
        let mut facts = [0; FACTS.len()];
        for (fact, (_, at, size)) in facts.iter_mut().zip(FACTS) {
            let mut number = [0; 8];
            number[..size].copy_from_slice(&bytes[at..at + size]);
            bytes[at..at + size].fill(0);
            let number = i64::from_ne_bytes(number);
            *fact = match at {
                KEY if number == 0 => -1,
                KEY => number - i64::from(self.keys),
                SEQ if i64::from(id >> INDEX_BITS) == number => 0,
                SEQ => UNKNOWN + number,
                LSPID | LRPID => self.person(number),
                _ => number,
            };
        }
        Some(facts)
    }
}

const KEY: usize = offset_of!(msqid_ds, msg_perm.__key);
const SEQ: usize = offset_of!(msqid_ds, msg_perm.__seq);
const LSPID: usize = offset_of!(msqid_ds, msg_lspid);
const LRPID: usize = offset_of!(msqid_ds, msg_lrpid);

/// The members of the structure: name, offset, size. The first three are times.
pub const FACTS: [(&str, usize, usize); 15] = [
    ("stime", offset_of!(msqid_ds, msg_stime), 8),
    ("rtime", offset_of!(msqid_ds, msg_rtime), 8),
    ("ctime", offset_of!(msqid_ds, msg_ctime), 8),
    ("key", KEY, 4),
    ("uid", offset_of!(msqid_ds, msg_perm.uid), 4),
    ("gid", offset_of!(msqid_ds, msg_perm.gid), 4),
    ("cuid", offset_of!(msqid_ds, msg_perm.cuid), 4),
    ("cgid", offset_of!(msqid_ds, msg_perm.cgid), 4),
    ("mode", offset_of!(msqid_ds, msg_perm.mode), 2),
    ("seq", SEQ, 2),
    ("cbytes", offset_of!(msqid_ds, __msg_cbytes), 8),
    ("qnum", offset_of!(msqid_ds, msg_qnum), 8),
    ("qbytes", offset_of!(msqid_ds, msg_qbytes), 8),
    ("lspid", LSPID, 4),
    ("lrpid", LRPID, 4),
];

/// The values of the members.
pub type Facts = [i64; FACTS.len()];

/// So many of [`FACTS`] are times.
pub const TIMES: usize = 3;
