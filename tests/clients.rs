//! Programs and modules that nobody here wrote. A client that is not installed is listed as ignored.

mod support;

/// Has a library that a program opens look for the calls where everybody does. PHP opens its
/// extensions so that they find the C library first.
const SHALLOW: &str = r#"
#include <dlfcn.h>
void *dlopen(const char *path, int flags) {
    void *(*next)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    return next(path, flags & ~RTLD_DEEPBIND);
}
"#;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::{Command, Output};
use std::sync::OnceLock;
use support::{compile, library, msgq, run, text};
use tempfile::TempDir;

/// A client: its name, what asks whether it is there, and what uses queues and prints what it sees,
/// the same in every run.
struct Client {
    name: &'static str,
    probe: &'static [&'static str],
    command: &'static [&'static str],
    /// The calls that it makes, in order.
    calls: &'static [&'static str],
}

const CLIENTS: [Client; 3] = [
    Client {
        name: "perl_ipc_msg",
        probe: &["perl", "-MIPC::Msg", "-e", "1"],
        command: &[
            "perl",
            "-e",
            r#"
use IPC::SysV qw(IPC_PRIVATE IPC_CREAT IPC_NOWAIT S_IRUSR S_IWUSR);
use IPC::Msg;
my $queue = IPC::Msg->new(IPC_PRIVATE, S_IRUSR | S_IWUSR | IPC_CREAT) or die "new: $!";
$queue->snd(7, "hello from perl") or die;
$queue->snd(3, "second") or die;
my $type = $queue->rcv(my $text, 64, -10);
print "type $type: $text\n";
print "left: ", $queue->stat->qnum, "\n";
$queue->rcv($text, 64, 9, IPC_NOWAIT) or print "error: $!\n";
$queue->remove;
"#,
        ],
        calls: &["msgget", "msgsnd", "msgsnd", "msgrcv", "msgctl", "msgrcv", "msgctl"],
    },
    Client {
        name: "perl_ipc_sysv",
        probe: &["perl", "-MIPC::SysV", "-e", "1"],
        command: &[
            "perl",
            "-e",
            r#"
use IPC::SysV qw(IPC_PRIVATE IPC_RMID ftok);
my $queue = msgget(IPC_PRIVATE, 0600) // die "msgget: $!";
msgsnd($queue, pack("l! a*", 1, "x" x 100), 0) or die "msgsnd: $!";
msgrcv($queue, my $message, 10, 0, 0) or print "error: $!\n";
print defined ftok("/") ? "a key\n" : "no key\n";
msgctl($queue, IPC_RMID, 0) or die "msgctl: $!";
"#,
        ],
        calls: &["msgget", "msgsnd", "msgrcv", "msgctl"],
    },
    Client {
        name: "php_sysvmsg",
        probe: &["php", "-r", "exit(function_exists('msg_get_queue') ? 0 : 1);"],
        command: &[
            "php",
            "-r",
            r#"
$queue = msg_get_queue(0x4d000000 | (getmypid() & 0x3fffff), 0600);
msg_send($queue, 7, "hello from php") or die("send");
msg_send($queue, 3, ["an", "array"]) or die("send");
msg_receive($queue, -10, $type, 1024, $message) or die("receive");
echo "type $type: ", json_encode($message), "\n";
echo "left: ", msg_stat_queue($queue)["msg_qnum"], "\n";
msg_receive($queue, 9, $type, 64, $message, true, MSG_IPC_NOWAIT, $error) or print("none\n");
msg_remove_queue($queue);
"#,
        ],
        calls: &["msgget", "msgget", "msgsnd", "msgsnd", "msgrcv", "msgctl", "msgrcv", "msgctl"],
    },
];

/// A test of one client.
type Test = fn(&Client) -> Result<(), Failed>;

fn main() {
    let ways: [(&str, Test); 3] =
        [("preloaded", preloaded), ("traced", traced), ("checked", checked)];
    let trials = CLIENTS.iter().flat_map(|client| {
        let is_there = run(Command::new(client.probe[0]).args(&client.probe[1..])).status.success();
        if !is_there {
            println!("{}: not installed", client.name);
        }
        ways.map(|(way, test)| {
            Trial::test(format!("kernel/{way}/{}", client.name), move || test(client))
                .with_ignored_flag(!is_there)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// The library of [`SHALLOW`], built once.
fn shallow() -> &'static str {
    static BUILT: OnceLock<(TempDir, String)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let extra = ["-shared", "-fPIC", "-ldl"];
        let path = compile(directory.path(), "shallow.so", SHALLOW, &extra);
        let path = path.display().to_string();
        (directory, path)
    });
    path
}

fn alone(client: &Client) -> Output {
    run(Command::new(client.command[0]).args(&client.command[1..]))
}

fn compare(what: &str, ours: &[u8], alone: &[u8]) -> Result<(), Failed> {
    if ours == alone {
        return Ok(());
    }
    Err(format!("{what}, alone:\n{}with us:\n{}", text(alone), text(ours)).into())
}

fn preloaded(client: &Client) -> Result<(), Failed> {
    let mut command = Command::new(client.command[0]);
    let both = format!("{}:{}", library().display(), shallow());
    let output = run(command.args(&client.command[1..]).env("LD_PRELOAD", both));
    let alone = alone(client);
    compare("standard output", &output.stdout, &alone.stdout)?;
    compare("standard error", &output.stderr, &alone.stderr)
}

/// Nothing is found, and nothing is changed.
fn checked(client: &Client) -> Result<(), Failed> {
    let output =
        run(msgq().env("LD_PRELOAD", shallow()).args(["check", "--"]).args(client.command));
    compare("standard output", &output.stdout, &alone(client).stdout)?;
    compare("standard error", &output.stderr, b"msgq check: nothing was found\n")
}

fn traced(client: &Client) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("trace");
    let mut command = msgq();
    command.args(["trace", "-f", "json", "-o"]).arg(&file).arg("--").args(client.command);
    command.env("LD_PRELOAD", shallow());
    let output = run(&mut command);
    compare("standard output", &output.stdout, &alone(client).stdout)?;
    let shown = std::fs::read_to_string(&file)?;
    let calls = support::traced::objects(&shown);
    let names = support::traced::names(&calls);
    if names == client.calls {
        return Ok(());
    }
    Err(format!("expected {:?}, shown:\n{shown}", client.calls).into())
}
