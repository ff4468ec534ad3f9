//! What a message costs on each engine, and on what else carries messages between processes.
//!
//! `cargo bench --bench queues` prints the tables, `-- --quick` rougher ones. Every peer does every
//! work once in each round, one after the other; a figure is the median of the rounds, and the
//! ratio beside it that of the ratios to the kernel's queues within a round.

#[cfg(feature = "iceoryx2")]
#[path = "queues/iceoryx2.rs"]
mod iceoryx2;
#[path = "queues/machine.rs"]
mod machine;
#[path = "queues/once.rs"]
mod once;
#[path = "queues/peers.rs"]
mod peers;
#[path = "queues/rounds.rs"]
mod rounds;
mod support;

use peers::{Peer, Work};
use rounds::Case;

/// How long and how often everything is measured.
struct Effort {
    rounds: usize,
    milliseconds: u32,
    /// The rounds behind a million messages, which take long to send.
    rounds_at_a_million: usize,
}

const FULL: Effort = Effort { rounds: 21, milliseconds: 10, rounds_at_a_million: 3 };
const QUICK: Effort = Effort { rounds: 3, milliseconds: 3, rounds_at_a_million: 0 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(feature = "iceoryx2")]
    if iceoryx2::is_asked(&arguments) {
        return iceoryx2::work(&arguments);
    }
    let mut effort = FULL;
    for argument in arguments {
        match argument.as_str() {
            "--quick" => effort = QUICK,
            "--bench" => (), // From cargo.
            _ => panic!("{argument}: unknown; --quick is the only option"),
        }
    }
    let directory = tempfile::tempdir().expect("a directory for the workers");
    let queues = tempfile::tempdir_in("/dev/shm").expect("a directory for the queues");
    println!("{}\n", machine::facts());
    println!("Medians of {} rounds. The ratio is to the kernel's queues.\n", effort.rounds);
    let engines = peers::engines(directory.path(), queues.path());
    let (others, missing): (Vec<_>, Vec<_>) =
        peers::others(directory.path()).into_iter().partition(Result::is_ok);
    for why in missing.into_iter().filter_map(Result::err) {
        println!("Left out: {why}\n");
    }
    let others: Vec<Peer> = others.into_iter().flatten().collect();
    let peers: Vec<&Peer> = engines.iter().chain(&others).collect();
    let engines: Vec<&Peer> = engines.iter().collect();
    let print = |title: &str, peers: &[&Peer], cases: &[Case], rounds: usize| {
        println!("{}", rounds::measure(title, peers, cases, rounds));
    };

    let rounds = effort.rounds;
    print("ns to send and receive in one process", &peers, &pairs(&effort), rounds);
    print("ns a round trip of 64 bytes, two processes", &peers, &trips(&effort), rounds);
    print("ns a message of 64 bytes, producer to consumer", &peers, &streams(&effort), rounds);
    let title = "ns to send and receive 64 bytes behind others";
    print(title, &engines, &backlogs(&[10, 100, 10_000], &effort), rounds);
    if effort.rounds_at_a_million > 0 {
        let title = format!("the same, {} rounds", effort.rounds_at_a_million);
        print(&title, &engines, &backlogs(&[1_000_000], &effort), effort.rounds_at_a_million);
    }
    print("ns to send and receive the first of more", &engines, &growth(&effort), rounds);
    let wake = [Case::new("by one send", Work::of_types(&["wake", "100"]))];
    print("of 100 receivers of own types, woken", &engines, &wake, rounds.min(5));
    println!("{}", once::system_calls(&peers, directory.path()));
    if let Some(memory) = once::memory(&engines) {
        println!("{memory}");
    }
}

fn pairs(effort: &Effort) -> Vec<Case> {
    let case = |bytes: &str, mode: &str| {
        let work = Work::of_all(&["pairs", bytes, mode, &effort.milliseconds.to_string()]);
        Case::new(&format!("{bytes} bytes, mode {mode}"), work)
    };
    // What carries a mode as a file does, or none, is the same at any.
    vec![case("64", "0600"), case("64", "0666").of_engines(), case("4096", "0600")]
}

/// A work of two processes, for each place that they may be at.
fn at_places(work: &str, places: &[(&str, &str)], effort: &Effort) -> Vec<Case> {
    let case = |(name, place): &(&str, &str)| {
        Case::new(name, Work::of_all(&[work, place, &effort.milliseconds.to_string()]))
    };
    places.iter().map(case).collect()
}

fn trips(effort: &Effort) -> Vec<Case> {
    let places =
        [("a processor each", "apart"), ("not pinned", "free"), ("one processor", "together")];
    at_places("trips", &places, effort)
}

fn streams(effort: &Effort) -> Vec<Case> {
    at_places("stream", &[("a processor each", "apart"), ("not pinned", "free")], effort)
}

fn behind(
    name: &str,
    select: &str,
    types: &str,
    backlog: u32,
    bytes: u32,
    effort: &Effort,
) -> Case {
    let figures = [backlog, bytes, effort.milliseconds].map(|figure| figure.to_string());
    let [backlog, bytes, milliseconds] = figures.each_ref().map(String::as_str);
    Case::new(name, Work::of_types(&["behind", select, types, backlog, bytes, milliseconds]))
}

fn backlogs(backlogs: &[u32], effort: &Effort) -> Vec<Case> {
    let mut cases = Vec::new();
    for (what, select) in
        [("exact type", "exact"), ("lowest type", "lowest"), ("MSG_EXCEPT", "except")]
    {
        for (types, kind) in [("of one type", "one"), ("of distinct types", "distinct")] {
            for backlog in backlogs {
                let name = format!("{what} behind {backlog} {types}");
                cases.push(behind(&name, select, kind, *backlog, 64, effort));
            }
        }
    }
    cases
}

fn growth(effort: &Effort) -> Vec<Case> {
    let mut cases = Vec::new();
    for bytes in [0, 8, 64, 512, 4096, 8192] {
        for backlog in [0, 100, 10_000] {
            let name = format!("{bytes} bytes, {backlog} waiting");
            cases.push(behind(&name, "any", "one", backlog, bytes, effort));
        }
    }
    cases
}
