//! What is known of each queue: who made it and removed it, how much it holds, what sizes went
//! through it. Guesses of a moment, written by everybody without waiting: a finding that rests on
//! one asks the engine first.

use super::places::Number;
use super::store::store;
use libc::msqid_ds;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, AtomicU64};

/// A queue.
#[repr(C)]
pub struct Queue {
    /// The realm of ids | the id. 0: no queue yet.
    name: AtomicU64,
    key: AtomicI32,
    /// The process that created it, and where; 0: not known.
    creator: AtomicU32,
    created_at: AtomicU32,
    /// How often the creator had forked by then.
    forks: AtomicU32,
    /// The process that removed it, and where; 0: nobody did.
    remover: AtomicU32,
    removed_at: AtomicU32,
    /// The thread that removed it, and the one that last learned of that from a call that failed.
    removing_thread: AtomicU32,
    told_thread: AtomicU32,
    /// The process that sent to it, and the one that received from it; 0: none; [`SEVERAL`].
    sender: AtomicU32,
    receiver: AtomicU32,
    /// How many receives have begun, and how many of those have ended.
    begun: AtomicU32,
    ended: AtomicU32,
    /// How many times in a row a receive was too small, and what it asked for.
    too_big: AtomicU64,
    /// How often a size was asked about on behalf of MSG_NOERROR.
    looks: AtomicU32,
    received_alike: AtomicU32,
    /// msg_qbytes; 0: not known.
    qbytes: AtomicU64,
    /// Bytes sent and not received, as far as was seen.
    held: AtomicI64,
    /// The one size that was sent, plus 1; 0: none; [`MIXED`].
    sent: AtomicU64,
    /// The one length that was received, and with which msgsz; 0: none; [`MIXED`].
    received: AtomicU64,
}

/// More than one process.
pub const SEVERAL: u32 = u32::MAX;

/// More than one size.
const MIXED: u64 = u64::MAX;

/// The place of a name that is being entered.
const BUSY: u64 = u64::MAX;

/// How many entries of the table are looked at for one queue.
const STEPS: usize = 8;

static REALM: AtomicU32 = AtomicU32::new(1);

/// From now on ids are those of this realm: an engine, and the place where it has its queues.
pub fn set_realm(realm: u32) {
    REALM.store(realm.max(1), Relaxed);
}

#[inline(always)]
fn name(msqid: i32) -> u64 {
    u64::from(REALM.load(Relaxed)) << 32 | u64::from(msqid as u32)
}

#[inline(always)]
fn entries(name: u64) -> impl Iterator<Item = &'static Queue> {
    let start = (name.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize;
    let queues = &store().queues;
    (0..STEPS).filter_map(move |step| queues.get((start + step) % queues.len()))
}

impl Queue {
    /// No queue yet.
    pub(super) const fn new() -> Queue {
        Queue {
            name: AtomicU64::new(0),
            key: AtomicI32::new(0),
            creator: AtomicU32::new(0),
            created_at: AtomicU32::new(0),
            forks: AtomicU32::new(0),
            remover: AtomicU32::new(0),
            removed_at: AtomicU32::new(0),
            removing_thread: AtomicU32::new(0),
            told_thread: AtomicU32::new(0),
            sender: AtomicU32::new(0),
            receiver: AtomicU32::new(0),
            begun: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            too_big: AtomicU64::new(0),
            looks: AtomicU32::new(0),
            received_alike: AtomicU32::new(0),
            qbytes: AtomicU64::new(0),
            held: AtomicI64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
        }
    }

    /// The queue of this id, where it was entered.
    #[inline(always)]
    pub fn known(msqid: i32) -> Option<&'static Queue> {
        let name = name(msqid);
        entries(name).find(|queue| queue.name.load(Acquire) == name)
    }

    /// The queue of this id. It is entered where it is not there yet, in the place of one that was
    /// removed if need be; nothing where there is no room.
    #[cold]
    #[inline(never)]
    pub fn enter(msqid: i32) -> Option<&'static Queue> {
        if let Some(queue) = Queue::known(msqid) {
            return Some(queue);
        }
        let name = name(msqid);
        let claimed = |queue: &&Queue| {
            let seen = queue.name.load(Acquire);
            let is_free = seen == 0 || seen != BUSY && queue.remover().is_some();
            is_free && queue.name.compare_exchange(seen, BUSY, AcqRel, Relaxed).is_ok()
        };
        // One that was never used is better than one that was: what is known of that one helps yet.
        let unused = |queue: &&Queue| queue.name.load(Relaxed) == 0;
        let queue = entries(name).filter(unused).find(claimed);
        let queue = queue.or_else(|| entries(name).find(claimed))?;
        queue.renew();
        queue.name.store(name, Release);
        Some(queue)
    }

    fn renew(&self) {
        self.key.store(0, Relaxed);
        self.held.store(0, Relaxed);
        let Queue { creator, created_at, forks, remover, removed_at, .. } = self;
        let Queue { removing_thread, told_thread, sender, looks, received_alike, .. } = self;
        let Queue { receiver, begun, ended, .. } = self;
        let others = [removing_thread, told_thread, receiver, begun, ended];
        [creator, created_at, forks, remover, removed_at, sender, looks, received_alike]
            .iter()
            .chain(&others)
            .for_each(|word| word.store(0, Relaxed));
        let Queue { qbytes, sent, received, too_big, .. } = self;
        [qbytes, sent, received, too_big].iter().for_each(|word| word.store(0, Relaxed));
    }

    /// The queue's id, in the realm of this process; nothing where it is no queue, or another's.
    pub fn msqid(&self) -> Option<i32> {
        let name = self.name.load(Acquire);
        ((name >> 32) as u32 == REALM.load(Relaxed)).then_some(name as i32)
    }

    /// Its key.
    pub fn key(&self) -> i32 {
        self.key.load(Relaxed)
    }

    /// A process created it.
    pub fn created(&self, key: i32, process: u32, place: Number, forks: u32) {
        self.renew();
        self.key.store(key, Relaxed);
        self.created_at.store(place, Relaxed);
        self.forks.store(forks, Relaxed);
        self.creator.store(process, Release);
    }

    /// The process that created it, and where.
    pub fn creator(&self) -> Option<(u32, Number)> {
        let process = self.creator.load(Acquire);
        (process != 0).then(|| (process, self.created_at.load(Relaxed)))
    }

    /// How often the creator had forked when it created the queue.
    pub fn forks(&self) -> u32 {
        self.forks.load(Relaxed)
    }

    /// A process removed it.
    pub fn removed(&self, process: u32, thread: u32, place: Number) {
        self.removed_at.store(place, Relaxed);
        self.removing_thread.store(thread, Relaxed);
        self.remover.store(process, Release);
    }

    /// It is there after all.
    pub fn not_removed(&self) {
        self.remover.store(0, Relaxed);
    }

    /// The process that removed it, and where.
    #[inline(always)]
    pub fn remover(&self) -> Option<(u32, Number)> {
        let process = self.remover.load(Acquire);
        (process != 0).then(|| (process, self.removed_at.load(Relaxed)))
    }

    /// A thread learns from a call that failed that the queue is gone; whether it knew that before. The
    /// first time, a call may just have met with the removal.
    pub fn tell_removal(&self, thread: u32) -> bool {
        let knew = self.told_thread.swap(thread, Relaxed) == thread;
        knew || self.removing_thread.load(Relaxed) == thread
    }

    /// msg_qbytes, where it is known.
    #[inline(always)]
    pub fn qbytes(&self) -> Option<u64> {
        Some(self.qbytes.load(Relaxed)).filter(|qbytes| *qbytes != 0)
    }

    /// msg_qbytes may have changed.
    pub fn forget_qbytes(&self) {
        self.qbytes.store(0, Relaxed);
    }

    /// How many bytes it may hold and holds, as the engine says.
    pub fn set_status(&self, ds: &msqid_ds) {
        self.qbytes.store(ds.msg_qbytes, Relaxed);
        self.held.store(ds.__msg_cbytes as i64, Relaxed);
    }

    /// How many bytes it holds, as far as was seen.
    #[inline(always)]
    pub fn held(&self) -> i64 {
        self.held.load(Relaxed)
    }

    /// The process that sent to it; 0: none, [`SEVERAL`].
    pub fn sender(&self) -> u32 {
        self.sender.load(Relaxed)
    }

    /// A message was sent.
    #[inline(always)]
    pub fn note_sent(&self, msgsz: usize) {
        self.held.fetch_add(msgsz as i64, Relaxed);
    }

    /// A message is about to be sent. Its receiver may be done with it before msgsnd returns.
    #[inline(always)]
    pub fn note_size(&self, msgsz: usize, process: u32) {
        note_one(&self.sender, process);
        let size = (msgsz as u64).saturating_add(1);
        match self.sent.load(Relaxed) {
            seen if seen == size || seen == MIXED => (),
            0 => self.sent.store(size, Relaxed),
            _ => self.sent.store(MIXED, Relaxed),
        }
    }

    /// The one size that was sent, where there is only one.
    pub fn sent_size(&self) -> Option<usize> {
        match self.sent.load(Relaxed) {
            0 | MIXED => None,
            size => Some(size as usize - 1),
        }
    }

    /// A receive begins; whether no other is under way.
    #[inline(always)]
    pub fn begin_receive(&self) -> bool {
        let begun = self.begun.fetch_add(1, AcqRel).wrapping_add(1);
        begun.wrapping_sub(self.ended.load(Acquire)) == 1
    }

    /// A receive has ended that was counted when it began.
    #[inline(always)]
    pub fn end_receive(&self) {
        self.ended.fetch_add(1, AcqRel);
    }

    /// How many receives have begun.
    pub fn begun(&self) -> u32 {
        self.begun.load(Acquire)
    }

    /// The process that received from it last, as the engine says; whether it is the only one that
    /// was ever seen to.
    pub fn note_receiver(&self, last: i32, own: u32) -> bool {
        if last != 0 {
            note_one(&self.receiver, last as u32);
        }
        [0, own].contains(&self.receiver.load(Relaxed))
    }

    /// A message was received: its length, with this msgsz.
    #[inline(always)]
    pub fn note_received(&self, length: usize, msgsz: usize) {
        self.held.fetch_sub(length as i64, Relaxed);
        if self.too_big.load(Relaxed) != 0 {
            self.too_big.store(0, Relaxed);
        }
        let pair = (length as u64) << 32 | msgsz as u64 & 0xffff_ffff;
        match self.received.load(Relaxed) {
            MIXED => (),
            seen if seen == pair && seen != 0 => {
                let alike = self.received_alike.load(Relaxed);
                self.received_alike.store(alike.saturating_add(1), Relaxed);
            }
            0 if self.received_alike.load(Relaxed) == 0 => {
                self.received.store(pair, Relaxed);
                self.received_alike.store(1, Relaxed);
            }
            _ => self.received.store(MIXED, Relaxed),
        }
    }

    /// How many messages of one length were received with one msgsz, where there were no others.
    #[inline(always)]
    pub fn received_alike(&self) -> u32 {
        match self.received.load(Relaxed) {
            MIXED => 0,
            _ => self.received_alike.load(Relaxed),
        }
    }

    /// A receive was too small for a message; how many times in a row the same receive was.
    pub fn note_too_big(&self, receive: u64) -> u32 {
        let receive = receive >> 32 << 32;
        let seen = self.too_big.load(Relaxed);
        let times = if seen >> 32 << 32 == receive { seen as u32 } else { 0 }.saturating_add(1);
        self.too_big.store(receive | u64::from(times), Relaxed);
        times
    }

    /// How often it was asked about so far on behalf of MSG_NOERROR, this time included.
    pub fn note_look(&self) -> u32 {
        self.looks.fetch_add(1, Relaxed).saturating_add(1)
    }

    /// Asks about it anew on behalf of MSG_NOERROR.
    pub fn look_again(&self) {
        self.looks.store(0, Relaxed);
    }
}

/// Keeps the one process that does something, or that there are several.
#[inline(always)]
fn note_one(word: &AtomicU32, process: u32) {
    match word.load(Relaxed) {
        seen if seen == process || seen == SEVERAL => (),
        0 => word.store(process, Relaxed),
        _ => word.store(SEVERAL, Relaxed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids of these tests alone: the table is one for the whole process.
    const OWN: i32 = 0x5000_0000;

    #[test]
    fn a_queue_is_found_again_by_its_id_and_knows_who_made_and_removed_it() {
        assert!(Queue::known(OWN).is_none());
        let queue = Queue::enter(OWN).unwrap();
        queue.created(7, 100, 3, 0);
        let found = Queue::known(OWN).unwrap();
        assert_eq!((found.msqid(), found.key(), found.creator()), (Some(OWN), 7, Some((100, 3))));
        assert_eq!(found.remover(), None);
        found.removed(200, 201, 4);
        assert_eq!(found.remover(), Some((200, 4)));
        assert!(found.tell_removal(201), "the thread that removed it knows");
        assert!(!found.tell_removal(300), "another one may meet with it");
        assert!(found.tell_removal(300), "once");
    }

    #[test]
    fn queues_that_were_removed_make_room_and_those_that_are_there_do_not() {
        let entered = |id: &i32| {
            let queue = Queue::enter(*id)?;
            queue.created(0, 1, 0, 0);
            Some(queue)
        };
        let (first, many) = (OWN + 1000, 20_000);
        let removed: Vec<i32> = (first..first + many).collect();
        for id in &removed {
            entered(id).expect("room").removed(1, 1, 0);
        }
        let stay: Vec<i32> = (first + many..first + 2 * many).collect();
        let there = stay.iter().filter_map(entered).count();
        assert!(there > 300, "{there}");
        assert!(stay.iter().filter_map(entered).count() == there, "those that are there stay");
        stay.iter().filter_map(|id| Queue::known(*id)).for_each(|queue| queue.removed(1, 1, 0));
    }

    #[test]
    fn one_size_is_known_until_another_comes() {
        let queue = Queue::new();
        assert_eq!(queue.sent_size(), None);
        for _ in 0..3 {
            queue.note_size(64, 5);
            assert_eq!((queue.sent_size(), queue.sender()), (Some(64), 5));
        }
        queue.note_size(0, 6);
        assert_eq!((queue.sent_size(), queue.sender()), (None, SEVERAL));
        queue.note_size(64, 5);
        assert_eq!(queue.sent_size(), None);
    }

    #[test]
    fn a_receive_knows_whether_others_are_under_way() {
        let queue = Queue::new();
        assert!(queue.begin_receive());
        assert!(!queue.begin_receive());
        queue.end_receive();
        assert!(!queue.begin_receive());
        queue.end_receive();
        queue.end_receive();
        assert!(queue.begin_receive());
        assert_eq!(queue.begun(), 4);
    }

    #[test]
    fn one_receiver_is_known_until_another_comes() {
        let queue = Queue::new();
        assert!(queue.note_receiver(0, 5) && queue.note_receiver(5, 5));
        assert!(!queue.note_receiver(6, 5) && !queue.note_receiver(5, 5));
        assert!(!queue.note_receiver(6, 6));
    }

    #[test]
    fn messages_are_alike_until_one_is_not() {
        let queue = Queue::new();
        for alike in 1..4 {
            queue.note_received(56, 64);
            assert_eq!(queue.received_alike(), alike);
        }
        queue.note_received(55, 64);
        assert_eq!(queue.received_alike(), 0);
        queue.note_received(56, 64);
        assert_eq!(queue.received_alike(), 0);
    }

    #[test]
    fn receives_that_are_too_small_count_while_they_are_the_same_and_nothing_comes() {
        let queue = Queue::new();
        let [one, other] = [1 << 40, 2 << 40];
        assert_eq!([one, one, other, one].map(|receive| queue.note_too_big(receive)), [1, 2, 1, 1]);
        queue.note_received(5, 5);
        assert_eq!(queue.note_too_big(one), 1);
    }
}
