//! The environment variables, for msgq(7).

use super::lines;
use super::paragraphs::inline;
use clap_mangen::roff::{Roff, bold};
use msgq::settings::VARIABLES;

/// Each variable: its name, its meaning, its values.
pub fn made() -> String {
    let mut page = Roff::new();
    for variable in VARIABLES {
        page.control("TP", []);
        page.text([bold(variable.name.to_string_lossy())]);
        let (first, rest) = variable.meaning.split_at(1);
        page.text(inline(&format!("{}{rest}.", first.to_uppercase())));
        page.control("br", []);
        page.text(inline(&format!("Values: {}.", variable.allowed)));
    }
    lines(&page)
}
