//! What deserves to be told first.

use super::life::Origin;
use super::model::Model;
use super::observer::Observer;
use super::process::Processes;
use super::queue::Queue;
use super::stuck::Knot;
use super::waits::{Ended, Wait, Why};
use super::words::{count, grouped, moment, seconds};
use crate::command::show::names;
use msgq::trace::format::Kind;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many findings of a sort are told one by one.
const MOST_OF_A_SORT: usize = 10;

/// What sort of thing was found. They are told in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Processes that wait for each other, or for themselves.
    Deadlock,
    /// A call that waits, or waited until its process was gone.
    Hanging,
    /// A sender that had to wait because a queue was full.
    Full,
    /// Calls on a queue that had been removed.
    Removed,
    /// Messages that nobody received before their queue was removed.
    Unread,
    /// A queue that was not removed.
    LeftBehind,
    /// Messages that were taken by calls that never returned.
    Swallowed,
    /// Messages that were taken by somebody who is not in the recording.
    Strangers,
}

impl Sort {
    /// A word or two for it. `live`: whether somebody who is recorded goes on.
    pub fn label(self, live: bool) -> &'static str {
        match self {
            Sort::Deadlock => "deadlock",
            Sort::Hanging if live => "waits",
            Sort::Hanging => "never returned",
            Sort::Full => "full queue",
            Sort::Removed => "queue is gone",
            Sort::Unread => "unread",
            Sort::LeftBehind => "left behind",
            Sort::Swallowed => "lost",
            Sort::Strangers => "not recorded",
        }
    }
}

/// Something found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What sort of thing.
    pub kind: Sort,
    /// When: seconds since the recording was made.
    pub time: f64,
    /// The id of the queue that it is about.
    pub queue: Option<i32>,
    /// The ids of the processes that it is about.
    pub pids: Vec<u32>,
    /// All of it in words.
    pub text: String,
}

/// What is found at the end.
pub struct Findings<'a> {
    processes: &'a Processes,
    all: Vec<Finding>,
    more: BTreeMap<Sort, u64>,
}

impl<'a> Findings<'a> {
    /// Everything there is to find. `now`: when the recording ends. `live`: whether somebody who is
    /// in it goes on.
    pub fn of<O: Observer>(
        model: &'a Model<O>,
        waits: &[Wait],
        now: u64,
        live: bool,
    ) -> Vec<Finding> {
        let mut findings =
            Findings { processes: &model.processes, all: Vec::new(), more: BTreeMap::new() };
        model.knots.iter().for_each(|knot| findings.knot(knot));
        let in_knot = |wait: &&Wait| {
            let mut all = model.knots.iter().flat_map(|knot| &knot.waits);
            !all.any(|(other, _)| other.id == wait.id)
        };
        waits.iter().filter(in_knot).for_each(|wait| findings.wait(wait, now));
        findings.failures(model);
        let all = model.removed.iter().chain(model.queues.values());
        let mut queues: Vec<&Queue> = all.filter(|queue| queue.is_used()).collect();
        queues.sort_by_key(|queue| (queue.life.since, queue.id));
        let listed = model.left_listed;
        for queue in queues {
            findings.queue(queue);
            if !live && queue.life.removed.is_none() && queue.life.origin != Origin::Before {
                findings.left_behind(queue, listed, now);
            }
        }
        findings.finish(now)
    }

    fn add(&mut self, kind: Sort, at: u64, queue: Option<i32>, who: &[usize], text: String) {
        if self.all.iter().filter(|finding| finding.kind == kind).count() >= MOST_OF_A_SORT {
            *self.more.entry(kind).or_default() += 1;
            return;
        }
        let pids = who.iter().map(|process| self.processes.get(*process).id).collect();
        self.all.push(Finding { kind, time: at as f64 / 1e9, queue, pids, text });
    }

    fn finish(mut self, now: u64) -> Vec<Finding> {
        for (kind, more) in std::mem::take(&mut self.more) {
            let text = format!("... and {} more of this sort", grouped(more));
            self.all.push(Finding {
                kind,
                time: now as f64 / 1e9,
                queue: None,
                pids: Vec::new(),
                text,
            });
        }
        self.all.sort_by_key(|finding| finding.kind);
        self.all
    }

    fn knot(&mut self, knot: &Knot) {
        let lasted = seconds(knot.until.saturating_sub(knot.since));
        let alone = knot.waits.iter().all(|(wait, helpers)| *helpers == [wait.process]);
        let waits = knot.waits.iter().map(|(wait, helpers)| {
            let who = self.processes.words(wait.process);
            let queue = wait.queue;
            let others: Vec<String> = helpers
                .iter()
                .filter(|helper| **helper != wait.process)
                .map(|helper| self.processes.words(*helper))
                .collect();
            let others = match others.len() {
                0 => "it itself".to_string(),
                _ => others.join(" or "),
            };
            let also = self.circumstances(wait);
            match wait.kind {
                Kind::Send => format!(
                    "{who} waits for room in queue {queue}{also}, which only {others} could make"
                ),
                _ => {
                    let message = wait.selector.words();
                    format!("{who} waits for a {message} on queue {queue}{also}, which only {others} could send")
                }
            }
        });
        let waits: Vec<String> = waits.collect();
        let since = moment(knot.since);
        let text = match alone && knot.waits.len() == 1 {
            true => format!("since {since} ({lasted}): {}", waits.join("; ")),
            false => format!("since {since} ({lasted}), for each other: {}", waits.join("; ")),
        };
        let who: Vec<usize> = knot.waits.iter().map(|(wait, _)| wait.process).collect();
        let queue = knot.waits.first().map(|(wait, _)| wait.queue);
        self.add(Sort::Deadlock, knot.since, queue, &who, text);
    }

    /// What more there is to say of a wait in a deadlock.
    fn circumstances(&self, wait: &Wait) -> String {
        match wait.why {
            Why::Full { .. } => format!(" ({})", wait.why(self.processes)),
            _ => String::new(),
        }
    }

    fn wait(&mut self, wait: &Wait, now: u64) {
        let kind = match (wait.ended, &wait.why) {
            (None | Some((_, Ended::Abandoned | Ended::Gone)), _) => Sort::Hanging,
            (Some(_), Why::Full { .. } | Why::TooLong { .. }) => Sort::Full,
            _ => return,
        };
        let what = wait.what(now, self.processes);
        let (why, ended) = (wait.why(self.processes), wait.ended(self.processes));
        let text = format!("{what}, from {} on: {why}; {ended}", moment(wait.id.entered));
        self.add(kind, wait.id.entered, Some(wait.queue), &[wait.process], text);
    }

    fn failures<O: Observer>(&mut self, model: &Model<O>) {
        let mut rows: Vec<_> =
            model.failures.rows.rows().filter(|(_, failure)| failure.removed).collect();
        rows.sort_by_key(|(_, failure)| failure.first);
        // What a process does to a queue that is gone is told once.
        let mut told: Vec<(usize, i32)> = Vec::new();
        for (key, failure) in &rows {
            let subject = (key.process, key.queue);
            if told.contains(&subject) {
                continue;
            }
            told.push(subject);
            let alike = rows.iter().filter(|(key, _)| (key.process, key.queue) == subject);
            let all: u64 = alike.map(|(_, failure)| failure.count).sum();
            let who = self.processes.words(key.process);
            let call = names::call(key.kind).unwrap_or_default();
            let errno = names::errno(msgq::errno::Errno(key.errno));
            let more = match all {
                1 => String::new(),
                all => format!("; it failed {} on this queue in all", count(all, "time")),
            };
            let text = format!(
                "{call} on queue {} by {who} failed with {errno} at {}: {}{more}",
                key.queue,
                moment(failure.first),
                failure.why
            );
            self.add(Sort::Removed, failure.first, Some(key.queue), &[key.process], text);
        }
    }

    fn queue(&mut self, queue: &Queue) {
        let id = queue.id;
        let maker: Vec<usize> = queue.life.maker().into_iter().collect();
        let gone = [
            (
                Sort::Swallowed,
                queue.contents.swallowed,
                "taken by calls of msgrcv that never returned",
            ),
            (
                Sort::Strangers,
                queue.contents.vanished,
                "taken by somebody who is not in the recording",
            ),
        ];
        for (sort, messages, how) in gone.into_iter().filter(|(_, messages, _)| *messages > 0) {
            let were = if messages == 1 { "was" } else { "were" };
            let text = format!("{} in queue {id} {were} {how}", count(messages, "message"));
            self.add(sort, queue.life.since, Some(id), &[], text);
        }
        if let Some(removed) = queue.life.removed
            && queue.dropped.messages > 0
        {
            let who = removed.process.map_or_else(
                || "somebody who is not in the recording".to_string(),
                |process| self.processes.words(process),
            );
            let text = format!(
                "queue {id} was removed by {who} at {} with {} ({}) that nobody had received",
                moment(removed.at),
                count(queue.dropped.messages, "message"),
                count(queue.dropped.bytes, "byte")
            );
            self.add(Sort::Unread, removed.at, Some(id), &maker, text);
        }
    }

    /// A queue that was not removed; `listed`: as those have noted who looked when all was over.
    fn left_behind(&mut self, queue: &Queue, listed: bool, now: u64) {
        let (id, held) = (queue.id, queue.left());
        let messages = match held.messages {
            0 => "empty".to_string(),
            messages => format!(
                "with {} ({}) that nobody has received",
                count(messages, "message"),
                count(held.bytes, "byte")
            ),
        };
        let made = self.made(queue);
        let text = match listed {
            true => format!("queue {id} was not removed, and stays behind {messages}; {made}"),
            false => format!(
                "queue {id} was not removed, as far as is recorded, and stays behind {messages}; {made}"
            ),
        };
        let maker: Vec<usize> = queue.life.maker().into_iter().collect();
        self.add(Sort::LeftBehind, now, Some(id), &maker, text);
    }

    /// Who made a queue.
    fn made(&self, queue: &Queue) -> String {
        let key = queue.life.key.map(names::key);
        let key = key.map_or_else(String::new, |key| format!(", key {key}"));
        let mode = queue.life.mode.map(names::mode);
        let mode = mode.map_or_else(String::new, |mode| format!(", mode {mode}"));
        let at = moment(queue.life.since);
        match queue.life.origin {
            Origin::Made(process) => {
                format!("{} made it at {at}{key}{mode}", self.processes.words(process))
            }
            Origin::MadeOrOpened(process) => {
                format!("{} made or opened it at {at}{key}{mode}", self.processes.words(process))
            }
            Origin::Before => "it was there before".to_string(),
        }
    }
}
