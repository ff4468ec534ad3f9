//! Scripts of calls that wait, made by several processes, which are interrupted by signals, stopped,
//! continued, and left without their queue. Each move is made on both sides, and the next only
//! when every process has reported or sleeps.

use crate::engines::call::{Call, Function, Outcome, Set};
use crate::engines::comparison::{Measure, Play, difference};
use crate::engines::identity::{is_root, leave_namespace, user};
use crate::engines::perform::Performer;
use crate::engines::process::{myself, signal_thread};
use crate::engines::random::Random;
use crate::engines::sides::{Side, Target};
use crate::engines::worker::Worker;
use crate::ledger::{Ledger, Move};
use crate::quick::Pair;
use libc::{IPC_NOWAIT, MSG_EXCEPT, MSG_NOERROR, c_long};
use std::collections::VecDeque;

/// Processes of each side. Every other makes its calls in a second thread, whose id is not the
/// process's.
pub const WORKERS: usize = 6;

/// The size of the queues at first: a few messages fill them.
const QBYTES: u64 = 1000;

/// As many moves are shown where something differs.
const SHOWN: usize = 30;

/// One side's processes.
pub struct Team {
    director: Performer,
    pub workers: Vec<Worker>,
}

/// Where the script is played.
pub struct Stage {
    pub sides: [Side; 2],
    pub teams: [Team; 2],
    ledger: Ledger,
    /// The number of the queue that is in each of two places.
    queues: [usize; 2],
    random: Random,
    stops: bool,
    label: u64,
    lines: VecDeque<String>,
    /// Signals sent to workers in calls, and those sent again.
    pub signals: u64,
    pub repeated: u64,
}

/// Plays the script; with `stops`, processes are also stopped and continued.
pub fn play(pair: &Pair, stops: bool) -> Result<String, String> {
    if is_root() {
        let _ = leave_namespace();
    }
    let mut stage = Stage::set(pair, stops);
    let mut done = stage.renew(0).and_then(|()| stage.renew(1));
    let mut number = 0;
    while number < pair.calls && done.is_ok() {
        let next = stage.next();
        if stage.ledger.is_certain(&next) {
            number += 1;
            done = stage.make(&next);
        }
    }
    stage.clear();
    match done.and_then(|()| stage.judge_signals()) {
        Ok(()) => {
            let Stage { signals, repeated, .. } = stage;
            Ok(format!("{number} moves; {repeated} of {signals} signals had to be repeated"))
        }
        Err(sentence) => {
            let lines: Vec<String> = stage.lines.into();
            let lines = lines.join("\n");
            Err(format!("seed {}, move {number}: {sentence}\n{lines}", pair.seed))
        }
    }
}

impl Stage {
    fn set(pair: &Pair, stops: bool) -> Stage {
        let teams = pair.engines.map(|engine| Team {
            workers: (0..WORKERS)
                .map(|w| Worker::start(&[engine], w % 2 == 1, || Ok(())))
                .collect(),
            director: Performer::new(engine),
        });
        let sides = [0, 1].map(|side| {
            let workers = teams[side].workers.iter().map(Worker::person);
            let people = std::iter::once(myself()).chain(workers).collect();
            Side::new(pair.names[side], libc::IPC_PRIVATE, people)
        });
        Stage {
            sides,
            teams,
            ledger: Ledger::new(WORKERS, QBYTES),
            queues: [usize::MAX; 2],
            random: Random::new(pair.seed),
            stops,
            label: 0,
            lines: VecDeque::new(),
            signals: 0,
            repeated: 0,
        }
    }

    /// Makes up the next move. It may be one whose outcome is up to chance.
    fn next(&mut self) -> Move {
        let worker = self.random.below(WORKERS as u64) as usize;
        let queue = self.random.below(2) as usize;
        let last = if self.stops { 100 } else { 80 };
        match self.random.below(last) {
            0..55 if self.ledger.is_free(worker) => {
                let call = self.call();
                Move::Begin { worker, queue, call }
            }
            0..68 => {
                let call = self.call();
                Move::Direct { queue, call: Call { flags: call.flags | IPC_NOWAIT, ..call } }
            }
            68..73 => {
                let qbytes = self.random.pick(&[QBYTES, QBYTES, 500, 2000, 100, 3, 0]);
                Move::Resize { queue, qbytes }
            }
            73..75 => Move::Renew { queue },
            75..80 => Move::Signal { worker },
            _ if self.ledger.is_stopped(worker) => Move::Continue { worker },
            _ => Move::Stop { worker },
        }
    }

    /// Every message has room for its label, and so has every receiver's buffer.
    fn call(&mut self) -> Call {
        let random = &mut self.random;
        let mtype = random.below(4) as c_long + 1;
        if random.one_in(2) {
            self.label += 1;
            let msgsz = random.pick(&[8, 20, 100, 300, 500, 900]);
            return Call { label: self.label, ..Call::send(0, mtype, msgsz, 0) };
        }
        let msgtyp = random.pick(&[0, mtype, mtype, -mtype]);
        let msgflg = random.pick(&[0, 0, MSG_NOERROR, MSG_EXCEPT, IPC_NOWAIT]);
        Call::receive(0, random.pick(&[8, 50, 200, 1000, 1000]), msgtyp, msgflg)
    }

    /// Makes a move on both sides, waits until it has had its effects, and compares them.
    fn make(&mut self, next: &Move) -> Result<(), String> {
        let mut direct = None;
        self.tell(next.to_string());
        match next {
            Move::Begin { worker, queue, call } => self.each(|side, team, queues| {
                let target = side.resolve(Target::Queue(queues[*queue]));
                team.workers[*worker].begin(0, &Call { target, ..*call });
            }),
            Move::Direct { queue, call } => direct = Some(self.direct(*queue, call)?),
            Move::Resize { queue, qbytes } => {
                let set = Set { uid: user(), gid: 0, mode: 0o600, qbytes: *qbytes };
                self.direct(*queue, &Call { set, ..Call::control(0, libc::IPC_SET) })?;
            }
            Move::Renew { queue } => self.renew(*queue)?,
            Move::Signal { worker } => self.each(|_, team, _| {
                signal_thread(team.workers[*worker].person(), libc::SIGUSR1);
            }),
            Move::Stop { worker } => self.signal(*worker, libc::SIGSTOP),
            Move::Continue { worker } => self.signal(*worker, libc::SIGCONT),
        }
        let stopped: Vec<bool> = (0..WORKERS)
            .map(|w| match next {
                Move::Stop { worker } if *worker == w => true,
                Move::Continue { worker } if *worker == w => false,
                _ => self.ledger.is_stopped(w),
            })
            .collect();
        let reports = self.quiet(&stopped, self.ledger.interrupts(next))?;
        self.ledger.settle(next, direct.as_ref(), &reports);
        for queue in 0..2 {
            self.direct(queue, &Call::control(0, libc::IPC_STAT))?;
        }
        Ok(())
    }

    fn each(&mut self, mut act: impl FnMut(&Side, &mut Team, &[usize; 2])) {
        for (side, team) in self.sides.iter().zip(&mut self.teams) {
            act(side, team, &self.queues);
        }
    }

    fn signal(&mut self, worker: usize, signal: i32) {
        self.each(|_, team, _| team.workers[worker].signal(signal));
    }

    /// The director's call on both sides; gives what came of it.
    fn direct(&mut self, queue: usize, call: &Call) -> Result<Outcome, String> {
        let plays = [0, 1].map(|side| {
            let target = self.sides[side].resolve(Target::Queue(self.queues[queue]));
            let call = Call { target, ..*call };
            Play { call, outcome: self.teams[side].director.perform(&call) }
        });
        self.compare("the director", &plays)?;
        let [first, _] = plays;
        Ok(first.outcome)
    }

    /// Removes the queue in a place, if there is one, and makes another.
    fn renew(&mut self, queue: usize) -> Result<(), String> {
        if self.queues[queue] != usize::MAX {
            self.direct(queue, &Call::control(0, libc::IPC_RMID))?;
        }
        let made = [0, 1].map(|side| {
            let call = Call::get(libc::IPC_PRIVATE, 0o600);
            self.teams[side].director.perform(&call).answer
        });
        for (side, made) in self.sides.iter_mut().zip(made) {
            let msqid =
                made.map_err(|errno| format!("{} makes no queue: error {errno}", side.name))?;
            side.learn(msqid as i32);
            self.queues[queue] = side.queue(msqid).expect("a queue just learnt");
        }
        let set = Set { uid: user(), gid: 0, mode: 0o600, qbytes: QBYTES };
        self.direct(queue, &Call { set, ..Call::control(0, libc::IPC_SET) }).map(drop)
    }

    pub fn compare(&mut self, who: &str, plays: &[Play; 2]) -> Result<(), String> {
        let [a, b] = plays.each_ref().map(|play| play.outcome.answer);
        let call = &plays[0].call;
        if call.function != Function::Control || call.flags != libc::IPC_STAT {
            let label = plays[0].outcome.label().filter(|_| call.function == Function::Receive);
            let label = label.map_or(String::new(), |label| format!(", message {label}"));
            self.tell(format!("    {who}'s {call}: {a:?}{label}, {b:?}"));
        }
        match difference(&self.sides, plays, Measure::OurQueues) {
            Some(sentence) => Err(format!("{who}'s {call}: {sentence}: {a:?} and {b:?}")),
            None => Ok(()),
        }
    }

    fn tell(&mut self, line: String) {
        if self.lines.len() == 4 * SHOWN {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Removes the queues, whatever state the rest is in.
    fn clear(&mut self) {
        for side in 0..2 {
            for queue in self.queues.into_iter().filter(|queue| *queue != usize::MAX) {
                let msqid = self.sides[side].resolve(Target::Queue(queue));
                self.teams[side].director.perform(&Call::control(msqid, libc::IPC_RMID));
            }
        }
    }
}
