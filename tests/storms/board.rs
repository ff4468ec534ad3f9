//! What the processes of a storm write down, in memory that outlives every one of them.
#![allow(unsafe_code)]

use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

/// As many messages can be told apart in one round.
pub const MESSAGES: usize = 1 << 22;

/// As many processes can take part in one round, one after another.
pub const LIVES: usize = 4096;

/// What became of a message on its sender's side.
pub mod fate {
    /// The call has not come back, and never will if the sender was killed in it.
    pub const OPEN: u8 = 0;
    /// The call came back with success.
    pub const SENT: u8 = 1;
    /// Every call for it came back with an error.
    pub const GIVEN_UP: u8 = 2;
}

/// One process.
pub struct Life {
    /// Whether it is between the beginning of a call and its entry here.
    pub in_call: AtomicU32,
    /// Messages sent or received.
    pub count: AtomicU64,
}

/// The board itself. All zeros is how it begins.
pub struct Board {
    /// The next message's number.
    pub next: AtomicU64,
    /// Messages received.
    pub received_in_all: AtomicU64,
    /// Messages that came to a receiver after later ones of the same sender and type.
    pub late: AtomicU64,
    /// Senders and clerks are to end.
    pub over: AtomicU32,
    pub lives: [Life; LIVES],
    /// The sender of each message.
    pub sender: [AtomicU16; MESSAGES],
    pub fate: [AtomicU8; MESSAGES],
    /// How often each message was received.
    pub received: [AtomicU8; MESSAGES],
}

/// The board's memory, shared with every process forked from now on.
pub struct Shared(NonNull<Board>);

impl Shared {
    pub fn new() -> Shared {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping overlaps nothing.
        let start = unsafe { libc::mmap(null_mut(), size_of::<Board>(), protection, kind, -1, 0) };
        assert!(start != libc::MAP_FAILED, "no memory for the board");
        Shared(NonNull::new(start.cast()).expect("an address"))
    }
}

impl std::ops::Deref for Shared {
    type Target = Board;

    fn deref(&self) -> &Board {
        // SAFETY: mapped as long as this lives; zeros are a board, and all of it is atomic.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the whole mapping, of which no reference is left.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<Board>()) };
    }
}

impl Board {
    /// Enters a received message.
    pub fn receive(&self, number: u64) {
        self.received[number as usize].fetch_add(1, SeqCst);
        self.received_in_all.fetch_add(1, SeqCst);
    }

    /// Whether the storm is over for those who send.
    pub fn is_over(&self) -> bool {
        self.over.load(SeqCst) != 0 || self.next.load(SeqCst) as usize >= MESSAGES - LIVES
    }

    /// What the board says when everybody has gone and the queue is empty: sent messages came once,
    /// but for at most one for each of the receivers killed in a call, none came twice or from
    /// nowhere, and no more than so many came late. `killed_senders` are lives.
    pub fn audit(
        &self,
        killed_receivers: u64,
        killed_senders: &[usize],
        may_be_late: u64,
    ) -> Result<String, String> {
        let late = self.late.load(SeqCst);
        if late > may_be_late {
            return Err(format!(
                "{late} messages came after later ones, not {may_be_late} at most"
            ));
        }
        let mut killed = vec![false; LIVES];
        killed_senders.iter().for_each(|life| killed[*life] = true);
        let (mut missing, mut open, mut sent) = (Vec::new(), 0, 0);
        for number in 0..(self.next.load(SeqCst) as usize).min(MESSAGES) {
            let received = self.received[number].load(SeqCst);
            let sender = usize::from(self.sender[number].load(SeqCst));
            let who = format!("message {number} of process {sender}");
            match (self.fate[number].load(SeqCst), received) {
                (_, 2..) => return Err(format!("{who} was received {received} times")),
                (fate::SENT, 1) => sent += 1,
                (fate::SENT, _) => missing.push(number),
                (fate::GIVEN_UP, 1) => return Err(format!("{who} came, but its msgsnd failed")),
                (fate::GIVEN_UP, _) => {}
                (fate::OPEN, _) if killed[sender] => open += 1,
                _ => return Err(format!("{who}: its msgsnd never came back")),
            }
        }
        if missing.len() as u64 > killed_receivers {
            let first = &missing[..missing.len().min(10)];
            let lost = missing.len();
            return Err(format!(
                "{lost} messages that were sent did not come, and {killed_receivers} receivers \
                 were killed while they received; the first: {first:?}"
            ));
        }
        Ok(format!(
            "{sent} messages, {late} of them late, {} lost with {killed_receivers} killed receivers, {open} open with \
             {} killed senders",
            missing.len(),
            killed_senders.len()
        ))
    }
}
