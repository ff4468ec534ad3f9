//! Takes a section of a document in Markdown over into a manual page.

use super::lines;
use super::paragraphs::inline;
use clap_mangen::roff::Roff;

/// The section with this heading: its paragraphs, and the rows of its table.
pub fn section(document: &str, heading: &str) -> String {
    let (_, rest) = document.split_once(&format!("\n## {heading}\n")).expect(heading);
    let section = rest.split("\n## ").next().unwrap_or_default();
    let mut page = Roff::new();
    for (number, part) in section.trim().split("\n\n").enumerate() {
        if part.starts_with('|') {
            rows(&mut page, part);
            continue;
        }
        if number > 0 {
            page.control("PP", []);
        }
        page.text(inline(&part.replace('\n', " ")));
    }
    lines(&page)
}

/// Each row: its first cell, and below it the second.
fn rows(page: &mut Roff, table: &str) {
    for row in table.lines().skip(2) {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (first, second) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        page.control("TP", []).text(inline(first)).text(inline(second));
    }
}
