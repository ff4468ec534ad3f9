//! What the arena gives out: cells, groups and slots, with storage, and each to one.

use super::atomic::{AtomicU64, Ordering};
use super::attempt::{End, Step, attempt};
use super::cells;
use super::commit::{NEXT_VERSION, Owner, TAKEN, owner, slot_at};
use super::layout::{
    CLASSES, GROUP_SLOTS, MAGIC, MOST_UNITS, UNIT_WORDS, cell, class_text, class_units, header,
    low, pair, slot, word_of,
};
use super::lone::{self, Lone};
use super::memory::{Fault, Memory};
use super::runs::Choice;
use super::slots;
use super::thread::Presence;
use super::whole;
use std::cell::Cell;

/// Words of which those before `backed` have storage, and those before `most` can have it.
#[derive(Clone, Copy)]
struct Stored<'a> {
    words: &'a [AtomicU64],
    backed: &'a Cell<usize>,
    most: usize,
}

impl Memory for Stored<'_> {
    fn word(&self, index: usize) -> Result<&AtomicU64, Fault> {
        self.words.get(index).ok_or(Fault::Nonsense)
    }

    fn words(&self, index: usize, count: usize) -> Result<&[AtomicU64], Fault> {
        self.words.get(index..index + count).ok_or(Fault::Nonsense)
    }

    fn all(&self) -> (*const AtomicU64, usize) {
        (self.words.as_ptr(), self.words.len())
    }

    fn back(&self, _: usize, end: usize) -> Result<(), Fault> {
        if end > self.most {
            return Err(Fault::Full);
        }
        self.backed.set(self.backed.get().max(end));
        Ok(())
    }
}

fn load(words: &[AtomicU64], index: usize) -> u64 {
    words[index].load(Ordering::Relaxed)
}

#[test]
fn whatever_is_used_had_storage_before() {
    let arena = lone::arena(1 << 18);
    let backed = Cell::new(load(&arena, header::BACKED) as usize * UNIT_WORDS);
    let words = Stored { words: &arena, backed: &backed, most: arena.len() };
    let used = || load(&arena, header::FRESH) as usize * UNIT_WORDS;
    let threads: Vec<Lone> = (1..=2 * GROUP_SLOTS as u32).map(Lone::new).collect();
    let mut members: Vec<_> = threads.iter().map(|thread| thread.member(&words)).collect();
    assert!(used() <= backed.get(), "slots: {} words of {}", used(), backed.get());
    let member = &mut members[0];
    let queues: Vec<_> = (0..65).map(|_| lone::queue(member, 1 << 20)).collect();
    assert!(used() <= backed.get(), "queues: {} words of {}", used(), backed.get());
    for size in [0, 100, 200, 500, 1000, 5000, 9000, 60_000] {
        lone::send(member, queues[0], 1, size).unwrap();
        assert!(used() <= backed.get(), "{size}: {} words of {}", used(), backed.get());
    }
}

#[test]
fn storage_is_given_ahead_or_to_what_is_needed_or_not_at_all() {
    const END: u64 = 1000;
    for (room, given, until) in [
        (1 << 20, Ok(()), 1152),
        (END as usize * UNIT_WORDS, Ok(()), END),
        (END as usize * UNIT_WORDS - 1, Err(Fault::Full), 900),
    ] {
        let arena = lone::arena(1 << 14);
        let backed = Cell::new(0);
        let words = Stored { words: &arena, backed: &backed, most: room };
        let thread = Lone::new(1);
        let member = thread.member(&words);
        arena[header::BACKED].store(900, Ordering::Relaxed);
        backed.set(0);
        assert_eq!(cells::back(&member, 990, END), given, "where {room} words can have some");
        let expected = if given.is_ok() { until as usize * UNIT_WORDS } else { 0 };
        assert_eq!((backed.get(), load(&arena, header::BACKED)), (expected, until));
    }
}

#[test]
fn a_word_that_says_how_much_has_storage_is_believed_up_to_the_end_alone() {
    let arena = lone::arena(1 << 14);
    let backed = Cell::new(0);
    let words = Stored { words: &arena, backed: &backed, most: usize::MAX };
    let thread = Lone::new(1);
    let member = thread.member(&words);
    let end = arena.len() as u64 / UNIT_WORDS as u64;
    for (said, end, given, asked) in [
        (end, end, Ok(()), false),
        (end + 1, end + 1, Err(Fault::Nonsense), false),
        (MOST_UNITS, MOST_UNITS + 1, Err(Fault::Full), false),
        (MOST_UNITS - 1, MOST_UNITS, Ok(()), true),
        (MOST_UNITS + 1, end, Ok(()), true),
    ] {
        arena[header::BACKED].store(said, Ordering::Relaxed);
        backed.set(0);
        assert_eq!(cells::back(&member, end - 1, end), given, "{end} units, {said} are said");
        assert_eq!(backed.get() > 0, asked, "{end} units, {said} are said");
    }
}

#[test]
fn cells_that_were_given_back_are_used_again() {
    let arena = lone::arena(1 << 16);
    let (one, two) = (Lone::new(1), Lone::new(2));
    let words = &arena[..];
    let (mut sender, mut receiver) = (one.member(&words), two.member(&words));
    let queue = lone::queue(&mut sender, 1 << 20);
    let mut round = || {
        for _ in 0..200 {
            lone::send(&mut sender, queue, 1, 20).unwrap();
        }
        for _ in 0..200 {
            lone::receive(&mut receiver, queue, Choice::Any).unwrap();
        }
        load(&arena, header::FRESH)
    };
    let (_, before) = (round(), round());
    let after = (0..5).map(|_| round()).last();
    assert_eq!(after, Some(before), "the first unit that was never used");
    whole::look(&arena[..], 0).unwrap();
}

#[test]
fn a_few_free_cells_are_taken_before_others_are_cut() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let unit = load(&arena, header::FRESH);
    arena[header::FRESH].store(unit + 1, Ordering::Relaxed);
    arena[header::FREE].store(unit, Ordering::Relaxed);
    cells::provide(&mut member, 0, 1).unwrap();
    assert_eq!(load(&arena, member.at + slot::STASH), pair(unit as u32, 1));
    cells::provide(&mut member, 0, 2).unwrap();
    assert!(low(load(&arena, member.at + slot::STASH)) >= 2);
    whole::look(&arena[..], 0).unwrap();
}

#[test]
fn a_slot_says_whose_it_is() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(7);
    let words = &arena[..];
    let member = thread.member(&words);
    let its = owner(words, member.at).unwrap();
    assert_eq!((its.ids, its.started, its.namespace), (pair(7, 7), 1, 2));
    let again = thread.member(&words);
    assert_eq!(again.number, member.number, "who comes again");
}

#[test]
fn a_slot_that_somebody_reserved_before_he_died_is_taken() {
    let arena = lone::arena(1 << 14);
    let words = &arena[..];
    let first = slot_at(words, 0).unwrap();
    arena[first + slot::NAMESPACE].store(2, Ordering::Relaxed);
    assert_eq!(Lone::new(7).member(&words).number, 0);
    // That of another namespace is not.
    let arena = lone::arena(1 << 14);
    let words = &arena[..];
    arena[first + slot::NAMESPACE].store(4, Ordering::Relaxed);
    assert_eq!(Lone::new(7).member(&words).number, 1);
}

#[test]
fn a_slot_that_is_taken_over_says_whose_it_is_now() {
    let arena = lone::arena(1 << 14);
    let words = &arena[..];
    let dead: Vec<Lone> = (1..GROUP_SLOTS as u32).map(Lone::new).collect();
    let before: Vec<usize> = dead.iter().map(|thread| thread.member(&words).at).collect();
    let alive = Lone::who_sees(77, Presence::Gone);
    let me = Owner { ids: alive.ids, started: 5, namespace: 2 | slot::RESTARTS };
    let at = slots::claim(&words, &alive, &me).unwrap().at;
    assert!(before.contains(&at), "word {at} begins no slot of theirs: {before:?}");
    assert_eq!(owner(words, at), Ok(me));
}

#[test]
fn who_finds_no_free_slot_but_a_dead_threads_makes_more() {
    let arena = lone::arena(1 << 14);
    let words = &arena[..];
    for number in 0..GROUP_SLOTS as u32 {
        let at = slot_at(words, number).unwrap();
        arena[at + slot::OWNER].store(pair(1 + number, 1 + number), Ordering::Relaxed);
    }
    Lone::who_sees(77, Presence::Gone).member(&words);
    assert_eq!(slots::used(words), Ok(2 * GROUP_SLOTS as u32));
}

#[test]
fn a_copy_of_a_message_fills_its_own_cell_alone() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let mut sent = lone::message(&mut member, 5, 0).unwrap();
    let first = word_of(sent.unit);
    // Number and text, to the end of the smallest cell.
    sent.size = class_text(0) as u32;
    let end = word_of(sent.unit + class_units(0) as u32);
    (first..end).for_each(|word| arena[word].store(word as u64, Ordering::Relaxed));
    let to = load(&arena, header::FRESH) as u32;
    cells::duplicate(words, sent, to).unwrap();
    let copied = |word: usize| load(&arena, word_of(to) + word);
    for word in cell::NUMBER..end - first {
        assert_eq!(copied(word), (first + word) as u64, "word {word}");
    }
    assert_eq!((copied(cell::NEXT), copied(cell::MTYPE)), (0, 0), "before the number");
    assert_eq!(copied(end - first), 0, "behind the end");
}

#[test]
fn to_tidy_a_slot_that_fetched_nothing_leaves_its_cells_and_the_header_as_they_are() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let stashes = member.at + slot::STASH..member.at + slot::STASH + CLASSES;
    stashes.clone().for_each(|stash| arena[stash].store(pair(300, 1), Ordering::Relaxed));
    slots::tidy(&mut member).unwrap();
    for stash in stashes {
        assert_eq!(load(&arena, stash), pair(300, 1), "word {stash}");
    }
    assert_eq!(load(&arena, header::MAGIC), MAGIC);
}

#[test]
fn a_list_of_free_cells_that_leads_nowhere_is_damage() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    arena[header::FREE].store(u32::MAX.into(), Ordering::Relaxed);
    assert_eq!(cells::provide(&mut member, 0, 1), Err(Fault::Nonsense));
}

#[test]
fn a_group_of_slots_that_lies_nowhere_is_damage() {
    let arena = lone::arena(1 << 14);
    for unit in [0, 1 << 32] {
        arena[header::SLOT_GROUPS].store(unit, Ordering::Relaxed);
        assert_eq!(slot_at(&arena[..], 0), Err(Fault::Nonsense), "unit {unit}");
    }
}

#[test]
fn a_journal_that_says_it_is_longer_than_any_is_completed_all_the_same() {
    let arena = lone::arena(1 << 14);
    let (dead, alive) = (Lone::new(1), Lone::who_sees(2, Presence::Gone));
    let words = &arena[..];
    let victim = dead.member(&words);
    let mut member = alive.member(&words);
    let (at, _) = lone::queue(&mut member, 1000);
    let journal = victim.at + slot::JOURNAL;
    arena[journal].store(at as u64 + 5, Ordering::Relaxed);
    arena[journal + 1].store(55, Ordering::Relaxed);
    arena[victim.at + slot::COUNT].store(1 << 20, Ordering::Relaxed);
    let before = member.begin(at).unwrap();
    let taken = before | (victim.number as u64 + 1);
    arena[at].store(taken, Ordering::Relaxed);
    arena[victim.at + slot::RELEASED].store(before + NEXT_VERSION, Ordering::Relaxed);
    assert_eq!(member.begin(at), Ok(before + NEXT_VERSION));
    assert_eq!(load(&arena, at + 5), 55, "what the dead one had published");
    assert_eq!(load(&arena, victim.at + slot::COMPLETED), taken);
    assert_eq!(load(&arena, at) & TAKEN, 0);
}

#[test]
fn nonsense_that_was_read_amid_a_change_means_nothing() {
    let arena = lone::arena(1 << 14);
    let thread = Lone::new(1);
    let words = &arena[..];
    let mut member = thread.member(&words);
    let (at, _) = lone::queue(&mut member, 1000);
    let mut tries = 0;
    let found = attempt(&mut member, at, |_, _| {
        tries += 1;
        if tries == 1 {
            arena[at].fetch_add(NEXT_VERSION, Ordering::Relaxed);
            return Err(End::fault(Fault::Nonsense));
        }
        Ok(Step::Answer(tries))
    });
    assert_eq!(found, Ok(2));
}

#[test]
fn what_went_wrong_with_an_arena_has_an_error_number() {
    use crate::errno::Errno;
    assert_eq!(Errno::from(End::fault(Fault::Full)), Errno(libc::ENOMEM));
    assert_eq!(Errno::from(End::fault(Fault::Nonsense)), Errno(libc::EIO));
    assert_eq!(Errno::from(End::errno(libc::EINVAL)), Errno(libc::EINVAL));
}
