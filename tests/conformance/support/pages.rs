//! Memory that ends where a page ends, and what lies behind may not be touched.
#![allow(unsafe_code)]

use super::Worked;
use std::io::Error;
use std::ptr::null_mut;

/// An address that nobody maps anything at.
pub const UNMAPPED: usize = 64;

const PAGE: usize = 4096;
const PAGES: usize = 4;

/// Four pages that may be read and written, and a fifth that may not.
pub struct Pages {
    start: usize,
}

impl Pages {
    /// Maps them, filled with dots.
    pub fn new() -> Result<Pages, String> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let start =
            unsafe { libc::mmap(null_mut(), (PAGES + 1) * PAGE, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(Error::last_os_error()).worked("mmap");
        }
        let pages = Pages { start: start as usize };
        pages.protect(libc::PROT_READ | libc::PROT_WRITE)?;
        pages.write(pages.start, &[b'.'; PAGES * PAGE]);
        Ok(pages)
    }

    /// From now on they may only be read.
    pub fn read_only(&self) -> Result<(), String> {
        self.protect(libc::PROT_READ)
    }

    fn protect(&self, protection: libc::c_int) -> Result<(), String> {
        // SAFETY: the pages are this mapping's own, and no reference to them is kept.
        let answer = unsafe { libc::mprotect(self.start as *mut _, PAGES * PAGE, protection) };
        if answer == 0 { Ok(()) } else { Err(Error::last_os_error()).worked("mprotect") }
    }

    /// The address so many bytes before the end of what may be touched.
    pub fn before_end(&self, bytes: usize) -> usize {
        self.end() - bytes
    }

    /// The first address that may not be touched.
    pub fn end(&self) -> usize {
        self.start + PAGES * PAGE
    }

    /// Writes a message whose last bytes are the last that may be touched; gives its address.
    pub fn message_at_end(&self, mtype: i64, text: &[u8]) -> usize {
        let address = self.before_end(8 + text.len());
        self.write(address, &mtype.to_ne_bytes());
        self.write(address + 8, text);
        address
    }

    fn write(&self, address: usize, bytes: &[u8]) {
        assert!(address >= self.start && address + bytes.len() <= self.end());
        // SAFETY: the range lies inside the mapping, which may be written.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len());
        }
    }

    /// What stands there.
    pub fn read(&self, address: usize, bytes: usize) -> Vec<u8> {
        assert!(address >= self.start && address + bytes <= self.end());
        // SAFETY: the range lies inside the mapping, which may be read.
        unsafe { std::slice::from_raw_parts(address as *const u8, bytes) }.to_vec()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: nobody keeps an address of a mapping whose owner is gone.
        unsafe { libc::munmap(self.start as *mut _, (PAGES + 1) * PAGE) };
    }
}
