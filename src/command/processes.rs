//! Which of the recorded processes and threads still live.

use msgq::trace::format::Kind;
use msgq::trace::record::Record;
use std::collections::HashMap;
use std::fs;

/// The processes that have written to a recording.
pub struct Processes {
    /// When each that may still live was started, by its id: ids are used again.
    started: HashMap<u32, u64>,
    /// Those of them that were found to have ended.
    ended: Vec<u32>,
    /// All that were seen, and whether each has its id in this command's namespace. Of the others
    /// nothing can be found out: their ids mean other processes here.
    seen: HashMap<u32, bool>,
    /// This command's namespace of process ids.
    namespace: u64,
    /// When this command was started.
    own_start: u64,
}

impl Processes {
    /// None yet.
    pub fn new() -> Processes {
        let namespace = msgq::os::process_namespace();
        let own_start = started(std::process::id()).unwrap_or_default();
        let (started, ended, seen) = (HashMap::new(), Vec::new(), HashMap::new());
        Processes { started, ended, seen, namespace, own_start }
    }

    /// Notes who made a record.
    pub fn note(&mut self, record: &Record) {
        if matches!(record.kind, Kind::Exit | Kind::ThreadExit | Kind::Queue | Kind::Left) {
            // This command made it.
            return;
        }
        let begins = matches!(record.kind, Kind::Program | Kind::Fork);
        if !begins && self.seen.contains_key(&record.process) {
            return;
        }
        let time = started(record.process);
        // A child made past the C library is first seen by a call, which does not tell its
        // namespace. But a process that is older than this command is not its child.
        let near = match begins {
            true => self.is_near(record),
            false => time.is_some_and(|time| time >= self.own_start),
        };
        self.seen.insert(record.process, near);
        match time.filter(|_| near) {
            Some(time) => {
                self.started.insert(record.process, time);
            }
            None => {
                self.started.remove(&record.process);
                // It came and went between two looks.
                self.ended.extend((near && begins).then_some(record.process));
            }
        }
    }

    /// Whether the process that begins with this record has its id in this command's namespace.
    fn is_near(&self, record: &Record) -> bool {
        record.namespace() != 0 && record.namespace() == self.namespace
    }

    /// Whether `earlier`, a call that waits, ended because its process began the program of `record`.
    pub fn is_replaced(&self, earlier: &Record, record: &Record) -> bool {
        self.is_near(record)
            && self.seen.get(&earlier.process) == Some(&true)
            && earlier.process == record.process
            && earlier.entered < record.entered
    }

    /// Whether any process has ever recorded.
    pub fn any_seen(&self) -> bool {
        !self.seen.is_empty()
    }

    /// Whether any of them still lives.
    pub fn any_alive(&mut self) -> bool {
        self.look();
        !self.started.is_empty()
    }

    /// Those that have ended since this was last asked.
    pub fn take_ended(&mut self) -> Vec<u32> {
        self.look();
        std::mem::take(&mut self.ended)
    }

    /// Looks who still lives. Forgets the dead.
    fn look(&mut self) {
        let dead = |process: &u32, time: &mut u64| started(*process) != Some(*time);
        self.ended.extend(self.started.extract_if(dead).map(|(process, _)| process));
    }

    /// Whether the thread that made a record is gone for certain.
    pub fn is_gone(&self, record: &Record) -> bool {
        let near = self.seen.get(&record.process) == Some(&true);
        let stat = format!("/proc/{}/task/{}/stat", record.process, record.thread);
        near && alive(&stat).is_none()
    }
}

/// When a process was started, in clock ticks since boot; nothing where it is gone.
pub fn started(process: u32) -> Option<u64> {
    if let Some(time) = alive(&format!("/proc/{process}/stat")) {
        return Some(time);
    }
    // Where the first thread has ended alone, the process goes on in the others.
    let threads = fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let lives = threads
        .flatten()
        .any(|thread| alive(&thread.path().join("stat").to_string_lossy()).is_some());
    lives.then(|| field(&format!("/proc/{process}/stat"), STARTED)?.parse().ok())?
}

/// When the process or thread of a stat file was started; nothing where it is gone, or dead and
/// waiting for its parent.
fn alive(stat: &str) -> Option<u64> {
    let state = field(stat, STATE)?;
    if matches!(state.as_str(), "Z" | "X") {
        return None;
    }
    field(stat, STARTED)?.parse().ok()
}

/// The places of two fields of a stat file, counted from behind the name.
const STATE: usize = 0;
const STARTED: usize = 19;

/// A field of a stat file.
fn field(stat: &str, number: usize) -> Option<String> {
    let stat = fs::read(stat).ok()?;
    // The second field is the name, which may be any bytes; it ends with the last bracket.
    String::from_utf8_lossy(&stat)
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(number)
        .map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::show::samples::call;
    use std::process::Command;

    fn event(process: u32, namespace: u64) -> Record {
        Record { process, thread: process, msgsz: namespace, ..call(Kind::Program, 0, 0, Ok(0)) }
    }

    #[test]
    fn a_process_is_alive_until_it_has_ended_even_if_nobody_has_waited_for_it() {
        let mut child = Command::new("sleep").arg("0.05").spawn().unwrap();
        let mut processes = Processes::new();
        let record = event(child.id(), processes.namespace);
        processes.note(&record);
        assert!(processes.any_alive() && !processes.is_gone(&record));
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(!processes.any_alive() && processes.is_gone(&record));
        assert_eq!(processes.take_ended(), [child.id()]);
        assert!(processes.take_ended().is_empty(), "it is told once");
        assert!(processes.any_seen());
        child.wait().unwrap();
    }

    #[test]
    fn a_process_is_alive_whatever_it_calls_itself() {
        let directory = tempfile::tempdir().unwrap();
        let stat = directory.path().join("stat");
        // The kernel cuts names to fifteen bytes, in the middle of a letter where that comes out so.
        let name = &"a초록의메뉴".as_bytes()[..15];
        let rest = format!(") S {}77", "0 ".repeat(STARTED - 1));
        fs::write(&stat, [b"17 (", name, rest.as_bytes()].concat()).unwrap();
        assert_eq!(alive(&stat.to_string_lossy()), Some(77));
    }

    #[test]
    fn of_a_process_in_another_namespace_nothing_is_said() {
        let mut processes = Processes::new();
        // 1 is a process here, and lives for ever.
        let record = event(1, processes.namespace + 1);
        processes.note(&record);
        assert!(processes.any_seen() && !processes.any_alive());
        let absurd = event(u32::MAX, processes.namespace + 1);
        processes.note(&absurd);
        assert!(!processes.is_gone(&absurd));
    }
}
