//! What Perfetto's trace processor answers about traces of real programs.

use super::programs::{Recorded, TWO_TALK, Test};
use super::support::{root, text};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

pub const TRIALS: [Test; 5] = [
    ("each_call_is_a_slice_of_its_thread_with_its_arguments", slices),
    ("messages_flow_from_msgsnd_to_msgrcv", flows),
    ("counters_have_the_depth_of_each_queue", counters),
    ("calls_inside_others_and_the_programs_of_a_process_are_told_apart", programs),
    ("the_question_in_the_documentation_has_an_answer", documented),
];

/// Python, with the script that asks.
fn python() -> Command {
    let mut command = Command::new(env::var_os("MSGQ_TEST_PYTHON").unwrap_or("python3".into()));
    command.arg(root().join("tests/perfetto/query.py"));
    command
}

/// Why the trace processor cannot be asked on this machine.
pub fn why_not() -> Option<String> {
    match python().arg("--check").stdin(Stdio::null()).output() {
        Err(error) => Some(format!("python: {error}")),
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(text(&output.stderr).lines().last().unwrap_or_default().to_string()),
    }
}

/// The rows of these questions about a trace. Nothing in it may be what Perfetto calls an error.
fn ask(trace: &Path, questions: &[&str]) -> Result<Vec<Vec<Value>>, Failed> {
    const ERRORS: &str =
        "SELECT name, value FROM stats WHERE severity IN ('error', 'data_loss') AND value != 0";
    let all: Vec<&str> = questions.iter().copied().chain([ERRORS]).collect();
    let mut command = python();
    command.arg(trace).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    input.write_all(json!(all).to_string().as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    let answered = serde_json::from_slice(&output.stdout);
    let mut rows: Vec<Vec<Value>> = answered.map_err(|_| text(&output.stderr))?;
    assert_eq!(rows.pop(), Some(Vec::new()), "errors and losses");
    Ok(rows)
}

const SLICES: &str = "
SELECT slice.name AS call, category, process.pid, tid, process.name AS program,
    to_realtime(ts) AS realtime, dur,
    extract_arg(slice.arg_set_id, 'debug.queue') AS queue,
    extract_arg(slice.arg_set_id, 'debug.msqid') AS msqid,
    extract_arg(slice.arg_set_id, 'debug.key') AS key,
    extract_arg(slice.arg_set_id, 'debug.cmd') AS cmd,
    extract_arg(slice.arg_set_id, 'debug.flags') AS flags,
    extract_arg(slice.arg_set_id, 'debug.msgsz') AS msgsz,
    extract_arg(slice.arg_set_id, 'debug.msgtyp') AS msgtyp,
    extract_arg(slice.arg_set_id, 'debug.mtype') AS mtype,
    extract_arg(slice.arg_set_id, 'debug.mtext') AS mtext,
    extract_arg(slice.arg_set_id, 'debug.result') AS result,
    extract_arg(slice.arg_set_id, 'debug.errno') AS errno
FROM slice
JOIN thread_track ON thread_track.id = slice.track_id
JOIN thread USING (utid) JOIN process USING (upid)
WHERE slice.name GLOB 'msg*' ORDER BY ts";

/// Compared with `msgq trace -f json`.
fn slices() -> Result<(), Failed> {
    let recorded = Recorded::perl(TWO_TALK);
    let rows = &ask(&recorded.report().1, &[SLICES])?[0];
    let calls = recorded.calls();
    assert_eq!(rows.len(), calls.len());
    for (row, call) in rows.iter().zip(&calls) {
        let same = [
            "call", "pid", "tid", "program", "queue", "msqid", "cmd", "flags", "msgsz", "msgtyp",
            "mtype", "result", "errno",
        ];
        for name in same {
            assert_eq!(row[name], call[name], "{name}: {row} and {call}");
        }
        let text = call["message"]["text"].as_str().map(|text| format!("\"{text}\""));
        assert_eq!(row["mtext"].as_str(), text.as_deref(), "{row} and {call}");
        let key = call["key"].as_i64().map(|key| match key {
            0 => "IPC_PRIVATE".to_string(),
            key => format!("{key:#x}"),
        });
        assert_eq!(row["key"].as_str(), key.as_deref(), "{row} and {call}");
        let failed = if call["errno"].is_null() { "returned" } else { "failed" };
        assert_eq!(row["category"], failed, "{row} and {call}");
        // The clock's rate is measured anew each time a recording is read, the better the later.
        let apart = |one: &Value, other: f64| (one.as_f64().unwrap() - other).abs();
        let duration = call["duration"].as_f64().unwrap() * 1e9;
        assert!(apart(&row["dur"], duration) < 1e5, "{row} and {call}");
        let realtime = call["realtime_ns"].as_i64().unwrap();
        assert!(
            row["realtime"].as_i64().unwrap().abs_diff(realtime) < 1_000_000,
            "{row} and {call}"
        );
    }
    Ok(())
}

const FLOWS: &str = "
SELECT sent.name AS sent, sender.pid AS sender, call.name AS received, receiver.pid AS receiver,
    extract_arg(sent.arg_set_id, 'debug.queue') AS queue,
    extract_arg(call.arg_set_id, 'debug.queue') AS same_queue,
    extract_arg(sent.arg_set_id, 'debug.mtype') AS mtype,
    extract_arg(moment.arg_set_id, 'debug.mtype') AS same_mtype,
    extract_arg(call.arg_set_id, 'debug.certain') AS certain,
    moment.ts = call.ts + call.dur AS at_its_end
FROM flow
JOIN slice AS sent ON sent.id = flow.slice_out
JOIN thread_track AS out_track ON out_track.id = sent.track_id
JOIN thread AS out_thread ON out_thread.utid = out_track.utid
JOIN process AS sender ON sender.upid = out_thread.upid
JOIN slice AS moment ON moment.id = flow.slice_in
JOIN slice AS call ON call.id = moment.parent_id
JOIN thread_track AS in_track ON in_track.id = call.track_id
JOIN thread AS in_thread ON in_thread.utid = in_track.utid
JOIN process AS receiver ON receiver.upid = in_thread.upid
ORDER BY sent.ts";

fn flows() -> Result<(), Failed> {
    let recorded = Recorded::perl(TWO_TALK);
    let (report, trace) = recorded.report();
    let rows = &ask(&trace, &[FLOWS])?[0];
    let [parent, child] = [0, 1].map(|number| report["processes"][number]["pid"].clone());
    let [asks, answers] = [0, 1].map(|number| report["queues"][number]["queue"].clone());
    let flow = |sender: &Value, receiver: &Value, queue: &Value, mtype: i64| {
        json!({
            "sent": "msgsnd", "sender": sender, "received": "msgrcv", "receiver": receiver,
            "queue": queue, "same_queue": queue, "mtype": mtype, "same_mtype": mtype,
            "certain": 1, "at_its_end": 1,
        })
    };
    let expected = [
        flow(&parent, &child, &asks, 7),
        flow(&child, &parent, &answers, 5),
        flow(&parent, &child, &asks, 3),
        flow(&child, &parent, &answers, 6),
    ];
    assert_eq!(rows[..], expected, "{report}");
    Ok(())
}

const COUNTERS: &str = "
SELECT its.name, unit, queue.name AS queue, value
FROM counter
JOIN counter_track ON counter_track.id = counter.track_id
JOIN track AS its ON its.id = counter.track_id
JOIN track AS queue ON queue.id = its.parent_id
ORDER BY its.name, ts";

const LIVES: &str = "
SELECT slice.name, track.name AS queue, extract_arg(slice.arg_set_id, 'debug.by') AS pid
FROM slice JOIN track ON track.id = slice.track_id
WHERE track.name GLOB 'queue*' ORDER BY ts, track.name";

fn counters() -> Result<(), Failed> {
    // 0 .. 3 messages of 4 bytes in the first, and the second has one left when it is removed.
    let recorded = Recorded::perl(
        "my $first = msgget($$ | 0x4d550000, CREAT | EXCL | 0600) // die; my $second = msgget(0, 0600) // die;
        put($first, 1, 'four') for 1 .. 3; get($first, 0) for 1 .. 3; put($second, 1, 'twelve bytes');
        msgctl($first, RMID, 0); msgctl($second, RMID, 0);",
    );
    let (report, trace) = recorded.report();
    let rows = ask(&trace, &[COUNTERS, LIVES])?;
    let pid = &report["processes"][0]["pid"];
    let [first, second] = [0, 1].map(|number| &report["queues"][number]);
    let key = first["key"].as_i64().unwrap();
    let names = [
        format!("queue {}, key {key:#x}", first["queue"]),
        format!("queue {}, key IPC_PRIVATE", second["queue"]),
    ];
    let counted = |queue: &Value, what: &str, unit: &str| {
        let name = format!("{what} in queue {}", queue["queue"]);
        let its = rows[0].iter().filter(|row| row["name"] == name.as_str() && row["unit"] == unit);
        let is_under =
            its.clone().all(|row| names.iter().any(|name| row["queue"] == name.as_str()));
        assert!(is_under, "{name}: {rows:?}");
        its.map(|row| row["value"].as_f64().unwrap()).collect::<Vec<f64>>()
    };
    let depth = [0., 1., 2., 3., 2., 1., 0., 0.];
    assert_eq!(counted(first, "messages", "messages"), depth);
    assert_eq!(counted(first, "bytes", "bytes"), depth.map(|messages| messages * 4.));
    assert_eq!(counted(second, "messages", "messages"), [0., 1., 0.]);
    assert_eq!(counted(second, "bytes", "bytes"), [0., 12., 0.]);
    assert_eq!((&first["most_messages"], &second["most_bytes"]), (&json!(3), &json!(12)));
    let life = |name: &str, queue: &str| json!({"name": name, "queue": queue, "pid": pid});
    let expected = [
        life("made", &names[0]),
        life("made", &names[1]),
        life("removed", &names[0]),
        life("removed", &names[1]),
    ];
    assert_eq!(rows[1][..], expected);
    Ok(())
}

const PROGRAMS: &str = "
SELECT process.pid, process.name AS program, slice.name AS call, slice.category, parent.name AS inside
FROM slice
JOIN thread_track ON thread_track.id = slice.track_id
JOIN thread USING (utid) JOIN process USING (upid)
LEFT JOIN slice AS parent ON parent.id = slice.parent_id
ORDER BY slice.ts";

fn programs() -> Result<(), Failed> {
    // A handler makes a call inside another one; then another program begins in the same process.
    let script = format!(
        "use POSIX; my $queue = msgget(0, 0600);
        my $handler = POSIX::SigAction->new(sub {{ put($queue, 1, 'x'); alarm 1 }});
        $handler->safe(0); sigaction(SIGALRM, $handler); alarm 1; get($queue, 2);
        alarm 0; msgctl($queue, RMID, 0); exec '{}', 'demo'",
        env!("CARGO_BIN_EXE_msgq")
    );
    let recorded = Recorded::perl(&script);
    let (report, trace) = recorded.report();
    let rows = &ask(&trace, &[PROGRAMS])?[0];
    let pid = &report["processes"][0]["pid"];
    let call = |program: &str, call: &str, category: &str, inside: Value| {
        json!({
            "pid": pid, "program": program, "call": call, "category": category, "inside": inside,
        })
    };
    let expected = [
        call("perl", "msgrcv", "failed", Value::Null),
        call("perl", "msgsnd", "returned", json!("msgrcv")),
        call("perl", "msgctl", "returned", Value::Null),
        call("msgq", "msgctl", "returned", Value::Null),
    ];
    for row in expected {
        assert!(rows.contains(&row), "{row} is not in {rows:?}");
    }
    Ok(())
}

/// The SQL in `docs/report.md`.
fn documented() -> Result<(), Failed> {
    let documentation = root().join("docs/report.md");
    let text = std::fs::read_to_string(documentation)?;
    let question = text.split("'''").nth(1).ok_or("no SQL in docs/report.md")?;
    let rows = &ask(&Recorded::perl(TWO_TALK).report().1, &[question])?[0];
    let messages: Vec<&Value> = rows.iter().map(|row| &row["messages"]).collect();
    assert_eq!(messages, [&json!(2), &json!(2)], "{rows:?}");
    Ok(())
}
