//! Two tables at the end: per call, and per queue.

use super::{Filter, Show, names, queue};
use crate::command::recording::follower::Told;
use crate::command::recording::live::Losses;
use crate::command::recording::time::Scale;
use comfy_table::{CellAlignment, Table, TableStyle};
use msgq::trace::format::Kind;
use msgq::trace::record::Record;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Sums over calls.
#[derive(Clone, Copy, Default)]
struct Sums {
    calls: u64,
    errors: u64,
    unfinished: u64,
    nanoseconds: u64,
    sent: u64,
    received: u64,
}

impl Sums {
    fn add(&mut self, record: &Record, scale: &Scale) {
        self.calls += 1;
        let Some((at, outcome)) = record.returned else {
            self.unfinished += 1;
            return;
        };
        self.nanoseconds += scale.between(record.entered, at);
        match (record.kind, outcome) {
            (_, Err(_)) => self.errors += 1,
            (Kind::Send, Ok(_)) => self.sent += record.msgsz,
            (Kind::Receive, Ok(length)) => self.received += length as u64,
            _ => (),
        }
    }
}

/// A column: its heading, and what it shows of the sums.
type Column = (&'static str, fn(&Sums) -> String);

/// The columns that both tables have, after the first.
const COLUMNS: [Column; 7] = [
    ("calls", |sums| sums.calls.to_string()),
    ("errors", |sums| sums.errors.to_string()),
    ("unfinished", |sums| sums.unfinished.to_string()),
    ("seconds", |sums| format!("{:.6}", sums.nanoseconds as f64 / 1e9)),
    ("usecs/call", |sums| {
        let finished = sums.calls - sums.unfinished;
        format!("{:.3}", sums.nanoseconds as f64 / 1e3 / finished.max(1) as f64)
    }),
    ("bytes sent", |sums| sums.sent.to_string()),
    ("bytes received", |sums| sums.received.to_string()),
];

/// Sums calls up.
pub struct Summary<W> {
    out: W,
    filter: Filter,
    per_call: BTreeMap<u8, (&'static str, Sums)>,
    per_queue: BTreeMap<Option<i32>, Sums>,
}

impl<W: Write> Summary<W> {
    /// Tables for `out`.
    pub fn new(out: W, filter: Filter) -> Summary<W> {
        Summary { out, filter, per_call: BTreeMap::new(), per_queue: BTreeMap::new() }
    }
}

impl<W: Write> Show for Summary<W> {
    fn show(&mut self, told: &Told, scale: &Scale) -> io::Result<()> {
        let (Told::Returned(record, _) | Told::Never(record, _)) = told else { return Ok(()) };
        if let Some(call) = names::call(record.kind).filter(|_| self.filter.takes(record)) {
            let per_call =
                self.per_call.entry(record.kind as u8).or_insert((call, Sums::default()));
            per_call.1.add(record, scale);
            self.per_queue.entry(queue(record)).or_default().add(record, scale);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: Losses) -> io::Result<()> {
        let calls = self.per_call.values().map(|(call, sums)| ((*call).to_string(), *sums));
        writeln!(self.out, "{}\n", table("call", calls))?;
        let queues = self.per_queue.iter().map(|(queue, sums)| {
            (queue.map_or("none".to_string(), |queue| queue.to_string()), *sums)
        });
        writeln!(self.out, "{}", table("msqid", queues))?;
        self.out.flush()
    }
}

fn table(first: &str, rows: impl Iterator<Item = (String, Sums)>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(std::iter::once(first).chain(COLUMNS.iter().map(|(heading, _)| *heading)));
    for (name, sums) in rows {
        let cells = COLUMNS.iter().map(|(_, show)| show(&sums));
        table.add_row(std::iter::once(name).chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::show::samples::{call, scale};
    use msgq::errno::Errno;

    #[test]
    fn calls_errors_time_and_bytes_are_summed_per_call_and_per_queue() {
        let mut send = call(Kind::Send, 5, 0, Ok(0));
        send.msgsz = 10;
        let mut failed = call(Kind::Send, 6, 0, Err(Errno(libc::EAGAIN)));
        failed.msgsz = 100;
        let receive = call(Kind::Receive, 5, 0, Ok(4));
        let never = Record { returned: None, ..call(Kind::Receive, 6, 0, Ok(0)) };
        let mut out = Vec::new();
        let mut summary = Summary::new(&mut out, Filter::default());
        for record in [send.clone(), send, failed, receive] {
            summary.show(&Told::Returned(record, false), &scale()).unwrap();
        }
        summary.show(&Told::Never(never, true), &scale()).unwrap();
        summary.end(Losses::default()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        let row = |name: &str| rows.iter().find(|row| row.first() == Some(&name)).unwrap().clone();
        assert_eq!(row("msgsnd"), ["msgsnd", "3", "1", "0", "0.000009", "3.000", "20", "0"]);
        assert_eq!(row("msgrcv"), ["msgrcv", "2", "0", "1", "0.000003", "3.000", "0", "4"]);
        assert_eq!(row("5"), ["5", "3", "0", "0", "0.000009", "3.000", "20", "4"]);
        assert_eq!(row("6"), ["6", "2", "1", "1", "0.000003", "3.000", "0", "0"]);
    }
}
