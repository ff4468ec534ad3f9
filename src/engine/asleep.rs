//! Who sleeps in a call on an engine's queues. For those who look at an engine: no call comes here.

use libc::c_int;
use std::fs;
use std::io::ErrorKind::PermissionDenied;
use std::path::Path;

/// A thread that sleeps in msgsnd or msgrcv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sleeper {
    /// The queue's id.
    pub msqid: c_int,
    /// Whether it waits for room to send, and not for a message.
    pub sends: bool,
    /// Its process's id; 0 where it has none in this namespace.
    pub process: u32,
    /// Its own id; likewise.
    pub thread: u32,
}

/// The threads that sleep, and whether there may be others.
#[derive(Debug, Default)]
pub struct Asleep {
    /// Those that were seen.
    pub threads: Vec<Sleeper>,
    /// Some threads could not be looked at: this user is not permitted to.
    pub some_unseen: bool,
}

/// Those in system calls: one pass over `/proc`, which shows the number and the arguments of the call
/// that a thread sleeps in. Nothing where this kernel shows them of nobody.
pub fn in_system_calls() -> Option<Asleep> {
    fs::read("/proc/self/syscall").ok()?;
    // The same id is another queue in another namespace.
    let namespace = fs::read_link("/proc/self/ns/ipc").ok()?;
    // Where others' processes are hidden, so is the first.
    let some_unseen = !Path::new("/proc/1").exists();
    let mut asleep = Asleep { threads: Vec::new(), some_unseen };
    for process in numbers("/proc") {
        match fs::read_link(format!("/proc/{process}/ns/ipc")) {
            Ok(its) if its == namespace => asleep.look_into(process),
            Ok(_) => {}
            // Otherwise it has ended meanwhile.
            Err(error) => asleep.some_unseen |= error.kind() == PermissionDenied,
        }
    }
    Some(asleep)
}

impl Asleep {
    fn look_into(&mut self, process: u32) {
        for thread in numbers(&format!("/proc/{process}/task")) {
            match fs::read_to_string(format!("/proc/{process}/task/{thread}/syscall")) {
                Ok(line) => self.threads.extend(call(&line).map(|(msqid, sends)| Sleeper {
                    msqid,
                    sends,
                    process,
                    thread,
                })),
                Err(error) => self.some_unseen |= error.kind() == PermissionDenied,
            }
        }
    }
}

/// The entries of a directory that are numbers.
fn numbers(directory: &str) -> Vec<u32> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The queue that a thread sleeps on, and whether to send, from its line in `/proc`.
fn call(line: &str) -> Option<(c_int, bool)> {
    let mut words = line.split_whitespace();
    let sends = match words.next()?.parse() {
        Ok(libc::SYS_msgsnd) => true,
        Ok(libc::SYS_msgrcv) => false,
        _ => return None,
    };
    let argument = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    // The upper half of the register is nobody's.
    Some((argument as c_int, sends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_of_a_queue_where_the_thread_sleeps_in_one_of_two_calls() {
        let line =
            |number: libc::c_long| format!("{number} 0x8003 0x7ffe 0x5 0x0 0x0 0x0 0x7f 0x7f");
        assert_eq!(call(&line(libc::SYS_msgsnd)), Some((0x8003, true)));
        assert_eq!(call(&line(libc::SYS_msgrcv)), Some((0x8003, false)));
        assert_eq!(call(&line(libc::SYS_msgget)), None);
        let filled = format!("{} 0xffffffff00000005 0x0", libc::SYS_msgrcv);
        assert_eq!(call(&filled), Some((5, false)));
        for line in ["running\n", "-1 0x7ffe 0x7f\n", "", "70"] {
            assert_eq!(call(line), None, "{line:?}");
        }
    }
}
