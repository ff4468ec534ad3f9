//! What the checks remember: tables of a fixed size, of atomics, so that signal handlers, threads and
//! processes may use them at any time and never wait.
//!
//! They are this process's own, or in a file that all programs of one `msgq check` share. What comes
//! when a table is full is not told apart from other such.
#![allow(unsafe_code)]

use super::finding::Finding;
use super::places::Place;
use super::queues::Queue;
use crate::errno::Errno;
use crate::os::Descriptor;
use std::ffi::CStr;
use std::ptr::null_mut;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// What a file of tables begins with: "msgqchk" and the layout's version.
const MAGIC: u64 = u64::from_be_bytes(*b"msgqchk\x02");

const PLACES: usize = 256;
const FINDINGS: usize = 256;
const QUEUES: usize = 512;

/// The tables.
#[repr(C)]
pub struct Store {
    magic: AtomicU64,
    /// Findings for which there was no room.
    pub untold: AtomicU64,
    /// The places in programs where calls are made.
    pub places: [Place; PLACES],
    /// What was found.
    pub findings: [Finding; FINDINGS],
    /// The queues that were seen.
    pub queues: [Queue; QUEUES],
}

// All zero, so that it takes no room in the library's file, and no memory until it is used.
static OWN: Store = Store {
    magic: AtomicU64::new(0),
    untold: AtomicU64::new(0),
    places: [const { Place::new() }; PLACES],
    findings: [const { Finding::new() }; FINDINGS],
    queues: [const { Queue::new() }; QUEUES],
};

static SHARED: AtomicPtr<Store> = AtomicPtr::new(null_mut());

/// The tables in use.
#[inline(always)]
pub fn store() -> &'static Store {
    // SAFETY: null, or a mapping that stays.
    unsafe { SHARED.load(Acquire).as_ref() }.unwrap_or(&OWN)
}

/// Whether others read the tables, and tell what is found.
pub fn is_shared() -> bool {
    !SHARED.load(Relaxed).is_null()
}

/// Uses the tables in a file from now on; EINVAL where the file has none.
pub fn share(path: &CStr) -> Result<(), Errno> {
    let store = Store::open(path)?;
    SHARED.store(std::ptr::from_ref(store).cast_mut(), Release);
    Ok(())
}

impl Store {
    /// The bytes of a file of empty tables.
    pub fn empty_file() -> Vec<u8> {
        let mut bytes = MAGIC.to_ne_bytes().to_vec();
        bytes.resize(size_of::<Store>(), 0);
        bytes
    }

    /// Maps the tables in a file; EINVAL where the file has none, or those of another version.
    pub fn open(path: &CStr) -> Result<&'static Store, Errno> {
        let file = Descriptor::open(path, libc::O_RDWR | libc::O_NOFOLLOW | libc::O_NOCTTY, 0)?;
        let mut magic = [0u8; 8];
        let is_one = file.size()? == size_of::<Store>() as u64
            && file.read(&mut magic)? == magic.len()
            && u64::from_ne_bytes(magic) == MAGIC;
        if !is_one {
            return Err(Errno(libc::EINVAL));
        }
        let address = file.map(size_of::<Store>())?;
        // SAFETY: mapped for good, as long as the tables are, which are atomics of any value.
        Ok(unsafe { &*address.cast::<Store>() })
    }
}
