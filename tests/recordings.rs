//! Recordings: what they keep, whatever happens to the program.

mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};
use support::traced::{PERL, instant_library, objects, program};
use support::{library, msgq, run, text};

#[test]
fn a_recording_shows_what_the_trace_itself_would_have_shown() {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("recording");
    let output = run(msgq().args(["trace", "-w"]).arg(&recording).args(["--", "perl", "-e", PERL]));
    assert_eq!(text(&output.stderr), "", "nothing is shown while it is recorded");
    let shown = text(&run(msgq().args(["trace", "-o", "-", "-r"]).arg(&recording)).stdout);
    let call = |line: &str| line.split([' ', '(']).nth(3).unwrap_or_default().to_string();
    let calls: Vec<String> = shown.lines().map(call).collect();
    let expected = ["msgget", "msgsnd", "msgsnd", "msgrcv", "msgctl", "msgrcv", "msgctl"];
    assert_eq!(calls, expected, "{shown}");
}

#[test]
fn what_is_recorded_survives_kill_9_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    // Counts up in the first bytes of its messages, from four threads, until it is killed.
    let source = r#"
static void *count(void *argument) {
    long number = 0, thread = (long)argument;
    struct { long mtype; long number[2]; } message;
    int id = msgget(IPC_PRIVATE, 0600);
    for (;; number++) {
        message.mtype = 1;
        message.number[0] = thread;
        message.number[1] = number;
        if (msgsnd(id, &message, 16, 0) || msgrcv(id, &message, 16, 0, 0) != 16) exit(1);
        if (number == 500) printf("x"), fflush(stdout);
    }
}
int main(void) {
    pthread_t threads[4];
    for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, count, (void *)i);
    pause();
}"#;
    let program = program(directory.path(), "counting", source);
    for round in 0..5 {
        let recording = directory.path().join(format!("recording-{round}"));
        let mut command = Command::new(&program);
        command.env("LD_PRELOAD", library()).env("MSGQ_TRACE", &recording).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 4]).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let output = run(msgq().args(["trace", "-f", "json", "-o", "-", "-r"]).arg(&recording));
        assert!(output.status.success(), "{}", text(&output.stderr));
        let mut next: BTreeMap<u64, u64> = BTreeMap::new();
        let mut unfinished = 0;
        for call in objects(&text(&output.stdout)) {
            if call["finished"] == false {
                unfinished += 1;
            } else if call["call"] == "msgget" {
                run(Command::new("ipcrm").args(["-q", &call["result"].to_string()]));
            } else if call["call"] == "msgsnd" {
                let (thread, number) = two_numbers(call["message"]["hex"].as_str().unwrap());
                let expected = next.entry(thread).or_insert(0);
                assert_eq!(number, *expected, "of thread {thread}: none is missing or broken");
                *expected += 1;
            }
        }
        assert!(unfinished <= 4, "at most one call a thread, not {unfinished}");
        assert!(next.len() == 4 && next.values().all(|count| *count > 500), "{next:?}");
    }
}

#[test]
fn on_shm_a_received_message_has_the_number_that_its_sender_got() {
    let directory = tempfile::tempdir().unwrap();
    // Four threads of two processes send, all at once, and two receive; a signal handler sends amid that.
    let source = r#"
#include <sys/time.h>
static int id;
static __thread long count;
static void put(long flags) {
    struct { long mtype; long number[2]; } message = { 1 + count % 3, { gettid(), ++count } };
    while (msgsnd(id, &message, 16, flags) == -1)
        if (errno != EINTR) { if (flags) return; exit(1); }
}
static void handler(int signal) { int e = errno; (void)signal; put(IPC_NOWAIT); errno = e; }
static void *send_many(void *unused) {
    while (count < 1000) put(0);
    return unused;
}
int main(void) {
    struct { long mtype; long number[2]; } message;
    struct itimerval often = { { 0, 700 }, { 0, 700 } };
    id = msgget(IPC_PRIVATE, 0600);
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0 && i < 2) {
            pthread_t threads[2];
            signal(SIGALRM, handler);
            setitimer(ITIMER_REAL, &often, NULL);
            for (int t = 0; t < 2; t++) pthread_create(&threads[t], NULL, send_many, NULL);
            for (int t = 0; t < 2; t++) pthread_join(threads[t], NULL);
            _exit(0);
        }
        if (children[i] == 0) {
            while (msgrcv(id, &message, 16, i == 2 ? -2 : 0, 0) == 16)
                if (message.number[0] == 0) _exit(0);
            _exit(1);
        }
    }
    for (int i = 0; i < 2; i++) waitpid(children[i], NULL, 0);
    message.mtype = 1;
    message.number[0] = 0;
    for (int i = 2; i < 4; i++) { msgsnd(id, &message, 16, 0); }
    for (int i = 2; i < 4; i++) waitpid(children[i], NULL, 0);
    while (msgrcv(id, &message, 16, 0, IPC_NOWAIT) == 16);
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "numbered", source);
    let recording = directory.path().join("recording");
    let mut command = msgq();
    command.env("MSGQ_DIR", directory.path()).args(["trace", "--engine", "shm", "-w"]);
    let output = run(command.arg(&recording).args(["--", &program]));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let output = run(msgq().args(["trace", "-f", "json", "-o", "-", "-r"]).arg(&recording));
    let calls = objects(&text(&output.stdout));
    let done = |call: &str| -> Vec<(u64, String)> {
        let is_done = |one: &&serde_json::Value| one["call"] == call && one["errno"].is_null();
        let numbered = |one: &serde_json::Value| {
            (one["number"].as_u64().expect("a number"), one["message"]["hex"].to_string())
        };
        calls.iter().filter(is_done).map(numbered).collect()
    };
    let (sent, received) = (done("msgsnd"), done("msgrcv"));
    let text_of: BTreeMap<u64, &String> =
        sent.iter().map(|(number, text)| (*number, text)).collect();
    assert!(sent.len() >= 4002, "{}", sent.len());
    assert_eq!(text_of.len(), sent.len(), "no number was given twice");
    assert_eq!(received.len(), sent.len());
    for (number, text) in &received {
        assert_eq!(text_of.get(number), Some(&text), "the message with number {number}");
    }
}

#[test]
fn on_shm_a_copy_of_a_message_has_its_number() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"
use constant { RMID => 0, NOWAIT => 04000, COPY => 040000 };
my $queue = msgget(0, 0600);
msgsnd($queue, pack("l! a*", 5, "text"), 0) for 1 .. 2;
msgrcv($queue, my $copy, 8, 1, COPY | NOWAIT);
msgrcv($queue, $copy, 8, 0, 0) for 1 .. 2;
msgctl($queue, RMID, 0);
"#;
    let mut command = msgq();
    command.env("MSGQ_DIR", directory.path()).args(["trace", "--engine", "shm", "-f", "json"]);
    let output = run(command.args(["-o", "-", "--", "perl", "-e", script]));
    let calls = objects(&text(&output.stdout));
    let numbers: Vec<u64> = calls.iter().filter_map(|call| call["number"].as_u64()).collect();
    let [first, second, copy, taken_first, taken_second] = numbers[..] else {
        panic!("five numbers, not {numbers:?}")
    };
    assert_ne!(first, second);
    assert_eq!((copy, taken_first, taken_second), (second, first, second));
}

/// Two numbers of eight bytes each, from hexadecimal.
fn two_numbers(hex: &str) -> (u64, u64) {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let number = |from: usize| u64::from_ne_bytes(std::array::from_fn(|at| byte((from + at) * 2)));
    (number(0), number(8))
}

#[test]
fn a_million_calls_as_fast_as_they_can_be_made_are_kept_whole() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
static void *many(void *unused) {
    struct message message = { 1, "many" };
    for (int i = 0; i < 250000; i++) msgsnd(5, &message, 64, 0);
    return unused;
}
int main(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, many, NULL);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    return 0;
}"#;
    let program = program(directory.path(), "many", source);
    let recording = directory.path().join("recording");
    let mut command = msgq();
    command.env("LD_PRELOAD", instant_library(directory.path()));
    let output = run(command.args(["trace", "-w"]).arg(&recording).args(["--", &program]));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let output = run(msgq().args(["trace", "-c", "-o", "-", "-r"]).arg(&recording));
    let shown = text(&output.stdout);
    let row = shown.lines().find(|line| line.contains("msgsnd")).expect("a row for msgsnd");
    let columns: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(columns[1..4], ["1000000", "0", "0"], "{shown}");
    assert_eq!(columns[6], "64000000", "{shown}");
}

#[test]
fn a_recording_that_is_full_counts_what_it_could_not_keep() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(void) {
    struct message message = { 1, "" };
    for (int i = 0; i < 10000; i++) msgsnd(5, &message, 8, 0);
    return 0;
}"#;
    let program = program(directory.path(), "some", source);
    let recording = directory.path().join("recording");
    // A limit of 300 KiB for files leaves room for two chunks: 2046 records, one of them the start.
    let limited = format!(
        "ulimit -f 600; LD_PRELOAD={}:{} MSGQ_TRACE={} exec {program}",
        library().display(),
        instant_library(directory.path()),
        recording.display()
    );
    let output = run(Command::new("sh").args(["-c", &limited]));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&run(msgq().args(["trace", "-r"]).arg(&recording)).stderr);
    let calls = shown.lines().filter(|line| line.contains(" msgsnd(")).count();
    let last = shown.lines().last().unwrap_or_default();
    assert_eq!(calls, 2045, "{last}");
    assert!(last.contains("msgq: 7955 calls are missing"), "{last}");
}

#[test]
fn a_child_made_behind_the_c_librarys_back_is_recorded_under_its_own_id() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
#include <sys/syscall.h>
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600), status;
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
        printf("%d\n", (int)syscall(SYS_getpid));
        fflush(stdout);
        msgctl(id, IPC_RMID, NULL);
        _exit(0);
    }
    wait(&status);
    msgget(1, 0);
    return 0;
}"#;
    let program = program(directory.path(), "cloning", source);
    let recording = directory.path().join("recording");
    let mut command = Command::new(&program);
    let output = run(command.env("LD_PRELOAD", library()).env("MSGQ_TRACE", &recording));
    let child = text(&output.stdout);
    let output = run(msgq().args(["trace", "-f", "json", "-o", "-", "-r"]).arg(&recording));
    let calls = objects(&text(&output.stdout));
    let processes: Vec<String> =
        calls.iter().map(|call| format!("{}/{}", call["pid"], call["tid"])).collect();
    assert_eq!(processes.len(), 3, "{calls:?}");
    assert_eq!(processes[1], format!("{0}/{0}", child.trim()), "{calls:?}");
    assert_eq!(processes[0], processes[2], "{calls:?}");
    assert_ne!(processes[0], processes[1], "{calls:?}");
}
