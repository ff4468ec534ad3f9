//! `msgq report` on programs that run: what it says of their messages, waits and queues.

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::traced::program;
use support::{kill, library, msgq, run, text, until};

/// Records a program; gives the recording's path.
fn record(directory: &Path, options: &[&str], program: &[&str]) -> PathBuf {
    let recording = directory.join("recording");
    let mut command = msgq();
    command.args(["trace", "-w"]).arg(&recording).args(options).arg("--").args(program);
    let output = run(&mut command);
    assert_eq!(text(&output.stderr), "", "of {program:?}");
    recording
}

/// Records perl.
fn record_perl(directory: &Path, script: &str) -> PathBuf {
    record(directory, &[], &["perl", "-e", &format!("{PERL}{script}")])
}

/// What the perl programs here begin with.
const PERL: &str = r#"
use constant { RMID => 0, SET => 1, STAT => 2, CREAT => 01000, EXCL => 02000, NOWAIT => 04000 };
sub put { my ($queue, $type, $text, $flags) = @_; msgsnd($queue, pack("l! a*", $type, $text), $flags // 0) }
sub get { my ($queue, $type, $flags) = @_; msgrcv($queue, my $message, 8192, $type, $flags // 0); $message }
my $queue = msgget(0, 0600) // die "msgget: $!";
"#;

/// The report on a recording as JSON.
fn report(recording: &Path, options: &[&str]) -> Value {
    let output = run(msgq().args(["report", "--json"]).args(options).arg(recording));
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The same, where there is a recording yet.
fn try_report(recording: &Path, options: &[&str]) -> Option<Value> {
    let output = run(msgq().args(["report", "--json"]).args(options).arg(recording));
    output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The report as text.
fn shown(recording: &Path) -> String {
    let output = run(msgq().arg("report").arg(recording));
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The texts of the findings of a sort.
fn findings<'a>(report: &'a Value, kind: &str) -> Vec<&'a str> {
    let all = report["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["kind"] == kind).map(|one| one["text"].as_str().unwrap()).collect()
}

/// Asserts that a sentence has these parts.
fn assert_says(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is not in {sentence:?}");
    }
}

#[test]
fn each_message_of_the_demo_is_linked_for_certain() {
    let directory = tempfile::tempdir().unwrap();
    let demo = [env!("CARGO_BIN_EXE_msgq"), "demo"];
    let recording = record(directory.path(), &[], &demo);
    let report = report(&recording, &[]);
    let links = &report["links"];
    assert_eq!([&links["sent"], &links["received"], &links["certain"]], [6, 6, 6], "{links}");
    let talks = report["talks"].as_array().unwrap();
    let messages: Vec<&Value> = talks.iter().map(|talk| &talk["messages"]).collect();
    assert_eq!(messages, [3, 3], "the guest to the waiter, and back: {talks:?}");
    assert_eq!(talks[0]["from"], talks[1]["to"]);
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    assert_says(&shown(&recording), &["17 calls by 2 processes", "Findings\n  none", "(msgq)"]);
}

#[test]
fn the_three_faults_of_the_broken_demo_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let demo = [env!("CARGO_BIN_EXE_msgq"), "demo", "--broken"];
    let recording = directory.path().join("recording");
    let mut command = msgq();
    // On shm, so that what it leaves behind goes with the directory.
    command.env("MSGQ_DIR", directory.path().join("queues"));
    command.args(["trace", "--engine", "shm", "-w"]).arg(&recording).arg("--").args(demo);
    let output = run(&mut command);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let report = report(&recording, &[]);
    // A deadlock, too, where both seem to have ended at the same moment.
    let waits = [findings(&report, "hanging"), findings(&report, "deadlock")].concat().join("; ");
    assert_says(
        &waits,
        &["for a message of type 2", "640 of 640 bytes, held by 10 messages of type 1"],
    );
    let [left] = findings(&report, "left_behind")[..] else { panic!("{}", report["findings"]) };
    assert_says(left, &["stays behind with 10 messages (640 bytes)"]);
}

#[test]
fn the_time_that_a_message_lay_in_its_queue_is_told_per_type() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
put($queue, 3, "long"); select(undef, undef, undef, 0.05); get($queue, 3);
put($queue, 4, "short"); get($queue, 4);
msgctl($queue, RMID, 0);"#;
    let report = report(&record_perl(directory.path(), script), &[]);
    let types = report["queues"][0]["types"].as_array().unwrap();
    let longest = |number: usize| types[number]["residence"]["max"].as_f64().unwrap();
    assert_eq!((&types[0]["mtype"], &types[1]["mtype"]), (&Value::from(3), &Value::from(4)));
    assert!(longest(0) >= 0.05 && longest(1) < longest(0), "{types:?}");
    let median = types[0]["residence"]["p50"].as_f64().unwrap();
    assert!((median / longest(0) - 1.0).abs() < 0.02, "{types:?}");
}

#[test]
fn a_sender_waits_because_the_queue_is_full_of_what_nobody_reads() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
put($queue, 3, "x" x 400) for 1 .. 40;
$SIG{ALRM} = sub { }; alarm 1;
put($queue, 5, "x" x 500);
msgctl($queue, RMID, 0);"#;
    let report = report(&record_perl(directory.path(), script), &[]);
    let full = findings(&report, "deadlock");
    assert_says(
        full.first().unwrap_or(&"nothing"),
        &[
            "full: 16,000 of 16,384 bytes, held by 40 messages of type 3 that nobody reads",
            "itself",
        ],
    );
    let wait = &report["waits"][0];
    assert_eq!((&wait["reason"], &wait["over"]), (&Value::from("full"), &Value::from(true)));
    assert_says(wait["ended"].as_str().unwrap(), &["until a signal came"]);
    assert!(wait["duration"].as_f64().unwrap() > 0.9, "{wait}");
    assert_says(findings(&report, "unread")[0], &["40 messages (16,000 bytes)"]);
}

#[test]
fn what_was_injected_is_not_taken_for_what_happened_to_the_queue() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
put($queue, 7, "text$_") for 1 .. 4;
get($queue, 7, NOWAIT) for 1 .. 5;
msgctl($queue, RMID, 0);"#;
    for errno in ["ENOMSG", "EIDRM", "EINVAL", "EFAULT"] {
        let rule = format!("msgrcv:errno={errno}:nth=2");
        let perl = ["perl", "-e", &format!("{PERL}{script}")];
        let report = report(&record(directory.path(), &["--inject", &rule], &perl), &[]);
        let links = &report["links"];
        assert_eq!([&links["sent"], &links["received"], &links["certain"]], [4, 4, 4], "{errno}");
        assert_eq!(report["findings"], Value::Array(Vec::new()), "{errno}");
        assert_eq!(report["queues"].as_array().unwrap().len(), 1, "{errno}: {report}");
        for failure in report["failures"].as_array().unwrap() {
            assert_says(failure["why"].as_str().unwrap(), &["an injected fault answered"]);
        }
    }
    let rules = ["--inject", "msgsnd:delay=150ms:nth=4"];
    let perl = ["perl", "-e", &format!("{PERL}{script}")];
    let report = report(&record(directory.path(), &rules, &perl), &[]);
    assert_eq!(report["waits"][0]["reason"], "delayed", "{report}");
    assert_eq!(report["findings"], Value::Array(Vec::new()));
}

#[test]
fn a_receiver_waits_for_a_type_whose_sender_has_exited() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
if (my $child = fork) { get($queue, 7); waitpid($child, 0); } else { put($queue, 7, "one"); exit 0 }
select(undef, undef, undef, 0.1);
put($queue, 5, "of another type");
$SIG{ALRM} = sub { }; alarm 1;
get($queue, 7);
msgctl($queue, RMID, 0);"#;
    let report = report(&record_perl(directory.path(), script), &["--waits", "500"]);
    let waits = report["waits"].as_array().unwrap();
    assert_eq!(waits.len(), 1, "{waits:?}");
    assert_eq!(waits[0]["reason"], "nothing_matches");
    let sender = report["processes"][1]["pid"].to_string();
    let last = format!("the last process that sent one was {sender} (perl), at ");
    let parts = ["no message of type 7 (there: 1 message of type 5)", &last, ", which exited at "];
    assert_says(waits[0]["why"].as_str().unwrap(), &parts);
}

/// Two processes, each of which waits for the other.
const TWO_THAT_WAIT: &str = r#"
if (fork) { put($queue, 1, "ask"); get($queue, 2); get($queue, 2) }
else { get($queue, 1); put($queue, 2, "answer"); get($queue, 1) }
"#;

#[test]
fn processes_that_wait_for_each_other_are_a_deadlock_after_they_were_killed() {
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "$SIG{{ALRM}} = sub {{ msgctl($queue, RMID, 0); exit 0 }}; alarm 1; {TWO_THAT_WAIT}"
    );
    let report = report(&record_perl(directory.path(), &script), &[]);
    assert_two_wait(&report);
    assert_says(findings(&report, "removed")[0], &["EIDRM", "the queue was removed by "]);
}

/// Asserts that the report has [`TWO_THAT_WAIT`].
fn assert_two_wait(report: &Value) {
    let pids: Vec<String> =
        (0..2).map(|number| report["processes"][number]["pid"].to_string()).collect();
    let [first, second] = [&pids[0], &pids[1]];
    let deadlocks = findings(report, "deadlock");
    assert_eq!(deadlocks.len(), 1, "{report}");
    let asks = format!("{first} (perl) waits for a message of type 2 on queue ");
    let answers = format!("{second} (perl) waits for a message of type 1 on queue ");
    let (only_second, only_first) = (
        format!("which only {second} (perl) could send"),
        format!("which only {first} (perl) could send"),
    );
    assert_says(deadlocks[0], &["for each other", &asks, &answers, &only_second, &only_first]);
}

/// A program that hangs, until this is dropped.
struct Hanging {
    child: Child,
    recording: PathBuf,
    queue: Option<String>,
}

impl Hanging {
    /// Until its report says that two calls wait.
    fn wait(&mut self) -> Value {
        let mut found = Value::Null;
        until("two calls wait", || {
            // It may not have been begun.
            let Some(report) = try_report(&self.recording, &["--waits", "50"]) else {
                return false;
            };
            found = report;
            self.queue = found["queues"][0]["queue"].as_i64().map(|id| id.to_string());
            let waits = found["waits"].as_array().unwrap();
            waits.iter().filter(|wait| wait["over"] == false).count() == 2
        });
        found
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            run(Command::new("ipcrm").args(["-q", queue]));
        }
        kill("TERM", &self.child.id().to_string());
        let _ = self.child.wait();
    }
}

#[test]
fn a_run_that_still_hangs_is_reported_while_it_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("recording");
    let mut command = msgq();
    command.args(["trace", "-w"]).arg(&recording);
    command.args(["--", "perl", "-e", &format!("{PERL}{TWO_THAT_WAIT}")]);
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    let mut hanging = Hanging { child, recording, queue: None };
    let report = hanging.wait();
    assert_eq!(report["recording"]["live"], true);
    assert_two_wait(&report);
    assert!(findings(&report, "left_behind").is_empty(), "it is still used: {report}");
}

#[test]
fn a_run_that_hangs_is_reported_where_no_command_keeps_the_recording() {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("recording");
    let mut command = Command::new("perl");
    command.args(["-e", &format!("{PERL}{TWO_THAT_WAIT}")]);
    command.env("LD_PRELOAD", library()).env("MSGQ_TRACE", &recording).stdin(Stdio::null());
    let child = command.spawn().unwrap();
    let mut hanging = Hanging { child, recording, queue: None };
    let report = hanging.wait();
    assert_eq!(report["recording"]["live"], true);
    assert_eq!(report["queues"][0]["qbytes"], 16384, "the limit of a new queue is noted: {report}");
    assert_two_wait(&report);
}

#[test]
fn the_life_of_a_queue_is_told_and_explains_what_fails_later() {
    let directory = tempfile::tempdir().unwrap();
    let key = std::process::id() | 0x4d51_0000;
    let script = format!(
        r#"
msgctl($queue, RMID, 0);
my $key = {key};
my $made = msgget($key, CREAT | 0640) // die "msgget: $!";
if (my $child = fork) {{ waitpid($child, 0) }} else {{
    my $opened = msgget($key, 0) // die "msgget: $!";
    msgctl($opened, STAT, my $data) or die "msgctl: $!";
    substr($data, 88, 8) = pack("q", 9000);
    msgctl($opened, SET, $data) or die "msgctl: $!";
    msgctl($opened, RMID, 0);
    exit 0;
}}
put($made, 1, "too late");
put($made, 0, "no type");
get(2147418000, 0);
"#
    );
    let report = report(&record_perl(directory.path(), &script), &[]);
    let queue = &report["queues"][1];
    let [parent, child] = [0, 1].map(|number| report["processes"][number]["pid"].clone());
    assert_eq!(queue["key"], key);
    assert_eq!(queue["mode"], "0640");
    assert_eq!((&queue["origin"], &queue["by"]["pid"]), (&Value::from("made"), &parent));
    assert_eq!((&queue["opened"], &queue["opened_by"][0]["pid"]), (&Value::from(1), &child));
    assert_eq!((&queue["changes"][0]["qbytes"], &queue["qbytes"]), (&9000.into(), &9000.into()));
    assert_eq!(queue["removed"]["by"]["pid"], child);
    let failures = report["failures"].as_array().unwrap();
    let why: Vec<&str> = failures.iter().map(|one| one["why"].as_str().unwrap()).collect();
    assert_eq!(why.len(), 3, "{failures:?}");
    assert_says(why[0], &[&format!("the queue was removed by {child} (perl) at ")]);
    assert_says(why[1], &["mtype is not above 0"]);
    assert_says(why[2], &["no queue had this id while it was recorded"]);
    let later = findings(&report, "removed");
    assert_eq!(later.len(), 1, "only what the removal explains: {later:?}");
}

#[test]
fn a_queue_that_stays_behind_is_told_with_its_maker_and_its_messages() {
    let directory = tempfile::tempdir().unwrap();
    let recording = record_perl(directory.path(), r#"put($queue, 9, "left") for 1 .. 3;"#);
    let report = report(&recording, &[]);
    let queue = &report["queues"][0];
    run(Command::new("ipcrm").args(["-q", &queue["queue"].to_string()]));
    assert_eq!((&queue["messages_left"], &queue["bytes_left"]), (&3.into(), &12.into()));
    let maker = report["processes"][0]["pid"].to_string();
    let parts = ["3 messages (12 bytes) that nobody has received", &maker, "mode 0600"];
    assert_says(findings(&report, "left_behind")[0], &parts);
}

#[test]
fn a_queue_that_was_there_before_is_known_with_its_messages() {
    let directory = tempfile::tempdir().unwrap();
    let key = (std::process::id() | 0x4d52_0000).to_string();
    let before = format!(
        "my $old = msgget({key}, CREAT | EXCL | 0600); put($old, 1, 'old'); msgctl($queue, RMID, 0)"
    );
    run(Command::new("perl").args(["-e", &format!("{PERL}{before}")]));
    let script = format!(
        "msgctl($queue, RMID, 0); my $old = msgget({key}, CREAT | 0600); put($old, 1, 'new'); \
         get($old, 1); get($old, 1); msgctl($old, RMID, 0);"
    );
    let report = report(&record_perl(directory.path(), &script), &[]);
    let queue = &report["queues"][0];
    assert_eq!(queue["origin"], "before", "{queue}");
    assert_eq!((&queue["received"], &queue["linked"]), (&2.into(), &1.into()), "{queue}");
    assert_eq!(queue["most_messages"], 2, "{queue}");
    assert_eq!(queue["messages_left"], 0, "{queue}");
}

#[test]
fn somebody_who_is_not_recorded_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    // The system call itself goes past the library.
    let source = r#"
#include <sys/syscall.h>
int main(void) {
    struct message message = { 1, "" };
    int id = msgget(IPC_PRIVATE, 0600);
    for (int i = 0; i < 3; i++) { message.mtext[0] = 'a' + i; msgsnd(id, &message, 1, 0); }
    syscall(SYS_msgrcv, id, &message, 1, 0, 0);
    msgrcv(id, &message, 1, 0, 0);
    msgrcv(id, &message, 1, 0, 0);
    syscall(SYS_msgctl, id, IPC_RMID, NULL);
    msgsnd(id, &message, 1, 0);
    return 0;
}"#;
    let program = program(directory.path(), "secret", source);
    let report = report(&record(directory.path(), &[], &[&program]), &[]);
    assert_says(findings(&report, "strangers")[0], &["1 message in queue "]);
    assert_eq!((&report["links"]["linked"], &report["links"]["certain"]), (&2.into(), &0.into()));
    assert_says(findings(&report, "removed")[0], &["by somebody who is not in the recording"]);
}

#[test]
fn forty_thousand_messages_of_eight_processes_are_all_linked() {
    let directory = tempfile::tempdir().unwrap();
    // Each type has a sender and a receiver, and the texts count.
    let source = r#"
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    for (int pair = 1; pair <= 4; pair++) {
        struct message message;
        if (fork() == 0) {
            for (int i = 0; i < 10000; i++) {
                message.mtype = pair;
                sprintf(message.mtext, "%d", i);
                msgsnd(id, &message, 16, 0);
            }
            _exit(0);
        }
        if (fork() == 0) {
            for (int i = 0; i < 10000; i++) msgrcv(id, &message, 16, pair, 0);
            _exit(0);
        }
    }
    while (wait(NULL) > 0) ;
    msgctl(id, IPC_RMID, NULL);
    return 0;
}"#;
    let program = program(directory.path(), "pairs", source);
    let recording = record(directory.path(), &[], &[&program]);
    let begin = Instant::now();
    let report = report(&recording, &[]);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    let links = &report["links"];
    for what in ["sent", "received", "linked", "certain"] {
        assert_eq!(links[what], 40_000, "{what}: {links}");
    }
    assert_eq!(report["talks"].as_array().unwrap().len(), 4, "{}", report["talks"]);
    assert_eq!(report["findings"], Value::Array(Vec::new()));
}

#[test]
fn both_engines_are_reported_alike() {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("recording");
    let mut command = msgq();
    command.env("MSGQ_DIR", directory.path().join("queues"));
    command.args(["trace", "--engine", "shm", "-w"]).arg(&recording);
    let output = run(command.args(["--", env!("CARGO_BIN_EXE_msgq"), "demo"]));
    assert_eq!(text(&output.stderr), "");
    let report = report(&recording, &[]);
    assert_eq!(report["links"]["certain"], 6, "{}", report["links"]);
    assert_eq!(report["queues"][0]["qbytes"], 16384, "{}", report["queues"]);
    assert_eq!(report["findings"], Value::Array(Vec::new()));
}

#[test]
fn on_shm_links_are_certain_where_nothing_tells_the_messages_apart() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(void) {
    struct message message = { 1, "same" };
    int id = msgget(IPC_PRIVATE, 0600);
    for (int process = 0; process < 8; process++) {
        if (fork() == 0) {
            for (int i = 0; i < 500; i++)
                if (process % 2) msgsnd(id, &message, 5, 0);
                else msgrcv(id, &message, 5, 0, 0);
            _exit(0);
        }
    }
    while (wait(NULL) > 0) ;
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "same", source);
    let recording = directory.path().join("recording");
    let mut command = msgq();
    command.env("MSGQ_DIR", directory.path().join("queues"));
    command.args(["trace", "--engine", "shm", "-s", "0", "-w"]).arg(&recording);
    let output = run(command.args(["--", &program]));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let links = &report(&recording, &[])["links"];
    for what in ["sent", "received", "linked", "certain"] {
        assert_eq!(links[what], 2000, "{what}: {links}");
    }
}

#[test]
fn what_is_no_recording_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("something");
    fs::write(&file, "something else").unwrap();
    let output = run(msgq().arg("report").arg(&file));
    assert_eq!(output.status.code(), Some(1));
    assert_says(&text(&output.stderr), &["something: no recording of msgq"]);
}

#[test]
fn of_a_recording_that_was_cut_off_what_is_there_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let demo = [env!("CARGO_BIN_EXE_msgq"), "demo"];
    let recording = record(directory.path(), &[], &demo);
    let bytes = fs::read(&recording).unwrap();
    fs::write(&recording, &bytes[..bytes.len() - 4096]).unwrap();
    let output = run(msgq().args(["report", "--json"]).arg(&recording));
    assert_eq!(output.status.code(), Some(1));
    assert_says(&text(&output.stderr), &["cut off"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["links"]["linked"], 6);
}

/// The names of all fields in a value.
fn fields(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| fields(value, found)),
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            fields(value, found);
        }),
        _ => (),
    }
}

#[test]
fn every_field_of_the_json_is_documented() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
put($queue, 3, "text"); get($queue, 3);
msgctl($queue, STAT, my $data); msgctl($queue, SET, $data);
$SIG{ALRM} = sub { }; alarm 1; get($queue, 3);
msgctl($queue, RMID, 0); put($queue, 3, "late");"#;
    let report = report(&record_perl(directory.path(), script), &[]);
    let mut found = Default::default();
    fields(&report, &mut found);
    assert!(found.contains("changes") && found.contains("ended"), "{found:?}");
    let documentation = fs::read_to_string(support::root().join("docs/report.md")).unwrap();
    let is_missing = |field: &&String| {
        !["`", "`\""].iter().any(|quote| documentation.contains(&format!("{quote}{field}")))
            && !documentation.contains(&format!("\"{field}\""))
    };
    let missing: Vec<&String> = found.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "not in docs/report.md: {missing:?}");
}
