//! The recordings of a run: what `msgq trace` tells of it, held against what strace saw of it.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const MSGQ: &str = env!("CARGO_BIN_EXE_msgq");

/// The files that the two write, in the directory where the program runs.
const SEEN: &str = "strace";
const TOLD: &str = "msgq";

/// strace around `msgq trace` around the program: both watch the same run.
pub fn command(executable: &Path, place: &Path) -> Command {
    const CALLS: &str = "msgget,msgctl,msgsnd,msgrcv";
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(place.join(SEEN));
    // Raw arguments are shown when the call begins, and contain no text of messages.
    command.args(["-e", &format!("trace={CALLS}"), "-e", &format!("raw={CALLS}"), "--", MSGQ]);
    command.args(["trace", "-f", "json", "-o"]).arg(place.join(TOLD)).arg("--").arg(executable);
    command
}

/// Why strace cannot be used on this machine.
pub fn why_not() -> Option<&'static str> {
    let tried = Command::new("strace").args(["-f", "-qq", "-e", "trace=none", "true"]).output();
    match tried {
        Err(_) => Some("strace is not installed"),
        Ok(output) if !output.status.success() => Some("strace may trace nothing here"),
        Ok(_) => None,
    }
}

/// Whether the recording can be read, and holds a call.
pub fn holds_calls(recording: &Path) -> Result<(), String> {
    let mut command = Command::new(MSGQ);
    command.args(["trace", "-f", "json", "-o", "-", "-r"]).arg(recording);
    let output = command.output().map_err(|error| format!("{MSGQ}: {error}"))?;
    let told = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !output.stderr.is_empty() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{complaint}", output.status));
    }
    match told_by_msgq(&told)?.is_empty() {
        true => Err("no call was recorded".to_string()),
        false => Ok(()),
    }
}

/// Whether strace and `msgq trace` tell the same of every thread.
pub fn agree(place: &Path) -> Result<(), String> {
    let read = |name| fs::read_to_string(place.join(name)).map_err(|e| format!("{name}: {e}"));
    let (seen, told) = (seen_by_strace(&read(SEEN)?)?, told_by_msgq(&read(TOLD)?)?);
    let none = Vec::new();
    for thread in seen.keys().chain(told.keys()) {
        let seen = seen.get(thread).unwrap_or(&none);
        let told = told.get(thread).unwrap_or(&none);
        if !are_the_same(seen, told) {
            let (seen, told) = (list(seen), list(told));
            return Err(format!("thread {thread}\n--- strace\n{seen}--- msgq trace\n{told}"));
        }
    }
    match seen.is_empty() {
        true => Err("strace saw no call".to_string()),
        false => Ok(()),
    }
}

/// The calls of each thread, in the order in which they began.
type Threads = BTreeMap<u64, Vec<Call>>;

/// A call, as both tell of it.
struct Call {
    /// Its name and those of its arguments that are compared.
    begins: String,
    /// Its result, the name of its error, or [`NEVER`].
    outcome: String,
}

const NEVER: &str = "never returned";
const INTERRUPTED: &str = "ERESTARTNOHAND";

/// The arguments that are compared: their places, and the names of their JSON fields.
const ARGUMENTS: [(&str, &[(usize, &str)]); 4] = [
    ("msgget", &[(0, "key"), (1, "msgflg")]),
    ("msgctl", &[(0, "msqid")]),
    ("msgsnd", &[(0, "msqid"), (2, "msgsz"), (3, "msgflg")]),
    ("msgrcv", &[(0, "msqid"), (2, "msgsz"), (3, "msgtyp"), (4, "msgflg")]),
];

/// `msgsnd(msqid 5, msgsz 64, msgflg 0)`, the arguments found by their place or name.
fn beginning(name: &str, argument: impl Fn(usize, &str) -> Option<i64>) -> Option<String> {
    let (_, arguments) = ARGUMENTS.iter().find(|(known, _)| *known == name)?;
    let shown = |(place, field): &(usize, &str)| {
        let value = argument(*place, field)?;
        // The caller gives an int only the lower half of its register.
        let is_long = ["msgsz", "msgtyp"].contains(field);
        Some(format!("{field} {}", if is_long { value } else { i64::from(value as i32) }))
    };
    let shown: Option<Vec<String>> = arguments.iter().map(shown).collect();
    Some(format!("{name}({})", shown?.join(", ")))
}

/// Whether every call that strace saw was told, and no other.
fn are_the_same(seen: &[Call], told: &[Call]) -> bool {
    let mut told = told.iter();
    let all_told = seen.iter().enumerate().all(|(at, call)| {
        if told.as_slice().first().is_some_and(|next| is_the_same(call, next)) {
            return told.next().is_some();
        }
        // Where no handler ran, the kernel makes the call once more, and strace shows it twice.
        let again = seen.get(at + 1).is_some_and(|again| again.begins == call.begins);
        call.outcome == INTERRUPTED && again
    });
    all_told && told.next().is_none()
}

/// Where a signal ended a call, strace sees that the kernel gave it up, but not whether it returned
/// EINTR or the handler left it for good.
fn is_the_same(seen: &Call, told: &Call) -> bool {
    let interrupted = seen.outcome == INTERRUPTED && ["EINTR", NEVER].contains(&&*told.outcome);
    seen.begins == told.begins && (interrupted || seen.outcome == told.outcome)
}

/// `TID CALL(A, B) = RESULT`; a call that waits is split into `TID CALL(A, B <unfinished ...>` and
/// `TID <... CALL resumed>) = RESULT`.
fn seen_by_strace(text: &str) -> Result<Threads, String> {
    let mut threads = Threads::new();
    for line in text.lines() {
        let strange = || format!("strace: {line}");
        let (thread, event) = line.split_once(' ').ok_or_else(strange)?;
        let event = event.trim_start();
        // Signals, and ends.
        if event.starts_with("---") || event.starts_with("+++") {
            continue;
        }
        let calls = threads.entry(thread.parse().map_err(|_| strange())?).or_default();
        if !event.starts_with("<... ") {
            let (name, rest) = event.split_once('(').ok_or_else(strange)?;
            let arguments = rest.split([')', '<']).next().unwrap_or_default();
            let arguments: Vec<_> = arguments.split(',').map(|raw| number(raw.trim())).collect();
            let begins = beginning(name, |place, _| arguments.get(place).copied().flatten());
            calls.push(Call { begins: begins.ok_or_else(strange)?, outcome: NEVER.to_string() });
        }
        if let Some((_, result)) = event.rsplit_once(" = ") {
            let last = calls.last_mut().ok_or_else(strange)?;
            last.outcome = outcome(result).ok_or_else(strange)?;
        }
    }
    Ok(threads)
}

/// `0x9`, `-1 EINVAL (Invalid argument)`, or `?` where the thread ended in the call.
fn outcome(result: &str) -> Option<String> {
    let mut words = result.split_whitespace();
    match (words.next()?, words.next().filter(|word| word.starts_with('E'))) {
        (_, Some(error)) => Some(error.to_string()),
        ("?", None) => Some(NEVER.to_string()),
        (result, None) => number(result).map(|number| number.to_string()),
    }
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

/// What `msgq trace -f json` has written. A line that is no call, as the one that tells of losses,
/// is an error.
fn told_by_msgq(text: &str) -> Result<Threads, String> {
    let mut calls = Vec::new();
    for line in text.lines() {
        let strange = || format!("msgq trace: {line}");
        let object: Value = serde_json::from_str(line).map_err(|_| strange())?;
        // A size below 0 is a huge one to msgq.
        let number = |field: &str| {
            let value = &object[field];
            value.as_i64().or_else(|| value.as_u64().map(u64::cast_signed))
        };
        let name = object["call"].as_str().ok_or_else(strange)?;
        let begins = beginning(name, |_, field| number(field)).ok_or_else(strange)?;
        let outcome = match (object["finished"].as_bool(), object["errno"].as_str()) {
            (Some(false), _) => NEVER.to_string(),
            (_, Some(error)) => error.to_string(),
            _ => number("result").ok_or_else(strange)?.to_string(),
        };
        let (thread, at) = (number("tid").ok_or_else(strange)?, number("realtime_ns"));
        calls.push((at.ok_or_else(strange)?, thread as u64, Call { begins, outcome }));
    }
    // One that waited is told when it ends.
    calls.sort_by_key(|(at, _, _)| *at);
    let mut threads = Threads::new();
    for (_, thread, call) in calls {
        threads.entry(thread).or_default().push(call);
    }
    Ok(threads)
}

fn list(calls: &[Call]) -> String {
    calls.iter().map(|Call { begins, outcome }| format!("{begins} = {outcome}\n")).collect()
}
