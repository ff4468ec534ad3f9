//! `msgq ipcs` beside util-linux's ipcs(1), and on both engines. Where there is no ipcs, and where
//! this user gets no IPC namespace, what needs one is listed as ignored.

mod support;
#[path = "ipcs/util_linux.rs"]
mod util_linux;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};
use std::process::{Command, Output};
use support::place::Place;
use support::{is_util_linuxs, may_have_a_namespace, run, text};

/// A test that may fail, and has nothing to say otherwise.
type Test = fn() -> Result<(), Failed>;

fn main() {
    let why_not = (!is_util_linuxs("ipcs")).then_some("util-linux's ipcs is not installed");
    let mut trials: Vec<Trial> = util_linux::OPTIONS
        .iter()
        .enumerate()
        .map(|(number, options)| {
            Trial::ignorable_test(format!("as_util_linux/ipcs {options}"), move || match why_not {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => util_linux::alike(number).map(|()| Completion::Completed),
            })
        })
        .collect();
    trials.push(Trial::ignorable_test("both_engines_show_the_same_queues_alike", || {
        match may_have_a_namespace() {
            true => engines_alike().map(|()| Completion::Completed),
            false => Ok(Completion::ignored_with("this user gets no IPC namespace of his own")),
        }
    }));
    let others: [(&str, Test); 5] = [
        ("without_an_option_and_with_all_the_queues_are_shown", without_an_option),
        ("json_has_all_that_is_known_of_a_queue", || each_engine(json_of_a_queue)),
        ("json_has_limits_and_sums", || each_engine(json_of_all)),
        ("an_id_that_none_is_has_no_json", || each_engine(json_of_none)),
        ("what_ipcs_does_not_know_is_told_with_its_status", || each_engine(unknown)),
    ];
    trials.extend(others.map(|(name, test)| Trial::test(name, test)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn equal<T: PartialEq + std::fmt::Debug>(seen: T, wanted: T) -> Result<(), Failed> {
    if seen == wanted { Ok(()) } else { Err(format!("seen {seen:?}\nwanted {wanted:?}").into()) }
}

fn each_engine(test: fn(&Place) -> Result<(), Failed>) -> Result<(), Failed> {
    ["kernel", "shm"].into_iter().try_for_each(|engine| test(&Place::on(engine)))
}

/// Makes the same queues on an engine, and shows them in all ways. $1 is our program.
const ENGINE: &str = r#"
set -e
"$1" send -Q 0x4d2 --create=640 -t 7 "$(printf %1500s one)"
"$1" send -Q 0x4d2 "$(printf %3000s two)"
"$1" recv -Q 0x4d2 -t 7 > /dev/null
"$1" send -Q -5 --create text
"$1" recv -Q 5 --create=666 --nowait || true
for options in "" -t -p -c -l -u -b --human "-l -b" "-l --human" "-u -b" "-u --human" "-i 0" "-i 1" \
    "-i 0 --human" "-i 99"; do
    "$1" ipcs $options
done
"#;

fn engines_alike() -> Result<(), Failed> {
    let show = |engine| {
        let place = Place::on(engine);
        let mut command = Command::new("unshare");
        command.args(["--ipc", "sh", "-c", ENGINE, "sh", env!("CARGO_BIN_EXE_msgq")]);
        command.env("MSGQ_ENGINE", engine).env("MSGQ_DIR", place.directory.path());
        let Output { stdout, stderr, .. } = run(&mut command);
        format!("{}{}", blurred(&text(&stdout)), text(&stderr))
    };
    equal(show("kernel"), show("shm"))
}

/// Without what differs from one run to the next: seconds and minutes, and ids of processes.
fn blurred(shown: &str) -> String {
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let mut in_pids = false;
    let lines = shown.lines().map(|line| {
        in_pids = line.starts_with("------ Message Queues PIDs") || in_pids && !line.is_empty();
        let words = line.split_inclusive([' ', '\t']).map(|word| {
            let trimmed = word.trim_end();
            match trimmed.split_once('=') {
                Some((name @ ("lspid" | "lrpid"), pid)) if pid != "0" => format!("{name}=PID "),
                _ if trimmed.contains(':') => "TIME ".to_string(),
                _ if in_pids && is_number(trimmed) && trimmed.len() > 1 => "PID ".to_string(),
                _ => word.to_string(),
            }
        });
        let line = words.collect::<String>();
        // Shorter ids of processes have more blanks before them.
        if in_pids { line.split_whitespace().collect::<Vec<_>>().join(" ") } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn without_an_option() -> Result<(), Failed> {
    // The kernel's queues are everybody's, and may change meanwhile.
    let place = Place::on("shm");
    place.does(&["send", "-Q", &place.queue(), "text"]);
    let shown = place.does(&["ipcs", "-q"]);
    equal(shown.lines().count(), 5)?;
    equal(place.does(&["ipcs"]), shown.clone())?;
    equal(place.does(&["ipcs", "-a"]), shown)
}

fn json_of_a_queue(place: &Place) -> Result<(), Failed> {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "-t", "7", "text"]);
    let told: Value =
        serde_json::from_str(&place.does(&["ipcs", "-i", &place.id(&key), "--json"]))?;
    equal(&told["engine"], &json!(place.engine))?;
    let queue = &told["queues"][0];
    let uid = nix::unistd::geteuid();
    let gid = nix::unistd::getegid().as_raw();
    let owner = nix::unistd::User::from_uid(uid)?.map(|user| user.name);
    for (name, value) in [
        ("key", json!(key)),
        ("perms", json!("0600")),
        ("cbytes", json!(4)),
        ("qnum", json!(1)),
        ("uid", json!(uid.as_raw())),
        ("gid", json!(gid)),
        ("cuid", json!(uid.as_raw())),
        ("cgid", json!(gid)),
        ("owner", json!(owner)),
    ] {
        equal((name, &queue[name]), (name, &value))?;
    }
    for name in ["msqid", "qbytes", "lspid", "lrpid", "stime", "rtime", "ctime"] {
        equal((name, queue[name].is_u64()), (name, true))?;
    }
    let untouched = place.key();
    place.run(&["recv", "-Q", &untouched, "--create", "--nowait"]);
    let queue = place.about(&untouched).ok_or("no queue")?;
    equal((&queue["stime"], &queue["rtime"]), (&Value::Null, &Value::Null))
}

fn json_of_all(place: &Place) -> Result<(), Failed> {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "text"]);
    let told = |option| serde_json::from_str::<Value>(&place.does(&["ipcs", "--json", option]));
    let limits = &told("-l")?["limits"];
    equal(["msgmax", "msgmnb", "msgmni"].map(|name| limits[name].is_u64()), [true; 3])?;
    let usage = &told("-u")?["usage"];
    let at_least = |name: &str, least| usage[name].as_u64().is_some_and(|seen| seen >= least);
    equal([at_least("queues", 1), at_least("messages", 1), at_least("bytes", 4)], [true; 3])
}

fn json_of_none(place: &Place) -> Result<(), Failed> {
    place.fails(&["ipcs", "--json", "-i", "2147483647"], 1, &["id 2147483647 not found"]);
    // util-linux's shows another queue here, under this number.
    let output = place.run(&["ipcs", "-q", "-i", "-5"]);
    equal((output.status.code(), text(&output.stdout)), (Some(0), String::new()))?;
    equal(text(&output.stderr), "msgq: id -5 not found\n".to_string())
}

fn unknown(place: &Place) -> Result<(), Failed> {
    for (options, part) in [
        (&["--frobnicate"][..], "--frobnicate"),
        (&["-z"], "-z"),
        (&["-m"], "-m"),
        (&["extra"], "extra"),
        (&["-i"], "--id"),
    ] {
        let output = place.run(&[&["ipcs"], options].concat());
        let complaint = text(&output.stderr);
        equal((options, output.status.code()), (options, Some(1)))?;
        equal((complaint.contains(part), text(&output.stdout)), (true, String::new()))?;
    }
    Ok(())
}
