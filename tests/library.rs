//! The files that `cargo build --release` makes: what they export, need and weigh.

mod support;

use std::process::Command;
use support::{compile, release, root, run, text};

/// What a tool prints about one of the release build's files.
fn about(tool: &[&str], file: &str) -> String {
    let output = run(Command::new(tool[0]).args(&tool[1..]).arg(release().join(file)));
    assert!(output.status.success(), "{tool:?} {file}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn the_shared_library_exports_the_four_calls_and_msgq_names_alone() {
    let symbols = about(&["nm", "-D", "--defined-only"], "libmsgq.so");
    let mut names: Vec<&str> =
        symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    names.sort_unstable();
    // A version would stand behind an @, and keep the library from being preloaded.
    assert_eq!(
        names,
        [
            "msgctl",
            "msgget",
            "msgq_hook_add",
            "msgq_hook_remove",
            "msgq_msgctl",
            "msgq_msgget",
            "msgq_msgrcv",
            "msgq_msgsnd",
            "msgq_version",
            "msgrcv",
            "msgsnd",
        ],
        "{symbols}"
    );
}

#[test]
fn the_calls_and_their_names_of_our_own_are_the_same_functions() {
    for file in ["libmsgq.so", "libmsgq.a"] {
        let symbols = about(&["readelf", "-sW"], file);
        // A global function that is defined: its place in the file, and the section that it is in.
        let place = |name: &str| {
            let lines = symbols.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let mut defined = lines.filter(|line| line.len() == 8 && line[6] != "UND");
            defined
                .find(|line| line[4] == "GLOBAL" && line[7] == name)
                .map(|line| (line[1].to_string(), line[6].to_string()))
        };
        for name in ["msgget", "msgctl", "msgsnd", "msgrcv"] {
            let (usual, own) = (place(name), place(&format!("msgq_{name}")));
            assert!(usual.is_some(), "{name} is not in {file}");
            assert_eq!(usual, own, "{name} and msgq_{name} in {file}");
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_shared_library_has_its_eight_probes() {
    let notes = about(&["readelf", "-nW"], "libmsgq.so");
    let probes = notes.lines().filter(|line| line.contains("Provider: msgq"));
    assert_eq!(probes.count(), 8, "{notes}");
}

#[test]
fn the_shared_library_has_its_soname_and_stays_loaded() {
    let dynamic = about(&["readelf", "-dW"], "libmsgq.so");
    assert!(dynamic.contains("Library soname: [libmsgq.so.0]"), "{dynamic}");
    let flags = dynamic.lines().find(|line| line.contains("FLAGS_1")).unwrap_or_default();
    assert!(flags.contains("NODELETE"), "{dynamic}");
}

#[test]
fn the_shared_library_needs_the_c_library_and_libgcc_alone() {
    let dynamic = about(&["readelf", "-dW"], "libmsgq.so");
    let needed = dynamic.lines().filter(|line| line.contains("(NEEDED)"));
    let names: Vec<&str> = needed.filter_map(|line| line.split(['[', ']']).nth(1)).collect();
    let c_library = ["libc.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];
    assert!(names.contains(&"libc.so.6"), "{names:?}");
    assert!(names.iter().all(|name| c_library.contains(name)), "{names:?}");
}

#[test]
fn the_shared_library_is_under_800_kilobytes_stripped() {
    let directory = tempfile::tempdir().expect("a directory");
    let stripped = directory.path().join("libmsgq.so");
    let file = release().join("libmsgq.so");
    let output = run(Command::new("strip").arg("-o").arg(&stripped).arg(file));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let bytes = stripped.metadata().expect("the stripped file").len();
    assert!(bytes < 800_000, "{bytes} bytes");
}

#[test]
fn nothing_of_the_commands_dependencies_is_in_the_shared_library() {
    let symbols = about(&["nm", "-C"], "libmsgq.so");
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let optional = manifest.lines().filter(|line| line.contains("optional = true"));
    let crates: Vec<String> = optional
        .filter_map(|line| line.split_whitespace().next())
        .map(|name| name.replace('-', "_"))
        .collect();
    assert!(crates.contains(&"clap".to_string()), "{crates:?}");
    for name in crates {
        // Rust's std has an `object` and an `addr2line` of its own inside it, for backtraces.
        let is_stds = ["object", "addr2line"].contains(&name.as_str());
        let found = symbols.lines().find(|line| line.contains(&format!(" {name}::")) && !is_stds);
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn the_library_is_built_without_the_commands_dependencies_too() {
    let tree = run(Command::new(env!("CARGO"))
        .args(["tree", "--no-default-features", "--edges", "normal", "--prefix", "none"])
        .current_dir(root()));
    let crates: Vec<String> = text(&tree.stdout)
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(Into::into)
        .collect();
    assert_eq!(crates, ["msgq", "libc"], "{}", text(&tree.stderr));
}

/// A program that uses the library by its header, its name, and its marker.
const PROGRAM: &str = r#"
#include <msgq.h>
#include <stdio.h>
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    if (id == -1 || msgctl(id, IPC_RMID, NULL) == -1) return 1;
    return printf("%s\n", msgq_version()) < 0;
}
"#;

#[test]
fn a_program_links_with_the_line_that_the_readme_gives_for_the_shared_library() {
    let directory = tempfile::tempdir().expect("a directory");
    let dir = release().display().to_string();
    let include = root().join("include").display().to_string();
    // The linker finds libmsgq.so, the program libmsgq.so.0.
    std::os::unix::fs::symlink(release().join("libmsgq.so"), directory.path().join("libmsgq.so.0"))
        .expect("a link");
    let rpath = format!("-Wl,-rpath,{}", directory.path().display());
    let extra = ["-I", &include, "-L", &dir, "-lmsgq", &rpath];
    let output = run(&mut Command::new(compile(directory.path(), "linked", PROGRAM, &extra)));
    assert_eq!(text(&output.stdout), concat!(env!("CARGO_PKG_VERSION"), "\n"), "{output:?}");
}

#[test]
fn a_program_links_with_the_line_that_the_readme_gives_for_the_archive() {
    let directory = tempfile::tempdir().expect("a directory");
    let archive = release().join("libmsgq.a").display().to_string();
    let include = root().join("include").display().to_string();
    let extra = ["-I", &include, &archive, "-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];
    let output = run(&mut Command::new(compile(directory.path(), "archive", PROGRAM, &extra)));
    assert_eq!(text(&output.stdout), concat!(env!("CARGO_PKG_VERSION"), "\n"), "{output:?}");
    let static_extra = ["-static", "-I", &include, &archive];
    let output =
        run(&mut Command::new(compile(directory.path(), "static", PROGRAM, &static_extra)));
    assert_eq!(text(&output.stdout), concat!(env!("CARGO_PKG_VERSION"), "\n"), "{output:?}");
}
