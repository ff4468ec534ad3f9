//! Modules of languages that are interpreted. (Ruby has none, neither in its standard library nor in
//! Debian's packages.)

use crate::client::Client;

/// The module itself.
const PERL_IPC_MSG: &str = r#"
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
"#;

/// The language's own functions, and the module's constants and ftok().
const PERL_IPC_SYSV: &str = r#"
use IPC::SysV qw(IPC_PRIVATE IPC_RMID ftok);
my $queue = msgget(IPC_PRIVATE, 0600) // die "msgget: $!";
msgsnd($queue, pack("l! a*", 1, "x" x 100), 0) or die "msgsnd: $!";
msgrcv($queue, my $message, 10, 0, 0) or print "error: $!\n";
print defined ftok("/") ? "a key\n" : "no key\n";
msgctl($queue, IPC_RMID, 0) or die "msgctl: $!";
"#;

/// PHP opens this extension with RTLD_DEEPBIND.
const PHP_SYSVMSG: &str = r#"
$queue = msg_get_queue(0x4d000000 | (getmypid() & 0x3fffff), 0600);
msg_send($queue, 7, "hello from php") or die("send");
msg_send($queue, 3, ["an", "array"]) or die("send");
msg_receive($queue, -10, $type, 1024, $message) or die("receive");
echo "type $type: ", json_encode($message), "\n";
echo "left: ", msg_stat_queue($queue)["msg_qnum"], "\n";
msg_receive($queue, 9, $type, 64, $message, true, MSG_IPC_NOWAIT, $error) or print("none\n");
msg_remove_queue($queue);
"#;

/// The module cannot remove a queue: ipcrm(1) does, as a child.
const LUA_POSIX: &str = r#"
local msg = require "posix.sys.msg"
local queue = assert(msg.msgget(msg.IPC_PRIVATE, 384))
assert(msg.msgsnd(queue, 7, "hello from lua"))
assert(msg.msgsnd(queue, 3, "second"))
local kind, text = msg.msgrcv(queue, 64, -10)
print("type " .. kind .. ": " .. text)
print("error: " .. select(2, msg.msgrcv(queue, 64, 9, msg.IPC_NOWAIT)))
io.stdout:flush()
os.execute("ipcrm -q " .. queue)
"#;

pub fn clients() -> Vec<Client> {
    let perl_has_msg = ["perl", "-MIPC::Msg", "-e", "1"];
    let perl_has_sysv = ["perl", "-MIPC::SysV", "-e", "1"];
    let php_has = ["php", "-r", "exit(function_exists('msg_get_queue') ? 0 : 1);"];
    let lua_has = ["lua5.3", "-e", r#"require "posix.sys.msg""#];
    vec![
        Client {
            calls: &["msgget", "msgsnd", "msgsnd", "msgrcv", "msgctl", "msgrcv", "msgctl"],
            ..Client::new(
                "perl_ipc_msg",
                &["perl", "-e", PERL_IPC_MSG],
                "type 3: second\nleft: 1\nerror: ",
                (&perl_has_msg, "perl's IPC::Msg is not installed"),
            )
        },
        Client {
            calls: &["msgget", "msgsnd", "msgrcv", "msgctl"],
            ..Client::new(
                "perl_ipc_sysv",
                &["perl", "-e", PERL_IPC_SYSV],
                "\na key\n",
                (&perl_has_sysv, "perl's IPC::SysV is not installed"),
            )
        },
        Client {
            calls: &[
                "msgget", "msgget", "msgsnd", "msgsnd", "msgrcv", "msgctl", "msgrcv", "msgctl",
            ],
            ..Client::new(
                "php_sysvmsg",
                &["php", "-r", PHP_SYSVMSG],
                "type 3: [\"an\",\"array\"]\nleft: 1\nnone\n",
                (&php_has, "PHP with sysvmsg is not installed"),
            )
        },
        Client {
            calls: &["msgget", "msgsnd", "msgsnd", "msgrcv", "msgrcv", "msgctl"],
            // The module has room for a long and the text, and gives the size of both for the text's.
            finding: Some("msgsz-counts-mtype"),
            ..Client::new(
                "lua_posix",
                &["lua5.3", "-e", LUA_POSIX],
                "type 3: second",
                (&lua_has, "Lua 5.3 with luaposix is not installed"),
            )
        },
    ]
}
