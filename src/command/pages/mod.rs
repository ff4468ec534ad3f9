//! What is made from the command line, from the header and from the table of environment variables,
//! and kept in the repository: parts of the manual pages, and the completions of the shells.
//!
//! `MSGQ_WRITE_PAGES=1 cargo test --bin msgq pages` writes them.

mod calls;
mod commands;
mod document;
mod environment;
mod header;
mod paragraphs;
mod region;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::roff::Roff;
use std::path::Path;
use std::{env, fs};

const HOW: &str = "MSGQ_WRITE_PAGES=1 cargo test --bin msgq pages";

/// Compares a file with what is to be there, or writes it.
fn keep(name: &str, made: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let made = made(&kept);
    if env::var_os("MSGQ_WRITE_PAGES").is_some() {
        return fs::write(&path, made).expect(name);
    }
    for (number, (kept, made)) in kept.lines().zip(made.lines()).enumerate() {
        assert_eq!(kept, made, "{name}, line {}, is out of date: {HOW}", number + 1);
    }
    assert!(kept == made, "{name} is out of date: {HOW}");
}

/// The command line, with all that clap adds to it.
fn command() -> Command {
    let mut command = super::Arguments::command();
    command.build();
    command
}

/// Lines of a manual page, without those that begin a page.
fn lines(page: &Roff) -> String {
    inside(&page.render()).to_string()
}

/// A rendered page, without the lines that begin it.
fn inside(page: &str) -> &str {
    page.strip_prefix(&Roff::new().render()).expect("what every page begins with")
}

fn completions(shell: Shell, name: &str) {
    let mut made = Vec::new();
    clap_complete::generate(shell, &mut command(), "msgq", &mut made);
    keep(name, |_| String::from_utf8(made).expect("a text"));
}

#[test]
fn the_completions_of_bash_are_those_of_the_command_line() {
    completions(Shell::Bash, "completions/msgq.bash");
}

#[test]
fn the_completions_of_zsh_are_those_of_the_command_line() {
    completions(Shell::Zsh, "completions/_msgq");
}

#[test]
fn the_completions_of_fish_are_those_of_the_command_line() {
    completions(Shell::Fish, "completions/msgq.fish");
}

#[test]
fn msgq_1_has_the_commands_of_the_command_line() {
    keep("man/msgq.1", |page| region::replace(page, "commands", &commands::made(command())));
}

#[test]
fn msgq_3_has_the_calls_of_the_header() {
    let header = header::read(include_str!("../../../include/msgq.h"));
    keep("man/msgq.3", |page| {
        let page = region::replace(page, "synopsis", &calls::synopsis(&header));
        region::replace(&page, "calls", &calls::described(&header))
    });
}

#[test]
fn msgq_7_has_the_environment_of_the_settings_and_what_the_document_says() {
    let document = include_str!("../../../docs/shm.md");
    keep("man/msgq.7", |page| {
        let page = region::replace(page, "environment", &environment::made());
        let limits = document::section(document, "Limits");
        let page = region::replace(&page, "limits", &limits);
        let differences = document::section(document, "What is not, and what happens instead");
        region::replace(&page, "differences", &differences)
    });
}

#[test]
fn every_page_names_this_version() {
    for section in ["1", "3", "7"] {
        let name = format!("man/msgq.{section}");
        let page =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name)).expect(&name);
        let title = page.lines().find(|line| line.starts_with(".TH MSGQ")).expect(".TH");
        assert!(title.contains(concat!("\"msgq ", env!("CARGO_PKG_VERSION"), "\"")), "{title}");
    }
}
