//! `msgq report` on programs that run: what it says of their messages, waits and queues.

mod support;

use serde_json::Value;
use std::path::{Path, PathBuf};
use support::{msgq, run, text};

/// Records a program; gives the recording's path.
fn record(directory: &Path, options: &[&str], program: &[&str]) -> PathBuf {
    let recording = directory.join("recording");
    let mut command = msgq();
    command.args(["trace", "-w"]).arg(&recording).args(options).arg("--").args(program);
    let output = run(&mut command);
    assert_eq!(text(&output.stderr), "", "of {program:?}");
    recording
}

/// The report on a recording as JSON.
fn report(recording: &Path, options: &[&str]) -> Value {
    let output = run(msgq().args(["report", "--json"]).args(options).arg(recording));
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn each_message_of_the_demo_is_linked_for_certain() {
    let directory = tempfile::tempdir().unwrap();
    let demo = [env!("CARGO_BIN_EXE_msgq"), "demo"];
    let report = report(&record(directory.path(), &[], &demo), &[]);
    let links = &report["links"];
    assert_eq!([&links["sent"], &links["received"], &links["certain"]], [6, 6, 6], "{links}");
    let talks = report["talks"].as_array().unwrap();
    let messages: Vec<&Value> = talks.iter().map(|talk| &talk["messages"]).collect();
    assert_eq!(messages, [3, 3], "the guest to the waiter, and back: {talks:?}");
    assert_eq!(talks[0]["from"], talks[1]["to"]);
}
