//! Queues of one thread, held against the simplest that does the same.

use super::atomic::{AtomicU64, Ordering};
use super::attempt::End;
use super::commit::{LIVE, YOUNG};
use super::layout::{FIRST_FRESH, header, queue, slot, word_of};
use super::lone::{self, Lone};
use super::memory::{Fault, Memory};
use super::runs::Choice;
use super::{control, registry, whole};
use libc::{E2BIG, EAGAIN, EINVAL, ENOENT, ENOMSG, IPC_CREAT};
use std::cell::Cell;
use std::collections::VecDeque;

/// Miri takes ten thousand times as long.
const ROUNDS: u64 = if cfg!(miri) { 300 } else { 12_000 };

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// The messages of a queue: type and size.
#[derive(Default)]
struct Model(VecDeque<(i64, usize)>);

impl Model {
    fn take(&mut self, choice: Choice) -> Option<(i64, usize)> {
        let matching = |(mtype, _): &(i64, usize)| choice.takes(*mtype);
        let position = match choice {
            Choice::Lowest(_) => {
                let lowest =
                    self.0.iter().filter(|message| matching(message)).map(|m| m.0).min()?;
                self.0.iter().position(|message| message.0 == lowest)?
            }
            _ => self.0.iter().position(matching)?,
        };
        self.0.remove(position)
    }
}

fn play(seed: u64, types: u64, most: u64) {
    let arena = lone::arena(if cfg!(miri) { 1 << 14 } else { 1 << 21 });
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let queue = lone::queue(&mut member, most * 40);
    let mut random = Random(seed);
    let mut model = Model::default();
    for round in 0..ROUNDS {
        let mtype = 1 + random.below(types) as i64;
        if random.below(2) == 0 && (model.0.len() as u64) < most {
            let size = [0, 1, 40, 48, 49, 100, 300][random.below(7) as usize];
            let bytes: usize = model.0.iter().map(|message| message.1).sum();
            let fits = (bytes + size) as u64 <= most * 40;
            let sent = lone::send(&mut member, queue, mtype, size);
            assert_eq!(sent, if fits { Ok(()) } else { Err(End::errno(EAGAIN)) }, "round {round}");
            if fits {
                model.0.push_back((mtype, size));
            }
        } else {
            let choice = match random.below(4) {
                0 => Choice::Any,
                1 => Choice::Equal(mtype),
                2 => Choice::NotEqual(mtype),
                _ => Choice::Lowest(mtype),
            };
            let received = lone::receive(&mut member, queue, choice);
            let expected = model.take(choice).ok_or(End::errno(ENOMSG));
            assert_eq!(
                received.map(|message| (message.mtype, message.size as usize)),
                expected,
                "round {round}, {choice:?}"
            );
        }
        if round % 251 == 0 {
            whole::look(&arena[..], 0).unwrap();
        }
    }
    whole::look(&arena[..], 0).unwrap();
}

#[test]
fn few_types_come_out_as_from_a_list() {
    for seed in 1..4 {
        play(seed, 3, 20);
    }
}

#[test]
fn many_types_come_out_as_from_a_list() {
    for seed in 4..7 {
        play(seed, 500, 60);
    }
}

#[test]
fn types_far_apart_keep_their_order() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let queue = lone::queue(&mut member, 1000);
    let mut types: Vec<i64> = (0..63).map(|bit| 1 << bit).chain([i64::MAX, 3, 6]).collect();
    for mtype in types.iter().rev() {
        lone::send(&mut member, queue, *mtype, 0).unwrap();
    }
    types.sort_unstable();
    for mtype in types {
        let message = lone::receive(&mut member, queue, Choice::Lowest(i64::MAX)).unwrap();
        assert_eq!(message.mtype, mtype);
    }
    whole::look(&arena[..], 0).unwrap();
}

#[test]
fn a_removed_queue_leaves_nothing_behind() {
    let arena = lone::arena(1 << 16);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let queue = lone::queue(&mut member, 1 << 16);
    for mtype in 1..200 {
        lone::send(&mut member, queue, 1 + mtype % 17, 60).unwrap();
    }
    control::end(&mut member, queue.0, queue.1, |_| Ok(())).unwrap();
    registry::bury(&mut member, queue.0).unwrap();
    assert_eq!(lone::send(&mut member, queue, 1, 0), Err(End::errno(EINVAL)));
    whole::look(&arena[..], 0).unwrap();
    assert_eq!(registry::totals(&mut member).unwrap(), registry::Totals::default());
}

#[test]
fn the_removal_of_a_queue_changes_nothing_of_the_one_before_it() {
    let arena = lone::arena(1 << 16);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let [kept, removed] = [1000, 1000].map(|qbytes| lone::queue(&mut member, qbytes));
    for mtype in 1..20 {
        lone::send(&mut member, removed, mtype, 10).unwrap();
    }
    for word in [queue::HANDED, queue::SETTLED] {
        arena[kept.0 + word].store(7, Ordering::Relaxed);
    }
    let its = || arena[kept.0..kept.0 + queue::WORDS].iter().map(|w| w.load(Ordering::Relaxed));
    let before: Vec<u64> = its().collect();
    control::end(&mut member, removed.0, removed.1, |_| Ok(())).unwrap();
    registry::bury(&mut member, removed.0).unwrap();
    assert_eq!(its().collect::<Vec<u64>>(), before);
}

#[test]
fn an_arena_without_room_refuses_and_stays_whole() {
    let arena = lone::arena(1 << 13);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let queue = lone::queue(&mut member, 1 << 30);
    let mut sent = 0;
    while lone::send(&mut member, queue, 1, 100).is_ok() {
        sent += 1;
    }
    assert!(sent > 10, "{sent} messages fitted");
    whole::look(&arena[..], 0).unwrap();
    for _ in 0..sent {
        lone::receive(&mut member, queue, Choice::Any).unwrap();
    }
    assert_eq!(lone::receive(&mut member, queue, Choice::Any).err(), Some(End::errno(ENOMSG)));
}

#[test]
fn a_registry_that_says_it_is_a_new_queue_is_damage() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    arena[header::LOCK].store(YOUNG, Ordering::Relaxed);
    assert_eq!(member.begin(header::LOCK), Err(Fault::Nonsense));
}

#[test]
fn a_message_that_is_too_long_stays() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let (at, id) = lone::queue(&mut member, 1000);
    lone::send(&mut member, (at, id), 1, 10).unwrap();
    let request = super::receive::Request { choice: Choice::Any, room: 9, cut: false, wait: false };
    let received = super::receive::receive(&mut member, at, id, request);
    assert_eq!(received.err(), Some(End::errno(E2BIG)));
    assert_eq!(lone::receive(&mut member, (at, id), Choice::Any).unwrap().size, 10);
}

#[test]
#[cfg_attr(miri, ignore = "a hundred thousand pauses")]
fn a_lock_that_names_somebody_who_knows_nothing_of_it_is_damage() {
    let arena = lone::arena(1 << 14);
    let (thread, other) = (Lone::new(1), Lone::new(2));
    let words = &arena[..];
    let mut member = thread.member(&words);
    let bystander = other.member(&words).number as u64;
    let (at, id) = lone::queue(&mut member, 1000);
    lone::send(&mut member, (at, id), 1, 10).unwrap();
    arena[at].fetch_or(bystander + 1, Ordering::Relaxed);
    let received = lone::receive(&mut member, (at, id), Choice::Any);
    assert_eq!(received.err(), Some(End::fault(Fault::Nonsense)));
}

/// Words in which a queue is ended by somebody else, once its lock word has been looked at so many
/// times.
#[derive(Clone, Copy)]
struct Ending<'a> {
    words: &'a [AtomicU64],
    lock: &'a Cell<usize>,
    looks: &'a Cell<u32>,
}

impl Memory for Ending<'_> {
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault> {
        if index == self.lock.get() {
            match self.looks.get() {
                0 => drop(self.words[index].fetch_and(!LIVE, Ordering::Relaxed)),
                left => self.looks.set(left - 1),
            }
        }
        self.words.get(index).ok_or(Fault::Nonsense)
    }

    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault> {
        self.words.get(index..index + count).ok_or(Fault::Nonsense)
    }

    fn all(&self) -> (*const AtomicU64, usize) {
        (self.words.as_ptr(), self.words.len())
    }

    fn back(&self, _: usize, _: usize) -> Result<(), Fault> {
        Ok(())
    }
}

#[test]
fn a_queue_that_ends_while_its_key_is_looked_for_is_found_or_not() {
    const KEY: i32 = 7;
    for looks in 0..4 {
        let arena = lone::arena(1 << 14);
        let thread = Lone::new(1);
        let (lock, left) = (Cell::new(0), Cell::new(0));
        let words = Ending { words: &arena, lock: &lock, looks: &left };
        let mut member = thread.member(&words);
        let new = registry::New { owner: 0, qbytes: 1000, most: 100, file: Some(0) };
        let made = registry::get(&mut member, KEY, IPC_CREAT | 0o600, new).unwrap();
        let registry::Got::Id(id) = made else { panic!("no queue: {made:?}") };
        lock.set(registry::by_id(words, id).unwrap());
        left.set(looks);
        let found = registry::get(&mut member, KEY, 0o600, new);
        let expected = [Ok(made), Err(End::errno(ENOENT))];
        assert!(expected.contains(&found), "{found:?} after {looks} looks");
    }
}

#[test]
fn a_group_of_queues_lies_behind_the_header_and_the_first_slots() {
    let arena = lone::arena(1 << 13);
    for (unit, found) in [
        (0, Ok(None)),
        (1, Err(Fault::Nonsense)),
        (FIRST_FRESH - 1, Err(Fault::Nonsense)),
        (FIRST_FRESH, Ok(Some(word_of(FIRST_FRESH as u32) + 3 * queue::WORDS))),
        (1 << 32, Err(Fault::Nonsense)),
    ] {
        arena[header::QUEUE_GROUPS].store(unit, Ordering::Relaxed);
        assert_eq!(registry::queue_at(&arena[..], 3), found, "a group in unit {unit}");
    }
}

#[test]
fn the_largest_change_leaves_room_in_the_journal_for_eight_who_complete_it() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let queue = lone::queue(&mut member, 1000);
    // The only message of its type leaves, and the two beside it become one run.
    for mtype in [1, 2, 1] {
        lone::send(&mut member, queue, mtype, 0).unwrap();
    }
    lone::receive(&mut member, queue, Choice::Equal(2)).unwrap();
    let largest = member.slot.load(slot::COUNT);
    assert_eq!(largest, 21);
    member.begin(queue.0).unwrap();
    let room = (0..slot::CHANGES).take_while(|_| member.set(queue.0, 0).is_ok()).count();
    assert!(largest as usize <= room, "{largest} words, where there is room for {room}");
    assert!(room + 8 <= slot::CHANGES, "room for {room} words, and {} in all", slot::CHANGES);
}
