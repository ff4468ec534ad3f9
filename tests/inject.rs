//! Fault injection: `--inject`, and `MSGQ_INJECT`.

mod support;

use msgq::inject::errors;
use msgq::inject::rule::PARTS;
use msgq::trace::call::CALLS;
use serde_json::Value;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};
use support::traced::{calls, program};
use support::{library, msgq, root, run, text};

/// Sends five messages of type 7, with an eighth's between them, and tells what came of each; then
/// receives what there is. On a queue of its own, on either engine.
const PERL: &str = r#"
use Errno; use POSIX ();
my $queue = msgget(0, 0600 | 01000) // die "msgget: $!";
for my $type (7, 8, 7, 7, 8, 7, 7) {
    my $sent = msgsnd($queue, pack("l! a*", $type, "text"), 04000);
    print $sent ? "$type sent" : "$type error " . int($!), "\n";
}
my $count = 0;
$count++ while msgrcv($queue, my $message, 64, 0, 04000);
print "$count there, then error ", int($!), "\n";
msgctl($queue, 0, 0) or die "msgctl: $!";
"#;

/// What perl prints under some rules.
fn perl(engine: &str, rules: &[&str]) -> String {
    let directory = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut command = msgq();
    command.args(["run", "--engine", engine]).env("MSGQ_DIR", directory.path());
    for rule in rules {
        command.args(["--inject", rule]);
    }
    let output = run(command.args(["--", "perl", "-e", PERL]));
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn the_third_message_of_a_type_finds_the_queue_full() {
    for engine in ["kernel", "shm"] {
        let shown = perl(engine, &["msgsnd:errno=EAGAIN:type=7:nth=3"]);
        let lines: Vec<&str> = shown.lines().collect();
        let failed = format!("7 error {}", libc::EAGAIN);
        let last = format!("6 there, then error {}", libc::ENOMSG);
        let wanted = ["7 sent", "8 sent", "7 sent", &failed, "8 sent", "7 sent", "7 sent", &last];
        assert_eq!(lines, wanted, "{engine}");
    }
}

#[test]
fn several_rules_apply_each_with_a_count_of_its_own() {
    let rules = ["msgsnd:errno=EACCES:type=8", "msgsnd:errno=EINVAL:every=3", "msgget:delay=1ms"];
    let shown = perl("kernel", &rules);
    let errors: Vec<&str> = shown.lines().take(7).collect();
    let (access, invalid) = (libc::EACCES, libc::EINVAL);
    let wanted = [
        "7 sent".to_string(),
        format!("8 error {access}"),
        format!("7 error {invalid}"),
        "7 sent".to_string(),
        format!("8 error {access}"),
        format!("7 error {invalid}"),
        "7 sent".to_string(),
    ];
    assert_eq!(errors, wanted);
}

#[test]
fn an_error_that_a_call_cannot_get_is_not_given_to_it() {
    let directory = tempfile::tempdir().unwrap();
    // With IPC_NOWAIT nobody waits, so nobody is interrupted; without it no queue is too full.
    let source = r#"
int main(void) {
    struct message message = { 1, "text" };
    int id = msgget(IPC_PRIVATE, 0600);
    if (msgsnd(id, &message, 4, 0) != 0) return 1;
    if (msgsnd(id, &message, 4, IPC_NOWAIT) != -1 || errno != EAGAIN) return 2;
    if (msgrcv(id, &message, 4, 0, IPC_NOWAIT) != 4) return 3;
    if (msgrcv(id, &message, 4, 0, 0) != -1 || errno != EINTR) return 4;
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "flags", source);
    let mut command = msgq();
    command.args(["run", "--inject", "msgsnd:errno=EAGAIN", "--inject", "msgrcv:errno=EINTR"]);
    let output = run(command.args(["--", &program]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn the_trace_marks_what_was_injected() {
    let rules = ["--inject", "msgsnd:errno=EAGAIN:nth=2,msgget:delay=20ms"];
    let calls = calls(&rules, &["perl", "-e", PERL]);
    let of = |name: &str| calls.iter().filter(|call| call["call"] == name).collect::<Vec<_>>();
    let sends = of("msgsnd");
    assert_eq!(sends[0].get("injected"), None, "{}", sends[0]);
    assert_eq!(sends[1]["injected"], Value::Bool(true), "{}", sends[1]);
    assert_eq!((&sends[1]["errno"], &sends[1]["mtype"]), (&"EAGAIN".into(), &8.into()));
    assert_eq!(sends[1]["message"]["text"], "text", "as the kernel says that it can be read");
    let get = of("msgget")[0];
    assert_eq!(get["delayed"], Value::Bool(true), "{get}");
    assert!(get["duration"].as_f64().unwrap() >= 0.02, "{get}");
    let mut command = msgq();
    let output = run(command.arg("trace").args(rules).args(["--", "perl", "-e", PERL]));
    let shown = text(&output.stderr);
    assert!(shown.contains("-1 EAGAIN (Try again) (injected) <"), "{shown}");
    assert!(shown.contains(" (delayed) <0.02"), "{shown}");
}

#[test]
fn a_bad_address_is_as_bad_as_ever() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    // A rule that asks for a type is not about a message that has none.
    if (msgsnd(id, (void *)8, 4, 0) != -1 || errno != EFAULT) return 1;
    if (msgsnd(id, (void *)8, 4, IPC_NOWAIT) != -1 || errno != EAGAIN) return 2;
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "address", source);
    let rules = ["--inject", "msgsnd:errno=EACCES:type=7", "--inject", "msgsnd:errno=EAGAIN"];
    let calls = calls(&rules, &[&program]);
    assert_eq!(calls[2]["errno"], "EAGAIN");
    assert_eq!(calls[2].get("mtype"), None, "{}", calls[2]);
}

#[test]
fn a_rule_kills_at_the_call_that_it_names() {
    let signal = |rule: &str| {
        let script = r#"$SIG{USR1} = sub { print "struck\n" }; $| = 1;
            my $q = msgget(1, 0); print "one\n"; $q = msgget(1, 0); print "two\n";"#;
        let output = run(msgq().args(["run", "--inject", rule, "--", "perl", "-e", script]));
        (output.status.signal(), text(&output.stdout))
    };
    assert_eq!(signal("msgget:kill:nth=2"), (Some(libc::SIGKILL), "one\n".to_string()));
    assert_eq!(signal("msgget:kill=SIGTERM"), (Some(libc::SIGTERM), String::new()));
    assert_eq!(signal("msgget:kill=USR1:nth=2"), (None, "one\nstruck\ntwo\n".to_string()));
}

#[test]
fn a_delay_lasts_whatever_signals_come_and_ends_with_the_threads_cancellation() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"
static void handler(int signal) { (void)signal; }
static void *waits(void *unused) {
    msgrcv(*(int *)unused, &(struct message){ 0 }, 4, 0, IPC_NOWAIT);
    return NULL;
}
int main(void) {
    struct itimerval often = { { 0, 20000 }, { 0, 20000 } };
    pthread_t thread;
    void *result;
    int id = msgget(IPC_PRIVATE, 0600);
    pthread_create(&thread, NULL, waits, &id);
    usleep(50000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (result != PTHREAD_CANCELED) return 1;
    signal(SIGALRM, handler);
    setitimer(ITIMER_REAL, &often, NULL);
    return msgctl(id, IPC_RMID, NULL);
}"#;
    let program = program(directory.path(), "delay", &format!("#include <sys/time.h>\n{source}"));
    let started = Instant::now();
    let mut command = msgq();
    command.args(["run", "--inject", "msgctl:delay=300ms", "--inject", "msgrcv:delay=1000s"]);
    let output = run(command.args(["--", &program]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(started.elapsed() >= Duration::from_millis(300), "{:?}", started.elapsed());
}

#[test]
fn the_variable_alone_does_the_same() {
    let mut command = Command::new("perl");
    command.args(["-e", PERL]).env("LD_PRELOAD", library());
    let output = run(command.env("MSGQ_INJECT", "msgsnd:errno=EIDRM:nth=1"));
    assert!(text(&output.stdout).starts_with(&format!("7 error {}\n", libc::EIDRM)), "{output:?}");
}

#[test]
fn a_rule_that_means_nothing_is_explained_before_anything_runs() {
    for (rule, parts) in [
        ("msgsnd:errno=EPERM", ["msgsnd cannot fail with \"EPERM\"", "EACCES, EAGAIN"]),
        ("semop:kill", ["\"semop\"", "msgget, msgctl, msgsnd, msgrcv"]),
        ("msgrcv:type=7", ["does nothing", "errno=NAME"]),
    ] {
        for command in ["trace", "run"] {
            let output = run(msgq().args([command, "--inject", rule, "--", "echo", "ran"]));
            let error = text(&output.stderr);
            assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
            assert!(parts.iter().all(|part| error.contains(part)), "{rule}: {error}");
        }
    }
    let output = run(msgq().args(["trace", "--inject", "msgsnd:kill", "-r", "recording"]));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn the_help_explains_each_part_of_a_rule() {
    for command in ["trace", "run"] {
        let help = text(&run(msgq().args([command, "--help"])).stdout);
        for (part, meaning) in PARTS {
            assert!(help.contains(part) && help.contains(meaning), "{command}: {part}: {help}");
        }
    }
}

#[test]
fn the_page_about_rules_has_all_their_parts_and_all_errors() {
    let page = fs::read_to_string(root().join("docs/hooks.md")).unwrap();
    for (part, meaning) in PARTS {
        let row = format!("| `{part}` | {meaning} |");
        assert!(page.contains(&row), "missing: {row}");
    }
    for (call, name) in CALLS {
        let errors: Vec<String> = errors::of(call)
            .iter()
            .map(|error| match error.to.words() {
                "" => error.name.to_string(),
                words => format!("{} ({words})", error.name),
            })
            .collect();
        let row = format!("| `{name}` | {} |", errors.join(", "));
        assert!(page.contains(&row), "missing: {row}");
    }
}
