//! Calls that wait: for a message, for room, for a time, for a signal.

use crate::Test;
use crate::asleep::is_asleep;
use crate::support::place::Place;
use crate::support::{kill, text, until};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    ("nobody_waits_with_nowait", nowait),
    ("a_receive_ends_when_its_time_is_over", receive_for_a_time),
    ("a_send_ends_when_its_time_is_over", send_for_a_time),
    ("a_receive_waits_for_a_message", receive_waits),
    ("a_send_waits_for_room", send_waits),
    ("a_message_in_time_is_received", in_time),
    ("follow_receives_one_after_another_until_a_signal", follow),
    ("follow_ends_when_nothing_comes_in_time", follow_for_a_time),
    ("follow_ends_when_the_queue_is_removed", follow_removed),
    ("a_signal_ends_recv_all_between_two_messages", all_and_a_signal),
    ("the_second_signal_ends_recv_wherever_it_is", two_signals),
    ("a_signal_that_was_ignored_at_the_start_stays_ignored", an_ignored_signal),
    ("a_signal_that_ends_send_leaves_word_how_many_messages_were_sent", send_and_a_signal),
    ("flush_does_not_count_what_comes_meanwhile", flush_meanwhile),
];

/// Starts the command, with its output in pipes.
fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("a command that runs")
}

/// Waits until a process sleeps in a call on its queue.
fn until_asleep(child: &Child) {
    let process = child.id() as libc::pid_t;
    until("the command is asleep on the queue", || is_asleep(process, process));
}

fn end(child: Child) -> Output {
    child.wait_with_output().expect("a command that ends")
}

fn fill(place: &Place, key: &str) {
    for _ in 0..2 {
        place.does(&["send", "-Q", key, &"x".repeat(8192)]);
    }
}

fn nowait(place: &Place) {
    let key = place.queue();
    place.fails(&["recv", "-Q", &key, "--nowait"], 3, &["there is no message in queue"]);
    place.fails(&["recv", "-Q", &key, "-t", "!7", "--nowait"], 3, &["of another type than 7"]);
    place.fails(&["recv", "-Q", &key, "--timeout", "0"], 3, &["there is no message in queue"]);
    place.fails(&["peek", "-Q", &key, "-t", "-7"], 3, &["no message of type 7 or lower"]);
    fill(place, &key);
    place.fails(&["send", "-Q", &key, "--nowait", "x"], 3, &["there is no room"]);
    place.does(&["flush", "-Q", &key]);
}

fn ends_after_half_a_second(place: &Place, arguments: &[&str]) {
    let start = Instant::now();
    place.fails(&[arguments, &["--timeout", "500ms"]].concat(), 3, &["there is no"]);
    let time = start.elapsed();
    assert!(time >= Duration::from_millis(500), "{arguments:?} ended after {time:?}");
    assert!(time < Duration::from_secs(30), "{arguments:?} ended after {time:?}");
}

fn receive_for_a_time(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "-t", "9", "another"]);
    ends_after_half_a_second(place, &["recv", "-Q", &key, "-t", "7"]);
    assert_eq!(place.does(&["recv", "-Q", &key]), "another\n");
}

fn send_for_a_time(place: &Place) {
    let key = place.queue();
    fill(place, &key);
    ends_after_half_a_second(place, &["send", "-Q", &key, "one too many"]);
    assert_eq!(place.about(&key).unwrap()["qnum"], 2);
}

fn receive_waits(place: &Place) {
    let key = place.queue();
    let receiver = start(place, &["recv", "-Q", &key, "-t", "7"]);
    until_asleep(&receiver);
    place.does(&["send", "-Q", &key, "-t", "8", "not this"]);
    place.does(&["send", "-Q", &key, "-t", "7", "this"]);
    let output = end(receiver);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "this\n"));
}

fn send_waits(place: &Place) {
    let key = place.queue();
    fill(place, &key);
    let sender = start(place, &["send", "-Q", &key, "-t", "7", "patient"]);
    until_asleep(&sender);
    place.does(&["recv", "-Q", &key]);
    assert_eq!(end(sender).status.code(), Some(0));
    assert_eq!(place.does(&["recv", "-Q", &key, "-t", "7"]), "patient\n");
}

fn in_time(place: &Place) {
    let key = place.queue();
    let receiver = start(place, &["recv", "-Q", &key, "--timeout", "1h"]);
    until_asleep(&receiver);
    place.does(&["send", "-Q", &key, "in time"]);
    let output = end(receiver);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "in time\n"));
}

fn follow(place: &Place) {
    for (signal, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let key = place.queue();
        let receiver = start(place, &["recv", "-Q", &key, "--follow"]);
        for message in ["one", "two", "three"] {
            place.does(&["send", "-Q", &key, message]);
        }
        until("all messages are received", || place.about(&key).unwrap()["qnum"] == 0);
        until_asleep(&receiver);
        kill(signal, &receiver.id().to_string());
        let output = end(receiver);
        assert_eq!(output.status.signal(), Some(number), "{output:?}");
        assert_eq!(text(&output.stdout), "one\ntwo\nthree\n");
        place.does(&["send", "-Q", &key, "stays"]);
        assert_eq!(place.does(&["recv", "-Q", &key]), "stays\n");
    }
}

fn follow_for_a_time(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "only one"]);
    let output = place.run(&["recv", "-Q", &key, "--follow", "--timeout", "100ms"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(3), "only one\n"));
}

fn follow_removed(place: &Place) {
    let key = place.queue();
    let receiver = start(place, &["recv", "-Q", &key, "--follow"]);
    until_asleep(&receiver);
    place.does(&["ipcrm", "-Q", &key]);
    let output = end(receiver);
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains(&format!("already removed key ({key})")), "{complaint}");
}

/// Receives four messages, the first of which has no room in the pipe whose end this is.
fn receive_into_a_full_pipe(place: &Place, key: &str) -> (Child, std::io::PipeReader) {
    for _ in 0..4 {
        place.does(&["send", "-Q", key, &"x".repeat(4000)]);
    }
    let mut command = place.command(&["recv", "-Q", key, "--all", "--hex"]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    // SAFETY: changes a descriptor of ours.
    let size = unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) };
    assert!((4096..16_000).contains(&size), "the pipe takes {size} bytes");
    let receiver = command.stdin(Stdio::null()).stdout(writer).spawn().expect("a command");
    // It has one end of the pipe itself.
    drop(command);
    until("a message is received", || place.about(key).unwrap()["qnum"] == 3);
    (receiver, reader)
}

/// Sends a process SIGTERM, and waits until its handler has the signal.
fn terminate(process: u32) {
    kill("TERM", &process.to_string());
    let is_pending = || {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"));
        status.expect("a process").lines().any(|line| line.ends_with("0000000000004000"))
    };
    until("the signal is taken", || !is_pending());
}

fn all_and_a_signal(place: &Place) {
    let key = place.queue();
    let (receiver, mut reader) = receive_into_a_full_pipe(place, &key);
    terminate(receiver.id());
    let mut written = String::new();
    reader.read_to_string(&mut written).expect("what was written");
    let output = end(receiver);
    assert_eq!(output.status.signal(), Some(15), "{output:?}");
    assert_eq!(written.matches("mtype=1 msgsz=4000").count(), 1, "{written}");
    assert_eq!(place.about(&key).unwrap()["qnum"], 3);
}

fn two_signals(place: &Place) {
    let key = place.queue();
    let (mut receiver, reader) = receive_into_a_full_pipe(place, &key);
    terminate(receiver.id());
    kill("TERM", &receiver.id().to_string());
    until("it has ended", || receiver.try_wait().expect("a status").is_some());
    assert_eq!(end(receiver).status.signal(), Some(15));
    drop(reader);
    assert_eq!(place.about(&key).unwrap()["qnum"], 3);
}

/// As nohup(1) and a shell's background jobs have it.
fn an_ignored_signal(place: &Place) {
    let key = place.queue();
    let mut command = Command::new("sh");
    command.args(["-c", r#"trap "" HUP; exec "$@""#, "sh", env!("CARGO_BIN_EXE_msgq")]);
    command.args(["recv", "-Q", &key]).stdin(Stdio::null()).stdout(Stdio::piped());
    command.env("MSGQ_ENGINE", place.engine).env("MSGQ_DIR", place.directory.path());
    let receiver = command.spawn().expect("a command that runs");
    until_asleep(&receiver);
    kill("HUP", &receiver.id().to_string());
    place.does(&["send", "-Q", &key, "still here"]);
    let output = end(receiver);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "still here\n"));
}

fn send_and_a_signal(place: &Place) {
    let key = place.queue();
    let line = |letter: &str| {
        format!("{{\"mtype\":7,\"message\":{{\"text\":\"{}\"}}}}\n", letter.repeat(8000))
    };
    let mut command = place.command(&["send", "-Q", &key, "--json"]);
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut sender = command.spawn().expect("a command that runs");
    let saved = ["a", "b", "c", "d"].map(line).concat();
    let mut input = sender.stdin.take().expect("a pipe");
    input.write_all(saved.as_bytes()).expect("a reader");
    drop(input);
    until_asleep(&sender);
    kill("TERM", &sender.id().to_string());
    let output = end(sender);
    let complaint = text(&output.stderr);
    assert_eq!(output.status.signal(), Some(15), "{complaint}");
    assert!(complaint.ends_with("2 of 4 messages were sent\n"), "{complaint}");
    assert_eq!(place.about(&key).unwrap()["qnum"], 2);
}

fn flush_meanwhile(place: &Place) {
    let key = place.queue();
    // Empty ones, as many as the queue takes: while they are taken away others come.
    let full = place.about(&key).unwrap()["qbytes"].as_u64().expect("a number");
    let empty = |mtype| format!("{{\"mtype\":{mtype},\"message\":{{\"hex\":\"\"}}}}\n");
    place.does_with(&["send", "-Q", &key, "--json"], empty(1).repeat(full as usize).as_bytes());
    let mut command = place.command(&["send", "-Q", &key, "--json"]);
    let mut sender = command.stdin(Stdio::piped()).spawn().expect("a command that runs");
    let mut input = sender.stdin.take().expect("a pipe");
    input.write_all(empty(7).repeat(5000).as_bytes()).expect("a reader");
    drop(input);
    until_asleep(&sender);
    let told = place.does(&["flush", "-Q", &key]);
    assert!(told.starts_with(&format!("removed {full} messages ")), "{told}");
    assert_eq!(end(sender).status.code(), Some(0));
    assert_eq!(place.about(&key).unwrap()["qnum"], 5000);
}
