//! What is told of findings: each as soon as it is there, and a table at the end.

use super::source::Sources;
use crate::command::terminal::is_command;
use comfy_table::{CellAlignment, Table, TableStyle};
use msgq::check::Tables;
use msgq::check::catalogue::{CHECKS, Check};
use msgq::check::finding::Finding;
use msgq::check::places;
use std::io::Write;
use std::sync::atomic::Ordering::Relaxed;

/// Tells of the findings in some tables.
pub struct Told<W> {
    tables: &'static Tables,
    out: W,
    sources: Sources,
    /// The numbers of those that were told, in that order.
    told: Vec<usize>,
}

impl<W: Write> Told<W> {
    /// None is told yet.
    pub fn new(tables: &'static Tables, out: W) -> Told<W> {
        Told { tables, out, sources: Sources::default(), told: Vec::new() }
    }

    /// Tells of those that came since the last time.
    pub fn tell_new(&mut self) {
        for (number, finding) in self.tables.findings.iter().enumerate() {
            if finding.is_ready() && !self.told.contains(&number) {
                self.told.push(number);
                if let Some(check) = CHECKS.get(finding.misuse()) {
                    let text = self.describe(finding, check);
                    // Where standard error is gone there is nobody to tell.
                    let _ = self.out.write_all(text.as_bytes());
                }
            }
        }
    }

    fn describe(&mut self, finding: &Finding, check: &Check) -> String {
        let detail = text(|part| finding.detail(part));
        let (mut call, mut who) = (String::new(), String::new());
        let _ = finding.write_call(&mut call);
        let _ = finding.write_who(&mut who);
        format!(
            "msgq check: {name}: {call}: {detail}\n    at:   {place}, {who}\n    why:  {why}\n    mend: {mend}\n",
            name = check.name,
            place = self.place(finding),
            why = check.why,
            mend = check.mend,
        )
    }

    /// "main (prog.c:12), prog+0x1234", as far as it is known.
    fn place(&mut self, finding: &Finding) -> String {
        let Some(place) = places::place(finding.place()) else {
            return "a place that is not known".to_string();
        };
        let module = text(|part| place.module(part));
        let raw = format!("{module}+{:#x}", place.address());
        match self.sources.describe(&module, place.address()) {
            Some(source) => format!("{source}, {raw}"),
            None => raw,
        }
    }

    /// A table of all that was told; how many there are.
    pub fn sum_up(&mut self) -> usize {
        let mut table = Table::new();
        table.load_style(TableStyle::new());
        table.set_header(["finding", "count", "place"]);
        for number in self.told.clone() {
            let Some(finding) = self.tables.findings.get(number) else { continue };
            let Some(check) = CHECKS.get(finding.misuse()) else { continue };
            let row = [check.name.to_string(), finding.count().to_string(), self.place(finding)];
            table.add_row(row);
        }
        if let Some(counts) = table.column_mut(1) {
            counts.set_cell_alignment(CellAlignment::Right);
        }
        let findings = self.told.len();
        let untold = self.tables.untold.load(Relaxed);
        let _ = match findings {
            0 => writeln!(self.out, "msgq check: nothing was found"),
            _ => writeln!(self.out, "msgq check: {findings} found\n\n{table}"),
        };
        if untold > 0 {
            let _ = writeln!(self.out, "msgq check: {untold} more, for which there was no room");
        }
        findings
    }
}

/// The text that is handed over in parts. A path may have characters that a terminal would obey.
fn text(read: impl FnOnce(&mut dyn FnMut(&[u8]))) -> String {
    let mut bytes = Vec::new();
    read(&mut |part| bytes.extend_from_slice(part));
    String::from_utf8_lossy(&bytes).replace(is_command, "?")
}
