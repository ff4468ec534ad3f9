//! A queue's life: who made it, opened it, changed it and removed it.

use super::process::Group;

/// How many changes of a queue are told.
const MOST_CHANGES: usize = 16;

/// How it came into the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This process made it.
    Made(usize),
    /// This process made it, or opened one that was there: IPC_CREAT alone does not tell.
    MadeOrOpened(usize),
    /// It was there before.
    Before,
}

/// A queue's life.
#[derive(Debug)]
pub struct Life {
    /// How it came into the recording.
    pub origin: Origin,
    /// When.
    pub since: u64,
    /// Its key, where it is known; 0 is IPC_PRIVATE.
    pub key: Option<i32>,
    /// Its permission bits, where they are known.
    pub mode: Option<u32>,
    /// Who opened it by its key.
    pub opened: Group,
    /// How often that was done.
    pub times_opened: u64,
    /// How IPC_SET changed it, the first times.
    pub changes: Vec<Change>,
    /// How often IPC_SET was called.
    pub times_changed: u64,
    /// When it was removed, and by whom, where it was done by a call that is recorded.
    pub removed: Option<Removed>,
}

/// A change by IPC_SET.
#[derive(Clone, Debug)]
pub struct Change {
    /// When.
    pub at: u64,
    /// By whom.
    pub process: usize,
    /// The new msg_qbytes.
    pub qbytes: u64,
    /// The new permission bits.
    pub mode: u32,
    /// The new owner.
    pub uid: u32,
    /// The new group.
    pub gid: u32,
}

/// A queue's end.
#[derive(Clone, Copy, Debug)]
pub struct Removed {
    /// When, or when it was first noticed.
    pub at: u64,
    /// By whom; nothing where nobody that is recorded did it.
    pub process: Option<usize>,
}

impl Life {
    /// Of a queue that is seen for the first time.
    pub fn new(at: u64) -> Life {
        Life {
            origin: Origin::Before,
            since: at,
            key: None,
            mode: None,
            opened: Group::default(),
            times_opened: 0,
            changes: Vec::new(),
            times_changed: 0,
            removed: None,
        }
    }

    /// Who made it, as far as is known.
    pub fn maker(&self) -> Option<usize> {
        match self.origin {
            Origin::Made(process) | Origin::MadeOrOpened(process) => Some(process),
            Origin::Before => None,
        }
    }

    /// It was opened by its key.
    pub fn opened_by(&mut self, process: usize) {
        self.opened.add(process);
        self.times_opened += 1;
    }

    /// IPC_SET was called. Where everything stays as it was this is only counted.
    pub fn changed(&mut self, change: Change) {
        self.mode = Some(change.mode);
        self.times_changed += 1;
        let values = |change: &Change| (change.qbytes, change.mode, change.uid, change.gid);
        let is_new = self.changes.last().is_none_or(|last| values(last) != values(&change));
        if is_new && self.changes.len() < MOST_CHANGES {
            self.changes.push(change);
        }
    }
}
