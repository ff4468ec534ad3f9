//! The program and its libraries, as the dynamic linker has them in memory, and their symbols.
#![allow(unsafe_code)]

use libc::{Elf64_Sym, PT_DYNAMIC, PT_LOAD, c_int, c_void, dl_phdr_info};
use std::ffi::CStr;

/// Tags of the dynamic section, as elf.h numbers them.
const DT_NULL: i64 = 0;
const DT_STRTAB: i64 = 5;
const DT_SYMTAB: i64 = 6;
const DT_GNU_HASH: i64 = 0x6fff_fef5;

/// The type of a function among symbols, as elf.h numbers them. (One that chooses among several when it
/// is looked up has another.)
const STT_FUNC: u8 = 2;

/// The program or a library.
pub struct Object {
    /// How many others the dynamic linker has in its list before it. Those that a program starts with
    /// come before all that it opens later, in the order in which the program's symbols are looked up.
    pub order: usize,
    /// How far it lies from the addresses that its file has.
    pub bias: usize,
    /// What may be done to the memory around the address by which it was found, as mprotect(2) has it.
    pub protection: c_int,
    /// Where its dynamic section is; 0 where it has none.
    dynamic: usize,
}

/// An entry of the dynamic section, as elf(5) has it.
#[repr(C)]
struct Dynamic {
    tag: i64,
    value: usize,
}

impl Object {
    /// The object that has this address.
    pub fn around(address: usize) -> Option<Object> {
        let mut search = Search { address, seen: 0, found: None };
        // SAFETY: the callback gets what it expects.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
        search.found
    }

    /// The entry of a function of this name that the object defines, in its table of symbols. The
    /// table's hashes are those that GNU's linkers write.
    pub fn symbol(&self, name: &CStr) -> Option<*mut Elf64_Sym> {
        let symbols = self.table(DT_SYMTAB)? as *mut Elf64_Sym;
        let names = self.table(DT_STRTAB)? as *const libc::c_char;
        let head = self.table(DT_GNU_HASH)? as *const u32;
        let hash = gnu_hash(name);
        // SAFETY: the dynamic linker has loaded the object, and looks symbols up in the same way.
        unsafe {
            let [buckets, first, filter_words] = [0, 1, 2].map(|field| *head.add(field) as usize);
            let bucket = head.add(4 + 2 * filter_words);
            let chain = bucket.add(buckets);
            let mut number = *bucket.add((hash as usize).checked_rem(buckets)?) as usize;
            // A bucket's symbols follow each other; the lowest bit marks the last.
            while number >= first {
                let symbol = symbols.add(number);
                let found = *chain.add(number - first);
                if (found ^ hash) >> 1 == 0
                    && (*symbol).st_info & 0xf == STT_FUNC
                    && CStr::from_ptr(names.add((*symbol).st_name as usize)) == name
                {
                    return Some(symbol);
                }
                number = if found & 1 == 0 { number + 1 } else { 0 };
            }
        }
        None
    }

    /// The address that the dynamic section has under this tag.
    fn table(&self, tag: i64) -> Option<usize> {
        let mut entry = self.dynamic as *const Dynamic;
        // SAFETY: the list ends with an entry of its own.
        unsafe {
            while !entry.is_null() && (*entry).tag != DT_NULL {
                if (*entry).tag == tag {
                    let address = (*entry).value;
                    // On most machines the dynamic linker has turned it into the place in memory.
                    return Some(if address < self.bias {
                        address.wrapping_add(self.bias)
                    } else {
                        address
                    });
                }
                entry = entry.add(1);
            }
        }
        None
    }
}

fn gnu_hash(name: &CStr) -> u32 {
    name.to_bytes()
        .iter()
        .fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}

struct Search {
    address: usize,
    seen: usize,
    found: Option<Object>,
}

/// Looks at one object; anything but 0 ends the search.
unsafe extern "C" fn look(object: *mut dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
    // SAFETY: as dl_iterate_phdr(3) and `around` call this function.
    let (object, search, segments) = unsafe {
        let object = &*object;
        let count = usize::from(object.dlpi_phnum);
        let segments = match object.dlpi_phdr.is_null() {
            true => &[],
            false => std::slice::from_raw_parts(object.dlpi_phdr, count),
        };
        (object, &mut *search.cast::<Search>(), segments)
    };
    let bias = object.dlpi_addr as usize;
    let around = segments.iter().find(|segment| {
        let offset = search.address.wrapping_sub(bias).wrapping_sub(segment.p_vaddr as usize);
        segment.p_type == PT_LOAD && offset < segment.p_memsz as usize
    });
    let dynamic = segments.iter().find(|segment| segment.p_type == PT_DYNAMIC);
    search.found = around.map(|segment| Object {
        order: search.seen,
        bias,
        protection: protection(segment.p_flags),
        dynamic: dynamic.map_or(0, |segment| bias.wrapping_add(segment.p_vaddr as usize)),
    });
    search.seen += 1;
    c_int::from(search.found.is_some())
}

/// elf(5)'s permissions of a segment, in the words of mprotect(2).
fn protection(flags: u32) -> c_int {
    let words = [
        (libc::PF_R, libc::PROT_READ),
        (libc::PF_W, libc::PROT_WRITE),
        (libc::PF_X, libc::PROT_EXEC),
    ];
    let granted = words.iter().filter(|(flag, _)| flags & flag != 0);
    granted.fold(0, |all, (_, word)| all | word)
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    /// A function of the C library.
    fn theirs() -> (Object, usize) {
        // SAFETY: the name ends with a NUL byte.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"getppid".as_ptr()) }.addr();
        (Object::around(address).expect("the C library"), address)
    }

    #[test]
    fn the_program_comes_first_and_its_code_can_be_run() {
        let here = the_program_comes_first_and_its_code_can_be_run as fn() as usize;
        let own = Object::around(here).expect("the program");
        assert_eq!((own.order, own.protection), (0, libc::PROT_READ | libc::PROT_EXEC));
        assert!(theirs().0.order > 0);
    }

    #[test]
    fn what_is_in_no_file_is_in_no_object() {
        assert!(Object::around(0).is_none());
        assert!(Object::around((&raw const *Box::new(0)).addr()).is_none());
    }

    #[test]
    fn a_symbols_entry_has_the_place_where_the_dynamic_linker_finds_the_function() {
        let (library, address) = theirs();
        let symbol = library.symbol(c"getppid").expect("an entry");
        // SAFETY: an entry of a library that stays.
        let value = unsafe { (*symbol).st_value };
        assert_eq!(library.bias.wrapping_add(value as usize), address);
        assert!(library.symbol(c"no_library_has_this").is_none());
    }
}
