//! Processes that pause at every store, and go on when others have done something.

use crate::arena::Arena;
use crate::calls::{self, ROOM};
use crate::clock;
use crate::dead::dead_with_the_lock;
use crate::kernel;
use crate::process::{Ending, Process};
use crate::real::Real;
use crate::shm::atomic::{GOES_ON, Moment, PAUSES, pause_at};
use crate::shm::attempt::End;
use crate::shm::memory::Memory;
use crate::shm::runs::Choice;
use crate::shm::whole;
use crate::stage::{Stage, note};
use std::cell::Cell;
use std::sync::atomic::Ordering;

/// How long others get before the process goes on that they may have to wait for.
const A_WHILE: u64 = 20_000_000;

/// A process that pauses, or has to do with one that does. Its notes have this number.
struct Paused<'a> {
    stage: &'a Stage,
    number: usize,
    process: Process,
}

impl<'a> Paused<'a> {
    /// A process that does something, and pauses at a moment if one is given. Comes back when it
    /// pauses, when it is done, or after a while.
    fn run(
        stage: &'a Stage,
        number: usize,
        moment: Option<Moment>,
        act: impl Fn(&Real, &dyn Fn()) -> Result<(), End>,
    ) -> Paused<'a> {
        let begin = || {
            if let Some(moment) = moment {
                pause_at(moment, stage.arena.note(number, note::FIRST));
            }
        };
        let process = Process::run(|| act(&Real::new(), &begin).map_or_else(calls::errno, |()| 0));
        let paused = Paused { stage, number, process };
        let most = if moment.is_some() { clock::HANGS } else { A_WHILE };
        let ready = || paused.pauses() || paused.slot() != 0 || kernel::is_gone(paused.process.pid);
        clock::until(most, || ready().then_some(()));
        paused
    }

    fn pauses(&self) -> bool {
        self.stage.arena.note(self.number, note::FIRST).load(Ordering::SeqCst) == PAUSES
    }

    /// The slot that it has claimed, as its last act.
    fn slot(&self) -> u64 {
        self.stage.arena.note(self.number, note::SECOND).load(Ordering::SeqCst)
    }

    fn goes_on(&self) {
        self.stage.arena.note(self.number, note::FIRST).store(GOES_ON, Ordering::SeqCst);
    }

    /// Waits for its end, or for a while.
    fn has_a_while(&mut self) {
        clock::until(A_WHILE, || self.process.ending());
    }

    /// How it ended.
    fn end(&mut self) -> Option<Ending> {
        self.process.wait()
    }

    /// A process that claims a slot, and has it until it is told to go on.
    fn claims(stage: &'a Stage, number: usize, moment: Option<Moment>) -> Paused<'a> {
        Paused::run(stage, number, moment, |me, begin| {
            begin();
            let place = me.place(&stage.arena.words)?;
            stage.arena.note(number, note::SECOND).store(place.at as u64, Ordering::SeqCst);
            let word = stage.arena.note(number, note::FIRST);
            clock::until(clock::HANGS, || (word.load(Ordering::SeqCst) == GOES_ON).then_some(()));
            Ok(())
        })
    }

    /// A process that takes the oldest message.
    fn takes(stage: &'a Stage, number: usize, moment: Option<Moment>) -> Paused<'a> {
        Paused::run(stage, number, moment, |me, begin| {
            let mut place = me.place(&stage.arena.words)?;
            begin();
            calls::take(&mut place, stage.queue(), Choice::Any).map(drop)
        })
    }
}

const ENDED: Option<Ending> = Some(Ending::Exited(0));

/// Does something with each moment, until a process no longer pauses at it.
fn at_every_store(operation: &str, once: impl Fn(Arena, Moment) -> Result<bool, String>) {
    let arena = Arena::map();
    for store in 1..500 {
        for made in [false, true] {
            let moment = Moment { store, made };
            match once(arena, moment) {
                Ok(true) => {}
                Ok(false) => {
                    assert!(store > 3, "{operation} pauses nowhere");
                    return;
                }
                Err(wrong) => panic!("paused {moment} of {operation}: {wrong}"),
            }
        }
    }
    panic!("{operation} makes more than 500 stores");
}

/// What is there in the end.
fn look(stage: &Stage, texts: &[calls::Text]) -> Result<(), String> {
    let mut place = stage.place().map_err(|end| format!("{end:?}"))?;
    let left = calls::peek(&mut place, stage.queue()).map_err(|end| format!("{end:?}"))?;
    if left != texts {
        return Err(format!("the queue has {left:?}, not {texts:?}"));
    }
    whole::look(stage.arena.words, 0)
}

/// A receiver waited, and died.
fn with_a_dead_receiver(arena: Arena) -> Result<Stage, End> {
    let mut stage = Stage::new(arena)?;
    stage.fill_plenty(&[])?;
    stage.receiver(Choice::Any, ROOM)?;
    stage.kill_sleeper();
    Ok(stage)
}

#[test]
fn two_who_need_a_slot_never_adopt_the_same() {
    at_every_store("an adoption", |arena, moment| {
        let stage = with_a_dead_receiver(arena).unwrap();
        stage.occupy_the_free(&stage.me.owner()).unwrap();
        let mut first = Paused::claims(&stage, 0, Some(moment));
        let pauses = first.pauses();
        let mut second = Paused::claims(&stage, 1, None);
        first.goes_on();
        let claimed = clock::until(clock::HANGS, || (second.slot() != 0).then_some(()));
        second.goes_on();
        let ends = [first.end(), second.end()];
        match claimed.is_some() && first.slot() != second.slot() && ends == [ENDED; 2] {
            true => Ok(pauses),
            false => Err(format!("slots {} and {}, {ends:?}", first.slot(), second.slot())),
        }
    });
}

#[test]
fn what_is_sent_to_the_dead_while_their_slot_is_adopted_is_there_once() {
    at_every_store("an adoption", |arena, moment| {
        let stage = with_a_dead_receiver(arena).unwrap();
        let before = Moment { store: 1, made: false };
        let mut sender = Paused::run(&stage, 1, Some(before), |me, begin| {
            let mut place = me.place(&stage.arena.words)?;
            begin();
            calls::send(&mut place, stage.queue(), (3, 30), false)
        });
        stage.occupy_the_free(&stage.me.owner()).unwrap();
        let mut adopter = Paused::claims(&stage, 0, Some(moment));
        let pauses = adopter.pauses();
        sender.goes_on();
        sender.has_a_while();
        adopter.goes_on();
        let ends = [adopter.end(), sender.end()];
        if ends != [ENDED; 2] {
            return Err(format!("{ends:?}"));
        }
        look(&stage, &[(3, 30)]).map(|()| pauses)
    });
}

/// The last moment of a process before it takes a dead one's lock over.
fn before_it_takes_over(arena: Arena, from: &Cell<u64>) -> Result<Moment, End> {
    let mut store = 1;
    loop {
        let mut stage = Stage::new(arena)?;
        dead_with_the_lock(&mut stage, from, 3)?;
        let dead = arena.words.load(stage.queue().at)?;
        let taker = Paused::takes(&stage, 1, Some(Moment { store, made: true }));
        assert!(taker.pauses(), "nobody takes the lock over");
        if arena.words.load(stage.queue().at)? != dead {
            return Ok(Moment { store, made: false });
        }
        store += 1;
    }
}

#[test]
fn who_adopts_a_slot_and_who_takes_its_lock_over_do_not_both_complete_its_change() {
    let from = Cell::new(1);
    let takes_over = before_it_takes_over(Arena::map(), &from).unwrap();
    at_every_store("an adoption", |arena, moment| {
        let mut stage = Stage::new(arena).unwrap();
        dead_with_the_lock(&mut stage, &from, 3).unwrap();
        let mut first = Paused::takes(&stage, 1, Some(takes_over));
        stage.occupy_the_free(&stage.me.owner()).unwrap();
        let mut adopter = Paused::claims(&stage, 0, Some(moment));
        let pauses = adopter.pauses();
        first.goes_on();
        first.has_a_while();
        let mut second = Paused::takes(&stage, 2, None);
        second.has_a_while();
        adopter.goes_on();
        let ends = [first.end(), second.end(), adopter.end()];
        if ends != [ENDED; 3] {
            return Err(format!("{ends:?}"));
        }
        look(&stage, &[(3, 30)]).map(|()| pauses)
    });
}
