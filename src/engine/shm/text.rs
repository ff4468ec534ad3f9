//! The text of a message on its way between the caller's memory and a cell.
#![allow(unsafe_code)]

use super::caller;
use super::layout::{cell, word_of};
use super::memory::{Fault, Memory};
use super::space::Mapped;
use crate::errno::Errno;

#[inline(always)]
fn place(memory: Mapped, unit: u32, bytes: usize) -> Result<*mut u8, Fault> {
    let words = memory.words(word_of(unit) + cell::TEXT, bytes.div_ceil(8))?;
    Ok(words.as_ptr().cast_mut().cast())
}

/// Copies the caller's text into a cell of the calling thread's.
///
/// # Safety
/// The cell has room for it. An address that cannot be read gives EFAULT.
#[inline(always)]
pub unsafe fn bring(
    memory: Mapped,
    from: *const u8,
    unit: u32,
    bytes: usize,
) -> Result<Result<(), Errno>, Fault> {
    let to = place(memory, unit, bytes)?;
    // SAFETY: the cell is the thread's own, and all of it is mapped.
    Ok(unsafe { caller::copy_in(from, to, bytes) })
}

/// Copies the text of a message to the caller.
///
/// # Safety
/// The caller allows as many bytes to be overwritten. An address that cannot be written gives
/// EFAULT.
#[inline(always)]
pub unsafe fn deliver(
    memory: Mapped,
    unit: u32,
    to: *mut u8,
    bytes: usize,
) -> Result<Result<(), Errno>, Fault> {
    let from = place(memory, unit, bytes)?;
    // SAFETY: all of the cell is mapped.
    Ok(unsafe { caller::copy_out(from, to, bytes) })
}
