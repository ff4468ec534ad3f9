//! What is in two queues and who waits at them, as far as it can be told from what was reported.
//!
//! Needed to leave out moves whose outcome is up to chance: where two senders are let go at once,
//! nobody says whose message comes first.

use crate::engines::call::{Call, Function, Outcome};
use libc::{MSG_EXCEPT, MSG_NOERROR, c_long};
use std::fmt;

/// A message on a queue.
#[derive(Clone, Copy)]
struct Message {
    label: u64,
    mtype: c_long,
    size: usize,
}

/// A queue.
#[derive(Default)]
struct Queue {
    qbytes: u64,
    messages: Vec<Message>,
    /// How many queues this one's place had before.
    generation: u32,
}

/// A worker.
#[derive(Default, Clone)]
struct Waiter {
    /// The queue, which of its generations, and the call that waits there.
    waits: Option<(usize, u32, Call)>,
    stopped: bool,
    /// A signal was sent while it was stopped.
    signalled: bool,
}

/// The next thing that happens.
#[derive(Clone, Copy)]
pub enum Move {
    /// A worker begins a call.
    Begin {
        worker: usize,
        queue: usize,
        call: Call,
    },
    /// The director makes a call that does not wait.
    Direct {
        queue: usize,
        call: Call,
    },
    /// The director sets the size of a queue.
    Resize {
        queue: usize,
        qbytes: u64,
    },
    /// The director removes a queue, and makes another in its place.
    Renew {
        queue: usize,
    },
    /// A worker gets a signal that has a handler.
    Signal {
        worker: usize,
    },
    Stop {
        worker: usize,
    },
    Continue {
        worker: usize,
    },
}

impl fmt::Display for Move {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Move::Begin { worker, queue, call } => {
                write!(formatter, "worker {worker}, at queue {queue}, begins {call}")
            }
            Move::Direct { queue, call } => write!(formatter, "at queue {queue}, {call}"),
            Move::Resize { queue, qbytes } => {
                write!(formatter, "queue {queue} gets {qbytes} bytes")
            }
            Move::Renew { queue } => write!(formatter, "queue {queue} is made anew"),
            Move::Signal { worker } => write!(formatter, "worker {worker} gets a signal"),
            Move::Stop { worker } => write!(formatter, "worker {worker} is stopped"),
            Move::Continue { worker } => write!(formatter, "worker {worker} is continued"),
        }
    }
}

pub struct Ledger {
    queues: [Queue; 2],
    waiters: Vec<Waiter>,
    /// The size that every queue begins with.
    first_qbytes: u64,
}

impl Ledger {
    pub fn new(workers: usize, first_qbytes: u64) -> Ledger {
        let queue = || Queue { qbytes: first_qbytes, ..Queue::default() };
        let waiters = vec![Waiter::default(); workers];
        Ledger { queues: [queue(), queue()], waiters, first_qbytes }
    }

    /// Whether the worker could begin a call.
    pub fn is_free(&self, worker: usize) -> bool {
        self.waiters[worker].waits.is_none() && !self.waiters[worker].stopped
    }

    pub fn is_stopped(&self, worker: usize) -> bool {
        self.waiters[worker].stopped
    }

    /// Whether the same must come of the move every time.
    pub fn is_certain(&self, next: &Move) -> bool {
        match next {
            Move::Begin { queue, call, .. } | Move::Direct { queue, call } => {
                self.is_certain_call(*queue, call)
            }
            Move::Continue { worker } => match &self.waiters[*worker] {
                Waiter { waits: Some((queue, generation, call)), signalled: false, .. } => {
                    // Receivers that are there already come before one that is continued, says the
                    // kernel; an engine outside of it does not learn that a thread was stopped.
                    let is_alone = call.function == Function::Send
                        || self.asleep(*queue, Function::Receive).next().is_none();
                    *generation != self.queues[*queue].generation
                        || is_alone && self.is_certain_call(*queue, call)
                }
                _ => true,
            },
            // All who sleep there look again, at the same time.
            Move::Resize { queue, qbytes } => {
                let receivers = self.asleep(*queue, Function::Receive).count();
                receivers + self.let_go(*queue, *qbytes, None) <= 1
            }
            Move::Renew { .. } | Move::Signal { .. } | Move::Stop { .. } => true,
        }
    }

    /// The worker whose call the move is to end with EINTR.
    pub fn interrupts(&self, next: &Move) -> Option<usize> {
        match next {
            Move::Signal { worker } => Some(*worker).filter(|worker| !self.is_stopped(*worker)),
            Move::Continue { worker } => Some(*worker).filter(|w| self.waiters[*w].signalled),
            _ => None,
        }
        .filter(|worker| self.waiters[*worker].waits.is_some())
    }

    /// A call that takes a message away may let several senders go.
    fn is_certain_call(&self, queue: usize, call: &Call) -> bool {
        if call.function != Function::Receive {
            return true;
        }
        match self.found(queue, call) {
            Some(message) if message.size <= call.msgsz || call.flags & MSG_NOERROR != 0 => {
                self.let_go(queue, self.queues[queue].qbytes, Some(message.size)) <= 1
            }
            _ => true,
        }
    }

    /// The calls that sleep at a queue.
    fn asleep(&self, queue: usize, function: Function) -> impl Iterator<Item = &Call> {
        let generation = self.queues[queue].generation;
        let awake = self.waiters.iter().filter(|waiter| !waiter.stopped);
        awake
            .filter_map(|waiter| waiter.waits.as_ref())
            .filter(move |(at, of, call)| {
                (*at, *of) == (queue, generation) && call.function == function
            })
            .map(|(_, _, call)| call)
    }

    /// How many senders find room, if the queue has so many bytes and one message was taken away.
    fn let_go(&self, queue: usize, qbytes: u64, taken: Option<usize>) -> usize {
        let messages = &self.queues[queue].messages;
        let bytes: usize = messages.iter().map(|message| message.size).sum();
        let left = (bytes - taken.unwrap_or(0)) as u64;
        let count = (messages.len() - usize::from(taken.is_some())) as u64;
        let fits = |call: &&Call| left + call.msgsz as u64 <= qbytes && count < qbytes;
        self.asleep(queue, Function::Send).filter(fits).count()
    }

    /// The message that msgrcv finds.
    fn found(&self, queue: usize, call: &Call) -> Option<Message> {
        let messages = &self.queues[queue].messages;
        let matches = |message: &&Message| match call.mtype {
            0 => true,
            wanted if wanted < 0 => message.mtype <= -wanted,
            wanted => (message.mtype == wanted) != (call.flags & MSG_EXCEPT != 0),
        };
        if call.mtype < 0 {
            // Of several of one type, `min_by_key` gives the first.
            return messages.iter().filter(matches).min_by_key(|message| message.mtype).copied();
        }
        messages.iter().find(matches).copied()
    }

    /// Writes down what came of a move: what each worker reported, and what the director's call gave.
    pub fn settle(&mut self, next: &Move, direct: Option<&Outcome>, reports: &[Option<Outcome>]) {
        let mut done: Vec<(usize, Call, Outcome)> = Vec::new();
        match next {
            Move::Begin { worker, queue, call } => {
                let generation = self.queues[*queue].generation;
                self.waiters[*worker].waits = Some((*queue, generation, *call));
            }
            Move::Direct { queue, call } => {
                done.extend(direct.map(|outcome| (*queue, *call, outcome.clone())));
            }
            Move::Resize { queue, qbytes } => self.queues[*queue].qbytes = *qbytes,
            Move::Renew { queue } => {
                self.queues[*queue].messages.clear();
                self.queues[*queue].qbytes = self.first_qbytes;
                self.queues[*queue].generation += 1;
            }
            Move::Signal { worker } => {
                self.waiters[*worker].signalled = self.waiters[*worker].stopped;
            }
            Move::Stop { worker } => self.waiters[*worker].stopped = true,
            Move::Continue { worker } => {
                self.waiters[*worker].stopped = false;
                self.waiters[*worker].signalled = false;
            }
        }
        for (worker, report) in reports.iter().enumerate() {
            let Some(outcome) = report else { continue };
            let waited = self.waiters[worker].waits.take();
            done.extend(waited.map(|(queue, _, call)| (queue, call, outcome.clone())));
        }
        self.carry(&done);
    }

    /// Puts sent messages on their queues, then takes received ones off them.
    fn carry(&mut self, done: &[(usize, Call, Outcome)]) {
        for (queue, call, outcome) in done {
            if call.function == Function::Send && outcome.answer.is_ok() {
                let Call { label, mtype, msgsz: size, .. } = *call;
                self.queues[*queue].messages.push(Message { label, mtype, size });
            }
        }
        for (queue, call, outcome) in done {
            if let (Function::Receive, Some(label)) = (call.function, outcome.label()) {
                self.queues[*queue].messages.retain(|message| message.label != label);
            }
        }
    }
}
