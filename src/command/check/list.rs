//! What is checked, as a table and as a page.

use comfy_table::{Table, TableStyle};
use msgq::check::catalogue::CHECKS;

/// The names of all checks and what they find.
pub fn table() -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(["finding", "what it is"]);
    for check in &CHECKS {
        table.add_row([check.name, check.what]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// What stands in the page around the part that comes from the table.
    const BEGIN: &str = "<!-- The checks: as src/check/catalogue.rs has them. -->\n";
    const END: &str = "<!-- The end of the checks. -->\n";

    #[test]
    fn the_page_describes_each_check_as_the_table_does() {
        let mut wanted = String::new();
        for check in &CHECKS {
            let _ = writeln!(
                wanted,
                "\n### {}\n{}.\n\n- Why: {}.\n- To mend it: {}.",
                check.name,
                capital(check.what),
                check.why,
                check.mend
            );
        }
        wanted.push('\n');
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/check.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (_, rest) = page.split_once(BEGIN).expect("the beginning of the checks");
        let (seen, _) = rest.split_once(END).expect("their end");
        assert_eq!(seen, wanted, "docs/check.md is to have:\n{BEGIN}{wanted}{END}");
    }

    fn capital(text: &str) -> String {
        let mut letters = text.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().to_string())
            + letters.as_str()
    }
}
