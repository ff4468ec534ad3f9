//! What `msgq check` and `MSGQ_CHECK` do around a program: what is told where, and how it all ends.

mod support;

use msgq::check::catalogue::CHECKS;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};
use support::traced::program;
use support::{library, msgq, run, text};
use tempfile::TempDir;

/// Sends a message of type 0 so many times, on line 12 of the file, and exits with 3.
const WRONG: &str = r#"
static int send_wrong(int id) {
    struct message m = { 0 };
    return msgsnd(id, &m, 5, 0);
}
int main(int argc, char **argv) {
    int id = msgget(IPC_PRIVATE, 0600);
    for (int i = 0; i < atoi(argv[argc - 1]); i++)
        if (send_wrong(id) != -1 || errno != EINVAL)
            return 1;
    msgctl(id, IPC_RMID, NULL);
    printf("to the end\n");
    return 3;
}
"#;

struct Place {
    directory: TempDir,
    program: String,
}

fn place(source: &str) -> Place {
    let directory = tempfile::tempdir().expect("a directory");
    let program = program(directory.path(), "program", source);
    Place { directory, program }
}

impl Place {
    /// The program under `msgq check`.
    fn check(&self, options: &[&str], arguments: &[&str]) -> Output {
        run(msgq().arg("check").args(options).arg("--").arg(&self.program).args(arguments))
    }

    /// The program with the library alone.
    fn alone(&self, checking: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.env("LD_PRELOAD", library()).env("MSGQ_CHECK", checking);
        run(command.args(arguments))
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes the queue that a program of [`WRONG`] leaves behind where it does not come to its end.
fn remove_queue_of(told: &str) {
    let id = told.split_once("msgsnd(").and_then(|(_, rest)| rest.split(')').next());
    let script = format!("msgctl({}, 0, 0) or die", id.expect(told));
    let output = run(Command::new("perl").args(["-e", &script]));
    assert!(output.status.success(), "{script}: {}", text(&output.stderr));
}

#[test]
fn the_exit_status_is_the_programs_whatever_was_found() {
    let place = place(WRONG);
    for count in ["0", "2"] {
        let output = place.check(&[], &[count]);
        assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "to the end\n");
    }
}

#[test]
fn error_exitcode_is_the_status_where_something_was_found_and_only_there() {
    let place = place(WRONG);
    let status = |count| place.check(&["--error-exitcode", "9"], &[count]).status.code();
    assert_eq!((status("0"), status("1")), (Some(3), Some(9)));
}

#[test]
fn a_finding_is_told_once_with_its_function_and_line_and_counted() {
    let place = place(&WRONG.replace("static int", "__attribute__((noinline)) static int"));
    let source = place.path().join("program.c");
    let debug = place.path().join("debug");
    let compiled = run(support::cc("c").args(["-g", "-O1", "-o"]).arg(&debug).arg(&source));
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let output = run(msgq().args(["check", "--"]).arg(&debug).arg("7"));
    let told = text(&output.stderr);
    let lines = fs::read_to_string(&source).unwrap();
    let line = 1 + lines.lines().position(|line| line.contains("return msgsnd")).unwrap();
    let at = format!("send_wrong ({}:{line})", source.display());
    assert_eq!(told.matches("msgq check: mtype-below-1: msgsnd(").count(), 1, "{told}");
    assert_eq!(told.matches(&at).count(), 2, "in the finding and in the table: {told}");
    let row = told.lines().find(|line| line.starts_with(" mtype-below-1 ")).expect(&told);
    assert_eq!(row.split_whitespace().nth(1), Some("7"), "{told}");
    assert!(told.contains("why: ") && told.contains("mend: "), "{told}");
}

#[test]
fn without_symbols_the_file_and_the_address_are_told() {
    let place = place(WRONG);
    assert!(run(Command::new("strip").arg(&place.program)).status.success());
    let told = text(&place.check(&[], &["1"]).stderr);
    assert!(told.contains(&format!("at:   {}+0x", place.program)), "{told}");
}

#[test]
fn where_nothing_is_wrong_one_line_says_so() {
    let output = place(WRONG).check(&[], &["0"]);
    assert_eq!(text(&output.stderr), "msgq check: nothing was found\n");
}

#[test]
fn abort_ends_the_program_at_the_first_finding() {
    let place = place(WRONG);
    let output = place.check(&["--abort"], &["5"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{told}");
    assert_eq!(text(&output.stdout), "");
    assert!(told.contains("mtype-below-1"), "{told}");
    remove_queue_of(&told);
    let output = place.alone("abort", &["5"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    remove_queue_of(&told);
}

#[test]
fn alone_a_finding_is_one_line_and_its_count_another() {
    let place = place(WRONG);
    let output = place.alone("warn", &["4"]);
    let told = text(&output.stderr);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(
        lines[0].starts_with("msgq: msgsnd(") && lines[0].contains("[mtype-below-1]"),
        "{told}"
    );
    assert!(lines[1].starts_with("msgq: 4 times: [mtype-below-1]"), "{told}");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(text(&place.alone("off", &["4"]).stderr), "");
}

#[test]
fn counts_outlive_a_program_that_is_killed() {
    let source =
        WRONG.replace("msgctl(id", "if (argc > 2) kill(getpid(), SIGKILL);\n    msgctl(id");
    let place = place(&source);
    let output = place.check(&[], &["die", "6"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{told}");
    let row = told.lines().find(|line| line.starts_with(" mtype-below-1 ")).expect(&told);
    assert_eq!(row.split_whitespace().nth(1), Some("6"), "{told}");
    // And so does what it left behind.
    assert!(told.contains("not-removed: msgget(IPC_PRIVATE)"), "{told}");
    remove_queue_of(&told);
}

#[test]
fn children_are_followed_and_the_place_is_one_for_all() {
    let directory = tempfile::tempdir().unwrap();
    let program = program(directory.path(), "program", WRONG);
    let script = format!("{program} 2 & {program} 3; wait; {program} 1; exit 0");
    let output = run(msgq().args(["check", "--", "sh", "-c", &script]));
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told.matches("msgq check: mtype-below-1: ").count(), 1, "{told}");
    let row = told.lines().find(|line| line.starts_with(" mtype-below-1 ")).expect(&told);
    assert_eq!(row.split_whitespace().nth(1), Some("6"), "{told}");
}

#[test]
fn many_threads_at_one_place_make_one_finding_and_lose_no_count() {
    let source = r#"
static int id;
static void *wrong(void *unused) {
    struct message *m = calloc(1, sizeof *m);
    for (int i = 0; i < 2000; i++) msgsnd(id, m, 5, 0);
    free(m);
    return unused;
}
int main(void) {
    pthread_t threads[8];
    id = msgget(IPC_PRIVATE, 0600);
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, wrong, NULL);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    return msgctl(id, IPC_RMID, NULL);
}
"#;
    let told = text(&place(source).alone("warn", &[]).stderr);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.contains("msgq: 16000 times: "), "{told}");
}

#[test]
fn a_forked_child_counts_its_own() {
    let source = r#"
static void wrong(int id, int times) {
    struct message m = { 0 };
    for (int i = 0; i < times; i++) msgsnd(id, &m, 5, 0);
}
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    wrong(id, 5);
    if (fork() == 0) { wrong(id, 2); return 0; }
    wait(NULL);
    return msgctl(id, IPC_RMID, NULL);
}
"#;
    let told = text(&place(source).alone("warn", &[]).stderr);
    let counts: Vec<&str> = told.lines().filter_map(|line| line.split(" times: ").next()).collect();
    assert_eq!(counts[1..], ["msgq: 2", "msgq: 5"], "{told}");
}

#[test]
fn what_is_no_longer_standard_error_is_not_written_to() {
    let source = r#"
#include <fcntl.h>
int main(int argc, char **argv) {
    (void)argc;
    struct message m = { 0 };
    int id = msgget(IPC_PRIVATE, 0600);
    close(2);
    int flags = O_RDWR | O_CREAT | (atoi(argv[2]) ? O_APPEND : 0);
    if (open(argv[1], flags, 0600) != 2 || write(2, "precious", 8) != 8) return 1;
    if (msgsnd(id, &m, 5, 0) != -1) return 1;
    return msgctl(id, IPC_RMID, NULL);
}
"#;
    let place = place(source);
    let (database, log) = (place.path().join("database"), place.path().join("log"));
    for (file, appends) in [(&database, "0"), (&log, "1")] {
        let output = place.alone("warn", &[file.to_str().unwrap(), appends]);
        assert_eq!(output.status.code(), Some(0));
    }
    assert_eq!(fs::read_to_string(database).unwrap(), "precious");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.starts_with("preciousmsgq: msgsnd("), "{log}");
}

#[test]
fn a_finding_that_cannot_be_written_ends_no_program() {
    let place = place(WRONG);
    let start = |command: &mut Command| {
        let output = run(command.env("MSGQ_CHECK", "warn").env("LD_PRELOAD", library()));
        (output.status.code(), text(&output.stdout))
    };
    let to_the_end = (Some(3), "to the end\n".to_string());
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut nobody_reads = Command::new(&place.program);
    assert_eq!(start(nobody_reads.arg("2").stderr(writer)), to_the_end, "a pipe without reader");
    // The program itself writes to a pipe.
    let mut at_the_limit = Command::new("sh");
    let log = place.path().join("log");
    let script = format!("ulimit -f 0 && exec {} 2 2>> {}", place.program, log.display());
    assert_eq!(start(at_the_limit.args(["-c", &script])), to_the_end, "a file at its limit");
    assert_eq!(fs::metadata(log).unwrap().len(), 0);
}

#[test]
fn findings_are_told_alone_where_their_file_cannot_be_used() {
    let foreign = tempfile::NamedTempFile::new().unwrap();
    fs::write(foreign.path(), "precious").unwrap();
    let place = place(WRONG);
    for (file, reason) in
        [("/no/such/file", "No such file"), (foreign.path().to_str().unwrap(), "Invalid argument")]
    {
        let mut command = Command::new(&place.program);
        command.env("LD_PRELOAD", library()).env("MSGQ_CHECK", "warn");
        let output = run(command.env("MSGQ_CHECK_FILE", file).arg("1"));
        let told = text(&output.stderr);
        assert!(told.starts_with(&format!("msgq: MSGQ_CHECK_FILE={file}: ")), "{told}");
        assert!(told.contains(reason) && told.contains("[mtype-below-1]"), "{told}");
    }
    assert_eq!(fs::read_to_string(foreign.path()).unwrap(), "precious");
}

#[test]
fn calls_can_be_recorded_and_checked_at_once() {
    let place = place(WRONG);
    let mut command = msgq();
    command.args(["trace", "--"]).arg(&place.program).arg("1").env("MSGQ_CHECK", "warn");
    let told = text(&run(&mut command).stderr);
    assert!(told.contains("[mtype-below-1]"), "{told}");
    assert!(told.contains("= -1 EINVAL"), "{told}");
}

#[test]
fn the_list_names_every_check() {
    let list = text(&run(msgq().args(["check", "--list"])).stdout);
    for check in &CHECKS {
        assert!(list.contains(check.name) && list.contains(check.what), "{}: {list}", check.name);
    }
}

#[test]
fn a_command_that_is_not_there_gives_127() {
    let output = run(msgq().args(["check", "--", "no-such-command"]));
    assert_eq!(output.status.code(), Some(127), "{}", text(&output.stderr));
}
