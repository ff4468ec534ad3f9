//! Writing a recording to a file of its own, chunk by chunk, as its chunks are finished.

use super::file::{Counters, RecordingFile};
use crate::command::failure::Failure;
use msgq::trace::format::{BEING_KEPT, CHUNK_BYTES, Cursor, ENDED, HEADER_BYTES, Header};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::offset_of;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// A recording that is being written.
pub struct Archive {
    file: File,
    /// How many chunks are written that change no more.
    chunks: u64,
    /// How many chunks the header tells of, and the cursor.
    told: (u64, Cursor),
    changes: u64,
}

impl Archive {
    /// Makes the file, or empties it.
    pub fn create(path: &Path) -> Result<Archive, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(path).map_err(|error| Failure::about(path.display(), error))?;
        Ok(Archive { file, chunks: 0, told: (0, Cursor::CLOSED), changes: 0 })
    }

    /// Adds a chunk that is full. The file is a whole recording after each.
    pub fn add(&mut self, source: &RecordingFile, index: u32) -> io::Result<()> {
        self.begin_change()?;
        self.write(source, index, self.chunks)?;
        self.chunks += 1;
        self.told = (self.chunks, Cursor::CLOSED);
        self.end_change(source, BEING_KEPT)
    }

    /// Adds the chunks that are not full, or not finished, until the next chunk is added in their
    /// place. The file is then a recording of all that there was.
    pub fn add_rest(
        &mut self,
        source: &RecordingFile,
        rest: &[u32],
        now: &Counters,
    ) -> io::Result<()> {
        self.begin_change()?;
        self.write_rest(source, rest, now)?;
        self.end_change(source, BEING_KEPT)
    }

    /// Adds the chunks that are not full, or not finished, and ends the file.
    pub fn finish(
        mut self,
        source: &RecordingFile,
        rest: &[u32],
        now: &Counters,
    ) -> io::Result<()> {
        self.begin_change()?;
        self.write_rest(source, rest, now)?;
        self.chunks = self.told.0;
        self.end_change(source, ENDED)?;
        let bytes = HEADER_BYTES as u64 + self.chunks * CHUNK_BYTES as u64;
        match self.file.metadata()?.len() > bytes {
            true => self.file.set_len(bytes),
            false => Ok(()),
        }
    }

    fn write_rest(
        &mut self,
        source: &RecordingFile,
        rest: &[u32],
        now: &Counters,
    ) -> io::Result<()> {
        let mut cursor = Cursor::CLOSED;
        for (index, place) in rest.iter().zip(self.chunks..) {
            if *index == now.current {
                let (chunk, claimed) = (place as u32, now.claimed as u32);
                cursor = Cursor { chunk, generation: 0, claimed };
            }
            self.write(source, *index, place)?;
        }
        self.told = (self.chunks + rest.len() as u64, cursor);
        Ok(())
    }

    fn write(&self, source: &RecordingFile, index: u32, place: u64) -> io::Result<()> {
        let mut bytes = source.chunk_bytes(index)?;
        bytes.resize(CHUNK_BYTES, 0);
        self.file.write_all_at(&bytes, HEADER_BYTES as u64 + place * CHUNK_BYTES as u64)
    }

    /// Tells again what the header tells: until when there is nothing new.
    pub fn renew_header(&mut self, source: &RecordingFile) -> io::Result<()> {
        self.begin_change()?;
        self.end_change(source, BEING_KEPT)
    }

    /// From now on nobody can rely on what he reads.
    fn begin_change(&mut self) -> io::Result<()> {
        self.changes += 1;
        self.file.write_all_at(&self.changes.to_ne_bytes(), offset_of!(Header, changes) as u64)
    }

    fn end_change(&mut self, source: &RecordingFile, keeping: u64) -> io::Result<()> {
        self.changes += 1;
        let (chunks, cursor) = self.told;
        let mut header = source.header()?;
        // No room for more: nobody joins this recording any more.
        put(&mut header, offset_of!(Header, chunks), 0);
        put(&mut header, offset_of!(Header, fresh), chunks);
        put(&mut header, offset_of!(Header, cursor), cursor.word());
        put(&mut header, offset_of!(Header, keeping), keeping);
        put(&mut header, offset_of!(Header, changes), self.changes);
        put(&mut header, offset_of!(Header, finished), self.chunks);
        self.file.write_all_at(&header, 0)
    }
}

fn put(header: &mut [u8], offset: usize, word: u64) {
    if let Some(place) = header.get_mut(offset..offset + 8) {
        place.copy_from_slice(&word.to_ne_bytes());
    }
}
