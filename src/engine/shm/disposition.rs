//! What the kernel does with a signal, asked and changed by rt_sigaction(2) itself.
//!
//! Not by the C library's sigaction(3): other libraries put their own in its place (libjsig, the
//! sanitizers), which may take locks, keep our handler to themselves, and answer that it is in
//! place when it is not. And what a program had set is put back bit by bit, with flags that the C
//! library does not show. The price is a return path of our own for the handler. In exchange the
//! handler sees by where it returns to whether the kernel called it, or another handler did.
#![allow(unsafe_code)]

use crate::errno::Errno;
use crate::os;
use libc::{c_int, c_void, siginfo_t};
use std::arch::global_asm;

/// The kernel's struct sigaction.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disposition {
    /// SIG_DFL, SIG_IGN or the handler's address.
    pub handler: usize,
    /// The SA_ flags.
    pub flags: u64,
    /// Where the handler returns to.
    pub restorer: usize,
    /// The signals that are blocked while it runs.
    pub mask: u64,
}

const SA_RESTORER: u64 = 0x0400_0000;

/// The bytes of a set of signals.
const SET_BYTES: usize = size_of::<u64>();

// Debuggers and unwinders know a frame that the kernel made by the very bytes that it returns to, or
// by the name that the C library gives to those. What stands before them belongs to no function.
global_asm!(
    ".pushsection .text.msgq_handler, \"ax\", @progbits",
    ".balign 16",
    ".globl msgq_handler",
    ".hidden msgq_handler",
    ".type msgq_handler, @function",
    "msgq_handler:",
    "lea rcx, [rip + __restore_rt]",
    "cmp rcx, [rsp]",
    "sete cl",
    "movzx ecx, cl",
    "jmp {answer}",
    ".size msgq_handler, . - msgq_handler",
    ".balign 16",
    ".globl msgq_return_path",
    ".hidden msgq_return_path",
    ".type msgq_return_path, @function",
    "msgq_return_path:",
    "lea rax, [rip + __restore_rt]",
    "ret",
    ".size msgq_return_path, . - msgq_return_path",
    ".balign 16",
    "nop",
    ".type __restore_rt, @function",
    "__restore_rt:",
    ".byte 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00", // mov rax, SYS_rt_sigreturn
    "syscall",
    ".size __restore_rt, . - __restore_rt",
    ".popsection",
    answer = sym answer,
);

unsafe extern "C" {
    fn msgq_handler();
    /// Where the handler returns to.
    safe fn msgq_return_path() -> usize;
}

unsafe extern "C" fn answer(
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
    by_kernel: bool,
) {
    // SAFETY: these are what the kernel gave to the handler, or another handler that got them.
    unsafe { super::fault::answer(signal, &mut *info, &mut *context.cast(), by_kernel) }
}

impl Disposition {
    /// Our handler: on the thread's other stack, where it has one.
    ///
    /// It runs with its signal blocked, as any does by default: a signal that it sends again then
    /// comes once it has returned, and finds the program where the first one did.
    pub fn ours(restarts: bool) -> Disposition {
        let flags =
            libc::SA_SIGINFO | libc::SA_ONSTACK | if restarts { libc::SA_RESTART } else { 0 };
        Disposition {
            handler: msgq_handler as *const () as usize,
            flags: flags as u64 | SA_RESTORER,
            restorer: msgq_return_path(),
            mask: 0,
        }
    }

    /// Whether our handler answers.
    pub fn is_ours(&self) -> bool {
        self.handler == msgq_handler as *const () as usize
    }

    /// Whether the program's own handler answers, or did.
    pub fn is_handler(&self) -> bool {
        self.handler != libc::SIG_DFL && self.handler != libc::SIG_IGN
    }

    /// Whether a call that the handler interrupts goes on by itself.
    pub fn restarts(&self) -> bool {
        !self.is_handler() || self.flags & libc::SA_RESTART as u64 != 0
    }

    /// What answers a signal now.
    pub fn of(signal: c_int) -> Result<Disposition, Errno> {
        let mut now = Disposition::default();
        let none = std::ptr::null::<Disposition>();
        // SAFETY: the kernel writes one of its structures.
        unsafe { os::kernel!(libc::SYS_rt_sigaction, signal, none, &raw mut now, SET_BYTES) }?;
        Ok(now)
    }

    /// Has this answer a signal; gives what did before.
    pub fn install(&self, signal: c_int) -> Result<Disposition, Errno> {
        let mut before = Disposition::default();
        let (this, place) = (&raw const *self, &raw mut before);
        // SAFETY: the kernel reads and writes one of its structures.
        unsafe { os::kernel!(libc::SYS_rt_sigaction, signal, this, place, SET_BYTES) }?;
        Ok(before)
    }
}
