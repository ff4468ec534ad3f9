//! The storms: processes that send and receive, and signals that fall on them without warning.
#![allow(unsafe_code)]

use crate::board::{Board, LIVES, Shared};
use crate::engines::process::{End, Process, describe, state, step_back};
use crate::engines::random::Random;
use crate::engines::sides::Person;
use crate::people::{Life, drain, send_home};
use libc::c_int;
use msgq::engine::Engine;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

/// What falls on the processes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// SIGKILL, at times on one that is stopped.
    Kills,
    /// SIGSTOP, and SIGCONT after a while.
    Stops,
}

/// How a round ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All are killed.
    Killed,
    /// Senders end, and receivers are sent home.
    SentHome,
}

/// What a process does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trade {
    Producer,
    Consumer,
    Clerk,
}

const CAST: [Trade; 7] = [
    Trade::Producer,
    Trade::Producer,
    Trade::Producer,
    Trade::Consumer,
    Trade::Consumer,
    Trade::Consumer,
    Trade::Clerk,
];

/// Nobody may wait longer than this for something that others have done.
const PATIENCE: Duration = Duration::from_secs(3);

struct Actor {
    trade: Trade,
    life: usize,
    process: Process,
}

/// One queue, those around it, and the board they write on.
pub struct Round {
    engine: &'static dyn Engine,
    keys: c_int,
    msqid: c_int,
    board: Shared,
    actors: Vec<Actor>,
    lives: usize,
    random: Random,
    killed_receivers: u64,
    killed_senders: Vec<usize>,
    /// Receivers that were stopped or killed.
    held_receivers: u64,
}

impl Round {
    /// Makes the queue, and starts the processes.
    pub fn begin(engine: &'static dyn Engine, keys: c_int, seed: u64) -> Result<Round, String> {
        let flags = libc::IPC_CREAT | libc::IPC_EXCL | 0o600;
        let made = engine.msgget(keys, flags);
        let msqid = made.map_err(|error| format!("msgget failed with error {}", error.0))?;
        let mut round = Round {
            engine,
            keys,
            msqid,
            board: Shared::new(),
            actors: Vec::new(),
            lives: 0,
            random: Random::new(seed),
            killed_receivers: 0,
            killed_senders: Vec::new(),
            held_receivers: 0,
        };
        for trade in CAST {
            let actor = round.born(trade);
            round.actors.push(actor);
        }
        Ok(round)
    }

    fn born(&mut self, trade: Trade) -> Actor {
        let number = self.lives;
        self.lives += 1;
        let Round { engine, msqid, keys, .. } = *self;
        let seed = self.random.next();
        let board: &Board = &self.board;
        let process = Process::fork(|| {
            step_back();
            let life = Life { number, board, engine, msqid, random: Random::new(seed) };
            let done = match trade {
                Trade::Producer => life.produce(),
                Trade::Consumer => life.consume(),
                Trade::Clerk => life.keep_books(keys),
            };
            match done {
                Ok(()) => 0,
                Err(sentence) => {
                    eprintln!("process {number}, a {trade:?}: {sentence}");
                    1
                }
            }
        });
        Actor { trade, life: number, process }
    }

    /// Lets it storm for a while.
    pub fn storm(&mut self, weather: Weather, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        let mut progress = (self.received(), Instant::now());
        while Instant::now() < end && self.lives < LIVES && !self.board.is_over() {
            let pause = self.random.below(3000);
            std::thread::sleep(Duration::from_micros(pause));
            let victim = self.random.below(self.actors.len() as u64) as usize;
            match weather {
                Weather::Kills => self.strike(victim),
                Weather::Stops => self.hold(victim)?,
            }
            self.all_are_well()?;
            if self.received() != progress.0 {
                progress = (self.received(), Instant::now());
            } else if progress.1.elapsed() > PATIENCE {
                return Err(self.hang("nothing was received any more"));
            }
        }
        Ok(())
    }

    fn received(&self) -> u64 {
        self.board.received_in_all.load(SeqCst)
    }

    /// Kills an actor, and has another take his place.
    fn strike(&mut self, victim: usize) {
        self.held_receivers += u64::from(self.actors[victim].trade == Trade::Consumer);
        if self.random.one_in(6) {
            self.actors[victim].process.signal(libc::SIGSTOP);
            std::thread::sleep(Duration::from_micros(300));
        }
        self.kill(victim);
        self.actors[victim] = self.born(self.actors[victim].trade);
    }

    fn kill(&mut self, victim: usize) {
        let Actor { trade, life, process } = &mut self.actors[victim];
        if process.kill() != End::Signal(libc::SIGKILL) {
            return;
        }
        let in_call = self.board.lives[*life].in_call.load(SeqCst) != 0;
        match trade {
            Trade::Consumer if in_call => self.killed_receivers += 1,
            Trade::Producer => self.killed_senders.push(*life),
            _ => {}
        }
    }

    /// Stops an actor for a while. At times until the others have got on without him.
    fn hold(&mut self, victim: usize) -> Result<(), String> {
        let pid = self.actors[victim].process.pid();
        self.held_receivers += u64::from(self.actors[victim].trade == Trade::Consumer);
        self.actors[victim].process.signal(libc::SIGSTOP);
        if self.random.one_in(4) {
            let deadline = Instant::now() + PATIENCE;
            while state(Person { pid, tid: pid }) != 'T' && Instant::now() < deadline {
                std::thread::yield_now();
            }
            let before = self.received();
            while self.received() < before + 10 {
                if Instant::now() > deadline {
                    let Actor { trade, life, .. } = &self.actors[victim];
                    let what =
                        format!("nobody got on while process {life}, a {trade:?}, was stopped");
                    return Err(self.hang(&what));
                }
                std::thread::sleep(Duration::from_micros(100));
            }
        } else {
            let pause = self.random.below(3000);
            std::thread::sleep(Duration::from_micros(pause));
        }
        self.actors[victim].process.signal(libc::SIGCONT);
        Ok(())
    }

    /// Nobody has ended by himself.
    fn all_are_well(&mut self) -> Result<(), String> {
        for Actor { trade, life, process } in &mut self.actors {
            match process.ended() {
                None => {}
                // The board is full.
                Some(End::Exit(0)) if self.board.is_over() => {}
                Some(end) => return Err(format!("process {life}, a {trade:?}, ended: {end:?}")),
            }
        }
        Ok(())
    }

    /// Ends the round.
    pub fn end(&mut self, ending: Ending) -> Result<(), String> {
        match ending {
            Ending::Killed => {
                (0..self.actors.len()).for_each(|victim| self.kill(victim));
                self.actors.clear();
                Ok(())
            }
            Ending::SentHome => self.send_home(),
        }
    }

    fn send_home(&mut self) -> Result<(), String> {
        self.board.over.store(1, SeqCst);
        self.gone("did not end", |trade| trade != Trade::Consumer)?;
        let deadline = Instant::now() + PATIENCE;
        for _ in 0..self.actors.len() {
            while !send_home(self.engine, self.msqid)? {
                if Instant::now() > deadline {
                    return Err(self.hang("the queue stayed full"));
                }
                std::thread::yield_now();
            }
        }
        self.gone("did not go home", |_| true)
    }

    /// Waits until all of these have ended.
    fn gone(&mut self, what: &str, these: impl Fn(Trade) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        for number in 0..self.actors.len() {
            let Actor { trade, life, process } = &mut self.actors[number];
            if !these(*trade) {
                continue;
            }
            let (trade, life) = (*trade, *life);
            let left = deadline.saturating_duration_since(Instant::now());
            match process.ends_within(left) {
                Some(End::Exit(0)) => {}
                None => return Err(self.hang(&format!("process {life}, a {trade:?}, {what}"))),
                Some(end) => return Err(format!("process {life}, a {trade:?}, ended: {end:?}")),
            }
        }
        self.actors.retain(|actor| !these(actor.trade));
        Ok(())
    }

    /// Takes what is left off the queue, and says whether everything was right.
    ///
    /// Outside the kernel, a message that was given to a receiver who was stopped or killed before he
    /// ran is found only later, and comes to another after those that were sent after it. The
    /// kernel `keeps_order` whatever happens.
    pub fn audit(&mut self, keeps_order: bool) -> Result<String, String> {
        drain(self.engine, self.msqid, &self.board)?;
        let may_be_late = if keeps_order { 0 } else { self.held_receivers };
        self.board.audit(self.killed_receivers, &self.killed_senders, may_be_late)
    }

    fn hang(&self, what: &str) -> String {
        let mut text = format!("{what}:");
        for Actor { trade, life, process } in &self.actors {
            let person = Person { pid: process.pid(), tid: process.pid() };
            let count = self.board.lives[*life].count.load(SeqCst);
            text += &format!("\n  {trade:?} {life} after {count} messages: {}", describe(person));
        }
        text
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        self.actors.clear();
        for key in self.keys..self.keys + 3 {
            if let Ok(msqid) = self.engine.msgget(key, 0) {
                // SAFETY: IPC_RMID takes no structure.
                let _ = unsafe { self.engine.msgctl(msqid, libc::IPC_RMID, std::ptr::null_mut()) };
            }
        }
    }
}
