//! For tests: good and bad addresses.
#![allow(unsafe_code)]

use libc::c_int;
use std::ptr::null_mut;

/// The size of a page.
pub const PAGE: usize = 4096;

/// Pages of memory, each with a protection of its own.
pub struct Pages {
    pub start: *mut u8,
    count: usize,
}

impl Pages {
    /// New ones.
    pub fn new(protections: &[c_int]) -> Pages {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let count = protections.len();
        // SAFETY: a new mapping, and its own pages.
        unsafe {
            let start = libc::mmap(null_mut(), count * PAGE, libc::PROT_NONE, flags, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            let start: *mut u8 = start.cast();
            for (number, protection) in protections.iter().enumerate() {
                let page = start.add(number * PAGE).cast();
                assert_eq!(libc::mprotect(page, PAGE, *protection), 0);
            }
            Pages { start, count }
        }
    }

    /// The address so many bytes behind the start.
    pub fn at(&self, offset: usize) -> *mut u8 {
        self.start.wrapping_add(offset)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: nobody uses the pages any more.
        unsafe { libc::munmap(self.start.cast(), self.count * PAGE) };
    }
}

/// Neither read nor written.
pub const NONE: c_int = libc::PROT_NONE;
/// Read only.
pub const READ: c_int = libc::PROT_READ;
/// Read and written.
pub const WRITE: c_int = libc::PROT_READ | libc::PROT_WRITE;

/// A file of two pages in memory, mapped.
pub fn mapped_file() -> (c_int, *mut u8) {
    // SAFETY: a new file, and a new mapping of it.
    unsafe {
        let file = libc::memfd_create(c"msgq-truncated".as_ptr(), libc::MFD_CLOEXEC);
        assert_eq!(libc::ftruncate(file, 2 * PAGE as i64), 0);
        let start = libc::mmap(null_mut(), 2 * PAGE, WRITE, libc::MAP_SHARED, file, 0);
        assert_ne!(start, libc::MAP_FAILED);
        (file, start.cast())
    }
}

/// Stores at an address that is bad, in code that is none of ours.
pub fn stray(place: usize) {
    // SAFETY: none; that is what the tests are about.
    unsafe { std::arch::asm!("mov byte ptr [{}], 0", in(reg) place) };
}
