//! Records: what stands in the slots of a call, and how it is read back.

use super::call::{Answer, Arguments, Injected, Outcome};
use super::format::{
    FIRST_BYTES_WORD, Kind, MORE_BYTES_WORD, Progress, Tag, Words, high, low, pair, word,
};
use crate::errno::Errno;

/// What is known when a record is begun: the words from the second on.
#[inline(always)]
pub fn beginning(process: u32, thread: u32, ticks: u64, arguments: Arguments) -> [u64; 8] {
    let Arguments { object, flags, msgsz, msgtyp, address } = arguments;
    [
        pair(process, thread),
        ticks,
        0,
        0,
        pair(object as u32, flags as u32),
        msgsz as u64,
        msgtyp as u64,
        address as u64,
    ]
}

/// Something that is no call, and is over when it begins.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// What it is.
    pub kind: Kind,
    /// The process that it is about.
    pub process: u32,
    /// Its thread.
    pub thread: u32,
    /// The moment, in ticks of the recording's clock.
    pub ticks: u64,
    /// The queue that it is about.
    pub object: i32,
    /// The namespace of process ids that the process is in.
    pub namespace: u64,
    /// What more there is to say.
    pub bytes: &'a [u8],
}

impl Event<'_> {
    /// The words of its record, from the second on.
    pub fn words(&self) -> [u64; 8] {
        let who = pair(self.process, self.thread);
        [who, self.ticks, self.ticks, 0, pair(self.object as u32, 0), self.namespace, 0, 0]
    }
}

/// Where the length of an event's bytes goes, and how it is written.
pub fn event_bytes(length: usize) -> (usize, u64) {
    (word::MEMORY, length as u64)
}

/// Beside the number of bytes: the message's type was kept.
const HAS_MTYPE: u32 = 1;
/// The outcome is not the engine's.
const HAS_ANSWER: u32 = 2;
/// The call was made to wait.
const HAS_DELAY: u32 = 4;

/// The words of a call's outcome: where each goes, and what it holds.
#[inline(always)]
pub fn ending(
    ticks: u64,
    answer: Answer,
    mtype: Option<i64>,
    bytes: u32,
    injected: Injected,
) -> [(usize, u64); 5] {
    let bit = |is_so: bool, bit: u32| if is_so { bit } else { 0 };
    let bits = bit(mtype.is_some(), HAS_MTYPE)
        | bit(injected.answer, HAS_ANSWER)
        | bit(injected.delay, HAS_DELAY);
    [
        (word::RETURNED, ticks),
        (word::RESULT, answer.outcome.unwrap_or(-1) as u64),
        (word::MTYPE, mtype.unwrap_or(0) as u64),
        (word::MEMORY, pair(bytes, bits)),
        (word::NUMBER, answer.number),
    ]
}

/// A record, read back from its slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is of.
    pub kind: Kind,
    /// The process's id.
    pub process: u32,
    /// The thread's id.
    pub thread: u32,
    /// When the call began, in ticks of the recording's clock.
    pub entered: u64,
    /// When it returned, and what came of it; nothing where it has not returned.
    pub returned: Option<(u64, Outcome)>,
    /// The queue's id; for msgget the key.
    pub object: i32,
    /// msgflg; for msgctl the command.
    pub flags: i32,
    /// msgsnd's and msgrcv's msgsz.
    pub msgsz: u64,
    /// msgrcv's msgtyp.
    pub msgtyp: i64,
    /// The address that the caller gave: msgp or buf.
    pub address: u64,
    /// The message's type, where the call got far enough to tell.
    pub mtype: Option<i64>,
    /// The number of the message that was sent or received, which no other of its queue has; 0 where it
    /// has none.
    pub number: u64,
    /// The message's first bytes, or what msgctl's buf held.
    pub bytes: Vec<u8>,
    /// What was done to the call.
    pub injected: Injected,
}

impl Record {
    /// Of something that is no call: the namespace of process ids that the process is in.
    pub fn namespace(&self) -> u64 {
        self.msgsz
    }

    /// Reads a record from its slots. A record that has only begun yields what is known so far.
    /// Nothing where the words are no record's.
    pub fn read(tag: Tag, slots: &[Words]) -> Option<Record> {
        let (first, more) = slots.split_first()?;
        if matches!(tag.kind, Kind::More | Kind::Unused) {
            return None;
        }
        let mut record = Record {
            kind: tag.kind,
            process: low(first[word::WHO]),
            thread: high(first[word::WHO]),
            entered: first[word::ENTERED],
            returned: None,
            object: low(first[word::OBJECT]) as i32,
            flags: high(first[word::OBJECT]) as i32,
            msgsz: first[word::MSGSZ],
            msgtyp: first[word::MSGTYP] as i64,
            address: first[word::ADDRESS],
            mtype: None,
            number: 0,
            bytes: Vec::new(),
            injected: Injected::default(),
        };
        if tag.progress == Progress::Returned {
            let outcome = match tag.errno {
                0 => Ok(first[word::RESULT] as i64),
                errno => Err(Errno(errno)),
            };
            record.returned = Some((first[word::RETURNED], outcome));
            let has = |bit: u32| high(first[word::MEMORY]) & bit != 0;
            record.mtype = has(HAS_MTYPE).then_some(first[word::MTYPE] as i64);
            record.number = first[word::NUMBER];
            record.injected = Injected { answer: has(HAS_ANSWER), delay: has(HAS_DELAY) };
            let all = std::iter::once(&first[FIRST_BYTES_WORD..])
                .chain(more.iter().map(|slot| &slot[MORE_BYTES_WORD..]));
            record.bytes = all.flatten().flat_map(|word| word.to_ne_bytes()).collect();
            record.bytes.truncate(low(first[word::MEMORY]) as usize);
        }
        Some(record)
    }
}
