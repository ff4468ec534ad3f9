//! `msgq ipcrm` beside util-linux's ipcrm(1), and on both engines. Each of the two removes queues of
//! its own IPC namespace; where there can be none, or no ipcrm, the comparison is listed as
//! ignored.

mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Stdio};
use support::place::{Place, failed};
use support::{copy_for_all, is_util_linuxs, may_have_a_namespace, run, text};

/// What both understand, in namespaces with the same queues: ids 0 to 5 with the keys 1 to 4, 0x4d2
/// and -5.
const ALIKE: [&str; 49] = [
    "-q 0",
    "-q 0 -q 0",
    "-q 1 -q 99 -q 2",
    "-q1 -Q4",
    "-q 010",
    "-q +1",
    "-q -5",
    "-q 4x",
    "-q ten",
    "-q 0x1",
    "-q 2147483647",
    "-q 2147483648",
    "-q 99999999999999999999",
    "--queue-id 1",
    "--queue-id=1 --queue-key=1",
    "--queue-i 1",
    "-Q 1",
    "-Q 0x1 -Q 0X2",
    "-Q 02322",
    "-Q 0",
    "-Q -5",
    "-Q 0xfffffffb",
    "-Q 4294967291",
    "-Q 77 -q 1",
    "-Q 0xdeadbeef",
    "-Q 9x",
    "-Q 08",
    "-Q 0x",
    "-Q key",
    "-Q 99999999999999999999",
    "-v -q 3",
    "-v -q 99 -Q 0x4d2 -Q 77",
    "-a",
    "--all=msg",
    "-amsg",
    "-v --all",
    "--all=queues",
    "-q 1 -amsg",
    "msg 0",
    "msg 0 1 99 2",
    "msg ten",
    "-v -q 0 -Q 0x4d2",
    "--verbose -q 5",
    "-vvq 5",
    "-v -a -v --all",
    "msg -1",
    "msg 1 -5 2",
    "-q 1 -q 1 -q 1",
    "-Q 1 -q 0 --queue-key 2",
];

/// What another user may do, who may read one queue, and remove none.
const AS_ANOTHER: [&str; 6] = ["-q 0", "-Q 1", "-v -Q 0x4d2", "-amsg", "-v --all=msg", "msg 4"];

/// $1 is our program, which makes the queues; the rest is called, and then it is told what is left.
const SCRIPT: &str = r#"
for key in 1 2 3 4; do "$1" send -Q $key --create x || exit; done
"$1" send -Q 0x4d2 --create=666 x
"$1" send -Q -5 --create x
msgq=$1
shift
"$@"
echo "status $?"
"$msgq" ipcs -q | awk '/^0x/ { print "left", $1, $2 }'
"#;

/// A test on one engine.
type Test = fn(&Place);

fn main() {
    let why_not = if is_util_linuxs("ipcrm") {
        (!may_have_a_namespace()).then_some("this user gets no IPC namespace of his own")
    } else {
        Some("util-linux's ipcrm is not installed")
    };
    let mut trials: Vec<Trial> = Vec::new();
    for (arguments, another) in
        ALIKE.map(|arguments| (arguments, false)).into_iter().chain(AS_ANOTHER.map(|a| (a, true)))
    {
        let who = if another { "as_util_linux_for_another_user" } else { "as_util_linux" };
        trials.push(Trial::ignorable_test(
            format!("{who}/ipcrm {arguments}"),
            move || match why_not {
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None if another && !nix::unistd::geteuid().is_root() => {
                    Ok(Completion::ignored_with("needs root, to become another user"))
                }
                None => as_util_linux(arguments, another).map(|()| Completion::Completed),
            },
        ));
    }
    let tests: [(&str, Test); 5] = [
        ("queues_are_removed_by_id_and_by_key_and_others_stay", by_id_and_key),
        ("nothing_is_removed_where_one_name_means_nothing", nothing),
        ("nothing_named_is_an_error", nothing_named),
        ("queues_are_removed_also_where_nobody_can_be_told", nobody_is_told),
        ("a_key_of_more_than_32_bits_is_not_that_of_its_lower_half", long_keys),
    ];
    for engine in ["kernel", "shm"] {
        trials.extend(tests.map(|(name, test)| {
            Trial::test(format!("{engine}/{name}"), move || {
                test(&Place::on(engine));
                Ok(())
            })
        }));
    }
    trials.push(Trial::test("shm/all_removes_all_queues_of_the_directory_alone", all_of_shm));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn as_util_linux(arguments: &str, another: bool) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let msgq = copy_for_all(directory.path());
    let ours = in_a_namespace(&msgq, &[&msgq.display().to_string(), "ipcrm"], arguments, another);
    let theirs = in_a_namespace(&msgq, &["ipcrm"], arguments, another);
    // Each begins with its own name.
    let theirs = theirs.replace("ipcrm: ", "msgq: ");
    if ours == theirs {
        return Ok(());
    }
    Err(format!("ipcrm {arguments}:\n{theirs}\nmsgq ipcrm {arguments}:\n{ours}").into())
}

fn in_a_namespace(msgq: &Path, program: &[&str], arguments: &str, another: bool) -> String {
    let mut command = Command::new("unshare");
    command.args(["--ipc", "sh", "-c", SCRIPT, "sh"]).arg(msgq);
    if another {
        command.args(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    }
    command.args(program).args(arguments.split(' '));
    let output = run(command.env("LC_ALL", "C").env_remove("MSGQ_ENGINE"));
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn by_id_and_key(place: &Place) {
    let keys = [place.queue(), place.queue(), place.queue(), place.queue()];
    let id = |number: usize| place.id(&keys[number]);
    let told = place.does(&["ipcrm", "-q", &id(0), "-Q", &keys[1], "-q", &id(2)]);
    assert_eq!(told, "");
    let left = keys.each_ref().map(|key| place.about(key).is_some());
    assert_eq!(left, [false, false, false, true]);
    let gone = ["ipcrm", "-Q", &keys[0]];
    place.fails(&gone, 1, &[&format!("msgq: invalid key ({})", keys[0])]);
}

fn nothing(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    for bad in [&["-q", "ten"][..], &["-Q", "9x"], &["-q", "2147483648"], &["-Q", ""]] {
        let arguments = [&["ipcrm", "-q", &id], bad].concat();
        place.fails(&arguments, 1, &["failed to parse argument", bad[1]]);
    }
    place.fails(&["ipcrm", "msg", &id, "ten"], 1, &["invalid id: ten"]);
    place.fails(&["ipcrm", "-q", &id, "--all=shm"], 1, &["unknown argument: shm"]);
    for bad in [&["extra"][..], &["--frobnicate"], &["-z"], &["-m", "0"]] {
        let output = place.run(&[&["ipcrm", "-q", &id], bad].concat());
        assert_eq!(output.status.code(), Some(1), "{bad:?}: {output:?}");
    }
    assert!(place.about(&key).is_some(), "a queue was removed");
}

/// As ipcrm(1), which finds out at its end that what it said was not written.
fn nobody_is_told(place: &Place) {
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let (one, two, gone) = (place.queue(), place.queue(), place.key());
    let mut command = place.command(&["ipcrm", "-v", "-Q", &one, "-Q", &two]);
    let output = command.stdin(Stdio::null()).stdout(full()).stderr(Stdio::piped()).spawn();
    let output = output.and_then(|child| child.wait_with_output()).expect("a command that runs");
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.starts_with("msgq: standard output: No space left"), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert_eq!([&one, &two].map(|key| place.about(key)), [None, None], "{complaint}");

    let key = place.queue();
    let mut command = place.command(&["ipcrm", "-Q", &gone, "-Q", &key]);
    let status = command.stdin(Stdio::null()).stderr(full()).status().expect("a status");
    assert_eq!(status.code(), Some(1));
    assert_eq!(place.about(&key), None);
}

fn nothing_named(place: &Place) {
    let key = place.queue();
    place.fails(&["ipcrm"], 1, &["no queue is named; -q ID, -Q KEY and --all name some"]);
    place.fails(&["ipcrm", "-v"], 1, &["no queue is named"]);
    place.fails(&["ipcrm", "msg"], 1, &["not enough arguments"]);
    assert!(place.about(&key).is_some(), "a queue was removed");
}

fn long_keys(place: &Place) {
    let key = place.queue();
    let longer = key.replace("0x", "0x1");
    place.fails(&["ipcrm", "-Q", &longer], 1, &[&longer, "Numerical result out of range"]);
    assert!(place.about(&key).is_some(), "a queue was removed");
}

fn all_of_shm() -> Result<(), Failed> {
    let (place, other) = (Place::on("shm"), Place::on("shm"));
    let keys = [place.queue(), place.queue(), place.queue()];
    let others = other.queue();
    let kept = place.id(&keys[1]);
    let output = place.run(&["ipcrm", "-v", "--all=msg"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains(&format!("removing message queue id `{kept}'\n")));
    assert!(keys.iter().all(|key| place.about(key).is_none()));
    assert!(other.about(&others).is_some(), "a queue of another directory was removed");
    failed(&["ipcrm"], &place.run(&["ipcrm", "-q", &kept]), 1, &["invalid id"]);
    Ok(())
}
