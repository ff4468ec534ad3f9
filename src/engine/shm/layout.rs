//! Where everything is in an arena: a file that processes map and share.
//!
//! An arena is an array of 64-bit words, counted from 0, and of units of eight words, which is a
//! line of the processor's cache. What refers to a cell or a node of a list says its unit; unit 0
//! is the header, so 0 also means "none". A reference takes half a word.
//!
//! ```text
//!  header   what the file is; the registry; the free lists; where the groups below are
//!  groups   of queues (64 each) and of slots (8 each), made when the first of them is needed
//!  cells    of 26 sizes: messages, and the nodes that keep them in order
//! ```
//!
//! A queue is two lines: one that every message changes, one that hardly changes. A slot belongs to
//! a thread that uses the arena: what it waits for, the free cells it keeps at hand, and its
//! journal, from which others finish its last change should it die.

/// Words in a unit.
pub const UNIT_WORDS: usize = 8;
/// Bytes in a unit.
pub const UNIT_BYTES: usize = 64;

/// The first word of an arena: "msgqshm" and a NUL byte.
pub const MAGIC: u64 = u64::from_le_bytes(*b"msgqshm\0");
/// The version of all this. An arena of another version is refused.
pub const VERSION: u64 = 3;

/// Units of the header: four pages of 4096 bytes.
pub const HEADER_UNITS: u64 = 256;
/// The largest number of units that an arena may have: 16 GiB.
pub const MOST_UNITS: u64 = 1 << 28;

/// Words of the header.
pub mod header {
    /// [`super::MAGIC`].
    pub const MAGIC: usize = 0;
    /// [`super::VERSION`].
    pub const VERSION: usize = 1;
    /// 1 when the header is complete.
    pub const READY: usize = 2;
    /// The lock of the registry and of the free lists.
    pub const LOCK: usize = 8;
    /// The first unit that was never used.
    pub const FRESH: usize = 9;
    /// The first unit without storage of its own.
    pub const BACKED: usize = 10;
    /// How many slots were ever used.
    pub const SLOTS: usize = 11;
    /// The free cells of each size: the first.
    pub const FREE: usize = 16;
    /// Where the next index is looked for | one more than the last index given.
    pub const CURSOR: usize = 48;
    /// The running sequence number | how many queues there are.
    pub const SEQUENCE: usize = 49;
    /// One more than the highest index ever used.
    pub const INDEXES: usize = 51;
    /// The limits, each plus 1; 0: as the machine's kernel has it.
    pub const MSGMAX: usize = 52;
    /// See [`MSGMAX`].
    pub const MSGMNB: usize = 53;
    /// See [`MSGMAX`].
    pub const MSGMNI: usize = 54;
    /// The unit of each group of queues.
    pub const QUEUE_GROUPS: usize = 64;
    /// The unit of each group of slots.
    pub const SLOT_GROUPS: usize = QUEUE_GROUPS + super::QUEUE_GROUPS;
}

/// The first unit that is used for cells: the first group of slots is there from the beginning.
pub const FIRST_FRESH: u64 = HEADER_UNITS + SLOT_GROUP_UNITS;

/// Words of an empty arena that are not 0, and their values. The last makes it complete.
pub const EMPTY: [(usize, u64); 7] = [
    (header::MAGIC, MAGIC),
    (header::VERSION, VERSION),
    (header::FRESH, FIRST_FRESH),
    (header::BACKED, FIRST_FRESH),
    (header::SLOT_GROUPS, HEADER_UNITS),
    (header::SLOTS, GROUP_SLOTS as u64),
    (header::READY, 1),
];

/// How many groups of queues there can be.
pub const QUEUE_GROUPS: usize = 512;
/// Queues in a group.
pub const GROUP_QUEUES: usize = 64;
/// How many groups of slots there can be.
pub const SLOT_GROUPS: usize = 1024;
/// Slots in a group.
pub const GROUP_SLOTS: usize = 8;
/// Units of a group of slots.
pub const SLOT_GROUP_UNITS: u64 = (GROUP_SLOTS * slot::WORDS / UNIT_WORDS) as u64;
/// How many slots there can be: who follows a list of them goes no further.
pub const MOST_SLOTS: usize = SLOT_GROUPS * GROUP_SLOTS;

/// Words of a queue. Halves of a word are written high | low.
pub mod queue {
    // The first word is the lock: the version, whether the queue is alive, and who is changing it.

    /// Messages | bytes.
    pub const COUNTS: usize = 1;
    /// The first run | the last run.
    pub const RUNS: usize = 2;
    /// The root of the tree of types.
    pub const TYPES: usize = 3;
    /// The first waiting receiver's slot | the last one's.
    pub const RECEIVERS: usize = 4;
    /// The first waiting sender's slot | the last one's.
    pub const SENDERS: usize = 5;
    /// The last sender's pid | when, in seconds.
    pub const SENT: usize = 6;
    /// The last receiver's pid | when, in seconds.
    pub const RECEIVED: usize = 7;
    /// The id and [`NAMED`] | the key.
    pub const IDENTITY: usize = 8;
    /// uid | gid.
    pub const OWNER: usize = 9;
    /// cuid | cgid.
    pub const CREATOR: usize = 10;
    /// The mode | when owner, mode or qbytes last changed, in seconds.
    pub const MODE: usize = 11;
    /// How many bytes of messages it may hold.
    pub const QBYTES: usize = 12;
    /// How many messages were ever handed to a waiting receiver.
    pub const HANDED: usize = 13;
    /// What [`HANDED`] was when all of those had arrived.
    pub const SETTLED: usize = 14;
    /// The name of the file that has the messages; 0: they are here.
    pub const FILE: usize = 15;
    /// Words in a queue.
    pub const WORDS: usize = 16;

    /// In the id: the index is taken.
    pub const NAMED: u32 = 1 << 31;
}

/// Words of a slot.
pub mod slot {
    /// The process's id | the thread's; 0: the slot is free.
    pub const OWNER: usize = 0;
    /// When the process started, in the kernel's ticks.
    pub const STARTED: usize = 1;
    /// The namespace in which the ids are valid | flags: see [`RESTARTS`].
    pub const NAMESPACE: usize = 2;
    /// Where the stack was when the thread entered; 0: it is outside.
    pub const INSIDE: usize = 3;
    /// The lock word of a change that another thread has completed for this one.
    pub const COMPLETED: usize = 4;
    /// The queue waited for: its first word.
    pub const QUEUE: usize = 5;
    /// What has become of the waiting: see `waiters.rs`.
    pub const WAIT: usize = 6;
    /// How the thread sleeps, if it does: see `bell.rs`. The low half is what its futex waits on.
    pub const BELL: usize = 7;
    /// The type wanted, or the size to be sent; then how many messages the queue had handed over before
    /// this one.
    pub const WANTED: usize = 8;
    /// How a receiver chooses | the most bytes it takes.
    pub const MODE: usize = 9;
    /// The slot before | the slot after, among those who wait.
    pub const AROUND: usize = 10;
    /// While it waits: the queue's id | the list that the slot is in: its word.
    pub const LIST: usize = 11;
    /// How many changes the journal has.
    pub const COUNT: usize = 12;
    /// What the lock word becomes when they are all made.
    pub const RELEASED: usize = 13;
    /// The lock that the journal was published under: its word.
    pub const LOCK: usize = 14;
    /// While it takes a lock over: the number of the slot that had it, plus 1.
    pub const OVERTAKEN: usize = 15;
    /// The free cells at hand of each size: the first | how many.
    pub const STASH: usize = 16;
    /// How many messages were ever numbered with this slot.
    pub const NUMBERED: usize = 42;
    /// The journal: pairs of a word's index and its new value.
    pub const JOURNAL: usize = 48;
    /// How many changes the journal has room for.
    pub const CHANGES: usize = 40;
    /// Words in a slot.
    pub const WORDS: usize = 128;

    /// In [`NAMESPACE`]: the thread's stores begin anew when it was interrupted, so that a stopped
    /// one may be overtaken.
    pub const RESTARTS: u64 = 1;
}

/// Words of a cell that holds a message, and of a free one.
pub mod cell {
    /// The next message of the run, or the next free cell | the size in bytes.
    pub const NEXT: usize = 0;
    /// The type.
    pub const MTYPE: usize = 1;
    /// The message's number, which no other of the arena has.
    pub const NUMBER: usize = 2;
    /// The text begins here.
    pub const TEXT: usize = 3;
    /// Bytes before the text.
    pub const TEXT_BYTES: usize = TEXT * 8;
}

/// Words of a run: messages of one type that were sent in a row.
pub mod run {
    /// The first message | the last; 0: there is none.
    pub const ENDS: usize = 1;
    /// The run sent before | the run sent after.
    pub const AROUND: usize = 2;
    /// The next run of the same type | the type's leaf.
    pub const KIN: usize = 3;
}

/// Words of a leaf of the tree of types.
pub mod leaf {
    /// The type.
    pub const MTYPE: usize = 1;
    /// Its first run | its last.
    pub const RUNS: usize = 2;
}

/// Words of a branch of the tree of types.
pub mod branch {
    /// The lower types | the higher ones.
    pub const SIDES: usize = 1;
    /// The number of the highest bit in which they differ.
    pub const BIT: usize = 2;
}

/// How many sizes of cells there are.
pub const CLASSES: usize = 26;

/// Units of a cell of this class: 64, 128 or 256 bytes, then a power of two and 64 bytes more, so
/// that a message of 4096 or 8192 bytes finds a cell that fits.
pub const fn class_units(class: usize) -> u64 {
    match class {
        0..=2 => 1 << class,
        _ => (1 << class) + 1,
    }
}

/// How many bytes of text a cell of this class has room for.
pub const fn class_text(class: usize) -> usize {
    class_units(class) as usize * UNIT_BYTES - cell::TEXT_BYTES
}

/// The class whose cells have room for so many bytes of text; nothing where none has.
#[inline(always)]
pub fn class_of(bytes: usize) -> Option<usize> {
    if bytes > class_text(CLASSES - 1) {
        return None;
    }
    if bytes <= class_text(1) {
        return Some((bytes > class_text(0)) as usize);
    }
    let rounded = (bytes + cell::TEXT_BYTES).next_power_of_two();
    let guess = (rounded.trailing_zeros() as usize).saturating_sub(6);
    let smaller = guess.saturating_sub(1);
    Some(if bytes <= class_text(smaller) { smaller } else { guess })
}

/// Two halves in one word.
pub const fn pair(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

/// The upper half of a word.
pub const fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

/// The lower half of a word.
pub const fn low(word: u64) -> u32 {
    word as u32
}

/// The first word of a unit.
pub const fn word_of(unit: u32) -> usize {
    unit as usize * UNIT_WORDS
}

const _: () = {
    assert!(header::FREE + CLASSES <= header::CURSOR);
    assert!(header::SLOT_GROUPS + SLOT_GROUPS <= HEADER_UNITS as usize * UNIT_WORDS);
    assert!(FIRST_FRESH > HEADER_UNITS);
    assert!(SLOT_GROUP_UNITS as usize * UNIT_WORDS == GROUP_SLOTS * slot::WORDS);
    assert!(QUEUE_GROUPS * GROUP_QUEUES == 32768);
    assert!(slot::STASH + CLASSES <= slot::NUMBERED && slot::NUMBERED < slot::JOURNAL);
    assert!(slot::JOURNAL + 2 * slot::CHANGES <= slot::WORDS);
    assert!(queue::WORDS == 2 * UNIT_WORDS && slot::WORDS.is_multiple_of(UNIT_WORDS));
    assert!(class_text(0) == (UNIT_WORDS - cell::TEXT) * size_of::<u64>());
    assert!(class_text(6) >= 4096 && class_text(7) >= 8192);
    assert!(class_units(CLASSES - 1) * UNIT_BYTES as u64 > i32::MAX as u64);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gets_the_smallest_class_that_fits() {
        let sizes = (0..70_000).chain([1 << 20, (1 << 20) + 40, (1 << 20) + 41, i32::MAX as usize]);
        for bytes in sizes {
            let class = class_of(bytes).unwrap();
            assert!(class_text(class) >= bytes, "{bytes} bytes in class {class}");
            assert!(class == 0 || class_text(class - 1) < bytes, "{bytes} bytes in class {class}");
        }
    }

    #[test]
    fn a_size_beyond_all_classes_has_none() {
        assert_eq!(class_of(class_text(CLASSES - 1)), Some(CLASSES - 1));
        assert_eq!(class_of(class_text(CLASSES - 1) + 1), None);
    }
}
