//! The report for a terminal.

use super::summary::{QueueReport, Report, SumsReport, Who};
use super::words::{bytes, count, grouped, moment, percent, seconds};
use crate::command::show::names;
use comfy_table::{CellAlignment, Table, TableStyle};
use std::io::{self, Write};
use std::path::Path;

/// How many rows a table has, and how many lines a list.
const MOST_ROWS: usize = 20;

/// How many types of a queue the table has.
const MOST_TYPES: usize = 8;

/// How many queues are told that never had a message.
const MOST_IDLE: usize = 5;

/// How many columns a line takes at most.
const COLUMNS: usize = 100;

/// Writes it.
pub fn write(report: &Report, file: &Path, out: &mut impl Write) -> io::Result<()> {
    head(report, file, out)?;
    findings(report, out)?;
    messages(report, out)?;
    talks(report, out)?;
    over_time(report, out)?;
    life(report, out)?;
    waits(report, out)?;
    failures(report, out)
}

/// A time that the report has in seconds.
fn time(time: f64) -> u64 {
    (time * 1e9).round() as u64
}

fn who(who: &Who) -> String {
    match &who.program {
        Some(program) => format!("{} ({program})", who.pid),
        None => who.pid.to_string(),
    }
}

fn head(report: &Report, file: &Path, out: &mut impl Write) -> io::Result<()> {
    let recording = &report.recording;
    let calls = count(recording.calls, "call");
    let processes = count(report.processes.len() as u64, "process");
    let end = seconds(time(recording.end));
    let state = if recording.live { ", and it goes on" } else { "" };
    writeln!(out, "{}: {calls} by {processes} in {end}{state}", file.display())?;
    if recording.lost_calls > 0 {
        let lost = count(recording.lost_calls, "call");
        writeln!(out, "{lost} more are missing, for want of room; so no link is certain")?;
    }
    if recording.faults > 0 {
        let processes = count(recording.faults, "process");
        writeln!(
            out,
            "{processes} not recorded to the end, for a fault in msgq; so no link is certain"
        )?;
    }
    Ok(())
}

fn title(title: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{title}")
}

fn findings(report: &Report, out: &mut impl Write) -> io::Result<()> {
    title("Findings", out)?;
    if report.findings.is_empty() {
        return writeln!(out, "  none");
    }
    for finding in &report.findings {
        let label = finding.kind.label(report.recording.live);
        wrapped(&format!("  {label:<16}"), &finding.text, out)?;
    }
    Ok(())
}

/// Writes a label and a text behind it, in as many lines as it needs.
fn wrapped(label: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
    let indent = label.chars().count();
    let mut line = label.to_string();
    let mut has_word = false;
    for word in text.split(' ') {
        if has_word && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            writeln!(out, "{line}")?;
            line = " ".repeat(indent);
            has_word = false;
        }
        if has_word {
            line.push(' ');
        }
        line.push_str(word);
        has_word = true;
    }
    writeln!(out, "{}", line.trim_end())
}

/// A table; `left`: how many of its columns are words.
fn table(
    headings: &[&str],
    left: usize,
    rows: Vec<Vec<String>>,
    out: &mut impl Write,
) -> io::Result<()> {
    let shown = rows.len().min(MOST_ROWS);
    let more = rows.len() - shown;
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(headings);
    for row in rows.into_iter().take(shown) {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines = table.to_string();
    for line in lines.lines() {
        writeln!(out, " {}", line.trim_end())?;
    }
    more_of(more as u64, out)
}

fn more_of(more: u64, out: &mut impl Write) -> io::Result<()> {
    match more {
        0 => Ok(()),
        more => writeln!(out, "  ... and {} more, which --json has", grouped(more)),
    }
}

fn messages(report: &Report, out: &mut impl Write) -> io::Result<()> {
    title("Messages: how long they lay in their queue, from msgsnd's return to msgrcv's", out)?;
    let links = &report.links;
    let sent = count(links.sent, "message");
    if links.received == 0 {
        return writeln!(out, "  {sent} sent, none received");
    }
    writeln!(
        out,
        "  {sent} sent, {} received; of these {} have their send, {} for certain",
        grouped(links.received),
        percent(links.linked, links.received),
        percent(links.certain, links.received)
    )?;
    let headings =
        ["queue", "type", "sent", "received", "bytes", "certain", "p50", "p90", "p99", "max"];
    let mut rows = Vec::new();
    for queue in used(report) {
        let id = queue.queue.to_string();
        if queue.types.len() != 1 {
            rows.push(row([id.clone(), "all".to_string()], &queue.sums));
        }
        for of_type in queue.types.iter().take(MOST_TYPES) {
            rows.push(row([id.clone(), of_type.mtype.to_string()], &of_type.sums));
        }
        let more = queue.types.len().saturating_sub(MOST_TYPES) as u64 + queue.types_not_shown;
        if more > 0 {
            rows.push(vec![id, format!("{} more", grouped(more))]);
        }
    }
    table(&headings, 2, rows, out)
}

/// The queues that had messages, those with the most first.
fn used(report: &Report) -> Vec<&QueueReport> {
    let mut used: Vec<&QueueReport> =
        report.queues.iter().filter(|queue| traffic(queue) > 0).collect();
    used.sort_by_key(|queue| std::cmp::Reverse(traffic(queue)));
    used
}

/// How many messages went in and out.
fn traffic(queue: &QueueReport) -> u64 {
    queue.sums.sent + queue.sums.received
}

fn row(first: [String; 2], sums: &SumsReport) -> Vec<String> {
    let mut row: Vec<String> = first.to_vec();
    row.extend([sums.sent, sums.received, sums.bytes].map(grouped));
    row.push(match sums.received {
        0 => "-".to_string(),
        received => percent(sums.certain, received),
    });
    let shown = |value: Option<f64>| value.map_or("-".to_string(), |value| seconds(time(value)));
    let residence = sums.residence;
    row.push(shown(residence.and_then(|times| times.p50)));
    row.push(shown(residence.and_then(|times| times.p90)));
    row.push(shown(residence.and_then(|times| times.p99)));
    row.push(shown(residence.map(|times| times.max)));
    row
}

fn talks(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.talks.is_empty() {
        return Ok(());
    }
    title("Who talks to whom", out)?;
    let rows = report.talks.iter().map(|talk| {
        vec![
            who(&talk.from),
            who(&talk.to),
            grouped(talk.messages),
            grouped(talk.bytes),
            percent(talk.certain, talk.messages),
        ]
    });
    table(&["from", "to", "messages", "bytes", "certain"], 2, rows.collect(), out)
}

fn over_time(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let used = used(report);
    if used.is_empty() {
        return Ok(());
    }
    title("Queues over time", out)?;
    for queue in used.iter().take(MOST_ROWS) {
        let limit =
            queue.qbytes.map_or_else(String::new, |qbytes| format!(" of {}", grouped(qbytes)));
        let text = format!(
            "{}/s in, {}/s out; at most {} and {}{limit} bytes",
            rate(queue.sends_per_second),
            rate(queue.receives_per_second),
            count(queue.most_messages, "message"),
            grouped(queue.most_bytes),
        );
        let label = format!("  {:<12}", queue.queue);
        wrapped(&label, &text, out)?;
        let indent = " ".repeat(label.len());
        let waits = [
            (&queue.senders_waited, "senders waited because it was full"),
            (&queue.receivers_waited, "receivers waited because nothing matched"),
        ];
        for (waited, why) in waits.into_iter().filter(|(waited, _)| waited.calls > 0) {
            let (all, longest) = (seconds(time(waited.seconds)), seconds(time(waited.longest)));
            let text =
                format!("{why}: {all} in {}, the longest {longest}", count(waited.calls, "call"));
            wrapped(&indent, &text, out)?;
        }
        let step = seconds(time(queue.series.step));
        let bars = bars(&queue.series.messages);
        writeln!(out, "{indent}messages {bars} a mark is {step}")?;
    }
    more_of(used.len().saturating_sub(MOST_ROWS) as u64, out)
}

fn rate(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}") } else { grouped(rate.round() as u64) }
}

/// Numbers as bars of eighths; nothing where the number is 0.
fn bars(numbers: &[u64]) -> String {
    let most = numbers.iter().copied().max().unwrap_or_default().max(1);
    let bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let bar = |number: &u64| match number {
        0 => ' ',
        number => bars[((u128::from(*number) * 8).div_ceil(u128::from(most)) - 1) as usize],
    };
    // Two steps make a mark: a line has room for 64.
    let pairs: Vec<u64> =
        numbers.chunks(2).map(|pair| pair.iter().copied().max().unwrap_or_default()).collect();
    format!("|{}|", pairs.iter().map(bar).collect::<String>())
}

fn life(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.queues.is_empty() {
        return Ok(());
    }
    title("Life of the queues", out)?;
    // Those that nothing was done with are the least interesting.
    let used = used(report);
    let is_idle = |queue: &&QueueReport| traffic(queue) == 0;
    let idle: Vec<&QueueReport> = report.queues.iter().filter(is_idle).collect();
    let shown = used.iter().take(MOST_ROWS).chain(idle.iter().take(MOST_IDLE));
    for queue in shown {
        wrapped(&format!("  {:<12}", queue.queue), &life_of(queue), out)?;
    }
    more_of(used.len().saturating_sub(MOST_ROWS) as u64, out)?;
    let idle = idle.len().saturating_sub(MOST_IDLE) as u64;
    if idle > 0 {
        writeln!(out, "  ... and {} without a message", count(idle, "queue"))?;
    }
    match report.queues_not_shown {
        0 => Ok(()),
        earlier => writeln!(out, "  ... and {} removed before these", count(earlier, "queue")),
    }
}

fn life_of(queue: &QueueReport) -> String {
    let at = |seconds: f64| moment(time(seconds));
    let by = queue.by.as_ref().map(who).unwrap_or_default();
    let mut parts = vec![match queue.origin {
        "made" => format!("made by {by} at {}", at(queue.since)),
        "made_or_opened" => format!("made, or opened first, by {by} at {}", at(queue.since)),
        _ => "there before".to_string(),
    }];
    parts.extend(queue.key.map(|key| format!("key {}", names::key(key))));
    parts.extend(queue.mode.as_ref().map(|mode| format!("mode {mode}")));
    if queue.opened > 0 {
        let names: Vec<String> = queue.opened_by.iter().take(5).map(who).collect();
        let more = if queue.opened_by.len() > 5 { " and others" } else { "" };
        let times = count(queue.opened, "time");
        parts.push(format!("opened {times} by {}{more}", names.join(", ")));
    }
    for change in queue.changes.iter().take(5) {
        let (by, at) = (who(&change.by), at(change.time));
        let limit = bytes(change.qbytes);
        parts.push(format!("set to {limit}, mode {} by {by} at {at}", change.mode));
    }
    if queue.changed > 1 {
        parts.push(format!("IPC_SET {} in all", count(queue.changed, "time")));
    }
    let left = match queue.messages_left {
        0 => String::new(),
        left => format!(" with {} ({})", count(left, "message"), bytes(queue.bytes_left)),
    };
    parts.push(match &queue.removed {
        Some(removed) => {
            let by = removed.by.as_ref().map_or("somebody not recorded".to_string(), who);
            format!("removed by {by} at {}{left}", at(removed.time))
        }
        None => format!("still there{left}"),
    });
    parts.join("; ")
}

fn waits(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let waits = &report.waits;
    if waits.is_empty() {
        return Ok(());
    }
    let least = seconds(time(report.recording.wait_threshold));
    title(&format!("Waits of {least} or more, the longest first"), out)?;
    for wait in waits.iter().take(MOST_ROWS) {
        let text = format!("{}: {}; {}", wait.what, wait.why, wait.ended);
        wrapped(&format!("  {:<12}", moment(time(wait.time))), &text, out)?;
    }
    more_of(waits.len().saturating_sub(MOST_ROWS) as u64 + report.waits_not_shown, out)
}

fn failures(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let failures = &report.failures;
    if failures.is_empty() {
        return Ok(());
    }
    title("EINVAL and EIDRM, explained", out)?;
    for failure in failures.iter().take(MOST_ROWS) {
        let times = match failure.count {
            1 => String::new(),
            count => format!(", {} times", grouped(count)),
        };
        let text = format!(
            "{} on queue {} by {}: {}{times}: {}",
            failure.call,
            failure.queue,
            who(&failure.by),
            failure.errno,
            failure.why
        );
        wrapped(&format!("  {:<12}", moment(time(failure.time))), &text, out)?;
    }
    more_of(failures.len().saturating_sub(MOST_ROWS) as u64, out)
}
