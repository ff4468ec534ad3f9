//! Histories in which calls fail, are killed, cut messages and destroy them, in queues that held
//! messages before: whatever happens, what is called certain must be true, and nobody is blamed who is
//! not there.

use super::tests::{KNOWN, Numbers, Seen};
use super::*;
use crate::command::report::contents::Contents;
use crate::command::report::events::{Event, Selector};
use crate::command::report::model::{Known, Model};
use crate::command::report::samples::{create, never, receive, send};
use crate::command::report::timeline::Timeline;
use libc::{EFAULT, ENOMSG, IPC_NOWAIT, MSG_EXCEPT, MSG_NOERROR};
use msgq::errno::Errno;
use msgq::trace::call::Outcome;
use msgq::trace::format::Kind;
use std::collections::HashMap;

/// What may happen in a history.
#[derive(Clone, Copy, Debug)]
struct Roughness {
    threads: u64,
    /// How many texts there are. Those of different lengths begin alike.
    texts: u64,
    /// How many bytes of each message are recorded.
    kept: usize,
    /// How many messages are in the queue that nobody was seen to send; nothing where it is new.
    old: Option<u64>,
    /// How many calls in a hundred have a bad address, are killed before they return, or cut what they
    /// receive.
    faults: u64,
    kills: u64,
    cuts: u64,
}

impl Roughness {
    fn of(seed: u64) -> Roughness {
        let pick = |shift: u32, most: u64| (seed >> shift ^ seed.wrapping_mul(0x9e37)) % most;
        Roughness {
            threads: 2 + pick(0, 6),
            texts: 1 + pick(3, 4),
            kept: if pick(2, 3) == 0 { 2 } else { 32 },
            old: (pick(4, 3) == 0).then(|| pick(5, 4)),
            faults: [0, 0, 5][pick(1, 3) as usize],
            kills: [0, 2, 5][pick(6, 3) as usize],
            cuts: [0, 0, 40][pick(7, 3) as usize],
        }
    }
}

/// A message as it is in truth: its type, its text, and when its msgsnd began.
type InQueue = (i64, Vec<u8>, Option<u64>);

/// What a thread does.
#[derive(Clone)]
enum Doing {
    Nothing,
    /// A call that has done nothing yet.
    Begun(Call),
    /// A call that has done its work, and has yet to return.
    Done(Call),
}

/// A history, and the truth.
struct History {
    how: Roughness,
    numbers: Numbers,
    queue: Vec<InQueue>,
    events: Vec<Event>,
    /// Which send each receive took, by the times of their begin; nothing for an old message.
    truth: HashMap<u64, Option<u64>>,
    /// How many messages calls took that never returned.
    swallowed: u64,
    /// How many processes there were.
    processes: u32,
}

const BAD_ADDRESS: u64 = 8;

impl History {
    fn new(seed: u64, how: Roughness) -> History {
        let mut history = History {
            how,
            numbers: Numbers(seed.wrapping_mul(0x9e37_79b9)),
            queue: Vec::new(),
            events: Vec::new(),
            truth: HashMap::new(),
            swallowed: 0,
            processes: 1,
        };
        match how.old {
            None => history.events.push(Event::Call(create(1, 0))),
            Some(old) => {
                for _ in 0..old {
                    let message = (history.mtype(), history.text(), None);
                    history.queue.push(message);
                }
            }
        }
        history.happen();
        history
    }

    fn mtype(&mut self) -> i64 {
        1 + self.numbers.below(2) as i64
    }

    fn text(&mut self) -> Vec<u8> {
        b"abab"[..1 + self.numbers.below(self.how.texts) as usize].to_vec()
    }

    fn in_a_hundred(&mut self, chance: u64) -> bool {
        self.numbers.below(100) < chance
    }

    fn new_process(&mut self) -> u32 {
        self.processes += 1;
        self.processes
    }

    fn happen(&mut self) {
        let mut threads: Vec<(u32, Doing)> =
            (0..self.how.threads).map(|_| (self.new_process(), Doing::Nothing)).collect();
        for step in 0..300u64 {
            let now = 10 + step * 10;
            let index = self.numbers.below(self.how.threads) as usize;
            let Some((process, doing)) = threads.get_mut(index) else { continue };
            let is_killed = self.in_a_hundred(self.how.kills);
            let before = std::mem::replace(doing, Doing::Nothing);
            match before {
                Doing::Begun(call) | Doing::Done(call) if is_killed => self.kill(call),
                Doing::Nothing if step > 260 => (),
                Doing::Nothing if index.is_multiple_of(2) => {
                    *doing = Doing::Begun(self.send(*process, now));
                }
                Doing::Nothing => *doing = Doing::Begun(self.ask(*process, now)),
                Doing::Begun(call) if call.kind == Kind::Send => *doing = self.put(call),
                Doing::Begun(call) => *doing = self.take(call),
                Doing::Done(call) => self.return_from(call, now),
            }
            if is_killed && matches!(doing, Doing::Nothing) {
                let later = now + 5 + 10 * self.numbers.below(20);
                self.events.push(Event::Exit(*process, later));
                *process = self.new_process();
            }
        }
        for (number, (_, doing)) in threads.into_iter().enumerate() {
            match doing {
                Doing::Done(call) => self.return_from(call, 10_000 + number as u64),
                Doing::Begun(call) => self.events.push(Event::Call(never(call))),
                Doing::Nothing => (),
            }
        }
    }

    fn send(&mut self, process: u32, now: u64) -> Call {
        let mtype = self.mtype();
        let text = self.text();
        send(process, now, now, mtype, &text)
    }

    fn ask(&mut self, process: u32, now: u64) -> Call {
        let mut call = receive(process, now, now, 0, b"");
        call.0.msgtyp = [0, 1, 2, -2, -1, 0][self.numbers.below(6) as usize];
        if self.in_a_hundred(25) {
            call.0.flags |= IPC_NOWAIT;
        }
        if call.msgtyp > 0 && self.in_a_hundred(25) {
            call.0.flags |= MSG_EXCEPT;
        }
        if self.in_a_hundred(self.how.cuts) {
            call.0.flags |= MSG_NOERROR;
            call.0.msgsz = 1 + self.numbers.below(4);
        }
        if self.in_a_hundred(self.how.faults) {
            call.0.address = BAD_ADDRESS;
        }
        call
    }

    /// A msgsnd does its work.
    fn put(&mut self, mut call: Call) -> Doing {
        let text = call.bytes.clone();
        call.0.bytes.truncate(self.how.kept);
        self.queue.push((call.mtype.unwrap_or_default(), text, Some(call.entered)));
        Doing::Done(call)
    }

    /// A msgrcv does its work, if it can.
    fn take(&mut self, mut call: Call) -> Doing {
        let selector = call.selector();
        let types = self.queue.iter().map(|(mtype, ..)| *mtype);
        let found = match selector {
            Selector::UpTo(_) => {
                let least = types.clone().filter(|mtype| selector.takes(*mtype)).min();
                types.clone().position(|mtype| Some(mtype) == least)
            }
            _ => types.clone().position(|mtype| selector.takes(mtype)),
        };
        let outcome: Outcome = match found.map(|index| self.queue.remove(index)) {
            None if call.has(IPC_NOWAIT) => Err(Errno(ENOMSG)),
            None => return Doing::Begun(call),
            Some(_) if call.address == BAD_ADDRESS => Err(Errno(EFAULT)),
            Some((mtype, mut text, sent)) => {
                text.truncate(call.msgsz as usize);
                let length = text.len() as i64;
                text.truncate(self.how.kept);
                self.truth.insert(call.entered, sent);
                (call.0.mtype, call.0.bytes) = (Some(mtype), text);
                Ok(length)
            }
        };
        call.0.returned = Some((call.entered, outcome));
        Doing::Done(call)
    }

    fn return_from(&mut self, mut call: Call, now: u64) {
        if let Some((at, _)) = &mut call.0.returned {
            *at = now;
        }
        self.events.push(Event::Call(call));
    }

    fn kill(&mut self, call: Call) {
        let has_taken = call.kind == Kind::Receive
            && (self.truth.remove(&call.entered).is_some() || call.errno() == Some(EFAULT));
        self.swallowed += u64::from(has_taken);
        self.events.push(Event::Call(never(call)));
    }
}

#[test]
fn whatever_happens_what_is_called_certain_is_true_and_no_stranger_is_blamed() {
    let (mut all, mut certain) = (0, 0);
    for seed in 0..2000 {
        let how = Roughness::of(seed);
        let history = History::new(seed, how);
        let mut seen = Seen::default();
        let mut model = Model::new(Known { msgmnb: Some(1 << 20), ..KNOWN }, &mut seen);
        let mut timeline = Timeline::default();
        timeline.add(history.events, &mut model);
        timeline.finish(&mut model);
        let sum = |of: fn(&Contents) -> u64| -> u64 {
            let queues = model.queues.values().chain(&model.removed);
            queues.map(|queue| of(&queue.contents)).sum()
        };
        assert_eq!(sum(|contents| contents.vanished), 0, "history {seed}: {how:?}");
        let swallowed = sum(|contents| contents.swallowed);
        let most = history.swallowed;
        assert!(swallowed <= most, "history {seed}: {how:?}: {swallowed}, not {most}");
        for link in &seen.0 {
            all += 1;
            certain += u32::from(link.certain);
            let (sent, received) = (link.sent.entered, link.received.entered);
            let holds = history.truth.get(&received) == Some(&Some(sent));
            assert!(
                holds || !link.certain,
                "history {seed}: {how:?}: {received} did not take {sent}"
            );
        }
    }
    assert!(all > 50_000 && certain > all / 6, "{certain} of {all} links are certain");
    println!("{certain} of {all} links are certain");
}
