//! The README's block for who looks after queues.

use crate::support::place::Place;
use crate::support::{root, run, text};
use std::path::Path;
use std::process::Command;

pub fn test(place: &Place) {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, section) = readme.split_once("## Look after queues").expect("the section");
    let (_, block) = section.split_once("```sh\n").expect("the block");
    let (block, _) = block.split_once("```").expect("its end");
    let beside = Path::new(env!("CARGO_BIN_EXE_msgq")).parent().expect("a directory");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [beside.into()].into_iter().chain(std::env::split_paths(&path));
    let mut command = Command::new("sh");
    command.args(["-e", "-c", block]).current_dir(place.directory.path());
    command.env("PATH", std::env::join_paths(path).expect("a path"));
    command.env("MSGQ_ENGINE", place.engine).env("MSGQ_DIR", place.directory.path());
    let output = run(&mut command);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    for part in ["0x000004d2 ", "\nhello\n", "removed 1 message from queue", "msgmnb"] {
        assert!(printed.contains(part), "{part:?} is not in:\n{printed}");
    }
    let left = place.does(&["ipcs", "-u"]);
    assert!(left.contains("allocated queues = 0\n"), "{left}");
}
