//! A receiver that waits, and a sender that hands it a message.

use crate::actor::Kernel;
use crate::arena::{LOCK, Plan, Words, ids, slot_of};
use crate::caller::{Caller, Futexes, Killed, Place, Slip};
use crate::model::{fails, holds, holds_with};
use crate::shm::atomic::Ordering;
use crate::shm::attempt::End;
use crate::shm::cells::{self, Message};
use crate::shm::layout::{EMPTY, header, high, queue, slot, word_of};
use crate::shm::receive::{self, Request};
use crate::shm::registry::{self, Got, New};
use crate::shm::runs::{Choice, NODES};
use crate::shm::{bell, send};
use libc::{EINTR, ENOMSG, IPC_PRIVATE};
use std::sync::{Arc, Mutex};

/// The message of the models: its type, and how many bytes.
const TEXT: (i64, usize) = (7, 5);
const RECEIVER: usize = 0;
const SENDER: usize = 1;
/// The threads that have a slot and cells at hand.
const THREADS: usize = 2;
/// How many words an arena has, and more than is used of it.
const WORDS: usize = 1 << 13;
/// How many changes a journal has at most.
const CHANGES: usize = 24;
/// How many of a thread's cells are used at most.
const CELLS: usize = 6;

/// An arena with an empty queue, and the queue's name in it.
#[derive(Clone)]
struct Stage {
    plan: Plan,
    id: u32,
}

/// Makes the stage, once for all orders of events.
fn stage() -> Stage {
    let made = Arc::new(Mutex::new(None));
    let to = made.clone();
    holds(move || {
        let words = Plan::new(THREADS).changed(header::READY + 1..WORDS).arena();
        *to.lock().expect("a lock") = Some(furnish(&words));
    });
    made.lock().expect("a lock").take().expect("a stage")
}

fn furnish(words: &Words) -> Stage {
    for (index, value) in EMPTY.into_iter().filter(|(index, _)| *index > header::READY) {
        words[index].store(value, Ordering::Relaxed);
    }
    let mut changed = vec![header::LOCK..header::SLOTS, LOCK..LOCK + queue::WORDS];
    let (kernel, futexes) = (Kernel::new(THREADS), Futexes::new(THREADS));
    let mut id = 0;
    for number in 0..THREADS {
        words[slot_of(number) + slot::OWNER].store(ids(number), Ordering::Relaxed);
        let caller = Caller::new(number, &kernel, words, &futexes);
        caller.live(|place| {
            bell::get_up(place.memory, place.at).expect("a bell");
            if number == 0 {
                let new = New { owner: 0, qbytes: 100, most: 100, file: Some(0) };
                let got = registry::get(place, IPC_PRIVATE, 0o600, new);
                let Ok(Got::Id(name)) = got else { panic!("no queue: {got:?}") };
                assert_eq!(registry::by_id(place.memory, name), Ok(LOCK));
                place.begin(LOCK).expect("a queue that is not young any more");
                id = name | queue::NAMED;
            }
            cells::provide(place, 0, NODES + 1).expect("cells");
            let first = place.at + slot::STASH;
            changed.extend([place.at + slot::INSIDE..place.at + slot::STASH, first..first + 1]);
            let journal = place.at + slot::JOURNAL;
            changed.push(journal..journal + 2 * CHANGES);
            let mut unit = high(words[first].load(Ordering::Relaxed));
            for _ in 0..CELLS {
                changed.push(word_of(unit)..word_of(unit + 1));
                unit = high(words[word_of(unit)].load(Ordering::Relaxed));
            }
        });
    }
    let mut plan = Plan::new(THREADS);
    for (index, word) in words.iter().enumerate() {
        match word.load(Ordering::Relaxed) {
            0 => {}
            value => plan = plan.with(index, value),
        }
    }
    let plan = changed.into_iter().fold(plan, Plan::changed);
    Stage { plan: plan.lock(header::LOCK), id }
}

fn send(place: &mut Place<'_>, id: u32) {
    let (mtype, size) = TEXT;
    let unit = cells::at_hand(place, 0).expect("a cell");
    let message = Message { unit, size: size as u32, mtype };
    cells::label(place.memory, message, 1).expect("a label");
    let sent = send::send(place, LOCK, id, message, false);
    bell::unguard(place);
    assert_eq!(sent, Ok(()), "msgsnd");
}

fn receive(place: &mut Place<'_>, id: u32, wait: bool) -> Result<(), End> {
    let request = Request { choice: Choice::Any, room: 100, cut: false, wait };
    let taken = receive::receive(place, LOCK, id, request);
    bell::unguard(place);
    taken.map(|taken| assert_eq!((taken.mtype, taken.size as usize), TEXT, "the message"))
}

/// A receiver waits for a message, and a sender sends it; with `wait` not before the other sleeps.
/// Both may be changed before.
fn one_message(
    wait: bool,
    change: impl Fn(&mut Caller, &mut Caller) + Send + Sync + 'static,
) -> impl Fn() + Send + Sync + 'static {
    let stage = stage();
    move || {
        let (words, id) = (stage.plan.arena(), stage.id);
        let (kernel, futexes) = (Kernel::new(THREADS), Futexes::new(THREADS));
        let caller = |number| Caller::new(number, &kernel, &words, &futexes);
        let (mut receiver, mut sender) = (caller(RECEIVER), caller(SENDER));
        change(&mut receiver, &mut sender);
        let futexes = futexes.clone();
        let sender = loom::thread::spawn(move || {
            if wait {
                futexes.until_asleep(RECEIVER);
            }
            sender.live(|place| send(place, id))
        });
        let received = receiver.live(|place| receive(place, id, true)).expect("it lives");
        sender.join().expect("the sender");
        match received {
            Ok(()) => {}
            // It was interrupted, and the message is in the queue.
            Err(end) if receiver.interrupted && end == End::errno(EINTR) => {
                receiver.live(|place| assert_eq!(receive(place, id, false), Ok(()), "later"));
            }
            Err(end) => panic!("msgrcv: {end:?}"),
        }
        let again = receiver.live(|place| receive(place, id, false));
        assert_eq!(again, Some(Err(End::errno(ENOMSG))), "the message came twice");
    }
}

#[test]
fn a_message_reaches_a_receiver_that_waits() {
    holds(one_message(false, |_, _| {}));
}

#[test]
fn a_sender_that_wakes_nobody_is_found() {
    fails("deadlock", one_message(false, |_, sender| sender.slip = Slip::WakesNobody));
}

#[test]
fn a_receiver_that_is_interrupted_leaves_the_message_or_has_it() {
    holds_with(2, one_message(false, |receiver, _| receiver.interrupted = true));
}

#[test]
fn a_receiver_that_is_interrupted_and_stays_in_the_list_is_found() {
    fails(
        "later",
        one_message(false, |receiver, _| {
            (receiver.interrupted, receiver.slip) = (true, Slip::StaysInTheList);
        }),
    );
}

#[test]
fn a_receiver_that_sleeps_wakes_up_when_its_sender_dies() {
    for killed in [Killed::Changed, Killed::Waking] {
        holds(one_message(true, move |_, sender| sender.killed = killed));
    }
    holds(one_message(true, |_, sender| sender.dies_after(1)));
}

#[test]
fn a_sender_that_does_not_tell_the_kernel_whom_to_wake_is_found() {
    fails(
        "deadlock",
        one_message(true, |_, sender| {
            (sender.killed, sender.slip) = (Killed::Waking, Slip::GuardsNobody);
        }),
    );
}

/// The kernel wakes nobody who is only about to sleep; he notices within a second.
#[test]
fn a_receiver_that_falls_asleep_when_its_sender_dies_has_the_message_a_second_later() {
    for killed in [Killed::Changed, Killed::Waking] {
        holds(one_message(false, move |_, sender| {
            (sender.killed, sender.time_passes) = (killed, true);
        }));
    }
}

#[test]
fn without_that_second_it_would_sleep_on() {
    fails("deadlock", one_message(false, |_, sender| sender.killed = Killed::Changed));
}
