//! The C header: in step with the source, and accepted by C and C++ compilers in every order.

mod support;

use std::env;
use std::fs;
use std::path::Path;
use support::{cc, root};

fn generate() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("cbindgen.toml");
    let builder = cbindgen::Builder::new().with_src(root().join("src/abi.rs")).with_config(config);
    let mut header = Vec::new();
    builder.generate().expect("src/abi.rs").write(&mut header);
    String::from_utf8(header).expect("a text")
}

#[test]
fn the_committed_header_is_what_cbindgen_makes_of_the_source() {
    let path = root().join("include/msgq.h");
    let generated = generate();
    if env::var_os("MSGQ_WRITE_HEADER").is_some() {
        fs::write(&path, &generated).expect("include/msgq.h");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    for (number, (ours, made)) in committed.lines().zip(generated.lines()).enumerate() {
        assert_eq!(ours, made, "include/msgq.h, line {}", number + 1);
    }
    assert_eq!(
        committed.lines().count(),
        generated.lines().count(),
        "include/msgq.h is not what cbindgen makes; MSGQ_WRITE_HEADER=1 cargo test --test header"
    );
}

#[test]
fn the_header_documents_every_exported_function() {
    let header = fs::read_to_string(root().join("include/msgq.h")).expect("include/msgq.h");
    let lines: Vec<&str> = header.lines().collect();
    for function in ["msgq_version", "msgget", "msgctl", "msgsnd", "msgrcv"] {
        let name = format!("{function}(");
        let declared = lines.iter().position(|line| line.contains(&name) && line.ends_with(");"));
        let before = declared.and_then(|line| lines.get(line - 1)).expect(function);
        assert_eq!(before.trim(), "*/", "a comment ends right before {function}");
    }
}

/// The header alone, before and after the C library's, and both in use.
const PROGRAMS: [(&str, &str); 3] = [
    ("alone", "#include <msgq.h>\n"),
    ("before", "#include <msgq.h>\n#include <sys/msg.h>\n#include <sys/ipc.h>\n"),
    ("after", "#include <sys/ipc.h>\n#include <sys/msg.h>\n#include <msgq.h>\n"),
];

const BODY: &str = r#"
int main(void) {
    struct { long mtype; char mtext[8]; } message;
    struct msqid_ds data;
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    message.mtype = 1;
    message.mtext[0] = msgq_version()[0];
    if (id == -1 || msgsnd(id, &message, 1, 0) == -1) return 1;
    if (msgrcv(id, &message, sizeof message.mtext, 0, IPC_NOWAIT) != (ssize_t)1) return 2;
    return msgctl(id, IPC_STAT, &data) == -1 || msgctl(id, IPC_RMID, 0) == -1;
}
"#;

fn compile(directory: &Path, name: &str, includes: &str, language: &str, standard: &str) {
    let source = directory.join(format!("{name}-{standard}.{language}"));
    fs::write(&source, format!("{includes}{BODY}")).expect("a source file");
    // Strict ISO C hides what POSIX declares; a program that uses queues asks for it.
    let output = cc(language)
        .args([&format!("-std={standard}"), "-D_GNU_SOURCE", "-fsyntax-only"])
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .expect("a compiler");
    assert!(
        output.status.success(),
        "{name} as {standard}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn knows(language: &str, standard: &str) -> bool {
    let output = cc(language)
        .args([&format!("-std={standard}"), "-fsyntax-only", "-x"])
        .args([if language == "c" { "c" } else { "c++" }, "/dev/null"])
        .output()
        .expect("a compiler");
    output.status.success()
}

fn compile_all(language: &str, standard: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, includes) in PROGRAMS {
        compile(directory.path(), name, includes, language, standard);
    }
}

#[test]
fn c99_accepts_the_header_in_every_order() {
    compile_all("c", "c99");
}

#[test]
fn c11_accepts_the_header_in_every_order() {
    compile_all("c", "c11");
}

#[test]
fn c23_accepts_the_header_in_every_order() {
    // Compilers of before 2024 call it c2x.
    let name = ["c23", "c2x"].into_iter().find(|name| knows("c", name));
    compile_all("c", name.expect("a C compiler that knows C23 by either name"));
}

#[test]
fn cpp_accepts_the_header_in_every_order() {
    for standard in ["c++11", "c++17", "c++20"] {
        compile_all("cpp", standard);
    }
}
