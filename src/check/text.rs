//! Text for those who may not allocate: a line that is being written, and text in shared words.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A line of at most so many bytes; what does not fit is left out.
pub struct Line<const CAPACITY: usize> {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl<const CAPACITY: usize> Line<CAPACITY> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Line { bytes: [0; CAPACITY], length: 0 }
    }

    /// Puts bytes behind what is there.
    pub fn push(&mut self, bytes: &[u8]) {
        for (place, byte) in self.bytes.iter_mut().skip(self.length).zip(bytes) {
            *place = *byte;
            self.length += 1;
        }
    }

    /// What is there.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<const CAPACITY: usize> fmt::Write for Line<CAPACITY> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// Text in words that several processes may read; it ends with a NUL byte, or where it is full.
#[repr(C)]
pub struct Text<const WORDS: usize>([AtomicU64; WORDS]);

impl<const WORDS: usize> Text<WORDS> {
    /// No text.
    pub const fn new() -> Self {
        Text([const { AtomicU64::new(0) }; WORDS])
    }

    /// Replaces the text; what does not fit is left out.
    pub fn set(&self, text: &[u8]) {
        let mut parts = text.chunks(8);
        for word in &self.0 {
            let mut bytes = [0u8; 8];
            for (byte, from) in bytes.iter_mut().zip(parts.next().unwrap_or_default()) {
                *byte = *from;
            }
            word.store(u64::from_ne_bytes(bytes), Relaxed);
        }
    }

    /// Hands the text on, up to eight bytes at a time.
    pub fn read(&self, mut part: impl FnMut(&[u8])) {
        for word in &self.0 {
            let bytes = word.load(Relaxed).to_ne_bytes();
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(8);
            part(bytes.get(..end).unwrap_or_default());
            if end < 8 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn read<const WORDS: usize>(text: &Text<WORDS>) -> String {
        let mut all = Vec::new();
        text.read(|part| all.extend_from_slice(part));
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn a_line_keeps_what_fits() {
        let mut line = Line::<8>::new();
        let _ = write!(line, "{}-{:#x}", 12, 0xabc);
        assert_eq!(line.as_bytes(), b"12-0xabc");
        line.push(b"more");
        assert_eq!(line.as_bytes(), b"12-0xabc");
    }

    #[test]
    fn text_of_any_length_comes_back_as_far_as_it_fits() {
        let text = Text::<2>::new();
        for sent in ["", "a", "1234567", "12345678", "123456789", "1234567890123456"] {
            text.set(sent.as_bytes());
            assert_eq!(read(&text), sent);
        }
        text.set(b"12345678901234567");
        assert_eq!(read(&text), "1234567890123456");
        text.set(b"short");
        assert_eq!(read(&text), "short");
    }
}
