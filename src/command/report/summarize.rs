//! From the model to the report.

use super::findings::Findings;
use super::life::{Life, Origin};
use super::model::Model;
use super::observer::Observer;
use super::process::Processes;
use super::queue::{Queue, Sums, Waited};
use super::summary::*;
use super::waits::{Wait, Why};
use crate::command::recording::live::Losses;
use crate::command::show::names;

/// How many types of a queue are told.
const MOST_TYPES: usize = 50;

fn s(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

impl Processes {
    /// A process, where it is named.
    pub fn who(&self, number: usize) -> Who {
        let process = self.get(number);
        let program = (!process.name.is_empty()).then(|| process.name.clone());
        Who { pid: process.id, program }
    }
}

impl Report {
    /// What there is to say at the time `now`. `live`: whether somebody who is recorded goes on.
    pub fn of<O: Observer>(
        model: &mut Model<O>,
        losses: Losses,
        realtime_ns: u64,
        now: u64,
        live: bool,
    ) -> Report {
        let waits = model.all_waits(now);
        let findings = Findings::of(model, &waits, now, live);
        let told = model.waits.count.max(waits.len() as u64) - waits.len() as u64;
        let recording = RecordingReport {
            realtime_ns,
            end: s(now),
            live,
            calls: model.calls,
            lost_calls: losses.calls,
            faults: losses.faults,
            wait_threshold: s(model.known.threshold),
        };
        let queues = queues(model, now);
        let links = model.links;
        let processes = &model.processes;
        Report {
            recording,
            findings,
            links,
            queues,
            queues_not_shown: model.forgotten,
            talks: talks(model),
            talks_not_shown: model.talks.rest.messages,
            waits: waits.iter().map(|wait| wait_report(wait, now, processes)).collect(),
            waits_not_shown: told,
            failures: failures(model),
            processes: processes.all().iter().map(process).collect(),
        }
    }
}

fn process(process: &super::process::Process) -> ProcessReport {
    ProcessReport {
        pid: process.id,
        program: (!process.name.is_empty()).then(|| process.name.clone()),
        since: s(process.since),
        exited: process.exited.map(s),
        calls: process.calls,
        sent: process.sent,
        received: process.received,
    }
}

/// All queues in the order in which they were first seen.
fn queues<O: Observer>(model: &mut Model<O>, now: u64) -> Vec<QueueReport> {
    let processes = &model.processes;
    let all = model.removed.iter_mut().chain(model.queues.values_mut());
    let all = all.filter(|queue| queue.is_used());
    let mut queues: Vec<(u64, QueueReport)> =
        all.map(|queue| (queue.life.since, queue_report(queue, now, processes))).collect();
    queues.sort_by_key(|(since, queue)| (*since, queue.queue));
    queues.into_iter().map(|(_, queue)| queue).collect()
}

fn queue_report(queue: &mut Queue, now: u64, processes: &Processes) -> QueueReport {
    let end = queue.life.removed.map_or(now, |removed| removed.at).max(queue.life.since);
    let lived = s(end - queue.life.since).max(1e-9);
    let (most_messages, most_bytes) = queue.series.most();
    let left = queue.left();
    let Life { origin, since, key, mode, ref opened, times_opened, ref changes, .. } = queue.life;
    let (origin, by) = match origin {
        Origin::Made(process) => ("made", Some(process)),
        Origin::MadeOrOpened(process) => ("made_or_opened", Some(process)),
        Origin::Before => ("before", None),
    };
    let changes = changes.iter().map(|change| ChangeReport {
        time: s(change.at),
        by: processes.who(change.process),
        qbytes: change.qbytes,
        mode: names::mode(change.mode),
        uid: change.uid,
        gid: change.gid,
    });
    QueueReport {
        queue: queue.id,
        key,
        mode: mode.map(names::mode),
        origin,
        by: by.map(|process| processes.who(process)),
        since: s(since),
        opened: times_opened,
        opened_by: opened.members().iter().map(|process| processes.who(*process)).collect(),
        changes: changes.collect(),
        changed: queue.life.times_changed,
        removed: queue.life.removed.map(|removed| RemovedReport {
            time: s(removed.at),
            by: removed.process.map(|process| processes.who(process)),
        }),
        qbytes: queue.contents.qbytes,
        messages_left: left.messages,
        bytes_left: left.bytes,
        most_messages,
        most_bytes,
        swallowed: queue.contents.swallowed,
        vanished: queue.contents.vanished,
        sums: sums(&queue.all),
        sends_per_second: queue.all.sent as f64 / lived,
        receives_per_second: queue.all.received as f64 / lived,
        senders_waited: waited(queue.senders_waited),
        receivers_waited: waited(queue.receivers_waited),
        types: types(queue),
        types_not_shown: types_not_shown(queue),
        series: queue.series.report(end),
    }
}

/// The types with the most messages.
fn types(queue: &Queue) -> Vec<TypeReport> {
    let used = queue.types.iter().filter(|(_, sums)| sums.sent + sums.received > 0);
    let mut types: Vec<(&i64, &Sums)> = used.collect();
    types.sort_by_key(|(mtype, sums)| (std::cmp::Reverse(sums.sent + sums.received), **mtype));
    types.truncate(MOST_TYPES);
    let report = |(mtype, all): (&i64, &Sums)| TypeReport {
        mtype: *mtype,
        sums: sums(all),
        read: queue.is_read(*mtype),
    };
    types.into_iter().map(report).collect()
}

/// How many types more there were, at least.
fn types_not_shown(queue: &Queue) -> u64 {
    let others = u64::from(queue.other_types.sent + queue.other_types.received > 0);
    queue.types.len().saturating_sub(MOST_TYPES) as u64 + queue.types_dropped + others
}

fn sums(sums: &Sums) -> SumsReport {
    SumsReport {
        sent: sums.sent,
        bytes: sums.bytes,
        received: sums.received,
        linked: sums.linked,
        certain: sums.certain,
        residence: sums.residence.quantiles(),
    }
}

fn waited(waited: Waited) -> WaitedReport {
    WaitedReport { calls: waited.calls, seconds: s(waited.sum), longest: s(waited.max) }
}

/// Who talks to whom, the most messages first.
fn talks<O: Observer>(model: &Model<O>) -> Vec<TalkReport> {
    let mut talks: Vec<_> = model.talks.rows().collect();
    talks.sort_by_key(|(pair, talk)| (std::cmp::Reverse(talk.messages), **pair));
    let report = talks.into_iter().map(|((from, to), talk)| TalkReport {
        from: model.processes.who(*from),
        to: model.processes.who(*to),
        messages: talk.messages,
        bytes: talk.bytes,
        certain: talk.certain,
    });
    report.collect()
}

fn wait_report(wait: &Wait, now: u64, processes: &Processes) -> WaitReport {
    WaitReport {
        call: names::call(wait.kind).unwrap_or_default(),
        by: processes.who(wait.process),
        tid: wait.id.thread,
        queue: wait.queue,
        time: s(wait.id.entered),
        duration: s(wait.duration(now)),
        over: wait.ended.is_some(),
        reason: match wait.why {
            Why::Full { .. } => "full",
            Why::TooLong { .. } => "too_long",
            Why::NothingMatches { .. } => "nothing_matches",
            Why::Delayed => "delayed",
            Why::Unknown { .. } => "unknown",
        },
        what: wait.what(now, processes),
        why: wait.why(processes),
        ended: wait.ended(processes),
    }
}

fn failures<O: Observer>(model: &Model<O>) -> Vec<FailureReport> {
    let mut rows: Vec<_> = model.failures.rows.rows().collect();
    rows.sort_by_key(|(_, failure)| failure.first);
    let report = rows.into_iter().map(|(key, failure)| FailureReport {
        call: names::call(key.kind).unwrap_or_default(),
        by: model.processes.who(key.process),
        queue: key.queue,
        errno: names::errno(msgq::errno::Errno(key.errno)),
        count: failure.count,
        time: s(failure.first),
        why: failure.why.clone(),
    });
    report.collect()
}
