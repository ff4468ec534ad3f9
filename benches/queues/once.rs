//! What is the same in every round: system calls and memory.

use crate::peers::{Peer, Work};
use crate::rounds::heading;
use crate::support::table;
use comfy_table::presets::ASCII_MARKDOWN;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// The system calls of 1,000 sends and receives, after as many before, as strace counts them.
pub fn system_calls(peers: &[&Peer], place: &Path) -> String {
    const PAIRS: &str = "1000";
    let seen = place.join("system-calls");
    let mut row = vec![format!("{PAIRS} sends and receives of 64 bytes")];
    let mut complaints = String::new();
    for peer in peers {
        let command = peer.command(&Work::of_all(&["calls", PAIRS]));
        let counted = under_strace(&command, &seen)
            .and_then(|()| between_marks(&fs::read_to_string(&seen).unwrap_or_default()));
        row.push(counted.as_ref().map_or_else(|_| "-".to_string(), usize::to_string));
        if let Err(why) = counted {
            complaints += &format!("- {}: {why}\n", peer.name);
        }
    }
    let header = heading("system calls", peers);
    format!("{}\n{complaints}", table(ASCII_MARKDOWN, header, vec![row]))
}

/// Runs a command with every system call of it written to a file.
fn under_strace(command: &Command, seen: &Path) -> Result<(), String> {
    let mut strace = Command::new("strace");
    strace.arg("-o").arg(seen);
    // The library goes into the worker alone.
    for (name, value) in command.get_envs() {
        let value = value.unwrap_or_default();
        strace.arg("-E").arg(format!("{}={}", name.display(), value.display()));
    }
    strace.arg(command.get_program()).args(command.get_args());
    let output = strace.output().map_err(|error| format!("strace: {error}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(complaint.trim().to_string()) }
}

/// The system calls between the last two of getppid(2).
fn between_marks(calls: &str) -> Result<usize, String> {
    let marks = calls.lines().enumerate().filter(|(_, line)| line.starts_with("getppid("));
    let marks: Vec<usize> = marks.map(|(number, _)| number).collect();
    match marks[..] {
        [.., first, second] => Ok(second - first - 1),
        _ => Err("strace saw no calls of getppid".to_string()),
    }
}

/// The memory of empty queues, of engines that keep them in files.
pub fn memory(engines: &[&Peer]) -> Option<String> {
    let in_files: Vec<&Peer> =
        engines.iter().filter(|engine| engine.directory().is_some()).copied().collect();
    if in_files.is_empty() {
        return None;
    }
    let (mut first, mut second) =
        (vec!["after the first queue".to_string()], vec!["more by a second".to_string()]);
    for engine in &in_files {
        let directory = tempfile::tempdir_in("/dev/shm").expect("a directory for the queues");
        let keep = || {
            let mut command = engine.command(&Work::of_types(&["keep"]));
            let status = command.env("MSGQ_DIR", directory.path()).status().expect("the worker");
            assert!(status.success(), "{}: no queue made", engine.name);
            allocated(directory.path())
        };
        let one = keep();
        first.push(one.to_string());
        second.push((keep() as i64 - one as i64).to_string());
    }
    let header = heading("bytes in MSGQ_DIR, empty queues", &in_files);
    Some(format!("{}\n", table(ASCII_MARKDOWN, header, vec![first, second])))
}

/// The bytes that a directory's files take, however long they say they are.
fn allocated(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).expect("the directory of the queues");
    entries
        .map(|entry| {
            let entry = entry.expect("the directory of the queues");
            let metadata = entry.metadata().expect("a file of the queues");
            if metadata.is_dir() { allocated(&entry.path()) } else { metadata.blocks() * 512 }
        })
        .sum()
}
