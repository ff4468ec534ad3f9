//! An end for processes that would wait for ever: in an engine that does not come back.
#![allow(unsafe_code)]

use libc::c_int;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering::Relaxed};

static TEXT: AtomicPtr<u8> = AtomicPtr::new(null_mut());
static LENGTH: AtomicUsize = AtomicUsize::new(0);
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Ends this process in so many seconds, with a sentence and a number, unless [`off`] comes before or
/// another one takes its place.
pub fn in_seconds(seconds: u32, sentence: &'static str, number: u64) {
    TEXT.store(sentence.as_ptr().cast_mut(), Relaxed);
    LENGTH.store(sentence.len(), Relaxed);
    NUMBER.store(number, Relaxed);
    // SAFETY: the structure is made of numbers; the handler writes and ends the process.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = ring as *const () as usize;
        libc::sigaction(libc::SIGALRM, &raw const action, null_mut());
        libc::alarm(seconds);
    }
}

/// No end after all.
pub fn off() {
    // SAFETY: takes no address.
    unsafe { libc::alarm(0) };
}

extern "C" fn ring(_: c_int) {
    let mut digits = [b'\n'; 22];
    let mut number = NUMBER.load(Relaxed);
    let mut at = digits.len() - 1;
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let digits = &digits[at..];
    // SAFETY: both texts are as long as said; the process ends without running anything else.
    unsafe {
        libc::write(libc::STDERR_FILENO, TEXT.load(Relaxed).cast(), LENGTH.load(Relaxed));
        libc::write(libc::STDERR_FILENO, digits.as_ptr().cast(), digits.len());
        libc::_exit(1)
    }
}
