//! The state of everything at a moment of the recording, moved on by each call's begin and end.

use super::alive::Alive;
use super::contents::Held;
use super::events::{Call, CallId, Event};
use super::failures::Failures;
use super::life::Removed;
use super::messages::Talk;
use super::observer::{DepthSample, Observer};
use super::process::Processes;
use super::queue::Queue;
use super::stuck::Knot;
use super::summary::Links;
use super::sums::{Budget, Capped};
use super::timeline::Observe;
use super::waits::{Ended, Longest, Wait};
use msgq::trace::format::Kind;
use std::collections::{HashMap, HashSet, VecDeque};

/// How many pairs of processes have sums of their own.
const MOST_PAIRS: usize = 10_000;

/// How many removed queues are told of, the last ones.
const MOST_REMOVED: usize = 2_000;

/// How many ids of removed queues are remembered.
const MOST_REMOVED_IDS: usize = 100_000;

/// What is known before the first event.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The wait that is worth telling, in nanoseconds.
    pub threshold: u64,
    /// The limit of bytes in a new queue, where the recording tells it.
    pub msgmnb: Option<u64>,
    /// The limit of bytes in a message, where the recording tells it.
    pub msgmax: Option<u64>,
    /// Whether calls are missing in the recording.
    pub calls_are_missing: bool,
}

/// The state.
pub struct Model<'a, O> {
    /// Who else wants to see what happens.
    pub observer: &'a mut O,
    /// What was known before.
    pub known: Known,
    /// All processes.
    pub processes: Processes,
    /// The queues that are there, by id.
    pub queues: HashMap<i32, Queue>,
    /// The last ones that were removed.
    pub removed: VecDeque<Queue>,
    /// How many were removed that are not among them.
    pub forgotten: u64,
    /// When ids were removed, and by whom.
    pub removed_ids: HashMap<i32, Removed>,
    /// Who talks to whom: by the numbers of sender and receiver.
    pub talks: Capped<(usize, usize), Talk>,
    /// Calls that wait, if only for as long as is worth telling.
    pub waiting: HashMap<CallId, Wait>,
    /// Calls under way that never returned, and their processes.
    pub never: HashMap<CallId, (usize, Call)>,
    /// The longest of the waits that are over.
    pub waits: Longest,
    /// Failures that the life of a queue explains.
    pub failures: Failures,
    /// Deadlocks, and whether some of them may be none.
    pub knots: Vec<Knot>,
    pub doubtful_knots: bool,
    /// Calls that are over.
    pub calls: u64,
    /// How many receives have their send.
    pub links: Links,
    /// Whether all queues are known that were there before.
    pub all_listed: bool,
    /// The queues that are still there at the end, where that was noted.
    pub left: HashSet<i32>,
    /// Whether it was.
    pub left_listed: bool,
    /// What is still to be had.
    pub budget: Budget,
}

impl<'a, O: Observer> Model<'a, O> {
    /// Nothing has happened yet.
    pub fn new(known: Known, observer: &'a mut O) -> Model<'a, O> {
        Model {
            observer,
            known,
            processes: Processes::default(),
            queues: HashMap::new(),
            removed: VecDeque::new(),
            forgotten: 0,
            removed_ids: HashMap::new(),
            talks: Capped::new(MOST_PAIRS),
            waiting: HashMap::new(),
            never: HashMap::new(),
            waits: Longest::default(),
            failures: Failures::default(),
            knots: Vec::new(),
            doubtful_knots: false,
            calls: 0,
            links: Links::default(),
            all_listed: false,
            left: HashSet::new(),
            left_listed: false,
            budget: Budget::default(),
        }
    }

    /// The queue of this id, which is there: a call has found it.
    pub fn queue(&mut self, id: i32, at: u64) -> &mut Queue {
        let missing = self.known.calls_are_missing;
        self.queues.entry(id).or_insert_with(|| {
            let mut queue = Queue::new(id, at);
            if missing {
                queue.contents.calls_are_missing();
            }
            queue
        })
    }

    /// The process of a call, by its number. New ones are shown.
    fn process_of(&mut self, call: &Call) -> usize {
        let before = self.processes.all().len();
        let number = self.processes.number(call.process, call.entered);
        if self.processes.all().len() > before {
            self.observer.process(number, self.processes.get(number));
        }
        number
    }

    /// The queue of this id, which a process uses.
    pub fn used(&mut self, id: i32, process: usize, at: u64) -> &mut Queue {
        let queue = self.queue(id, at);
        let is_first = !queue.is_used();
        queue.users.add(process);
        if is_first {
            self.show_depth(id, at);
        }
        self.queue(id, at)
    }

    /// Has the depth of a queue seen, if anybody uses it.
    pub fn show_depth(&mut self, id: i32, at: u64) {
        if let Some(queue) = self.queues.get(&id).filter(|queue| queue.is_used()) {
            let Held { messages, bytes } = queue.depth();
            let key = queue.life.key;
            self.observer.depth(&DepthSample { queue: id, key, at, messages, bytes });
        }
    }

    /// A call that never returned is over, at this time.
    fn abandon(&mut self, id: CallId, at: u64, how: Ended) {
        let Some((process, call)) = self.never.remove(&id) else { return };
        if let Some(mut wait) = self.waiting.remove(&id) {
            wait.ended = Some((at, how));
            self.waits.add(wait, self.known.threshold);
        }
        self.processes.get_mut(process).waiting.remove(&id.thread);
        if let Some(queue) = self.queues.get_mut(&call.object) {
            queue.contents.give_up_receive(id, false);
            queue.contents.give_up_send(id, at);
        }
        self.observer.never(process, &call, Some(at));
        self.calls += 1;
    }

    /// All calls of a process that never returned are over.
    pub fn abandon_all(&mut self, process: usize, at: u64) {
        let calls: Vec<CallId> = self.processes.get(process).waiting.values().copied().collect();
        let long = |id: &CallId| at.saturating_sub(id.entered) >= self.known.threshold;
        if calls.iter().any(long) {
            self.look_for_knots(at, self.known.threshold);
        }
        calls.into_iter().for_each(|id| self.abandon(id, at, Ended::Abandoned));
    }

    /// The recording ends here. Processes that are gone, as far as that can be told, wait no more.
    pub fn finish(&mut self, now: u64, last: u64, alive: &Alive) {
        let mut gone: Vec<usize> = Vec::new();
        for number in 0..self.processes.all().len() {
            let process = self.processes.get_mut(number);
            match alive.process(process).filter(|_| !process.is_gone) {
                Some(true) => process.lives = true,
                Some(false) => gone.push(number),
                None => (),
            }
        }
        for number in &gone {
            let process = self.processes.get_mut(*number);
            // Whoever waits was killed, and waited until then.
            process.is_gone = process.waiting.is_empty();
        }
        // How long the gone have waited nobody knows.
        let least = if gone.is_empty() { self.known.threshold } else { 0 };
        self.look_for_knots(now, least);
        for number in gone {
            let calls: Vec<CallId> = self.processes.get(number).waiting.values().copied().collect();
            calls.into_iter().for_each(|id| self.abandon(id, last, Ended::Gone));
            self.processes.get_mut(number).is_gone = true;
        }
        let mut waiting: Vec<&(usize, Call)> = self.never.values().collect();
        waiting.sort_by_key(|(_, call)| call.id());
        waiting.iter().for_each(|(process, call)| self.observer.never(*process, call, None));
    }

    /// Puts a removed queue aside, once no call is under way on it.
    pub fn retire(&mut self, id: i32, at: u64) {
        let is_over = |queue: &Queue| queue.life.removed.is_some() && queue.under_way == 0;
        if !self.queues.get(&id).is_some_and(is_over) {
            return;
        }
        if let Some(mut queue) = self.queues.remove(&id) {
            queue.dropped = queue.contents.held();
            queue.contents.clear();
            queue.condense(&mut self.budget);
            if queue.is_used() {
                let by = queue.life.removed.and_then(|removed| removed.process);
                self.observer.removed(id, by, at);
            }
            self.removed.push_back(queue);
        }
        if self.removed.len() > MOST_REMOVED
            && let Some(oldest) = self.removed.pop_front()
        {
            oldest.forget(&mut self.budget);
            self.forgotten += 1;
        }
    }

    /// All long waits, those that go on and the longest of the others, the longest first.
    pub fn all_waits(&mut self, now: u64) -> Vec<Wait> {
        let mut waits: Vec<Wait> = self.waiting.values().cloned().collect();
        for wait in &mut waits {
            if let Some(queue) = self.queues.get(&wait.queue) {
                wait.look(queue);
            }
        }
        waits.retain(|wait| wait.duration(now) >= self.known.threshold);
        waits.extend_from_slice(self.waits.all());
        waits.sort_by_key(|wait| (std::cmp::Reverse(wait.duration(now)), wait.id));
        waits
    }

    /// Notes that an id is no queue's any more.
    pub fn note_removal(&mut self, id: i32, removed: Removed) {
        if self.removed_ids.len() < MOST_REMOVED_IDS || self.removed_ids.contains_key(&id) {
            self.removed_ids.insert(id, removed);
        }
    }
}

impl<O: Observer> Observe for Model<'_, O> {
    fn event(&mut self, event: Event) {
        match event {
            Event::Began(began) => {
                let (number, replaced) = self.processes.began(&began);
                if replaced {
                    // Its calls ended when the program began.
                    self.abandon_all(number, began.at);
                }
                self.observer.process(number, self.processes.get(number));
            }
            Event::Exit(process, at) => {
                let number = self.processes.number(process, at);
                self.abandon_all(number, at);
                self.processes.exited(process, at);
            }
            Event::ThreadExit(process, thread, at) => {
                let number = self.processes.number(process, at);
                self.processes.get_mut(number).threads.remove(&thread);
                if let Some(id) = self.processes.get(number).waiting.get(&thread).copied() {
                    self.abandon(id, at, Ended::Abandoned);
                }
            }
            Event::Queue(Kind::Left, at, id, data) => {
                self.left.insert(id);
                if self.queues.contains_key(&id) {
                    self.told(id, &data, at);
                    let held = Held { messages: data.msg_qnum, bytes: data.msg_cbytes };
                    self.queue(id, at).at_end = Some(held);
                }
            }
            Event::Queue(_, at, id, data) => self.was_there(id, &data, at),
            Event::AllQueues(Kind::Left, at) => {
                self.left_listed = true;
                self.all_that_are_left(at);
            }
            Event::AllQueues(..) => self.all_listed = true,
            Event::Call(_) | Event::Late(_) => (),
        }
    }

    fn begin(&mut self, call: &Call) {
        let process = self.process_of(call);
        // A thread makes one call at a time: one that never returned is over.
        if let Some(earlier) = self.processes.get(process).waiting.get(&call.thread).copied() {
            self.abandon(earlier, call.entered, Ended::Abandoned);
        }
        let active = self.processes.get_mut(process);
        active.calls += 1;
        if matches!(call.kind, Kind::Send | Kind::Receive) {
            active.note_thread(call.thread);
        }
        // Of what a hook or an injected fault answers the queues know nothing.
        if call.injected.answer {
            return;
        }
        if call.returned.is_none() {
            active.waiting.insert(call.thread, call.id());
            self.never.insert(call.id(), (process, call.clone()));
        }
        match call.kind {
            Kind::Get => self.begin_get(call, process),
            Kind::Control => self.begin_control(call, process),
            Kind::Send => self.begin_send(call, process),
            Kind::Receive => self.begin_receive(call, process),
            _ => (),
        }
    }

    fn end(&mut self, call: Call) {
        let process = self.process_of(&call);
        let late = self.never.remove(&call.id()).is_some();
        if late {
            self.processes.get_mut(process).waiting.remove(&call.thread);
            self.make_up_for(&call, process);
        }
        self.calls += 1;
        match call.kind {
            _ if call.injected.answer => (),
            Kind::Control => self.end_control(&call, process),
            Kind::Send => self.end_send(&call, process),
            Kind::Receive => self.end_receive(&call, process),
            _ => (),
        }
        if matches!(call.kind, Kind::Send | Kind::Receive) && call.result().is_some() {
            self.goes_on(process);
        }
        self.note_failure(&call, process);
        self.observer.call(process, &call);
    }
}

impl<O: Observer> Model<'_, O> {
    /// A call that seemed never to return has returned: what its begin would have done.
    fn make_up_for(&mut self, call: &Call, process: usize) {
        match call.kind {
            Kind::Get => self.begin_get(call, process),
            Kind::Control => self.begin_control(call, process),
            Kind::Receive => {
                if let Some(queue) = self.queues.get_mut(&call.object) {
                    queue.contents.give_up_receive(call.id(), true);
                    queue.contents.begin_receive(call);
                    queue.under_way += 1;
                }
            }
            _ => {
                if let Some(queue) = self.queues.get_mut(&call.object) {
                    queue.contents.make_up_for_send(call, process);
                    queue.under_way += 1;
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
