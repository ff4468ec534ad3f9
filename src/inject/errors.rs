//! Which errors each call can give, and to which of its callers: nothing else is injected. A program
//! that is shown what no system ever gives is tested for nothing.

use crate::trace::call::{Arguments, MSG_STAT_ANY};
use crate::trace::format::Kind;
use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT, MSG_STAT};
use libc::{MSG_NOERROR, c_int};

/// An error that a call can give.
#[derive(Debug)]
pub struct Error {
    /// Its name, as errno(3) has it.
    pub name: &'static str,
    /// Its number.
    pub number: c_int,
    /// To which calls.
    pub to: To,
}

/// To which calls an error can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To all.
    All,
    /// To those that would create a queue.
    Creating,
    /// To those that would create one and accept no other.
    Exclusive,
    /// To those for the queue of a key.
    Keyed,
    /// To those that would open a queue and create none.
    Opening,
    /// To those with IPC_NOWAIT.
    Nowait,
    /// To those without IPC_NOWAIT.
    Waiting,
    /// To those without MSG_NOERROR.
    Uncut,
    /// To those that read a queue's data.
    Reading,
    /// To those that change or remove a queue.
    Changing,
    /// To those that name a structure.
    WithStructure,
    /// To those on a queue's id.
    OnId,
}

impl To {
    /// Whether a call with these arguments is one of them.
    pub fn takes(self, call: &Arguments) -> bool {
        let has = |flags: c_int| call.flags & flags == flags;
        let is_private = call.object == IPC_PRIVATE;
        let changes = [IPC_SET, IPC_RMID].contains(&call.flags);
        match self {
            To::All => true,
            To::Creating => has(IPC_CREAT) || is_private,
            To::Exclusive => has(IPC_CREAT | IPC_EXCL) && !is_private,
            To::Keyed => !is_private,
            To::Opening => !has(IPC_CREAT) && !is_private,
            To::Nowait => has(IPC_NOWAIT),
            To::Waiting => !has(IPC_NOWAIT),
            To::Uncut => !has(MSG_NOERROR),
            To::Reading => [IPC_STAT, MSG_STAT].contains(&call.flags),
            To::Changing => changes,
            To::WithStructure => call.flags != IPC_RMID,
            To::OnId => changes || [IPC_STAT, MSG_STAT, MSG_STAT_ANY].contains(&call.flags),
        }
    }

    /// The same in words; none for all.
    pub fn words(self) -> &'static str {
        match self {
            To::All => "",
            To::Creating => "with IPC_CREAT or IPC_PRIVATE",
            To::Exclusive => "with IPC_CREAT and IPC_EXCL",
            To::Keyed => "with a key",
            To::Opening => "with a key, without IPC_CREAT",
            To::Nowait => "with IPC_NOWAIT",
            To::Waiting => "without IPC_NOWAIT",
            To::Uncut => "without MSG_NOERROR",
            To::Reading => "of IPC_STAT and MSG_STAT",
            To::Changing => "of IPC_SET and IPC_RMID",
            To::WithStructure => "with a structure",
            To::OnId => "on a queue",
        }
    }
}

macro_rules! errors {
    ($($name:ident $to:ident),* $(,)?) => {
        &[$(Error { name: stringify!($name), number: libc::$name, to: To::$to }),*]
    };
}

/// Those of a call. ENOSYS is that of a kernel without queues.
pub fn of(call: Kind) -> &'static [Error] {
    match call {
        Kind::Get => errors![
            EACCES Keyed, EEXIST Exclusive, ENOENT Opening, ENOMEM Creating, ENOSPC Creating, ENOSYS All,
        ],
        Kind::Control => errors![
            EACCES Reading, EFAULT WithStructure, EIDRM OnId, EINVAL All, ENOSYS All, EPERM Changing,
        ],
        Kind::Send => errors![
            EACCES All, EAGAIN Nowait, EFAULT All, EIDRM All, EINTR Waiting, EINVAL All, ENOMEM All,
            ENOSYS All,
        ],
        Kind::Receive => errors![
            E2BIG Uncut, EACCES All, EFAULT All, EIDRM All, EINTR Waiting, EINVAL All, ENOMSG Nowait,
            ENOSYS All,
        ],
        _ => &[],
    }
}

/// A call's error of this name.
pub fn named(call: Kind, name: &str) -> Option<&'static Error> {
    of(call).iter().find(|error| error.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::call::CALLS;
    use std::collections::BTreeSet;

    fn takes(to: To, object: i32, flags: i32) -> bool {
        to.takes(&Arguments { object, flags, ..Arguments::default() })
    }

    #[test]
    fn an_error_comes_to_those_calls_alone_that_can_get_it() {
        assert!(takes(To::Nowait, 5, IPC_NOWAIT | MSG_NOERROR) && !takes(To::Nowait, 5, 0));
        assert!(takes(To::Waiting, 5, 0) && !takes(To::Waiting, 5, IPC_NOWAIT));
        assert!(takes(To::Creating, IPC_PRIVATE, 0) && !takes(To::Creating, 7, 0o600));
        assert!(
            !takes(To::Exclusive, 7, IPC_CREAT) && takes(To::Exclusive, 7, IPC_CREAT | IPC_EXCL)
        );
        assert!(takes(To::Opening, 7, 0) && !takes(To::Opening, IPC_PRIVATE, 0));
        assert!(takes(To::Changing, 5, IPC_RMID) && !takes(To::Changing, 5, IPC_STAT));
        assert!(!takes(To::WithStructure, 5, IPC_RMID));
    }

    /// The errors that the header documents for a function: lines that begin with a name and a comma.
    fn documented(name: &str) -> BTreeSet<&'static str> {
        let lines: Vec<&str> = include_str!("../../include/msgq.h").lines().collect();
        let is_declaration =
            |line: &&str| line.contains(&format!("{name}(")) && !line.starts_with(' ');
        let declaration = lines.iter().position(is_declaration).expect(name);
        let comment = lines[..declaration].iter().rev().take_while(|line| !line.starts_with("/**"));
        let begins =
            comment.filter_map(|line| line.strip_prefix(" * ")?.split_once(',')).map(|(a, _)| a);
        let is_name = |text: &&str| {
            text.starts_with('E')
                && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'2')
        };
        begins.filter(is_name).collect()
    }

    #[test]
    fn the_errors_of_a_call_are_those_that_its_documentation_names_in_order() {
        for (call, name) in CALLS {
            let names: Vec<&str> = of(call).iter().map(|error| error.name).collect();
            assert_eq!(names, documented(name).into_iter().collect::<Vec<_>>(), "{name}");
        }
    }
}
