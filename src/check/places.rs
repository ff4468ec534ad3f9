//! Places in programs: where a call was made.
//!
//! A place is known by the file that its code is in and the address there, which is the same in
//! every process that runs that file.

use super::store::store;
use super::text::{Line, Text};
use crate::os;
use std::fmt::Write;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};

/// A place where calls are made.
#[repr(C)]
pub struct Place {
    /// Of the two others; 0: no place yet.
    hash: AtomicU64,
    ready: AtomicU64,
    /// Where the call returns to, as addresses are in the file.
    address: AtomicU64,
    /// The file's path.
    module: Text<24>,
}

/// The number of a place in its table, plus 1; 0: not known.
pub type Number = u32;

impl Place {
    /// No place yet.
    pub(super) const fn new() -> Place {
        Place {
            hash: AtomicU64::new(0),
            ready: AtomicU64::new(0),
            address: AtomicU64::new(0),
            module: Text::new(),
        }
    }

    /// Where the call returns to, as addresses are in the file.
    pub fn address(&self) -> u64 {
        self.address.load(Relaxed)
    }

    /// The file's path, up to eight bytes at a time.
    pub fn module(&self, part: impl FnMut(&[u8])) {
        self.module.read(part);
    }
}

/// The place of this number.
pub fn place(number: Number) -> Option<&'static Place> {
    let place = store().places.get((number as usize).checked_sub(1)?)?;
    (place.ready.load(Acquire) != 0).then_some(place)
}

/// What this process knows already: a place by the address that a call returns to.
struct Known {
    caller: AtomicUsize,
    number: AtomicU32,
}

static KNOWN: [Known; 256] =
    [const { Known { caller: AtomicUsize::new(0), number: AtomicU32::new(0) } }; 256];

/// How many entries of [`KNOWN`] are looked at.
const STEPS: usize = 8;

/// The place that a call returns to. The first time, it is looked for in the list of mappings.
pub fn of(caller: usize) -> Number {
    let start = caller.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let slots = (0..STEPS).filter_map(|step| KNOWN.get((start + step) % KNOWN.len()));
    for slot in slots {
        let seen = slot.caller.load(Acquire);
        if seen == caller {
            match slot.number.load(Acquire) {
                0 => return find(caller),
                number => return number,
            }
        }
        if seen == 0 && slot.caller.compare_exchange(0, caller, AcqRel, Acquire).is_ok() {
            let number = find(caller);
            slot.number.store(number, Release);
            return number;
        }
    }
    find(caller)
}

#[cold]
fn find(caller: usize) -> Number {
    if caller == 0 {
        return 0;
    }
    let mut module = Line::<192>::new();
    let address = os::in_module(caller, |path| module.push(path)).unwrap_or(caller);
    enter(address as u64, module.as_bytes())
}

/// The number of a place, which is put into the table where it is not there.
fn enter(address: u64, module: &[u8]) -> Number {
    let hash = hash(address, module);
    let places = &store().places;
    for step in 0..places.len() {
        let index = (hash as usize).wrapping_add(step) % places.len();
        let Some(place) = places.get(index) else { break };
        let seen = match place.hash.compare_exchange(0, hash, AcqRel, Acquire) {
            Ok(_) => {
                place.address.store(address, Relaxed);
                place.module.set(module);
                place.ready.store(1, Release);
                hash
            }
            Err(seen) => seen,
        };
        if seen == hash {
            return index as Number + 1;
        }
    }
    0
}

/// Never 0.
fn hash(address: u64, module: &[u8]) -> u64 {
    checksum(module.iter().chain(&address.to_ne_bytes()).copied()).max(1)
}

/// A checksum of bytes: FNV-1a.
pub fn checksum(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Writes a place as `module+0xaddress`.
pub fn write<const CAPACITY: usize>(number: Number, line: &mut Line<CAPACITY>) {
    match place(number) {
        Some(place) => {
            place.module(|part| line.push(part));
            let _ = write!(line, "+{:#x}", place.address());
        }
        None => line.push(b"a place not known"),
    }
}
