//! Calls that wait, and why.

use super::contents::Held;
use super::events::{Call, CallId, Selector};
use super::process::Processes;
use super::queue::Queue;
use super::words::{bytes, count, grouped, moment, seconds};
use msgq::trace::format::Kind;

/// A call that waits, or did.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Which call it is.
    pub id: CallId,
    /// Whether it is a msgsnd or a msgrcv.
    pub kind: Kind,
    /// The number of its process.
    pub process: usize,
    /// The queue's id.
    pub queue: i32,
    /// What a msgrcv asks for.
    pub selector: Selector,
    /// How many bytes a msgsnd sends.
    pub size: u64,
    /// Whether it will end well, as the recording tells further on.
    pub succeeds: bool,
    /// Whether it was made to wait by an injected fault.
    pub delayed: bool,
    /// Why it waits.
    pub why: Why,
    /// When and how the wait ended; nothing while it goes on.
    pub ended: Option<(u64, Ended)>,
}

/// Why a call waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// The queue is full.
    Full {
        /// What it holds.
        held: Held,
        /// How many bytes it may hold.
        qbytes: u64,
        /// The type that fills most of it, how much, and whether anybody ever asked for that type.
        most: Option<(i64, Held, bool)>,
    },
    /// The message will never fit.
    TooLong {
        /// How many bytes the queue may hold.
        qbytes: u64,
    },
    /// Nothing in the queue is what the call asks for.
    NothingMatches {
        /// What it holds instead.
        held: Held,
        /// The type of most of it.
        most: Option<i64>,
        /// Who sent something that matches last, and when.
        last: Option<(usize, u64)>,
    },
    /// An injected fault made it wait.
    Delayed,
    /// As far as the recording shows it need not wait.
    Unknown {
        /// How many bytes the queue holds.
        held: Held,
        /// How many it may hold, where that is known.
        qbytes: Option<u64>,
    },
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A message came; from this process where that is known.
    Message(Option<usize>),
    /// There was room; this process made it, where that is known.
    Room(Option<usize>),
    /// It failed.
    Failed(i32),
    /// It never returned: its process ended or began another program, or its thread did something
    /// else.
    Abandoned,
    /// It never returned, and its process is gone; nobody knows since when.
    Gone,
}

impl Wait {
    /// Why a call that begins now, or still waits, waits.
    pub fn new(call: &Call, process: usize, queue: &Queue) -> Wait {
        let mut wait = Wait {
            id: call.id(),
            kind: call.kind,
            process,
            queue: queue.id,
            selector: call.selector(),
            size: call.msgsz,
            succeeds: call.result().is_some(),
            delayed: call.injected.delay,
            why: Why::Unknown { held: Held::default(), qbytes: None },
            ended: None,
        };
        wait.look(queue);
        wait
    }

    /// Looks again why it waits.
    pub fn look(&mut self, queue: &Queue) {
        self.why = match self.kind {
            _ if self.delayed => Why::Delayed,
            Kind::Send => why_send(self.size, queue),
            _ => why_receive(self.selector, queue),
        };
    }

    /// Notes whether anybody has asked meanwhile for the type that filled the queue.
    pub fn note_readers(&mut self, queue: &Queue) {
        if let Why::Full { most: Some((mtype, _, read)), .. } = &mut self.why {
            *read |= queue.is_read(*mtype);
        }
    }

    /// For how long it waited until it ended, or until now: nanoseconds.
    pub fn duration(&self, now: u64) -> u64 {
        self.ended.map_or(now, |(at, _)| at).saturating_sub(self.id.entered)
    }

    /// What it is: `4242 (perl) waited 1.5 s to send 16 bytes to queue 5`.
    pub fn what(&self, now: u64, processes: &Processes) -> String {
        let who = processes.words(self.process);
        let time = match self.ended {
            Some((_, Ended::Gone)) => String::new(),
            _ => format!("{} ", seconds(self.duration(now))),
        };
        let goes_on = self.ended.is_none() && processes.get(self.process).lives;
        let verb = if goes_on { "has waited" } else { "waited" };
        let queue = self.queue;
        match self.kind {
            Kind::Send => {
                format!("{who} {verb} {time}to send {} to queue {queue}", bytes(self.size))
            }
            _ => format!("{who} {verb} {time}for a {} on queue {queue}", self.selector.words()),
        }
    }

    /// Why it waits, in words.
    pub fn why(&self, processes: &Processes) -> String {
        match &self.why {
            Why::Full { held, qbytes, most } => {
                let held_by = most.map(|(mtype, held, read)| {
                    let reads = if read { "" } else { " that nobody reads" };
                    let messages = count(held.messages, "message");
                    format!(", held by {messages} of type {mtype}{reads}")
                });
                let full = format!("full: {} of {}", grouped(held.bytes), bytes(*qbytes));
                full + &held_by.unwrap_or_default()
            }
            Why::TooLong { qbytes } => {
                format!("it can never fit: the queue may hold {} (msg_qbytes)", bytes(*qbytes))
            }
            Why::NothingMatches { held, most, last } => {
                let mut words = match self.selector {
                    Selector::Any => "the queue is empty".to_string(),
                    selector => format!("no {}", selector.words()),
                };
                if let (Some(mtype), true) = (most, held.messages > 0) {
                    let messages = count(held.messages, "message");
                    let of = if held.messages == 1 { " of" } else { ", most of" };
                    words += &format!(" (there: {messages}{of} type {mtype})");
                }
                words + &self.last_sender(*last, processes)
            }
            Why::Delayed => "an injected fault made it wait (delay)".to_string(),
            Why::Unknown { held, qbytes } => {
                let limit = match (self.kind, qbytes) {
                    (Kind::Send, Some(qbytes)) => format!(" of {}", grouped(*qbytes)),
                    _ => String::new(),
                };
                format!(
                    "the recording shows no reason: the queue held {} and {}{limit} bytes",
                    count(held.messages, "message"),
                    grouped(held.bytes)
                )
            }
        }
    }

    /// Who sent last what the call asks for. That he has exited since counts if it was before the wait
    /// ended.
    fn last_sender(&self, last: Option<(usize, u64)>, processes: &Processes) -> String {
        let Some((process, at)) = last else {
            return "; nobody has sent one in this recording".to_string();
        };
        let who = processes.words(process);
        let words = format!("; the last process that sent one was {who}, at {}", moment(at));
        let process = processes.get(process);
        match (process.exited, self.ended) {
            (Some(exited), Some((ended, _))) if exited >= ended => words,
            (Some(exited), _) => format!("{words}, which exited at {}", moment(exited)),
            (None, None) if process.is_gone => format!("{words}, which has exited"),
            _ => words,
        }
    }

    /// How it ended, in words.
    pub fn ended(&self, processes: &Processes) -> String {
        match self.ended {
            None if processes.get(self.process).lives => "it still waits".to_string(),
            None => "it had not returned when the recording ended".to_string(),
            Some((_, Ended::Message(_) | Ended::Room(_)))
                if matches!(self.why, Why::Unknown { .. } | Why::Delayed) =>
            {
                "then it succeeded".to_string()
            }
            Some((_, Ended::Message(Some(process)))) => {
                format!("until {} sent one", processes.words(process))
            }
            Some((_, Ended::Message(None))) => "until one came".to_string(),
            Some((_, Ended::Room(Some(process)))) => {
                format!("until {} made room", processes.words(process))
            }
            Some((_, Ended::Room(None))) => "until there was room".to_string(),
            Some((_, Ended::Failed(libc::EIDRM))) => "until the queue was removed".to_string(),
            Some((_, Ended::Failed(libc::EINTR))) => "until a signal came".to_string(),
            Some((_, Ended::Failed(errno))) => {
                let name = crate::command::show::names::errno(msgq::errno::Errno(errno));
                format!("until it failed with {name}")
            }
            Some((_, Ended::Abandoned)) => "it never returned".to_string(),
            Some((_, Ended::Gone)) => {
                "it never returned, and its process is gone, the recording does not tell since when"
                    .to_string()
            }
        }
    }
}

/// How many waits are told one by one.
const MOST_WAITS: usize = 1000;

/// The longest waits that are over.
#[derive(Debug, Default)]
pub struct Longest {
    waits: Vec<Wait>,
    /// How many there were that were worth telling.
    pub count: u64,
}

impl Longest {
    /// Adds one, if it is worth telling.
    pub fn add(&mut self, wait: Wait, threshold: u64) {
        let is_known = !matches!(wait.ended, Some((_, Ended::Gone)));
        if is_known && wait.duration(0) < threshold {
            return;
        }
        self.count += 1;
        self.waits.push(wait);
        if self.waits.len() > 2 * MOST_WAITS {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        self.waits.sort_by_key(|wait| std::cmp::Reverse(wait.duration(0)));
        self.waits.truncate(MOST_WAITS);
    }

    /// The longest ones, the longest first.
    pub fn all(&mut self) -> &[Wait] {
        self.shorten();
        &self.waits
    }
}

fn why_send(size: u64, queue: &Queue) -> Why {
    let held = queue.contents.held();
    let most = queue.contents.by_type().max_by_key(|(_, held)| (held.bytes, held.messages));
    match queue.contents.qbytes {
        Some(qbytes) if size > qbytes => Why::TooLong { qbytes },
        Some(qbytes) if queue.contents.fits(size) == Some(false) => {
            // A message is gone before its msgrcv has returned, and its place may be taken.
            let held = Held { bytes: held.bytes.min(qbytes), ..held };
            let most = most
                .filter(|(_, held)| held.messages > 0)
                .map(|(mtype, held)| (mtype, held, queue.is_read(mtype)));
            Why::Full { held, qbytes, most }
        }
        qbytes => Why::Unknown { held, qbytes },
    }
}

fn why_receive(selector: Selector, queue: &Queue) -> Why {
    let held = queue.contents.held();
    if queue.contents.has(selector) {
        return Why::Unknown { held, qbytes: None };
    }
    let most = queue.contents.by_type().max_by_key(|(_, held)| held.messages);
    Why::NothingMatches {
        held,
        most: most.map(|(mtype, _)| mtype),
        last: queue.last_sender(selector),
    }
}
