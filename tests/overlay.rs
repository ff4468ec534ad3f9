//! The overlay header: programs that were not changed call our library, or are not linked at all.
//! C++ is listed as ignored where there is no compiler for it.

mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::PathBuf;
use std::process::{Command, Output};
use support::{cc, library, root, run, text};

fn main() {
    let trials = vec![
        Trial::test("a_program_without_the_library_is_not_linked", not_linked_without),
        Trial::test("a_program_asks_the_library_wherever_it_stands", linked_anywhere),
        Trial::test("a_static_program_asks_the_archive", linked_statically),
        Trial::ignorable_test("a_program_in_cpp_asks_the_library", || {
            match cc("cpp").arg("--version").output() {
                Err(_) => Ok(Completion::ignored_with("there is no C++ compiler")),
                Ok(_) => asks_us(linked("cpp", &["-lc", "OURS"])).map(|()| Completion::Completed),
            }
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// It knows nothing of us. It prints whether a queue was made.
const PROGRAM: &str = r#"
#include <stdio.h>
#include <sys/msg.h>

static int (*get)(key_t, int) = msgget;

int main(void) {
    int id = get(IPC_PRIVATE, 0600);
    if (id == -1)
        perror("msgget");
    else if (msgctl(id, IPC_RMID, NULL) == 0)
        puts("made");
    return 0;
}
"#;

/// A program that was to be linked.
struct Linked {
    program: PathBuf,
    output: Output,
    directory: tempfile::TempDir,
}

/// Compiles the program with the overlay, and links it with these arguments. OURS and ARCHIVE stand
/// for the library.
fn linked(language: &str, arguments: &[&str]) -> Linked {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("program");
    let source = program.with_extension(language);
    std::fs::write(&source, PROGRAM).expect("a source file");
    let overlay = root().join("include/msgq-overlay");
    let mut command = cc(language);
    command.arg("-I").arg(overlay).arg("-o").arg(&program).arg(&source);
    for argument in arguments {
        match *argument {
            "OURS" => command.arg(library()),
            "ARCHIVE" => command.arg(library().with_extension("a")),
            other => command.arg(other),
        };
    }
    let output = command.output().expect("a compiler");
    Linked { program, output, directory }
}

/// Whether the program asks us: a fault that is injected comes to it.
fn asks_us(linked: Linked) -> Result<(), Failed> {
    let Linked { program, output, directory } = linked;
    if !output.status.success() {
        return Err(text(&output.stderr).into());
    }
    // The library that was linked is called libmsgq.so.0.
    std::os::unix::fs::symlink(library(), directory.path().join("libmsgq.so.0"))?;
    let ran = |rules| {
        let mut command = Command::new(&program);
        command.env_remove("LD_PRELOAD").env("LD_LIBRARY_PATH", directory.path());
        run(command.env("MSGQ_INJECT", rules))
    };
    let (refused, made) = (ran("msgget:errno=ENOSPC"), ran(""));
    let said = [text(&refused.stderr), text(&made.stdout)];
    if said != ["msgget: No space left on device\n", "made\n"] {
        return Err(format!("{refused:?}\n{made:?}").into());
    }
    Ok(())
}

fn not_linked_without() -> Result<(), Failed> {
    let output = linked("c", &[]).output;
    let said = text(&output.stderr);
    let named = ["msgq_msgget", "msgq_msgctl"].iter().all(|name| said.contains(name));
    match output.status.success() || !named {
        true => Err(format!("{}\n{said}", output.status).into()),
        false => Ok(()),
    }
}

fn linked_anywhere() -> Result<(), Failed> {
    asks_us(linked("c", &["OURS"]))?;
    asks_us(linked("c", &["-lc", "OURS"]))
}

fn linked_statically() -> Result<(), Failed> {
    asks_us(linked("c", &["-static", "ARCHIVE"]))
}
