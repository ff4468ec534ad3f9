//! Recordings for the pages, and the pages of them.

use crate::support::traced::program;
use crate::support::{msgq, run, text};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;

/// What the perl programs begin with.
pub const PERL: &str = r#"
use Time::HiRes qw(alarm);
use constant { RMID => 0, CREAT => 01000, NOWAIT => 04000 };
sub put { my ($queue, $type, $text, $flags) = @_; msgsnd($queue, pack("l! a*", $type, $text), $flags // 0) }
sub get { my ($queue, $type, $flags) = @_; msgrcv($queue, my $message, 8192, $type, $flags // 0); $message }
"#;

/// A conversation of 20 questions and their answers; one who waits in vain for a type, until it is
/// killed; a log that nobody reads, which becomes full and is left behind. Both wait at one time.
pub const PLANTED: &str = r#"
my $queue = msgget(0, 0600) // die "msgget: $!";
my $log = msgget(0, 0640) // die "msgget: $!";
pipe(my $ready, my $say) or die "pipe: $!";
my @children;
for my $role ("answers", "listens") {
    my $child = fork;
    if ($child) { push @children, $child; next }
    if ($role eq "listens") { syswrite($say, "x"); get($queue, 99) }
    else { get($queue, 1), put($queue, 2, "answer $_") for 1 .. 20 }
    exit 0;
}
put($queue, 1, "question $_"), get($queue, 2) for 1 .. 20;
get($queue, 5, NOWAIT);
sysread($ready, my $one, 1);
put($log, 3, "x" x 400) for 1 .. 40;
$SIG{ALRM} = sub { }; alarm 0.7;
put($log, 3, "x" x 400);
kill TERM => $children[1];
waitpid($_, 0) for @children;
msgctl($queue, RMID, 0);
"#;

/// How many processes call something, how many messages are received, and how many calls there are.
pub const PLANTED_NUMBERS: [u64; 3] = [3, 40, 2 + 80 + 1 + 1 + 41 + 1];

/// A recording, and what is made of it.
pub struct Recording {
    pub directory: TempDir,
    pub path: PathBuf,
}

impl Recording {
    /// Records a program. What it leaves behind is removed.
    pub fn of(engine: &str, program: &[&str]) -> Recording {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("recording");
        let mut command = msgq();
        command.env("MSGQ_DIR", directory.path().join("queues"));
        command.args(["trace", "--engine", engine, "-w"]).arg(&path).arg("--").args(program);
        let output = run(&mut command);
        let said = text(&output.stderr);
        let is_well = said.is_empty() || said.contains("no message queue call was made");
        assert!(is_well, "{program:?}: {said}");
        let recording = Recording { directory, path };
        if engine == "kernel" {
            for queue in recording.report()["queues"].as_array().unwrap() {
                if queue["removed"].is_null() {
                    run(Command::new("ipcrm").args(["-q", &queue["queue"].to_string()]));
                }
            }
        }
        recording
    }

    /// Records perl.
    pub fn of_perl(engine: &str, script: &str) -> Recording {
        Recording::of(engine, &["perl", "-e", &format!("{PERL}{script}")])
    }

    /// Records a C program; its name is the process's.
    pub fn of_c(name: &str, source: &str) -> Recording {
        let directory = tempfile::tempdir().unwrap();
        Recording::of("kernel", &[&program(directory.path(), name, source)])
    }

    /// The report as JSON.
    pub fn report(&self) -> Value {
        report(&self.path)
    }

    /// Writes the page.
    pub fn page(&self, options: &[&str]) -> PathBuf {
        page(&self.path, self.directory.path(), options)
    }
}

/// The report on a recording as JSON.
pub fn report(recording: &Path) -> Value {
    let output = run(msgq().args(["report", "--json"]).arg(recording));
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Writes the page of a recording.
pub fn page(recording: &Path, directory: &Path, options: &[&str]) -> PathBuf {
    let page = directory.join("page.html");
    let output = run(msgq().args(["report"]).arg(recording).arg("--html").arg(&page).args(options));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "the page is all");
    page
}

/// Names and texts that end elements, begin scripts, and are no UTF-8.
pub static HOSTILE: LazyLock<Recording> = LazyLock::new(|| {
    let source = r#"
#include <sys/prctl.h>
int main(void) {
    struct message message = { 1, "</script><script>alert(1)</script>" };
    int id = msgget(IPC_PRIVATE, 0600);
    prctl(PR_SET_NAME, "<img src=x>");
    if (fork() == 0) {
        msgsnd(id, &message, 40, 0);
        strcpy(message.mtext, "<!--<script>\n\xff\xfe\"'&amp;");
        msgsnd(id, &message, 40, 0);
        _exit(0);
    }
    wait(NULL);
    msgrcv(id, &message, 40, 0, 0);
    msgctl(id, IPC_RMID, NULL);
    return 0;
}"#;
    Recording::of_c("<script>alert(2", source)
});

/// A handler that sends to itself and takes it while its thread waits in msgrcv, and types that are larger
/// than a floating point number tells exactly. Later the queue is removed.
pub static INTERRUPTED: LazyLock<Recording> = LazyLock::new(|| {
    let source = r#"
static int id;
static void say(long type, int length) {
    struct message message = { type, "a message" };
    msgsnd(id, &message, length, 0);
}
static void handler(int number) {
    struct message message;
    say(5 + number * 0, 4);
    msgrcv(id, &message, 4, 5, 0);
}
int main(void) {
    struct message message;
    id = msgget(IPC_PRIVATE, 0600);
    struct sigaction action = { .sa_handler = handler };
    sigaction(SIGALRM, &action, NULL);
    // Until it comes at the right time.
    ualarm(50000, 50000);
    msgrcv(id, &message, 4, 9, 0);
    ualarm(0, 0);
    say((1L << 53) + 1, 8);
    msgrcv(id, &message, 8, 0, 0);
    say(0x7fffffffffffffff, 8);
    msgrcv(id, &message, 8, 0, 0);
    say(1, 8);
    msgctl(id, IPC_RMID, NULL);
    usleep(50000);
    msgctl(id, IPC_RMID, NULL);
    return 0;
}"#;
    Recording::of_c("interrupted", source)
});

/// All calls of a recording as `msgq trace` shows them, without who and when, sorted.
pub fn lines(recording: &Path) -> Vec<String> {
    let output = run(msgq().args(["trace", "-o", "-", "-r"]).arg(recording));
    let mut lines: Vec<String> = text(&output.stdout).lines().filter_map(call).collect();
    lines.sort();
    lines
}

/// The call in a line. One that waits has two, of which the second tells all.
fn call(line: &str) -> Option<String> {
    let (_, call) = line.split_once("] ").expect("who");
    let (_, call) = call.split_once(' ').expect("when");
    if let Some((call, _)) = call.split_once(" <unfinished ...>") {
        return call.ends_with("= ?").then(|| call.to_string());
    }
    let call = match call.rsplit_once(" <") {
        Some((call, took)) if took.ends_with('>') => call,
        _ => call,
    };
    let call = call.replacen("<... ", "", 1);
    Some(call.replacen(" resumed>", "", 1).replacen(" never returned>", "", 1))
}

/// The page as text.
pub fn read(page: &Path) -> String {
    fs::read_to_string(page).expect("a page in UTF-8")
}
