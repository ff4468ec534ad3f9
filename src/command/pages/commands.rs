//! The commands and their options, for msgq(1).

use super::{inside, lines};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// Each command: its usage, what it does, its options, as `--help` tells them.
pub fn made(mut command: Command) -> String {
    let subcommands = command.get_subcommands_mut().filter(|one| !one.is_hide_set());
    subcommands.map(one).collect()
}

fn one(command: &mut Command) -> String {
    let mut page = Roff::new();
    page.control("SS", [command.get_name()]);
    let usage = command.render_usage().to_string();
    for (number, line) in usage.trim_start_matches("Usage:").lines().enumerate() {
        if number > 0 {
            page.control("br", []);
        }
        page.text([bold(line.trim())]);
    }
    page.control("PP", []);
    let about = command.get_long_about().or(command.get_about()).expect("what it does");
    page.text([roman(format!("{}.", about.to_string().trim_end_matches('.')))]);
    let mut text = lines(&page) + &options(command);
    if let Some(more) = command.get_after_long_help().or(command.get_after_help()) {
        text += &lines(Roff::new().control("PP", []).text([roman(more.to_string())]));
    }
    text
}

/// The options, without the heading that they would have on a page of their own.
fn options(command: &Command) -> String {
    let mut page = Vec::new();
    Man::new(command.clone()).render_options_section(&mut page).expect("no error in memory");
    let page = String::from_utf8(page).expect("a text");
    let options = inside(&page).strip_prefix(".SH OPTIONS\n");
    // Breaks around an empty line do nothing, as mandoc would say.
    options.expect("options: --help at least").replace(".br\n\n.br\n", ".sp\n")
}
