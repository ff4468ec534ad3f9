//! Calls that are looked up in the C library itself, past this one.
//!
//! A library that was opened with RTLD_DEEPBIND (PHP opens its extensions so) finds what its own
//! dependencies define before what the whole program has: the C library's `msgget`, not a preloaded
//! one. So does whoever opens the C library by its name and looks the call up there. The kernel would
//! answer, and nobody would notice.
//!
//! [`reach`] makes the entries of the four calls in the C library's table of symbols, as this process
//! has it in memory, name what everybody else finds. From then on every way of looking them up leads
//! here, and nothing else is found elsewhere than before. To take the flag away from dlopen(3) would
//! do the latter: programs use it to keep two versions of a library apart.
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
/// Does nothing in a static program, and where the program finds the C library's calls before ours:
/// then this library was opened for a part of it alone. Nothing either where a call of ours goes on
/// to another library's function, which may look for the C library's in turn, and would find us.
///
/// An error is one of mprotect(2)'s, or ENOEXEC where the C library is not made as expected.
pub fn reach() -> Result<(), Errno> {
    let own = Object::around(reach as fn() -> _ as usize);
    let library = Object::around(engine::next(THE_C_LIBRARYS_OWN).addr());
    let (Some(own), Some(library)) = (own, library) else { return Ok(()) };
    if own.order > library.order {
        return Ok(());
    }
    let mut symbols = [null_mut(); Functions::NAMES.len()];
    for (symbol, name) in symbols.iter_mut().zip(Functions::NAMES) {
        *symbol = library.symbol(name).ok_or(Errno(ENOEXEC))?;
    }
    // SAFETY: entries of a table that stays.
    let theirs =
        symbols.map(|symbol| unsafe { library.bias.wrapping_add((*symbol).st_value as usize) });
    if !engine::ends_at(theirs) {
        return Ok(());
    }
    // SAFETY: each function has the signature of the one in whose place it comes.
    unsafe { store(symbols, everybodys().map(|function| function.wrapping_sub(library.bias))) }
}

/// One line on standard error.
pub fn complain(error: Errno) {
    os::complain(&[
        b"msgq: libraries opened with RTLD_DEEPBIND have the kernel's queues, since the C library's \
          symbols cannot be changed: ",
        os::description(error, &mut [0; 128]),
    ]);
}

/// The calls that the program finds, and every library that it opens in the usual way.
fn everybodys() -> [usize; 4] {
    // SAFETY: the names end with a NUL byte.
    Functions::NAMES.map(|name| unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }.addr())
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
