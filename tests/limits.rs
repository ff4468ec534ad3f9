//! `msgq limits`. What sets limits runs in an IPC namespace of its own, and is listed as ignored
//! where there can be none.

mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};
use support::{copy_for_all, may_have_a_namespace, msgq, run, text};

const MSGQ: &str = env!("CARGO_BIN_EXE_msgq");

/// What is no limit, with what the line that refuses it has to say.
const BAD: [(&[&str], &[&str]); 8] = [
    (&["--msgmax", "many"], &["--msgmax", "\"many\"", "8192", "64K"]),
    (&["--msgmax", "-1"], &["--msgmax", "\"-1\""]),
    (&["--msgmax", ""], &["--msgmax", "\"\""]),
    (&["--msgmnb", "16Q"], &["--msgmnb", "\"16Q\""]),
    (&["--msgmnb", "2G"], &["--msgmnb", "2G", "too high", "2147483647"]),
    (&["--msgmni", "32769"], &["--msgmni", "32769", "too high", "32768"]),
    // Those before a bad one are sound, and yet not set.
    (&["--msgmax", "100", "--msgmni", "33K"], &["--msgmni", "33K", "too high", "32768"]),
    (&["--msgmni", "7", "--msgmnb", "x", "--msgmax", "9"], &["--msgmnb", "\"x\""]),
];

/// A test that may fail, and has nothing to say otherwise.
type Test = fn() -> Result<(), Failed>;

fn main() {
    let no_namespace = !may_have_a_namespace();
    let in_namespace: [(&str, Test); 4] = [
        ("limits_are_set_in_plain_numbers_and_in_powers_of_1024", set_in_either_notation),
        ("a_limit_that_is_not_named_stays_as_it_is", the_others_stay),
        ("nothing_is_set_where_one_value_is_bad", bad_values_set_nothing),
        ("the_highest_and_the_lowest_values_are_taken", the_ends_of_the_ranges),
    ];
    let mut trials = vec![
        Trial::test("without_an_option_the_kernels_limits_are_shown", shows_the_kernels),
        Trial::test("a_bad_value_is_told_in_one_line_with_what_would_be_right", one_line_for_bad),
        Trial::test("under_the_library_the_engine_that_is_named_is_asked", the_named_engine),
        Trial::test("a_directory_that_cannot_be_used_is_told_in_one_line", one_line_for_no_engine),
        Trial::ignorable_test("who_may_not_set_a_limit_is_told_which_and_why", not_permitted),
    ];
    trials.extend(in_namespace.map(|(name, test)| {
        Trial::ignorable_test(name, move || match no_namespace {
            true => Ok(Completion::ignored_with("this user gets no IPC namespace of his own")),
            false => test().map(|()| Completion::Completed),
        })
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Runs `msgq limits` with these options in a new namespace; then shows what its /proc says there.
fn in_a_namespace(options: &[&str]) -> Output {
    const SCRIPT: &str = r#""$0" limits "$@"; echo "status $?"
        cd /proc/sys/kernel && echo "proc $(cat msgmax) $(cat msgmnb) $(cat msgmni)""#;
    let mut command = Command::new("unshare");
    command.args(["--ipc", "sh", "-c", SCRIPT, MSGQ]).args(options);
    command.env_remove("MSGQ_ENGINE");
    run(&mut command)
}

/// The value column of the table, msgmax first.
fn values(shown: &str) -> Vec<String> {
    let rows = shown.lines().filter(|line| line.trim_start().starts_with("msgm"));
    rows.filter_map(|row| Some(row.split_whitespace().nth(1)?.to_string())).collect()
}

fn kernels() -> Vec<String> {
    let read = |name| fs::read_to_string(format!("/proc/sys/kernel/{name}")).expect(name);
    ["msgmax", "msgmnb", "msgmni"].map(|name| read(name).trim().to_string()).into()
}

fn equal<T: PartialEq + std::fmt::Debug>(seen: T, wanted: T, about: &str) -> Result<(), Failed> {
    if seen == wanted {
        return Ok(());
    }
    Err(format!("seen {seen:?}, wanted {wanted:?}:\n{about}").into())
}

/// Whether the table and /proc both have these values.
fn expect_set(options: &[&str], wanted: [&str; 3]) -> Result<(), Failed> {
    let output = in_a_namespace(options);
    let shown = format!("{options:?}\n{}{}", text(&output.stdout), text(&output.stderr));
    let last: Vec<&str> = shown.lines().filter(|line| line.starts_with("proc ")).collect();
    equal(values(&shown), wanted.map(String::from).to_vec(), &shown)?;
    equal(last, vec![format!("proc {}", wanted.join(" ")).as_str()], &shown)
}

fn shows_the_kernels() -> Result<(), Failed> {
    for options in [&[][..], &["--engine", "kernel"]] {
        let output = run(msgq().arg("limits").args(options));
        let shown = text(&output.stdout);
        equal(output.status.code(), Some(0), &text(&output.stderr))?;
        equal(values(&shown), kernels(), &shown)?;
    }
    Ok(())
}

fn set_in_either_notation() -> Result<(), Failed> {
    expect_set(
        &["--msgmax", "65537", "--msgmnb", "64M", "--msgmni", "1k"],
        ["65537", "67108864", "1024"],
    )
}

fn the_others_stay() -> Result<(), Failed> {
    // A new namespace begins with the values that the kernel was built with.
    expect_set(&["--msgmnb", "16K"], ["8192", "16384", "32000"])?;
    expect_set(&["--msgmax", "1"], ["1", "16384", "32000"])
}

fn the_ends_of_the_ranges() -> Result<(), Failed> {
    let most = ["2147483647", "2147483647", "32768"];
    expect_set(&["--msgmax", most[0], "--msgmnb", most[1], "--msgmni", most[2]], most)?;
    expect_set(&["--msgmax", "0", "--msgmnb", "0", "--msgmni", "0"], ["0", "0", "0"])
}

fn bad_values_set_nothing() -> Result<(), Failed> {
    for (options, _) in BAD {
        let output = in_a_namespace(options);
        let wanted = "status 2\nproc 8192 16384 32000\n";
        equal(text(&output.stdout).as_str(), wanted, &text(&output.stderr))?;
    }
    Ok(())
}

fn one_line_for_bad() -> Result<(), Failed> {
    for (options, parts) in BAD {
        let output = run(msgq().arg("limits").args(options));
        let error = text(&output.stderr);
        equal(output.status.code(), Some(2), &error)?;
        equal(error.lines().count(), 1, &error)?;
        for part in parts {
            equal(error.contains(part), true, &format!("{part} is not in: {error}"))?;
        }
    }
    Ok(())
}

/// The library that the command runs under has another engine, and other limits.
fn the_named_engine() -> Result<(), Failed> {
    let place = tempfile::tempdir_in("/dev/shm")?;
    let limits = |command: &mut Command| {
        let output = run(command.env("MSGQ_DIR", place.path()));
        equal(output.status.code(), Some(0), &text(&output.stderr))?;
        Ok::<_, Failed>(values(&text(&output.stdout)))
    };
    let shm = ["limits", "--engine", "shm", "--msgmax", "77"];
    equal(&limits(msgq().args(shm))?[0], &"77".to_string(), "")?;
    let under = ["run", "--engine", "shm", "--", MSGQ, "limits"];
    equal(&limits(msgq().args(under))?[0], &"77".to_string(), "as the environment says")?;
    equal(limits(msgq().args(under).args(["--engine", "kernel"]))?, kernels(), "by its name")
}

fn one_line_for_no_engine() -> Result<(), Failed> {
    for options in [&[][..], &["--msgmax", "100"]] {
        let output = run(msgq()
            .args(["limits", "--engine", "shm"])
            .args(options)
            .env("MSGQ_DIR", "/no/such/place"));
        let error = text(&output.stderr);
        equal(output.status.code(), Some(1), &error)?;
        equal(error.lines().count(), 1, &error)?;
        equal(error.contains("/no/such/place: the directory cannot be made"), true, &error)?;
    }
    Ok(())
}

/// As a stranger where this is root, and as who this is otherwise.
fn not_permitted() -> Result<Completion, Failed> {
    const STRANGER: u32 = 65534;
    let place = tempfile::tempdir()?;
    let mut command = Command::new(copy_for_all(place.path()));
    if nix::unistd::geteuid().is_root() {
        command.uid(STRANGER).gid(STRANGER);
    }
    // The values in force: where they could be set after all, nothing changes.
    let now = kernels();
    command.args(["limits", "--msgmax", &now[0], "--msgmni", &now[2]]).env_remove("MSGQ_ENGINE");
    let output = run(&mut command);
    let error = text(&output.stderr);
    if error.contains("mounted read-only") {
        return Ok(Completion::ignored_with("/proc/sys is mounted read-only here"));
    }
    equal(output.status.code(), Some(1), &error)?;
    equal(error.lines().count(), 1, &error)?;
    for part in ["kernel.msgmax", "kernel.msgmni", "/proc/sys/kernel/msgmax", "permission to write"]
    {
        equal(error.contains(part), true, &format!("{part} is not in: {error}"))?;
    }
    Ok(Completion::Completed)
}
