//! The tables of `--batch`, and what the command line may say.

use crate::Test;
use crate::support::place::Place;
use crate::support::{copy_for_all, text, until};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const TESTS: &[Test] = &[
    ("a_table_has_a_row_for_each_queue_with_its_bytes_against_the_limit", rows),
    ("so_many_tables_are_written_as_were_asked_for", count),
    ("messages_that_come_make_a_positive_net_rate_and_those_that_go_a_negative_one", net),
    ("without_a_terminal_one_line_says_what_would_be_right", no_terminal),
    ("what_means_nothing_on_the_command_line_is_named", bad_options),
];

pub const WHO_SLEEPS: Test = ("who_sleeps_on_a_queue_is_named_and_how", who_sleeps);

pub const WHO_SLEEPS_ELSEWHERE: Test =
    ("who_sleeps_on_a_queue_in_another_namespace_is_not_named", who_sleeps_elsewhere);

pub const UNSEEN: Test = ("who_may_not_look_at_all_threads_is_told_so", who_may_not_look);

pub const WHO_SLEEPS_IN_A_FILE: Test =
    ("who_sleeps_on_a_queue_with_a_file_of_its_own_is_named", who_sleeps_in_a_file);

/// Why the kernel does not show who sleeps on its queues.
pub fn kernel_shows_no_sleepers() -> Option<&'static str> {
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    if std::fs::read("/proc/self/syscall").is_err() {
        return Some("this kernel has no /proc/PID/syscall");
    }
    let is_root = nix::unistd::geteuid().is_root();
    (!is_root && !matches!(scope.trim(), "" | "0"))
        .then_some("kernel.yama.ptrace_scope lets this user look into no process beside it")
}

/// The first table: the titles, and the words of the row of the queue with this id.
fn table(place: &Place, id: &str) -> (Vec<String>, Vec<String>) {
    let shown = place.does(&["top", "--batch", "-n", "1"]);
    let words = |line: &str| line.split_whitespace().map(String::from).collect::<Vec<_>>();
    let titles = shown.lines().nth(1).map(words).unwrap_or_default();
    let row = shown.lines().map(words).find(|words| words.first().is_some_and(|word| word == id));
    (titles, row.unwrap_or_else(|| panic!("queue {id} has no row in\n{shown}")))
}

fn rows(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, &"x".repeat(4096)]);
    place.does(&["send", "-Q", &key, &"x".repeat(4096)]);
    let id = place.id(&key);
    let about = place.about(&key).expect("a queue");
    let (titles, row) = table(place, &id);
    let value = |title: &str| {
        let number = titles.iter().position(|known| known == title).expect("a title");
        row[number].clone()
    };
    assert_eq!(value("key"), key);
    for (title, member) in
        [("msqid", "msqid"), ("messages", "qnum"), ("used-bytes", "cbytes"), ("qbytes", "qbytes")]
    {
        assert_eq!(value(title), about[member].to_string(), "{title} in {row:?}");
    }
    assert_eq!(value("messages"), "2");
    let percent = 8192 * 100 / about["qbytes"].as_u64().expect("a number");
    assert_eq!(value("full"), format!("{percent}%"));
    assert_eq!(value("net/s"), "-", "there was no look before");
    // The process that has sent is there no more.
    assert_eq!(value("sender"), format!("{}/?", about["lspid"]));
}

fn count(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    let shown = place.does(&["top", "-b", "-n", "3", "-i", "100ms", "--sort", "msqid"]);
    let head = format!("{}: ", place.engine);
    assert_eq!(shown.lines().filter(|line| line.starts_with(&head)).count(), 3, "{shown}");
    let rows = shown.lines().filter(|line| line.split_whitespace().next() == Some(&id)).count();
    assert_eq!(rows, 3, "{shown}");
}

/// Tables without end.
struct Tables(Child);

impl Drop for Tables {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn net(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    let mut command = place.command(&["top", "-b", "-i", "0.2"]);
    let mut tables = Tables(command.stdout(Stdio::piped()).spawn().expect("a command that runs"));
    let output = BufReader::new(tables.0.stdout.take().expect("a pipe"));
    let mut rates = output.lines().map_while(Result::ok).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (words.first() == Some(&id.as_str())).then(|| words[4].to_string())
    });
    let mut comes = |wanted: fn(&str) -> bool| {
        let end = Instant::now() + Duration::from_secs(30);
        let mut seen = Vec::new();
        while Instant::now() < end {
            seen.push(rates.next().expect("another table"));
            if wanted(seen.last().expect("a rate")) {
                return;
            }
        }
        panic!("these rates came in 30 seconds: {seen:?}");
    };
    comes(|rate| rate == "0");
    place.does(&["send", "-Q", &key, "one"]);
    comes(|rate| rate.starts_with('+'));
    comes(|rate| rate == "0");
    place.does(&["recv", "-Q", &key]);
    comes(|rate| rate.starts_with('-'));
}

fn who_sleeps(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    let receiver = place.command(&["recv", "-Q", &key]).stdout(Stdio::piped()).spawn();
    let receiver = receiver.expect("a command that runs");
    let is_shown = format!("1r {}/msgq", receiver.id());
    until(&is_shown, || table(place, &id).1.join(" ").contains(&is_shown));
    place.does(&["send", "-Q", &key, "wake up"]);
    let received = receiver.wait_with_output().expect("a command that ends");
    assert_eq!(text(&received.stdout), "wake up\n");
    let row = table(place, &id).1;
    assert!(!row.join(" ").contains("1r"), "{row:?}");

    place.does(&["send", "-Q", &key, &"x".repeat(8192)]);
    place.does(&["send", "-Q", &key, &"x".repeat(8192)]);
    let mut sender =
        place.command(&["send", "-Q", &key, "x"]).spawn().expect("a command that runs");
    let is_shown = format!("1s {}/msgq", sender.id());
    until(&is_shown, || table(place, &id).1.join(" ").contains(&is_shown));
    place.does(&["flush", "-Q", &key]);
    assert!(sender.wait().expect("a command that ends").success());
}

/// Several users may have queues here.
fn share(place: &Place) {
    let shared = std::fs::Permissions::from_mode(0o1777);
    std::fs::set_permissions(place.directory.path(), shared).expect("a directory of ours");
}

fn who_sleeps_in_a_file(place: &Place) {
    share(place);
    let before = place.queue();
    place.does(&["send", "-Q", &before, "nobody waits here"]);
    who_sleeps(place);
    let row = table(place, &place.id(&before)).1;
    assert_eq!(row.last().map(String::as_str), Some("-"), "{row:?}");
}

fn who_may_not_look(place: &Place) {
    share(place);
    let copy = tempfile::tempdir().expect("a directory");
    let msgq = copy_for_all(copy.path());
    let key = place.queue();
    let id = place.id(&key);
    let stranger = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let mut command = Command::new(stranger[0]);
    command.args(&stranger[1..]).arg(msgq).args(["top", "--batch", "-n", "1"]);
    command.env("MSGQ_ENGINE", place.engine).env("MSGQ_DIR", place.directory.path());
    let shown = text(&command.output().expect("setpriv").stdout);
    let row = shown.lines().find(|line| line.split_whitespace().next() == Some(&id));
    let row = row.unwrap_or_else(|| panic!("queue {id} has no row in\n{shown}"));
    assert!(row.ends_with(" ?"), "{row}");
    // There are systems where not even root may look at all processes.
    if place.engine == "shm" {
        let row = table(place, &id).1;
        assert_eq!(row.last().map(String::as_str), Some("-"), "{row:?}");
    }
}

fn who_sleeps_elsewhere(place: &Place) {
    // The first queue of each namespace has the same id.
    let script = "\"$0\" send -Q 1 --create x; \"$0\" recv -Q 1 >/dev/null; ";
    let run = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["--ipc", "sh", "-c", &format!("{script}{then}"), env!("CARGO_BIN_EXE_msgq")]);
        command.env("MSGQ_ENGINE", place.engine).stdout(Stdio::piped());
        command.spawn().expect("unshare")
    };
    let elsewhere = Tables(run("exec \"$0\" recv -Q 1"));
    let there = |process: u32| {
        let calls = std::fs::read_to_string(format!("/proc/{process}/syscall")).unwrap_or_default();
        calls.starts_with(&format!("{} 0x0 ", nix::libc::SYS_msgrcv))
    };
    until("the other sleeps", || there(elsewhere.0.id()));
    let output = run("exec \"$0\" top --batch -n 1").wait_with_output().expect("a table");
    let shown = text(&output.stdout);
    let row = shown.lines().last().unwrap_or_default();
    assert!(row.starts_with("0 ") && !row.contains("1r"), "{row}");
}

fn no_terminal(place: &Place) {
    let parts = ["standard input is no terminal", "--batch"];
    let output = place.run_with(&["top"], b"q");
    crate::support::place::failed(&["top"], &output, 2, &parts);
}

fn bad_options(place: &Place) {
    for (options, part) in [
        (["--interval", "0"], "right would be 0.1 or more"),
        (["--interval", "soon"], "right would be 2, 0.5, 500ms or 2m"),
        (["--interval", "-1"], "it is no time"),
        (["-n", "0"], "--count"),
        (["--sort", "colour"], "possible values: msqid"),
        (["--engine", "warp"], "possible values: kernel, shm"),
    ] {
        let output = place.run(&[&["top", "--batch"][..], &options].concat());
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {complaint}");
        assert!(complaint.contains(part), "{options:?}: {part:?} is not in: {complaint}");
    }
}
