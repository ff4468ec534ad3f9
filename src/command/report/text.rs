//! The report for a terminal.

use super::summary::Report;
use super::words::{count, grouped, percent, seconds};
use std::io::{self, Write};
use std::path::Path;

/// Writes it.
pub fn write(report: &Report, file: &Path, out: &mut impl Write) -> io::Result<()> {
    let r = &report.recording;
    writeln!(
        out,
        "{}: {} by {} in {}",
        file.display(),
        count(r.calls, "call"),
        count(report.processes.len() as u64, "process"),
        seconds((r.end * 1e9) as u64)
    )?;
    let l = &report.links;
    writeln!(
        out,
        "{} sent, {} received; {} of these have their send, {} of these links are certain",
        grouped(l.sent),
        grouped(l.received),
        percent(l.linked, l.received),
        percent(l.certain, l.linked)
    )?;
    for f in &report.findings {
        writeln!(out, "{:?}: {}", f.kind, f.text)?;
    }
    Ok(())
}
