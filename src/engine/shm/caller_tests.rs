//! Copies from and to good and bad addresses.
#![allow(unsafe_code)]

use super::caller::{copy_in, copy_out, read_word, write_word};
use super::child::{as_new, exited, status_of};
use super::fault;
use super::pages::{NONE, PAGE, Pages, READ, WRITE, mapped_file};
use crate::errno::Errno;
use libc::c_int;
use std::ptr::{null, null_mut};

const BAD: Result<(), Errno> = Err(Errno(libc::EFAULT));

/// Copies both ways, `errno` watched; what each gave.
fn both_ways(callers: *mut u8, bytes: usize) -> [Result<(), Errno>; 2] {
    fault::prepare();
    let mut ours = vec![0xa5; bytes];
    Errno(77).set();
    // SAFETY: ours is as long as said.
    let answers = unsafe {
        [copy_in(callers, ours.as_mut_ptr(), bytes), copy_out(ours.as_ptr(), callers, bytes)]
    };
    assert_eq!(Errno::current(), Errno(77), "errno of {callers:?}, {bytes} bytes");
    answers
}

#[test]
fn good_copies_of_every_length_and_place_are_exact() {
    fault::prepare();
    let from: Vec<u8> = (0..4600u32).map(|number| (number * 7 + number / 256) as u8).collect();
    let lengths = (0..=400).chain([511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 4500]);
    for length in lengths {
        for place in 0..65 {
            let (at, source) = (place % 33, place * 5 % 37);
            let mut to = vec![0u8; length + 100];
            let mut expected = to.clone();
            expected[at..at + length].copy_from_slice(&from[source..source + length]);
            // SAFETY: both are long enough.
            let copied = unsafe {
                let (from, to) = (from.as_ptr().add(source), to.as_mut_ptr().add(at));
                if place % 2 == 0 { copy_in(from, to, length) } else { copy_out(from, to, length) }
            };
            assert_eq!(copied, Ok(()), "{length} bytes at {place}");
            assert!(to == expected, "{length} bytes from +{source} to +{at} came out wrong");
        }
    }
}

#[test]
fn a_bad_page_is_efault_wherever_the_copy_meets_it() {
    let first_bad = Pages::new(&[NONE, WRITE]);
    let second_bad = Pages::new(&[WRITE, NONE]);
    for length in (1..300).chain([1000, 4096]) {
        assert_eq!(both_ways(first_bad.at(0), length), [BAD; 2], "{length} bytes, all bad");
        assert_eq!(both_ways(first_bad.at(PAGE - 1), length), [BAD; 2], "{length} bytes, first");
        let last = PAGE + 1 - length;
        assert_eq!(both_ways(second_bad.at(last), length), [BAD; 2], "{length} bytes, last");
        assert_eq!(both_ways(second_bad.at(last - 1), length), [Ok(()); 2], "{length} bytes, good");
    }
}

#[test]
fn a_page_that_cannot_be_written_can_be_read() {
    let pages = Pages::new(&[READ]);
    for length in [1, 8, 16, 40, 100, 300, 4096] {
        assert_eq!(both_ways(pages.at(0), length), [Ok(()), BAD], "{length} bytes");
    }
}

#[test]
fn addresses_that_cannot_be_a_programs_are_efault() {
    let addresses = [0, 8, 4096, 0xffff, 1 << 47, 1 << 56, 1 << 62, (1 << 63) - 4]
        .into_iter()
        .chain([1 << 63, 0xffff_ffff_ff60_0000, usize::MAX - 20, usize::MAX]);
    for address in addresses {
        for length in [1, 8, 64, 300] {
            let answers = both_ways(address as *mut u8, length);
            assert_eq!(answers, [BAD; 2], "{length} bytes at {address:#x}");
        }
        assert_eq!(both_ways(address as *mut u8, 0), [Ok(()); 2], "none at {address:#x}");
    }
    assert_eq!(both_ways(0x10000 as *mut u8, usize::MAX >> 40), [BAD; 2]);
}

#[test]
fn a_null_pointer_and_the_kernels_half_are_refused_without_a_fault() {
    let status = status_of(|| {
        as_new();
        let (from, mut to) = (0xffff as *const u8, [0u8; 9]);
        // SAFETY: a fault ends the child; the array is as long as said.
        let answers = unsafe {
            [
                copy_in(from, to.as_mut_ptr(), 9),
                copy_out(to.as_ptr(), null_mut(), 9),
                copy_in((usize::MAX - 5) as *const u8, to.as_mut_ptr(), 9),
                copy_out(to.as_ptr(), (1usize << 63) as *mut u8, 9),
                copy_out(to.as_ptr(), ((1usize << 63) + 1) as *mut u8, 9),
                read_word(null()).map(drop),
                write_word(null_mut(), 1),
            ]
        };
        c_int::from(answers != [BAD; 7])
    });
    assert_eq!(status, exited(0));
}

#[test]
fn what_lies_before_a_bad_page_is_written() {
    fault::prepare();
    let pages = Pages::new(&[WRITE, NONE]);
    let from = [7u8; 300];
    for length in [2usize, 9, 17, 33, 64, 100, 300] {
        for fits in [1, length / 2, length - 1] {
            // SAFETY: the first page may be written, and the array has enough.
            let written = unsafe {
                std::ptr::write_bytes(pages.at(0), 0, PAGE);
                assert_eq!(copy_out(from.as_ptr(), pages.at(PAGE - fits), length), BAD);
                std::slice::from_raw_parts(pages.at(0), PAGE)
            };
            let count = written.iter().filter(|byte| **byte == 7).count();
            assert_eq!(count, fits, "of {length} bytes");
            assert!(written.ends_with(&from[..fits]), "of {length} bytes");
        }
    }
}

#[test]
fn words_are_read_and_written_at_any_place_or_not_at_all() {
    fault::prepare();
    let pages = Pages::new(&[WRITE, NONE]);
    // SAFETY: the first page may be written.
    unsafe {
        for place in [0usize, 1, 7, PAGE - 8] {
            let place: *mut i64 = pages.at(place).cast();
            assert_eq!(write_word(place, -5), Ok(()));
            assert_eq!(read_word(place), Ok(-5));
        }
        let place = pages.at(PAGE - 7);
        std::ptr::write_bytes(place, 9, 7);
        assert_eq!(write_word(place.cast(), -5), BAD);
        assert_eq!(read_word(place.cast()), Err(Errno(libc::EFAULT)));
        assert_eq!(std::slice::from_raw_parts(place, 7), [9; 7], "nothing was written");
        assert_eq!(write_word(null_mut(), 1), BAD);
        assert_eq!(read_word(null()), Err(Errno(libc::EFAULT)));
    }
}

#[test]
fn a_page_of_the_callers_that_is_gone_is_efault() {
    fault::prepare();
    let (file, start) = mapped_file();
    // SAFETY: only the copies touch the mapping.
    unsafe {
        assert_eq!(libc::ftruncate(file, 0), 0);
        assert_eq!(both_ways(start, 100), [BAD; 2]);
        libc::munmap(start.cast(), 2 * PAGE);
        libc::close(file);
    }
}
