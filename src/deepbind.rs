//! Calls that are looked up in the C library itself, past this one.
//!
//! A library that was opened with RTLD_DEEPBIND (PHP opens its extensions so) finds what its own
//! dependencies define before what the whole program has: the C library's `msgget`, not a preloaded
//! one. So does whoever opens the C library by its name and looks the call up there. The kernel would
//! answer, and nobody would notice.
//!
//! [`reach`] makes the entries of the four calls in the C library's table of symbols, as this process
//! has it in memory, name our own. From then on every way of looking them up leads here, and nothing
//! else is found elsewhere than before. To take the flag away from dlopen(3) would do the latter:
//! programs use it to keep two versions of a library apart.
//!
//! Our own, not what everybody else finds: that may be a function of the program's that has nothing to
//! do with queues, or that of a wrapper before us, which may look for the C library's by name.
#![allow(unsafe_code)]

use crate::engine;
use crate::engine::functions::Functions;
use crate::errno::Errno;
use crate::os::{self, Object};
use libc::{ENOEXEC, Elf64_Sym};
use std::ffi::CStr;
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

/// A function that the C library alone has, to find it by.
const THE_C_LIBRARYS_OWN: &CStr = c"gnu_get_libc_version";

/// Has everybody who looks the four calls up in the C library find ours. To be called once, by the
/// constructor, when the engine has been chosen.
///
/// Does nothing in a static program, in one that contains this library and shows the calls to no other,
/// and where the program finds the C library's calls before ours: then this library was opened for a
/// part of it alone. Nothing either where a call of ours goes on to another library's function, which
/// may look for the C library's in turn, and would find us.
///
/// An error is one of mprotect(2)'s, or ENOEXEC where the C library is not made as expected.
pub fn reach() -> Result<(), Errno> {
    let own = Object::around(reach as fn() -> _ as usize);
    let library = Object::around(engine::next(THE_C_LIBRARYS_OWN).addr());
    let (Some(own), Some(library)) = (own, library) else { return Ok(()) };
    if own.order > library.order {
        return Ok(());
    }
    let Some(ours) = entries(&own) else { return Ok(()) };
    let theirs = entries(&library).ok_or(Errno(ENOEXEC))?;
    // SAFETY: entries of tables that stay.
    let (ours, their_functions) = unsafe { (functions(&own, ours), functions(&library, theirs)) };
    if !engine::ends_at(their_functions) {
        return Ok(());
    }
    // SAFETY: each function has the signature of the one in whose place it comes.
    unsafe { store(theirs, ours.map(|function| function.wrapping_sub(library.bias))) }
}

/// The entries of the four calls in an object's table of symbols, where all of them are there.
fn entries(object: &Object) -> Option<[*mut Elf64_Sym; 4]> {
    let mut entries = [null_mut(); Functions::NAMES.len()];
    for (entry, name) in entries.iter_mut().zip(Functions::NAMES) {
        *entry = object.symbol(name)?;
    }
    Some(entries)
}

/// Where the functions of an object's entries are.
///
/// # Safety
/// The entries are there.
unsafe fn functions(object: &Object, entries: [*mut Elf64_Sym; 4]) -> [usize; 4] {
    // SAFETY: the caller's promise.
    entries.map(|entry| unsafe { object.bias.wrapping_add((*entry).st_value as usize) })
}

/// One line on standard error.
pub fn complain(error: Errno) {
    os::complain(&[
        b"msgq: libraries opened with RTLD_DEEPBIND have the kernel's queues, since the C library's \
          symbols cannot be changed: ",
        os::description(error, &mut [0; 128]),
    ]);
}

/// Stores the values of all these entries of one table, or of none.
///
/// # Safety
/// The values are right: others may look them up at any moment.
unsafe fn store(symbols: [*mut Elf64_Sym; 4], values: [usize; 4]) -> Result<(), Errno> {
    let places = symbols.map(|symbol| symbol.addr().wrapping_add(offset_of!(Elf64_Sym, st_value)));
    let (first, last) = places
        .iter()
        .fold((usize::MAX, 0), |(first, last), place| (first.min(*place), last.max(*place)));
    let range = first..last.wrapping_add(size_of::<u64>());
    let table = Object::around(first).ok_or(Errno(ENOEXEC))?;
    // SAFETY: the pages of a table that nobody writes to, and which is given back as it was.
    unsafe {
        os::protect(range.clone(), table.protection | libc::PROT_WRITE)?;
        for (place, value) in places.into_iter().zip(values) {
            AtomicU64::from_ptr(place as *mut u64).store(value as u64, Ordering::Relaxed);
        }
        let _ = os::protect(range, table.protection);
    }
    Ok(())
}
