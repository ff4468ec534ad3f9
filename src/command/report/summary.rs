//! The report: all that is known at the end, as text and JSON show it.

use super::findings::Finding;
use super::series::SeriesReport;
use super::sums::Quantiles;
use serde::Serialize;

/// A report. Times are seconds since the recording was made.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct Report {
    pub recording: RecordingReport,
    pub findings: Vec<Finding>,
    pub links: Links,
    pub queues: Vec<QueueReport>,
    pub queues_not_shown: u64,
    pub talks: Vec<TalkReport>,
    pub talks_not_shown: u64,
    pub waits: Vec<WaitReport>,
    pub waits_not_shown: u64,
    pub failures: Vec<FailureReport>,
    pub processes: Vec<ProcessReport>,
}

/// The recording itself.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct RecordingReport {
    pub realtime_ns: u64,
    pub end: f64,
    pub live: bool,
    pub calls: u64,
    pub lost_calls: u64,
    pub faults: u64,
    pub wait_threshold: f64,
}

/// How many receives have their send.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[allow(missing_docs)]
pub struct Links {
    pub sent: u64,
    pub received: u64,
    pub linked: u64,
    pub certain: u64,
}

/// A process.
#[derive(Clone, Serialize)]
#[allow(missing_docs)]
pub struct ProcessReport {
    pub pid: u32,
    pub program: Option<String>,
    pub since: f64,
    pub exited: Option<f64>,
    pub calls: u64,
    pub sent: u64,
    pub received: u64,
}

/// A process, where it is named.
#[derive(Clone, Serialize)]
#[allow(missing_docs)]
pub struct Who {
    pub pid: u32,
    pub program: Option<String>,
}

/// A queue.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct QueueReport {
    pub queue: i32,
    pub key: Option<i32>,
    pub mode: Option<String>,
    pub origin: &'static str,
    pub by: Option<Who>,
    pub since: f64,
    pub opened: u64,
    pub opened_by: Vec<Who>,
    pub changes: Vec<ChangeReport>,
    pub changed: u64,
    pub removed: Option<RemovedReport>,
    pub qbytes: Option<u64>,
    pub messages_left: u64,
    pub bytes_left: u64,
    pub most_messages: u64,
    pub most_bytes: u64,
    pub swallowed: u64,
    pub vanished: u64,
    #[serde(flatten)]
    pub sums: SumsReport,
    pub sends_per_second: f64,
    pub receives_per_second: f64,
    pub senders_waited: WaitedReport,
    pub receivers_waited: WaitedReport,
    pub types: Vec<TypeReport>,
    pub types_not_shown: u64,
    pub series: SeriesReport,
}

/// Sums over messages.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct SumsReport {
    pub sent: u64,
    pub bytes: u64,
    pub received: u64,
    pub linked: u64,
    pub certain: u64,
    pub residence: Option<Quantiles>,
}

/// The messages of one type.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct TypeReport {
    pub mtype: i64,
    #[serde(flatten)]
    pub sums: SumsReport,
    pub read: bool,
}

/// A change by IPC_SET.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct ChangeReport {
    pub time: f64,
    pub by: Who,
    pub qbytes: u64,
    pub mode: String,
    pub uid: u32,
    pub gid: u32,
}

/// A queue's end.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct RemovedReport {
    pub time: f64,
    pub by: Option<Who>,
}

/// How long calls waited: how many, together, and the longest.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct WaitedReport {
    pub calls: u64,
    pub seconds: f64,
    pub longest: f64,
}

/// Who sent to whom.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct TalkReport {
    pub from: Who,
    pub to: Who,
    pub messages: u64,
    pub bytes: u64,
    pub certain: u64,
}

/// A long wait.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct WaitReport {
    pub call: &'static str,
    pub by: Who,
    pub tid: u32,
    pub queue: i32,
    pub time: f64,
    pub duration: f64,
    pub over: bool,
    pub reason: &'static str,
    pub what: String,
    pub why: String,
    pub ended: String,
}

/// Failures with the same cause.
#[derive(Serialize)]
#[allow(missing_docs)]
pub struct FailureReport {
    pub call: &'static str,
    pub by: Who,
    pub queue: i32,
    pub errno: String,
    pub count: u64,
    pub time: f64,
    pub why: String,
}
