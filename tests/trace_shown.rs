//! What `msgq trace` shows of a program's calls.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::traced::{PERL, calls, names, objects, program};
use support::{kill, msgq, run, text, until};

#[test]
fn perl_is_shown_call_by_call_and_prints_what_it_prints_without_us() {
    let alone = run(Command::new("perl").args(["-e", PERL]));
    let traced = run(msgq().args(["trace", "--", "perl", "-e", PERL]));
    assert_eq!(text(&traced.stdout), text(&alone.stdout));
    let shown = text(&traced.stderr);
    let without_numbers = |line: &str| {
        let (_, call) = line.split_once(" msg").expect("a call in the line");
        format!("msg{}", call.split(" <").next().unwrap_or_default())
    };
    let lines: Vec<String> = shown.lines().map(without_numbers).collect();
    let id = lines[0].rsplit(' ').next().unwrap();
    assert_eq!(lines[0], format!("msgget(IPC_PRIVATE, IPC_CREAT|0600) = {id}"));
    assert_eq!(
        lines[1],
        format!("msgsnd({id}, {{mtype=7, mtext=\"hello from perl\"}}, 15, 0) = 0")
    );
    assert_eq!(lines[2], format!("msgsnd({id}, {{mtype=3, mtext=\"second\"}}, 6, 0) = 0"));
    assert_eq!(lines[3], format!("msgrcv({id}, {{mtype=3, mtext=\"second\"}}, 64, -10, 0) = 6"));
    assert!(lines[4].starts_with(&format!("msgctl({id}, IPC_STAT, {{msg_perm={{uid=")), "{shown}");
    assert!(lines[4].contains("msg_qnum=1, msg_qbytes="), "{shown}");
    assert!(
        lines[5].ends_with("9, IPC_NOWAIT) = -1 ENOMSG (No message of desired type)"),
        "{shown}"
    );
    assert!(lines[6].starts_with(&format!("msgctl({id}, IPC_RMID, ")), "{shown}");
    assert_eq!(lines.len(), 7, "{shown}");
}

#[test]
fn each_line_has_the_form_that_strace_users_know() {
    let output = run(msgq().args(["trace", "--", "perl", "-e", PERL]));
    for line in text(&output.stderr).lines() {
        let (who, rest) = line.split_once("] ").expect("who");
        assert!(who.strip_prefix("[pid ").unwrap().parse::<u32>().is_ok(), "{line}");
        let (time, rest) = rest.split_once(' ').expect("a time");
        assert!(time.len() >= 8 && time.parse::<f64>().is_ok(), "{line}");
        let took = rest.rsplit_once(" <").unwrap().1.strip_suffix('>').expect("a duration");
        assert!(took.parse::<f64>().unwrap() < 1.0, "{line}");
    }
}

#[test]
fn the_bytes_shown_are_those_sent_and_those_received() {
    let directory = tempfile::tempdir().unwrap();
    // Receives less than its buffer holds, which is not empty.
    let source = r#"
int main(void) {
    struct message message = { 4, "" };
    int id = msgget(IPC_PRIVATE, 0600);
    for (int byte = 0; byte < 300; byte++) message.mtext[byte] = (char)byte;
    msgsnd(id, &message, 300, 0);
    memset(&message, 'x', sizeof message);
    msgrcv(id, &message, sizeof message.mtext, 0, MSG_NOERROR);
    message.mtype = 5;
    memset(message.mtext, 'y', sizeof message.mtext);
    msgsnd(id, &message, 2, 0);
    memset(&message, 'z', sizeof message);
    msgrcv(id, &message, 1, 0, MSG_NOERROR);
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "short", source);
    let all: String = (0..300).map(|byte| format!("{:02x}", byte as u8)).collect();
    let asked = [(32, vec![]), (7, vec!["-s", "7"]), (0, vec!["-s", "0"])];
    let more = [(300, vec!["-s", "300"]), (300, vec!["-s", "65536"]), (153, vec!["-s", "153"])];
    for (kept, options) in asked.into_iter().chain(more) {
        let calls = calls(&options, &[&program]);
        assert_eq!(names(&calls), ["msgget", "msgsnd", "msgrcv", "msgsnd", "msgrcv", "msgctl"]);
        let hex = |call: usize| calls[call]["message"]["hex"].as_str().unwrap_or_default();
        assert_eq!(hex(1), &all[..kept * 2], "sent, {options:?}");
        assert_eq!(hex(2), &all[..kept * 2], "received, {options:?}");
        assert_eq!(calls[2]["result"], 300);
        assert_eq!(hex(3), &"7979"[..kept.min(2) * 2], "sent, {options:?}");
        assert_eq!(hex(4), &"79"[..kept.min(1) * 2], "cut to one byte, {options:?}");
        assert_eq!(calls[4]["mtype"], 5);
    }
}

#[test]
fn a_send_that_failed_shows_what_the_kernel_had_read_and_no_bad_address() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(void) {
    struct message message = { 4, "text" };
    int id = msgget(IPC_PRIVATE, 0600);
    struct msqid_ds data;
    msgctl(id, IPC_STAT, &data);
    data.msg_qbytes = 2;
    msgctl(id, IPC_SET, &data);
    msgsnd(id, &message, 4, IPC_NOWAIT);
    message.mtype = -9;
    msgsnd(id, &message, 4, 0);
    msgsnd(id, (void *)8, 4, 0);
    msgrcv(id, (void *)8, 4, 0, IPC_NOWAIT);
    msgctl(id, IPC_STAT, (void *)8);
    msgctl(id, IPC_SET, (void *)8);
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let output = run(msgq().args(["trace", "--", &program(directory.path(), "failing", source)]));
    let shown = text(&output.stderr);
    assert!(output.status.success(), "{shown}");
    for part in [
        r#"{mtype=4, mtext="text"}, 4, IPC_NOWAIT) = -1 EAGAIN"#,
        "{mtype=-9, mtext=...}, 4, 0) = -1 EINVAL",
        ", 0x8, 4, 0) = -1 EFAULT (Bad address)",
        ", 0x8, 4, 0, IPC_NOWAIT) = -1 ENOMSG",
        ", IPC_STAT, 0x8) = -1 EFAULT",
        ", IPC_SET, 0x8) = -1 EFAULT",
        "msg_qbytes=2, ...}) = 0",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

/// Starts a program under `msgq trace -o FILE` that waits for a message of type 7; gives the
/// command and the queue's id.
fn start_waiter(directory: &Path, file: &Path) -> (Child, String) {
    let source = r#"
int main(void) {
    struct message message;
    int id = msgget(IPC_PRIVATE, 0600);
    printf("%d\n", id);
    fflush(stdout);
    return msgrcv(id, &message, 64, 7, 0) != 2 || msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory, "waiter", source);
    let mut command = msgq();
    command.args(["trace", "-o"]).arg(file).args(["--", &program]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut id = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut id).unwrap();
    (child, id.trim().to_string())
}

#[test]
fn a_call_that_blocks_is_shown_when_it_begins_to_wait_and_when_it_returns() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trace");
    let (mut child, id) = start_waiter(directory.path(), &file);
    let shown = || fs::read_to_string(&file).unwrap();
    until("the waiting call is shown", || shown().contains(", 64, 7, 0 <unfinished ...>"));
    assert!(!shown().contains("resumed"), "{}", shown());
    let send = format!("msgsnd({id}, pack('l! a*', 7, 'ok'), 0) or die");
    run(Command::new("perl").args(["-e", &send]));
    assert!(child.wait().unwrap().success());
    let resumed =
        format!("<... msgrcv resumed>({id}, {{mtype=7, mtext=\"ok\"}}, 64, 7, 0) = 2 <0.");
    assert!(shown().contains(&resumed), "{}", shown());
}

#[test]
fn a_call_during_which_the_program_is_killed_is_shown_as_never_returned() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trace");
    let (mut child, id) = start_waiter(directory.path(), &file);
    let shown = || fs::read_to_string(&file).unwrap();
    until("the waiting call is shown", || shown().contains("<unfinished ...>"));
    let process = shown().split(['[', ' ', ']']).nth(2).unwrap().to_string();
    kill("9", &process);
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(libc::SIGKILL), "the command ends as its program did");
    assert!(shown().contains("<... msgrcv never returned>("), "{}", shown());
    run(Command::new("ipcrm").args(["-q", &id]));
}

#[test]
fn a_thread_that_is_cancelled_leaves_its_call_unfinished_and_others_are_traced_on() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
static int id;
static void *wait_forever(void *unused) {
    struct message message;
    msgrcv(id, &message, 64, 1, 0);
    return unused;
}
int main(void) {
    struct message message = { 2, "later" };
    pthread_t thread;
    void *result;
    id = msgget(IPC_PRIVATE, 0600);
    pthread_create(&thread, NULL, wait_forever, NULL);
    usleep(100000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    usleep(600000);
    return result != PTHREAD_CANCELED || msgsnd(id, &message, 5, 0) || msgctl(id, IPC_RMID, NULL);
}"#;
    let output = run(msgq().args(["trace", "--", &program(directory.path(), "cancelled", source)]));
    let shown = text(&output.stderr);
    assert!(output.status.success(), "{shown}");
    let call = |line: &str| {
        let (_, call) = line.split_once("msg").expect("a call in the line");
        call.split('(').next().unwrap_or_default().to_string()
    };
    let calls: Vec<String> = shown.lines().map(call).collect();
    // The cancelled call is told as such while the program still runs.
    assert_eq!(calls, ["get", "rcv", "rcv never returned>", "snd", "ctl"], "{shown}");
}

#[test]
fn only_the_calls_and_queues_asked_for_are_shown() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(void) {
    struct message message = { 1, "" };
    int first = msgget(IPC_PRIVATE, 0600), second = msgget(IPC_PRIVATE, 0600);
    msgsnd(first, &message, 1, 0);
    msgsnd(second, &message, 2, 0);
    return msgctl(first, IPC_RMID, NULL) || msgctl(second, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "two", source);
    let shown = calls(&["-e", "msgsnd"], &[&program]);
    assert_eq!(names(&shown), ["msgsnd", "msgsnd"]);
    let shown = calls(&["-e", "msgget,msgctl"], &[&program]);
    assert_eq!(names(&shown), ["msgget", "msgget", "msgctl", "msgctl"]);
    // The ids are new in each run, so the queue is chosen from a recording.
    let recording = directory.path().join("recording");
    let output = run(msgq().args(["trace", "-w"]).arg(&recording).args(["--", &program]));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let read = |options: &[&str]| {
        let mut command = msgq();
        command.args(["trace", "-o", "-", "-f", "json", "-r"]).arg(&recording).args(options);
        objects(&text(&run(&mut command).stdout))
    };
    let second = read(&[])[1]["result"].to_string();
    let chosen: Vec<Value> = read(&["-q", &second]);
    assert_eq!(names(&chosen), ["msgget", "msgsnd", "msgctl"]);
    let ids: Vec<String> = chosen.iter().map(|call| call["queue"].to_string()).collect();
    assert_eq!(ids, vec![second; 3]);
}

#[test]
fn the_tables_add_calls_errors_and_bytes_up() {
    let output = run(msgq().args(["trace", "-c", "-o", "-", "--", "perl", "-e", PERL]));
    let shown = text(&output.stdout);
    let rows: BTreeMap<&str, Vec<&str>> = shown
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter_map(|row| row.first().map(|name| (*name, row.clone())))
        .collect();
    let counts = |name: &str| [1, 2, 6, 7].map(|column| rows[name][column].to_string());
    assert_eq!(counts("msgsnd"), ["2", "0", "21", "0"], "{shown}");
    assert_eq!(counts("msgrcv"), ["2", "1", "0", "6"], "{shown}");
    assert_eq!(counts("msgctl"), ["2", "0", "0", "0"], "{shown}");
}

#[test]
fn the_demo_shows_a_conversation_and_removes_its_queue() {
    let calls = calls(&[], &[env!("CARGO_BIN_EXE_msgq"), "demo"]);
    let count = |name: &str| names(&calls).iter().filter(|call| **call == name).count();
    assert_eq!([count("msgget"), count("msgsnd"), count("msgrcv"), count("msgctl")], [1, 6, 9, 1]);
    assert_eq!(calls.last().unwrap()["cmd"], "IPC_RMID");
}
