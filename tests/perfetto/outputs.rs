//! Where traces go, and what is said where they cannot.

use super::programs::{Recorded, TWO_TALK, Test, shown};
use super::support::{msgq, run, text};
use libtest_mimic::Failed;
use std::fs;
use std::process::{Command, Output};

pub const TRIALS: [Test; 4] = [
    ("a_recording_that_was_kept_becomes_a_trace_by_either_command", either),
    ("an_older_trace_is_replaced_by_a_whole_one_only", replaced),
    ("what_cannot_be_written_is_told_in_a_line", told),
    ("what_makes_no_sense_is_told_before_the_program_runs", meaningless),
];

fn either() -> Result<(), Failed> {
    let recorded = Recorded::perl(TWO_TALK);
    let names = |trace| -> Vec<String> {
        shown(trace).slices.into_iter().map(|slice| slice.name).collect()
    };
    let (_, by_report) = recorded.report();
    let by_trace = recorded.path("by_trace");
    let mut command = msgq();
    command
        .args(["trace", "-f", "perfetto", "-o"])
        .arg(&by_trace)
        .arg("-r")
        .arg(&recorded.recording);
    assert_eq!(text(&run(&mut command).stderr), "");
    assert_eq!(names(&by_report), names(&by_trace));
    let mut command = msgq();
    command.args(["trace", "-f", "perfetto", "-o", "-", "-r"]).arg(&recorded.recording);
    let piped = recorded.path("piped");
    fs::write(&piped, run(&mut command).stdout)?;
    assert_eq!(names(&by_report), names(&piped), "on standard output");
    Ok(())
}

fn replaced() -> Result<(), Failed> {
    let recorded = Recorded::perl(TWO_TALK);
    let trace = recorded.path("trace");
    fs::write(&trace, "older")?;
    let nothing = recorded.path("nothing");
    fs::write(&nothing, "no recording")?;
    let output = run(msgq().args(["report", "--perfetto"]).arg(&trace).arg(&nothing));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&trace).ok().as_deref(), Some("older"));
    let (_, trace) = recorded.report();
    assert!(!shown(&trace).slices.is_empty());
    let mut left: Vec<_> = fs::read_dir(recorded.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["nothing", "recording", "trace"], "nothing else is left");
    Ok(())
}

/// Asserts that a command failed so, and said this in one line.
fn assert_fails(output: &Output, status: i32, line: &str) {
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(status), format!("msgq: {line}\n"))
    );
}

fn told() -> Result<(), Failed> {
    let recorded = Recorded::perl(TWO_TALK);
    let report =
        |trace: &str| run(msgq().args(["report", "--perfetto", trace]).arg(&recorded.recording));
    let output = report("/dev/full");
    assert_fails(&output, 1, "/dev/full: No space left on device (os error 28)");
    assert_eq!(text(&output.stdout), "", "a trace was asked for, and nothing else");
    assert!(!fs::metadata("/dev/full").unwrap().is_file(), "the device is still there");
    let nowhere = "/no/such/directory/trace";
    assert_fails(
        &report(nowhere),
        1,
        &format!("{nowhere}: No such file or directory (os error 2)"),
    );
    let directory = recorded.directory.path().display().to_string();
    assert_fails(&report(&directory), 1, &format!("{directory}: Is a directory (os error 21)"));
    let mut command = msgq();
    command.args(["trace", "-f", "perfetto", "-o", "/dev/full", "--"]);
    let output = run(command.args([env!("CARGO_BIN_EXE_msgq"), "demo"]));
    assert_fails(&output, 0, "/dev/full: No space left on device (os error 28)");
    Ok(())
}

fn meaningless() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let mark = directory.path().join("mark");
    let trace = |options: &[&str]| {
        let mut command = msgq();
        command.args(["trace", "-f", "perfetto"]).args(options).args(["--", "mkdir"]).arg(&mark);
        run(&mut command)
    };
    let needs = "-f perfetto needs -o FILE: what it writes is not for a terminal";
    assert_fails(&trace(&[]), 2, needs);
    let nowhere = "/no/such/directory/trace";
    let no_directory = format!("{nowhere}: No such file or directory (os error 2)");
    assert_fails(&trace(&["-o", nowhere]), 2, &no_directory);
    assert!(!mark.exists(), "nothing was run");
    let script = format!(
        "{} trace -f perfetto -o - -- mkdir {}",
        env!("CARGO_BIN_EXE_msgq"),
        mark.display()
    );
    let output = run(Command::new("script").args(["-qec", &script, "/dev/null"]));
    assert!(text(&output.stdout).contains(needs), "{output:?}");
    assert!(!mark.exists(), "nothing was run");
    let output = run(msgq().args(["report", "--perfetto", "-", "recording"]));
    assert_fails(&output, 2, "-: a file has to be named");
    Ok(())
}
