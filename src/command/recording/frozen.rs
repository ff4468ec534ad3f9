//! A recording that is still written, as it was at one moment.
//!
//! A command that keeps a recording adds chunks as they are finished, and from time to time those
//! that are not, which the next finished ones overwrite. So what is not finished is copied at once; and
//! only what was called before the first chunk that is missing is a whole.

use super::file::{Counters, RecordingFile};
use msgq::trace::clock::{Moment, rate};
use msgq::trace::format::{BEING_KEPT, Cursor};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::thread::sleep;
use std::time::Duration;

/// How often copying is tried, a millisecond apart. Each try fails if the recording changes meanwhile.
const TRIES: usize = 200;

/// The part of a recording that changes, copied.
pub struct Frozen {
    /// The header's words.
    pub counters: Counters,
    /// The chunks that are not finished.
    pub tail: HashMap<u32, Vec<u8>>,
}

impl RecordingFile {
    /// Copies what changes: from now on the recording is read as it is now. Gives the moment up to
    /// which it is whole, in ticks of its clock; nothing where it is whole to its end.
    pub fn freeze(&mut self) -> io::Result<Option<u64>> {
        let is_of_this_clock = self.is_of_this_start() && self.clock.is_readable();
        let now = is_of_this_clock.then(|| self.clock.moment());
        for left in (0..TRIES).rev() {
            let counters = self.counters()?;
            let tail = match counters.keeping {
                BEING_KEPT => self.copy_tail(&counters)?,
                _ => HashMap::new(),
            };
            let is_whole = counters.changes.is_multiple_of(2);
            if is_whole && self.counters()?.changes == counters.changes || left == 0 {
                self.frozen = Some(Frozen { counters, tail });
                break;
            }
            sleep(Duration::from_millis(1));
        }
        self.whole_until(now)
    }

    fn copy_tail(&self, counters: &Counters) -> io::Result<HashMap<u32, Vec<u8>>> {
        let until = counters.used.min(self.chunks_present()?);
        (counters.finished..until).map(|index| Ok((index, self.chunk_bytes(index)?))).collect()
    }

    fn whole_until(&self, now: Option<Moment>) -> io::Result<Option<u64>> {
        let counters = self.counters()?;
        if counters.keeping != BEING_KEPT {
            let goes_on = counters.keeping == 0;
            return Ok(now.filter(|_| goes_on).map(|now| now.ticks));
        }
        if counters.current != Cursor::CLOSED.chunk {
            return Ok(now.map(|now| self.ticks_before(now, counters.kept)));
        }
        // Chunks were finished since it was brought up to date.
        let mut moments = BTreeMap::new();
        for index in 0..counters.used.min(self.chunks_present()?) {
            let head = self.head(index)?;
            moments.insert(head.sequence, head.moment.ticks);
        }
        let there = moments.iter().zip(1..).take_while(|((sequence, _), place)| *sequence == place);
        let last = there.last().map(|((_, ticks), _)| *ticks);
        Ok(Some(last.unwrap_or(self.made.ticks)))
    }

    /// The ticks of a moment shortly before `now`, given in nanoseconds of CLOCK_MONOTONIC.
    fn ticks_before(&self, now: Moment, monotonic: u64) -> u64 {
        let nanoseconds = u128::from(now.monotonic.saturating_sub(monotonic));
        let per_second = u128::from(rate(self.made, now).unwrap_or(self.ticks_per_second));
        now.ticks.saturating_sub((nanoseconds * per_second / 1_000_000_000) as u64)
    }
}
