//! The C header: in step with the source.

mod support;

use std::env;
use std::fs;
use support::root;

fn generate() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("cbindgen.toml");
    let builder = cbindgen::Builder::new()
        .with_src(root().join("src/abi.rs"))
        .with_src(root().join("src/hooks/call.rs"))
        .with_config(config);
    let mut header = Vec::new();
    builder.generate().expect("the sources").write(&mut header);
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
    let calls = ["msgget", "msgctl", "msgsnd", "msgrcv"];
    let own = calls.map(|call| format!("msgq_{call}"));
    let ours = ["msgq_version", "msgq_hook_add", "msgq_hook_remove"];
    for function in own.iter().map(String::as_str).chain(calls).chain(ours) {
        let name = format!("{function}(");
        let declared =
            lines.iter().position(|line| line.contains(&name) && !line.starts_with(" *"));
        let before = declared.and_then(|line| lines.get(line - 1)).expect(function);
        assert_eq!(before.trim(), "*/", "a comment ends right before {function}");
    }
}
