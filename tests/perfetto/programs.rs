//! Programs to trace, and what is made of them.

use super::messages::Trace;
use super::replay::Shown;
use super::support::{msgq, run, text};
use libtest_mimic::Failed;
use prost::Message;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A test and its name.
pub type Test = (&'static str, fn() -> Result<(), Failed>);

/// What the perl programs here begin with.
pub const PERL: &str = r#"
use constant { RMID => 0, CREAT => 01000, EXCL => 02000, NOWAIT => 04000 };
sub put { my ($queue, $type, $text, $flags) = @_; msgsnd($queue, pack("l! a*", $type, $text), $flags // 0) }
sub get { my ($queue, $type, $flags) = @_; msgrcv($queue, my $message, 8192, $type, $flags // 0); $message }
"#;

/// Two processes, parent and child, that talk over two queues, one of which has a key. The child waits for
/// each message.
pub const TWO_TALK: &str = r#"
my $asks = msgget($$ | 0x4d540000, CREAT | EXCL | 0600) // die "msgget: $!";
my $answers = msgget(0, 0600) // die "msgget: $!";
if (my $child = fork) {
    select(undef, undef, undef, 0.05);
    put($asks, 7, "one");
    get($answers, 5);
    put($asks, 3, "two three");
    put($asks, 7, "nobody reads it");
    waitpid($child, 0);
    get($answers, 0);
    get($answers, 9, NOWAIT);
    msgctl($asks, RMID, 0);
    msgctl($answers, RMID, 0);
} else {
    get($asks, 7);
    put($answers, 5, "got one");
    get($asks, 3);
    put($answers, 6, "got two");
}
"#;

/// A recording, and a directory for what is made of it.
pub struct Recorded {
    pub directory: TempDir,
    pub recording: PathBuf,
}

impl Recorded {
    /// Records a program of perl.
    pub fn perl(script: &str) -> Recorded {
        Recorded::of(&["perl", "-e", &format!("{PERL}{script}")])
    }

    /// Records a program.
    pub fn of(program: &[&str]) -> Recorded {
        let directory = tempfile::tempdir().expect("a directory");
        let recording = directory.path().join("recording");
        let output = run(msgq().args(["trace", "-w"]).arg(&recording).arg("--").args(program));
        assert_eq!(text(&output.stderr), "", "of {program:?}");
        Recorded { directory, recording }
    }

    /// A path for something made of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Its report as JSON, and its trace, which were made at once.
    pub fn report(&self) -> (Value, PathBuf) {
        let trace = self.path("trace");
        let mut command = msgq();
        command.args(["report", "--json", "--perfetto"]).arg(&trace).arg(&self.recording);
        let output = run(&mut command);
        assert!(output.status.success(), "{}", text(&output.stderr));
        (serde_json::from_slice(&output.stdout).expect("JSON"), trace)
    }

    /// Its calls as `msgq trace -f json` has them.
    pub fn calls(&self) -> Vec<Value> {
        let mut command = msgq();
        let output =
            run(command.args(["trace", "-f", "json", "-o", "-", "-r"]).arg(&self.recording));
        super::support::traced::objects(&text(&output.stdout))
    }
}

/// What a trace in a file shows.
pub fn shown(trace: &Path) -> Shown {
    let bytes = fs::read(trace).expect("a trace");
    Shown::by(&Trace::decode(bytes.as_slice()).expect("protocol buffers"))
}
