//! `msgq top`: its tables, and its screen in a real terminal, which is tmux's. Where there is no tmux,
//! what needs one is listed as ignored.

#[path = "top/screen.rs"]
mod screen;
mod support;
#[path = "top/tables.rs"]
mod tables;
#[path = "top/terminal.rs"]
mod terminal;

use libtest_mimic::{Arguments, Completion, Trial};
use std::process::Command;
use support::may_have_a_namespace;
use support::place::Place;

/// A test on one engine.
type Test = (&'static str, fn(&Place));

fn main() {
    let has_tmux = Command::new("tmux").arg("-V").output().is_ok();
    let is_root = nix::unistd::geteuid().is_root();
    let mut trials = Vec::new();
    let mut add = |engine: &'static str, (name, test): Test, missing: Option<&'static str>| {
        trials.push(Trial::ignorable_test(format!("{engine}/{name}"), move || {
            if let Some(missing) = missing {
                return Ok(Completion::ignored_with(missing));
            }
            test(&Place::on(engine));
            Ok(Completion::Completed)
        }));
    };
    let no_tmux = (!has_tmux).then_some("there is no tmux");
    let no_root = (!is_root).then_some("needs root, to become another user");
    for engine in ["kernel", "shm"] {
        tables::TESTS.iter().for_each(|test| add(engine, *test, None));
        let unseen = if engine == "kernel" { tables::kernel_shows_no_sleepers() } else { None };
        add(engine, tables::WHO_SLEEPS, unseen);
        add(engine, tables::UNSEEN, unseen.or(no_root));
        screen::ON_BOTH.iter().for_each(|test| add(engine, *test, no_tmux));
        add(engine, screen::SOMEBODY_ELSES, no_tmux.or(no_root));
    }
    let no_namespace = (!may_have_a_namespace()).then_some("needs an IPC namespace of its own");
    let unseen = tables::kernel_shows_no_sleepers();
    add("kernel", tables::WHO_SLEEPS_ELSEWHERE, unseen.or(no_namespace));
    add("shm", tables::WHO_SLEEPS_IN_A_FILE, None);
    screen::ON_ONE.iter().for_each(|test| add("shm", *test, no_tmux));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
