//! The kernel's queues, through whoever would have answered without this library: the next
//! definition of the call in the program, usually the C library's. A program without shared
//! libraries has no next definition; there the system call is made here.
#![allow(unsafe_code)]

use super::asleep::{self, Asleep};
use super::functions::Functions;
use super::limits::Limits;
use super::{Engine, Number, Received, syscall, sysctl};
use crate::errno::Errno;
use libc::{c_int, c_long, c_void, key_t, msqid_ds};
use std::ffi::CStr;
use std::ptr::null_mut;

pub struct Kernel;

/// The next definitions; null where there is none.
pub static NEXT: Functions = Functions::none();

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

/// From now on the calls are system calls of our own, whoever else defines them.
pub fn pass_over_others() {
    NEXT.set([null_mut(); 4]);
}

impl Engine for Kernel {
    fn prepare(&self) {
        // What was found first counts: later the C library may be made to answer with our own calls.
        NEXT.set_missing(Functions::NAMES.map(next));
    }

    fn functions(&self) -> Option<&'static Functions> {
        NEXT.are_all_there().then_some(&NEXT)
    }

    fn set_limits(&self, limits: Limits) -> Result<(), Errno> {
        sysctl::set(limits)
    }

    fn asleep(&self) -> Option<Asleep> {
        asleep::in_system_calls()
    }

    #[inline(always)]
    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        // SAFETY: takes no address.
        let answer = unsafe {
            match NEXT.msgget() {
                Some(msgget) => msgget(key, msgflg),
                None => syscall::msgget(key, msgflg),
            }
        };
        checked(answer as isize).map(|id| id as c_int)
    }

    #[inline(always)]
    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        // SAFETY: the caller's promise, handed on.
        let answer = unsafe {
            match NEXT.msgctl() {
                Some(msgctl) => msgctl(msqid, cmd, buf),
                None => syscall::msgctl(msqid, cmd, buf),
            }
        };
        checked(answer as isize).map(|value| value as c_int)
    }

    #[inline(always)]
    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<Number, Errno> {
        // SAFETY: the caller's promise, handed on.
        let answer = unsafe {
            match NEXT.msgsnd() {
                Some(msgsnd) => msgsnd(msqid, msgp, msgsz, msgflg),
                None => syscall::msgsnd(msqid, msgp, msgsz, msgflg),
            }
        };
        checked(answer as isize).map(|_| 0)
    }

    #[inline(always)]
    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<Received, Errno> {
        // SAFETY: the caller's promise, handed on.
        let answer = unsafe {
            match NEXT.msgrcv() {
                Some(msgrcv) => msgrcv(msqid, msgp, msgsz, msgtyp, msgflg),
                None => syscall::msgrcv(msqid, msgp, msgsz, msgtyp, msgflg),
            }
        };
        checked(answer).map(|bytes| Received { bytes: bytes as usize, number: 0 })
    }
}

/// -1 means that `errno` says why; everything else is a result.
#[inline(always)]
fn checked(answer: isize) -> Result<isize, Errno> {
    if answer == -1 { Err(Errno::current()) } else { Ok(answer) }
}
