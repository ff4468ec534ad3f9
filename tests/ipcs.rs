//! `msgq ipcs` beside util-linux's ipcs(1), and on both engines. Where there is no ipcs, and where
//! this user gets no IPC namespace, what needs one is listed as ignored.

mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;
use support::place::Place;
use support::{copy_for_all, may_have_a_namespace, run, text};

/// Options that both understand. ID stands for the id of a queue.
const OPTIONS: [&str; 44] = [
    "-q",
    "-q -t",
    "-q -p",
    "-q -c",
    "-q -l",
    "-q -u",
    "-q -b",
    "-q --human",
    "-q -t --human",
    "-q -p -b",
    "-q -c --human",
    "-q -l -b",
    "-q -l --human",
    "-q -u -b",
    "-q -u --human",
    "-qt",
    "--queues --time",
    "--queues --pid",
    "--queues --creator",
    "--queues --limits",
    "--queues --summary",
    "--queues --bytes",
    "--queues --sum --hum",
    // Of two the last one counts.
    "-q -t -p",
    "-q -p -t",
    "-q -l -c",
    "-q -c -l",
    "-q -u -l",
    "-q -l -u",
    "-q -b --human",
    "-q --human -b",
    "-q -q",
    // One queue, whatever else is asked for.
    "-q -i ID",
    "-q --id=ID",
    "-qiID",
    "-q -i ID -b",
    "-q -i ID --human",
    "-q -i ID -t",
    "-l -q -i ID -u",
    "-q -i 1 -i ID",
    // Ids that none is, and what is no id.
    "-q -i 2147483647",
    "-q -i 2147483648",
    "-q -i ten",
    "-q -i 0x7",
];

/// Makes queues of many kinds, and calls both programs for each of the options: util-linux's before
/// and after ours, so that one knows whether the queues were the same all the time. $1 is a directory,
/// $2 our program, $3 to $5 are keys, $6 is a key where one may have any, and the rest are options.
const BOTH: &str = r#"
dir=$1 msgq=$2 key=$3 other=$4 third=$5 any=$6
shift 6
send() { "$msgq" send -Q "$@" || exit; }
send $key --create=640 -t 7 "$(printf %1500s one)"
send $key "$(printf %3000s two)"
"$msgq" recv -Q $key -t 7 > "$dir/received" || exit
if [ "$(id -u)" = 0 ]; then
    # Somebody without a name, and a name that is longer than its column.
    stranger() { setpriv --reuid "$1" --regid "$2" --clear-groups "$msgq" send -Q $3 --create=222 x || exit; }
    stranger 4242 4343 $other
    longest=$(cut -d: -f1 /etc/passwd | awk 'length > length(name) { name = $0 } END { print name }')
    stranger "$longest" 4294967294 $third
fi
[ "$any" ] && send $any --create=777 x
id=$(ipcs -q | awk -v key=$key '$1 == key { print $2 }')
call() {
    name=$1
    shift
    "$@" > "$dir/$name.out" 2> "$dir/$name.err"
    echo "status $?" >> "$dir/$name.err"
}
number=0
for options; do
    options=$(echo "$options" | sed "s/ID/$id/")
    call before$number ipcs $options
    call ours$number "$msgq" ipcs $options
    call after$number ipcs $options
    number=$((number + 1))
done
"#;

/// What one program said between what the other said twice.
type Answers = [Said; 3];

/// A test that may fail, and has nothing to say otherwise.
type Test = fn() -> Result<(), Failed>;

fn main() {
    let why_not = match Command::new("ipcs").arg("--version").output() {
        Ok(_) => None,
        Err(_) => Some("util-linux's ipcs is not installed"),
    };
    let mut trials: Vec<Trial> = OPTIONS
        .iter()
        .enumerate()
        .map(|(number, options)| {
            Trial::ignorable_test(format!("as_util_linux/ipcs {options}"), move || match why_not {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => as_util_linux(number).map(|()| Completion::Completed),
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

/// What a program printed and complained of.
#[derive(PartialEq)]
struct Said {
    out: String,
    err: String,
}

impl Said {
    fn read(directory: &Path, name: &str) -> io::Result<Said> {
        let read =
            |ending: &str| std::fs::read_to_string(directory.join(format!("{name}.{ending}")));
        // Each begins with its own name.
        let err = read("err")?.replace("ipcs: ", "msgq: ");
        Ok(Said { out: read("out")?, err })
    }
}

fn as_util_linux(number: usize) -> Result<(), Failed> {
    static ALL: LazyLock<Result<Vec<Answers>, String>> = LazyLock::new(|| ask(&OPTIONS));
    let [before, ours, after] = &ALL.as_ref()?[number];
    let options = OPTIONS[number];
    if before == after {
        return compare(options, ours, before);
    }
    // Where others' queues come and go meanwhile, it takes a quiet moment.
    for _ in 0..50 {
        let [before, ours, after] = &ask(&[options])?[0];
        if before == after {
            return compare(options, ours, before);
        }
    }
    Err("the queues were never the same for a moment".into())
}

/// What both programs say to each of these options.
fn ask(options: &[&str]) -> Result<Vec<Answers>, String> {
    let directory = tempfile::tempdir().expect("a directory");
    let msgq = copy_for_all(directory.path());
    let place = Place::on("kernel");
    let in_namespace = may_have_a_namespace();
    let mut command = Command::new(if in_namespace { "unshare" } else { "sh" });
    if in_namespace {
        command.args(["--ipc", "sh"]);
    }
    command.args(["-c", BOTH, "sh"]).arg(directory.path()).arg(&msgq);
    command.args([place.key(), place.key(), place.key()]);
    command.arg(if in_namespace { "-5" } else { "" }).args(options);
    let output = run(command.env("LC_ALL", "C").env("TZ", "KST-9").env_remove("MSGQ_ENGINE"));
    if !output.status.success() {
        return Err(format!("the script failed: {}", text(&output.stderr)));
    }
    let read = |name: String| Said::read(directory.path(), &name).expect("what was said");
    let names = |number| ["before", "ours", "after"].map(|name| format!("{name}{number}"));
    Ok((0..options.len()).map(|number| names(number).map(read)).collect())
}

fn compare(options: &str, ours: &Said, theirs: &Said) -> Result<(), Failed> {
    if ours == theirs {
        return Ok(());
    }
    let Said { out, err } = theirs;
    Err(format!("ipcs {options}:\n{out}{err}\nmsgq ipcs {options}:\n{}{}", ours.out, ours.err)
        .into())
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
