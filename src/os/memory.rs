//! Mappings.
#![allow(unsafe_code)]

use super::kernel;
use crate::errno::Errno;
use libc::c_int;
use std::ops::Range;

/// Maps the same file again, from the page at `page` on, `bytes` long: needs no descriptor.
///
/// # Safety
/// `page` is the start of a page of a shared mapping.
pub unsafe fn map_again(page: *mut u8, bytes: usize) -> Result<*mut u8, Errno> {
    // An old size of 0 asks mremap(2) for a second mapping of a shared one.
    // SAFETY: the old mapping stays, the new one overlaps nothing.
    unsafe { kernel!(libc::SYS_mremap, page, 0, bytes, libc::MREMAP_MAYMOVE) }
        .map(|address| address as *mut u8)
}

/// Maps what comes in the file after the page at `page`, `bytes` long, at this address, over whatever
/// is there.
///
/// # Safety
/// `page` is the start of a page of a shared mapping; the range at `address` is the caller's.
pub unsafe fn map_more_at(page: *mut u8, address: *mut u8, bytes: usize) -> Result<(), Errno> {
    let page_bytes = page_size();
    // SAFETY: the caller's promise; the place between is new, and nobody else knows of it.
    unsafe {
        let between = map_again(page, page_bytes + bytes)?;
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        let more = between.add(page_bytes);
        let moved = kernel!(libc::SYS_mremap, more, bytes, bytes, flags, address);
        unmap(between, if moved.is_ok() { page_bytes } else { page_bytes + bytes });
        moved.map(drop)
    }
}

/// Sets address space aside, in which nothing can be read or written.
pub fn set_aside(bytes: usize) -> Result<*mut u8, Errno> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
    unsafe { kernel!(libc::SYS_mmap, 0, bytes, libc::PROT_NONE, flags, -1, 0) }
        .map(|address| address as *mut u8)
}

/// Changes what may be done to the pages of a range: mprotect(2).
///
/// # Safety
/// The range is mapped; who uses it does not need what is taken away.
pub unsafe fn protect(range: Range<usize>, protection: c_int) -> Result<(), Errno> {
    let start = range.start & !(page_size() - 1);
    // SAFETY: the caller's promise.
    unsafe { kernel!(libc::SYS_mprotect, start, range.end.wrapping_sub(start), protection) }
        .map(drop)
}

/// Removes a mapping.
///
/// # Safety
/// Nobody uses these addresses any more.
pub unsafe fn unmap(address: *mut u8, bytes: usize) {
    // SAFETY: the caller's promise.
    let _ = unsafe { kernel!(libc::SYS_munmap, address, bytes) };
}

/// Gives every page of the range real memory, or says why it cannot (EFAULT: the file system is
/// full, and a store would end the process with SIGBUS). EINVAL before Linux 5.14.
///
/// # Safety
/// The range is mapped, shared and writable.
pub unsafe fn populate(address: *mut u8, bytes: usize) -> Result<(), Errno> {
    // SAFETY: the caller's promise; the contents stay as they are.
    unsafe { kernel!(libc::SYS_madvise, address, bytes, libc::MADV_POPULATE_WRITE) }.map(drop)
}

/// The size of a page of memory in bytes.
pub fn page_size() -> usize {
    // SAFETY: the C library reads what the kernel told the program at its start.
    unsafe { libc::getauxval(libc::AT_PAGESZ) as usize }
}

/// Whether the kernel knows how to [`populate`].
pub fn can_populate() -> bool {
    // SAFETY: an empty range.
    unsafe { kernel!(libc::SYS_madvise, 0, 0, libc::MADV_POPULATE_WRITE) }.is_ok()
}

/// Keeps a mapping out of core files.
///
/// # Safety
/// The range is mapped.
pub unsafe fn keep_out_of_cores(address: *mut u8, bytes: usize) {
    // SAFETY: the caller's promise.
    let _ = unsafe { kernel!(libc::SYS_madvise, address, bytes, libc::MADV_DONTDUMP) };
}

/// Has a range of private memory wiped in every child that gets a copy of it (MADV_WIPEONFORK). Not
/// known before Linux 4.14.
pub fn wipe_on_fork(address: *mut u8, bytes: usize) {
    // SAFETY: changes nothing in this process.
    let _ = unsafe { kernel!(libc::SYS_madvise, address, bytes, libc::MADV_WIPEONFORK) };
}

/// Whether so many bytes from an address on can be read.
pub fn is_readable(from: *const u8, bytes: usize) -> bool {
    const WORD: usize = 8;
    // No such way to change the blocked signals: the kernel reads the word first, and changes nothing.
    const NO_WAY: libc::c_int = -1;
    let Some(end) = from.addr().checked_add(bytes) else { return false };
    let mut place = from.addr() & !(WORD - 1);
    while place < end {
        // SAFETY: the kernel checks the address.
        let answer = unsafe { kernel!(libc::SYS_rt_sigprocmask, NO_WAY, place, 0, WORD) };
        // Of a null pointer the kernel takes no notice.
        if place == 0 || answer == Err(Errno(libc::EFAULT)) {
            return false;
        }
        let Some(next) = (place & !(page_size() - 1)).checked_add(page_size()) else { return true };
        place = next;
    }
    true
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_told_page_by_page() {
        let page = page_size();
        let place = set_aside(3 * page).unwrap();
        // SAFETY: the pages are this test's own.
        unsafe {
            let readable = libc::PROT_READ | libc::PROT_WRITE;
            assert_eq!(libc::mprotect(place.cast(), 2 * page, readable), 0);
        }
        let from = |offset: usize| place.wrapping_add(offset).cast_const();
        assert!(is_readable(from(0), 2 * page));
        assert!(is_readable(from(2 * page - 1), 1));
        assert!(!is_readable(from(2 * page - 1), 2));
        assert!(!is_readable(from(2 * page), 1));
        assert!(is_readable(from(2 * page), 0), "nothing is to be read");
        assert!(!is_readable(std::ptr::null(), 1));
        assert!(!is_readable(usize::MAX as *const u8, 1));
        // SAFETY: as above.
        unsafe { unmap(place, 3 * page) };
    }
}
