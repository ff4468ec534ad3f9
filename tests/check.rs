//! What the checks find: each in a C program that has the fault, and not in one that looks alike and
//! has not. Every program runs on both engines, with `MSGQ_CHECK` alone and under `msgq check`.
//!
//! A file is named after its finding, which is all that is to be found in it; what comes behind a dot
//! tells several of them apart.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use msgq::check::catalogue::CHECKS;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::{Arc, Mutex};
use support::{cc, library, msgq, run, text};
use tempfile::TempDir;

/// The one program that makes sense on one engine alone: the kernel's queues are in no file.
const DAMAGED: &str = "damaged-queue";

/// What a program is to be found guilty of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fault,
    Alike,
}

impl Kind {
    fn directory(self) -> &'static str {
        match self {
            Kind::Fault => "faults",
            Kind::Alike => "alike",
        }
    }

    fn sources(self) -> Vec<PathBuf> {
        let directory = support::root().join("tests/check").join(self.directory());
        let entries = std::fs::read_dir(directory).expect("the directory of programs");
        let mut sources: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
        sources.sort();
        sources
    }
}

fn name(source: &Path) -> &str {
    source.file_stem().and_then(|stem| stem.to_str()).expect("a name in ASCII")
}

/// The finding that a program is about.
fn finding(source: &Path) -> &str {
    name(source).split('.').next().expect("a name")
}

/// How a program is run.
#[derive(Clone, Copy)]
enum Way {
    Alone,
    Command,
}

/// The directory where the programs are built, each once.
struct Workshop {
    directory: TempDir,
    built: Mutex<HashMap<PathBuf, PathBuf>>,
}

impl Workshop {
    fn build(&self, source: &Path) -> Result<PathBuf, Failed> {
        let mut built = self.built.lock().expect("no builder panics");
        if let Some(program) = built.get(source) {
            return Ok(program.clone());
        }
        let program = self.directory.path().join(format!("program-{}", built.len()));
        let flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-O1", "-pthread"];
        let mut command = cc("c");
        command.args(flags).arg(source).arg("-o").arg(&program);
        // The compiler sees some of the faults itself.
        command.args(["-Wno-stringop-overflow", "-Wno-stringop-overread"]);
        let output = run(&mut command);
        if !output.status.success() {
            return Err(text(&output.stderr).into());
        }
        built.insert(source.to_path_buf(), program.clone());
        Ok(program)
    }

    fn run(&self, source: &Path, engine: &str, way: Way) -> Result<Output, Failed> {
        let program = self.build(source)?;
        let queues = TempDir::with_prefix_in("msgq-check-", "/dev/shm")?;
        let mut command = match way {
            Way::Alone => {
                let mut command = Command::new(&program);
                command.env("LD_PRELOAD", library()).env("MSGQ_CHECK", "warn");
                command
            }
            Way::Command => {
                let mut command = msgq();
                command.args(["check", "--"]).arg(&program);
                command
            }
        };
        command.env("MSGQ_ENGINE", engine).env("MSGQ_DIR", queues.path());
        let output = run(&mut command);
        remove_left(&text(&output.stdout), engine);
        Ok(output)
    }
}

/// Removes the kernel's queue that a program has left on purpose.
fn remove_left(stdout: &str, engine: &str) {
    let id = stdout.strip_prefix("left ").and_then(|id| id.trim().parse::<i32>().ok());
    if let Some(id) = id.filter(|_| engine == "kernel") {
        let script = format!("msgctl({id}, 0, 0)");
        run(Command::new("perl").args(["-e", &script]));
    }
}

/// The names of what was found.
fn found(stderr: &str, way: Way) -> BTreeSet<&str> {
    let of_line = match way {
        Way::Alone => alone,
        Way::Command => told,
    };
    stderr.lines().filter_map(of_line).collect()
}

/// `msgq: msgsnd(5): ... [name], at ...`
fn alone(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix("msgq: ")?.split_once(" [")?;
    rest.split(']').next()
}

/// `msgq check: name: ...`
fn told(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("msgq check: ")?.split_once(": ")?;
    Some(name)
}

fn main() -> ExitCode {
    let directory = tempfile::tempdir().expect("a directory");
    let workshop = Arc::new(Workshop { directory, built: Mutex::default() });
    let mut trials = vec![Trial::test("each_check_has_both_programs", each_has_both)];
    for kind in [Kind::Fault, Kind::Alike] {
        for source in kind.sources() {
            for engine in ["kernel", "shm"] {
                if finding(&source) == DAMAGED && kind == Kind::Fault && engine == "kernel" {
                    continue;
                }
                for (way_name, way) in [("alone", Way::Alone), ("command", Way::Command)] {
                    let title =
                        format!("{engine}/{way_name}/{}/{}", kind.directory(), name(&source));
                    let (workshop, source) = (Arc::clone(&workshop), source.clone());
                    trials.push(Trial::test(title, move || {
                        meet(&workshop, &source, kind, engine, way)
                    }));
                }
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn meet(
    workshop: &Workshop,
    source: &Path,
    kind: Kind,
    engine: &str,
    way: Way,
) -> Result<(), Failed> {
    let output = workshop.run(source, engine, way)?;
    let stderr = text(&output.stderr);
    let wanted: BTreeSet<&str> = match kind {
        Kind::Fault => [finding(source)].into(),
        Kind::Alike => [].into(),
    };
    let found = found(&stderr, way);
    if !output.status.success() || found != wanted {
        let status = output.status;
        return Err(format!("{status}, wanted {wanted:?}, found {found:?}\n{stderr}").into());
    }
    Ok(())
}

fn each_has_both() -> Result<(), Failed> {
    for kind in [Kind::Fault, Kind::Alike] {
        let sources = kind.sources();
        let there: BTreeSet<&str> = sources.iter().map(|source| finding(source)).collect();
        let wanted: BTreeSet<&str> = CHECKS.iter().map(|check| check.name).collect();
        if there != wanted {
            let (more, fewer) = (&there - &wanted, &wanted - &there);
            let directory = kind.directory();
            return Err(format!("{directory}: of no check: {more:?}; missing: {fewer:?}").into());
        }
    }
    Ok(())
}
