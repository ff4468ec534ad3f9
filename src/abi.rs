//! The exported functions, and nothing else.
//!
//! # Safety
//! C programs call these functions as they call the C library's. No address that they hand over is
//! read or written before the engine has proven it good: a bad one gives EFAULT, as ever. `errno`
//! changes where a call fails, and only there.
//!
//! `pthread_cancel` may unwind the thread from inside msgsnd or msgrcv. That is why they are
//! "C-unwind", and why none of their variables has a destructor.
#![allow(unsafe_code)]
#![allow(clippy::missing_safety_doc)] // One contract for all, above.

use crate::hooks::call::{msgq_after, msgq_before};
use crate::hooks::{self, Hook};
use crate::watchers::WATCHERS;
use crate::{caller, shown, start};
use libc::{c_char, c_int, c_long, c_void, key_t, msqid_ds, size_t, ssize_t};

/// Passes a call on. The compiler makes jumps of all ways: what is called returns to the program.
macro_rules! pass {
    ($name:ident($($argument:expr),*)) => {
        match start::STRAIGHT_ON.$name() {
            _ if WATCHERS.any() => shown::$name($($argument),*),
            Some(next) => next($($argument),*),
            None => caller::$name($($argument),*),
        }
    };
}

/// The version of this library, as text: "0.1.0". Also the mark by which a program tells that
/// this library is loaded: `dlsym(RTLD_DEFAULT, "msgq_version")`.
///
/// The string is static. Never fails.
#[unsafe(no_mangle)]
pub extern "C" fn msgq_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Opens the message queue of a key, or creates one.
///
/// `key`: the queue's key; IPC_PRIVATE always creates a queue.
///
/// `msgflg`: IPC_CREAT creates the queue where there is none; with IPC_EXCL too, an existing one is
/// an error. The low nine bits are the permissions: those of a new queue, or those that are
/// asked of an old one.
///
/// Returns the queue's id, or -1 with errno:
/// EACCES, the queue does not grant these permissions;
/// EEXIST, there is a queue, and IPC_CREAT and IPC_EXCL were given;
/// ENOENT, there is none, and IPC_CREAT was not given;
/// ENOMEM, the system has no memory for it;
/// ENOSPC, there are as many queues as the system allows (msgmni);
/// ENOSYS, MSGQ_ENGINE or another variable of this library means nothing.
///
/// Source: POSIX.1-2017 msgget(); msgget(2).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgget(key: key_t, msgflg: c_int) -> c_int {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgget(key, msgflg)) }
}

/// Reads, changes or removes a message queue.
///
/// `msqid`: the queue's id, from msgget().
///
/// `cmd`: IPC_STAT copies the queue's data to `buf`; IPC_SET takes owner, group, permissions and
/// msg_qbytes from it; IPC_RMID removes the queue and ends every call that waits on it. Linux only,
/// with _GNU_SOURCE: IPC_INFO and MSG_INFO fill a struct msginfo; MSG_STAT and MSG_STAT_ANY are as
/// IPC_STAT for an index instead of an id.
///
/// Returns 0; the highest index in use for IPC_INFO and MSG_INFO; the id for MSG_STAT and
/// MSG_STAT_ANY; or -1 with errno:
/// EACCES, reading is not permitted;
/// EFAULT, `buf` cannot be used;
/// EIDRM, the queue was removed meanwhile;
/// EINVAL, no such queue or no such command;
/// EPERM, the caller may not change or remove the queue, or not raise msg_qbytes so far;
/// ENOSYS, MSGQ_ENGINE or another variable of this library means nothing.
///
/// Source: POSIX.1-2017 msgctl(); msgctl(2).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgctl(msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> c_int {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgctl(msqid, cmd, buf)) }
}

/// Sends a message. Waits while the queue is full, unless `msgflg` has IPC_NOWAIT. A cancellation
/// point.
///
/// `msqid`: the queue's id, from msgget().
///
/// `msgp`: a structure that begins with the message's type, a long greater than 0, and goes on with
/// its text.
///
/// `msgsz`: the text's size in bytes, without the type. May be 0.
///
/// `msgflg`: 0 or IPC_NOWAIT.
///
/// Returns 0, or -1 with errno:
/// EACCES, writing is not permitted;
/// EAGAIN, the queue is full, and IPC_NOWAIT was given;
/// EFAULT, `msgp` cannot be read;
/// EIDRM, the queue was removed while the call waited;
/// EINTR, a signal handler ran while the call waited (also with SA_RESTART);
/// EINVAL, no such queue, a type below 1, or a size above the system's limit (msgmax);
/// ENOMEM, the system has no memory for a copy;
/// ENOSYS, MSGQ_ENGINE or another variable of this library means nothing.
///
/// Source: POSIX.1-2017 msgsnd(); msgop(2).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgsnd(
    msqid: c_int,
    msgp: *const c_void,
    msgsz: size_t,
    msgflg: c_int,
) -> c_int {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgsnd(msqid, msgp, msgsz, msgflg)) }
}

/// Receives a message, and takes it off the queue. Waits until there is one, unless `msgflg` has
/// IPC_NOWAIT. A cancellation point.
///
/// `msqid`: the queue's id, from msgget().
///
/// `msgp`: where the message's type, a long, and its text go.
///
/// `msgsz`: how many bytes of text there is room for, not counting the type.
///
/// `msgtyp`: 0 for the oldest message; a positive number for the oldest of that type, or of any
/// other type with MSG_EXCEPT; a negative one for the lowest type up to its absolute value.
///
/// `msgflg`: IPC_NOWAIT does not wait; MSG_NOERROR cuts a message that is too long; MSG_EXCEPT, see
/// msgtyp; MSG_COPY, with IPC_NOWAIT, leaves the message in the queue and takes msgtyp as its
/// position, from 0 on. The last two are Linux only, with _GNU_SOURCE.
///
/// Returns the number of bytes of text, or -1 with errno:
/// E2BIG, the message is longer than msgsz, and MSG_NOERROR was not given;
/// EACCES, reading is not permitted;
/// EFAULT, `msgp` cannot be written (the message is lost);
/// EIDRM, the queue was removed while the call waited;
/// EINTR, a signal handler ran while the call waited (also with SA_RESTART);
/// EINVAL, no such queue, a negative size, or MSG_COPY with MSG_EXCEPT or without IPC_NOWAIT;
/// ENOMSG, there is no such message, and IPC_NOWAIT was given;
/// ENOSYS, the kernel lacks MSG_COPY, or MSGQ_ENGINE or another variable of this library means
/// nothing.
///
/// Source: POSIX.1-2017 msgrcv(); msgop(2).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgrcv(
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: size_t,
    msgtyp: c_long,
    msgflg: c_int,
) -> ssize_t {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgrcv(msqid, msgp, msgsz, msgtyp, msgflg)) }
}

/// msgget() under a name that no other library has: what a program calls that was compiled with
/// `msgq-overlay/sys/msg.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgq_msgget(key: key_t, msgflg: c_int) -> c_int {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgget(key, msgflg)) }
}

/// msgctl() under a name that no other library has: what a program calls that was compiled with
/// `msgq-overlay/sys/msg.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgq_msgctl(msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> c_int {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgctl(msqid, cmd, buf)) }
}

/// msgsnd() under a name that no other library has: what a program calls that was compiled with
/// `msgq-overlay/sys/msg.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgq_msgsnd(
    msqid: c_int,
    msgp: *const c_void,
    msgsz: size_t,
    msgflg: c_int,
) -> c_int {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgsnd(msqid, msgp, msgsz, msgflg)) }
}

/// msgrcv() under a name that no other library has: what a program calls that was compiled with
/// `msgq-overlay/sys/msg.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn msgq_msgrcv(
    msqid: c_int,
    msgp: *mut c_void,
    msgsz: size_t,
    msgtyp: c_long,
    msgflg: c_int,
) -> ssize_t {
    // SAFETY: the caller's promise, handed on.
    unsafe { pass!(msgrcv(msqid, msgp, msgsz, msgtyp, msgflg)) }
}

/// Adds a hook: functions that are called before and after each call of msgget, msgctl, msgsnd and
/// msgrcv, in every thread of this process and of children made by fork(). Many can be there at once
/// (16); before a call they are called in the order in which they were added, after it in the
/// opposite order. They are there when this function has returned.
///
/// `before`: called before the queues are asked; may answer in their stead. Or NULL.
///
/// `after`: called when the call has returned, before the caller sees that. Or NULL. A call whose
/// thread is cancelled, or which never returns, has no after.
///
/// `data`: what both are given.
///
/// A hook is called in the thread that makes the call, which may be in a signal handler. It must
/// return, by no longjmp() either. Calls that it makes, or that a signal handler makes which
/// interrupts it, go past all hooks. It cannot be cancelled, and errno is kept for it. Of a call that
/// another thread is making while a hook is added or removed, that hook may see one half.
///
/// Returns the hook's id, above 0, or -1 with errno:
/// EINVAL, both functions are NULL;
/// ENOSPC, there are 16 hooks already.
///
/// Async-signal-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn msgq_hook_add(
    before: msgq_before,
    after: msgq_after,
    data: *mut c_void,
) -> c_long {
    hooks::add(Hook { before, after, data }).unwrap_or_else(|error| {
        error.set();
        -1
    })
}

/// Removes a hook. Waits for nobody, so that it can be called from anywhere: by other threads, by
/// signal handlers, and by hooks, also by the one that is removed.
///
/// `id`: the hook's id, from msgq_hook_add().
///
/// Returns 0 when none of its functions runs in any thread, nor ever will: what they use may be
/// freed, and they may be unloaded. Returns 1 when no call begins to run them any more, but some are
/// still at it, maybe the caller's own: the same function called again, with the same id, tells when
/// they have left. Or returns -1 with errno:
/// EINVAL, there never was a hook with this id.
///
/// Async-signal-safe.
#[unsafe(no_mangle)]
pub extern "C" fn msgq_hook_remove(id: c_long) -> c_int {
    hooks::remove(id).unwrap_or_else(|error| {
        error.set();
        -1
    })
}

/// Does not compile where a signature here and the C library's differ.
mod agreement {
    use super::*;

    macro_rules! same {
        ($name:ident($($argument:ty),*) -> $result:ty) => {
            const _: unsafe extern "C-unwind" fn($($argument),*) -> $result = super::$name;
            #[allow(clippy::disallowed_methods)] // Named, never called.
            const _: unsafe extern "C" fn($($argument),*) -> $result = libc::$name;
        };
    }

    same!(msgget(key_t, c_int) -> c_int);
    same!(msgctl(c_int, c_int, *mut msqid_ds) -> c_int);
    same!(msgsnd(c_int, *const c_void, size_t, c_int) -> c_int);
    same!(msgrcv(c_int, *mut c_void, size_t, c_long, c_int) -> ssize_t);

    // The raw system calls hand the C library's structures to the kernel as they are.
    const _: () = {
        assert!(size_of::<msqid_ds>() == 120);
        assert!(size_of::<libc::msginfo>() == 32);
        assert!(std::mem::offset_of!(msqid_ds, msg_qbytes) == 88);
    };
}
