//! A recording while programs write to it: read, kept if somebody wants to keep it, and its chunks
//! given back, so that a trace of any length needs little memory.

use super::archive::Archive;
use super::file::{Counters, RecordingFile};
use super::follower::{Follower, Told};
use super::time::Scale;
use crate::command::failure::Failure;
use msgq::os::Descriptor;
use msgq::trace::join;
use msgq::trace::mapping::Mapping;
use msgq::trace::record::Record;
use msgq::trace::recording::Recording;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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

    /// Reads what is new, and gives chunks back. Chunks that were used before cost the programs no
    /// page faults, and as many as were ever in use at once are kept.
    pub fn poll(&mut self) -> io::Result<Vec<Told>> {
        let clock = self.follower.file.clock;
        self.cleaner.note_reading();
        self.follower.scale.refine(clock.moment());
        let told = self.follower.poll(Some(clock.now()))?;
        let counters = self.follower.file.counters()?;
        for index in self.follower.take_finished_chunks(&counters) {
            self.keep(|archive, file| archive.add(file, index));
            self.cleaner.clean(index);
            self.follower.reopen(index);
        }
        Ok(told)
    }

    /// Whether there was more to read than the last poll took at once.
    pub fn is_behind(&self) -> bool {
        self.follower.is_behind()
    }

    /// The calls that never return, by whoever is gone.
    pub fn give_up(&mut self, is_gone: impl Fn(&Record) -> bool) -> io::Result<Vec<Told>> {
        self.follower.give_up(is_gone)
    }

    /// Ends the recording, and tells the rest, part by part. Programs that still run are not
    /// recorded any more.
    pub fn finish(mut self, mut tell: impl FnMut(&Scale, Vec<Told>)) -> io::Result<Losses> {
        self.follower.file.closed = Some(self.cleaner.close());
        let counters = self.follower.file.counters()?;
        loop {
            let told = self.poll()?;
            tell(&self.follower.scale, told);
            if !self.follower.is_behind() {
                break;
            }
        }
        let rest = self.follower.finish()?;
        tell(&self.follower.scale, rest);
        let open = self.follower.open_chunks();
        if let Some(archive) = self.archive.take() {
            let kept = archive.finish(&self.follower.file, &open, &counters);
            self.complain(kept);
        }
        Ok(Losses::of(&counters))
    }

    /// Writes to the archive, if there is one. One that fails is told once; the program runs on.
    fn keep(&mut self, write: impl FnOnce(&mut Archive, &RecordingFile) -> io::Result<()>) {
        if let Some(archive) = &mut self.archive {
            let kept = write(archive, &self.follower.file);
            self.complain(kept);
        }
    }

    fn complain(&mut self, kept: io::Result<()>) {
        if let Err(error) = kept {
            eprintln!("msgq: the recording cannot be kept: {error}");
            self.archive = None;
        }
    }
}
