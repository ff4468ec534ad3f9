//! A thread and an arena of a test's own: nobody else is there.

use super::atomic::{AtomicU64, Ordering};
use super::cells::{self, Message};
use super::commit::{Member, Order, Owner, System, step_by_step};
use super::layout::{EMPTY, pair};
use super::memory::{Fault, Memory};
use super::permission::Permissions;
use super::receive::{self, Request};
use super::registry::{self, New};
use super::runs::{Choice, NODES};
use super::send;
use super::slots;
use super::thread::{Presence, Slept, Thread};
use super::{attempt::End, layout};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// An arena of so many words.
pub fn arena(words: usize) -> Vec<AtomicU64> {
    let arena: Vec<_> = (0..words).map(|_| AtomicU64::new(0)).collect();
    for (word, value) in EMPTY {
        arena[word].store(value, Ordering::Relaxed);
    }
    arena
}

/// A thread that is alone, or believes of all others what the test says.
pub struct Lone {
    /// Its ids.
    pub ids: u64,
    /// What it sees of others.
    pub others: Cell<Presence>,
    /// The ids of one of them that is gone in any case.
    pub dead: Cell<u64>,
    /// The bell that the kernel is to ring on its death; 0: none.
    pub guarded: Cell<u64>,
    /// What happens when it looks before it sleeps, and then each time it sleeps. At last nothing does.
    pub looking: RefCell<Option<Event<()>>>,
    /// See [`Lone::looking`].
    pub asleep: RefCell<VecDeque<Event<Slept>>>,
}

/// What others do meanwhile.
pub type Event<T> = Box<dyn FnOnce() -> T>;

impl Lone {
    /// The thread with this number.
    pub fn new(number: u32) -> Lone {
        Lone {
            ids: pair(number, number),
            others: Cell::new(Presence::There),
            dead: Cell::new(0),
            guarded: Cell::new(0),
            looking: RefCell::new(None),
            asleep: RefCell::new(VecDeque::new()),
        }
    }

    /// One that sees nothing but this of others.
    pub fn who_sees(number: u32, others: Presence) -> Lone {
        Lone { others: Cell::new(others), ..Lone::new(number) }
    }

    /// Its place in an arena.
    pub fn member<'a, M: Memory>(&'a self, memory: &'a M) -> Member<'a, M, Lone> {
        let owner = Owner { ids: self.ids, started: 1, namespace: 2 };
        slots::claim(memory, self, &owner).expect("a slot")
    }
}

impl System for Lone {
    fn carry_out<M: Memory>(&self, memory: M, order: &Order<'_>) -> Result<bool, Fault> {
        step_by_step(memory, order)
    }

    fn pause(&self, _: u32) {
        std::hint::spin_loop();
    }

    fn is_out_of_the_way(&self, owner: &Owner, _: u32) -> bool {
        owner.ids == self.ids || self.others.get() == Presence::Gone
    }

    fn has_left_off(&self, owner: &Owner, round: u32) -> bool {
        self.is_out_of_the_way(owner, round)
    }
}

impl Thread for Lone {
    fn process(&self) -> u32 {
        layout::high(self.ids)
    }

    fn thread(&self) -> u32 {
        layout::low(self.ids)
    }

    fn seconds(&self) -> u32 {
        1
    }

    fn may(&self, _: &Permissions, _: u32) -> bool {
        true
    }

    fn guard(&self, bell: &AtomicU64) -> u64 {
        self.guarded.replace(bell.as_ptr() as u64)
    }

    fn guard_as_before(&self, before: u64) {
        self.guarded.set(before);
    }

    fn wake(&self, _: &AtomicU64) -> bool {
        false
    }

    fn sleep(&self, _: &AtomicU64, _: u64) -> Slept {
        let event = self.asleep.borrow_mut().pop_front();
        event.map_or(Slept::TimedOut, |event| event())
    }

    fn is_gone(&self, owner: &Owner) -> bool {
        self.presence(owner) == Presence::Gone
    }

    fn presence(&self, owner: &Owner) -> Presence {
        match owner.ids {
            ids if ids == self.ids => Presence::There,
            ids if ids == self.dead.get() => Presence::Gone,
            _ => self.others.get(),
        }
    }

    fn looks(&self) -> u32 {
        if let Some(event) = self.looking.take() {
            event();
        }
        0
    }

    fn processor(&self) -> u32 {
        0
    }

    fn slept_beside(&self, _: bool) {}
}

/// A new queue without a key: its first word and its name.
pub fn queue<M: Memory>(member: &mut Member<'_, M, Lone>, qbytes: u64) -> (usize, u32) {
    let new = New { owner: 0, qbytes, most: 100, file: Some(0) };
    let got = registry::get(member, libc::IPC_PRIVATE, 0o600, new);
    let Ok(registry::Got::Id(id)) = got else { panic!("no queue: {got:?}") };
    (registry::by_id(member.memory, id).expect("its place"), id | layout::queue::NAMED)
}

/// Sends a message without text, of this size.
pub fn send<M: Memory>(
    member: &mut Member<'_, M, Lone>,
    (at, id): (usize, u32),
    mtype: i64,
    size: usize,
) -> Result<(), End> {
    let message = message(member, mtype, size)?;
    send::send(member, at, id, message, false)
}

/// A message without text, of this size, that is ready to be sent.
pub fn message<M: Memory>(
    member: &mut Member<'_, M, Lone>,
    mtype: i64,
    size: usize,
) -> Result<Message, End> {
    let class = layout::class_of(size).expect("a class");
    cells::provide(member, 0, NODES + 1)?;
    cells::provide(member, class, 1)?;
    let unit = cells::at_hand(member, class)?;
    let message = Message { unit, size: size as u32, mtype };
    cells::label(member.memory, message, cells::next_number(member))?;
    Ok(message)
}

/// Receives a message without waiting.
pub fn receive<M: Memory>(
    member: &mut Member<'_, M, Lone>,
    (at, id): (usize, u32),
    choice: Choice,
) -> Result<Message, End> {
    let request = Request { choice, room: 1 << 20, cut: false, wait: false };
    let taken = receive::receive(member, at, id, request)?;
    cells::trim(member, taken.class()?)?;
    cells::trim(member, 0)?;
    Ok(taken)
}
