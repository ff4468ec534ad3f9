//! What the tests of the library's files and of the command share.
#![allow(dead_code)] // Each test program uses a part.

pub mod place;
pub mod strace;
pub mod traced;

use std::env;
use std::io::ErrorKind;
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
    for variable in [
        "MSGQ_ENGINE",
        "MSGQ_DIR",
        "MSGQ_TRACE",
        "MSGQ_CHECK",
        "MSGQ_INJECT",
        "MSGQ_DEEPBIND",
        "LD_PRELOAD",
    ] {
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
    command.stdin(std::process::Stdio::null());
    loop {
        match command.output() {
            // A program that was just copied is open for writing yet in what other threads start.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(5));
            }
            told => return told.expect("a command that runs"),
        }
    }
}

/// Runs a command to its end, with this on standard input.
pub fn run_with(command: &mut Command, input: &[u8]) -> Output {
    use std::process::Stdio;
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a command that runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // It may end before it has read all, which is its own affair.
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut pipe, &input)));
    let output = child.wait_with_output().expect("a command that ends");
    writer.join().expect("a thread that writes");
    output
}

/// Sends a signal. (The shell has `kill` built in; a program of that name need not be there.)
pub fn kill(signal: &str, process: &str) {
    let output = run(Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]));
    assert!(output.status.success(), "kill -{signal} {process}: {}", text(&output.stderr));
}

/// The command where everybody may run it: the build may be in a directory of one user's.
pub fn copy_for_all(place: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let all = || std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place, all()).expect("a directory of ours");
    let copy = place.join("msgq");
    // By another process: a file that this one has open for writing is so, for a moment, in whatever
    // other threads start, and cannot be executed then.
    let copied = run(Command::new("cp").arg(env!("CARGO_BIN_EXE_msgq")).arg(&copy));
    assert!(copied.status.success(), "{copied:?}");
    std::fs::set_permissions(&copy, all()).expect("a copy of ours");
    copy
}

/// Whether commands can be run in an IPC namespace of their own.
pub fn may_have_a_namespace() -> bool {
    let tried = Command::new("unshare").args(["--ipc", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Whether a program is there, and is util-linux's.
pub fn is_util_linuxs(program: &str) -> bool {
    let told = Command::new(program).arg("--version").output();
    told.is_ok_and(|output| text(&output.stdout).contains("util-linux"))
}

/// Waits until something is so, for at most a minute.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..12_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("waited a minute for this in vain: {what}");
}

/// Whether there is a program of this name in PATH.
pub fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
