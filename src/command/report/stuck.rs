//! Looking for deadlocks among the calls that wait.

use super::deadlock::{Waiter, knots};
use super::events::CallId;
use super::model::Model;
use super::observer::Observer;
use super::process::Group;
use super::waits::{Wait, Why};
use msgq::trace::format::Kind;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How many deadlocks are told.
const MOST_KNOTS: usize = 100;

/// How many waiting calls are looked at for deadlocks.
const MOST_WAITERS: usize = 2000;

/// Processes that wait for each other, or one that waits for itself.
#[derive(Clone, Debug)]
pub struct Knot {
    /// When it was tied: the last of its calls began then.
    pub since: u64,
    /// When it was found: it was so then.
    pub until: u64,
    /// Whether it was found when a signal ended one of its calls: it is none if any of its processes
    /// goes on.
    pub in_doubt: bool,
    /// The calls, as they waited then. With each, who alone could end it.
    pub waits: Vec<(Wait, Vec<usize>)>,
}

impl<O: Observer> Model<'_, O> {
    /// Looks whether processes wait for each other now, and have for so many nanoseconds.
    pub fn look_for_knots(&mut self, now: u64, least: u64) {
        if self.knots.len() >= MOST_KNOTS || self.waiting.len() > MOST_WAITERS {
            return;
        }
        let mut stuck: BTreeMap<usize, Vec<CallId>> = BTreeMap::new();
        for wait in self.waiting.values() {
            stuck.entry(wait.process).or_default().push(wait.id);
        }
        // Another thread of a process may go on, and send or receive something.
        stuck.retain(|process, ids| self.processes.get(*process).only_waits(ids.len()));
        let mut waiters = Vec::new();
        let mut looked: Vec<(Wait, Vec<usize>)> = Vec::new();
        for (process, ids) in &stuck {
            let waits: Vec<Wait> =
                ids.iter().filter_map(|id| self.look_at(*id, now, least)).collect();
            // One that goes on will help the others.
            if waits.len() < ids.len() {
                continue;
            }
            let helpers: Vec<Vec<usize>> =
                waits.iter().filter_map(|wait| self.helpers(wait)).collect();
            if helpers.len() < waits.len() {
                continue;
            }
            for (wait, helpers) in waits.into_iter().zip(helpers) {
                waiters.push(Waiter { process: *process, helpers: helpers.clone() });
                looked.push((wait, helpers));
            }
        }
        for members in knots(&waiters) {
            let members: BTreeSet<usize> = members.into_iter().collect();
            let mine = |wait: &Wait| members.contains(&wait.process);
            let waits: Vec<(Wait, Vec<usize>)> =
                looked.iter().filter(|(wait, _)| mine(wait)).cloned().collect();
            self.note_knot(waits, now);
        }
    }

    /// A call that waits, as it is now; nothing where it will end by itself.
    fn look_at(&self, id: CallId, now: u64, least: u64) -> Option<Wait> {
        let mut wait = self.waiting.get(&id)?.clone();
        wait.look(self.queues.get(&wait.queue)?);
        let is_long = wait.duration(now) >= least;
        let waits = !matches!(wait.why, Why::Unknown { .. } | Why::Delayed);
        (is_long && waits && !wait.succeeds).then_some(wait)
    }

    /// Who could end a wait. Nothing where there are too many to tell.
    fn helpers(&self, wait: &Wait) -> Option<Vec<usize>> {
        let queue = self.queues.get(&wait.queue)?;
        let known = match wait.kind {
            Kind::Send => queue.receivers.clone(),
            _ => queue.senders(wait.selector),
        };
        let lives = |process: &&usize| !self.processes.get(**process).is_gone;
        let alive = |group: &Group| -> Vec<usize> {
            group.members().iter().filter(lives).copied().collect()
        };
        // Whom nobody has helped yet, anybody may who uses the queue.
        let nobody = known.members().is_empty();
        let group = if nobody { &queue.users } else { &known };
        (!group.more).then(|| alive(group))
    }

    /// The same, when a call has failed that waited: somebody may have had to end a deadlock by a
    /// signal, or it was a timer that the process relied upon.
    pub fn look_for_doubtful_knots(&mut self, now: u64, least: u64) {
        let before = self.knots.len();
        self.look_for_knots(now, least);
        self.knots.iter_mut().skip(before).for_each(|knot| knot.in_doubt = true);
        self.doubtful_knots = self.knots.iter().any(|knot| knot.in_doubt);
    }

    /// A process has sent or received a message: it is not stuck.
    pub fn goes_on(&mut self, process: usize) {
        if self.doubtful_knots {
            let is_in = |knot: &Knot| knot.waits.iter().any(|(wait, _)| wait.process == process);
            self.knots.retain(|knot| !knot.in_doubt || !is_in(knot));
            self.doubtful_knots = self.knots.iter().any(|knot| knot.in_doubt);
        }
    }

    fn note_knot(&mut self, mut waits: Vec<(Wait, Vec<usize>)>, now: u64) {
        waits.sort_by_key(|(wait, _)| wait.id);
        let ids: Vec<CallId> = waits.iter().map(|(wait, _)| wait.id).collect();
        // When one of them is gone the others still wait.
        let has_all = |knot: &&mut Knot| {
            let known: HashSet<CallId> = knot.waits.iter().map(|(wait, _)| wait.id).collect();
            ids.iter().all(|id| known.contains(id))
        };
        if let Some(known) = self.knots.iter_mut().find(has_all) {
            known.until = known.until.max(now);
            return;
        }
        let since = ids.iter().map(|id| id.entered).max().unwrap_or_default();
        self.knots.push(Knot { since, until: now, in_doubt: false, waits });
    }
}
