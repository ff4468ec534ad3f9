//! Which system calls reach the kernel.

use super::run;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The system calls of message queues.
pub const QUEUES: &str = "msgget,msgctl,msgsnd,msgrcv";

/// strace, noting some system calls of a program and of its children in a file. What the program's
/// environment has besides this process's is strace's to set, who has nothing of it itself. The program
/// comes behind `--`.
pub fn watch(calls: &str, log: &Path, environment: &[(&str, &OsStr)]) -> Command {
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-e",
        "signal=none",
        "-e",
        &format!("trace={calls}"),
    ]);
    for (name, value) in environment {
        let mut assignment = std::ffi::OsString::from(format!("{name}="));
        assignment.push(value);
        command.arg("-E").arg(assignment);
    }
    command.arg("-o").arg(log);
    command
}

/// How many calls of these names strace has seen.
pub fn count(calls: &str, log: &Path) -> usize {
    let seen = std::fs::read_to_string(log).expect("what strace has seen");
    // A line that goes on with a call that was begun before has another form.
    let names = seen.lines().filter_map(|line| line.split_whitespace().nth(1)?.split_once('('));
    names.filter(|(name, _)| calls.split(',').any(|call| call == *name)).count()
}

/// Why strace cannot be used on this machine.
pub fn why_not() -> Option<&'static str> {
    static ANSWER: OnceLock<Option<&str>> = OnceLock::new();
    *ANSWER.get_or_init(|| match super::is_installed("strace") {
        false => Some("strace is not installed"),
        true => {
            let tried: Output =
                run(Command::new("strace").args(["-f", "-qq", "-e", "trace=none", "true"]));
            (!tried.status.success()).then_some("strace may trace nothing here")
        }
    })
}
