//! What traces of real programs show, decoded here.

use super::programs::{PERL, Recorded, TWO_TALK, Test, shown};
use super::support::{kill, msgq, run, text, traced, until};
use libtest_mimic::Failed;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

pub const TRIALS: [Test; 5] = [
    ("a_trace_shows_what_the_report_on_the_same_run_says", as_the_report),
    ("calls_of_a_signal_handler_are_inside_the_call_that_it_interrupted", nested),
    ("a_run_that_still_hangs_is_shown_as_far_as_it_came", hangs),
    ("a_program_is_traced_and_the_exit_status_is_its_own", traced_at_once),
    ("an_interrupt_from_the_terminal_keeps_what_was_recorded", interrupted),
];

fn as_the_report() -> Result<(), Failed> {
    let recorded = Recorded::perl(TWO_TALK);
    let (report, trace) = recorded.report();
    let shown = shown(&trace);
    let calls = shown.slices.iter().filter(|slice| slice.name.starts_with("msg")).count();
    assert_eq!(report["recording"]["calls"], calls, "{shown:?}");
    assert_eq!(report["links"]["linked"], shown.flows().len(), "{shown:?}");
    for queue in report["queues"].as_array().unwrap() {
        let most = |what: &str| {
            let counter = &shown.counters[&format!("{what} in queue {}", queue["queue"])];
            counter.iter().map(|(_, value)| *value).max()
        };
        assert_eq!(queue["most_messages"].as_i64(), most("messages"), "{queue}: {shown:?}");
        assert_eq!(queue["most_bytes"].as_i64(), most("bytes"), "{queue}: {shown:?}");
    }
    for process in report["processes"].as_array().unwrap() {
        let pid = process["pid"].as_i64();
        let is_its = |process: &(i32, String)| pid == Some(process.0.into()) && process.1 == "perl";
        let calls = shown.slices.iter().filter(|slice| is_its(&slice.process));
        let calls = calls.filter(|slice| slice.name != "received").count();
        assert_eq!(process["calls"], calls, "{process}: {shown:?}");
    }
    Ok(())
}

/// A handler that sends while its thread waits in msgrcv.
const HANDLER: &str = r#"
static int id;
static void handler(int number) {
    struct message message = { 5 + number * 0, "from the handler" };
    msgsnd(id, &message, 4, 0);
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
    msgctl(id, IPC_RMID, NULL);
    return 0;
}"#;

fn nested() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let program = traced::program(directory.path(), "handler", HANDLER);
    let shown = shown(&Recorded::of(&[&program]).report().1);
    let outer = shown.slices.iter().position(|slice| slice.category == "failed");
    let inside = shown.slices.iter().filter(|slice| slice.parent == outer);
    let inside: Vec<&str> = inside.map(|slice| slice.name.as_str()).collect();
    assert_eq!(inside[..2], ["msgsnd", "msgrcv"], "{shown:?}");
    assert_eq!(shown.slices[outer.unwrap()].arguments["errno"], "EINTR");
    Ok(())
}

fn hangs() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let [recording, trace] = ["recording", "trace"].map(|name| directory.path().join(name));
    let script = format!(
        "{PERL} my $queue = msgget(0, 0600); $SIG{{TERM}} = sub {{ msgctl($queue, RMID, 0); exit }};
        put($queue, 1, 'one'); get($queue, 2)"
    );
    let mut command = msgq();
    command.args(["trace", "-w"]).arg(&recording).args(["--", "perl", "-e", &script]);
    let mut child = command.stdin(Stdio::null()).spawn()?;
    let mut category = String::new();
    until("a call is seen that waits still", || {
        let output = run(msgq().args(["report", "--perfetto"]).arg(&trace).arg(&recording));
        let slices = if output.status.success() { shown(&trace).slices } else { Vec::new() };
        let waits = slices.into_iter().find(|slice| slice.name == "msgrcv");
        category = waits
            .filter(|slice| slice.end.is_none())
            .map_or(category.clone(), |slice| slice.category);
        !category.is_empty()
    });
    kill("TERM", &child.id().to_string());
    child.wait()?;
    assert_eq!(category, "still waits");
    Ok(())
}

fn traced_at_once() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let trace = directory.path().join("trace");
    let script = format!("{PERL}{TWO_TALK} exit 7");
    let mut command = msgq();
    command.args(["trace", "-f", "perfetto", "-e", "msgsnd,msgrcv", "-o"]).arg(&trace);
    let output = run(command.args(["--", "perl", "-e", &script]));
    // Both processes end so.
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(7), ""));
    let shown = shown(&trace);
    assert!(shown.calls("msgget").is_empty() && shown.calls("msgsnd").len() == 5, "{shown:?}");
    let certain = shown.flows().iter().filter(|(_, to)| to.arguments["certain"] == "true").count();
    assert_eq!(certain, 4, "a run that is over is known whole: {shown:?}");
    assert_eq!(files(directory.path()), ["trace"], "and nothing else is left");
    Ok(())
}

fn interrupted() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let [trace, ready] = ["trace", "ready"].map(|name| directory.path().join(name));
    let script = format!(
        "{PERL} my $queue = msgget(0, 0600); $SIG{{INT}} = sub {{ msgctl($queue, RMID, 0); exit 3 }};
        put($queue, 1, 'one'); mkdir '{}'; sleep 1 while 1",
        ready.display()
    );
    let mut command = msgq();
    command.args(["trace", "-f", "perfetto", "-o"]).arg(&trace).args(["--", "perl", "-e", &script]);
    // As the terminal does, all of the group get the signal.
    let spawned = command.stdin(Stdio::null()).process_group(0).spawn();
    let mut child = spawned?;
    until("the program is ready", || ready.exists());
    let group = format!("kill -INT -{}", child.id());
    assert!(run(Command::new("sh").args(["-c", &group])).status.success());
    let status = child.wait()?;
    assert_eq!(status.code(), Some(3));
    let shown = shown(&trace);
    assert_eq!((shown.calls("msgsnd").len(), shown.calls("msgctl").len()), (1, 1), "{shown:?}");
    Ok(())
}

/// The names of the files in a directory.
fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
