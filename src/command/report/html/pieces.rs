//! Calls, links and depths as the page carries them: in pieces of so many calls, which `data.js` reads.
//!
//! A piece is a list of entries, written down in columns: first what each entry is, then its numbers,
//! each in the column of its sort. Numbers are LEB128, signed ones zigzag before that; most are
//! differences from the number before, so that they are short and compress well. Before each column
//! stands its length, four bytes in little-endian order.
//!
//! | entry | its numbers |
//! | --- | --- |
//! | call: its place in `CALLS` + 4 * outcome (0 succeeded, 1 failed, 2 has not returned) | Number: thread, queue + 1 or 0; Type: mtype; Time: its end; Length: its duration, 0 where it waits still |
//! | link, 17 where it is certain, else 16 | Number: the receiver's thread, the sender's; Time: the begin of msgrcv, from the moment back; Length: the begin of msgsnd, from that back |
//! | depth, 18 | Number: queue; Time: the moment; Amount: messages, bytes |
//! | thread, 19 | Number: its number from now on, its process, its id |
//! | queue, 20 | Number: its number from now on; Amount: its id |
//!
//! What the calls said of themselves stands in a block of its own, a line a call: it is long, and
//! read only where somebody asks for it.

use crate::command::report::events::{Call, CallId};
use crate::command::report::observer::{DepthSample, Link};
use crate::command::show::names::CALLS;
use crate::command::show::{queue, text};
use msgq::trace::format::Kind;
use std::collections::HashMap;
use std::hash::Hash;

/// How many calls a piece has; only the last one has fewer.
pub const PIECE_CALLS: usize = 16_384;

/// How many bytes of a message are told.
const MOST_TEXT: usize = 64;

/// How many threads or queues have a number at a time.
const MOST_NUMBERS: usize = 65_536;

const LINK: u8 = 16;
const CERTAIN_LINK: u8 = 17;
const DEPTH: u8 = 18;
const THREAD: u8 = 19;
const QUEUE: u8 = 20;

/// The sorts of numbers.
#[derive(Clone, Copy)]
enum Column {
    Entry,
    Number,
    Type,
    Time,
    Length,
    Amount,
}

const COLUMNS: usize = Column::Amount as usize + 1;

/// How much was written.
#[derive(Clone, Copy, Default, serde::Serialize)]
#[allow(missing_docs)]
pub struct Written {
    pub calls: usize,
    pub links: usize,
    pub depths: usize,
}

/// The piece that is being written.
#[derive(Default)]
pub struct Pieces {
    columns: [Vec<u8>; COLUMNS],
    words: String,
    /// The last moment that was written.
    moment: u64,
    threads: Numbers<(usize, u32)>,
    queues: Numbers<i32>,
    /// What each queue held, by its number.
    depths: Vec<(u64, u64)>,
    /// All that was written, in this piece and before.
    pub written: Written,
}

impl Pieces {
    /// Writes a call of the process of this number, which was over at a moment, or is not.
    pub fn call(&mut self, process: usize, call: &Call, until: Option<u64>) {
        let thread = self.thread(process, call.thread);
        let queue = queue(call).map_or(0, |id| self.queue(id) + 1);
        let place = CALLS.iter().position(|(kind, _)| *kind == call.kind).unwrap_or_default();
        let outcome = match call.returned {
            Some((_, Ok(_))) => 0,
            Some((_, Err(_))) => 1,
            None => 2,
        };
        let end = until.map_or(call.entered, |until| until.max(call.entered));
        self.entry(place as u8 + 4 * outcome);
        self.number(Column::Number, thread);
        self.number(Column::Number, queue);
        self.signed(Column::Type, call.mtype.unwrap_or_default());
        self.moment(end);
        self.number(Column::Length, end - call.entered);
        self.words.push_str(&words(call));
        self.words.push('\n');
        self.written.calls += 1;
    }

    /// Writes which receive took which send.
    pub fn link(&mut self, link: &Link) {
        let receiver = self.thread(link.to, link.received.thread);
        let sender = self.thread(link.from, link.sent.thread);
        let begin = |id: CallId| id.entered as i64;
        self.entry(if link.certain { CERTAIN_LINK } else { LINK });
        self.number(Column::Number, receiver);
        self.number(Column::Number, sender);
        self.signed(Column::Time, self.moment as i64 - begin(link.received));
        self.signed(Column::Length, begin(link.received) - begin(link.sent));
        self.written.links += 1;
    }

    /// Writes how much a queue holds.
    pub fn depth(&mut self, sample: &DepthSample) {
        let queue = self.queue(sample.queue);
        let now = (sample.messages, sample.bytes);
        let before = std::mem::replace(&mut self.depths[queue as usize], now);
        self.entry(DEPTH);
        self.number(Column::Number, queue);
        self.moment(sample.at);
        self.signed(Column::Amount, now.0 as i64 - before.0 as i64);
        self.signed(Column::Amount, now.1 as i64 - before.1 as i64);
        self.written.depths += 1;
    }

    /// The piece, if it has all its calls: its columns, and its words.
    pub fn take_full(&mut self) -> Option<(Vec<u8>, String)> {
        self.written.calls.is_multiple_of(PIECE_CALLS).then(|| self.take())
    }

    /// The piece as far as it has come.
    pub fn take(&mut self) -> (Vec<u8>, String) {
        let mut piece = Vec::new();
        for column in &mut self.columns {
            piece.extend_from_slice(&(column.len() as u32).to_le_bytes());
            piece.append(column);
        }
        (piece, std::mem::take(&mut self.words))
    }

    fn entry(&mut self, entry: u8) {
        self.columns[Column::Entry as usize].push(entry);
    }

    fn number(&mut self, column: Column, mut number: u64) {
        let bytes = &mut self.columns[column as usize];
        while number > 0x7f {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    }

    fn signed(&mut self, column: Column, number: i64) {
        self.number(column, (number << 1 ^ number >> 63) as u64);
    }

    fn moment(&mut self, moment: u64) {
        self.signed(Column::Time, moment as i64 - self.moment as i64);
        self.moment = moment;
    }

    fn thread(&mut self, process: usize, thread: u32) -> u64 {
        let (number, is_new) = self.threads.of((process, thread));
        if is_new {
            self.entry(THREAD);
            self.number(Column::Number, number);
            self.number(Column::Number, process as u64);
            self.number(Column::Number, u64::from(thread));
        }
        number
    }

    fn queue(&mut self, id: i32) -> u64 {
        let (number, is_new) = self.queues.of(id);
        if is_new {
            self.entry(QUEUE);
            self.number(Column::Number, number);
            self.signed(Column::Amount, i64::from(id));
            self.depths.truncate(number as usize);
            self.depths.push((0, 0));
        }
        number
    }
}

/// What a call says of itself.
fn words(call: &Call) -> String {
    let is_message = matches!(call.kind, Kind::Send | Kind::Receive);
    if !is_message || call.bytes.len() <= MOST_TEXT {
        return text::call(call);
    }
    let mut record = call.0.clone();
    record.bytes.truncate(MOST_TEXT);
    text::call(&record)
}

/// Numbers for things, from 0 on. Once there are too many, they begin anew.
struct Numbers<K>(HashMap<K, u64>);

impl<K> Default for Numbers<K> {
    fn default() -> Numbers<K> {
        Numbers(HashMap::new())
    }
}

impl<K: Hash + Eq> Numbers<K> {
    /// The number of a thing, and whether it has just got it.
    fn of(&mut self, key: K) -> (u64, bool) {
        if let Some(number) = self.0.get(&key) {
            return (*number, false);
        }
        if self.0.len() == MOST_NUMBERS {
            self.0.clear();
        }
        let number = self.0.len() as u64;
        self.0.insert(key, number);
        (number, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::report::samples::{QUEUE as ID, failed, receive, send};

    /// The entries of a piece, and its numbers in the order of its columns.
    fn read(piece: &[u8]) -> Vec<Vec<u64>> {
        let mut columns = Vec::new();
        let mut rest = piece;
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (column, after) = after.split_at(u32::from_le_bytes(*length) as usize);
            rest = after;
            let mut numbers = vec![0u64];
            let mut shift = 0;
            for byte in column {
                *numbers.last_mut().unwrap() |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    numbers.push(0);
                    shift = 0;
                }
            }
            numbers.pop();
            columns.push(numbers);
        }
        columns
    }

    #[test]
    fn a_piece_has_its_entries_in_columns() {
        let mut pieces = Pieces::default();
        pieces.call(2, &send(7, 100, 130, -1, b"hello"), Some(130));
        pieces.depth(&DepthSample { queue: ID, key: None, at: 130, messages: 1, bytes: 300 });
        pieces.call(2, &failed(receive(7, 140, 150, 3, b""), libc::EINTR), Some(150));
        let (piece, words) = pieces.take();
        let expected: [&[u64]; COLUMNS] = [
            &[19, 20, 2, 18, 7],
            &[0, 2, 7, 0, 0, 1, 0, 0, 1],
            &[1, 0],
            &[260, 0, 40],
            &[30, 10],
            &[10, 2, 600],
        ];
        assert_eq!(read(&piece), expected);
        assert_eq!(
            words,
            "msgsnd(5, {mtype=-1, mtext=\"hello\"}, 5, 0) = 0\n\
             msgrcv(5, 0x7f00, 64, 3, 0) = -1 EINTR (Interrupted system call)\n"
        );
    }

    #[test]
    fn a_link_has_the_begins_of_its_calls() {
        let mut pieces = Pieces::default();
        let id = |entered, thread| CallId { entered, thread };
        pieces.link(&Link {
            queue: ID,
            mtype: 1,
            size: 5,
            sent: id(100, 7),
            from: 0,
            sent_at: Some(110),
            received: id(90, 8),
            to: 1,
            received_at: 120,
            certain: true,
        });
        let columns = read(&pieces.take().0);
        assert_eq!(columns[0], [19, 19, 17]);
        assert_eq!(columns[1], [0, 1, 8, 1, 0, 7, 0, 1]);
        assert_eq!((&columns[3], &columns[4]), (&vec![179], &vec![19]), "-90, and -10");
    }

    #[test]
    fn a_piece_is_taken_when_it_has_its_calls_and_of_a_long_message_the_beginning() {
        let mut pieces = Pieces::default();
        let long = send(7, 100, 130, 1, &[b'x'; 5000]);
        (1..PIECE_CALLS).for_each(|_| pieces.call(0, &long, long.end()));
        assert!(pieces.take_full().is_none());
        pieces.call(0, &long, long.end());
        let (_, words) = pieces.take_full().expect("a full piece");
        assert_eq!(words.lines().count(), PIECE_CALLS);
        let expected = format!("mtext=\"{}\"...}}, 5000, 0)", "x".repeat(MOST_TEXT));
        assert!(words.contains(&expected), "{:?}", words.lines().next());
    }

    #[test]
    fn of_more_threads_than_there_are_numbers_each_still_has_one() {
        let mut pieces = Pieces::default();
        for thread in 0..MOST_NUMBERS as u32 + 3 {
            let mut call = send(7, 100, 130, 1, b"");
            call.0.thread = thread;
            pieces.call(0, &call, call.end());
        }
        let columns = read(&pieces.take().0);
        let last = &columns[1][columns[1].len() - 5..];
        assert_eq!(last, [2, 0, MOST_NUMBERS as u64 + 2, 2, 1]);
        assert!(pieces.threads.0.len() <= MOST_NUMBERS);
    }
}
