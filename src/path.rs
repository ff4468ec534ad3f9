//! Paths that need no allocation.

use crate::decimal::{self, MOST_DIGITS};
use std::ffi::CStr;

/// A path in a buffer of its own, as long as the kernel takes paths, or shorter where little room is
/// on the stack.
pub struct Path<const CAPACITY: usize = { libc::PATH_MAX as usize }> {
    /// Nothing but NUL bytes behind the path, and at least one.
    bytes: [u8; CAPACITY],
    length: usize,
}

/// A path that has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl<const CAPACITY: usize> Path<CAPACITY> {
    /// No path.
    pub const fn empty() -> Self {
        Path { bytes: [0; CAPACITY], length: 0 }
    }

    /// A path of these parts.
    pub fn of(parts: &[&[u8]]) -> Result<Self, TooLong> {
        let mut path = Self::empty();
        parts.iter().try_for_each(|part| path.push(part))?;
        Ok(path)
    }

    /// Puts `part` behind what is there; where it does not fit, the path stays as it is.
    pub fn push(&mut self, part: &[u8]) -> Result<(), TooLong> {
        let end = self.length + part.len();
        let place = self.bytes.get_mut(self.length..end).filter(|_| end < CAPACITY);
        place.ok_or(TooLong)?.copy_from_slice(part);
        self.length = end;
        Ok(())
    }

    /// The same with a number, in decimal.
    pub fn push_number(&mut self, number: u64) -> Result<(), TooLong> {
        self.push(decimal::digits(number, &mut [0; MOST_DIGITS]))
    }

    /// Takes away what is behind the first `length` bytes.
    pub fn cut(&mut self, length: usize) {
        if let Some(rest) = self.bytes.get_mut(length..self.length) {
            rest.fill(0);
            self.length = length;
        }
    }

    /// The path for a system call.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPACITY: usize = libc::PATH_MAX as usize;

    fn path_of(parts: &[&[u8]]) -> Path {
        Path::of(parts).unwrap()
    }

    #[test]
    fn parts_and_numbers_stand_one_behind_the_other() {
        let mut path = path_of(&[b"/dev/shm", b"/msgq-"]);
        path.push_number(0).unwrap();
        path.push(b"-").unwrap();
        path.push_number(4_026_531_839).unwrap();
        assert_eq!(path.as_c_str(), c"/dev/shm/msgq-0-4026531839");
    }

    #[test]
    fn what_is_cut_off_leaves_no_trace() {
        let mut path = path_of(&[b"/a/long/name"]);
        path.cut(2);
        assert_eq!(path.as_c_str(), c"/a");
        path.push(b"/b").unwrap();
        assert_eq!(path.as_c_str(), c"/a/b");
        path.cut(100);
        assert_eq!(path.as_c_str(), c"/a/b");
    }

    #[test]
    fn a_path_is_at_most_as_long_as_the_kernel_takes_it() {
        let mut path = path_of(&[&[b'/'; CAPACITY - 2]]);
        assert_eq!(path.push(b"ab"), Err(TooLong));
        assert_eq!(path.as_c_str().to_bytes().len(), CAPACITY - 2);
        path.push(b"a").unwrap();
        assert_eq!(path.push(b"b"), Err(TooLong));
        assert_eq!(path.as_c_str().to_bytes().len(), CAPACITY - 1);
    }
}
