//! Which of the recorded processes and threads still live.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The processes that have written to a recording.
#[derive(Default)]
pub struct Processes {
    /// When each was started, by its id: ids are used again.
    started: HashMap<u32, u64>,
    /// How many there have been.
    seen: usize,
}

impl Processes {
    /// A process began to record.
    pub fn add(&mut self, process: u32) {
        self.seen += 1;
        if let Some(started) = started(process) {
            self.started.insert(process, started);
        }
    }

    /// Whether any process has ever recorded.
    pub fn any_seen(&self) -> bool {
        self.seen > 0
    }

    /// Whether any of them still lives. Forgets the dead.
    pub fn any_alive(&mut self) -> bool {
        self.started.retain(|process, time| started(*process) == Some(*time));
        !self.started.is_empty()
    }
}

/// Whether a thread of a process is there.
pub fn has_thread(process: u32, thread: u32) -> bool {
    Path::new(&format!("/proc/{process}/task/{thread}")).exists() && started(process).is_some()
}

/// When a process was started, in clock ticks since boot; nothing where it is gone, or dead and
/// waiting for its parent.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the name, which may contain anything; it ends with the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_is_alive_until_it_has_ended_even_if_nobody_has_waited_for_it() {
        let mut child = Command::new("sleep").arg("0.05").spawn().unwrap();
        let mut processes = Processes::default();
        processes.add(child.id());
        assert!(processes.any_alive());
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(!processes.any_alive());
        assert!(processes.any_seen());
        child.wait().unwrap();
    }

    #[test]
    fn this_thread_is_there_and_an_absurd_one_is_not() {
        let process = std::process::id();
        assert!(has_thread(process, process));
        assert!(!has_thread(process, u32::MAX));
    }
}
