//! The report as one JSON object. `docs/report.md` documents the fields.

use super::summary::Report;
use std::io::{self, Write};

/// Writes it.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, report)?;
    out.write_all(b"\n")
}
