//! Reading a recording while it is written, or after.
//!
//! What is told at a time is in the order in which the calls began. One that has not returned yet holds
//! the others back for a moment, and is then told as waiting; its end is told when it comes.

use super::file::{Counters, RecordingFile};
use super::time::Scale;
use msgq::trace::format::{CHUNK_SLOTS, Progress, Tag, Words};
use msgq::trace::record::Record;
use std::collections::VecDeque;
use std::io;

/// Nanoseconds after which a call that has not returned counts as waiting.
pub const MOMENT: u64 = 10_000_000;

/// How many chunks are read at a time: what bounds the memory that reading takes.
const MOST_CHUNKS_AT_ONCE: usize = 64;

/// How many waiting calls are a crowd, and how many polls it is then left alone for.
const CROWD: usize = 64;
const CROWD_POLLS: u32 = 8;

/// What is told of a record.
#[derive(Debug)]
pub enum Told {
    /// The call began, and waits.
    Waits(Record),
    /// The call returned. True: it had been told as waiting.
    Returned(Record, bool),
    /// The call will never return. True: it had been told as waiting.
    Never(Record, bool),
}

/// Where a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    chunk: u32,
    slot: usize,
}

/// A record that has not been told to its end.
struct Unfinished {
    place: Place,
    /// Nothing where a slot is claimed but nothing is written there yet.
    record: Option<Record>,
    /// When it was first seen, in ticks.
    seen: u64,
    told: bool,
}

/// A chunk that is being read.
struct OpenChunk {
    index: u32,
    next: usize,
    unfinished: usize,
}

/// The reader's place in a recording.
pub struct Follower {
    /// The file.
    pub file: RecordingFile,
    /// Its time.
    pub scale: Scale,
    open: Vec<OpenChunk>,
    /// Chunks with a number below this have been opened.
    opened: u32,
    queue: VecDeque<Unfinished>,
    waiting: Vec<Unfinished>,
    /// Whether more was there than the last poll read.
    behind: bool,
    /// How many polls there have been.
    polls: u32,
}

impl Follower {
    /// Begins at the recording's start.
    pub fn new(file: RecordingFile) -> Follower {
        Follower {
            scale: Scale::new(&file),
            file,
            open: Vec::new(),
            opened: 0,
            queue: VecDeque::new(),
            waiting: Vec::new(),
            behind: false,
            polls: 0,
        }
    }

    /// Reads what is new, and tells what can be told at the time `now` (in ticks). Nothing stands for
    /// the end of time, when no record is held back any more.
    pub fn poll(&mut self, now: Option<u64>) -> io::Result<Vec<Told>> {
        self.read_new(now)?;
        let mut told = Vec::new();
        // A crowd of waiting calls is looked at less often.
        self.polls = self.polls.wrapping_add(1);
        if self.waiting.len() < CROWD || self.polls.is_multiple_of(CROWD_POLLS) {
            for unfinished in std::mem::take(&mut self.waiting) {
                self.tell(unfinished, now, true, &mut told)?;
            }
        }
        while let Some(unfinished) = self.queue.pop_front() {
            if let Some(held_back) = self.tell(unfinished, now, false, &mut told)? {
                self.queue.push_front(held_back);
                break;
            }
        }
        told.sort_by_key(Told::ticks);
        Ok(told)
    }

    /// Tells the rest, once [`Follower::poll`] has nothing more: what has not returned never will.
    pub fn finish(&mut self) -> io::Result<Vec<Told>> {
        let mut told = Vec::new();
        let rest = std::mem::take(&mut self.waiting).into_iter();
        for mut unfinished in rest.chain(std::mem::take(&mut self.queue)) {
            self.refresh(&mut unfinished)?;
            let was_told = unfinished.told;
            told.extend(unfinished.record.map(|record| match record.returned {
                Some(_) => Told::Returned(record, was_told),
                None => Told::Never(record, was_told),
            }));
        }
        told.sort_by_key(Told::ticks);
        Ok(told)
    }

    /// Tells the calls that never will return because whoever made them is gone.
    pub fn give_up(&mut self, is_gone: impl Fn(&Record) -> bool) -> io::Result<Vec<Told>> {
        let mut told = Vec::new();
        for mut unfinished in std::mem::take(&mut self.waiting) {
            let gone = unfinished.told && unfinished.record.as_ref().is_some_and(&is_gone);
            if gone {
                // It may have returned just before it went.
                self.refresh(&mut unfinished)?;
            }
            match unfinished.record {
                Some(record) if gone && record.returned.is_none() => {
                    // Nobody will write to it any more.
                    self.finish_one(unfinished.place.chunk);
                    told.push(Told::Never(record, true));
                }
                _ => self.waiting.push(unfinished),
            }
        }
        Ok(told)
    }

    /// Whether there was more to read than the last poll took at once.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// The chunks that are read to their end, and hold nothing unfinished. They are not read again
    /// unless they are handed to [`Follower::reopen`].
    pub fn take_finished_chunks(&mut self, counters: &Counters) -> Vec<u32> {
        let is_finished = |chunk: &mut OpenChunk| {
            chunk.next == CHUNK_SLOTS && chunk.unfinished == 0 && chunk.index != counters.current
        };
        self.open.extract_if(.., is_finished).map(|chunk| chunk.index).collect()
    }

    /// The chunks not finished yet that hold anything.
    pub fn open_chunks(&self) -> Vec<u32> {
        self.open.iter().filter(|chunk| chunk.next > 1).map(|chunk| chunk.index).collect()
    }

    /// Reads a chunk again, which has been cleaned.
    pub fn reopen(&mut self, index: u32) {
        self.open.push(OpenChunk { index, next: 1, unfinished: 0 });
    }

    /// Tells a record if it can be told, or puts it where it waits. Gives it back where it holds
    /// the others back.
    fn tell(
        &mut self,
        mut unfinished: Unfinished,
        now: Option<u64>,
        waits: bool,
        told: &mut Vec<Told>,
    ) -> io::Result<Option<Unfinished>> {
        let finished = self.refresh(&mut unfinished)?;
        let since = unfinished.record.as_ref().map_or(unfinished.seen, |record| record.entered);
        let young = now.is_some_and(|now| self.scale.between(since, now) < MOMENT);
        match unfinished.record {
            Some(record) if finished => told.push(Told::Returned(record, unfinished.told)),
            None if finished => (),
            _ if young && !waits => return Ok(Some(unfinished)),
            record => {
                if let Some(record) = record.as_ref().filter(|_| !unfinished.told && !young) {
                    told.push(Told::Waits(record.clone()));
                    unfinished.told = true;
                }
                self.waiting.push(Unfinished { record, ..unfinished });
            }
        }
        Ok(None)
    }

    /// Reads a record once more, unless it is whole. True when nothing more is to come of it.
    fn refresh(&mut self, unfinished: &mut Unfinished) -> io::Result<bool> {
        // What has returned is not read again: its chunk may have been given back since.
        if unfinished.record.as_ref().is_some_and(|record| record.returned.is_some()) {
            return Ok(true);
        }
        let Place { chunk, slot } = unfinished.place;
        let Some(tag) = self.file.tag(chunk, slot)? else { return Ok(false) };
        if tag.progress == Progress::Entered && unfinished.record.is_some() {
            return Ok(false);
        }
        let slots = self.file.slots(chunk, slot, usize::from(tag.slots.max(1)))?;
        let (_, record, finished) = read_record(Some(tag), &slots);
        unfinished.record = record;
        if finished {
            self.finish_one(chunk);
        }
        Ok(finished)
    }

    /// One record less in this chunk is unfinished.
    fn finish_one(&mut self, chunk: u32) {
        if let Some(open) = self.open.iter_mut().find(|open| open.index == chunk) {
            open.unfinished = open.unfinished.saturating_sub(1);
        }
    }

    fn read_new(&mut self, now: Option<u64>) -> io::Result<()> {
        let counters = self.file.counters()?;
        let present = self.file.chunks_present()?;
        while self.opened < counters.used.max(1).min(present) {
            self.reopen(self.opened);
            self.opened += 1;
        }
        let mut with_news = Vec::new();
        for (number, chunk) in self.open.iter().enumerate() {
            let head = self.file.head(chunk.index)?;
            let claimed = match head.is_full {
                true => CHUNK_SLOTS - 1,
                false if chunk.index == counters.current => counters.claimed,
                // Clean, or just about to be used.
                false => 0,
            };
            if claimed >= chunk.next {
                with_news.push((head.sequence, number, claimed));
            }
        }
        with_news.sort_unstable();
        self.behind = with_news.len() > MOST_CHUNKS_AT_ONCE;
        with_news.truncate(MOST_CHUNKS_AT_ONCE);
        for (_, number, claimed) in with_news {
            self.read_chunk(number, claimed, now)?;
        }
        Ok(())
    }

    fn read_chunk(&mut self, number: usize, claimed: usize, now: Option<u64>) -> io::Result<()> {
        let chunk = &mut self.open[number];
        let from = chunk.next;
        let slots = self.file.slots(chunk.index, from, claimed + 1 - from)?;
        let mut at = 0;
        while let Some((tag, _)) = slots.get(at) {
            let place = Place { chunk: chunk.index, slot: from + at };
            let (taken, record, finished) = read_record(*tag, &slots[at..]);
            if record.is_some() || !finished {
                let seen = now.unwrap_or_default();
                self.queue.push_back(Unfinished { place, record, seen, told: false });
            }
            if !finished {
                chunk.unfinished += 1;
            }
            at += taken;
        }
        chunk.next = from + at;
        Ok(())
    }
}

/// Reads the record that begins at the first of these slots: how many slots it takes, what it says,
/// and whether nothing more is to come of it.
fn read_record(tag: Option<Tag>, slots: &[(Option<Tag>, Words)]) -> (usize, Option<Record>, bool) {
    let Some(tag) = tag else { return (1, None, false) };
    let taken = usize::from(tag.slots.max(1)).min(slots.len());
    let words: Vec<Words> = slots[..taken].iter().map(|(_, words)| *words).collect();
    (taken, Record::read(tag, &words), tag.progress == Progress::Returned)
}

impl Told {
    /// What it is told of.
    pub fn record(&self) -> &Record {
        let (Told::Waits(record) | Told::Returned(record, _) | Told::Never(record, _)) = self;
        record
    }

    /// Where in time it is told.
    fn ticks(&self) -> u64 {
        match self {
            Told::Waits(record) => record.entered,
            Told::Returned(record, true) => record.returned.map_or(record.entered, |(at, _)| at),
            Told::Returned(record, false) | Told::Never(record, _) => record.entered,
        }
    }
}
