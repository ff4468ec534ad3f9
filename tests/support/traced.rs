//! Running programs under `msgq trace`.

use super::{compile, msgq, run, text};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A program that nobody here wrote, perl, and its own four functions. Every Debian system has it.
pub const PERL: &str = r#"
my ($IPC_RMID, $IPC_STAT, $IPC_CREAT, $IPC_NOWAIT) = (0, 2, 01000, 04000);
my $queue = msgget(0, 0600 | $IPC_CREAT) // die "msgget: $!";
msgsnd($queue, pack("l! a*", 7, "hello from perl"), 0) or die "msgsnd: $!";
msgsnd($queue, pack("l! a*", 3, "second"), 0) or die "msgsnd: $!";
msgrcv($queue, my $message, 64, -10, 0) or die "msgrcv: $!";
my ($type, $text) = unpack("l! a*", $message);
print "type $type: $text\n";
msgctl($queue, $IPC_STAT, my $data) or die "msgctl: $!";
msgrcv($queue, $message, 64, 9, $IPC_NOWAIT) or print "error: $!\n";
msgctl($queue, $IPC_RMID, 0) or die "msgctl: $!";
"#;

/// What the C programs of these tests begin with.
pub const INCLUDES: &str = r#"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>
struct message { long mtype; char mtext[8192]; };
"#;

/// Answers the four calls at once, so that a loop makes many millions in a second.
pub const INSTANT: &str = r#"
#include <stddef.h>
#include <sys/types.h>
int msgget(int key, int flags) { return key * 0 + flags * 0 + 5; }
int msgctl(int id, int cmd, void *buf) { return id * 0 + cmd * 0 + (buf == (void *)-1); }
int msgsnd(int id, const void *p, size_t n, int f)
{ return id * 0 + (p == (void *)-1) + (int)n * 0 + f * 0; }
ssize_t msgrcv(int id, void *p, size_t n, long t, int f)
{ return (ssize_t)n + id * 0 + (p == (void *)-1) + t * 0 + f * 0; }
"#;

/// Compiles C and gives the program's path as text.
pub fn program(directory: &Path, name: &str, source: &str) -> String {
    let source = format!("{INCLUDES}{source}");
    compile(directory, name, &source, &[]).to_str().expect("a path in UTF-8").to_string()
}

/// The library that answers at once.
pub fn instant_library(directory: &Path) -> String {
    let library = compile(directory, "instant.so", INSTANT, &["-shared", "-fPIC"]);
    library.to_str().expect("a path in UTF-8").to_string()
}

/// Runs a program under `msgq trace -f json`; gives the objects of its calls.
pub fn calls(options: &[&str], program: &[&str]) -> Vec<Value> {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("trace");
    let output = run(msgq()
        .args(["trace", "-f", "json", "-o"])
        .arg(&file)
        .args(options)
        .arg("--")
        .args(program));
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    objects(&fs::read_to_string(&file).expect("the trace"))
}

/// The JSON objects among some lines.
pub fn objects(lines: &str) -> Vec<Value> {
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The names of calls, in order.
pub fn names(calls: &[Value]) -> Vec<&str> {
    calls.iter().map(|call| call["call"].as_str().expect("a call")).collect()
}
