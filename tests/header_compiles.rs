//! The C header and the overlay, accepted by C and C++ compilers in every order. A language that the
//! compiler does not know, or that there is no compiler for, is listed as ignored.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::Path;
use support::{cc, root, text};

/// The languages, each by the names that compilers have for it, the newest first.
const LANGUAGES: [(&str, &[&str]); 6] = [
    ("c", &["c99"]),
    ("c", &["c11"]),
    // Compilers of before 2024 call it c2x.
    ("c", &["c23", "c2x"]),
    ("cpp", &["c++11"]),
    ("cpp", &["c++17"]),
    ("cpp", &["c++20"]),
];

fn main() {
    let trials = LANGUAGES.iter().flat_map(|(language, names)| {
        let known = names.iter().find(|name| knows(language, name));
        if known.is_none() {
            println!("{}: no compiler for it", names[0]);
        }
        PROGRAMS.map(|(name, directories, includes)| {
            let standard = *known.unwrap_or(&names[0]);
            let test = move || {
                let directory = tempfile::tempdir()?;
                let source = directory.path().join(format!("program.{language}"));
                fs::write(&source, format!("{includes}{BODY}"))?;
                compile(&source, directories, language, standard)
            };
            Trial::test(format!("{}/{name}", names[0]), test).with_ignored_flag(known.is_none())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// The headers alone, before and after the C library's, and both in use: where they are looked for,
/// and what stands above the program.
const PROGRAMS: [(&str, &[&str], &str); 6] = [
    ("alone", &["include"], "#include <msgq.h>\n"),
    ("before", &["include"], "#include <msgq.h>\n#include <sys/msg.h>\n#include <sys/ipc.h>\n"),
    ("after", &["include"], "#include <sys/ipc.h>\n#include <sys/msg.h>\n#include <msgq.h>\n"),
    (
        "overlay",
        &["include/msgq-overlay"],
        "#include <sys/msg.h>\n#include <sys/msg.h>\n#define msgq_version() \"\"\n",
    ),
    (
        "overlay_before",
        &["include/msgq-overlay", "include"],
        "#include <sys/msg.h>\n#include <msgq.h>\n",
    ),
    (
        "overlay_after",
        &["include", "include/msgq-overlay"],
        "#include <msgq.h>\n#include <sys/msg.h>\n",
    ),
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

fn compile(
    source: &Path,
    directories: &[&str],
    language: &str,
    standard: &str,
) -> Result<(), Failed> {
    // Strict ISO C hides what POSIX declares; a program that uses queues asks for it.
    let output = cc(language)
        .args([&format!("-std={standard}"), "-D_GNU_SOURCE", "-fsyntax-only"])
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(directories.iter().map(|directory| format!("-I{}", root().join(directory).display())))
        .arg(source)
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("as {standard}:\n{}", text(&output.stderr)).into())
}

fn knows(language: &str, standard: &str) -> bool {
    let output = cc(language)
        .args([&format!("-std={standard}"), "-fsyntax-only", "-x"])
        .args([if language == "c" { "c" } else { "c++" }, "/dev/null"])
        .output();
    output.is_ok_and(|output| output.status.success())
}
