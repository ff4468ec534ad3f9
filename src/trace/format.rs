//! The format of a recording: what stands in which word.
//!
//! A recording is a file that every traced process maps and writes into, and nothing but whole
//! 64-bit words in the machine's own byte order:
//!
//! ```text
//! header   one page: what the recording is, and where the next record goes
//! chunk 0  slot 0: the chunk's own words; slots 1..: records
//! chunk 1  ...
//! ```
//!
//! A record is one slot, with as many more behind it as its bytes need. A call's record is written
//! in two strokes: its arguments when it begins, its outcome when it returns. The slot's first
//! word, the tag, is written last each time, so a process that is killed anywhere leaves either a
//! record that tells how far it got, or none.

use std::mem::offset_of;
use std::sync::atomic::{AtomicU64, Ordering};

/// 64-bit words in a slot.
pub const SLOT_WORDS: usize = 16;
/// Bytes in a slot: two cache lines.
pub const SLOT_BYTES: usize = SLOT_WORDS * 8;
/// Slots in a chunk, the first of which is the chunk's own.
pub const CHUNK_SLOTS: usize = 1024;
/// Bytes in a chunk.
pub const CHUNK_BYTES: usize = CHUNK_SLOTS * SLOT_BYTES;
/// Bytes in the header: one page.
pub const HEADER_BYTES: usize = 4096;
/// Chunks in the largest recording: 16 GiB.
pub const MOST_CHUNKS: u32 = 1 << 17;
/// The most bytes of a message that are kept, whatever is asked for.
pub const MOST_KEPT: u32 = 65536;
/// The bytes of a message that are kept where nobody asks for more.
pub const DEFAULT_KEPT: u32 = 32;

/// The first word of every recording.
pub const MAGIC: u64 = u64::from_ne_bytes(*b"msgqrec\n");
/// The version of this format. Another version's recording is refused. Words that were reserved, and
/// kinds of records, may get a meaning without another version: readers of before pass over them.
pub const VERSION: u64 = 1;

/// A command keeps the recording, and goes on.
pub const BEING_KEPT: u64 = 1;
/// A command has kept the recording, and is done.
pub const ENDED: u64 = 2;

/// A slot in the mapping.
pub type Slot = [AtomicU64; SLOT_WORDS];
/// A slot's contents, read.
pub type Words = [u64; SLOT_WORDS];

/// The header. Words that change stand in cache lines of their own.
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: AtomicU64,
    /// [`VERSION`].
    pub version: AtomicU64,
    /// How many chunks the file has room for.
    pub chunks: AtomicU64,
    /// How many bytes of each message are kept.
    pub kept: AtomicU64,
    /// Which clock the times are read from: [`super::clock::Clock`] as a number.
    pub clock: AtomicU64,
    /// How many ticks that clock makes in a second, as measured when the recording was made.
    pub ticks_per_second: AtomicU64,
    /// The moment the recording was made, in ticks.
    pub made_ticks: AtomicU64,
    /// The same moment in nanoseconds of CLOCK_MONOTONIC.
    pub made_monotonic: AtomicU64,
    /// The same moment in nanoseconds of CLOCK_REALTIME.
    pub made_realtime: AtomicU64,
    /// The engine's msgmax, msgmnb and msgmni when the recording was made, each plus 1; 0 where
    /// nobody told them.
    pub limits: [AtomicU64; 3],
    /// Of a recording that a command made: [`BEING_KEPT`], then [`ENDED`]. 0 where programs record
    /// without any command.
    pub keeping: AtomicU64,
    /// How often the command has changed it; odd while it does.
    pub changes: AtomicU64,
    /// How many of its chunks change no more.
    pub finished: AtomicU64,
    reserved: [AtomicU64; 1],
    /// Where the next record goes: a [`Cursor`] in one word, so that one addition claims slots in the
    /// very chunk that is current then.
    pub cursor: Line,
    /// The lowest chunk that was never used.
    pub fresh: Line,
    /// The chunks that were used, read and cleaned: (changes << 32) | (first chunk + 1).
    pub clean: Line,
    /// Calls that could not be kept.
    pub lost: Line,
    /// Processes that stopped recording for a fault of this library's.
    pub faults: Line,
    /// When the reader last read along, in nanoseconds of CLOCK_MONOTONIC; 0 where there is none.
    pub read: Line,
}

impl Header {
    /// Notes the engine's limits, as far as they are known.
    pub fn set_limits(&self, limits: [Option<u64>; 3]) {
        for (word, limit) in self.limits.iter().zip(limits) {
            word.store(limit.map_or(0, |limit| limit.saturating_add(1)), Ordering::Relaxed);
        }
    }
}

/// A word in a cache line of its own.
#[repr(C, align(64))]
pub struct Line {
    /// The word.
    pub word: AtomicU64,
}

// Other programs read the file by these numbers.
const _: () = {
    assert!(size_of::<Header>() <= HEADER_BYTES);
    assert!(size_of::<Slot>() == SLOT_BYTES);
    assert!(offset_of!(Header, made_realtime) == 64);
    assert!(offset_of!(Header, limits) == 72);
    assert!(offset_of!(Header, cursor) == 128);
    assert!(offset_of!(Header, fresh) == 192);
    assert!(offset_of!(Header, clean) == 256);
    assert!(offset_of!(Header, lost) == 320);
    assert!(offset_of!(Header, faults) == 384);
    assert!(offset_of!(Header, read) == 448);
    assert!(CHUNK_BYTES.is_multiple_of(4096));
};

/// The words of a chunk's first slot.
pub mod chunk {
    /// The chunk's place in the order of the recording, from 1 on; 0 while it was never used, or is
    /// clean again.
    pub const SEQUENCE: usize = 0;
    /// The same number again once all its slots are claimed.
    pub const FULL: usize = 1;
    /// While the chunk is clean: the next clean chunk + 1.
    pub const NEXT_CLEAN: usize = 2;
    /// A moment shortly before the first record, in ticks.
    pub const MOMENT_TICKS: usize = 3;
    /// The same moment in nanoseconds of CLOCK_MONOTONIC.
    pub const MOMENT_MONOTONIC: usize = 4;
}

/// Where the next record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The current chunk.
    pub chunk: u32,
    /// Which use of that chunk this is: the lower bits of its place in the order of the recording.
    /// Tells whoever comes late that the chunk has been given back and taken again meanwhile.
    pub generation: u32,
    /// How many of its slots are claimed. May be more than there are.
    pub claimed: u32,
}

/// Bits of a cursor's chunk, and of its generation.
const CURSOR_BITS: u32 = 20;
const CURSOR_MASK: u64 = (1 << CURSOR_BITS) - 1;

impl Cursor {
    /// Nowhere: the recording has ended.
    pub const CLOSED: Cursor = Cursor { chunk: CURSOR_MASK as u32, generation: 0, claimed: 0 };

    /// A word, taken apart.
    #[inline(always)]
    pub fn from_word(word: u64) -> Cursor {
        Cursor {
            chunk: (word & CURSOR_MASK) as u32,
            generation: (word >> CURSOR_BITS & CURSOR_MASK) as u32,
            claimed: (word >> (2 * CURSOR_BITS)) as u32,
        }
    }

    /// The cursor as a word.
    pub fn word(self) -> u64 {
        u64::from(self.chunk)
            | u64::from(self.generation) << CURSOR_BITS
            | Cursor::claim(self.claimed as usize)
    }

    /// What claiming so many slots adds to the word. The count has the uppermost bits, so that it
    /// can never run over into the others.
    #[inline(always)]
    pub fn claim(slots: usize) -> u64 {
        (slots as u64) << (2 * CURSOR_BITS)
    }

    /// The generation of a chunk with this place in the order of the recording.
    pub fn generation(sequence: u64) -> u32 {
        (sequence & CURSOR_MASK) as u32
    }
}

const _: () = assert!((MOST_CHUNKS as u64) < CURSOR_MASK);

/// The words of a record's first slot.
pub(super) mod word {
    /// The process and the thread.
    pub const WHO: usize = 1;
    /// When the call began.
    pub const ENTERED: usize = 2;
    /// When it returned.
    pub const RETURNED: usize = 3;
    /// Its result.
    pub const RESULT: usize = 4;
    /// The queue's id or the key, and the flags or the command.
    pub const OBJECT: usize = 5;
    /// msgsz.
    pub const MSGSZ: usize = 6;
    /// msgtyp.
    pub const MSGTYP: usize = 7;
    /// msgp or buf.
    pub const ADDRESS: usize = 8;
    /// The message's type.
    pub const MTYPE: usize = 9;
    /// How many bytes were kept, whether the type was, and what was done to the call.
    pub const MEMORY: usize = 10;
    /// The message's number in its queue; 0: it has none.
    pub const NUMBER: usize = 11;
    /// The first bytes.
    pub const BYTES: usize = 12;
}

/// Where the bytes begin in a record's first slot, and in those behind it.
pub const FIRST_BYTES_WORD: usize = word::BYTES;
/// The same in the slots behind the first.
pub const MORE_BYTES_WORD: usize = 1;
/// How many bytes there is room for in a record's first slot.
pub const FIRST_BYTES: usize = (SLOT_WORDS - FIRST_BYTES_WORD) * 8;
/// The same in each slot behind it.
pub const MORE_BYTES: usize = (SLOT_WORDS - MORE_BYTES_WORD) * 8;

/// How many slots a record with this many bytes takes.
#[inline(always)]
pub fn slots_for(bytes: usize) -> usize {
    1 + bytes.saturating_sub(FIRST_BYTES).div_ceil(MORE_BYTES)
}

/// What a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A call of msgget.
    Get = 1,
    /// A call of msgctl.
    Control = 2,
    /// A call of msgsnd.
    Send = 3,
    /// A call of msgrcv.
    Receive = 4,
    /// A program began: its name is in the bytes.
    Program = 16,
    /// A process was forked.
    Fork = 17,
    /// A process was seen to have ended, by the command that records it.
    Exit = 18,
    /// A queue that was there before anything was recorded: its id, and its `msqid_ds` in the bytes.
    /// One with the id -1 and no bytes ends the list.
    Queue = 19,
    /// The same of a queue that was there when the recording ended.
    Left = 20,
    /// A thread was seen to have ended that had begun a call.
    ThreadExit = 21,
    /// More bytes of the record before.
    More = 32,
    /// The end of a chunk that a record did not fit into.
    Unused = 33,
}

impl Kind {
    fn from_number(number: u8) -> Option<Kind> {
        use Kind::*;
        let all = [
            Get, Control, Send, Receive, Program, Fork, Exit, Queue, Left, ThreadExit, More, Unused,
        ];
        all.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// How far a record got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The call began.
    Entered = 1,
    /// The call returned.
    Returned = 2,
}

/// The first word of a slot. 0: nothing was written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What the slot is.
    pub kind: Kind,
    /// How far the record got.
    pub progress: Progress,
    /// How many slots the record takes.
    pub slots: u16,
    /// The call's errno; 0 where it succeeded.
    pub errno: i32,
}

impl Tag {
    /// The tag of a record that takes so many slots, and has no error.
    #[inline(always)]
    pub fn of(kind: Kind, progress: Progress, slots: usize) -> Tag {
        Tag { kind, progress, slots: slots as u16, errno: 0 }
    }

    /// The tag as a word.
    #[inline(always)]
    pub fn word(self) -> u64 {
        u64::from(self.kind as u8)
            | (self.progress as u64) << 8
            | u64::from(self.slots) << 16
            | u64::from(self.errno as u32) << 32
    }

    /// A word as a tag; nothing where it is none.
    pub fn from_word(word: u64) -> Option<Tag> {
        let progress = match (word >> 8) as u8 {
            1 => Progress::Entered,
            2 => Progress::Returned,
            _ => return None,
        };
        Some(Tag {
            kind: Kind::from_number(word as u8)?,
            progress,
            slots: (word >> 16) as u16,
            errno: (word >> 32) as i32,
        })
    }
}

/// Two halves of a word.
pub(super) fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// A word's lower half.
pub(super) fn low(word: u64) -> u32 {
    word as u32
}

/// A word's upper half.
pub(super) fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_it_was_written() {
        let tag = Tag { kind: Kind::Receive, progress: Progress::Returned, slots: 547, errno: 42 };
        assert_eq!(Tag::from_word(tag.word()), Some(tag));
    }

    #[test]
    fn words_that_are_no_tag_are_refused() {
        for word in [0, 1, 0x0300 | 1, 0x0100 | 99, u64::MAX] {
            assert_eq!(Tag::from_word(word), None, "{word:#x}");
        }
    }

    #[test]
    fn a_record_takes_the_slots_that_its_bytes_need() {
        let slots: Vec<usize> = [0, 32, 33, 152, 153, 65536].map(slots_for).to_vec();
        assert_eq!(slots, [1, 1, 2, 2, 3, 547]);
        assert!(slots_for(MOST_KEPT as usize) < CHUNK_SLOTS);
    }
}
