//! Storms: processes that send and receive over one queue while they are killed, stopped, or
//! interrupted without end; whether every message comes once, and nobody is left waiting.
//!
//! The kernel's queues stand them for a moment, to see that the accounts are right; engines that are
//! wrong on purpose have to be found.
//!
//! ```sh
//! cargo test --test storms                           # five seconds of kills, and less of the rest
//! cargo test --test storms -- --seconds 600          # ten minutes of each
//! cargo test --test storms -- shm --seconds 60       # of one engine alone
//! cargo test --test storms -- --seed 7
//! ```

#[path = "storms/board.rs"]
mod board;
mod engines;
#[path = "storms/faulty.rs"]
mod faulty;
#[path = "storms/people.rs"]
mod people;
#[path = "storms/signals.rs"]
mod signals;
#[path = "storms/weather.rs"]
mod weather;

use engines::again::Directory;
use engines::identity::{is_root, leave_namespace};
use engines::options::Options;
use engines::sides::keys;
use engines::{again, alarm, engine, why_not};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use msgq::engine::Engine;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use weather::{Ending, Round, Weather};

/// A storm: its role, and how many milliseconds of it are usual over another engine than the kernel.
const STORMS: [(&str, u64); 3] = [
    ("killed_processes_lose_no_messages_but_their_own", 5000),
    ("stopped_processes_hold_nobody_up", 2000),
    ("handlers_may_make_calls_in_a_storm_of_signals", 1500),
];

/// The last of them, in a process whose C library has registered no restartable sequences: there signals
/// are blocked instead.
const WITHOUT_RESTARTS: &str = "handlers_may_make_calls_where_nothing_restarts";

/// As long over the kernel: it is not what is tested.
const MOMENT: u64 = 700;

/// As long does a round last.
const ROUND: Duration = Duration::from_millis(350);

/// A process that comes new may take so long for its first calls.
const FIRST_CALLS: Duration = Duration::from_millis(20);

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
    let seed = options.first_seed();
    let asked = options.seconds.map(|seconds| seconds * 1000);
    let mut trials = Vec::new();
    for name in ["kernel", "shm"] {
        for (storm, usual) in STORMS {
            let time = asked.unwrap_or(if name == "kernel" { MOMENT } else { usual });
            trials.push(Trial::ignorable_test(format!("{name}/{storm}"), move || {
                stand(storm, name, time, seed)
            }));
        }
    }
    let time = asked.unwrap_or(MOMENT);
    trials.push(Trial::ignorable_test(format!("shm/{WITHOUT_RESTARTS}"), move || {
        stand(WITHOUT_RESTARTS, "shm", time, seed)
    }));
    for faulty in &faulty::FAULTY {
        let name = faulty.name;
        trials.push(Trial::test(format!("an_engine_is_found_that_{name}"), move || {
            found(name, seed)
        }));
    }
    let mut arguments = Arguments::from_iter(options.rest);
    // A storm takes all of the machine.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn stand(storm: &str, name: &str, time: u64, seed: u64) -> Result<Completion, Failed> {
    if let Some(reason) = why_not(name) {
        return Ok(Completion::ignored_with(reason));
    }
    again::play(
        storm,
        &[name.into(), time.to_string(), seed.to_string()],
        Directory::Own,
        limit(time),
    )?;
    Ok(Completion::Completed)
}

/// How often a faulty engine may be lucky.
const TRIES: u64 = 8;

/// A faulty engine does not stand the first storm for long.
fn found(name: &str, seed: u64) -> Result<(), Failed> {
    let mut told = Vec::new();
    for more in 0..TRIES {
        let arguments = [name.into(), "3000".into(), (seed + more).to_string()];
        match again::play(STORMS[0].0, &arguments, Directory::Own, limit(3000)) {
            Ok(said) => told.push(said),
            Err(_) => return Ok(()),
        }
    }
    Err(format!("it stood three seconds {TRIES} times: {}", told.concat()).into())
}

fn limit(time: u64) -> Duration {
    Duration::from_millis(time * 2) + Duration::from_secs(30)
}

/// What this process was started for.
fn play(role: &str, arguments: &[String]) -> Result<String, String> {
    let [name, time, seed] = arguments else {
        return Err(format!("{role} wants an engine, milliseconds and a seed"));
    };
    if role == WITHOUT_RESTARTS {
        return Err(again_without_restarts(arguments));
    }
    let known = engine(name).or_else(|| faulty::named(name));
    let engine = known.ok_or(format!("no engine is called {name}"))?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
    let (time, seed) = (Duration::from_millis(number(time)?), number(seed)?);
    engine.prepare();
    if role == FRESH {
        return fresh(engine, seed as i32);
    }
    if is_root() {
        // What goes wrong then leaves no queues behind. Not all roots may.
        let _ = leave_namespace();
    }
    match STORMS.iter().position(|(storm, _)| *storm == role) {
        Some(0) => rounds(engine, name, Weather::Kills, time, seed),
        Some(1) => rounds(engine, name, Weather::Stops, time, seed),
        Some(2) => signals::storm(engine, keys(0), time),
        _ => Err(format!("no role is called {role}")),
    }
}

/// Becomes a process that does without; what hinders it.
fn again_without_restarts(arguments: &[String]) -> String {
    let error = std::env::current_exe().map(|program| {
        let mut command = Command::new(program);
        command.args(["--role", STORMS[2].0]).args(arguments);
        command.env("GLIBC_TUNABLES", "glibc.pthread.rseq=0").exec()
    });
    format!("this program again: {error:?}")
}

fn rounds(
    engine: &'static dyn Engine,
    name: &str,
    weather: Weather,
    time: Duration,
    seed: u64,
) -> Result<String, String> {
    let end = Instant::now() + time;
    let (mut said, mut slow) = (Vec::new(), Vec::new());
    for number in 0.. {
        if Instant::now() > end {
            break;
        }
        let ending = if number % 2 == 0 && weather == Weather::Kills {
            Ending::Killed
        } else {
            Ending::SentHome
        };
        let blame = |sentence: String| format!("seed {seed}, round {number}: {sentence}");
        let mut round = Round::begin(engine, keys(0), seed.wrapping_add(number)).map_err(blame)?;
        round.storm(weather, ROUND.min(time)).map_err(blame)?;
        alarm::in_seconds(4, "a call does not come back, at the end of round ", number);
        round.end(ending).map_err(blame)?;
        let took = first_calls(name).map_err(blame)?;
        if took > FIRST_CALLS {
            slow.push(took);
        }
        said.push(round.audit(name != "shm").map_err(blame)?);
        alarm::off();
    }
    // A busy machine may have let one wait.
    if slow.len() > 1 + said.len() / 10 || slow.iter().any(|took| *took > 50 * FIRST_CALLS) {
        return Err(format!("first calls of new processes took {slow:?}"));
    }
    Ok(said.join("\n"))
}

const FRESH: &str = "fresh";

/// How long the first calls of a process take that knows nothing of what was before.
fn first_calls(name: &str) -> Result<Duration, String> {
    let failed = |error: std::io::Error| format!("a new process: {error}");
    let key = keys(0).to_string();
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let output = command.args(["--role", FRESH, name, "0", &key]).output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim().parse() {
        Ok(microseconds) => Ok(Duration::from_micros(microseconds)),
        Err(_) => Err(format!("a new process: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// The first calls; gives the microseconds they took.
fn fresh(engine: &dyn Engine, key: i32) -> Result<String, String> {
    alarm::in_seconds(3, "a new process does not come back from its calls of key ", key as u64);
    let begin = Instant::now();
    let msqid = engine.msgget(key, 0).map_err(|error| format!("msgget: error {}", error.0))?;
    people::visit(engine, msqid)?;
    Ok(begin.elapsed().as_micros().to_string())
}
