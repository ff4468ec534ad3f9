//! A recording while programs write to it: read, kept if somebody wants to keep it, and its chunks
//! given back, so that a trace of any length needs little memory.

use super::archive::Archive;
use super::file::{Counters, RecordingFile};
use super::follower::{Follower, Told};
use crate::command::failure::Failure;
use msgq::os::Descriptor;
use msgq::trace::join;
use msgq::trace::mapping::Mapping;
use msgq::trace::recording::Recording;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How many clean chunks are kept ready for the programs. Chunks that were used before cost them
/// no page faults; this many last for a while when this command does not get the processor.
const CLEAN_CHUNKS: usize = 32;

/// A recording that this command made.
pub struct LiveRecording {
    follower: Follower,
    cleaner: Box<Recording<Mapping>>,
    archive: Option<Archive>,
}

/// What could not be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Calls there was no room for.
    pub calls: u64,
    /// Processes that stopped recording for a fault of the library's.
    pub faults: u64,
}

impl Losses {
    /// What the header's counters say.
    pub fn of(counters: &Counters) -> Losses {
        Losses { calls: counters.lost, faults: counters.faults }
    }
}

impl LiveRecording {
    /// Makes a recording at `path`, which keeps `kept` bytes of each message.
    pub fn make(
        path: &Path,
        kept: u32,
        archive: Option<Archive>,
    ) -> Result<LiveRecording, Failure> {
        let refused = |refusal: join::Refusal| {
            Failure::new(format!("{}: {}", path.display(), refusal.sentence()))
        };
        let name = CString::new(path.as_os_str().as_bytes())
            .map_err(|_| Failure::new(format!("{}: a NUL byte in a path", path.display())))?;
        join::make(&name, kept).map_err(refused)?;
        let cleaner = Box::new(Recording::new(Mapping::new()));
        let descriptor = Descriptor::open(&name, libc::O_RDWR, 0)
            .map_err(|error| refused(join::Refusal::File(error)))?;
        join::attach(&descriptor, cleaner.memory()).map_err(refused)?;
        let follower = Follower::new(RecordingFile::open(path)?);
        Ok(LiveRecording { follower, cleaner, archive })
    }

    /// The reader.
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// Reads what is new, and gives chunks back.
    pub fn poll(&mut self) -> io::Result<Vec<Told>> {
        let clock = self.follower.file.clock;
        self.follower.scale.refine(clock.moment());
        let told = self.follower.poll(Some(clock.now()))?;
        let counters = self.follower.file.counters()?;
        for index in self.follower.take_finished_chunks(&counters) {
            if let Some(archive) = &mut self.archive {
                archive.add(&self.follower.file, index)?;
            }
            // More than that were needed only while this command was behind.
            if self.follower.clean_chunks() < CLEAN_CHUNKS {
                self.cleaner.clean(index);
                self.follower.reopen(index);
            }
        }
        Ok(told)
    }

    /// The calls that never return, by whoever is gone.
    pub fn give_up(
        &mut self,
        is_gone: impl Fn(&msgq::trace::record::Record) -> bool,
    ) -> io::Result<Vec<Told>> {
        self.follower.give_up(is_gone)
    }

    /// Reads the rest. Nothing writes any more, or nothing more is wanted.
    pub fn finish(mut self) -> io::Result<(Follower, Vec<Told>, Losses)> {
        let mut told = Vec::new();
        loop {
            told.extend(self.poll()?);
            if !self.follower.is_behind() {
                break;
            }
        }
        told.extend(self.follower.finish()?);
        let counters = self.follower.file.counters()?;
        if let Some(archive) = self.archive {
            archive.finish(&self.follower.file, &self.follower.open_chunks(), &counters)?;
        }
        Ok((self.follower, told, Losses::of(&counters)))
    }
}
