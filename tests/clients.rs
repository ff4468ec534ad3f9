//! Programs and modules that nobody here wrote. A client that is not installed is listed as ignored.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::{Command, Output};
use support::{library, msgq, run, text};

/// A client: its name, what asks whether it is there, and what uses queues and prints what it sees,
/// the same in every run.
struct Client {
    name: &'static str,
    probe: &'static [&'static str],
    command: &'static [&'static str],
    /// The calls that it makes, in order.
    calls: &'static [&'static str],
}

const CLIENTS: [Client; 2] = [
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
];

/// A test of one client.
type Test = fn(&Client) -> Result<(), Failed>;

fn main() {
    let ways: [(&str, Test); 2] = [("preloaded", preloaded), ("traced", traced)];
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
    let output = run(command.args(&client.command[1..]).env("LD_PRELOAD", library()));
    let alone = alone(client);
    compare("standard output", &output.stdout, &alone.stdout)?;
    compare("standard error", &output.stderr, &alone.stderr)
}

fn traced(client: &Client) -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("trace");
    let mut command = msgq();
    command.args(["trace", "-f", "json", "-o"]).arg(&file).arg("--").args(client.command);
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
