//! The names of events, of their categories and of their arguments, told once and then used by number.

use super::messages::Interned;
use crate::command::show::names;
use msgq::trace::format::Kind;

/// Names of a sort, and the number of each: its place, from 1 on.
macro_rules! names {
    ($(#[$documentation:meta])* $sort:ident: $($variant:ident $name:expr,)*) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum $sort {
            $($variant,)*
        }

        impl $sort {
            /// The number that stands for it.
            pub fn iid(self) -> u64 {
                self as u64 + 1
            }

            /// All, with their numbers.
            pub fn interned() -> Vec<Interned> {
                let names = [$($name,)*].into_iter().zip(1..);
                let named = |(name, iid): (&str, u64)| Interned {
                    iid: Some(iid),
                    name: Some(name.to_string()),
                };
                names.map(named).collect()
            }
        }
    };
}

names! {
    /// What happens: calls, the moment in which a msgrcv has its message, a queue's begin and end.
    Happening:
    Get names::CALLS[0].1,
    Control names::CALLS[1].1,
    Send names::CALLS[2].1,
    Receive names::CALLS[3].1,
    Received "received",
    Made "made",
    Removed "removed",
}

names! {
    /// What became of a call.
    Category:
    Returned "returned",
    Failed "failed",
    NeverReturned "never returned",
    Waits "still waits",
}

names! {
    /// What is told of an event. Of calls those fields that `-f json` has, under the same names.
    Argument:
    Key "key",
    Queue "queue",
    Msqid "msqid",
    Cmd "cmd",
    Flags "flags",
    Msgsz "msgsz",
    Msgtyp "msgtyp",
    Mtype "mtype",
    Mtext "mtext",
    Result "result",
    Errno "errno",
    Injected "injected",
    Delayed "delayed",
    Certain "certain",
    Residence "residence_ns",
    By "by",
}

impl Happening {
    /// The call that a record of this kind is of.
    pub fn call(kind: Kind) -> Option<Happening> {
        match kind {
            Kind::Get => Some(Happening::Get),
            Kind::Control => Some(Happening::Control),
            Kind::Send => Some(Happening::Send),
            Kind::Receive => Some(Happening::Receive),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_its_own_name() {
        for (kind, name) in names::CALLS {
            let iid = Happening::call(kind).map(Happening::iid);
            let interned = Happening::interned().into_iter().find(|interned| interned.iid == iid);
            assert_eq!(interned.and_then(|interned| interned.name).as_deref(), Some(name));
        }
    }
}
