//! A message that was received and cannot be written is not lost.

use crate::Test;
use crate::support::place::{Place, failed};
use crate::support::{run, text, until};
use std::fs::OpenOptions;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::{Command, Output, Stdio};

pub const TESTS: &[Test] = &[
    ("a_full_device_gives_the_message_back", full),
    ("a_closed_standard_output_is_told_before_anything_is_received", closed_output),
    ("a_closed_standard_input_is_no_empty_message", closed_input),
    ("a_reader_that_has_gone_costs_no_message", reader_gone),
    ("where_nobody_reads_no_message_is_taken", nobody_reads),
    ("what_the_queue_does_not_take_back_is_told_as_json", not_taken_back),
];

fn to_full(place: &Place, arguments: &[&str]) -> Output {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let mut command = place.command(arguments);
    let command = command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    command.spawn().and_then(|child| child.wait_with_output()).expect("a command that runs")
}

fn full(place: &Place) {
    let key = place.queue();
    place.does_with(&["send", "-Q", &key, "-t", "7"], b"precious\0");
    place.does(&["send", "-Q", &key, "-t", "8", "second"]);
    for options in [&["--json"][..], &["--raw"], &["--all"], &["--follow"]] {
        let output = to_full(place, &[&["recv", "-Q", &key], options].concat());
        failed(options, &output, 1, &["No space left", "was sent back"]);
        assert_eq!(place.about(&key).unwrap()["qnum"], 2, "{options:?}");
    }
    let output = to_full(place, &["peek", "-Q", &key]);
    failed(&["peek"], &output, 1, &["standard output", "No space left"]);
    assert_eq!(place.does(&["recv", "-Q", &key, "-t", "7"]), "precious\\x00\n");
    assert_eq!(place.does(&["recv", "-Q", &key, "-t", "8"]), "second\n");
}

/// Runs the command by way of a shell, which closes a descriptor.
fn with_closed(place: &Place, descriptor: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"exec "$@" {descriptor}&-"#), "sh"]);
    command.arg(env!("CARGO_BIN_EXE_msgq")).args(arguments);
    command.env("MSGQ_ENGINE", place.engine).env("MSGQ_DIR", place.directory.path());
    run(&mut command)
}

fn closed_output(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "stays"]);
    let output = with_closed(place, "1>", &["recv", "-Q", &key]);
    failed(&["recv"], &output, 1, &["standard output: it is closed; no message was taken"]);
    assert_eq!(place.does(&["recv", "-Q", &key]), "stays\n");
}

fn closed_input(place: &Place) {
    let key = place.queue();
    for options in [&[][..], &["--json"]] {
        let output = with_closed(place, "0<", &[&["send", "-Q", &key], options].concat());
        failed(options, &output, 1, &["standard input: it is closed; nothing was sent"]);
    }
    assert_eq!(place.about(&key).unwrap()["qnum"], 0);
    let output = with_closed(place, "0<", &["send", "-Q", &key, "a text needs no input"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

fn reader_gone(place: &Place) {
    let key = place.queue();
    let mut command = place.command(&["recv", "-Q", &key, "--follow"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut receiver = command.spawn().expect("a command that runs");
    let mut pipe = receiver.stdout.take().expect("a pipe");
    place.does(&["send", "-Q", &key, "read"]);
    let mut line = [0; 5];
    pipe.read_exact(&mut line).expect("a line");
    assert_eq!(&line, b"read\n");
    drop(pipe);
    // What another thread starts at this moment has the pipe, too, until it is begun.
    until("the receiver finds that nobody reads", || {
        place.does(&["send", "-Q", &key, "not read"]);
        receiver.try_wait().expect("a status").is_some()
    });
    let output = receiver.wait_with_output().expect("a command that ends");
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("standard output"), "{complaint}");
    assert_eq!(place.does(&["recv", "-Q", &key, "--nowait"]), "not read\n", "{complaint}");
}

fn nobody_reads(place: &Place) {
    let key = place.queue();
    for mtype in ["1", "2"] {
        place.does(&["send", "-Q", &key, "-t", mtype, mtype]);
    }
    // A pipe that no other process has seen with a reader.
    let script = r#"mkfifo "$0" && exec 4<> "$0" 3> "$0" 4<&- && exec "$@" >&3 3>&-"#;
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(place.directory.path().join("pipe"));
    command.args([env!("CARGO_BIN_EXE_msgq"), "recv", "-Q", &key, "--all"]);
    command.env("MSGQ_ENGINE", place.engine).env("MSGQ_DIR", place.directory.path());
    failed(&["recv"], &run(&mut command), 1, &["nobody reads it any more; no more message"]);
    assert_eq!(place.does(&["recv", "-Q", &key, "--all"]), "1\n2\n", "they are where they were");
}

/// The queue is removed while the message is being written.
fn not_taken_back(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "-t", "7", &"x".repeat(8192)]);
    let mut command = place.command(&["recv", "-Q", &key]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    // SAFETY: changes a descriptor of ours.
    let size = unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) };
    assert!((4096..8192).contains(&size), "the pipe takes {size} bytes");
    command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
    let receiver = command.spawn().expect("a command that runs");
    // It has one end of the pipe itself.
    drop(command);
    until("the message is received", || place.about(&key).unwrap()["qnum"] == 0);
    place.does(&["ipcrm", "-Q", &key]);
    drop(reader);
    let output = receiver.wait_with_output().expect("a command that ends");
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("nor does queue"), "{complaint}");
    let saved = complaint.lines().last().unwrap_or_default();
    let other = place.queue();
    place.does_with(&["send", "-Q", &other, "--json"], saved.as_bytes());
    assert_eq!(place.does(&["recv", "-Q", &other]), format!("{}\n", "x".repeat(8192)));
}
