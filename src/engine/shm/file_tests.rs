//! Files that are arenas, and files that are not.

use super::*;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use tempfile::TempDir;

/// An arena in a file.
struct Made {
    _place: TempDir,
    path: PathBuf,
}

impl Made {
    fn new() -> Made {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("arena");
        make(&c_string(&path), 0o640, FIRST_FRESH, &[(header::FREE, 77)]).unwrap();
        Made { _place: place, path }
    }

    fn change(&self, word: usize, value: u64) {
        let file = std::fs::File::options().write(true).open(&self.path).unwrap();
        file.write_all_at(&value.to_ne_bytes(), word as u64 * 8).unwrap();
    }

    fn cut(&self, bytes: u64) {
        std::fs::File::options().write(true).open(&self.path).unwrap().set_len(bytes).unwrap();
    }

    fn open(&self) -> Result<(), Refusal> {
        let space: &'static Space = Box::leak(Box::new(Space::empty()));
        let opened = open(&c_string(&self.path), space);
        assert_eq!(space.get().is_some(), opened.is_ok(), "whether it is mapped");
        // SAFETY: nobody uses it.
        unsafe { space.clear() };
        opened
    }
}

fn c_string(path: &std::path::Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

#[test]
fn what_is_made_can_be_opened_and_has_its_words() {
    let made = Made::new();
    assert_eq!(made.open(), Ok(()));
    let file = std::fs::File::open(&made.path).unwrap();
    let mut word = [0; 8];
    for (index, value) in EMPTY.into_iter().chain([(header::FREE, 77)]) {
        file.read_exact_at(&mut word, index as u64 * 8).unwrap();
        assert_eq!(u64::from_ne_bytes(word), value, "word {index}");
    }
}

#[test]
fn what_is_made_has_its_mode_and_storage_for_its_units_alone() {
    let made = Made::new();
    let status = std::fs::metadata(&made.path).unwrap();
    assert_eq!(status.mode() & 0o7777, 0o640);
    let (stored, needed) = (status.blocks() * 512, FIRST_FRESH * UNIT_BYTES as u64);
    assert!((needed..needed + (1 << 16)).contains(&stored), "{stored} bytes for {needed}");
}

#[test]
fn a_file_of_something_else_is_refused() {
    for (word, value) in [(header::MAGIC, 0), (header::MAGIC, MAGIC + 1), (header::READY, 0)] {
        let made = Made::new();
        made.change(word, value);
        assert_eq!(made.open(), Err(Refusal::Foreign), "word {word} is {value:#x}");
    }
}

#[test]
fn a_file_of_another_version_is_refused() {
    let made = Made::new();
    made.change(header::VERSION, VERSION + 1);
    assert_eq!(made.open(), Err(Refusal::Version));
}

#[test]
fn a_file_that_is_too_short_is_refused() {
    for (bytes, opened) in [
        (0, Err(Refusal::Foreign)),
        (16, Err(Refusal::Foreign)),
        (FIRST_BYTES as u64 - 1, Err(Refusal::Foreign)),
        (FIRST_BYTES as u64, Ok(())),
    ] {
        let made = Made::new();
        made.cut(bytes);
        assert_eq!(made.open(), opened, "{bytes} bytes");
    }
}
