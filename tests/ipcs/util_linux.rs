//! `msgq ipcs` beside util-linux's ipcs(1), on the same queues.

use crate::support::place::Place;
use crate::support::{copy_for_all, may_have_a_namespace, run, text};
use libtest_mimic::Failed;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// Options that both understand. ID stands for the id of a queue.
pub const OPTIONS: [&str; 44] = [
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

/// Whether both say the same to these options.
pub fn alike(number: usize) -> Result<(), Failed> {
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
