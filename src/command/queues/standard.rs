//! Which of the standard descriptors this command was started with.
//!
//! The standard library opens /dev/null in place of those that are missing, before `main`. What is
//! written there is lost without anybody saying so, and an empty message is no message.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

static INPUT: AtomicBool = AtomicBool::new(false);
static OUTPUT: AtomicBool = AtomicBool::new(false);

/// Whether there was a standard input.
pub fn has_input() -> bool {
    INPUT.load(Ordering::Relaxed)
}

/// Whether there was a standard output.
pub fn has_output() -> bool {
    OUTPUT.load(Ordering::Relaxed)
}

extern "C" fn look() {
    // SAFETY: takes a number, whether it is a descriptor or not.
    let is_open = |number| unsafe { libc::fcntl(number, libc::F_GETFD) } != -1;
    INPUT.store(is_open(libc::STDIN_FILENO), Ordering::Relaxed);
    OUTPUT.store(is_open(libc::STDOUT_FILENO), Ordering::Relaxed);
}

#[used]
// SAFETY: the C library calls the functions of this section once, before main.
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;
