//! What the command and the library say to what makes no sense: one line that names it, and a
//! status that is not 0.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use support::{library, msgq, run, text};

/// Asserts the status, and that standard error is one line with all these parts.
fn assert_one_line(output: &Output, status: i32, parts: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn an_unknown_option_is_named() {
    let output = run(msgq().args(["trace", "--frobnicate", "--", "true"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--frobnicate"), "{}", text(&output.stderr));
}

#[test]
fn an_unknown_call_after_e_is_named_with_those_that_exist() {
    let output = run(msgq().args(["trace", "-e", "msgsnd,semop", "--", "true"]));
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.contains("semop") && error.contains("msgrcv"), "{error}");
}

#[test]
fn an_unknown_engine_is_named_with_those_that_exist() {
    let output = run(msgq().args(["trace", "--engine", "cloud", "--", "true"]));
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.contains("cloud") && error.contains("kernel"), "{error}");
}

#[test]
fn no_command_at_all_is_an_error() {
    let output = run(msgq().arg("trace"));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn a_command_that_is_not_there_gives_127() {
    for command in ["no-such-command", "/no/such/command"] {
        let output = run(msgq().args(["trace", "--", command]));
        assert_one_line(&output, 127, &[command, "not found"]);
    }
}

#[test]
fn a_command_that_cannot_be_executed_gives_126() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("data");
    fs::write(&file, "no program").unwrap();
    let output = run(msgq().args(["trace", "--"]).arg(&file));
    assert_one_line(&output, 126, &["data", "cannot be executed", "Permission denied"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let output = run(msgq().args(["trace", "--"]).arg(&file));
    assert_one_line(&output, 126, &["data", "cannot be executed", "Exec format error"]);
}

#[test]
fn an_output_that_cannot_be_written_is_named_before_the_command_runs() {
    let directory = tempfile::tempdir().unwrap();
    let witness = directory.path().join("ran");
    for (option, path) in [("-o", "/no/such/dir/trace"), ("-w", "/no/such/dir/recording")] {
        let output = run(msgq().args(["trace", option, path, "--", "touch"]).arg(&witness));
        assert_ne!(output.status.code(), Some(0));
        assert_one_line(&output, output.status.code().unwrap(), &[path, "No such file"]);
        assert!(!witness.exists(), "the command was run");
    }
}

#[test]
fn an_output_that_fails_later_does_not_stop_the_command() {
    let output =
        run(msgq().args(["trace", "-o", "/dev/full", "--", env!("CARGO_BIN_EXE_msgq"), "demo"]));
    assert!(text(&output.stdout).contains("the bill"), "{}", text(&output.stdout));
    assert_one_line(&output, 0, &["/dev/full", "No space left"]);
}

#[test]
fn a_foreign_file_is_no_recording() {
    let output = run(msgq().args(["trace", "-r", "/etc/passwd"]));
    assert_one_line(&output, 1, &["/etc/passwd", "no recording"]);
    let output = run(msgq().args(["trace", "-r", "/dev/null"]));
    assert_one_line(&output, 1, &["/dev/null", "no recording"]);
    let output = run(msgq().args(["trace", "-r", "/no/such/file"]));
    assert_one_line(&output, 1, &["/no/such/file", "No such file"]);
    let output = run(msgq().args(["trace", "-r", "/tmp"]));
    assert_one_line(&output, 1, &["/tmp", "directory"]);
}

#[test]
fn a_recording_of_another_version_is_told_from_a_foreign_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("newer");
    let mut bytes = b"msgqrec\n".to_vec();
    bytes.extend(99u64.to_ne_bytes());
    bytes.resize(4096, 0);
    fs::write(&file, bytes).unwrap();
    let output = run(msgq().args(["trace", "-r"]).arg(&file));
    assert_one_line(&output, 1, &["newer", "format 99", "format 1"]);
}

#[test]
fn a_recording_that_is_cut_off_shows_what_is_there_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("recording");
    let output = run(msgq().args(["trace", "-w"]).arg(&file).args([
        "--",
        env!("CARGO_BIN_EXE_msgq"),
        "demo",
    ]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let bytes = fs::read(&file).unwrap();
    // A slot has 128 bytes, and begins with its kind: 1 is msgget.
    let slots = bytes[4096..].chunks(128).skip(1);
    let before = 4096 + 128 * (1 + slots.take_while(|slot| slot[0] != 1).count());
    for length in [bytes.len() / 2, before + 128 + 7, before, 4096, 4095, 100, 8] {
        fs::write(&file, &bytes[..length]).unwrap();
        let output = run(msgq().args(["trace", "-r"]).arg(&file));
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{length} bytes: {error}");
        let last = error.lines().last().unwrap();
        assert!(last.contains("recording: "), "{length} bytes: {last}");
        assert!(last.contains("cut off") || last.contains("no recording"), "{length}: {last}");
        assert_eq!(error.contains("msgget("), length > before, "{length} bytes: {error}");
    }
}

#[test]
fn a_damaged_recording_never_harms_the_command() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("recording");
    run(msgq().args(["trace", "-w"]).arg(&file).args(["--", env!("CARGO_BIN_EXE_msgq"), "demo"]));
    let sound = fs::read(&file).unwrap();
    let mut random = 88172645463325252u64;
    for round in 0..60 {
        let mut bytes = sound.clone();
        for _ in 0..40 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Most of the file is empty; its beginning is where damage matters.
            let at = random as usize % 8192.min(bytes.len());
            bytes[at] = (random >> 40) as u8;
        }
        fs::write(&file, bytes).unwrap();
        let output = run(msgq().args(["trace", "-f", "json", "-r"]).arg(&file));
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)), "round {round}: {:?}", output.status);
    }
}

/// A C-library program that makes one call: perl is everywhere.
fn one_call() -> Command {
    let mut command = Command::new("perl");
    command.args(["-e", "my $q = msgget(0, 0600); print defined $q ? 'made' : int($!); msgctl($q, 0, 0) if defined $q"]);
    command
}

#[test]
fn a_meaningless_engine_is_named_once_and_every_call_fails() {
    for (variable, value) in [
        ("MSGQ_ENGINE", "SHM"),
        ("MSGQ_ENGINE", "KERNEL"),
        ("MSGQ_CHECK", "loudly"),
        ("MSGQ_INJECT", "msgsnd:errno=EPERM"),
        ("MSGQ_DEEPBIND", "yes"),
    ] {
        let output = run(one_call().env("LD_PRELOAD", library()).env(variable, value));
        assert_eq!(text(&output.stdout), libc::ENOSYS.to_string());
        let assignment = format!("{variable}={value}");
        assert_one_line(&output, 0, &[&assignment, "allowed"]);
    }
}

#[test]
fn the_command_refuses_a_meaningless_engine_in_its_environment() {
    let output = run(msgq().args(["trace", "--", "true"]).env("MSGQ_ENGINE", "abacus"));
    assert_one_line(&output, 2, &["MSGQ_ENGINE=abacus", "kernel"]);
}

#[test]
fn an_empty_value_is_as_none() {
    let output =
        run(one_call().env("LD_PRELOAD", library()).env("MSGQ_ENGINE", "").env("MSGQ_TRACE", ""));
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("made".into(), "".into()));
}

#[test]
fn a_recording_that_cannot_be_made_is_named_and_the_program_runs_on() {
    let foreign = tempfile::NamedTempFile::new().unwrap();
    fs::write(&foreign, "precious").unwrap();
    let foreign = foreign.path().to_str().unwrap().to_string();
    for (path, reason) in [("/no/such/dir/x", "No such file"), (&foreign, "no recording")] {
        let output = run(one_call().env("LD_PRELOAD", library()).env("MSGQ_TRACE", path));
        assert_eq!(text(&output.stdout), "made");
        assert_one_line(&output, 0, &["MSGQ_TRACE=", path, reason]);
    }
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "precious");
}

/// One call on shm with its queues in this directory.
fn one_call_in(directory: &std::path::Path) -> Output {
    let mut command = one_call();
    command.env("LD_PRELOAD", library()).env("MSGQ_ENGINE", "shm").env("MSGQ_DIR", directory);
    run(&mut command)
}

/// Asserts that the calls were refused with one line that has these parts.
fn assert_refused(output: &Output, parts: &[&str]) {
    assert_eq!(text(&output.stdout), libc::ENOSYS.to_string(), "{}", text(&output.stderr));
    assert_one_line(output, 0, parts);
}

#[test]
fn a_directory_of_queues_is_made_where_there_is_none() {
    let parent = tempfile::tempdir().unwrap();
    let output = one_call_in(&parent.path().join("queues"));
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("made".into(), "".into()));
}

#[test]
fn a_file_in_place_of_the_directory_of_queues_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = one_call_in(file.path());
    assert_refused(&output, &[file.path().to_str().unwrap(), "no directory"]);
}

#[test]
fn a_directory_that_everybody_may_clear_out_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_refused(&one_call_in(directory.path()), &["sticky bit"]);
}

#[test]
fn a_foreign_file_of_queues_is_refused_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let queues = directory.path().join("queues");
    fs::write(&queues, "precious").unwrap();
    assert_refused(&one_call_in(directory.path()), &["something else"]);
    assert_eq!(fs::read_to_string(&queues).unwrap(), "precious");
}

#[test]
fn queues_of_another_version_are_refused() {
    use std::os::unix::fs::FileExt;
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(text(&one_call_in(directory.path()).stdout), "made");
    let queues = fs::File::options().write(true).open(directory.path().join("queues")).unwrap();
    queues.write_at(&77u64.to_ne_bytes(), 8).unwrap();
    assert_refused(&one_call_in(directory.path()), &["another version"]);
}
