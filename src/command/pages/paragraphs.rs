//! Writes the header's documentation as a manual page has it.

use clap_mangen::roff::{Inline, Roff, bold, roman};

/// The paragraphs, below one another, at the beginning of a section.
pub fn write(page: &mut Roff, paragraphs: &[Vec<String>]) {
    for (number, paragraph) in paragraphs.iter().enumerate() {
        let text = paragraph.join(" ");
        if let Some((name, meaning)) = argument(&text) {
            page.control("TP", []).text([bold(name)]).text(inline(meaning));
            continue;
        }
        if number > 0 {
            page.control("PP", []);
        }
        with_errors(page, paragraph);
    }
}

/// A paragraph about the result ends with the errors, each of which begins a line.
fn with_errors(page: &mut Roff, paragraph: &[String]) {
    let errors = paragraph.iter().position(|line| error(line).is_some());
    let (before, errors) = paragraph.split_at(errors.unwrap_or(paragraph.len()));
    page.text(inline(&before.join(" ")));
    for line in errors {
        match error(line) {
            Some((name, meaning)) => {
                page.control("TP", []).text([bold(name)]).text(inline(meaning))
            }
            None => page.text(inline(line)),
        };
    }
}

/// `` `name`: meaning``.
fn argument(text: &str) -> Option<(&str, &str)> {
    let (name, meaning) = text.strip_prefix('`')?.split_once("`: ")?;
    Some((name, meaning))
}

/// `ENAME, meaning`.
fn error(line: &str) -> Option<(&str, &str)> {
    let (name, meaning) = line.split_once(", ")?;
    let capitals = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (name.starts_with('E') && capitals(name)).then_some((name, meaning))
}

/// What stands between grave accents is bold.
pub fn inline(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(number, part)| if number % 2 == 1 { bold(part) } else { roman(part) }).collect()
}
