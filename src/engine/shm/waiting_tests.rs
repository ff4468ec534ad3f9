//! Those who wait, and what becomes of each: others do one thing after the other meanwhile.

use super::atomic::{AtomicU64, Ordering};
use super::attempt::{End, Step, attempt};
use super::bell;
use super::commit::Member;
use super::control::{self, Change};
use super::layout::{header, high, low, pair, queue, slot, word_of};
use super::lone::{self, Event, Lone};
use super::memory::Memory;
use super::receive::{self, Request};
use super::runs::Choice;
use super::thread::{Presence, Slept};
use super::waiters::{self, next, state, state_of};
use super::{handed, registry, send, sleep, slots, whole};
use libc::{E2BIG, EINTR, EINVAL};

type Words = &'static [AtomicU64];
type Place = Member<'static, Words, Lone>;
type Named = (usize, u32);

/// An arena that outlives what others do in it.
fn arena(words: usize) -> &'static Words {
    Box::leak(Box::new(Box::leak(lone::arena(words).into_boxed_slice()) as Words))
}

/// A thread's place. It sees this of others.
fn place(words: &'static Words, number: u32, others: Presence) -> Place {
    let thread: &'static Lone = Box::leak(Box::new(Lone::who_sees(number, others)));
    thread.member(words)
}

/// From now on it waits as a receiver with room for so much; gives its wait word.
fn receiver_waits(member: &mut Place, (at, id): Named, choice: Choice, most: u32) -> u64 {
    waiters::describe_receiver(member, at, choice, most).unwrap();
    joins(member, at, id, true)
}

/// The same as a sender of so many bytes.
fn sender_waits(member: &mut Place, (at, id): Named, size: usize) -> u64 {
    waiters::describe_sender(member, at, size).unwrap();
    joins(member, at, id, false)
}

fn joins(member: &mut Place, at: usize, id: u32, receivers: bool) -> u64 {
    let before = wait_of(member);
    let join = |member: &mut Place, _| {
        waiters::join(member, id, waiters::list(at, receivers))?;
        Ok(Step::Change(()))
    };
    attempt(member, at, join).unwrap();
    assert_eq!(wait_of(member), next(before, state::WAITING, 0), "of one who waits");
    wait_of(member)
}

fn wait_of(member: &Place) -> u64 {
    member.memory.load(member.at + slot::WAIT).unwrap()
}

fn set_wait(member: &Place, word: u64) {
    member.memory.store(member.at + slot::WAIT, word).unwrap();
}

fn filled(member: &mut Place, (at, id): Named) -> (u32, u32) {
    let status = control::status(member, at, Some(id), true).unwrap();
    (status.messages, status.bytes)
}

/// The types, from the oldest message on.
fn types(member: &mut Place, queue: Named) -> Vec<i64> {
    std::iter::from_fn(|| lone::receive(member, queue, Choice::Any).ok())
        .map(|message| message.mtype)
        .collect()
}

const ANY: Request = Request { choice: Choice::Any, room: 1 << 20, cut: false, wait: true };

#[test]
fn a_message_is_handed_to_the_first_who_takes_it() {
    let words = arena(1 << 14);
    let [mut sender, mut one, mut two, mut three] =
        [1, 2, 3, 4].map(|number| place(words, number, Presence::There));
    let queue = lone::queue(&mut sender, 1000);
    let before = receiver_waits(&mut one, queue, Choice::Equal(9), 100);
    let waiting = receiver_waits(&mut two, queue, Choice::Equal(3), 100);
    let behind = receiver_waits(&mut three, queue, Choice::Equal(3), 100);
    lone::send(&mut sender, queue, 3, 10).unwrap();
    let told = wait_of(&two);
    assert_ne!(high(told), 0, "the cell");
    assert_eq!(told, next(waiting, state::HANDED, high(told)));
    assert_eq!((wait_of(&one), wait_of(&three)), (before, behind), "the others");
    assert_eq!(words[two.at + slot::AROUND].load(Ordering::Relaxed), 0, "its neighbours");
    assert_eq!(words[queue.0 + queue::HANDED].load(Ordering::Relaxed), 1);
    lone::send(&mut sender, queue, 3, 10).unwrap();
    assert_eq!(state_of(wait_of(&three)), state::HANDED);
    assert_eq!(words[queue.0 + queue::HANDED].load(Ordering::Relaxed), 2);
    assert_eq!(filled(&mut sender, queue), (0, 0));
    assert_eq!(sender.system.guarded.get(), 0, "nobody is guarded any more");
}

#[test]
fn what_the_dead_were_handed_is_before_what_came_later_and_counts() {
    for (later, types_then) in [(9, [3, 9]), (3, [3, 3])] {
        let words = arena(1 << 14);
        let [mut sender, mut dead] = [1, 2].map(|number| place(words, number, Presence::There));
        let queue = lone::queue(&mut sender, 1000);
        let waiting = receiver_waits(&mut dead, queue, Choice::Equal(3), 100);
        lone::send(&mut sender, queue, 3, 100).unwrap();
        lone::send(&mut sender, queue, later, 11).unwrap();
        assert_eq!(filled(&mut sender, queue), (1, 11));
        sender.system.others.set(Presence::Gone);
        assert_eq!(filled(&mut sender, queue), (2, 111));
        let missed = next(next(next(waiting, 0, 0), state::WITHDRAWN, 0), state::MISSED, 0);
        assert_eq!(wait_of(&dead), missed);
        whole::look(*words, 0).unwrap();
        assert_eq!(types(&mut sender, queue), types_then);
        whole::look(*words, 0).unwrap();
    }
}

#[test]
fn what_several_dead_were_handed_comes_back_in_the_order_in_which_it_was_sent() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let words = arena(1 << 14);
        let mut sender = place(words, 1, Presence::There);
        let mut dead = [2, 3, 4].map(|number| place(words, number, Presence::There));
        let queue = lone::queue(&mut sender, 1000);
        for number in order {
            receiver_waits(&mut dead[number], queue, Choice::Any, 100);
        }
        for mtype in 1..=4 {
            lone::send(&mut sender, queue, mtype, 10).unwrap();
        }
        sender.system.others.set(Presence::Gone);
        assert_eq!(handed::settle(&mut sender, queue.0, 0), Ok(true));
        whole::look(*words, 0).unwrap();
        let [handed, settled] = [queue::HANDED, queue::SETTLED]
            .map(|word| words[queue.0 + word].load(Ordering::Relaxed));
        assert_eq!((handed, settled), (3, 3), "nobody needs to look again");
        assert_eq!(types(&mut sender, queue), [1, 2, 3, 4], "who waited in the order {order:?}");
    }
}

#[test]
fn the_dead_are_handed_nothing_even_if_somebody_has_rung_for_them() {
    for bell in [pair(1, 0), pair(0, 1 << 31 | 77)] {
        let words = arena(1 << 14);
        let [mut sender, mut dead] = [1, 2].map(|number| place(words, number, Presence::There));
        let queue = lone::queue(&mut sender, 1000);
        receiver_waits(&mut dead, queue, Choice::Any, 100);
        words[dead.at + slot::BELL].store(bell, Ordering::Relaxed);
        sender.system.others.set(Presence::Gone);
        lone::send(&mut sender, queue, 3, 10).unwrap();
        // Before anybody looks for what was not fetched.
        let counts = words[queue.0 + queue::COUNTS].load(Ordering::Relaxed);
        assert_eq!(counts, pair(1, 10), "bell {bell:#x}");
        assert_eq!(state_of(wait_of(&dead)), state::MISSED, "bell {bell:#x}");
    }
}

#[test]
fn whoever_sleeps_next_watches_over_what_was_handed_and_the_dead_do_not() {
    for (dead, expected) in [(0, [true, false]), (1, [true, true])] {
        let words = arena(1 << 14);
        let [mut sender, mut receiver] = [1, 2].map(|number| place(words, number, Presence::There));
        let mut others = [3, 4].map(|number| place(words, number, Presence::There));
        let queue = lone::queue(&mut sender, 1000);
        receiver_waits(&mut receiver, queue, Choice::Any, 100);
        for sleeper in &mut others {
            receiver_waits(sleeper, queue, Choice::Any, 100);
            bell::lie_down(sleeper, bell::LONG).unwrap();
        }
        if dead > 0 {
            sender.system.dead.set(others[0].system.ids);
        }
        lone::send(&mut sender, queue, 3, 10).unwrap();
        let rung = |place: &Place| bell::rung_from(place.memory, place.at).unwrap().is_some();
        assert_eq!(others.each_ref().map(rung), expected, "{dead} dead");
        assert!(!rung(&receiver), "who is awake");
        assert_eq!(state_of(wait_of(&receiver)), state::HANDED);
    }
}

#[test]
fn what_somebody_took_back_and_did_not_put_back_is_put_back_by_the_next() {
    let words = arena(1 << 14);
    let [mut sender, mut receiver] = [1, 2].map(|number| place(words, number, Presence::There));
    let queue = lone::queue(&mut sender, 1000);
    receiver_waits(&mut receiver, queue, Choice::Any, 100);
    lone::send(&mut sender, queue, 3, 10).unwrap();
    let handed = wait_of(&receiver);
    set_wait(&receiver, next(handed, state::WITHDRAWN, high(handed)));
    assert_eq!(handed::settle(&mut sender, queue.0, 0), Ok(true));
    assert_eq!(types(&mut sender, queue), [3]);
}

#[test]
fn what_the_dead_were_handed_is_found_by_a_copy() {
    let words = arena(1 << 14);
    let [mut sender, mut dead] = [1, 2].map(|number| place(words, number, Presence::There));
    let queue = lone::queue(&mut sender, 1000);
    receiver_waits(&mut dead, queue, Choice::Any, 100);
    lone::send(&mut sender, queue, 3, 10).unwrap();
    sender.system.others.set(Presence::Gone);
    let mut peek = || receive::peek(&mut sender, queue.0, queue.1, 0, |_, _| Ok(()));
    assert_eq!(peek(), Ok(None), "it came back; another look is needed");
    assert_eq!(peek().unwrap().map(|message| message.mtype), Some(3));
}

#[test]
fn what_comes_back_is_for_the_next_who_takes_it() {
    let words = arena(1 << 14);
    let [mut sender, mut dead, mut one, mut two] =
        [1, 2, 3, 4].map(|number| place(words, number, Presence::There));
    let queue = lone::queue(&mut sender, 1000);
    receiver_waits(&mut dead, queue, Choice::Equal(3), 100);
    let other = receiver_waits(&mut one, queue, Choice::Equal(9), 100);
    let waiting = receiver_waits(&mut two, queue, Choice::Any, 100);
    lone::send(&mut sender, queue, 3, 10).unwrap();
    sender.system.others.set(Presence::Gone);
    assert_eq!(handed::settle(&mut sender, queue.0, 0), Ok(true));
    assert_eq!((wait_of(&one), wait_of(&two)), (other, next(waiting, state::AGAIN, 0)));
}

#[test]
fn what_is_taken_back_goes_to_the_queue_that_was_waited_for() {
    let words = arena(1 << 14);
    let [mut sender, mut one, mut two] =
        [1, 2, 3].map(|number| place(words, number, Presence::There));
    let queues = [lone::queue(&mut sender, 1000), lone::queue(&mut sender, 1000)];
    receiver_waits(&mut one, queues[0], Choice::Any, 100);
    receiver_waits(&mut two, queues[1], Choice::Any, 100);
    lone::send(&mut sender, queues[0], 3, 10).unwrap();
    lone::send(&mut sender, queues[1], 4, 10).unwrap();
    sender.system.others.set(Presence::Gone);
    assert_eq!(handed::settle(&mut sender, queues[0].0, 0), Ok(true));
    assert_eq!(state_of(wait_of(&two)), state::HANDED, "who waited for the other queue");
    assert_eq!(types(&mut sender, queues[0]), [3]);
    assert_eq!(types(&mut sender, queues[1]), [4]);
}

#[test]
fn who_has_no_room_is_told_unless_it_is_stopped() {
    for (sleeps, others, told) in [
        (false, Presence::There, state::TOO_BIG),
        (false, Presence::Stopped, state::TOO_BIG),
        (true, Presence::There, state::TOO_BIG),
        (true, Presence::Stopped, state::MISSED),
    ] {
        let words = arena(1 << 14);
        let mut sender = place(words, 1, others);
        let mut receiver = place(words, 2, Presence::There);
        let queue = lone::queue(&mut sender, 1000);
        receiver_waits(&mut receiver, queue, Choice::Any, 9);
        if sleeps {
            bell::lie_down(&receiver, bell::LONG).unwrap();
        }
        lone::send(&mut sender, queue, 3, 10).unwrap();
        assert_eq!(state_of(wait_of(&receiver)), told, "{others:?}, asleep: {sleeps}");
        assert_eq!(filled(&mut sender, queue), (1, 10));
    }
}

#[test]
fn who_rings_leaves_its_processor_and_its_thread() {
    let words = arena(1 << 14);
    let [mut ringer, sleeper] = [1, 2].map(|number| place(words, number, Presence::There));
    bell::lie_down(&sleeper, bell::LONG).unwrap();
    bell::ring(&mut ringer, sleeper.at).unwrap();
    let rung = words[sleeper.at + slot::BELL].load(Ordering::Relaxed);
    assert_eq!(rung, pair(0, 1 << 31 | 1));
    assert_ne!(ringer.system.guarded.get(), 0, "who was rung is guarded");
    bell::unguard(&mut ringer);
    assert_eq!(ringer.system.guarded.get(), 0);
    assert_eq!(bell::rung_from(*words, sleeper.at), Ok(Some(0)));
    bell::get_up(*words, sleeper.at).unwrap();
    assert_eq!(bell::rung_from(*words, sleeper.at), Ok(None), "of one who is up");
    assert_eq!(bell::ring(&mut ringer, sleeper.at), Ok(bell::Rung::Awake));
    assert_eq!(bell::rung_from(*words, sleeper.at), Ok(None), "who was awake was not rung");
}

#[test]
fn every_receiver_looks_again_when_the_queue_is_set() {
    let words = arena(1 << 14);
    let [mut setter, mut one, mut two] =
        [1, 2, 3].map(|number| place(words, number, Presence::There));
    let (at, id) = lone::queue(&mut setter, 1000);
    let waiting =
        [&mut one, &mut two].map(|member| receiver_waits(member, (at, id), Choice::Any, 100));
    let change = Change { uid: 1, gid: 2, mode: 0o177_640, qbytes: 500 };
    control::change(&mut setter, at, id, change, |_| Ok(())).unwrap();
    let again = waiting.map(|word| next(word, state::AGAIN, 0));
    assert_eq!([wait_of(&one), wait_of(&two)], again);
    let status = control::status(&mut setter, at, Some(id), true).unwrap();
    assert_eq!((status.permissions.mode, status.qbytes), (0o640, 500));
}

#[test]
fn all_who_wait_look_again_when_the_queue_ends_and_not_before() {
    let words = arena(1 << 14);
    let [mut remover, mut one, mut two, mut sender] =
        [1, 2, 3, 4].map(|number| place(words, number, Presence::There));
    let (at, id) = lone::queue(&mut remover, 1000);
    let waiting = [
        receiver_waits(&mut one, (at, id), Choice::Any, 100),
        receiver_waits(&mut two, (at, id), Choice::Any, 100),
        sender_waits(&mut sender, (at, id), 10),
    ];
    control::wake_everybody(&mut remover, at).unwrap();
    assert_eq!([wait_of(&one), wait_of(&two), wait_of(&sender)], waiting, "while it lives");
    control::end(&mut remover, at, id, |_| Ok(())).unwrap();
    let again = waiting.map(|word| next(word, state::AGAIN, 0));
    assert_eq!([wait_of(&one), wait_of(&two), wait_of(&sender)], again);
    // Whoever told it may have died before he rang.
    bell::lie_down(&two, bell::LONG).unwrap();
    control::wake_everybody(&mut remover, at).unwrap();
    assert_eq!(bell::rung_from(*words, two.at), Ok(Some(0)), "who was told and not rung");
}

#[test]
#[cfg_attr(miri, ignore = "thousands of slots")]
fn thousands_may_wait_for_one_queue() {
    const MANY: u32 = 5000;
    let words = arena(1 << 20);
    let mut sender = place(words, 1, Presence::There);
    let queue = lone::queue(&mut sender, 1000);
    let waiting: Vec<Place> = (0..MANY)
        .map(|number| {
            let mut member = place(words, 2 + number, Presence::There);
            receiver_waits(&mut member, queue, Choice::Equal(1), 100);
            member
        })
        .collect();
    lone::send(&mut sender, queue, 2, 10).expect("a message that nobody takes");
    assert_eq!(types(&mut sender, queue), [2]);
    control::end(&mut sender, queue.0, queue.1, |_| Ok(())).unwrap();
    let told = waiting.iter().filter(|member| state_of(wait_of(member)) == state::AGAIN).count();
    assert_eq!(told, MANY as usize, "who learn of the end");
}

#[test]
fn who_was_told_to_look_again_is_in_no_list() {
    let words = arena(1 << 14);
    let [mut other, mut one, mut two] =
        [1, 2, 3].map(|number| place(words, number, Presence::There));
    let (at, id) = lone::queue(&mut other, 1000);
    receiver_waits(&mut one, (at, id), Choice::Any, 100);
    let change = Change { uid: 0, gid: 0, mode: 0o600, qbytes: 1000 };
    control::change(&mut other, at, id, change, |_| Ok(())).unwrap();
    receiver_waits(&mut two, (at, id), Choice::Any, 100);
    assert_eq!(sleep::withdraw(&mut one, at, id, waiters::list(at, true)), Ok(true));
    lone::send(&mut other, (at, id), 3, 10).unwrap();
    assert_eq!(state_of(wait_of(&two)), state::HANDED, "who waits still");
}

/// A receive while others do this, each time it sleeps.
fn receives(
    member: &mut Place,
    (at, id): Named,
    events: Vec<Event<Slept>>,
) -> Result<(i64, u32), End> {
    member.system.asleep.borrow_mut().extend(events);
    let received = receive::receive(member, at, id, ANY);
    assert!(member.system.asleep.borrow().is_empty(), "not everything has happened");
    received.map(|message| (message.mtype, message.size))
}

#[test]
fn a_message_that_comes_meanwhile_is_fetched() {
    let words = arena(1 << 14);
    let [mut sender, mut receiver] = [1, 2].map(|number| place(words, number, Presence::There));
    let queue = lone::queue(&mut sender, 1000);
    let sent: Event<Slept> = Box::new(move || {
        lone::send(&mut sender, queue, 3, 100).unwrap();
        Slept::Woken
    });
    assert_eq!(receives(&mut receiver, queue, vec![sent]), Ok((3, 100)));
    let wait = wait_of(&receiver);
    assert_eq!((state_of(wait), high(wait)), (state::IDLE, 0));
    let stash = words[receiver.at + slot::STASH + 1].load(Ordering::Relaxed);
    assert_eq!(low(stash), 1, "cells of its size at hand");
    whole::look(*words, 0).unwrap();
}

#[test]
fn a_message_that_somebody_began_to_take_back_comes_all_the_same() {
    let words = arena(1 << 14);
    let [mut sender, mut receiver] = [1, 2].map(|number| place(words, number, Presence::There));
    let queue = lone::queue(&mut sender, 1000);
    let itself = receiver;
    let sent: Event<Slept> = Box::new(move || {
        lone::send(&mut sender, queue, 3, 10).unwrap();
        let wait = wait_of(&itself);
        set_wait(&itself, next(wait, state::WITHDRAWN, high(wait)));
        Slept::Woken
    });
    assert_eq!(receives(&mut receiver, queue, vec![sent]), Ok((3, 10)));
    whole::look(*words, 0).unwrap();
}

#[test]
fn what_a_receiver_is_told_is_what_it_returns() {
    for (state, slept, error) in [
        (state::TOO_BIG, Slept::Woken, E2BIG),
        (state::AGAIN, Slept::Interrupted, EINTR),
        (state::MISSED, Slept::Interrupted, EINTR),
        // The call begins anew, and finds no queue.
        (state::MISSED, Slept::Woken, EINVAL),
    ] {
        let words = arena(1 << 14);
        let [mut other, mut receiver] = [1, 2].map(|number| place(words, number, Presence::There));
        let (at, id) = lone::queue(&mut other, 1000);
        let itself = receiver;
        let told: Event<Slept> = Box::new(move || {
            control::end(&mut other, at, id, |_| Ok(())).unwrap();
            set_wait(&itself, next(wait_of(&itself), state, 0));
            slept
        });
        let received = receives(&mut receiver, (at, id), vec![told]);
        assert_eq!(received, Err(End::errno(error)), "told {state}");
        let wait = wait_of(&receiver);
        assert_eq!((state_of(wait), high(wait)), (state::IDLE, 0), "told {state}");
    }
}

#[test]
fn what_those_were_handed_who_do_not_fetch_it_is_there_after_a_while() {
    for (presence, sleeps) in [
        (Presence::Unseen, sleep::PATIENCE),
        (Presence::There, sleep::PATIENCE),
        (Presence::Running, sleep::BUSY_PATIENCE),
    ] {
        let words = arena(1 << 14);
        let [mut sender, mut other] = [1, 2].map(|number| place(words, number, Presence::There));
        let mut receiver = place(words, 3, presence);
        let queue = lone::queue(&mut sender, 1000);
        receiver_waits(&mut other, queue, Choice::Any, 100);
        let sent: Event<Slept> = Box::new(move || {
            lone::send(&mut sender, queue, 3, 10).unwrap();
            Slept::Woken
        });
        let mut events: Vec<Event<Slept>> = vec![sent];
        events.extend((0..sleeps).map(|_| Box::new(|| Slept::TimedOut) as Event<Slept>));
        receiver.system.asleep.borrow_mut().extend(events);
        receiver.system.asleep.borrow_mut().push_back(Box::new(|| panic!("it sleeps on")));
        let received = receive::receive(&mut receiver, queue.0, queue.1, ANY);
        assert_eq!(received.map(|message| message.mtype), Ok(3), "{presence:?}");
        let left = receiver.system.asleep.borrow().len();
        assert_eq!(left, 1, "{presence:?}: sleeps that were not needed, and the one too many");
    }
}

#[test]
fn a_sender_that_finds_room_before_it_sleeps_does_not_sleep() {
    let words = arena(1 << 14);
    let [mut receiver, mut sender] = [1, 2].map(|number| place(words, number, Presence::There));
    let (at, id) = lone::queue(&mut receiver, 100);
    lone::send(&mut receiver, (at, id), 3, 100).unwrap();
    *sender.system.looking.borrow_mut() = Some(Box::new(move || {
        lone::receive(&mut receiver, (at, id), Choice::Any).unwrap();
    }));
    sender.system.asleep.borrow_mut().push_back(Box::new(|| panic!("it sleeps")));
    let message = lone::message(&mut sender, 4, 10).unwrap();
    send::send(&mut sender, at, id, message, true).unwrap();
    assert_eq!(types(&mut sender, (at, id)), [4]);
}

#[test]
fn a_slot_that_is_tidied_waits_for_nothing_and_keeps_its_cells() {
    for at_hand in [false, true] {
        let words = arena(1 << 14);
        let [mut other, mut member] = [1, 2].map(|number| place(words, number, Presence::There));
        let queue = lone::queue(&mut other, 1000);
        lone::send(&mut other, queue, 3, 100).unwrap();
        let message = lone::receive(&mut member, queue, Choice::Any).unwrap();
        let stash = &words[member.at + slot::STASH + 1];
        assert_eq!(stash.load(Ordering::Relaxed), pair(message.unit, 1));
        if !at_hand {
            stash.store(0, Ordering::Relaxed);
        }
        // As it was when it was fetched.
        words[word_of(message.unit)].store(pair(0, 100), Ordering::Relaxed);
        set_wait(&member, next(wait_of(&member), state::IDLE, message.unit));
        let before = wait_of(&member);
        words[member.at + slot::INSIDE].store(77, Ordering::Relaxed);
        slots::tidy(&mut member).unwrap();
        assert_eq!(wait_of(&member), next(before, state::IDLE, 0));
        assert_eq!(words[member.at + slot::INSIDE].load(Ordering::Relaxed), 0);
        assert_eq!(stash.load(Ordering::Relaxed), pair(message.unit, 1), "at hand: {at_hand}");
        whole::look(*words, 0).unwrap();
    }
}

#[test]
fn a_queue_that_lives_is_neither_cleared_nor_buried_and_a_dead_one_once() {
    let words = arena(1 << 14);
    let mut member = place(words, 1, Presence::There);
    let [(at, id), _] = [lone::queue(&mut member, 1000), lone::queue(&mut member, 1000)];
    lone::send(&mut member, (at, id), 3, 10).unwrap();
    control::clear(&mut member, at).unwrap();
    registry::bury(&mut member, at).unwrap();
    assert_eq!(types(&mut member, (at, id)), [3]);
    control::clear(&mut member, at).unwrap();
    lone::send(&mut member, (at, id), 3, 10).unwrap();
    control::end(&mut member, at, id, |_| Ok(())).unwrap();
    for _ in 0..2 {
        control::clear(&mut member, at).unwrap();
        registry::bury(&mut member, at).unwrap();
        let sequence = words[header::SEQUENCE].load(Ordering::Relaxed);
        assert_eq!(low(sequence), 1, "queues");
    }
    whole::look(*words, 0).unwrap();
}

#[test]
fn an_index_whose_queue_was_not_cleared_away_is_cleared_before_it_is_given() {
    let words = arena(1 << 14);
    let mut member = place(words, 1, Presence::There);
    let (at, id) = lone::queue(&mut member, 1000);
    lone::send(&mut member, (at, id), 3, 10).unwrap();
    control::end(&mut member, at, id, |_| Ok(())).unwrap();
    words[header::CURSOR].store(0, Ordering::Relaxed);
    let (new, _) = lone::queue(&mut member, 1000);
    assert_eq!(new, at, "the place of the new queue");
    let sequence = words[header::SEQUENCE].load(Ordering::Relaxed);
    assert_eq!(low(sequence), 1, "queues");
    whole::look(*words, 0).unwrap();
}
