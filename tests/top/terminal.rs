//! A terminal of a test's own: tmux, with a server that nobody else asks.

use crate::support::place::Place;
use crate::support::{run, text};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A terminal with a shell in it.
pub struct Terminal {
    directory: TempDir,
}

impl Terminal {
    /// A terminal of 100 x 30, whose shell has the queues of a place.
    pub fn new(place: &Place) -> Terminal {
        let terminal = Terminal { directory: tempfile::tempdir().expect("a directory") };
        let mut command = terminal.tmux(&["-f", "/dev/null", "new-session", "-d"]);
        command.args(["-x", "100", "-y", "30", "PS1='shell> ' exec sh"]);
        command.env_remove("TMUX").env_remove("ENV").env_remove("LD_PRELOAD");
        command.env("MSGQ_ENGINE", place.engine).env("MSGQ_DIR", place.directory.path());
        let output = run(&mut command);
        assert!(output.status.success(), "{output:?}");
        terminal.wait("the shell's prompt", |screen| screen.contains("shell>"));
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-u").arg("-S").arg(self.directory.path().join("socket")).args(arguments);
        command
    }

    /// A file that the test may use.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Types a line.
    pub fn line(&self, line: &str) {
        self.does(&["send-keys", "-l", line]);
        self.keys(&["Enter"]);
    }

    /// Presses keys, as tmux calls them.
    pub fn keys(&self, keys: &[&str]) {
        self.does(&[&["send-keys"], keys].concat());
    }

    /// Runs a tmux command; what it prints.
    pub fn does(&self, arguments: &[&str]) -> String {
        let output = run(&mut self.tmux(arguments));
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        text(&output.stdout)
    }

    /// What the terminal shows.
    pub fn screen(&self) -> String {
        self.does(&["capture-pane", "-p"])
    }

    /// Waits until it shows something, for at most 30 seconds; what it shows then.
    pub fn wait(&self, what: &str, is_shown: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let screen = self.screen();
            if is_shown(&screen) {
                return screen;
            }
            assert!(Instant::now() < end, "{what} was not shown in 30 seconds:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The same for a part of the text.
    pub fn shows(&self, part: &str) -> String {
        self.wait(part, |screen| screen.contains(part))
    }

    /// Starts the command with these arguments, and waits for its screen. Its process's id.
    pub fn start(&self, program: &str, arguments: &str) -> i32 {
        let pid = self.file("pid");
        let _ = std::fs::remove_file(&pid);
        let shown = pid.display();
        self.line(&format!("sh -c 'echo $$ > {shown}; exec {program} top {arguments}'"));
        self.shows("q quit");
        let pid = std::fs::read_to_string(&pid).expect("the file that the shell has written");
        pid.trim().parse().expect("a process's id")
    }

    /// Waits until the command has ended, and the shell tells this status.
    pub fn ended(&self, status: i32) {
        self.wait("the shell's screen", |_| self.is_given_back());
        self.line("echo ended $?");
        self.shows(&format!("ended {status}"));
    }

    /// Whether the terminal shows what it showed before, with a cursor.
    pub fn is_given_back(&self) -> bool {
        self.does(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]).trim() == "0 1"
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).output();
    }
}
