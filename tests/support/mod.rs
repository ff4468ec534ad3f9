//! What the tests of the library's files and of the command share.
#![allow(dead_code)] // Each test program uses a part.

pub mod traced;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

/// The package's directory.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The command under test.
pub fn msgq() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msgq"));
    for variable in
        ["MSGQ_ENGINE", "MSGQ_DIR", "MSGQ_TRACE", "MSGQ_CHECK", "MSGQ_INJECT", "LD_PRELOAD"]
    {
        command.env_remove(variable);
    }
    command
}

/// The shared library that was built with this test.
pub fn library() -> PathBuf {
    let deps = env::current_exe().expect("this test's path");
    let deps = deps.parent().expect("target/*/deps");
    let places = [deps.join("libmsgq.so"), deps.parent().unwrap().join("libmsgq.so")];
    let newest = places
        .into_iter()
        .filter(|path| path.exists())
        .max_by_key(|path| path.metadata().and_then(|data| data.modified()).ok());
    newest.expect("libmsgq.so beside the test")
}

/// The directory of the release build.
pub fn release() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().expect("this test's path");
        let target = test.ancestors().nth(3).expect("target/*/deps/test").to_path_buf();
        let output = Command::new(env!("CARGO"))
            .args(["build", "--release", "--lib", "--bins", "--target-dir"])
            .arg(&target)
            .current_dir(root())
            .output()
            .expect("cargo");
        assert!(output.status.success(), "cargo build --release: {}", text(&output.stderr));
        target.join("release")
    })
}

/// The compiler for a language, by the ending of its files.
pub fn cc(language: &str) -> Command {
    let (variable, usual) = if language == "c" { ("CC", "cc") } else { ("CXX", "c++") };
    Command::new(env::var_os(variable).unwrap_or_else(|| usual.into()))
}

/// Compiles a C program to a file in `directory`.
pub fn compile(directory: &Path, name: &str, source: &str, extra: &[&str]) -> PathBuf {
    let file = directory.join(format!("{name}.c"));
    std::fs::write(&file, source).expect("a source file");
    let program = directory.join(name);
    let output = cc("c")
        .args(["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Werror", "-pthread", "-o"])
        .arg(&program)
        .arg(&file)
        .args(extra)
        .output()
        .expect("a C compiler");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    program
}

/// Output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command to its end, with nothing on standard input.
pub fn run(command: &mut Command) -> Output {
    command.stdin(std::process::Stdio::null()).output().expect("a command that runs")
}

/// Sends a signal. (The shell has `kill` built in; a program of that name need not be there.)
pub fn kill(signal: &str, process: &str) {
    let output = run(Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]));
    assert!(output.status.success(), "kill -{signal} {process}: {}", text(&output.stderr));
}

/// Waits until something is so, for at most ten seconds.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("waited ten seconds for this in vain: {what}");
}
