//! Programs that make and use queues.

use crate::client::Client;

/// Sends and receives with several workers and looks at what comes; after that the same with messages of
/// several types.
const STRESS_NG: &str = "
stress-ng --msg 2 --msg-ops 2000 --verify -t 60 &&
stress-ng --msg 2 --msg-ops 2000 --msg-types 20 --msg-bytes 300 --verify -t 60
";

/// util-linux's tools. They read the kernel's list of queues in /proc as long as there is one, and
/// otherwise ask msgctl(2), as they have to where the kernel has no queues: the list is hidden from
/// them. In an IPC namespace of their own, ids begin with 0.
const UTIL_LINUX: &str = r"
mount -t tmpfs none /proc/sysvipc || exit
ipcmk -Q -p 0640
ipcmk -Q
lsipc -q
lsipc -q -i 0
lsipc | grep MSG
ipcs -q
ipcs -q -i 1
ipcs -q -l -u -p
ipcrm -q 0
ipcrm -q 0
ipcrm -q nonsense
ipcrm -Q 12
lsipc -q
ipcrm --all=msg
lsipc -q
";

pub fn clients() -> Vec<Client> {
    let stress_ng_is_there = ["stress-ng", "--version"];
    let own_namespaces = ["unshare", "--mount", "--ipc", "sh", "-c"];
    let tools_are_there = "mount -t tmpfs none /proc/sysvipc && lsipc -q && command -v ipcmk";
    let tools_are_there = [&own_namespaces[..], &[tools_are_there]].concat();
    vec![
        Client {
            tidy: without_numbers,
            ..Client::new(
                "stress_ng",
                &["sh", "-c", STRESS_NG],
                "successful run completed",
                (&stress_ng_is_there, "stress-ng is not installed"),
            )
        },
        Client {
            tidy: without_keys_and_times,
            ..Client::new(
                "util_linux",
                &[&own_namespaces[..], &[UTIL_LINUX]].concat(),
                "KEY 0 rw-r-----",
                (&tools_are_there, "util-linux has no lsipc here, or nothing may be mounted"),
            )
        },
    ]
}

/// `stress-ng: info:  [4606] successful run completed in 1.20s`
fn without_numbers(told: &str) -> String {
    told.replace(|character: char| character.is_ascii_digit(), "")
}

/// Keys are random.
fn without_keys_and_times(told: &str) -> String {
    let line = |line: &str| -> String {
        let line = match line.split_once("change_time=").or_else(|| line.split_once("Last change:"))
        {
            Some((before, _)) => before,
            None => line,
        };
        let word =
            |word: &str| if word.starts_with("0x") { "KEY".to_string() } else { word.to_string() };
        line.split_whitespace().map(word).collect::<Vec<_>>().join(" ") + "\n"
    };
    told.lines().map(line).collect()
}
