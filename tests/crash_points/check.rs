//! What somebody finds who comes after a process was killed.

use crate::adopt;
use crate::calls::{self, PLENTY, Place, Queue, Text};
use crate::clock::{self, SOON};
use crate::every_store::Case;
use crate::kernel;
use crate::real::Real;
use crate::shm::attempt::End;
use crate::shm::control::Status;
use crate::shm::layout::{header, low, queue};
use crate::shm::memory::Memory;
use crate::shm::runs::Choice;
use crate::shm::whole;
use crate::stage::{Answer, CHECKER, FRIEND, Stage, VICTIM, note};
use libc::{EINVAL, ENOENT, ENOSPC, IPC_PRIVATE};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::Ordering;

/// The checking process's statuses.
pub const UNDONE: i32 = 10;
pub const DONE: i32 = 11;
pub const LATE: i32 = 12;
pub const BROKEN: i32 = 13;

/// A key that no queue has.
const NO_KEY: i32 = 999;

/// What is not as it should be.
#[derive(Debug)]
pub enum Wrong {
    /// It is right, and came too late.
    Late(String),
    Broken(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Late(what) => write!(to, "too late: {what}"),
            Wrong::Broken(what) => to.write_str(what),
        }
    }
}

impl From<String> for Wrong {
    fn from(what: String) -> Wrong {
        Wrong::Broken(what)
    }
}

impl From<End> for Wrong {
    fn from(end: End) -> Wrong {
        Wrong::Broken(format!("a call afterwards fails: {end:?}"))
    }
}

/// Whoever comes afterwards, and what it has found.
pub struct Check<'a> {
    pub stage: &'a Stage,
    pub place: Place<'a>,
    /// Whether the operation did not come to its end.
    pub killed: bool,
    /// Since when all who were asleep had reason to wake up.
    pub since: u64,
    /// How many units of the arena may be lost.
    pub lost: u64,
    slowest: u64,
}

/// The checking process. Gives its status, and leaves a text where something is wrong.
pub fn run(stage: &Stage, case: &Case<'_>, killed: bool) -> i32 {
    let me = Real::new();
    match check(stage, case, &me, killed) {
        Ok(true) => DONE,
        Ok(false) => UNDONE,
        Err(Wrong::Late(what)) => {
            stage.arena.write(&what);
            LATE
        }
        Err(Wrong::Broken(what)) => {
            stage.arena.write(&what);
            BROKEN
        }
    }
}

fn check(stage: &Stage, case: &Case<'_>, me: &Real, killed: bool) -> Result<bool, Wrong> {
    let time = |process| stage.arena.note(process, note::TIME).load(Ordering::Relaxed);
    let since = time(VICTIM).max(time(FRIEND));
    let start = clock::now();
    let place = me.place(&stage.arena.words)?;
    let mut check = Check { stage, place, killed, since, lost: 0, slowest: 0 };
    check.first_call(start)?;
    let done = (case.after)(&mut check)?;
    check.sleepers_are_back()?;
    check.leave_nothing()?;
    stage.arena.note(CHECKER, note::SECOND).store(check.slowest, Ordering::Relaxed);
    Ok(done)
}

impl Check<'_> {
    /// The first calls on the queue, and on the registry.
    fn first_call(&mut self, start: u64) -> Result<(), Wrong> {
        if self.stage.queue.is_some() {
            self.status()?;
        }
        match calls::get(&mut self.place, NO_KEY, 0, 0, 100) {
            Err(end) if calls::errno(end) == ENOENT => {}
            other => return Err(format!("msgget without a queue gives {other:?}").into()),
        }
        let took = clock::now() - start;
        self.stage.arena.note(CHECKER, note::FIRST).store(took, Ordering::Relaxed);
        match took <= SOON {
            true => Ok(()),
            false => Err(Wrong::Late(format!("the first calls take {} us", took / 1000))),
        }
    }

    /// Whether the killed process had a slot.
    pub fn had_a_slot(&self) -> bool {
        self.stage.arena.note(VICTIM, note::FIRST).load(Ordering::Relaxed) > 0
    }

    /// What IPC_STAT tells of the queue, if it is still there.
    pub fn status(&mut self) -> Result<Option<Status>, Wrong> {
        match calls::status(&mut self.place, self.stage.queue()) {
            Ok(status) => Ok(Some(status)),
            Err(end) if calls::errno(end) == EINVAL => Ok(None),
            Err(end) => Err(end.into()),
        }
    }

    /// The same of a queue that has to be there.
    pub fn state(&mut self) -> Result<Status, Wrong> {
        self.status()?.ok_or(Wrong::Broken("the queue is gone".into()))
    }

    /// The queue has these messages, and says so.
    pub fn holds(&mut self, expected: &[Text]) -> Result<(), Wrong> {
        let status = self.state()?;
        let found = calls::peek(&mut self.place, self.stage.queue())?;
        let bytes: usize = expected.iter().map(|text| text.1).sum();
        let counted = (status.messages as usize, status.bytes as usize);
        if found != expected || counted != (expected.len(), bytes) {
            return Err(format!("the queue has {found:?}, not {expected:?}; {status:?}").into());
        }
        Ok(())
    }

    /// The queue has these messages, or those; whether those.
    pub fn either(&mut self, undone: &[Text], done: &[Text]) -> Result<bool, Wrong> {
        let is_done = self.state()?.messages as usize == done.len();
        self.holds(if is_done { done } else { undone })?;
        Ok(is_done)
    }

    /// The queue has these messages, in any order.
    pub fn holds_all(&mut self, expected: &[Text]) -> Result<(), Wrong> {
        let mut found = calls::peek(&mut self.place, self.stage.queue())?;
        found.sort_unstable();
        self.same("the messages of the queue", found.as_slice(), expected)
    }

    /// The two things are the same.
    pub fn same<T: PartialEq + fmt::Debug>(
        &self,
        what: &str,
        found: T,
        expected: T,
    ) -> Result<(), Wrong> {
        match found == expected {
            true => Ok(()),
            false => Err(format!("{what}: {found:?}, not {expected:?}").into()),
        }
    }

    pub fn send(&mut self, text: Text) -> Result<(), Wrong> {
        self.since = clock::now();
        Ok(calls::send(&mut self.place, self.stage.queue(), text, false)?)
    }

    pub fn take(&mut self, choice: Choice) -> Result<Text, Wrong> {
        self.since = clock::now();
        Ok(calls::take(&mut self.place, self.stage.queue(), choice)?)
    }

    pub fn remove(&mut self) -> Result<(), Wrong> {
        self.since = clock::now();
        Ok(calls::remove(&mut self.place, self.stage.queue())?)
    }

    pub fn set(&mut self, mode: u32, qbytes: u64) -> Result<(), Wrong> {
        self.since = clock::now();
        Ok(calls::set(&mut self.place, self.stage.queue(), mode, qbytes)?)
    }

    /// A process that slept is back soon, with this.
    pub fn back(&mut self, sleeper: usize, expected: Answer) -> Result<(), Wrong> {
        let answer = clock::until(clock::HANGS / 2, || self.stage.answer(sleeper));
        let Some((answer, when)) = answer else {
            return Err(format!("process {sleeper} sleeps on; expected was {expected:?}").into());
        };
        self.same(&format!("process {sleeper}, which slept"), answer, expected)?;
        let took = when.saturating_sub(self.since);
        self.slowest = self.slowest.max(took);
        if took > SOON {
            let late = format!("process {sleeper}, which slept, is back after {} us", took / 1000);
            return Err(Wrong::Late(late));
        }
        Ok(())
    }

    /// A process that slept is not back.
    pub fn asleep(&mut self, sleeper: usize) -> Result<(), Wrong> {
        match self.stage.answer(sleeper) {
            None => Ok(()),
            Some((answer, _)) => Err(format!("process {sleeper} is back: {answer:?}").into()),
        }
    }

    /// All who slept have come to their end.
    fn sleepers_are_back(&mut self) -> Result<(), Wrong> {
        for (number, sleeper) in self.stage.sleepers.iter().enumerate() {
            let gone = || kernel::is_gone(sleeper.pid).then_some(());
            if clock::until(clock::HANGS / 2, gone).is_none() {
                return Err(format!("the test forgot process {number}").into());
            }
        }
        Ok(())
    }

    /// The queue works, the slots of the dead are adopted, and nothing is lost.
    fn leave_nothing(&mut self) -> Result<(), Wrong> {
        self.clear_away()?;
        let queue = self.queue_for_more()?;
        while calls::status(&mut self.place, queue)?.messages > 0 {
            calls::take(&mut self.place, queue, Choice::Any)?;
        }
        calls::set(&mut self.place, queue, 0o600, PLENTY)?;
        self.hundred_messages(queue)?;
        adopt::all_dead(self, queue)?;
        let left = calls::peek(&mut self.place, queue)?;
        self.same("messages at the end", left, vec![])?;
        for list in [queue::RECEIVERS, queue::SENDERS] {
            let ends = self.place.memory.load(queue.at + list).map_err(End::from)?;
            self.same(&format!("list {list} at the end"), ends, 0)?;
        }
        Ok(whole::look(self.stage.arena.words, self.lost)?)
    }

    /// What is left of queues that were removed goes away: where there may be no more queues than
    /// there are, msgget looks for it.
    fn clear_away(&mut self) -> Result<(), Wrong> {
        loop {
            let most = low(self.place.memory.load(header::SEQUENCE).map_err(End::from)?);
            match calls::get(&mut self.place, IPC_PRIVATE, 0o600, PLENTY, most) {
                Ok(queue) => calls::remove(&mut self.place, queue)?,
                Err(end) if calls::errno(end) == ENOSPC => return Ok(()),
                Err(end) => return Err(end.into()),
            }
        }
    }

    /// The test's queue, or a new one.
    fn queue_for_more(&mut self) -> Result<Queue, Wrong> {
        if self.stage.queue.is_some() && self.status()?.is_some() {
            return Ok(self.stage.queue());
        }
        Ok(calls::get(&mut self.place, IPC_PRIVATE, 0o600, PLENTY, 100)?)
    }

    /// A hundred messages of some types and sizes come out as from a list.
    fn hundred_messages(&mut self, queue: Queue) -> Result<(), Wrong> {
        let mut list: VecDeque<Text> = VecDeque::new();
        for number in 0..100 {
            let text = (1 + number * 7 % 5, [0, 30, 48, 49, 300][number as usize % 5]);
            calls::send(&mut self.place, queue, text, false)?;
            list.push_back(text);
            if number % 3 == 2 {
                let choice = [Choice::Any, Choice::Equal(text.0), Choice::NotEqual(1)]
                    [number as usize % 9 / 3];
                let place = list.iter().position(|text| choice.takes(text.0));
                let expected = place.and_then(|place| list.remove(place));
                let found = calls::take(&mut self.place, queue, choice).ok();
                self.same(&format!("message {number}, {choice:?}"), found, expected)?;
            }
        }
        for expected in list {
            let found = calls::take(&mut self.place, queue, Choice::Any)?;
            self.same("a message afterwards", found, expected)?;
        }
        Ok(())
    }
}
