//! The kernel's queues, through whoever would have answered without this library: the next
//! definition of the call in the program, usually the C library's. A program without shared
//! libraries has no next definition; there the system call is made here.
#![allow(unsafe_code)]

use super::{Engine, syscall};
use crate::errno::Errno;
use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};
use std::ffi::CStr;
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

pub struct Kernel;

// "C-unwind": pthread_cancel unwinds through msgsnd and msgrcv.
type Msgget = unsafe extern "C-unwind" fn(key_t, c_int) -> c_int;
type Msgctl = unsafe extern "C-unwind" fn(c_int, c_int, *mut msqid_ds) -> c_int;
type Msgsnd = unsafe extern "C-unwind" fn(c_int, *const c_void, size_t, c_int) -> c_int;
type Msgrcv = unsafe extern "C-unwind" fn(c_int, *mut c_void, size_t, c_long, c_int) -> ssize_t;

/// The next definitions; null where there is none.
struct Next {
    msgget: AtomicPtr<c_void>,
    msgctl: AtomicPtr<c_void>,
    msgsnd: AtomicPtr<c_void>,
    msgrcv: AtomicPtr<c_void>,
}

static NEXT: Next = Next {
    msgget: AtomicPtr::new(null_mut()),
    msgctl: AtomicPtr::new(null_mut()),
    msgsnd: AtomicPtr::new(null_mut()),
    msgrcv: AtomicPtr::new(null_mut()),
};

/// The definition of `name` that comes after this library's; null where there is none.
pub fn next(name: &CStr) -> *mut c_void {
    // SAFETY: `name` ends with a NUL byte.
    unsafe {
        let address = libc::dlsym(libc::RTLD_NEXT, name.as_ptr());
        if address.is_null() {
            // The program must not find our failure in its own next dlerror(3).
            libc::dlerror();
        }
        address
    }
}

/// The next definition as a function; None where its address is null. Unsafe: the type must be the
/// C function's of that name.
macro_rules! function {
    ($name:ident as $type:ty) => {
        transmute::<*mut c_void, Option<$type>>(NEXT.$name.load(Ordering::Relaxed))
    };
}

impl Engine for Kernel {
    fn prepare(&self) {
        NEXT.msgget.store(next(c"msgget"), Ordering::Relaxed);
        NEXT.msgctl.store(next(c"msgctl"), Ordering::Relaxed);
        NEXT.msgsnd.store(next(c"msgsnd"), Ordering::Relaxed);
        NEXT.msgrcv.store(next(c"msgrcv"), Ordering::Relaxed);
    }

    #[inline]
    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        // SAFETY: takes no address.
        let answer = unsafe {
            match function!(msgget as Msgget) {
                Some(msgget) => msgget(key, msgflg),
                None => syscall::msgget(key, msgflg),
            }
        };
        checked(answer as isize).map(|id| id as c_int)
    }

    #[inline]
    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        // SAFETY: the caller's promise, handed on.
        let answer = unsafe {
            match function!(msgctl as Msgctl) {
                Some(msgctl) => msgctl(msqid, cmd, buf),
                None => syscall::msgctl(msqid, cmd, buf),
            }
        };
        checked(answer as isize).map(|value| value as c_int)
    }

    #[inline]
    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<(), Errno> {
        // SAFETY: the caller's promise, handed on.
        let answer = unsafe {
            match function!(msgsnd as Msgsnd) {
                Some(msgsnd) => msgsnd(msqid, msgp, msgsz, msgflg),
                None => syscall::msgsnd(msqid, msgp, msgsz, msgflg),
            }
        };
        checked(answer as isize).map(drop)
    }

    #[inline]
    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<usize, Errno> {
        // SAFETY: the caller's promise, handed on.
        let answer = unsafe {
            match function!(msgrcv as Msgrcv) {
                Some(msgrcv) => msgrcv(msqid, msgp, msgsz, msgtyp, msgflg),
                None => syscall::msgrcv(msqid, msgp, msgsz, msgtyp, msgflg),
            }
        };
        checked(answer).map(|bytes| bytes as usize)
    }
}

/// -1 means that `errno` says why; everything else is a result.
#[inline]
fn checked(answer: isize) -> Result<isize, Errno> {
    if answer == -1 { Err(Errno::current()) } else { Ok(answer) }
}
