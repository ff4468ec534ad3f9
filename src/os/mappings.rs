//! What is mapped where in this process, as `/proc/self/maps` lists it, and reading of memory that
//! may not be there.
#![allow(unsafe_code)]

use super::{Descriptor, kernel, process_id};
use std::ffi::CStr;
use std::ops::{ControlFlow, Range};

/// The longest part of a line that is looked at.
const MOST_OF_LINE: usize = 320;

/// A line of the list.
struct Mapping<'a> {
    addresses: Range<usize>,
    offset: usize,
    /// The file's path, or what else it is; empty where it has no name.
    name: &'a [u8],
}

impl Mapping<'_> {
    /// `7f00-7f10 r-xp 00000000 08:01 1234   /path`
    fn read(line: &[u8]) -> Option<Mapping<'_>> {
        let mut fields = line.splitn(6, |byte| *byte == b' ');
        let mut addresses = fields.next()?.split(|byte| *byte == b'-');
        let addresses = hexadecimal(addresses.next()?)?..hexadecimal(addresses.next()?)?;
        let offset = hexadecimal(fields.nth(1)?)?;
        let name = fields.nth(2).unwrap_or_default().trim_ascii();
        Some(Mapping { addresses, offset, name })
    }
}

fn hexadecimal(digits: &[u8]) -> Option<usize> {
    let add =
        |number: usize, digit: &u8| Some(number << 4 | char::from(*digit).to_digit(16)? as usize);
    digits.iter().try_fold(0, add)
}

/// Shows each mapping, until the answer is to stop.
fn each_mapping(mut look: impl FnMut(Mapping<'_>) -> ControlFlow<()>) {
    let _ = each_line(c"/proc/self/maps", |line| {
        Mapping::read(line).map_or(ControlFlow::Continue(()), &mut look)
    });
}

/// Shows each line of a file, as far as there is room for it.
fn each_line(path: &CStr, mut look: impl FnMut(&[u8]) -> ControlFlow<()>) -> Option<()> {
    let file = Descriptor::open(path, libc::O_RDONLY, 0).ok()?;
    let (mut part, mut line, mut length, mut at) = ([0u8; 512], [0u8; MOST_OF_LINE], 0, 0);
    loop {
        let bytes = file.read_at(&mut part, at).ok().filter(|bytes| *bytes > 0)?;
        at += bytes as u64;
        for byte in part.iter().take(bytes) {
            if *byte == b'\n' {
                if look(line.get(..length)?).is_break() {
                    return Some(());
                }
                length = 0;
            } else if let Some(place) = line.get_mut(length) {
                *place = *byte;
                length += 1;
            }
        }
    }
}

/// Where the code at `address` is in its file, as the file's own addresses are, and the path of that
/// file. Nothing where it is in no file.
pub fn in_module(address: usize, path: impl FnOnce(&[u8])) -> Option<usize> {
    // A file is mapped in several parts, one after the other, the one with its header first.
    let (mut start, mut found, mut path) = (None, None, Some(path));
    each_mapping(|mapping| {
        if mapping.offset == 0 {
            start = Some(mapping.addresses.start);
        }
        if !mapping.addresses.contains(&address) {
            return ControlFlow::Continue(());
        }
        if let (Some(path), false) = (path.take(), mapping.name.is_empty()) {
            path(mapping.name);
            found = start;
        }
        ControlFlow::Break(())
    });
    let start = found?;
    // A program that was linked to one place has the addresses of that place in its file.
    let mut kind = [0u8; 2];
    let is_read = peek(start + 16, &mut kind);
    let is_fixed = is_read && u16::from_ne_bytes(kind) == ET_EXEC;
    Some(if is_fixed { address } else { address - start })
}

/// elf(5)'s e_type of a program that is linked to one place.
const ET_EXEC: u16 = 2;

/// Where the heap that brk(2) makes begins; nothing where there is none yet.
pub fn heap_start() -> Option<usize> {
    let mut start = None;
    each_mapping(|mapping| match mapping.name == b"[heap]" {
        true => {
            start = Some(mapping.addresses.start);
            ControlFlow::Break(())
        }
        false => ControlFlow::Continue(()),
    });
    start
}

/// Where the heap that brk(2) makes ends. The C library knows it, and is asked on every call.
#[inline(always)]
pub fn heap_end() -> usize {
    // SAFETY: an increment of 0 changes nothing.
    unsafe { libc::sbrk(0) }.addr()
}

/// Reads memory of this process that may not be there; whether all of it was.
pub fn peek(address: usize, into: &mut [u8]) -> bool {
    let near = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    let far = libc::iovec { iov_base: address as *mut _, iov_len: into.len() };
    let (near, far) = (&raw const near, &raw const far);
    // SAFETY: the kernel checks the addresses, and writes to the buffer alone.
    let read = unsafe { kernel!(libc::SYS_process_vm_readv, process_id(), near, 1, far, 1, 0) };
    read.is_ok_and(|read| read as usize == into.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_this_test_is_in_the_file_of_this_test() {
        let here = the_code_of_this_test_is_in_the_file_of_this_test as fn() as usize;
        let mut path = Vec::new();
        let address = in_module(here, |name| path = name.to_vec()).unwrap();
        let own = std::env::current_exe().unwrap();
        assert_eq!(String::from_utf8(path).unwrap(), own.to_str().unwrap());
        assert!(address > 0 && (address < here || here == address), "{address:#x}");
        let (here, file) = (here % 4096, address % 4096);
        assert_eq!(here, file);
    }

    #[test]
    fn what_is_in_no_file_has_no_module() {
        assert_eq!(in_module(0, |_| ()), None);
    }

    #[test]
    fn memory_that_is_not_there_cannot_be_read() {
        let there = 0x1234_5678_u32.to_ne_bytes();
        let mut seen = [0u8; 4];
        assert!(peek(there.as_ptr().addr(), &mut seen));
        assert_eq!(seen, there);
        assert!(!peek(8, &mut seen));
    }

    #[test]
    fn the_heap_is_where_the_list_says() {
        let end = heap_end();
        if let Some(start) = heap_start() {
            assert!(start < end, "{start:#x}..{end:#x}");
        }
    }

    #[test]
    fn a_line_of_the_list_is_read() {
        let line = b"7f00-7f10 r-xp 00001000 08:01 1234                       /a b/c";
        let mapping = Mapping::read(line).unwrap();
        assert_eq!(mapping.addresses, 0x7f00..0x7f10);
        assert_eq!((mapping.offset, mapping.name), (0x1000, &b"/a b/c"[..]));
        let nameless = Mapping::read(b"7f00-7f10 rw-p 00000000 00:00 0 ").unwrap();
        assert!(nameless.name.is_empty());
        assert!(Mapping::read(b"nonsense").is_none());
    }
}
