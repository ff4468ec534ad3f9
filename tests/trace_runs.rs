//! How `msgq trace` and `msgq run` run programs: who is followed, how they end, what cannot be
//! reached.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use support::traced::{PERL, calls, names, objects, program};
use support::{compile, kill, library, msgq, run, text, until};

const COMMAND: &str = env!("CARGO_BIN_EXE_msgq");

#[test]
fn children_are_followed_through_fork_and_exec() {
    let perl = "perl -e 'msgctl(msgget(0, 0600), 0, 0) or die'";
    let calls = calls(&[], &["sh", "-c", &format!("{perl} & wait; exec {COMMAND} demo")]);
    let programs: BTreeSet<&str> =
        calls.iter().filter_map(|call| call["program"].as_str()).collect();
    assert_eq!(programs.into_iter().collect::<Vec<_>>(), ["msgq", "perl"]);
    let processes: BTreeSet<u64> = calls.iter().filter_map(|call| call["pid"].as_u64()).collect();
    assert_eq!(processes.len(), 3, "perl, the demo's guest and its waiter: {calls:?}");
}

#[test]
fn a_daemon_is_followed_after_the_program_that_started_it_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    if (fork() != 0) return 0;
    setsid();
    if (fork() != 0) return 0;
    usleep(300000);
    for (int fd = 0; fd < 1024; fd++) close(fd);
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let calls = calls(&[], &[&program(directory.path(), "daemon", source)]);
    assert_eq!(names(&calls), ["msgget", "msgctl"]);
    assert_ne!(calls[0]["pid"], calls[1]["pid"]);
}

#[test]
fn the_exit_status_is_the_programs() {
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255)] {
        let output = run(msgq().args(["trace", "--", "sh", "-c", script]));
        assert_eq!(output.status.code(), Some(code), "{script}");
    }
    for signal in [libc::SIGTERM, libc::SIGKILL, libc::SIGSEGV, libc::SIGINT, libc::SIGHUP] {
        let script = format!("kill -{signal} $$");
        for command in ["trace", "run"] {
            let output = run(msgq().args([command, "--", "sh", "-c", &script]));
            assert_eq!(output.status.signal(), Some(signal), "{command}: {script}");
        }
    }
}

#[test]
fn the_program_does_not_suffer_where_nobody_takes_its_trace() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = msgq();
    command.args(["trace", "--", "sh", "-c", &format!("{COMMAND} demo > /dev/null; exit 7")]);
    let status = command.stdin(Stdio::null()).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(7));
}

#[test]
fn a_signal_for_the_command_reaches_the_program() {
    let script = "trap 'exit 42' TERM; echo ready; while :; do sleep 0.02; done";
    let mut command = msgq();
    command.args(["trace", "--", "sh", "-c", script]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    until("the command watches its signals", || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap();
        u64::from_str_radix(caught, 16).unwrap() & 1 << (libc::SIGTERM - 1) != 0
    });
    kill("TERM", &child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(42));
}

/// A program that makes one call, which fails.
const ONE_CALL: &str = "#include <sys/msg.h>\nint main(void) { return msgget(1, 0) != -1; }";

#[test]
fn a_static_program_is_told_from_one_that_made_no_call() {
    let directory = tempfile::tempdir().unwrap();
    let program = compile(directory.path(), "static", ONE_CALL, &["-static"]);
    let shown = text(&run(msgq().args(["trace", "--"]).arg(&program)).stderr);
    assert!(shown.contains("nothing could be intercepted"), "{shown}");
    assert!(shown.contains("statically linked"), "{shown}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
    let output = run(msgq().args(["trace", "--", "true"]));
    assert_eq!(text(&output.stderr), "msgq: no message queue call was made\n");
}

#[test]
fn a_set_user_id_program_is_named_as_such() {
    let directory = tempfile::tempdir().unwrap();
    let program = compile(directory.path(), "privileged", ONE_CALL, &[]);
    if chown(&program, Some(65534), None).is_err() {
        eprintln!("only root can make a program that runs with another's rights: not tested");
        return;
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    let shown = text(&run(msgq().args(["trace", "--"]).arg(&program)).stderr);
    assert!(shown.contains("nothing could be intercepted"), "{shown}");
    assert!(shown.contains("set-user-ID"), "{shown}");
}

#[test]
fn a_program_that_gives_up_roots_rights_is_traced_on_and_so_is_what_it_starts() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(int argc, char **argv) {
    int id = msgget(IPC_PRIVATE, 0600);
    msgctl(id, IPC_RMID, NULL);
    if (argc > 1) return 0;
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return 1;
    msgget(1, 0);
    execl("/proc/self/exe", argv[0], "again", NULL);
    return 2;
}"#;
    let program = program(directory.path(), "dropping", source);
    // The other user must be able to read the library and the program.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let command = directory.path().join("msgq");
    fs::copy(COMMAND, &command).unwrap();
    fs::copy(library(), directory.path().join("libmsgq.so")).unwrap();
    let output =
        run(Command::new(command).args(["trace", "-f", "json", "-o", "-", "--", &program]));
    let calls = objects(&text(&output.stdout));
    assert_eq!(names(&calls), ["msgget", "msgctl", "msgget", "msgget", "msgctl"], "{output:?}");
}

#[test]
fn a_library_at_a_path_with_spaces_and_colons_is_preloaded_all_the_same() {
    let directory = tempfile::Builder::new().prefix("a b:c ").tempdir().unwrap();
    let command = directory.path().join("msgq");
    fs::copy(COMMAND, &command).unwrap();
    fs::copy(library(), directory.path().join("libmsgq.so")).unwrap();
    let output = run(Command::new(&command).args(["trace", "--", "perl", "-e", PERL]));
    assert!(text(&output.stderr).contains("hello from perl"), "{}", text(&output.stderr));
}

#[test]
fn a_command_without_its_library_says_where_it_looked() {
    let directory = tempfile::tempdir().unwrap();
    let command = directory.path().join("msgq");
    fs::copy(COMMAND, &command).unwrap();
    let output = run(Command::new(&command).args(["trace", "--", "true"]));
    assert_eq!(output.status.code(), Some(1));
    let place = directory.path().join("libmsgq.so").display().to_string();
    assert!(text(&output.stderr).contains(&place), "{}", text(&output.stderr));
}

#[test]
fn perl_under_run_works_as_alone() {
    let alone = run(Command::new("perl").args(["-e", PERL]));
    let under = run(msgq().args(["run", "--engine", "kernel", "--", "perl", "-e", PERL]));
    assert_eq!(text(&under.stdout), text(&alone.stdout));
    assert_eq!(text(&under.stderr), "");
}

#[test]
fn nothing_is_left_behind_by_a_trace_however_the_program_ends() {
    for end in ["exit 0", "kill -TERM $$", "kill -KILL $$"] {
        let script = format!("echo $MSGQ_TRACE; {end}");
        let output = run(msgq().args(["trace", "--", "sh", "-c", &script]));
        let recording = text(&output.stdout);
        assert!(recording.contains("msgq-"), "{recording}");
        assert!(!Path::new(recording.trim()).parent().unwrap().exists(), "{end}: {recording}");
    }
}

#[test]
fn a_recording_that_cannot_be_kept_is_told_once_and_the_program_is_followed_to_its_end() {
    let script = format!("{COMMAND} demo; echo done; exit 3");
    let output = run(msgq().args(["trace", "-w", "/dev/full", "--", "sh", "-c", &script]));
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).ends_with("done\n"), "{}", text(&output.stdout));
    let shown = text(&output.stderr);
    assert_eq!(shown.lines().count(), 1, "{shown}");
    assert!(shown.contains("cannot be kept") && shown.contains("No space left"), "{shown}");
}

#[test]
fn a_process_whose_first_thread_has_ended_is_followed_in_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
static int id;
static void *work(void *unused) {
    struct message message;
    if (msgrcv(id, &message, 64, 1, 0) == 2) msgctl(id, IPC_RMID, NULL);
    return unused;
}
int main(void) {
    struct message message = { 1, "ok" };
    pthread_t thread;
    id = msgget(IPC_PRIVATE, 0600);
    pthread_create(&thread, NULL, work, NULL);
    if (fork() == 0) {
        usleep(500000);
        _exit(msgsnd(id, &message, 2, 0) != 0);
    }
    pthread_exit(NULL);
}"#;
    let calls = calls(&[], &[&program(directory.path(), "headless", source)]);
    assert_eq!(names(&calls), ["msgget", "msgsnd", "msgrcv", "msgctl"], "{calls:?}");
    assert!(calls.iter().all(|call| call["finished"] == true), "{calls:?}");
}

#[test]
fn a_child_made_by_clone_is_followed_after_its_parent_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
#include <sys/syscall.h>
int main(void) {
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) != 0) {
        usleep(200000);
        return 0;
    }
    int id = msgget(IPC_PRIVATE, 0600);
    usleep(600000);
    _exit(msgctl(id, IPC_RMID, NULL) != 0);
}"#;
    let calls = calls(&[], &[&program(directory.path(), "cloning", source)]);
    assert_eq!(names(&calls), ["msgget", "msgctl"], "{calls:?}");
}

#[test]
fn a_chain_of_processes_each_of_which_ends_when_it_has_forked_is_followed_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    for (int link = 0; link < 5; link++) {
        if (fork() != 0) return 0;
        usleep(120000);
        msgctl(id, 9999, NULL);
    }
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "chain", source);
    for _ in 0..5 {
        let calls = calls(&[], &[&program]);
        assert_eq!(names(&calls).len(), 7, "{calls:?}");
        assert_eq!(calls[6]["cmd"], "IPC_RMID");
    }
}

#[test]
fn a_child_in_a_namespace_of_its_own_does_not_hold_the_trace_up() {
    let directory = tempfile::tempdir().unwrap();
    // Its id is 1, which is another process outside, one that never ends.
    let source = r#"
#include <sched.h>
#include <sys/syscall.h>
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600), status;
    long child = syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0, 0);
    if (child == -1) msgctl(id, 9999, NULL);
    if (child == 0) _exit(msgctl(id, 9999, NULL) != -1);
    wait(&status);
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let calls = calls(&[], &[&program(directory.path(), "namespaced", source)]);
    assert_eq!(names(&calls), ["msgget", "msgctl", "msgctl"], "{calls:?}");
}

#[test]
fn a_call_that_returns_in_two_processes_is_recorded_once() {
    let directory = tempfile::tempdir().unwrap();
    // The handler interrupts msgrcv and forks; the call then fails with EINTR in both.
    let source = r#"
static void handler(int signal) { (void)signal; fork(); }
int main(void) {
    struct message message;
    struct sigaction action = { .sa_handler = handler };
    pid_t parent = getpid();
    int id = msgget(IPC_PRIVATE, 0600), got, status;
    sigaction(SIGALRM, &action, NULL);
    ualarm(50000, 0);
    got = (int)msgrcv(id, &message, 64, 1, 0);
    if (getpid() != parent) _exit(got != -1 || errno != EINTR);
    wait(&status);
    return msgctl(id, IPC_RMID, NULL) || status != 0 || got != -1;
}"#;
    let calls = calls(&[], &[&program(directory.path(), "forking", source)]);
    assert_eq!(names(&calls), ["msgget", "msgrcv", "msgctl"], "{calls:?}");
    assert_eq!(calls[1]["errno"], "EINTR");
    assert!(calls.iter().all(|call| call["pid"] == calls[0]["pid"]), "{calls:?}");
}
