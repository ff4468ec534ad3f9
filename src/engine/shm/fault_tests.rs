//! Faults that are ours, and faults that are not.
#![allow(unsafe_code)]

use super::caller::copy_in;
use super::child::{as_new, exited, killed, sigaction, status_of};
use super::disposition::Disposition;
use super::fault;
use super::pages::{NONE, PAGE, Pages, WRITE, stray};
use crate::errno::Errno;
use libc::{c_int, c_void, siginfo_t};
use std::ptr::null_mut;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;

const BAD: Result<(), Errno> = Err(Errno(libc::EFAULT));

/// Where the program's handler in a test gives what it saw.
static SEEN: AtomicI32 = AtomicI32::new(0);

extern "C" fn end_with_code(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel's own; a handler may end the process.
    unsafe { libc::_exit((*info).si_code & 0x7f) }
}

extern "C" fn count(_: c_int) {
    SEEN.fetch_add(1, Relaxed);
}

fn address(handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void)) -> usize {
    handler as *const () as usize
}

/// A bad address given to a copy, in a child: 0 where it was EFAULT.
fn bad_copy() -> c_int {
    let mut byte = 0u8;
    // SAFETY: the byte is ours.
    let copied = unsafe { copy_in((1usize << 60) as *const u8, &raw mut byte, 1) };
    c_int::from(copied != BAD)
}

#[test]
fn a_stray_store_ends_the_program_by_sigsegv() {
    let status = status_of(|| {
        as_new();
        fault::prepare();
        if bad_copy() != 0 {
            return 1;
        }
        stray(1 << 60);
        2
    });
    assert_eq!(status, killed(libc::SIGSEGV));
}

#[test]
fn a_stray_store_of_a_program_that_ignores_sigsegv_ends_it_all_the_same() {
    let status = status_of(|| {
        as_new();
        sigaction(libc::SIGSEGV, libc::SIG_IGN, 0);
        fault::prepare();
        stray(8);
        2
    });
    assert_eq!(status, killed(libc::SIGSEGV));
}

#[test]
fn a_stray_store_reaches_the_handler_that_the_program_had_set() {
    let status = status_of(|| {
        as_new();
        sigaction(libc::SIGSEGV, address(end_with_code), libc::SA_SIGINFO);
        fault::prepare();
        if bad_copy() != 0 {
            return 99;
        }
        stray(8);
        98
    });
    assert_eq!(status, exited(1), "SEGV_MAPERR is 1");
}

#[test]
fn a_stray_store_reaches_the_handler_that_the_program_sets_later() {
    let status = status_of(|| {
        as_new();
        fault::prepare();
        sigaction(libc::SIGSEGV, address(end_with_code), libc::SA_SIGINFO);
        stray(8);
        98
    });
    assert_eq!(status, exited(1), "SEGV_MAPERR is 1");
}

/// What was there before [`hand_on`], which hands every signal on to it.
static mut BEFORE: usize = 0;

extern "C" fn hand_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    if SEEN.fetch_add(1, Relaxed) > 5 {
        // SAFETY: ends a child that would turn round for ever.
        unsafe { libc::_exit(97) }
    }
    type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
    // SAFETY: the child's test has put a handler's address there.
    let before = unsafe { std::mem::transmute::<usize, Handler>(BEFORE) };
    before(signal, info, context);
}

#[test]
fn a_handler_that_hands_on_to_ours_still_gives_efault_and_then_an_end() {
    let status = status_of(|| {
        as_new();
        fault::prepare();
        let old = sigaction(libc::SIGSEGV, address(hand_on), libc::SA_SIGINFO);
        // SAFETY: the child has one thread.
        unsafe { BEFORE = old.sa_sigaction };
        if bad_copy() != 0 || bad_copy() != 0 || SEEN.load(Relaxed) != 2 {
            return 98;
        }
        stray(8);
        99
    });
    assert_eq!(status, killed(libc::SIGSEGV));
}

#[test]
fn a_handler_from_before_ours_comes_after_one_that_hands_on_to_ours() {
    let status = status_of(|| {
        as_new();
        sigaction(libc::SIGSEGV, address(end_with_code), libc::SA_SIGINFO);
        fault::prepare();
        let old = sigaction(libc::SIGSEGV, address(hand_on), libc::SA_SIGINFO);
        // SAFETY: the child has one thread.
        unsafe { BEFORE = old.sa_sigaction };
        stray(8);
        99
    });
    assert_eq!(status, exited(1), "SEGV_MAPERR is 1");
}

#[test]
fn a_handler_set_before_and_after_ours_that_hands_on_does_not_turn_for_ever() {
    let status = status_of(|| {
        as_new();
        sigaction(libc::SIGSEGV, address(hand_on), libc::SA_SIGINFO);
        fault::prepare();
        let old = sigaction(libc::SIGSEGV, address(hand_on), libc::SA_SIGINFO);
        // SAFETY: the child has one thread.
        unsafe { BEFORE = old.sa_sigaction };
        stray(8);
        99
    });
    assert_eq!(status, killed(libc::SIGSEGV));
}

#[test]
fn a_signal_that_was_sent_does_what_it_did_before() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        let send = move |handler: usize, flags: c_int| {
            status_of(|| {
                as_new();
                sigaction(signal, handler, flags);
                fault::prepare();
                // SAFETY: sends a signal to the child itself, where it comes before kill returns.
                unsafe { libc::kill(libc::getpid(), signal) };
                if handler == libc::SIG_IGN && bad_copy() != 0 {
                    return 9;
                }
                10 + SEEN.load(Relaxed)
            })
        };
        assert_eq!(send(libc::SIG_DFL, 0), killed(signal), "{signal}, by default");
        assert_eq!(send(libc::SIG_IGN, 0), exited(10), "{signal}, ignored");
        let handler = count as *const () as usize;
        assert_eq!(send(handler, 0), exited(11), "{signal}, handled");
        let with_code = send(address(end_with_code), libc::SA_SIGINFO);
        assert_eq!(with_code, exited(0), "{signal}: SI_USER is 0");
    }
}

#[test]
fn a_signal_that_was_sent_interrupts_calls_as_it_did_before() {
    let handler = count as *const () as usize;
    let ways = [
        (libc::SIG_DFL, 0, true),
        (libc::SIG_IGN, 0, true),
        (handler, libc::SA_RESTART, true),
        (handler, 0, false),
    ];
    for (handler, flags, restarts) in ways {
        let status = status_of(|| {
            as_new();
            sigaction(libc::SIGSEGV, handler, flags);
            fault::prepare();
            let ours = Disposition::of(libc::SIGSEGV).unwrap_or_default();
            c_int::from(!ours.is_ours()) + 2 * c_int::from(ours.restarts())
        });
        assert_eq!(status, exited(2 * c_int::from(restarts)), "{handler:#x}, flags {flags:#x}");
    }
}

#[test]
fn what_a_program_had_set_is_put_back_bit_by_bit() {
    let status = status_of(|| {
        as_new();
        // SAFETY: the child's own structures.
        unsafe {
            let mut own: libc::sigaction = std::mem::zeroed();
            own.sa_sigaction = address(end_with_code);
            own.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
            libc::sigaddset(&raw mut own.sa_mask, libc::SIGUSR1);
            libc::sigaction(libc::SIGSEGV, &raw const own, null_mut());
            let before = Disposition::of(libc::SIGSEGV);
            fault::prepare();
            let between = Disposition::of(libc::SIGSEGV);
            fault::stand_aside(libc::SIGSEGV, true);
            let after = Disposition::of(libc::SIGSEGV);
            c_int::from(before != after || before == between)
        }
    });
    assert_eq!(status, exited(0));
}

#[test]
fn two_threads_that_fault_at_once_leave_the_programs_handler_in_place() {
    let status = status_of(|| {
        as_new();
        sigaction(libc::SIGSEGV, address(end_with_code), libc::SA_SIGINFO);
        let before = Disposition::of(libc::SIGSEGV);
        fault::prepare();
        // Both got to our handler before either of them let go.
        fault::stand_aside(libc::SIGSEGV, true);
        fault::stand_aside(libc::SIGSEGV, true);
        c_int::from(Disposition::of(libc::SIGSEGV) != before)
    });
    assert_eq!(status, exited(0));
}

#[test]
fn a_thread_with_a_stack_for_signals_and_none_other_left_gets_its_efault() {
    let status = status_of(|| {
        as_new();
        fault::prepare();
        let stack = Pages::new(&[WRITE; 4]);
        let room = Pages::new(&[NONE, WRITE]);
        // SAFETY: a stack of the child's own for signals; the asm puts the stack pointer back.
        let copied = unsafe {
            let other = libc::stack_t { ss_sp: stack.start.cast(), ss_flags: 0, ss_size: 4 * PAGE };
            libc::sigaltstack(&raw const other, null_mut());
            // A stack with room for a return address and no more.
            copy_on_stack(room.at(PAGE + 256))
        };
        c_int::from(copied != 1)
    });
    assert_eq!(status, exited(0));
}

/// Copies from a bad address with the stack pointer there; what the routine gives.
unsafe fn copy_on_stack(top: *mut u8) -> u32 {
    unsafe extern "C" {
        fn msgq_copy(to: *mut u8, from: *const u8, bytes: usize) -> u32;
    }
    let mut byte = 0u8;
    let failed: u32;
    // SAFETY: the caller gives a page of its own; the routine uses one word of the stack.
    unsafe {
        std::arch::asm!(
            "mov r12, rsp",
            "mov rsp, {top}",
            "call {copy}",
            "mov rsp, r12",
            top = in(reg) top,
            copy = sym msgq_copy,
            in("rdi") &raw mut byte,
            in("rsi") 1usize << 60,
            in("rdx") 1usize,
            lateout("eax") failed,
            out("r12") _,
            clobber_abi("C"),
        );
    }
    failed
}

#[test]
fn a_child_has_the_handler_of_its_parent() {
    fault::prepare();
    assert_eq!(status_of(bad_copy), exited(0));
}
