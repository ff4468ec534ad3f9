//! The calls of C programs, for msgq(3).

use super::header::Item;
use super::{lines, paragraphs};
use clap_mangen::roff::{Roff, bold};

/// The functions as they are declared.
pub fn synopsis(header: &[Item]) -> String {
    let mut page = Roff::new();
    for item in header.iter().filter(|item| item.is_function()) {
        page.text([bold(&item.code)]);
    }
    lines(&page)
}

/// Each function, and what else there is, with its documentation.
pub fn described(header: &[Item]) -> String {
    let mut page = Roff::new();
    let (functions, others): (Vec<_>, Vec<_>) = header.iter().partition(|item| item.is_function());
    page.control("SH", ["FUNCTIONS"]);
    for item in functions {
        page.control("SS", [format!("{}()", item.name()).as_str()]);
        paragraphs::write(&mut page, &item.doc);
    }
    page.control("SH", ["TYPES AND CONSTANTS"]);
    for item in others {
        page.control("SS", [item.name()]);
        if item.members.is_empty() {
            page.text([bold(&item.code)]).control("PP", []);
        }
        paragraphs::write(&mut page, &item.doc);
        for member in &item.members {
            page.control("TP", []).text([bold(&member.code)]);
            page.text(paragraphs::inline(&member.doc.concat().join(" ")));
        }
    }
    lines(&page)
}
