//! The memory of a recording: the file, mapped piece by piece as it is needed.
//!
//! Only the first piece is mapped when a process begins to record. A program that locks its whole
//! memory (mlockall(2)) or lives under a limit of address space would feel more than that. The
//! descriptor is closed at once, since its number may be the program's next; later pieces are
//! mapped by way of the first, which works after chroot(2) and without any rights to the file.
#![allow(unsafe_code)]

use super::format::{CHUNK_BYTES, CHUNK_SLOTS, HEADER_BYTES, Header, MOST_CHUNKS, Slot};
use super::recording::Memory;
use crate::errno::Errno;
use crate::os::{self, Descriptor};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Chunks in a piece.
const PIECE_CHUNKS: u32 = 64;
const PIECE_BYTES: usize = PIECE_CHUNKS as usize * CHUNK_BYTES;
const PIECES: usize = (MOST_CHUNKS / PIECE_CHUNKS) as usize;
const PAGE: usize = 4096;

/// A recording's file in this process's memory. Nothing of it is ever unmapped again.
pub struct Mapping {
    /// How many chunks the file has.
    chunks: AtomicU32,
    /// Where the first chunk of each piece is; null where the piece is not mapped yet. The header
    /// stands right before the first piece's.
    pieces: [AtomicPtr<u8>; PIECES],
}

impl Mapping {
    /// No file yet.
    #[allow(clippy::new_without_default)] // Only statics and boxes are made of it.
    pub const fn new() -> Mapping {
        Mapping {
            chunks: AtomicU32::new(0),
            pieces: [const { AtomicPtr::new(null_mut()) }; PIECES],
        }
    }

    /// Maps the header and the first piece of a file that has room for `chunks` chunks. False
    /// where another thread was first.
    pub fn attach(&self, file: &Descriptor, chunks: u32) -> Result<bool, Errno> {
        let bytes = HEADER_BYTES + chunks.min(PIECE_CHUNKS) as usize * CHUNK_BYTES;
        let address = file.map(bytes)?;
        // SAFETY: that range was mapped just now; the header is part of it.
        let first = unsafe {
            os::keep_out_of_cores(address, bytes);
            address.add(HEADER_BYTES)
        };
        self.chunks.store(chunks, Ordering::Relaxed);
        Ok(self.publish(0, first, address, bytes))
    }

    /// The first chunk, and how many chunks the piece has that it is in; nothing where no file is
    /// attached. The header stands before it.
    pub fn first_piece(&self) -> Option<(*mut u8, u32)> {
        let first = self.pieces[0].load(Ordering::Acquire);
        (!first.is_null()).then(|| (first, self.chunks.load(Ordering::Relaxed).min(PIECE_CHUNKS)))
    }

    /// Enters a piece into the table, or unmaps it where another thread was first.
    fn publish(&self, piece: usize, start: *mut u8, address: *mut u8, bytes: usize) -> bool {
        let none = null_mut();
        let Some(place) = self.pieces.get(piece) else { return false };
        let first = place.compare_exchange(none, start, Ordering::AcqRel, Ordering::Acquire);
        if first.is_err() {
            // SAFETY: mapped by the caller just now, and nobody else knows of it.
            unsafe { os::unmap(address, bytes) };
        }
        first.is_ok()
    }

    /// The first chunk of a piece that is mapped, if need be now.
    fn piece(&self, piece: usize) -> Option<*mut u8> {
        let place = self.pieces.get(piece)?;
        let start = place.load(Ordering::Acquire);
        if start.is_null() {
            self.map_piece(piece)?;
            return Some(place.load(Ordering::Acquire));
        }
        Some(start)
    }

    #[cold]
    fn map_piece(&self, piece: usize) -> Option<()> {
        let first = self.pieces[0].load(Ordering::Acquire);
        let all = self.chunks.load(Ordering::Relaxed);
        let chunks = all.checked_sub(piece as u32 * PIECE_CHUNKS)?.min(PIECE_CHUNKS);
        if first.is_null() || piece == 0 || chunks == 0 {
            return None;
        }
        // The new mapping begins with the first piece's last page, and what lies between that and
        // the piece wanted is unmapped again.
        let before = PAGE + (piece - 1) * PIECE_BYTES;
        let bytes = before + chunks as usize * CHUNK_BYTES;
        // SAFETY: the first piece is whole, since there is a second, and stays mapped. The file is
        // as long as its number of chunks says. The range that is unmapped is part of the new one.
        unsafe {
            let address = os::map_again(first.add(PIECE_BYTES - PAGE), bytes).ok()?;
            os::unmap(address, before);
            let start = address.add(before);
            os::keep_out_of_cores(start, bytes - before);
            self.publish(piece, start, start, bytes - before);
        }
        Some(())
    }
}

impl Memory for Mapping {
    #[inline(always)]
    fn header(&self) -> Option<&Header> {
        let first = self.pieces[0].load(Ordering::Acquire);
        if first.is_null() {
            return None;
        }
        // SAFETY: the header stands before the first chunk, is made of atomic words, and is never
        // unmapped.
        Some(unsafe { &*first.sub(HEADER_BYTES).cast::<Header>() })
    }

    #[inline(always)]
    fn chunk(&self, index: u32) -> Option<&[Slot; CHUNK_SLOTS]> {
        if index >= self.chunks.load(Ordering::Relaxed) {
            return None;
        }
        let start = self.piece((index / PIECE_CHUNKS) as usize)?;
        let offset = (index % PIECE_CHUNKS) as usize * CHUNK_BYTES;
        // SAFETY: the piece has this chunk, chunks are aligned and made of atomic words, and no
        // piece is ever unmapped.
        Some(unsafe { &*start.add(offset).cast::<[Slot; CHUNK_SLOTS]>() })
    }

    fn back(&self, index: u32) -> bool {
        let Some(chunk) = self.chunk(index) else { return false };
        let address = chunk.as_ptr().cast::<u8>().cast_mut();
        // SAFETY: the chunk is part of a shared, writable mapping.
        match unsafe { os::populate(address, CHUNK_BYTES) } {
            Ok(()) => true,
            // Before Linux 5.14. Whoever made the file on such a kernel gave it real storage.
            Err(error) => error == Errno(libc::EINVAL),
        }
    }
}
