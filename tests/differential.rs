//! The same calls on two engines, and whether they give the same, call by call.
//!
//! The kernel's queues are one side, another engine the other. Where there is no other yet, and to
//! see that the comparison itself is right, the kernel is also held against itself, and against
//! engines that are wrong on purpose, which have to be found.
//!
//! ```sh
//! cargo test --test differential                        # the usual run, always with the same calls
//! cargo test --test differential -- --seed 7            # other calls; or MSGQ_SEED=7
//! cargo test --test differential -- --calls 2000000     # more of them
//! cargo test --test differential -- --endless           # until something differs, or Ctrl-C
//! cargo test --test differential -- --endless --seed 7  # from this seed on
//! ```
//!
//! Where something differs, the seed, the number of the call and the last calls are shown. The same
//! seed gives the same calls again, as long as the machine has the same limits.

#[path = "differential/blocking.rs"]
mod blocking;
#[path = "differential/deviant.rs"]
mod deviant;
mod engines;
#[path = "differential/ledger.rs"]
mod ledger;
#[path = "differential/quick.rs"]
mod quick;
#[path = "differential/quiet.rs"]
mod quiet;

use engines::again::Directory;
use engines::options::Options;
use engines::{again, identity};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use msgq::engine::{DEFAULT, ENGINES};
use std::process::ExitCode;
use std::time::Duration;

/// A kind of script: the role that plays it, and how many of its calls are usual.
#[derive(Clone, Copy)]
struct Kind {
    role: &'static str,
    calls: u64,
    needs_root: bool,
    directory: Directory,
}

const KINDS: [Kind; 5] = [
    Kind {
        role: "random_calls_give_the_same",
        calls: 200_000,
        needs_root: false,
        directory: Directory::Own,
    },
    Kind {
        role: "random_calls_without_privileges_give_the_same",
        calls: 100_000,
        needs_root: true,
        directory: Directory::Of(quick::STRANGER),
    },
    Kind {
        role: "from_no_queue_at_all_ids_and_sums_are_the_same",
        calls: 15_000,
        needs_root: true,
        directory: Directory::Own,
    },
    Kind {
        role: "calls_that_wait_give_the_same",
        calls: 1_500,
        needs_root: false,
        directory: Directory::Own,
    },
    Kind {
        role: "calls_that_are_stopped_give_the_same",
        calls: 1_000,
        needs_root: false,
        directory: Directory::Own,
    },
];

/// What an engine does otherwise, and why: engine, role, reason. docs/shm.md says what it does instead.
const DIFFERENCES: [(&str, &str, &str); 1] = [(
    "shm",
    "calls_that_are_stopped_give_the_same",
    "a message offered to a receiver that is stopped leaves its time and pid",
)];

/// The kind whose scripts the deviants of the other list are found by.
const QUICK: Kind = KINDS[0];
const BLOCKING: Kind = KINDS[3];

fn main() -> ExitCode {
    if let Some((role, arguments)) = again::role() {
        return again::end(play(&role, &arguments));
    }
    let options = match Options::read() {
        Ok(options) => options,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::FAILURE;
        }
    };
    if options.endless {
        return endless(&options);
    }
    let mut trials = Vec::new();
    for other in others() {
        for kind in KINDS {
            let calls = options.calls.unwrap_or(kind.calls);
            let seed = options.first_seed();
            trials.push(Trial::ignorable_test(
                format!("kernel_and_{other}/{}", kind.role),
                move || match DIFFERENCES.iter().find(|it| it.0 == other && it.1 == kind.role) {
                    Some((_, _, reason)) => Ok(Completion::ignored_with(*reason)),
                    None => agree(kind, other, seed, calls),
                },
            ));
        }
    }
    for (deviants, kind) in [(&deviant::QUICK[..], QUICK), (&deviant::BLOCKING[..], BLOCKING)] {
        for deviant in deviants {
            let (name, seed) = (deviant.name, options.first_seed());
            let found = move || found(kind, name, seed);
            trials.push(Trial::test(format!("an_engine_is_found_that_{name}"), found));
        }
    }
    libtest_mimic::run(&Arguments::from_iter(options.rest), trials).exit_code()
}

/// The engines to hold against the kernel, itself included.
fn others() -> impl Iterator<Item = &'static str> {
    ENGINES.iter().map(|(name, _)| *name)
}

/// More than any of these scripts takes, and more where many calls are asked for.
fn limit(calls: u64) -> Duration {
    Duration::from_secs(60) + Duration::from_millis(calls * 5)
}

fn arguments(other: &str, seed: u64, calls: u64) -> Vec<String> {
    vec![ENGINES[DEFAULT].0.into(), other.into(), seed.to_string(), calls.to_string()]
}

fn agree(kind: Kind, other: &str, seed: u64, calls: u64) -> Result<Completion, Failed> {
    if kind.needs_root && !identity::is_root() {
        return Ok(Completion::ignored_with("needs root"));
    }
    again::play(kind.role, &arguments(other, seed, calls), kind.directory, limit(calls))?;
    Ok(Completion::Completed)
}

fn found(kind: Kind, name: &str, seed: u64) -> Result<(), Failed> {
    match again::play(
        kind.role,
        &arguments(name, seed, kind.calls),
        Directory::Own,
        limit(kind.calls),
    ) {
        Ok(said) => {
            Err(format!("{} calls went by as if nothing were wrong: {said}", kind.calls).into())
        }
        Err(said) if said.contains("differ") => Ok(()),
        Err(said) => Err(format!("something else was found: {said}").into()),
    }
}

/// Script after script, until two sides differ.
fn endless(options: &Options) -> ExitCode {
    again::outlive_interrupts();
    let kinds: Vec<Kind> =
        KINDS.into_iter().filter(|kind| !kind.needs_root || identity::is_root()).collect();
    for seed in options.first_seed().. {
        for other in others().filter(|other| ENGINES.len() == 1 || *other != ENGINES[DEFAULT].0) {
            for kind in &kinds {
                let calls = options.calls.unwrap_or(kind.calls * 10);
                match again::play(
                    kind.role,
                    &arguments(other, seed, calls),
                    kind.directory,
                    limit(calls),
                ) {
                    Ok(said) => {
                        println!("seed {seed}, kernel and {other}, {}: {}", kind.role, said.trim())
                    }
                    Err(said) => {
                        eprintln!("{said}");
                        return ExitCode::FAILURE;
                    }
                }
            }
        }
    }
    ExitCode::SUCCESS
}

/// What this process was started for.
fn play(role: &str, arguments: &[String]) -> Result<String, String> {
    let [one, other, seed, calls] = arguments else {
        return Err(format!("{role} wants two engines, a seed and a number of calls"));
    };
    let names = [one.as_str(), other.as_str()];
    let mut engines = Vec::new();
    for name in names {
        let engine = engines::engine(name).or_else(|| deviant::named(name));
        engines.push(engine.ok_or(format!("no engine is called {name}"))?);
    }
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
    let script = quick::Pair {
        names,
        engines: [engines[0], engines[1]],
        seed: number(seed)?,
        calls: number(calls)?,
    };
    match KINDS.iter().position(|kind| kind.role == role) {
        Some(0) => script.as_we_are(),
        Some(1) => script.without_privileges(),
        Some(2) => script.beginning_with_nothing(),
        Some(3) => blocking::play(&script, false),
        Some(4) => blocking::play(&script, true),
        _ => Err(format!("no role is called {role}")),
    }
}
