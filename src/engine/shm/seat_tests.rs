//! A thread's slot, by its calls: how it enters an arena, and how it leaves.

use super::*;
use crate::engine::shm::attempt::{Step, attempt};
use crate::engine::shm::commit::owner;
use crate::engine::shm::layout::{FIRST_FRESH, UNIT_WORDS, queue};
use crate::engine::shm::lone::{self, Lone};
use crate::engine::shm::runs::Choice;
use crate::engine::shm::space::Space;
use crate::engine::shm::{file, waiters};
use crate::os::Descriptor;
use libc::{ENOMSG, O_RDWR};
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

/// An arena in a file, which goes with the last who has it open.
fn arena() -> Mapped {
    let place = tempfile::tempdir().unwrap();
    let path = CString::new(place.path().join("arena").into_os_string().into_vec()).unwrap();
    file::make(&path, 0o600, FIRST_FRESH, &[]).unwrap();
    let space: &'static Space = Box::leak(Box::new(Space::empty()));
    space.fill(&Descriptor::open(&path, O_RDWR, 0).unwrap(), 1 << 24).unwrap();
    space.get().unwrap()
}

fn load(memory: Mapped, index: usize) -> u64 {
    memory.load(index).unwrap()
}

/// From now on the thread waits for a message.
fn waits(seat: &mut Seat<'_>, at: usize, id: u32) {
    waiters::describe_receiver(seat, at, Choice::Any, 100).unwrap();
    attempt(seat, at, |seat, _| {
        waiters::join(seat, id, waiters::list(at, true))?;
        Ok(Step::Change(()))
    })
    .unwrap();
    assert_ne!(load(seat.memory, at + queue::RECEIVERS), 0, "it waits");
}

#[test]
fn a_thread_has_a_slot_of_its_own() {
    let (memory, caller) = (arena(), Caller::new());
    let others = [1, 2].map(Lone::new);
    let slots = others.each_ref().map(|other| other.member(&memory).at);
    for call in ["first", "second"] {
        let seat = enter(&memory, &caller, false).unwrap();
        assert!(!slots.contains(&seat.at), "the {call} call is in another's slot");
        assert_eq!(owner(memory, seat.at).map(|its| its.ids), Ok(caller.ids()), "{call}");
        assert_eq!(leave(seat, Ok(())), Some(Ok(())));
    }
}

#[test]
fn a_call_that_is_made_where_another_was_left_by_a_jump_has_its_slot_and_ends_its_waiting() {
    let (memory, caller) = (arena(), Caller::new());
    let (at, id) = lone::queue(&mut Lone::new(1).member(&memory), 1000);
    let mut slots = Vec::new();
    // Each call has its frame where the one before had it, and none of them leaves.
    for _ in 0..3 {
        let mut seat = enter(&memory, &caller, false).unwrap();
        assert_eq!(load(memory, at + queue::RECEIVERS), 0, "the list, after {slots:?}");
        slots.push(seat.at);
        waits(&mut seat, at, id);
    }
    assert!(slots.iter().all(|slot| *slot == slots[0]), "{slots:?}");
}

#[test]
fn a_call_that_fails_while_its_slot_says_that_it_waits_takes_it_off_the_list() {
    let (memory, caller) = (arena(), Caller::new());
    let other = Lone::new(1);
    let (at, id) = lone::queue(&mut other.member(&memory), 1000);
    let mut seat = enter(&memory, &caller, false).unwrap();
    let slot = seat.at;
    waits(&mut seat, at, id);
    assert_eq!(leave::<()>(seat, Err(End::errno(EIO))), Some(Err(End::errno(EIO))));
    assert_eq!(load(memory, at + queue::RECEIVERS), 0, "the list");
    assert_eq!(state_of(load(memory, slot + slot::WAIT)), state::IDLE);
    assert_eq!(load(memory, slot + slot::INSIDE), 0);
}

#[test]
fn a_call_that_fails_without_having_waited_tells_its_own_error_whatever_queue_the_slot_names() {
    let (memory, caller) = (arena(), Caller::new());
    let seat = enter(&memory, &caller, false).unwrap();
    let slot = seat.at;
    // The queue of an earlier call, which is damaged by now: its lock names a slot that cannot be.
    let damaged = FIRST_FRESH as usize * UNIT_WORDS - 1;
    memory.store(slot + slot::QUEUE, damaged as u64).unwrap();
    memory.store(damaged, u64::MAX).unwrap();
    assert_eq!(leave::<()>(seat, Err(End::errno(ENOMSG))), Some(Err(End::errno(ENOMSG))));
    assert_eq!(load(memory, slot + slot::INSIDE), 0);
}
