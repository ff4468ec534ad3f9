//! What a call costs: alone, with the library, recorded, checked, under strace.
//!
//! Every way is measured once in each round, one after the other, and what is printed is the median
//! of the rounds; the extra cost is the median of the differences within a round. So a machine that
//! is slower now and then disturbs all ways alike.

mod support;

use comfy_table::{Table, TableStyle};
use std::path::Path;
use std::process::{Command, Stdio};
use support::{library, median, table};

const ROUNDS: usize = 41;

/// A way to run the worker: its name, how many pairs of calls, and the command.
struct Way {
    name: &'static str,
    pairs: u64,
    command: Box<dyn Fn() -> Command>,
}

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path();
    let library = library();
    let link = |name: &str| {
        std::os::unix::fs::symlink(&library, place.join(name)).expect("a link to the library");
    };
    link("libmsgq.so");
    link("libmsgq.so.0");
    let here = place.display().to_string();
    let build = |name: &str, source: &str, extra: &[&str]| {
        support::build(&support::C, place, name, source, extra)
            .unwrap_or_else(|why| panic!("{why}"))
    };
    let worker = build("worker", "worker.c", &[]);
    let rpath = format!("-Wl,-rpath,{here}");
    let linked = build("linked", "worker.c", &["-L", &here, "-lmsgq", &rpath]);
    let instant = build("instant.so", "instant.c", &["-shared", "-fPIC"]);
    build("hook.so", "hook.c", &["-shared", "-fPIC", "-ldl"]);

    println!("one call of a send and receive of 64 bytes, {ROUNDS} rounds, nanoseconds (median)\n");
    let preload = library.display().to_string();
    println!(
        "{}\n",
        measure("the kernel's queues", &ways(place, &worker, &linked, &preload, None))
    );
    let below = Some(instant.display().to_string());
    // The library must find the instant answers behind itself.
    let behind = instant.display().to_string();
    let linked = build(
        "linked-instant",
        "worker.c",
        &["-Wl,--no-as-needed", "-L", &here, "-lmsgq", &behind, &rpath],
    );
    println!("{}", measure("answered at once", &ways(place, &worker, &linked, &preload, below)));
}

/// All ways, over `below` in the C library's stead.
fn ways(
    place: &Path,
    worker: &Path,
    linked: &Path,
    library: &str,
    below: Option<String>,
) -> Vec<Way> {
    let pairs = if below.is_some() { 200_000 } else { 40_000 };
    let over = |library: Option<&str>| {
        let both = library.map(str::to_string).into_iter().chain(below.clone());
        both.collect::<Vec<_>>().join(":")
    };
    let (alone, with) = (over(None), over(Some(library)));
    let hooked = over(Some(&format!("{library}:{}", place.join("hook.so").display())));
    let recording = place.join("recording");
    let run = |program: &Path, preload: &str| {
        let (program, preload) = (program.to_path_buf(), preload.to_string());
        move || {
            let mut command = Command::new(&program);
            command.env("LD_PRELOAD", &preload);
            command
        }
    };
    let traced = {
        let (worker, recording, alone) = (worker.to_path_buf(), recording.clone(), alone.clone());
        move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_msgq"));
            command.env("LD_PRELOAD", &alone).args(["trace", "-w"]).arg(&recording);
            command.arg("--").arg(&worker);
            command
        }
    };
    let unread = {
        let (worker, with, place) = (worker.to_path_buf(), with.clone(), place.to_path_buf());
        move || {
            let unread = place.join("unread");
            let _ = std::fs::remove_file(&unread);
            let mut command = Command::new(&worker);
            command.env("LD_PRELOAD", &with).env("MSGQ_TRACE", unread);
            command
        }
    };
    let checked = {
        let (worker, with) = (worker.to_path_buf(), with.clone());
        move || {
            let mut command = Command::new(&worker);
            command.env("LD_PRELOAD", &with).env("MSGQ_CHECK", "warn");
            command
        }
    };
    let mut ways = vec![
        Way { name: "the C library alone", pairs, command: Box::new(run(worker, &alone)) },
        Way { name: "linked", pairs, command: Box::new(run(linked, "")) },
        Way { name: "preloaded", pairs, command: Box::new(run(worker, &with)) },
        Way { name: "with a hook", pairs, command: Box::new(run(worker, &hooked)) },
        Way { name: "recorded (msgq trace -w)", pairs, command: Box::new(traced) },
        Way { name: "recorded (MSGQ_TRACE alone)", pairs, command: Box::new(unread) },
        Way { name: "checked (MSGQ_CHECK=warn)", pairs, command: Box::new(checked) },
    ];
    if below.is_none() && Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_ok() {
        let worker = worker.to_path_buf();
        let strace = move || {
            let mut command = Command::new("strace");
            command.args(["-f", "-o", "/dev/null", "-e", "trace=msgget,msgctl,msgsnd,msgrcv"]);
            command.arg(&worker);
            command
        };
        ways.push(Way { name: "strace -f", pairs: 2_000, command: Box::new(strace) });
    }
    ways
}

/// Measures every way in every round.
fn measure(title: &str, ways: &[Way]) -> Table {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    for round in 0..ROUNDS {
        // No way is always the one that comes after the slowest.
        for turn in 0..ways.len() {
            let number = (turn + round) % ways.len();
            times[number].push(time(&ways[number]));
        }
    }
    let header = [title, "ns a call", "ns more", "ratio"].map(str::to_string).to_vec();
    let rows = ways.iter().zip(&times).map(|(way, own)| {
        let more = median(own.iter().zip(&times[0]).map(|(own, alone)| own - alone).collect());
        let ratio = median(own.iter().zip(&times[0]).map(|(own, alone)| own / alone).collect());
        let total = median(own.clone());
        let figures = [format!("{total:.1}"), format!("{more:.1}"), format!("{ratio:.2}")];
        std::iter::once(way.name.to_string()).chain(figures).collect()
    });
    table(TableStyle::new(), header, rows.collect())
}

fn time(way: &Way) -> f64 {
    let mut command = (way.command)();
    let output = command.arg(way.pairs.to_string()).output().expect("the worker runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    text.trim().parse().unwrap_or_else(|_| panic!("{}: {text}{error}", way.name))
}
