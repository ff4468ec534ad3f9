//! A recording while programs write to it: read, kept if somebody wants to keep it, and its chunks
//! given back, so that a trace of any length needs little memory.

use super::archive::Archive;
use super::file::{Counters, RecordingFile};
use super::follower::{Follower, Told};
use super::time::Scale;
use crate::command::failure::{Failure, complain};
use msgq::engine::limits::Limits;
use msgq::engine::{Engine, list};
use msgq::os::Descriptor;
use msgq::trace::format::{BEING_KEPT, Kind};
use msgq::trace::join;
use msgq::trace::mapping::Mapping;
use msgq::trace::record::{Event, Record};
use msgq::trace::record_event;
use msgq::trace::recording::{Memory, Recording};
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

/// The id that ends a list of queues.
const NO_MORE: i32 = -1;

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
        if let Some(header) = cleaner.memory().header() {
            header.keeping.store(BEING_KEPT, Relaxed);
        }
        let follower = Follower::new(RecordingFile::open(path)?);
        let mut live = LiveRecording { follower, cleaner, archive };
        live.keep_all(true);
        Ok(live)
    }

    /// Notes what the engine's limits are, and which queues there are, before anything is called.
    pub fn note_engine(&self, engine: &dyn Engine) {
        if let Some(header) = self.cleaner.memory().header() {
            let limits = Limits::of(engine).unwrap_or_default();
            header.set_limits(limits.each().map(|(_, limit)| limit));
        }
        self.note_queues(Kind::Queue, engine);
    }

    /// Notes which queues there are: before anything is called, or when all is over.
    pub fn note_queues(&self, kind: Kind, engine: &dyn Engine) {
        let Ok(queues) = list::queues(engine) else { return };
        let own = (std::process::id(), std::process::id());
        for (id, data) in &queues {
            self.note(kind, own, *id, &data.0);
        }
        self.note(kind, own, NO_MORE, &[]);
    }

    /// Notes that a process has ended.
    pub fn note_exit(&self, process: u32) {
        self.note(Kind::Exit, (process, process), 0, &[]);
    }

    /// Notes that a thread has ended, alone.
    pub fn note_thread_exit(&self, process: u32, thread: u32) {
        self.note(Kind::ThreadExit, (process, thread), 0, &[]);
    }

    fn note(&self, kind: Kind, (process, thread): (u32, u32), object: i32, bytes: &[u8]) {
        let ticks = self.follower.file.clock.now();
        // Where there is no room it is counted, as a call would be.
        let event = Event { kind, process, thread, ticks, object, namespace: 0, bytes };
        let _ = record_event(&self.cleaner, &event);
    }

    /// Brings the archive up to date, with calls that have not returned: for whoever reads it
    /// meanwhile. Where nothing is new it is told that it is up to date.
    pub fn keep_all(&mut self, anything_new: bool) {
        if !anything_new {
            return self.keep(|archive, file| archive.renew_header(file));
        }
        let Ok(counters) = self.follower.file.counters() else { return };
        let open = self.follower.open_chunks();
        self.keep(|archive, file| archive.add_rest(file, &open, &counters));
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
            complain(format!("the recording cannot be kept: {error}"));
            self.archive = None;
        }
    }
}
