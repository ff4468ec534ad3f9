//! Writing a recording to a file of its own, chunk by chunk, as its chunks are finished.

use super::file::{Counters, RecordingFile};
use crate::command::failure::Failure;
use msgq::trace::format::{CHUNK_BYTES, Cursor, HEADER_BYTES, Header};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::offset_of;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// A recording that is being written.
pub struct Archive {
    file: File,
    chunks: u64,
    /// How many chunks the header tells of, and the cursor.
    told: (u64, Cursor),
}

impl Archive {
    /// Makes the file, or empties it.
    pub fn create(path: &Path) -> Result<Archive, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(path).map_err(|error| Failure::about(path.display(), error))?;
        Ok(Archive { file, chunks: 0, told: (0, Cursor::CLOSED) })
    }

    /// Adds a chunk that is full. The file is a whole recording after each.
    pub fn add(&mut self, source: &RecordingFile, index: u32) -> io::Result<()> {
        self.write(source, index, Cursor::CLOSED)
    }

    /// Adds the chunks that are not full, or not finished, until the next chunk is added in their
    /// place. The file is then a whole recording of what there was.
    pub fn add_rest(
        &mut self,
        source: &RecordingFile,
        rest: &[u32],
        now: &Counters,
    ) -> io::Result<()> {
        let finished = self.chunks;
        let written = self.write_rest(source, rest, now);
        self.chunks = finished;
        written
    }

    /// Adds the chunks that are not full, or not finished, and ends the file.
    pub fn finish(
        mut self,
        source: &RecordingFile,
        rest: &[u32],
        now: &Counters,
    ) -> io::Result<()> {
        self.write_rest(source, rest, now)?;
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
        for index in rest {
            if *index == now.current {
                let (chunk, claimed) = (self.chunks as u32, now.claimed as u32);
                cursor = Cursor { chunk, generation: 0, claimed };
            }
            self.write(source, *index, cursor)?;
        }
        self.write_header(source, cursor)
    }

    fn write(&mut self, source: &RecordingFile, index: u32, cursor: Cursor) -> io::Result<()> {
        let mut bytes = source.chunk_bytes(index)?;
        bytes.resize(CHUNK_BYTES, 0);
        self.file.write_all_at(&bytes, HEADER_BYTES as u64 + self.chunks * CHUNK_BYTES as u64)?;
        self.chunks += 1;
        self.write_header(source, cursor)
    }

    fn write_header(&mut self, source: &RecordingFile, cursor: Cursor) -> io::Result<()> {
        self.told = (self.chunks, cursor);
        self.renew_header(source)
    }

    /// Tells again what the header tells: until when there is nothing new.
    pub fn renew_header(&self, source: &RecordingFile) -> io::Result<()> {
        let (chunks, cursor) = self.told;
        let mut header = source.header()?;
        // No room for more: nobody joins this recording any more.
        put(&mut header, offset_of!(Header, chunks), 0);
        put(&mut header, offset_of!(Header, fresh), chunks);
        put(&mut header, offset_of!(Header, cursor), cursor.word());
        self.file.write_all_at(&header, 0)
    }
}

fn put(header: &mut [u8], offset: usize, word: u64) {
    if let Some(place) = header.get_mut(offset..offset + 8) {
        place.copy_from_slice(&word.to_ne_bytes());
    }
}
