//! What the checks find in the programs: nothing, but for those that misuse the calls on purpose.

use std::collections::BTreeSet;

/// The programs that do, and all that is to be found in them.
const ON_PURPOSE: &[(&str, &[&str])] = &[
    ("before_constructors", &["used-after-removal"]),
    ("errno_set_on_failure", &["key-taken", "mtype-below-1"]),
    ("fault_addresses", &["mtype-below-1", "no-queue-id"]),
    ("get_exclusive", &["excl-without-creat", "key-taken"]),
    ("handler_removes_queue", &["used-after-removal"]),
    ("receive_except", &["except-without-type"]),
    ("receive_noerror", &["truncated"]),
    ("receive_nowait_empty", &["no-queue-id"]),
    ("removed_under_receiver", &["used-after-removal"]),
    ("removed_under_sender", &["used-after-removal"]),
    ("rmid_removes", &["used-after-removal"]),
    ("seccomp_without_queues", &["key-taken"]),
    ("send_forbidden", &["mtype-below-1"]),
    ("send_invalid", &["bigger-than-msgmax", "mtype-below-1", "no-queue-id"]),
    ("send_nowait_full", &["bigger-than-queue"]),
    ("sizes_negative", &["negative-size"]),
    ("small_stack", &["no-queue-id"]),
    ("snippet_msgget", &["no-permissions"]),
];

/// Whether the checks found just what they have to.
pub fn are_those_wanted(program: &str, stderr: &str) -> Result<(), String> {
    let wanted: BTreeSet<&str> = ON_PURPOSE
        .iter()
        .filter(|(name, _)| *name == program)
        .flat_map(|(_, findings)| findings.iter().copied())
        .collect();
    let found: BTreeSet<&str> = stderr.lines().filter_map(name).collect();
    match found == wanted {
        true => Ok(()),
        false => Err(format!("to be found: {wanted:?}, found: {found:?}\n{stderr}")),
    }
}

/// The name of the finding that a line tells of; the line itself where it tells of none.
fn name(line: &str) -> Option<&str> {
    if line.starts_with("msgq: ") {
        let (_, rest) = line.split_once(" [")?;
        return rest.split(']').next();
    }
    Some(line)
}
