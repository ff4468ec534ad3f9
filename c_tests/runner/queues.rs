//! The queues of an engine that is not the kernel: each run of a program has a directory of them
//! to itself.

use std::io;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A program that prints how many queues there are.
pub const COUNTER: &str = r#"
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/msg.h>
int main(void) {
    struct msginfo info;
    if (msgctl(0, MSG_INFO, (struct msqid_ds *)&info) == -1)
        return perror("MSG_INFO"), 1;
    return printf("%d\n", info.msgpool) < 0;
}
"#;

/// A directory that goes away with this, and the engine that keeps its queues in it.
pub struct Queues {
    engine: String,
    directory: TempDir,
}

impl Queues {
    /// A directory without queues.
    pub fn new(engine: &str) -> io::Result<Queues> {
        let directory = TempDir::with_prefix_in("msgq-c-tests-", "/dev/shm")?;
        Ok(Queues { engine: engine.to_string(), directory })
    }

    /// Has a program find its queues here.
    pub fn are_those_of(&self, command: &mut Command) {
        command.env("MSGQ_ENGINE", &self.engine).env("MSGQ_DIR", self.directory.path());
    }

    /// How many queues stay, counted by a program of [`COUNTER`]: a child that the program did not
    /// wait for has a moment to remove its own.
    pub fn left(&self, counter: &Path, library: &Path) -> Result<usize, String> {
        let deadline = Instant::now() + Duration::from_secs(3);
        loop {
            let left = self.count(counter, library)?;
            if left == 0 || Instant::now() > deadline {
                return Ok(left);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn count(&self, counter: &Path, library: &Path) -> Result<usize, String> {
        let mut command = Command::new(counter);
        command.env_clear().env("LD_PRELOAD", library);
        self.are_those_of(&mut command);
        let output = command.output().map_err(|error| format!("{}: {error}", counter.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        said.trim().parse().map_err(|_| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            format!("the queues that are left cannot be counted: {said}{complaint}")
        })
    }
}
