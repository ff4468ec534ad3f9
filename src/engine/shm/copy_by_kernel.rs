//! Copying where a bad address makes the copy fail and not the process: by the kernel, as between
//! two processes that are both this one. For processors that have no routine of their own here.
#![allow(unsafe_code)]

use super::here;
use crate::os;
use libc::iovec;

/// Copies; whether both addresses were good. What comes before a bad page is stored all the same.
///
/// # Safety
/// What is stored to belongs to whoever asked for it, good or not.
pub unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) -> bool {
    let near = iovec { iov_base: from.cast_mut().cast(), iov_len: bytes };
    let far = iovec { iov_base: to.cast(), iov_len: bytes };
    let (near, far) = (&raw const near, &raw const far);
    // SAFETY: the kernel checks all addresses; the caller's promise for what it stores to.
    let copied =
        unsafe { os::kernel!(libc::SYS_process_vm_writev, here::process(), near, 1, far, 1, 0) };
    copied.is_ok_and(|copied| copied as usize == bytes)
}

/// Copies a word, wherever it lies.
///
/// # Safety
/// As [`copy`].
#[cfg(not(target_arch = "x86_64"))]
pub unsafe fn copy_word(from: *const u64, to: *mut u64) -> bool {
    // SAFETY: the caller's promise.
    unsafe { copy(from.cast(), to.cast(), size_of::<u64>()) }
}

#[cfg(not(target_arch = "x86_64"))]
pub use copy as copy_up_to_bad_page;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_copies_within_the_process_and_refuses_bad_addresses() {
        let (from, mut to) = ([7u8; 100], [0u8; 100]);
        let bad = 8 as *mut u8;
        // SAFETY: the arrays are as long as said; the kernel checks the bad address.
        let copied = unsafe {
            [
                copy(from.as_ptr(), to.as_mut_ptr(), 99),
                copy(from.as_ptr(), bad, 1),
                copy(bad, to.as_mut_ptr(), 1),
            ]
        };
        assert_eq!(copied, [true, false, false]);
        assert_eq!((to[98], to[99]), (7, 0));
    }
}
