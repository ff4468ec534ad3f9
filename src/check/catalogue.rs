//! The checks, in one table: what each finds, why that is wrong, how to mend it. Reports, help and
//! documentation come from it.

/// What is said of a kind of misuse.
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What is found.
    pub what: &'static str,
    /// Why it is wrong.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
}

macro_rules! catalogue {
    ($($misuse:ident $name:literal: $what:literal, because $why:literal, mend $mend:literal;)*) => {
        /// A kind of misuse.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Misuse {
            $(#[doc = $what] $misuse,)*
        }

        /// The checks, in the order of [`Misuse`].
        pub static CHECKS: [Check; [$($name),*].len()] =
            [$(Check { name: $name, what: $what, why: $why, mend: $mend },)*];

        impl Misuse {
            /// What is said of it.
            pub fn check(self) -> &'static Check {
                &CHECKS[self as usize]
            }
        }
    };
}

catalogue! {
    FailedFtok "key-of-failed-ftok":
        "msgget with the key -1",
        because "-1 is what ftok gives when it fails; all programs whose ftok fails meet in this queue",
        mend "look at what ftok returned, and stop when it is -1: the file that it was given must exist";
    KeyTaken "key-taken":
        "a key that another part of the same process has a queue of already",
        because "two inputs of ftok can give one key (it has 8 bits of the device and 16 of the inode), and two parts of a program then share a queue",
        mend "give ftok another file or another project id, or pass on the id of one queue with IPC_PRIVATE";
    ExclWithoutCreat "excl-without-creat":
        "msgget with IPC_EXCL and without IPC_CREAT",
        because "IPC_EXCL alone does nothing: an existing queue is opened all the same",
        mend "pass IPC_CREAT | IPC_EXCL to create a queue or fail, and neither to open one";
    StrayFlag "stray-flag":
        "a flag that this call does not have",
        because "the call ignores it, so it does not do what was meant",
        mend "leave the flag out, or use the one that was meant: permissions and IPC_CREAT are msgget's, MSG_NOERROR and MSG_EXCEPT are msgrcv's, IPC_NOWAIT is msgsnd's and msgrcv's";
    ExceptWithoutType "except-without-type":
        "msgrcv with MSG_EXCEPT and a type that is not above 0",
        because "MSG_EXCEPT counts for types above 0 alone; here it is ignored",
        mend "pass the type that is not wanted, or leave MSG_EXCEPT out";
    DecimalMode "mode-not-octal":
        "permissions that were not written in octal",
        because "without a leading 0, 666 is another number, whose bits give rights to the wrong people and set IPC_CREAT",
        mend "write the mode with a leading 0: 0666";
    NoPermissions "no-permissions":
        "a queue created without any permission",
        because "nobody, not even its owner, may send to it or receive from it, unless privileged",
        mend "add the permissions to msgget's flags: IPC_CREAT | 0600";
    Leftover "leftover-queue":
        "a queue of an earlier run stands in the way",
        because "those who last used it have ended; it still has their permissions and their messages",
        mend "remove it (ipcrm -Q KEY), and have the program remove its queue when it ends";
    NotRemoved "not-removed":
        "a queue that was created and not removed",
        because "a queue outlives its program, with all its messages, until the system has no more (ENOSPC)",
        mend "call msgctl(msqid, IPC_RMID, NULL) when the last user ends, also on errors and signals";
    UsedAfterRemoval "used-after-removal":
        "a call on a queue that was removed",
        because "the id means nothing any more, and may mean another queue later",
        mend "end all uses of the id before IPC_RMID, or open the queue anew";
    NoQueueId "no-queue-id":
        "a call on a negative id",
        because "no queue has one: -1 is what msgget gives when it fails",
        mend "look at what msgget returned before using it";
    MtypeBelow1 "mtype-below-1":
        "msgsnd of a message whose type is not above 0",
        because "types begin at 1; the call fails with EINVAL, and nothing is sent",
        mend "set mtype to 1 or more before msgsnd";
    NegativeSize "negative-size":
        "a negative msgsz",
        because "the call fails with EINVAL; the size is often the -1 that a failed call returned",
        mend "look at the result of the call that the size comes from";
    CountsMtype "msgsz-counts-mtype":
        "a msgsz that counts mtype",
        because "msgsz is the size of the text alone: with mtype counted, msgsnd sends bytes from behind the message, and msgrcv may write behind it",
        mend "pass sizeof(message) - sizeof(long), or the size of the text's array";
    BeyondBlock "beyond-block":
        "a message that is bigger than the memory it is in",
        because "the memory was allocated with fewer bytes than mtype and msgsz take: bytes behind it are sent, or overwritten",
        mend "allocate sizeof(long) + msgsz bytes, or pass a smaller msgsz";
    BiggerThanMsgmax "bigger-than-msgmax":
        "msgsnd of more bytes than a message may have",
        because "the call fails with EINVAL, whatever room there is",
        mend "send less at a time, or raise the limit: msgq limits --msgmax N, or the sysctl kernel.msgmax";
    BiggerThanQueue "bigger-than-queue":
        "msgsnd of more bytes than the queue may hold",
        because "the message never fits, not even when the queue is empty: msgsnd waits for ever, or fails with EAGAIN for ever",
        mend "send less at a time, or raise the queue's msg_qbytes by msgctl(IPC_SET)";
    SendsToItself "sends-to-itself":
        "msgsnd waits for room in a queue that only the caller could read",
        because "while it waits it reads nothing, so there will never be room",
        mend "receive first, or use IPC_NOWAIT and receive on EAGAIN";
    TooBigAgain "too-big-again":
        "msgrcv with the same msgsz again after E2BIG",
        because "the message stays in the queue and is found again each time: a loop without end",
        mend "receive with a bigger buffer, or with MSG_NOERROR to cut the message";
    Truncated "truncated":
        "a message that MSG_NOERROR has cut",
        because "what did not fit into msgsz is lost, and nothing tells",
        mend "receive with room for the biggest message there is, or without MSG_NOERROR and handle E2BIG";
    SendGivenUp "send-given-up":
        "a message that was not sent, and the next call sends another one",
        because "after EAGAIN or EINTR the message is not in the queue; going on loses it",
        mend "send the same message again until msgsnd returns 0, or count what is dropped on purpose";
    StaleBufferSent "stale-buffer-sent":
        "a buffer sent on after the msgrcv into it failed",
        because "the buffer still holds what was in it before: nothing was received",
        mend "go on only when msgrcv has not returned -1; call it again on EINTR";
    Damaged "damaged-queue":
        "a call failed with EIO",
        because "the memory or the file of the queues was changed by something else than this library",
        mend "end the programs that use these queues, and remove their directory (MSGQ_DIR)";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_words_joined_by_hyphens_and_each_is_there_once() {
        let names: BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
        for name in names {
            let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            assert!(name.bytes().all(fits), "{name}");
        }
    }

    #[test]
    fn the_table_is_in_the_order_of_the_kinds() {
        assert_eq!(CHECKS[Misuse::Damaged as usize].name, Misuse::Damaged.check().name);
        assert_eq!(CHECKS[Misuse::MtypeBelow1 as usize].name, "mtype-below-1");
        assert_eq!(CHECKS.len(), Misuse::Damaged as usize + 1);
    }

    #[test]
    fn sentences_stay_short_enough_for_one_line_of_a_report() {
        for check in &CHECKS {
            let length = check.what.len() + check.why.len() + check.mend.len();
            assert!(length < 600, "{}: {length} bytes", check.name);
        }
    }
}
