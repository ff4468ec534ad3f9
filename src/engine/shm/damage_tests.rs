//! Pages of a shared file that somebody took away.
#![allow(unsafe_code)]

use super::caller::copy_out;
use super::child::{as_new, killed, status_of};
use super::fault;
use super::pages::{PAGE, mapped_file, stray};
use crate::errno::Errno;

#[test]
fn a_registered_page_that_is_gone_reads_as_zeros_and_is_marked() {
    fault::prepare();
    let (file, start) = mapped_file();
    assert!(super::ranges::register(start, PAGE) && super::ranges::register(start, 2 * PAGE));
    // SAFETY: the range is mapped, and answered for.
    unsafe {
        start.write_volatile(1);
        start.add(PAGE).write_volatile(2);
        assert!(!super::ranges::damaged(start), "before");
        assert_eq!(libc::ftruncate(file, PAGE as i64), 0);
        assert!(!super::ranges::damaged(start), "nobody has touched the page");
        Errno(77).set();
        assert_eq!(start.add(PAGE).read_volatile(), 0);
        assert_eq!(Errno::current(), Errno(77), "errno");
        assert!(super::ranges::damaged(start), "after");
        assert_eq!(start.read_volatile(), 1, "the other page");
        start.add(PAGE + 1).write_volatile(3);
        assert_eq!(start.add(PAGE + 1).read_volatile(), 3, "the page of zeros can be written");
        super::ranges::forget(start);
        assert!(!super::ranges::damaged(start), "a range that is forgotten");
        libc::munmap(start.cast(), 2 * PAGE);
        libc::close(file);
    }
}

#[test]
fn a_copy_goes_on_over_a_page_of_ours_that_is_gone() {
    fault::prepare();
    let (file, start) = mapped_file();
    super::ranges::register(start, 2 * PAGE);
    let mut bytes = [9u8; 2 * PAGE];
    // SAFETY: the range is mapped, and answered for.
    unsafe {
        start.write_bytes(5, 2 * PAGE);
        assert_eq!(libc::ftruncate(file, PAGE as i64), 0);
        assert_eq!(copy_out(start, bytes.as_mut_ptr(), 2 * PAGE), Ok(()));
        assert!(bytes[..PAGE].iter().all(|byte| *byte == 5), "the page that is there");
        assert!(bytes[PAGE..].iter().all(|byte| *byte == 0), "the page that is gone");
        assert!(super::ranges::damaged(start));
        super::ranges::forget(start);
        libc::munmap(start.cast(), 2 * PAGE);
        libc::close(file);
    }
}

#[test]
fn a_page_that_is_gone_and_not_registered_ends_the_program_by_sigbus() {
    let status = status_of(|| {
        as_new();
        fault::prepare();
        let (file, start) = mapped_file();
        // SAFETY: the child ends by it.
        unsafe { libc::ftruncate(file, 0) };
        stray(start.addr());
        2
    });
    assert_eq!(status, killed(libc::SIGBUS));
}
