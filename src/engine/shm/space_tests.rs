//! Which words of an arena are there.

use super::*;
use crate::engine::shm::child::{exited, status_of};
use crate::engine::shm::file;
use crate::engine::shm::layout::FIRST_FRESH;
use libc::{ENOMEM, O_RDWR};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use tempfile::TempDir;

/// Words of what is mapped at first.
const FIRST: usize = FIRST_BYTES / 8;

/// A file of an arena, and a place for it.
struct Made {
    place: TempDir,
    space: &'static Space,
}

impl Made {
    fn new() -> Made {
        let made = Made {
            place: tempfile::tempdir().unwrap(),
            space: Box::leak(Box::new(Space::empty())),
        };
        file::make(&made.path(), 0o600, FIRST_FRESH, &[]).unwrap();
        made
    }

    /// With address space for so many words.
    fn of(words: usize) -> (Made, Mapped) {
        let made = Made::new();
        made.fill(words * 8).unwrap();
        let mapped = made.space.get().unwrap();
        (made, mapped)
    }

    fn fill(&self, bytes: usize) -> Result<(), Errno> {
        self.space.fill(&Descriptor::open(&self.path(), O_RDWR, 0)?, bytes)
    }

    fn path(&self) -> CString {
        CString::new(self.place.path().join("arena").as_os_str().as_bytes()).unwrap()
    }

    /// What stands in the file.
    fn word(&self, index: usize) -> u64 {
        let mut word = [0; 8];
        let file = std::fs::File::open(self.place.path().join("arena")).unwrap();
        file.read_exact_at(&mut word, index as u64 * 8).unwrap();
        u64::from_ne_bytes(word)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // SAFETY: the test is over.
        unsafe { self.space.clear() };
    }
}

#[test]
fn every_word_up_to_the_end_can_be_reached_and_is_the_files() {
    const MOST: usize = 6 * FIRST;
    for index in [0, FIRST - 1, FIRST, FIRST + 1, 3 * FIRST, 5 * FIRST, MOST - 1] {
        let (made, mapped) = Made::of(MOST);
        mapped.word(index).unwrap().store(77, Ordering::Relaxed);
        assert_eq!(made.word(index), 77, "word {index}");
        let (made, mapped) = Made::of(MOST);
        mapped.words(index, 1).unwrap()[0].store(78, Ordering::Relaxed);
        assert_eq!(made.word(index), 78, "word {index}, of several");
        let (made, mapped) = Made::of(MOST);
        mapped.array::<2>(index.max(1) - 1).unwrap()[1].store(79, Ordering::Relaxed);
        assert_eq!(made.word(index.max(1)), 79, "word {index}, of an array");
    }
}

#[test]
fn there_is_nothing_behind_the_end() {
    const MOST: usize = 2 * FIRST;
    let (_made, mapped) = Made::of(MOST);
    for index in [MOST, MOST + 1, usize::MAX] {
        assert!(mapped.word(index).is_err(), "word {index}");
    }
    for (index, count) in [(MOST - 3, 4), (MOST, 1), (0, MOST + 1), (usize::MAX, 1)] {
        assert!(mapped.words(index, count).is_err(), "{count} words from {index} on");
    }
    for index in [MOST - 3, MOST, usize::MAX - 3, usize::MAX] {
        assert!(mapped.array::<4>(index).is_err(), "an array at {index}");
    }
}

#[test]
fn what_is_mapped_doubles_or_reaches_as_far_as_needed() {
    for (index, most, words) in [
        (0, 8, 1),
        (FIRST - 1, 8, 1),
        (FIRST, 8, 2),
        (2 * FIRST - 1, 8, 2),
        (2 * FIRST, 8, 4),
        (5 * FIRST, 8, 8),
        (5 * FIRST, 6, 6),
    ] {
        let (made, mapped) = Made::of(most * FIRST);
        mapped.word(index).unwrap();
        let found = made.space.words.load(Ordering::Relaxed);
        assert_eq!(found, words * FIRST, "for word {index} of {most} mebibytes");
    }
}

/// For each mebibyte of what was set aside, whether core files are to do without it.
fn kept_out_of_cores(made: &Made, mebibytes: usize) -> Vec<bool> {
    let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut kept_out = Vec::new();
    let mut range = 0..0;
    for line in smaps.lines() {
        let first = line.split(' ').next().unwrap_or_default();
        let number = |digits| usize::from_str_radix(digits, 16).ok();
        if let Some((start, end)) = first.split_once('-') {
            range = number(start).unwrap()..number(end).unwrap();
        } else if first == "VmFlags:" && line.split(' ').any(|flag| flag == "dd") {
            kept_out.push(range.clone());
        }
    }
    let base = made.space.base.load(Ordering::Relaxed).addr();
    // The last byte: what is kept out in pieces is, up to there.
    let last = |mebibyte| base + (mebibyte + 1) * FIRST_BYTES - 1;
    (0..mebibytes).map(|mebibyte| kept_out.iter().any(|r| r.contains(&last(mebibyte)))).collect()
}

#[test]
fn core_files_do_without_what_is_mapped_and_without_nothing_else() {
    let (made, mapped) = Made::of(6 * FIRST);
    for (index, mapped_mebibytes) in [(0, 1), (FIRST, 2), (2 * FIRST, 4), (4 * FIRST, 6)] {
        mapped.word(index).unwrap();
        let expected: Vec<bool> = (0..6).map(|mebibyte| mebibyte < mapped_mebibytes).collect();
        assert_eq!(kept_out_of_cores(&made, 6), expected, "when word {index} is reached");
    }
}

#[test]
fn storage_is_given_to_the_pages_of_a_range() {
    let (made, mapped) = Made::of(4 * FIRST);
    let stored = || {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(made.place.path().join("arena")).unwrap().blocks() * 512
    };
    let before = stored();
    mapped.back(2 * FIRST + 100, 2 * FIRST + 1200).unwrap();
    let given = stored() - before;
    // 8800 bytes that begin amid a page.
    assert!((3 * 4096..5 * 4096 + 8192).contains(&given), "{given} bytes");
    assert!(mapped.back(4 * FIRST, 4 * FIRST + 1).is_err(), "behind the end");
}

/// Fills a place where there are so many bytes of address space more than are in use.
fn fill_within(more: u64, made: &Made) -> Result<usize, Errno> {
    let mut text = [0; 64];
    let text = os::read_small(c"/proc/self/statm", &mut text)?;
    let pages = text.split(|byte| *byte == b' ').next().unwrap_or_default();
    let used = pages.iter().fold(0, |used, digit| used * 10 + u64::from(digit - b'0')) * 4096;
    let limit = libc::rlimit { rlim_cur: used + more, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the structure is whole.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    made.space.fill(&Descriptor::open(c"arena", O_RDWR, 0)?, 1 << 34)?;
    Ok(made.space.most.load(Ordering::Relaxed) * 8)
}

#[test]
fn where_address_space_is_scarce_the_arena_has_less_of_it_or_is_refused() {
    const MEBIBYTE: u64 = 1 << 20;
    for (more, expected) in [
        (40 * MEBIBYTE, Ok(16 << 20)),
        (10 * MEBIBYTE, Ok(4 << 20)),
        (2 * MEBIBYTE, Ok(1 << 20)),
        (MEBIBYTE / 2, Err(Errno(ENOMEM))),
    ] {
        let made = Made::new();
        let directory = CString::new(made.place.path().as_os_str().as_bytes()).unwrap();
        let status = status_of(|| {
            // SAFETY: a path that ends with a NUL.
            unsafe { libc::chdir(directory.as_ptr()) };
            i32::from(fill_within(more, &made) != expected)
        });
        assert_eq!(status, exited(0), "{more} bytes of address space");
    }
}
