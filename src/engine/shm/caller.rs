//! The caller's memory: an address that cannot be used is EFAULT, as it is to the kernel, and no
//! signal to the program.
//!
//! That needs [`fault::prepare`](super::fault::prepare), once in a process.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use super::copy::{copy, copy_up_to_bad_page, copy_word};
#[cfg(not(target_arch = "x86_64"))]
use super::copy_by_kernel::{copy, copy_up_to_bad_page, copy_word};
use crate::errno::Errno;
use crate::os;

/// Below, nothing is mapped: the lowest address that the kernel gives to programs unless told
/// otherwise. So a null pointer, and a field of it, is refused without a fault.
const LOWEST: usize = 64 << 10;

/// Where the addresses end that can be a program's. What the kernel lets programs see of the other
/// half is still no address for a system call.
const END: usize = if cfg!(target_arch = "x86_64") { 1 << 63 } else { usize::MAX };

/// Copies `bytes` from the caller's memory at `from` to ours at `to`.
///
/// # Safety
/// `to` may be overwritten; `from` is what the caller gave, good or not, and does not overlap it.
#[inline(always)]
pub unsafe fn copy_in(from: *const u8, to: *mut u8, bytes: usize) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    checked(can_be_callers(from.addr(), bytes) && unsafe { copy(from, to, bytes) })
}

/// Copies `bytes` from our memory at `from` to the caller's at `to`. As by the kernel, what comes
/// before a bad page is written all the same.
///
/// # Safety
/// `from` may be read; `to` is what the caller gave, good or not, and does not overlap it.
#[inline(always)]
pub unsafe fn copy_out(from: *const u8, to: *mut u8, bytes: usize) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    checked(can_be_callers(to.addr(), bytes) && unsafe { copy_up_to_bad_page(from, to, bytes) })
}

/// Proves that the caller's memory at `from` can be read, without a place to copy it to.
///
/// # Safety
/// `from` is what the caller gave, good or not.
#[cold]
pub unsafe fn prove_readable(from: *const u8, bytes: usize) -> Result<(), Errno> {
    let page = os::page_size();
    let mut done = 0;
    while done < bytes {
        let mut byte = 0u8;
        let place = from.wrapping_add(done);
        // SAFETY: the caller's promise; the byte is ours.
        unsafe { copy_in(place, &raw mut byte, 1) }?;
        done += page - place.addr() % page;
    }
    Ok(())
}

/// Reads the caller's `mtype`, wherever it lies.
///
/// # Safety
/// `from` is what the caller gave, good or not.
#[inline(always)]
pub unsafe fn read_word(from: *const i64) -> Result<i64, Errno> {
    let mut word = 0i64;
    let to = (&raw mut word).cast();
    // SAFETY: the caller's promise; the word is ours.
    checked(can_be_callers(from.addr(), 8) && unsafe { copy_word(from.cast(), to) })?;
    Ok(word)
}

/// Writes the caller's `mtype`, wherever it lies: whole or, as the kernel does, not at all.
///
/// # Safety
/// `to` is what the caller gave, good or not.
#[inline(always)]
pub unsafe fn write_word(to: *mut i64, word: i64) -> Result<(), Errno> {
    let from = (&raw const word).cast();
    // SAFETY: the caller's promise; the word is ours.
    checked(can_be_callers(to.addr(), 8) && unsafe { copy_word(from, to.cast()) })
}

/// Whether so many bytes from an address on can be a program's. Of none, the address does not
/// matter.
#[inline(always)]
fn can_be_callers(address: usize, bytes: usize) -> bool {
    let above = address.wrapping_sub(LOWEST);
    (above <= END - LOWEST && bytes <= END - LOWEST - above) || bytes == 0
}

#[inline(always)]
fn checked(copied: bool) -> Result<(), Errno> {
    if copied { Ok(()) } else { Err(Errno(libc::EFAULT)) }
}
