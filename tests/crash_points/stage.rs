//! What is there before somebody is killed: an arena, a queue, and processes that wait on it.

use crate::arena::Arena;
use crate::calls::{self, PLENTY, Place, Queue, ROOM, Text};
use crate::check::Wrong;
use crate::clock::{self, SOON};
use crate::every_store::call;
use crate::kernel;
use crate::process::{Ending, Process};
use crate::real::Real;
use crate::shm::atomic::{Moment, end_at};
use crate::shm::attempt::End;
use crate::shm::bell;
use crate::shm::commit::{Owner, owner, slot_at};
use crate::shm::layout::{header, high, slot};
use crate::shm::memory::Memory;
use crate::shm::receive::Request;
use crate::shm::runs::Choice;
use crate::shm::slots;
use crate::shm::waiters::state_of;
use std::sync::atomic::Ordering;

/// How a call of a process that waited ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Sent,
    Received(Text),
    Failed(i32),
}

/// The numbers of the processes, for their notes.
pub const VICTIM: usize = 0;
pub const FRIEND: usize = 1;
pub const CHECKER: usize = 2;
const FIRST_SLEEPER: usize = 3;

/// The notes of a process.
pub mod note {
    /// When it died, or was done.
    pub const TIME: usize = 0;
    /// How its call ended, and with what.
    pub const ANSWER: usize = 1;
    pub const FIRST: usize = 2;
    pub const SECOND: usize = 3;
    /// 1 when it has a slot.
    pub const READY: usize = 4;
    /// What a process that is killed had asked of the kernel since its last store.
    pub const ASKED: usize = 5;
}

/// A slot: its number, its first word, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub number: u32,
    pub at: usize,
    pub owner: Owner,
}

pub struct Stage {
    pub arena: Arena,
    /// The queue of the test, if one is there from the beginning.
    pub queue: Option<Queue>,
    /// Another queue, if there is one.
    pub beside: Option<Queue>,
    /// Whether a message came early, as the test means it.
    pub early: bool,
    /// The process that is to be killed.
    pub victim: u32,
    pub sleepers: Vec<Process>,
    /// Processes that died before.
    pub dead: Vec<Process>,
    /// The test's own thread.
    pub me: Real,
}

impl Stage {
    /// An empty arena with slots for all processes of a test.
    pub fn new(arena: Arena) -> Result<Stage, End> {
        arena.empty();
        let me = Real::new();
        while arena.words.load(header::SLOTS)? < 16 {
            let place = me.place(&arena.words)?;
            arena.words.store(place.at + slot::INSIDE, 1)?;
        }
        let stage = Stage {
            arena,
            queue: None,
            beside: None,
            early: false,
            victim: 0,
            sleepers: vec![],
            dead: vec![],
            me,
        };
        for slot in stage.slots()?.iter().filter(|slot| slot.owner.ids != 0) {
            arena.words.store(slot.at + slot::INSIDE, 0)?;
            if slot.number > 0 {
                arena.words.store(slot.at + slot::OWNER, 0)?;
                arena.words.store(slot.at + slot::STARTED, 0)?;
                arena.words.store(slot.at + slot::NAMESPACE, 0)?;
            }
        }
        Ok(stage)
    }

    /// All slots.
    pub fn slots(&self) -> Result<Vec<Slot>, End> {
        let words = self.arena.words;
        let mut all = Vec::new();
        for number in 0..slots::used(words)? {
            let at = slot_at(words, number)?;
            all.push(Slot { number, at, owner: owner(words, at)? });
        }
        Ok(all)
    }

    /// Somebody takes all slots that are free but one: then whoever needs one looks for the dead.
    pub fn occupy_the_free(&self, owner: &Owner) -> Result<(), End> {
        let words = self.arena.words;
        let slots = self.slots()?;
        let free = slots.iter().filter(|slot| slot.owner.ids == 0);
        for slot in free.skip(1) {
            words.store(slot.at + slot::INSIDE, 1)?;
            words.store(slot.at + slot::STARTED, owner.started)?;
            words.store(slot.at + slot::NAMESPACE, owner.namespace)?;
            words.store(slot.at + slot::OWNER, owner.ids)?;
        }
        Ok(())
    }

    /// The queue of the test.
    pub fn queue(&self) -> Queue {
        self.queue.expect("the test has a queue")
    }

    /// The place of the test's own thread.
    pub fn place(&self) -> Result<Place<'_>, End> {
        self.me.place(&self.arena.words)
    }

    /// A queue that holds so many bytes, with these messages.
    pub fn fill(&mut self, qbytes: u64, texts: &[Text]) -> Result<(), End> {
        let mut place = self.me.place(&self.arena.words)?;
        let queue = calls::get(&mut place, libc::IPC_PRIVATE, 0o600, qbytes, 100)?;
        for text in texts {
            calls::send(&mut place, queue, *text, false)?;
        }
        self.queue = Some(queue);
        Ok(())
    }

    /// The same for another queue.
    pub fn fill_beside(&mut self, texts: &[Text]) -> Result<(), End> {
        let first = self.queue;
        self.fill(PLENTY, texts)?;
        self.beside = self.queue;
        self.queue = first;
        Ok(())
    }

    /// The same for a queue that does not become full.
    pub fn fill_plenty(&mut self, texts: &[Text]) -> Result<(), End> {
        self.fill(PLENTY, texts)
    }

    /// A process that sleeps in msgrcv.
    pub fn receiver(&mut self, choice: Choice, room: usize) -> Result<(), End> {
        let request = Request { choice, room, cut: false, wait: true };
        let queue = self.queue();
        let receiver =
            self.run(|place| calls::receive(place, queue, request).map(Answer::Received));
        self.sleepers.push(receiver);
        Ok(())
    }

    /// A process that sleeps in msgsnd.
    pub fn sender(&mut self, text: Text) -> Result<(), End> {
        let queue = self.queue();
        let sender = self.run(|place| calls::send(place, queue, text, true).map(|()| Answer::Sent));
        self.sleepers.push(sender);
        Ok(())
    }

    /// The same as [`Stage::receiver`], of the other queue.
    pub fn receiver_beside(&mut self, choice: Choice) -> Result<(), End> {
        let first = self.queue;
        self.queue = self.beside;
        let made = self.receiver(choice, ROOM);
        self.queue = first;
        made
    }

    /// A process that makes a call, and sleeps in it.
    fn run(&self, call: impl Fn(&mut Place<'_>) -> Result<Answer, End>) -> Process {
        let number = FIRST_SLEEPER + self.sleepers.len();
        self.arena.note(number, note::READY).store(0, Ordering::SeqCst);
        let process = Process::run(|| {
            let me = Real::new();
            let answer = me
                .place(&self.arena.words)
                .and_then(|mut place| {
                    self.arena.note(number, note::READY).store(1, Ordering::SeqCst);
                    call(&mut place)
                })
                .unwrap_or_else(|end| Answer::Failed(calls::errno(end)));
            self.write_answer(number, answer);
            0
        });
        let ready = || self.arena.note(number, note::READY).load(Ordering::SeqCst) == 1;
        let asleep = || (ready() && self.is_asleep(process.pid)).then_some(());
        let asleep = clock::until(clock::HANGS, asleep);
        asleep.expect("a process that is to wait falls asleep");
        process
    }

    /// A process that slept is killed.
    pub fn kill_sleeper(&mut self) {
        if let Some(mut sleeper) = self.sleepers.pop() {
            sleeper.kill();
            self.dead.push(sleeper);
        }
    }

    /// Another process makes a call, and has its answer soon.
    pub fn other(&self, call: impl Fn(&mut Place<'_>) -> Result<(), End>) -> Result<(), Wrong> {
        let mut other = Process::run(|| {
            let me = Real::new();
            let start = clock::now();
            let answer = me.place(&self.arena.words).and_then(|mut place| call(&mut place));
            let end = clock::now();
            self.arena.note(FRIEND, note::TIME).store(end, Ordering::Relaxed);
            self.arena.note(FRIEND, note::FIRST).store(end - start, Ordering::Relaxed);
            answer.map_or_else(calls::errno, |()| 0)
        });
        match other.wait() {
            Some(Ending::Exited(0)) => {}
            other => return Err(format!("the call of another process: {other:?}").into()),
        }
        match self.arena.note(FRIEND, note::FIRST).load(Ordering::Relaxed) {
            ..=SOON => Ok(()),
            took => Err(Wrong::Late(format!("the call of another takes {} us", took / 1000))),
        }
    }

    /// A process that does something until it is killed at this moment; whether it was.
    pub fn die(
        &mut self,
        moment: Moment,
        act: impl Fn(&mut Place<'_>) -> Result<(), End>,
        meanwhile: impl Fn(&mut Place<'_>) -> Result<(), End>,
    ) -> Result<bool, End> {
        let mut process = Process::run(|| {
            let me = Real::new();
            let note = |number| self.arena.note(CHECKER, number);
            let begin = || end_at(moment, note(note::TIME), note(note::ASKED));
            i32::from(call(self, &me, &begin, &act).is_err())
        });
        let ready = || kernel::is_gone(process.pid) || self.is_asleep(process.pid);
        clock::until(clock::HANGS, || ready().then_some(()));
        meanwhile(&mut self.me.place(&self.arena.words)?)?;
        let killed = process.wait() == Some(Ending::Killed(libc::SIGKILL));
        self.dead.push(process);
        Ok(killed)
    }

    /// The slot of a process.
    pub fn slot_of(&self, pid: u32) -> Result<Option<Slot>, End> {
        Ok(self.slots()?.into_iter().find(|slot| high(slot.owner.ids) == pid))
    }

    /// What has become of the waiting of a slot's owner.
    pub fn wait_state(&self, slot: &Slot) -> Result<u32, End> {
        Ok(state_of(self.arena.words.load(slot.at + slot::WAIT)?))
    }

    /// Whether a process sleeps until somebody rings its bell.
    pub fn is_asleep(&self, pid: u32) -> bool {
        let slots = self.slots().unwrap_or_default();
        let mut its = slots.iter().filter(|slot| high(slot.owner.ids) == pid);
        its.any(|slot| bell::sleeps_long(self.arena.words, slot.at) == Ok(true))
            && kernel::sleeps(pid)
    }

    fn write_answer(&self, number: usize, answer: Answer) {
        let (kind, first, second) = match answer {
            Answer::Sent => (1, 0, 0),
            Answer::Received((mtype, size)) => (2, mtype as u64, size as u64),
            Answer::Failed(errno) => (3, errno as u64, 0),
        };
        self.arena.note(number, note::FIRST).store(first, Ordering::Relaxed);
        self.arena.note(number, note::SECOND).store(second, Ordering::Relaxed);
        self.arena.note(number, note::TIME).store(clock::now(), Ordering::Relaxed);
        self.arena.note(number, note::ANSWER).store(kind, Ordering::Release);
    }

    /// How the call of a process that waits ended, if it has, and when.
    pub fn answer(&self, sleeper: usize) -> Option<(Answer, u64)> {
        let read = |number| self.arena.note(FIRST_SLEEPER + sleeper, number);
        let answer = match read(note::ANSWER).load(Ordering::Acquire) {
            0 => return None,
            1 => Answer::Sent,
            2 => Answer::Received((
                read(note::FIRST).load(Ordering::Relaxed) as i64,
                read(note::SECOND).load(Ordering::Relaxed) as usize,
            )),
            _ => Answer::Failed(read(note::FIRST).load(Ordering::Relaxed) as i32),
        };
        Some((answer, read(note::TIME).load(Ordering::Relaxed)))
    }
}
