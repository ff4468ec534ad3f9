//! What the program was given, and what is said to its user.
#![allow(unsafe_code)]

use super::{kernel, without_signals_of_writing};
use crate::errno::Errno;
use libc::{c_char, c_long};
use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Writes one line to standard error, whole, from its parts. Nothing comes of it where that is a pipe
/// which nobody reads any more, a file at its limit, or a terminal that others have.
pub fn complain(parts: &[&[u8]]) {
    let mut line = [0u8; 1024];
    let mut length = 0;
    for byte in parts.iter().flat_map(|part| part.iter()).chain(b"\n") {
        if let Some(place) = line.get_mut(length) {
            *place = *byte;
            length += 1;
        }
    }
    without_signals_of_writing(|| {
        // SAFETY: the line is as long as said.
        unsafe { kernel!(libc::SYS_write, libc::STDERR_FILENO, line.as_ptr(), length) }.map(drop)
    });
}

/// What strerror(3) says of an error number, in a buffer of the caller's.
pub fn description(error: Errno, into: &mut [u8; 128]) -> &[u8] {
    // SAFETY: the C library writes at most as many bytes, a NUL byte included.
    unsafe { libc::strerror_r(error.0, into.as_mut_ptr().cast(), into.len()) };
    into.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The environment's value of `name`; nothing where it is unset or empty, or where the program
/// has more rights than its caller, as secure_getenv(3). To be used at once: the program may
/// change its environment later.
pub fn environment(name: &CStr) -> Option<&'static CStr> {
    // SAFETY: the list ends with a null pointer, and each entry with a NUL byte.
    unsafe {
        let mut entry = environment_list();
        if entry.is_null() || libc::getauxval(libc::AT_SECURE) != 0 {
            return None;
        }
        while !(*entry).is_null() {
            let text = CStr::from_ptr(*entry);
            let rest = text.to_bytes_with_nul().strip_prefix(name.to_bytes());
            if let Some(value) = rest.and_then(|rest| rest.strip_prefix(b"=")) {
                return CStr::from_bytes_with_nul(value).ok().filter(|value| !value.is_empty());
            }
            entry = entry.add(1);
        }
    }
    None
}

/// The environment's entries. The C library knows of them only once it has been initialised; before
/// that, in a program's own earliest code, they are where the kernel put them: on the stack, behind
/// the number of arguments, the arguments, and a null pointer.
///
/// # Safety
/// Nobody changes the environment meanwhile.
unsafe fn environment_list() -> *const *const c_char {
    // SAFETY: the C library has both variables; where the second lies is part of its interface.
    unsafe {
        if !environ.is_null() {
            return environ;
        }
        let stack_end = libc::dlsym(libc::RTLD_DEFAULT, c"__libc_stack_end".as_ptr());
        if stack_end.is_null() {
            libc::dlerror();
            return std::ptr::null();
        }
        let arguments: *const c_long = *stack_end.cast::<*const c_long>();
        arguments.add(*arguments as usize + 2).cast()
    }
}

/// What standard error was when the library started.
///
/// A daemon closes its first descriptors, and opens something else under their numbers: a database,
/// say, into which no line of ours may come.
pub struct StandardError {
    file: AtomicU64,
}

impl StandardError {
    /// It is not known what it was.
    pub const fn unknown() -> StandardError {
        StandardError { file: AtomicU64::new(0) }
    }

    /// It is what it is now.
    pub fn remember(&self) {
        self.file.store(standard_error().map_or(0, |(file, _)| file), Ordering::Relaxed);
    }

    /// Whether a line may be written there: it is what it was, or a terminal or another device, or a
    /// file that lines are put behind the end of.
    pub fn takes_lines(&self) -> bool {
        let Some((file, mode)) = standard_error() else { return false };
        // SAFETY: asks for a number.
        let flags = unsafe { kernel!(libc::SYS_fcntl, libc::STDERR_FILENO, libc::F_GETFL) };
        let appends = flags.is_ok_and(|flags| flags & c_long::from(libc::O_APPEND) != 0);
        file == self.file.load(Ordering::Relaxed)
            || mode & libc::S_IFMT == libc::S_IFCHR
            || mode & libc::S_IFMT == libc::S_IFREG && appends
    }
}

/// A number for the file that standard error is, never 0, and its type.
fn standard_error() -> Option<(u64, u32)> {
    // SAFETY: a structure of numbers, for which 0 is a value.
    let mut status: libc::statx = unsafe { std::mem::zeroed() };
    let (this, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
    let wanted = libc::STATX_TYPE | libc::STATX_INO;
    let file = libc::STDERR_FILENO;
    // SAFETY: the path ends with a NUL byte; the kernel writes one statx.
    unsafe { kernel!(libc::SYS_statx, file, this, flags, wanted, &raw mut status) }.ok()?;
    let device = u64::from(status.stx_dev_major) << 52 | u64::from(status.stx_dev_minor) << 40;
    Some(((status.stx_ino ^ device).max(1), u32::from(status.stx_mode)))
}
