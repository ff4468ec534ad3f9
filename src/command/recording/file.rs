//! A recording's file: its header, its chunks, its slots. Read, never mapped: a file that somebody
//! shortens meanwhile, or a disk that fails, is then an error and not a signal.

use super::frozen::Frozen;
use crate::command::failure::Failure;
use msgq::os;
use msgq::trace::clock::{Clock, Moment};
use msgq::trace::format::{
    CHUNK_BYTES, CHUNK_SLOTS, Cursor, HEADER_BYTES, Header, MAGIC, MOST_CHUNKS, SLOT_BYTES,
    SLOT_WORDS, Tag, VERSION, Words, chunk,
};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::mem::offset_of;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Nanoseconds that the start of the machine may seem to differ by when it is worked out twice.
const SAME_START: u64 = 60_000_000_000;

/// An open recording.
pub struct RecordingFile {
    file: File,
    /// Which clock its times are of.
    pub clock: Clock,
    /// That clock's rate, as it was measured when the recording was made.
    pub ticks_per_second: u64,
    /// When it was made.
    pub made: Moment,
    /// The same moment in nanoseconds of CLOCK_REALTIME.
    pub made_realtime: u64,
    /// The engine's msgmax, msgmnb and msgmni then, where they were noted.
    pub limits: [Option<u64>; 3],
    /// Where the recording ended, once it is closed.
    pub closed: Option<Cursor>,
    /// What is read in place of what the file holds now.
    pub frozen: Option<Frozen>,
}

/// What changes in the header while a recording is written.
#[derive(Clone, Copy)]
pub struct Counters {
    /// The chunk that records go into now.
    pub current: u32,
    /// How many of its slots are claimed.
    pub claimed: usize,
    /// How many chunks were ever used.
    pub used: u32,
    /// Calls that could not be kept.
    pub lost: u64,
    /// Processes that stopped recording for a fault of the library's.
    pub faults: u64,
    /// Whether a command keeps it: [`BEING_KEPT`](msgq::trace::format::BEING_KEPT) or
    /// [`ENDED`](msgq::trace::format::ENDED).
    pub keeping: u64,
    /// When that command last brought it up to date, in nanoseconds of CLOCK_MONOTONIC.
    pub kept: u64,
    /// How often that command has changed it.
    pub changes: u64,
    /// How many chunks change no more.
    pub finished: u32,
}

/// What stands in a chunk's own slot.
pub struct ChunkHead {
    /// Its place in the order of the recording; 0 where nothing was written to it.
    pub sequence: u64,
    /// Whether all its slots are claimed.
    pub is_full: bool,
    /// A moment shortly before its first record; ticks are 0 in the very first chunk.
    pub moment: Moment,
}

/// A slot's tag, and contents that are at least as new.
pub type SeenSlot = (Option<Tag>, Words);

impl RecordingFile {
    /// Opens a recording and looks whether it is one.
    pub fn open(path: &Path) -> Result<RecordingFile, Failure> {
        let about = |what: &str| Failure::new(format!("{}: {what}", path.display()));
        let file = File::open(path).map_err(|error| about(&error.to_string()))?;
        let mut header = Vec::with_capacity(HEADER_BYTES);
        let start = (&file).take(HEADER_BYTES as u64);
        BufReader::new(start)
            .read_to_end(&mut header)
            .map_err(|error| about(&error.to_string()))?;
        let word = |offset: usize| word_at(&header, offset);
        if word(offset_of!(Header, magic)) != MAGIC {
            return Err(about("no recording of msgq, or one from another kind of machine"));
        }
        if header.len() < HEADER_BYTES {
            let bytes = header.len();
            return Err(about(&format!("cut off: {bytes} of its {HEADER_BYTES} bytes or more")));
        }
        let version = word(offset_of!(Header, version));
        if version != VERSION {
            return Err(about(&format!(
                "a recording of format {version}; this command reads format {VERSION}"
            )));
        }
        let clock = Clock::from_number(word(offset_of!(Header, clock)))
            .ok_or_else(|| about("a damaged recording: its clock is unknown"))?;
        Ok(RecordingFile {
            clock,
            ticks_per_second: word(offset_of!(Header, ticks_per_second)).max(1),
            made: Moment {
                ticks: word(offset_of!(Header, made_ticks)),
                monotonic: word(offset_of!(Header, made_monotonic)),
            },
            made_realtime: word(offset_of!(Header, made_realtime)),
            limits: [0, 8, 16].map(|at| word(offset_of!(Header, limits) + at).checked_sub(1)),
            closed: None,
            frozen: None,
            file,
        })
    }

    /// The header as bytes.
    pub fn header(&self) -> io::Result<Vec<u8>> {
        let mut header = vec![0u8; HEADER_BYTES];
        self.file.read_exact_at(&mut header, 0)?;
        Ok(header)
    }

    /// The header's words that change.
    pub fn counters(&self) -> io::Result<Counters> {
        let mut header = [0u8; size_of::<Header>()];
        self.file.read_exact_at(&mut header, 0)?;
        let word = |offset: usize| word_at(&header, offset);
        if let Some(frozen) = &self.frozen {
            return Ok(frozen.counters);
        }
        let most = u64::from(MOST_CHUNKS);
        let cursor = Cursor::from_word(word(offset_of!(Header, cursor)));
        let cursor = self.closed.unwrap_or(cursor);
        Ok(Counters {
            current: cursor.chunk,
            claimed: (cursor.claimed as usize).min(CHUNK_SLOTS - 1),
            used: word(offset_of!(Header, fresh)).min(most) as u32,
            lost: word(offset_of!(Header, lost)),
            faults: word(offset_of!(Header, faults)),
            keeping: word(offset_of!(Header, keeping)),
            kept: word(offset_of!(Header, read)),
            changes: word(offset_of!(Header, changes)),
            finished: word(offset_of!(Header, finished)).min(most) as u32,
        })
    }

    /// How many chunks the file holds, the last maybe in part.
    pub fn chunks_present(&self) -> io::Result<u32> {
        let bytes = self.bytes()?.saturating_sub(HEADER_BYTES as u64);
        Ok(bytes.div_ceil(CHUNK_BYTES as u64).min(u64::from(MOST_CHUNKS)) as u32)
    }

    /// The file's size in bytes.
    pub fn bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// A chunk's own slot.
    pub fn head(&self, index: u32) -> io::Result<ChunkHead> {
        let slots = self.read(index, 0, 1)?;
        let words = slots.first().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(ChunkHead {
            sequence: words[chunk::SEQUENCE],
            is_full: words[chunk::SEQUENCE] != 0 && words[chunk::SEQUENCE] == words[chunk::FULL],
            moment: Moment {
                ticks: words[chunk::MOMENT_TICKS],
                monotonic: words[chunk::MOMENT_MONOTONIC],
            },
        })
    }

    /// A slot's tag alone.
    pub fn tag(&self, index: u32, slot: usize) -> io::Result<Option<Tag>> {
        if self.frozen.is_some() {
            let slots = self.read(index, slot, 1)?;
            return Ok(slots.first().and_then(|words| Tag::from_word(words[0])));
        }
        let mut word = [0u8; 8];
        self.file.read_exact_at(&mut word, slot_offset(index, slot))?;
        Ok(Tag::from_word(u64::from_ne_bytes(word)))
    }

    /// Slots of a chunk, in part where the file ends. They are read twice: whatever the tags of the
    /// first reading promise stands in the second, in whatever order the bytes are copied.
    pub fn slots(&self, index: u32, from: usize, count: usize) -> io::Result<Vec<SeenSlot>> {
        let first = self.read(index, from, count)?;
        let second = self.read(index, from, count)?;
        Ok(first.iter().map(|words| Tag::from_word(words[0])).zip(second).collect())
    }

    /// Whether it was made since the machine was started, so that its clock is the one of now.
    pub fn is_of_this_start(&self) -> bool {
        let monotonic = os::nanoseconds(libc::CLOCK_MONOTONIC);
        let started = os::nanoseconds(libc::CLOCK_REALTIME).saturating_sub(monotonic);
        let started_then = self.made_realtime.saturating_sub(self.made.monotonic);
        started.abs_diff(started_then) < SAME_START && monotonic >= self.made.monotonic
    }

    /// A whole chunk as bytes, in part where the file ends.
    pub fn chunk_bytes(&self, index: u32) -> io::Result<Vec<u8>> {
        self.read_bytes(index, 0, CHUNK_SLOTS)
    }

    fn read(&self, index: u32, from: usize, count: usize) -> io::Result<Vec<Words>> {
        let bytes = self.read_bytes(index, from, count)?;
        let slots = bytes.chunks_exact(SLOT_BYTES);
        Ok(slots.map(|slot| std::array::from_fn(|word| word_at(slot, word * 8))).collect())
    }

    fn read_bytes(&self, index: u32, from: usize, count: usize) -> io::Result<Vec<u8>> {
        let count = count.min(CHUNK_SLOTS.saturating_sub(from));
        if let Some(chunk) = self.frozen.as_ref().and_then(|frozen| frozen.tail.get(&index)) {
            let rest = chunk.get(from * SLOT_BYTES..).unwrap_or_default();
            return Ok(rest[..rest.len().min(count * SLOT_BYTES)].to_vec());
        }
        let mut bytes = vec![0u8; count * SLOT_BYTES];
        let mut done = 0;
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, slot_offset(index, from) + done as u64)? {
                0 => break,
                read => done += read,
            }
        }
        bytes.truncate(done);
        Ok(bytes)
    }
}

fn slot_offset(index: u32, slot: usize) -> u64 {
    HEADER_BYTES as u64 + u64::from(index) * CHUNK_BYTES as u64 + (slot * SLOT_BYTES) as u64
}

fn word_at(bytes: &[u8], offset: usize) -> u64 {
    let word = bytes.get(offset..offset + 8).and_then(|word| word.try_into().ok());
    u64::from_ne_bytes(word.unwrap_or_default())
}

const _: () = assert!(SLOT_WORDS * 8 == SLOT_BYTES);
