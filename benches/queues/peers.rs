//! Who carries the messages: a worker program for each kind, and the command that runs it.

use crate::support::{self, Compiler};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a worker is asked to do.
pub struct Work {
    /// Whether only System V's queues can do it.
    of_types: bool,
    arguments: Vec<String>,
}

impl Work {
    pub fn of_all(arguments: &[&str]) -> Work {
        Work { of_types: false, arguments: arguments.iter().map(ToString::to_string).collect() }
    }

    pub fn of_types(arguments: &[&str]) -> Work {
        Work { of_types: true, ..Work::of_all(arguments) }
    }
}

/// An engine, or something else that carries messages.
pub struct Peer {
    pub name: &'static str,
    /// The worker of what all can do, and its first arguments.
    worker: PathBuf,
    first: &'static [&'static str],
    /// The worker of what only System V's queues can do.
    types_worker: Option<PathBuf>,
    environment: Vec<(&'static str, OsString)>,
}

impl Peer {
    pub fn is_engine(&self) -> bool {
        self.types_worker.is_some()
    }

    /// The directory of its queues, where it keeps them in one.
    pub fn directory(&self) -> Option<&Path> {
        let variable = self.environment.iter().find(|(name, _)| *name == "MSGQ_DIR");
        variable.map(|(_, value)| Path::new(value))
    }

    /// The command that does a work and prints its figure.
    pub fn command(&self, work: &Work) -> Command {
        let types_worker = self.types_worker.as_ref().filter(|_| work.of_types);
        let mut command = Command::new(types_worker.unwrap_or(&self.worker));
        command.args(self.first).args(&work.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let (true, Some(directory)) = (work.of_types, self.directory()) {
            command.env("MSGQ_DIR", directory.join(LARGE));
        }
        command
    }
}

/// Where, below an engine's directory, queues may hold more than usual.
const LARGE: &str = "large";

/// The common source is as good in C++, and taken for it.
const CPP: Compiler = Compiler("CXX", "c++");

/// Every engine; the kernel's queues come first.
pub fn engines(place: &Path, queues: &Path) -> Vec<Peer> {
    let complain = |why| panic!("{why}");
    let worker = worker(place, "sysv", &support::C, &[]).unwrap_or_else(complain);
    let types_worker = support::build(&support::C, place, "types", "queues/types_worker.c", &[]);
    let types_worker = types_worker.unwrap_or_else(complain);
    let engine = |name, environment| Peer {
        name,
        worker: worker.clone(),
        first: &[],
        types_worker: Some(types_worker.clone()),
        environment,
    };
    let mut engines = vec![engine("kernel", Vec::new())];
    if msgq::engine::number("shm").is_some() {
        allow_large_queues(&queues.join(LARGE));
        let environment = vec![
            ("LD_PRELOAD", support::library().into_os_string()),
            ("MSGQ_ENGINE", "shm".into()),
            ("MSGQ_DIR", queues.into()),
        ];
        engines.push(engine("shm", environment));
    }
    engines
}

/// In a directory of its own, since new queues get the limit there.
fn allow_large_queues(directory: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msgq"));
    command.args(["limits", "--engine", "shm", "--msgmnb", "2147483647"]);
    let output = command.env("MSGQ_DIR", directory).output().expect("msgq limits");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Everybody else, or why somebody is not there.
pub fn others(place: &Path) -> Vec<Result<Peer, String>> {
    let built = |name, header, compiler, extra| {
        let worker = worker(place, header, compiler, extra);
        other(name, worker.map_err(|why| error_alone(&why)), &[])
    };
    vec![
        built("pipe", "pipe", &support::C, &[]),
        built("POSIX mq", "posix", &support::C, &["-lrt"]),
        built("Boost", "boost", &CPP, &["-lrt", "-pthread"]),
        other("iceoryx2", iceoryx2(), &["iceoryx2"]),
        other("iceoryx2, events", iceoryx2(), &["iceoryx2-events"]),
    ]
}

fn other(
    name: &'static str,
    worker: Result<PathBuf, String>,
    first: &'static [&'static str],
) -> Result<Peer, String> {
    let worker = worker.map_err(|why| format!("{name}: {why}"))?;
    Ok(Peer { name, worker, first, types_worker: None, environment: Vec::new() })
}

/// The worker over the queues of a header.
fn worker(
    place: &Path,
    header: &str,
    compiler: &Compiler,
    extra: &[&str],
) -> Result<PathBuf, String> {
    let kind = format!("-DQUEUE=\"queues/{header}.h\"");
    let extra: Vec<&str> = std::iter::once(kind.as_str()).chain(extra.iter().copied()).collect();
    support::build(compiler, place, header, "queue_worker.c", &extra)
}

/// Of what a compiler says, the line that tells what is wrong.
fn error_alone(text: &str) -> String {
    text.lines().find(|line| line.contains("error:")).unwrap_or(text).trim().to_string()
}

/// This program is the worker itself.
#[cfg(feature = "iceoryx2")]
fn iceoryx2() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| error.to_string())
}

#[cfg(not(feature = "iceoryx2"))]
fn iceoryx2() -> Result<PathBuf, String> {
    Err("not built; `--features iceoryx2` brings it in".to_string())
}
