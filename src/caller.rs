//! Where a watched call returns to, which is where it was made.
//!
//! An exported function jumps here, so the return address is still the program's. It is taken as one
//! more argument: finding it later would mean to unwind the stack, and the unwinder may wait for a
//! lock that somebody holds who waits for us.
#![allow(unsafe_code)]

use crate::watched;
use libc::{c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};

/// A function that jumps to the one of the same name in `watched`, with the return address behind its
/// other arguments. `$register`: what the C calling convention has for that one.
macro_rules! note_caller {
    ($name:ident($($argument:ident: $type:ty),*) -> $result:ty, $x86_64:literal, $aarch64:literal) => {
        /// # Safety
        /// As the call of this name.
        #[cfg(target_arch = "x86_64")]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
            std::arch::naked_asm!(
                concat!("mov ", $x86_64, ", qword ptr [rsp]"),
                "jmp {watched}",
                watched = sym watched::$name,
            )
        }

        /// # Safety
        /// As the call of this name.
        #[cfg(target_arch = "aarch64")]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
            std::arch::naked_asm!(
                concat!("mov ", $aarch64, ", x30"),
                "b {watched}",
                watched = sym watched::$name,
            )
        }

        /// # Safety
        /// As the call of this name.
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        pub unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
            // SAFETY: the caller's promise, handed on.
            unsafe { watched::$name($($argument,)* crate::check::NOWHERE) }
        }
    };
}

note_caller!(msgget(key: key_t, msgflg: c_int) -> c_int, "rdx", "x2");
note_caller!(msgctl(msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> c_int, "rcx", "x3");
note_caller!(
    msgsnd(msqid: c_int, msgp: *const c_void, msgsz: size_t, msgflg: c_int) -> c_int,
    "r8",
    "x4"
);
note_caller!(
    msgrcv(msqid: c_int, msgp: *mut c_void, msgsz: size_t, msgtyp: c_long, msgflg: c_int) -> ssize_t,
    "r9",
    "x5"
);
