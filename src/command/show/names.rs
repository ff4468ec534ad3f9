//! The names that manual pages give to numbers: calls, flags, commands, error numbers.

use libc::c_int;
use msgq::errno::Errno;
pub use msgq::trace::call::CALLS;
use msgq::trace::call::MSG_STAT_ANY;
use msgq::trace::format::Kind;

/// MSG_COPY, which libc does not name on every target.
const MSG_COPY: c_int = 0o40000;

/// The commands of msgctl.
const COMMANDS: [(c_int, &str); 7] = [
    (libc::IPC_RMID, "IPC_RMID"),
    (libc::IPC_SET, "IPC_SET"),
    (libc::IPC_STAT, "IPC_STAT"),
    (libc::IPC_INFO, "IPC_INFO"),
    (libc::MSG_STAT, "MSG_STAT"),
    (libc::MSG_INFO, "MSG_INFO"),
    (MSG_STAT_ANY, "MSG_STAT_ANY"),
];

/// The flags of msgget, besides the permission bits.
const GET_FLAGS: [(c_int, &str); 2] =
    [(libc::IPC_CREAT, "IPC_CREAT"), (libc::IPC_EXCL, "IPC_EXCL")];

/// The flags of msgsnd and msgrcv.
const MESSAGE_FLAGS: [(c_int, &str); 4] = [
    (libc::IPC_NOWAIT, "IPC_NOWAIT"),
    (libc::MSG_NOERROR, "MSG_NOERROR"),
    (libc::MSG_EXCEPT, "MSG_EXCEPT"),
    (MSG_COPY, "MSG_COPY"),
];

/// The name of the call that a record is of; nothing where it is of no call.
pub fn call(kind: Kind) -> Option<&'static str> {
    CALLS.iter().find(|(call, _)| *call == kind).map(|(_, name)| *name)
}

/// msgctl's cmd in words.
pub fn command(cmd: c_int) -> String {
    let known = COMMANDS.iter().find(|(number, _)| *number == cmd);
    known.map_or_else(|| cmd.to_string(), |(_, name)| (*name).to_string())
}

/// A call's msgflg in words: `IPC_CREAT|0600`.
pub fn flags(kind: Kind, msgflg: c_int) -> String {
    match kind {
        Kind::Get => {
            let rest = msgflg & 0o777;
            let mut words = known_flags(&GET_FLAGS, msgflg & !0o777);
            if rest != 0 || words.is_empty() {
                words.push(if rest == 0 { "0".to_string() } else { mode(rest as u32) });
            }
            words.join("|")
        }
        _ => {
            let words = known_flags(&MESSAGE_FLAGS, msgflg);
            if words.is_empty() { "0".to_string() } else { words.join("|") }
        }
    }
}

fn known_flags(table: &[(c_int, &str)], flags: c_int) -> Vec<String> {
    let set = table.iter().filter(|(bit, _)| flags & bit != 0);
    let mut words: Vec<String> = set.map(|(_, name)| (*name).to_string()).collect();
    let rest = table.iter().fold(flags, |rest, (bit, _)| rest & !bit);
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    words
}

/// A permission mode as chmod(1) has it: `0600`.
pub fn mode(mode: u32) -> String {
    format!("0{mode:o}")
}

/// A key as ipcs(1) has it: hexadecimal, or IPC_PRIVATE.
pub fn key(key: c_int) -> String {
    if key == libc::IPC_PRIVATE { "IPC_PRIVATE".to_string() } else { format!("{key:#x}") }
}

/// An error number's name: `ENOMSG`.
pub fn errno(error: Errno) -> String {
    match nix::errno::Errno::from_raw(error.0) {
        nix::errno::Errno::UnknownErrno => format!("errno {}", error.0),
        known => format!("{known:?}"),
    }
}

/// What an error number means, in words.
pub fn errno_meaning(error: Errno) -> &'static str {
    nix::errno::Errno::from_raw(error.0).desc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_msgget_end_with_the_mode() {
        assert_eq!(
            flags(Kind::Get, libc::IPC_CREAT | libc::IPC_EXCL | 0o666),
            "IPC_CREAT|IPC_EXCL|0666"
        );
        assert_eq!(flags(Kind::Get, libc::IPC_CREAT | 0o40), "IPC_CREAT|040");
        assert_eq!(flags(Kind::Get, libc::IPC_CREAT), "IPC_CREAT");
        assert_eq!(flags(Kind::Get, 0), "0");
        assert_eq!(flags(Kind::Get, 0x10000), "0x10000");
    }

    #[test]
    fn unknown_flags_are_shown_as_a_number() {
        assert_eq!(flags(Kind::Send, libc::IPC_NOWAIT | 1), "IPC_NOWAIT|0x1");
        assert_eq!(flags(Kind::Receive, 0), "0");
        assert_eq!(flags(Kind::Receive, 0o70000), "MSG_NOERROR|MSG_EXCEPT|MSG_COPY");
    }

    #[test]
    fn commands_and_errors_have_their_names() {
        assert_eq!(command(0), "IPC_RMID");
        assert_eq!(command(77), "77");
        assert_eq!(errno(Errno(libc::ENOMSG)), "ENOMSG");
        assert_eq!(errno_meaning(Errno(libc::ENOMSG)), "No message of desired type");
        assert_eq!(errno(Errno(4000)), "errno 4000");
    }
}
