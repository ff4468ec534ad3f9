//! A process for every case.

use crate::model::{Deviation, Model};
use crate::support::{
    Case, Need, On, Verdict, Worked, be_patient_for, has_ended, kill_group, own_ipc_namespace,
};
use msgq::engine::ENGINES;
use std::env::{args, current_exe};
use std::fs::{DirBuilder, remove_dir_all};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The word by which this program knows that it is to run one case.
const WORD: &str = "run-case";

const DIFFERED: u8 = 1;
const LACKED: u8 = 77;

/// How a case ended.
pub enum Outcome {
    /// All was as it is to be.
    Agreed,
    /// Something was not.
    Differed(String),
    /// It did not end, or not by itself.
    Broke(String),
    /// It cannot run here.
    Lacked(String),
}

/// The directory where engines outside the kernel keep their queues, while it is needed.
pub struct Place(PathBuf);

impl Place {
    /// Makes one for this run alone.
    pub fn new() -> Result<Arc<Place>, String> {
        let path = PathBuf::from(format!("/dev/shm/msgq-conformance-{}", std::process::id()));
        // Left behind by a run of the same number that was killed.
        let _ = remove_dir_all(&path);
        make(&path)?;
        Ok(Arc::new(Place(path)))
    }

    /// The directory for a case: one for all, unless the case wants to be alone.
    fn of(&self, case: &Case) -> Result<PathBuf, String> {
        if !case.needs(Need::Alone) {
            return Ok(self.0.clone());
        }
        let path = self.0.join(case.name());
        let _ = remove_dir_all(&path);
        make(&path).map(|()| path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = remove_dir_all(&self.0);
    }
}

fn make(path: &PathBuf) -> Verdict {
    DirBuilder::new().mode(0o700).create(path).worked(&path.display().to_string())
}

/// Runs a case on an engine, in a new process. `patience` is how long it waits for each thing that
/// is to happen; all of it may take a few times as long.
pub fn run(place: &Place, engine: &str, case: &Case, patience: Duration) -> Outcome {
    let directory = match place.of(case) {
        Ok(directory) => directory,
        Err(error) => return Outcome::Broke(error),
    };
    let mut command = Command::new(current_exe().expect("this test's path"));
    command.args([WORD, engine, &case.name(), &patience.as_millis().to_string()]);
    for variable in ["MSGQ_ENGINE", "MSGQ_TRACE", "MSGQ_CHECK"] {
        command.env_remove(variable);
    }
    command.env("MSGQ_DIR", directory).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = command.spawn().worked("a process for the case");
    match started.and_then(|child| finish(child, patience * 4)) {
        Ok((status, text)) => match status.code().map(|code| code as u8) {
            Some(0) => Outcome::Agreed,
            Some(LACKED) => Outcome::Lacked(text.trim().to_string()),
            Some(DIFFERED) => Outcome::Differed(text),
            _ => Outcome::Broke(format!("the case's process ended with {status}; {text}")),
        },
        Err(error) => Outcome::Broke(error),
    }
}

/// Waits for a case's process, and kills what is left of its group.
fn finish(child: Child, patience: Duration) -> Result<(ExitStatus, String), String> {
    let end = Instant::now() + patience;
    while !has_ended(child.id()) && Instant::now() < end {
        sleep(Duration::from_millis(1));
    }
    let hangs = !has_ended(child.id());
    kill_group(child.id());
    let output = child.wait_with_output().worked("waiting for the case's process")?;
    let mut text = String::new();
    if hangs {
        text.push_str(&format!("hung for {patience:?} and was killed; "));
    }
    for said in [output.stdout, output.stderr] {
        text.push_str(&String::from_utf8_lossy(&said));
    }
    Ok((output.status, text))
}

/// Runs one case, where this process was started for that.
pub fn run_if_asked() -> Option<ExitCode> {
    let words: Vec<String> = args().collect();
    let [_, word, engine, name, patience] = &words[..] else { return None };
    if word != WORD {
        return None;
    }
    be_patient_for(Duration::from_millis(patience.parse().unwrap_or(1000)));
    let case = crate::cases().find(|case| case.name() == *name).expect("a case of that name");
    let (engine, alone) = prepared(engine);
    if let Some(reason) = case.lacks(engine, alone) {
        println!("{reason}");
        return Some(LACKED.into());
    }
    let seen = catch_unwind(AssertUnwindSafe(|| (case.run)(engine)));
    Some(match seen.unwrap_or_else(|_| Err("a panic".to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            println!("{text}");
            DIFFERED.into()
        }
    })
}

/// The engine of this name, and whether its queues are this process's own. The kernel's queues
/// are kept apart from everybody else's where that may be had.
fn prepared(name: &str) -> (On, bool) {
    if name == "model" {
        return (Model::leaked(None), true);
    }
    if let Some((deviation, ..)) = Deviation::ALL.iter().find(|(_, known, _)| *known == name) {
        return (Model::leaked(Some(*deviation)), true);
    }
    let alone = name != "kernel" || own_ipc_namespace();
    let (_, engine) = ENGINES.iter().find(|(known, _)| *known == name).expect("an engine");
    engine.prepare();
    (*engine, alone)
}
