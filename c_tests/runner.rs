//! Lists every C program of this directory, in every way in which a program meets the library, as
//! a test of its own: `engine/way/program`. What the program prints on the C library alone, its
//! way `plain`, is what it has to print in all others.

#[path = "runner/findings.rs"]
mod findings;
#[path = "runner/leftovers.rs"]
mod leftovers;
#[path = "runner/library.rs"]
mod library;
#[path = "runner/queues.rs"]
mod queues;
#[path = "runner/traced.rs"]
mod traced;
#[path = "runner/ways.rs"]
mod ways;
#[path = "runner/workshop.rs"]
mod workshop;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use ways::Way;
use workshop::{Outcome, Program, Workshop};

/// Where the queues live.
#[derive(Clone, Copy)]
struct Engine {
    name: &'static str,
    /// What `MSGQ_ENGINE` says; the first engine is also the one that an unset variable means.
    setting: Option<&'static str>,
}

/// The engines that may be, of which the library under test need not have all.
const ENGINES: [Engine; 2] =
    [Engine { name: "kernel", setting: None }, Engine { name: "shm", setting: Some("shm") }];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let workshop = match Workshop::open() {
        Ok(workshop) => Arc::new(workshop),
        Err(error) => {
            eprintln!("no directory to build the programs in: {error}");
            return ExitCode::FAILURE;
        }
    };
    let programs: Vec<_> = sources().into_iter().map(|path| Arc::new(Program::new(path))).collect();

    let mut trials = Vec::new();
    // Every trial holds a sender until it has run, or is dropped because it was not selected.
    let (running, all_have_run) = mpsc::channel::<()>();
    for engine in ENGINES.into_iter().filter(|engine| msgq::engine::number(engine.name).is_some()) {
        for way in Way::ALL {
            if engine.setting.is_some() && way == Way::Plain {
                continue;
            }
            if let Some(reason) = way.needs_the_kernel().filter(|_| engine.setting.is_some()) {
                trials.push(ignored(format!("{}/{}", engine.name, way.name()), reason));
                continue;
            }
            for program in programs.iter().filter(|program| way.is_about(program.name())) {
                let name = format!("{}/{}/{}", engine.name, way.name(), program.name());
                let (workshop, program) = (Arc::clone(&workshop), Arc::clone(program));
                let running = running.clone();
                trials.push(Trial::ignorable_test(name, move || {
                    let result = meet(&workshop, engine, way, &program);
                    drop(running);
                    result
                }));
            }
        }
    }
    drop(running);
    let before = leftovers::queues();
    // The last in the list, which is started in order: nobody waits for it.
    trials.push(Trial::test("kernel/leaves_no_queue_behind", move || {
        while all_have_run.recv().is_ok() {}
        leftovers::none_since(&before).map_err(Failed::from)
    }));

    libtest_mimic::run(&arguments, trials).exit_code()
}

/// One line in place of all programs in a way that makes no sense with an engine.
fn ignored(name: String, reason: &'static str) -> Trial {
    Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
}

/// The programs: every C file beside this one.
fn sources() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("c_tests");
    let entries = std::fs::read_dir(&directory).expect("c_tests can be listed");
    let mut sources: Vec<_> = entries
        .map(|entry| entry.expect("c_tests can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    sources
}

/// One test: the program in this way, held against the same program on the C library alone.
fn meet(
    workshop: &Workshop,
    engine: Engine,
    way: Way,
    program: &Program,
) -> Result<Completion, Failed> {
    if let Some(reason) = way.unfit(program.name()).or_else(|| workshop.lacks(way)) {
        return Ok(Completion::ignored_with(reason));
    }
    let has_hooks = ways::has_hooks(program.name());
    if way == Way::Plain && !has_hooks {
        is_content(way, program.plain(workshop)?)?;
        return Ok(Completion::Completed);
    }
    let seen = workshop.run(program, way, engine.setting)?;
    if has_hooks {
        is_content(way, &seen)?;
    } else {
        let plain = program.plain(workshop)?;
        if !agrees(way, plain, &seen) {
            return Err(format!("--- plain\n{plain}--- {}\n{seen}", way.name()).into());
        }
    }
    if way == Way::Checked {
        findings::are_those_wanted(program.name(), &seen.stderr)?;
    }
    workshop.look_at_recording(program, way, engine.setting)?;
    Ok(Completion::Completed)
}

/// What the program has seen is what it expects itself.
fn is_content(way: Way, seen: &Outcome) -> Result<(), Failed> {
    let is_quiet = may_talk(way) || seen.stderr.is_empty();
    match seen.status.success() && is_quiet && seen.queues_left == 0 {
        true => Ok(()),
        false => Err(format!("the program is to exit with 0, quietly\n{seen}").into()),
    }
}

/// No program leaves a queue behind.
fn agrees(way: Way, plain: &Outcome, seen: &Outcome) -> bool {
    plain.status == seen.status
        && plain.stdout == seen.stdout
        && seen.queues_left == 0
        && (may_talk(way) || plain.stderr == seen.stderr)
}

/// Valgrind and the sanitizers may say something that is no error, and what the checks say is looked at
/// elsewhere; every other way is silent.
fn may_talk(way: Way) -> bool {
    matches!(way, Way::Valgrind | Way::Asan | Way::Checked)
}
