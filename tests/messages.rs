//! `msgq send`, `recv`, `peek` and `flush`, on either engine.

#[path = "conformance/support/asleep.rs"]
mod asleep;
#[path = "messages/bad_input.rs"]
mod bad_input;
#[path = "messages/not_lost.rs"]
mod not_lost;
#[path = "messages/one_by_one.rs"]
mod one_by_one;
#[path = "messages/saved.rs"]
mod saved;
#[path = "messages/somebody_elses.rs"]
mod somebody_elses;
mod support;
#[path = "messages/waiting.rs"]
mod waiting;

use libtest_mimic::{Arguments, Completion, Trial};
use support::place::Place;

/// A test on one engine.
type Test = (&'static str, fn(&Place));

fn main() {
    let mut trials = Vec::new();
    for engine in ["kernel", "shm"] {
        let tests =
            [one_by_one::TESTS, saved::TESTS, waiting::TESTS, not_lost::TESTS, bad_input::TESTS];
        for (name, test) in tests.concat() {
            trials.push(Trial::test(format!("{engine}/{name}"), move || {
                test(&Place::on(engine));
                Ok(())
            }));
        }
        trials.push(Trial::ignorable_test(
            format!("{engine}/a_queue_of_somebody_elses_is_named_and_left_as_it_is"),
            move || {
                if !nix::unistd::geteuid().is_root() {
                    return Ok(Completion::ignored_with("needs root, to become another user"));
                }
                somebody_elses::test(&Place::on(engine));
                Ok(Completion::Completed)
            },
        ));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
