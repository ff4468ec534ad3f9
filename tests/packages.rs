//! What packagers' tools install, and programs that are built against it. Where a tool is missing, its
//! tests are listed as ignored, with the reason.

#[path = "packages/client.rs"]
mod client;
mod support;
#[path = "packages/tree.rs"]
mod tree;

use client::{WAYS, Way};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use support::{msgq, root, run, text};
use tempfile::TempDir;
use tree::{Tool, Tree, succeed};

/// The engines on which a program is run.
const ENGINES: [&str; 2] = ["kernel", "shm"];

fn main() {
    let no_strace =
        (!has_strace()).then(|| "strace is not installed, or may not trace".to_string());
    let mut trials = Vec::new();
    for tool in Tool::ALL {
        let no_tool = tool.why_not();
        let mut add = |name: &str, why_not: Option<String>, test: Test| {
            let name = format!("{}/{name}", tool.name());
            trials.push(Trial::ignorable_test(name, move || match &why_not {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => test(tool.tree()?).map(|()| Completion::Completed),
            }));
        };
        add("has_all_files", no_tool.clone(), Box::new(move |tree| has_all_files(tool, tree)));
        add("versions", no_tool.clone(), Box::new(versions));
        add("soname", no_tool.clone(), Box::new(soname));
        for way in &WAYS {
            for engine in ENGINES {
                let name = format!("{}/{engine}", way.name);
                let test = move |tree: &Tree| runs(tool, tree, way, engine);
                add(&name, no_tool.clone().or_else(|| way.why_not()), Box::new(test));
            }
            let name = format!("{}/shm_reaches_no_kernel", way.name);
            let why_not = no_tool.clone().or_else(|| way.why_not()).or_else(|| no_strace.clone());
            add(&name, why_not, Box::new(move |tree| reaches_no_kernel(tool, tree, way)));
        }
        if tool == Tool::Deb {
            add("command", no_tool.clone(), Box::new(command));
            add("dpkg_installs_and_removes", no_tool, Box::new(dpkg));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// A test of an installation.
type Test = Box<dyn Fn(&Tree) -> Result<(), Failed> + Send>;

/// What a library's installation has.
const FILES: [&str; 11] = [
    "include/msgq-overlay/sys/msg.h",
    "include/msgq.h",
    "lib/libmsgq.a",
    "lib/libmsgq.so",
    "lib/libmsgq.so.0",
    "lib/libmsgq.so.0.1.0",
    "lib/pkgconfig/msgq.pc",
    "share/cmake/msgq/msgqConfig.cmake",
    "share/cmake/msgq/msgqConfigVersion.cmake",
    "share/man/man3/msgq.3",
    "share/man/man7/msgq.7",
];

/// What the Debian package has besides.
const COMMANDS_FILES: [&str; 5] = [
    "bin/msgq",
    "share/bash-completion/completions/msgq",
    "share/fish/vendor_completions.d/msgq.fish",
    "share/man/man1/msgq.1",
    "share/zsh/vendor-completions/_msgq",
];

/// Besides the documentation, which is nobody's interface.
fn has_all_files(tool: Tool, tree: &Tree) -> Result<(), Failed> {
    let mut found = Vec::new();
    files(&tree.file(""), &mut found)?;
    let mut found: Vec<String> = found
        .iter()
        .filter_map(|path| path.strip_prefix(tree.file("")).ok()?.to_str())
        .filter(|path| !path.starts_with("share/doc/"))
        .map(|path| path.trim_end_matches(".gz").to_string())
        .collect();
    found.sort();
    let more = if tool == Tool::Deb { &COMMANDS_FILES[..] } else { &[] };
    let mut expected: Vec<&str> = FILES.iter().chain(more).copied().collect();
    expected.sort_unstable();
    if found != expected {
        return Err(format!("found:\n{found:#?}\nexpected:\n{expected:#?}").into());
    }
    for link in ["lib/libmsgq.so", "lib/libmsgq.so.0"] {
        if fs::canonicalize(tree.file(link))?
            != fs::canonicalize(tree.file("lib/libmsgq.so.0.1.0"))?
        {
            return Err(format!("{link} is no link to libmsgq.so.0.1.0").into());
        }
    }
    Ok(())
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// The version stands in files that are written by hand, too.
fn versions(tree: &Tree) -> Result<(), Failed> {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("lib/pkgconfig/msgq.pc", format!("Version: {version}")),
        ("share/cmake/msgq/msgqConfigVersion.cmake", format!("set(PACKAGE_VERSION {version})")),
    ] {
        let text = fs::read_to_string(tree.file(file))?;
        if !text.lines().any(|found| found == line) {
            return Err(format!("no line {line:?} in {file}:\n{text}").into());
        }
    }
    fs::metadata(tree.file(&format!("lib/libmsgq.so.{version}")))?;
    Ok(())
}

fn soname(tree: &Tree) -> Result<(), Failed> {
    let told = succeed(Command::new("readelf").arg("-dW").arg(tree.file("lib/libmsgq.so")))?;
    match told.matches("Library soname: [libmsgq.so.0]").count() {
        1 => Ok(()),
        _ => Err(told.into()),
    }
}

/// A program, and the directory that it was built in.
type Built = Arc<OnceLock<Result<(TempDir, PathBuf), String>>>;

/// Builds a program once.
fn built(
    name: &str,
    rules: &str,
    build: impl FnOnce(&Path) -> Result<PathBuf, String>,
) -> Result<PathBuf, String> {
    static BUILT: Mutex<Option<HashMap<String, Built>>> = Mutex::new(None);
    let cell = {
        let mut all = BUILT.lock().expect("no builder panics");
        Arc::clone(all.get_or_insert_default().entry(name.to_string()).or_default())
    };
    let made = cell.get_or_init(|| {
        let place = tempfile::tempdir().map_err(|error| error.to_string())?;
        client::lay_out(place.path(), rules).map_err(|error| error.to_string())?;
        let program = build(place.path())?;
        Ok((place, program))
    });
    made.as_ref().map(|(_, program)| program.clone()).map_err(String::clone)
}

fn built_against(tool: Tool, tree: &Tree, way: &Way) -> Result<PathBuf, String> {
    let rules = way.name.trim_end_matches("_static");
    let name = format!("{}/{}", tool.name(), way.name);
    built(&name, rules, |place| (way.build)(tree, place))
}

/// The program does what it does on the C library alone, and does it with our library: the archive
/// where it is static, else the shared one.
fn runs(tool: Tool, tree: &Tree, way: &Way, engine: &str) -> Result<(), Failed> {
    let program = built_against(tool, tree, way)?;
    let plain = built("plain", "", client::plain)?;
    let (queues, key) = (tempfile::tempdir()?, key());
    let with = |program: &Path| {
        let mut command = Command::new(program);
        command.args(["IPC_STAT", &key]).env("MSGQ_ENGINE", engine).env("MSGQ_DIR", queues.path());
        command.env("LD_LIBRARY_PATH", tree.file("lib")).env_remove("LD_PRELOAD");
        command
    };
    let (ours, alone) = (run(&mut with(&program)), run(&mut with(&plain)));
    if (&ours.stdout, ours.status) != (&alone.stdout, alone.status) || !ours.status.success() {
        let all =
            [&ours.stdout, &ours.stderr, &alone.stdout, &alone.stderr].map(|bytes| text(bytes));
        return Err(format!("with us:\n{}{}alone:\n{}{}", all[0], all[1], all[2], all[3]).into());
    }
    let needed = succeed(Command::new("readelf").arg("-dW").arg(&program))?;
    if needed.contains("[libmsgq.so.0]") == way.name.ends_with("_static") {
        return Err(needed.into());
    }
    let refused = run(with(&program).env("MSGQ_INJECT", "msgget:errno=ENOSPC"));
    match text(&refused.stdout).contains("No space left on device") {
        true => Ok(()),
        false => Err(format!("the calls never came to us: {}", text(&refused.stdout)).into()),
    }
}

/// On the shm engine, the program makes none of the four system calls.
fn reaches_no_kernel(tool: Tool, tree: &Tree, way: &Way) -> Result<(), Failed> {
    let program = built_against(tool, tree, way)?;
    let queues = tempfile::tempdir()?;
    let seen = queues.path().join("seen");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=msgget,msgctl,msgsnd,msgrcv", "-o"]).arg(&seen);
    // Where strace stands between them, the library that the program needs is still found.
    traced.arg("env").arg(format!("LD_LIBRARY_PATH={}", tree.file("lib").display()));
    traced.arg(program).args(["IPC_STAT", &key()]);
    succeed(traced.env("MSGQ_ENGINE", "shm").env("MSGQ_DIR", queues.path()))?;
    let seen = fs::read_to_string(seen)?;
    if !seen.is_empty() {
        return Err(seen.into());
    }
    Ok(())
}

/// A key that no other test has: tests run side by side.
fn key() -> String {
    static USED: AtomicU32 = AtomicU32::new(0);
    let used = USED.fetch_add(1, Ordering::Relaxed);
    format!("{:#x}", 0x4d00_0000 | (std::process::id() & 0xffff) << 8 | used & 0xff)
}

fn has_strace() -> bool {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// The command of the package finds the library of the package.
fn command(tree: &Tree) -> Result<(), Failed> {
    let program = built("plain", "", client::plain)?;
    let mut traced = Command::new(tree.file("bin/msgq"));
    traced.args(["trace", "-o", "-", "--"]).arg(program).args(["IPC_STAT", "0"]);
    let said = succeed(&mut traced)?;
    let version = succeed(Command::new(tree.file("bin/msgq")).arg("--version"))?;
    let ours = succeed(msgq().arg("--version"))?;
    if !said.contains("msgsnd(") || version != ours {
        return Err(format!("{version}{said}").into());
    }
    Ok(())
}

/// Into a directory that stands for `/`, with a list of packages of its own.
fn dpkg(_: &Tree) -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let lists = place.path().join("var/lib/dpkg");
    fs::create_dir_all(lists.join("info"))?;
    fs::create_dir_all(lists.join("updates"))?;
    fs::write(lists.join("status"), "")?;
    let dpkg = || {
        let mut command = Command::new("dpkg");
        // What it depends on is in the system, not in this directory.
        command.arg("--root").arg(place.path()).args(["--force-depends", "--force-not-root"]);
        command
    };
    succeed(dpkg().arg("--install").arg(tree::package()?))?;
    let installed = place.path().join("usr/bin/msgq");
    let there = installed.exists();
    let control = fs::read_to_string(lists.join("status"))?;
    let copyright = fs::read_to_string(place.path().join("usr/share/doc/msgq/copyright"))?;
    succeed(dpkg().args(["--purge", "msgq"]))?;
    let depends = control.lines().find(|line| line.starts_with("Depends: ")).unwrap_or_default();
    if !there || installed.exists() || !depends.contains("libc6") {
        return Err(format!("installed: {there}, control:\n{control}").into());
    }
    match copyright.contains(&fs::read_to_string(root().join("LICENSE-MIT"))?) {
        true => Ok(()),
        false => Err(format!("the licence is not in\n{copyright}").into()),
    }
}
