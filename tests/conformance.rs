//! One suite for every engine: what the four calls do on Linux, line by line.
//!
//! `ENGINE/LINE_sentence` is a case on an engine: LINE is the line of the specification of the
//! four calls (shared rules, msgget, msgsnd, W for the waking of senders, msgrcv, msgctl; and what
//! follows from them). `model/...` are the same cases on a simple engine that is right, and
//! `wrong/DEVIATION` is a case that has to fail on an engine that is wrong in this one way.
//!
//! Every case has a process of its own: it may become another user, fork while nobody holds a lock,
//! enter namespaces, and be killed where it hangs.
#![deny(unsafe_code)]
#![allow(non_snake_case)] // Cases are sentences, in which errors and commands keep their names.

#[path = "conformance/buffers.rs"]
mod buffers;
#[path = "conformance/copy.rs"]
mod copy;
#[path = "conformance/empty.rs"]
mod empty;
#[path = "conformance/full.rs"]
mod full;
#[path = "conformance/get.rs"]
mod get;
#[path = "conformance/handover.rs"]
mod handover;
#[path = "conformance/ids.rs"]
mod ids;
#[path = "conformance/limits.rs"]
mod limits;
#[path = "conformance/model/mod.rs"]
mod model;
#[path = "conformance/permissions.rs"]
mod permissions;
#[path = "conformance/process.rs"]
mod process;
#[path = "conformance/receive.rs"]
mod receive;
#[path = "conformance/remove.rs"]
mod remove;
#[path = "conformance/send.rs"]
mod send;
#[path = "conformance/set.rs"]
mod set;
#[path = "conformance/set_wakes.rs"]
mod set_wakes;
#[path = "conformance/signals.rs"]
mod signals;
#[path = "conformance/status.rs"]
mod status;
#[path = "conformance/support/mod.rs"]
mod support;
#[path = "conformance/trials.rs"]
mod trials;

use libtest_mimic::Arguments;
use process::Place;
use std::process::ExitCode;
use support::Case;

/// The cases, by subject.
const CASES: [&[Case]; 16] = [
    limits::CASES,
    ids::CASES,
    permissions::CASES,
    signals::CASES,
    get::CASES,
    send::CASES,
    full::CASES,
    handover::CASES,
    receive::CASES,
    copy::CASES,
    empty::CASES,
    buffers::CASES,
    status::CASES,
    set::CASES,
    set_wakes::CASES,
    remove::CASES,
];

/// Every case.
fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.into_iter().flatten()
}

fn main() -> ExitCode {
    if let Some(status) = process::run_if_asked() {
        return status;
    }
    let mut arguments = Arguments::from_args();
    // Most cases sleep most of the time.
    arguments.test_threads.get_or_insert(6);
    let place = match Place::new() {
        Ok(place) => place,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    libtest_mimic::run(&arguments, trials::all(&place)).exit_code()
}
