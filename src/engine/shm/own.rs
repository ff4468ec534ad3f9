//! Queues that have a file each.
//!
//! In a directory that several users share, the file of a queue has its owner and mode: the kernel
//! lets nobody map a queue that he may not use. The registry keeps id, key and permissions of each,
//! and under which name its file is. The file is an arena with one queue.
//!
//! A process maps a queue's file when it first uses it. When another queue has come in its place,
//! the old one is unmapped, as soon as no thread of the process is inside.

use super::attempt::End;
use super::commit::LIVE;
use super::directory::Directory;
use super::file::{self, Refusal};
use super::layout::{FIRST_FRESH, header, high, low, pair, queue, word_of};
use super::registry::{GROUP_UNITS, INDEXES};
use super::space::{Mapped, Space};
use crate::errno::Errno;
use crate::os;
use crate::path::Path;
use libc::{EACCES, EINVAL, EIO, ENOENT, ENOMEM};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize};

/// Where the queue is in its arena.
pub const AT: usize = word_of(FIRST_FRESH as u32);

/// How many files a process can have mapped.
const MOST_PLACES: usize = 1024;
/// In a place's users: somebody fills or clears it.
const CLAIMED: u32 = 1 << 31;

/// The states of a place.
mod state {
    pub const FREE: u32 = 0;
    pub const USED: u32 = 1;
    pub const RETIRED: u32 = 2;
}

/// A place for a queue's file.
pub struct Place {
    space: Space,
    /// How many threads are inside.
    users: AtomicU32,
    state: AtomicU32,
}

static PLACES: [Place; MOST_PLACES] = [const {
    Place { space: Space::empty(), users: AtomicU32::new(0), state: AtomicU32::new(state::FREE) }
}; MOST_PLACES];

/// For each index, half the name of the file that was mapped last, and the number of its place, plus
/// 1.
static KNOWN: [AtomicU64; INDEXES as usize] = [const { AtomicU64::new(0) }; INDEXES as usize];

/// The longest path of a file. A thread that makes one may have little stack.
const PATH_BYTES: usize = 1024;

/// The directory, in bytes that may be read at any time. Without a length there is none.
static DIRECTORY: [AtomicU8; PATH_BYTES] = [const { AtomicU8::new(0) }; PATH_BYTES];
static LENGTH: AtomicUsize = AtomicUsize::new(0);

/// From now on new queues get a file each, in this directory.
pub fn begin(directory: &Directory) {
    let path = directory.path.as_c_str().to_bytes();
    for (place, byte) in DIRECTORY.iter().zip(path) {
        place.store(*byte, Relaxed);
    }
    LENGTH.store(path.len(), Release);
}

/// Whether new queues get a file each.
pub fn are_wanted() -> bool {
    LENGTH.load(Acquire) > 0
}

/// The path of the file with this name.
fn path_of(name: u64) -> Result<Path<PATH_BYTES>, Errno> {
    let mut path = Path::empty();
    let length = LENGTH.load(Acquire);
    let pushed =
        DIRECTORY.iter().take(length).try_for_each(|byte| path.push(&[byte.load(Relaxed)]));
    pushed
        .and_then(|()| path.push(b"/queue-"))
        .and_then(|()| path.push_number(name))
        .map_err(|_| Errno(libc::ENAMETOOLONG))?;
    Ok(path)
}

/// What the queue with this file is called in its arena.
pub fn id_in(name: u64) -> u32 {
    name as u32 | queue::NAMED
}

/// A new queue.
pub struct New {
    /// Its key.
    pub key: i32,
    /// Its owner's uid | gid.
    pub owner: u64,
    /// Its mode.
    pub mode: u32,
    /// How many bytes it may hold.
    pub qbytes: u64,
    /// The time: seconds since 1970.
    pub now: u32,
}

/// Makes a file for a new queue; gives its name.
pub fn make(new: &New) -> Result<u64, End> {
    let name = os::random() | 1;
    let units = FIRST_FRESH + GROUP_UNITS;
    let words = [
        (header::FRESH, units),
        (header::BACKED, units),
        (header::QUEUE_GROUPS, FIRST_FRESH),
        (header::INDEXES, 1),
        (AT, LIVE),
        (AT + queue::IDENTITY, pair(id_in(name), new.key as u32)),
        (AT + queue::OWNER, new.owner),
        (AT + queue::CREATOR, new.owner),
        (AT + queue::MODE, pair(new.mode & 0o777, new.now)),
        (AT + queue::QBYTES, new.qbytes),
    ];
    let path = path_of(name)?;
    match file::make(path.as_c_str(), file_mode(new.mode), units, &words) {
        Ok(()) => Ok(name),
        // The directory is out of reach, since chroot(2) for instance.
        Err(Refusal::File(Errno(ENOENT))) => Err(End::errno(EACCES)),
        Err(refusal) => Err(errno_of(refusal).into()),
    }
}

/// Removes the file with this name. The memory goes when nobody has it mapped.
pub fn remove(name: u64) {
    if let Ok(path) = path_of(name) {
        let _ = os::unlink(path.as_c_str());
    }
}

/// Gives the file to whom its queue belongs now. EPERM where the process may not.
pub fn change(name: u64, uid: u32, gid: u32, mode: u32) -> Result<(), Errno> {
    let path = path_of(name)?;
    os::set_owner(path.as_c_str(), uid, gid)?;
    os::set_mode(path.as_c_str(), file_mode(mode))
}

/// The mode of a file whose queue has this mode. Who may do anything with the messages has to write
/// too: the lists are in the same file. The owner could change the mode anyway.
fn file_mode(mode: u32) -> u32 {
    let class = |shift: u32| if mode >> shift & 6 != 0 { 6 << shift } else { 0 };
    0o600 | class(3) | class(0)
}

fn errno_of(refusal: Refusal) -> Errno {
    match refusal {
        // Removed since its name was read.
        Refusal::File(Errno(ENOENT)) => Errno(EINVAL),
        Refusal::File(Errno(libc::EPERM | libc::EROFS)) => Errno(EACCES),
        Refusal::File(Errno(libc::EMFILE | libc::ENFILE)) => Errno(ENOMEM),
        Refusal::File(error) | Refusal::Memory(error) => error,
        Refusal::Foreign | Refusal::Version => Errno(EIO),
    }
}

/// Enters the arena of the queue with this index, whose file has this name: to be left again with
/// [`leave`].
pub fn enter(index: u32, name: u64) -> Result<(Mapped, &'static Place), Errno> {
    let entry = KNOWN.get(index as usize).ok_or(Errno(EINVAL))?;
    loop {
        let known = entry.load(Acquire);
        let place = (low(known) as usize).checked_sub(1).and_then(|number| PLACES.get(number));
        let Some(place) = place.filter(|_| high(known) == name as u32) else {
            map(entry, known, name)?;
            continue;
        };
        place.users.fetch_add(1, AcqRel);
        if entry.load(Acquire) == known
            && let Some(mapped) = place.space.get()
        {
            return Ok((mapped, place));
        }
        leave(place);
    }
}

/// Leaves an arena.
pub fn leave(place: &Place) {
    place.users.fetch_sub(1, AcqRel);
}

/// Maps a file for the queue whose entry this is.
#[cold]
fn map(entry: &AtomicU64, known: u64, name: u64) -> Result<(), Errno> {
    let (number, place) = claim()?;
    let path = path_of(name);
    let filled = path.and_then(|path| file::open(path.as_c_str(), &place.space).map_err(errno_of));
    let new = pair(name as u32, number as u32 + 1);
    let entered = filled.is_ok() && entry.compare_exchange(known, new, AcqRel, Relaxed).is_ok();
    if entered {
        place.state.store(state::USED, Release);
        let before = (low(known) as usize).checked_sub(1).and_then(|number| PLACES.get(number));
        if let Some(before) = before {
            before.state.store(state::RETIRED, Release);
        }
    } else {
        // Whoever was faster has mapped it too.
        clear(place);
    }
    place.users.fetch_sub(CLAIMED, AcqRel);
    filled
}

/// A place that nobody uses, claimed.
fn claim() -> Result<(usize, &'static Place), Errno> {
    for (number, place) in PLACES.iter().enumerate() {
        if place.state.load(Acquire) == state::USED
            || place.users.compare_exchange(0, CLAIMED, AcqRel, Relaxed).is_err()
        {
            continue;
        }
        match place.state.load(Acquire) {
            state::USED => {
                place.users.fetch_sub(CLAIMED, AcqRel);
            }
            _ => {
                clear(place);
                return Ok((number, place));
            }
        }
    }
    Err(Errno(ENOMEM))
}

/// Empties a place that the thread has claimed.
#[allow(unsafe_code)]
fn clear(place: &Place) {
    // SAFETY: nobody is inside, and whoever comes meanwhile finds another entry, or none.
    unsafe { place.space.clear() };
    place.state.store(state::FREE, Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_read_or_write_a_queue_may_read_and_write_its_file() {
        for (mode, expected) in [
            (0, 0o600),
            (0o400, 0o600),
            (0o600, 0o600),
            (0o611, 0o600),
            (0o640, 0o660),
            (0o620, 0o660),
            (0o604, 0o606),
            (0o602, 0o606),
            (0o666, 0o666),
        ] {
            let found = file_mode(mode);
            assert_eq!(found, expected, "{found:#o}, of a queue of mode {mode:#o}");
        }
    }
    #[test]
    fn a_place_where_a_thread_is_inside_is_nobody_elses() {
        let (first, place) = claim().unwrap();
        let (claimed, beside) = claim().unwrap();
        assert_ne!(claimed, first, "while it is being filled");
        // The place of a queue that another one has come for, and a thread that is still inside.
        place.state.store(state::RETIRED, Release);
        place.users.store(1, Release);
        let (second, other) = claim().unwrap();
        assert_ne!(second, first, "while the thread is inside");
        leave(place);
        let (third, _) = claim().unwrap();
        assert_eq!(third, first, "when it has left");
        for place in [place, beside, other] {
            assert_eq!(place.users.swap(0, AcqRel), CLAIMED);
        }
    }
}
