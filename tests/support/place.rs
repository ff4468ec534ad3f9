//! A place for queues of a test's own, on an engine.

use super::{msgq, run, run_with, text};
use serde_json::Value;
use std::cell::RefCell;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Queues of one test's on an engine. Those that it has made are removed with it.
pub struct Place {
    pub engine: &'static str,
    pub directory: TempDir,
    keys: RefCell<Vec<String>>,
}

impl Place {
    /// On this engine.
    pub fn on(engine: &'static str) -> Place {
        let directory = tempfile::tempdir_in("/dev/shm").expect("a directory");
        Place { engine, directory, keys: RefCell::default() }
    }

    /// A key that nobody else has.
    pub fn key(&self) -> String {
        static USED: AtomicU32 = AtomicU32::new(0);
        let number = USED.fetch_add(1, Ordering::Relaxed) & 0xff;
        let key = format!("0x{:08x}", 0x5100_0000 | (std::process::id() & 0xffff) << 8 | number);
        self.keys.borrow_mut().push(key.clone());
        key
    }

    /// A queue with a key of its own; the key.
    pub fn queue(&self) -> String {
        let key = self.key();
        self.does(&["send", "-Q", &key, "--create", ""]);
        self.does(&["flush", "-Q", &key]);
        key
    }

    /// The command with these arguments, on this engine.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = msgq();
        command.args(arguments);
        command.env("MSGQ_ENGINE", self.engine).env("MSGQ_DIR", self.directory.path());
        command
    }

    /// Runs it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments))
    }

    /// Runs it with something on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        run_with(&mut self.command(arguments), input)
    }

    /// Runs it, and gives what it prints; it has to succeed and to complain of nothing.
    pub fn does(&self, arguments: &[&str]) -> String {
        done(arguments, self.run(arguments))
    }

    /// The same with something on standard input.
    pub fn does_with(&self, arguments: &[&str], input: &[u8]) -> String {
        done(arguments, self.run_with(arguments, input))
    }

    /// Runs it; it has to fail with this status, to print nothing, and to complain in one line that
    /// has these parts.
    pub fn fails(&self, arguments: &[&str], status: i32, parts: &[&str]) {
        failed(arguments, &self.run(arguments), status, parts);
    }

    /// What `msgq ipcs` tells of the queue with this key; nothing where there is none.
    pub fn about(&self, key: &str) -> Option<Value> {
        let told: Value = serde_json::from_str(&self.does(&["ipcs", "--json"])).expect("JSON");
        let queues = told["queues"].as_array().expect("an array of queues");
        queues.iter().find(|queue| queue["key"] == key).cloned()
    }

    /// Its id.
    pub fn id(&self, key: &str) -> String {
        self.about(key).unwrap_or_else(|| panic!("no queue has key {key}"))["msqid"].to_string()
    }
}

/// What a command printed that is to have succeeded.
fn done(arguments: &[&str], output: Output) -> String {
    let complaint = text(&output.stderr);
    assert_eq!((output.status.code(), complaint.as_str()), (Some(0), ""), "{arguments:?}");
    text(&output.stdout)
}

/// Asserts that a command has failed so.
pub fn failed(arguments: &[&str], output: &Output, status: i32, parts: &[&str]) {
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {complaint}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}: {complaint}");
    assert_eq!(complaint.lines().count(), 1, "{arguments:?}: {complaint}");
    for part in parts {
        assert!(complaint.contains(part), "{arguments:?}: {part:?} is not in: {complaint}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for key in self.keys.take() {
            self.run(&["ipcrm", "-Q", &key]);
        }
    }
}
