//! The four calls as values: their arguments, named as in the manual pages, and what is known of
//! each: what it may give to keep, and what its outcome proves about the caller's memory.

use super::capture::Readable;
use super::format::Kind;
use crate::errno::Errno;
use libc::{
    EACCES, EAGAIN, EIDRM, EINTR, EINVAL, ENOMEM, EPERM, IPC_INFO, IPC_SET, IPC_STAT, MSG_INFO,
    MSG_STAT, c_int, c_long, c_void, key_t, msginfo, msqid_ds,
};

/// msgctl(2)'s MSG_STAT without permission to read, which libc does not name.
pub const MSG_STAT_ANY: c_int = 13;

/// The calls, and their names.
pub const CALLS: [(Kind, &str); 4] = [
    (Kind::Get, "msgget"),
    (Kind::Control, "msgctl"),
    (Kind::Send, "msgsnd"),
    (Kind::Receive, "msgrcv"),
];

/// What came of a call: its result where it succeeded, else the error.
pub type Outcome = Result<i64, Errno>;

/// What the engine answers to a call.
#[derive(Clone, Copy)]
pub struct Answer {
    /// What comes of the call.
    pub outcome: Outcome,
    /// The number of the message that was sent or received; 0 where it has none.
    pub number: u64,
}

impl Answer {
    /// This answer, which is about no message that has a number.
    #[inline(always)]
    pub fn without_number(outcome: Outcome) -> Answer {
        Answer { outcome, number: 0 }
    }

    /// The result and the message's number, or the error.
    #[inline(always)]
    pub fn of(told: Result<(i64, u64), Errno>) -> Answer {
        match told {
            Ok((result, number)) => Answer { outcome: Ok(result), number },
            Err(error) => Answer::without_number(Err(error)),
        }
    }
}

/// What somebody other than the engine did to a call: a hook, or a rule of fault injection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Injected {
    /// The outcome is theirs: the engine was not asked, and has proven nothing.
    pub answer: bool,
    /// The call was made to wait.
    pub delay: bool,
}

/// A call with its arguments.
pub trait Call: Copy {
    /// Which call it is.
    fn kind(self) -> Kind;

    /// The arguments as a record has them.
    fn arguments(self) -> Arguments;

    /// How many bytes of the caller's memory it may give to keep, where `kept` bytes of each message
    /// are kept.
    fn most_bytes(self, kept: usize) -> usize;

    /// The caller's memory that `outcome` proves readable.
    fn proves(self, outcome: Outcome) -> Readable;
}

/// A call's arguments, in places that all calls share. What a call does not have is 0.
#[derive(Clone, Copy, Default)]
pub struct Arguments {
    /// The queue's id; for msgget the key.
    pub object: i32,
    /// msgflg; for msgctl the command.
    pub flags: i32,
    /// msgsz.
    pub msgsz: usize,
    /// msgtyp.
    pub msgtyp: i64,
    /// msgp or buf.
    pub address: usize,
}

/// msgget.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Get {
    pub key: key_t,
    pub msgflg: c_int,
}

impl Call for Get {
    #[inline(always)]
    fn kind(self) -> Kind {
        Kind::Get
    }

    #[inline(always)]
    fn arguments(self) -> Arguments {
        Arguments { object: self.key, flags: self.msgflg, ..Arguments::default() }
    }

    #[inline(always)]
    fn most_bytes(self, _: usize) -> usize {
        0
    }

    #[inline(always)]
    fn proves(self, _: Outcome) -> Readable {
        Readable::NOTHING
    }
}

/// msgctl.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Control {
    pub msqid: c_int,
    pub cmd: c_int,
    pub buf: *mut msqid_ds,
}

impl Call for Control {
    #[inline(always)]
    fn kind(self) -> Kind {
        Kind::Control
    }

    #[inline(always)]
    fn arguments(self) -> Arguments {
        let address = self.buf as usize;
        Arguments { object: self.msqid, flags: self.cmd, address, ..Arguments::default() }
    }

    #[inline(always)]
    fn most_bytes(self, _: usize) -> usize {
        match self.cmd {
            IPC_STAT | IPC_SET | MSG_STAT | MSG_STAT_ANY => size_of::<msqid_ds>(),
            IPC_INFO | MSG_INFO => size_of::<msginfo>(),
            _ => 0,
        }
    }

    /// IPC_SET reads its structure before it looks for the queue, and tells a caller without the
    /// right to change it (EPERM) after that.
    #[inline(always)]
    fn proves(self, outcome: Outcome) -> Readable {
        match (self.cmd, outcome.map_err(|error| error.0)) {
            (IPC_STAT | IPC_SET | MSG_STAT | MSG_STAT_ANY | IPC_INFO | MSG_INFO, Ok(_))
            | (IPC_SET, Err(EPERM)) => Readable::structure(self.buf, self.most_bytes(0)),
            _ => Readable::NOTHING,
        }
    }
}

/// msgsnd.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Send {
    pub msqid: c_int,
    pub msgp: *const c_void,
    pub msgsz: usize,
    pub msgflg: c_int,
}

impl Call for Send {
    #[inline(always)]
    fn kind(self) -> Kind {
        Kind::Send
    }

    #[inline(always)]
    fn arguments(self) -> Arguments {
        let Send { msqid, msgp, msgsz, msgflg } = self;
        let address = msgp as usize;
        Arguments { object: msqid, flags: msgflg, msgsz, address, ..Arguments::default() }
    }

    #[inline(always)]
    fn most_bytes(self, kept: usize) -> usize {
        self.msgsz.min(kept)
    }

    /// Linux reads mtype before it looks at anything else, and the text before it looks for the
    /// queue.
    #[inline(always)]
    fn proves(self, outcome: Outcome) -> Readable {
        match outcome.map_err(|error| error.0) {
            Ok(_) | Err(EAGAIN | EINTR | EIDRM | EACCES) => {
                Readable::message(self.msgp, self.msgsz)
            }
            Err(EINVAL | ENOMEM) => Readable::message(self.msgp, 0),
            Err(_) => Readable::NOTHING,
        }
    }
}

/// msgrcv.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Receive {
    pub msqid: c_int,
    pub msgp: *mut c_void,
    pub msgsz: usize,
    pub msgtyp: c_long,
    pub msgflg: c_int,
}

impl Call for Receive {
    #[inline(always)]
    fn kind(self) -> Kind {
        Kind::Receive
    }

    #[inline(always)]
    fn arguments(self) -> Arguments {
        let Receive { msqid, msgp, msgsz, msgtyp, msgflg } = self;
        Arguments { object: msqid, flags: msgflg, msgsz, msgtyp, address: msgp as usize }
    }

    #[inline(always)]
    fn most_bytes(self, kept: usize) -> usize {
        self.msgsz.min(kept)
    }

    /// What was received was written there.
    #[inline(always)]
    fn proves(self, outcome: Outcome) -> Readable {
        outcome.map_or(Readable::NOTHING, |length| Readable::message(self.msgp, length as usize))
    }
}

/// Any of the four, where it does not matter to be fast.
#[derive(Clone, Copy)]
pub struct Any {
    kind: Kind,
    arguments: Arguments,
}

impl Any {
    /// A call as any call.
    pub fn of(call: impl Call) -> Any {
        Any { kind: call.kind(), arguments: call.arguments() }
    }

    /// As msgget.
    pub(crate) fn get(self) -> Get {
        let Arguments { object: key, flags: msgflg, .. } = self.arguments;
        Get { key, msgflg }
    }

    /// As msgctl.
    pub(crate) fn control(self) -> Control {
        let Arguments { object: msqid, flags: cmd, address, .. } = self.arguments;
        Control { msqid, cmd, buf: address as *mut msqid_ds }
    }

    /// As msgsnd.
    pub(crate) fn send(self) -> Send {
        let Arguments { object: msqid, flags: msgflg, msgsz, address, .. } = self.arguments;
        Send { msqid, msgp: address as *const c_void, msgsz, msgflg }
    }

    /// As msgrcv.
    pub(crate) fn receive(self) -> Receive {
        let Arguments { object: msqid, flags: msgflg, msgsz, msgtyp, address } = self.arguments;
        Receive { msqid, msgp: address as *mut c_void, msgsz, msgtyp, msgflg }
    }
}

impl Call for Any {
    fn kind(self) -> Kind {
        self.kind
    }

    fn arguments(self) -> Arguments {
        self.arguments
    }

    fn most_bytes(self, kept: usize) -> usize {
        match self.kind {
            Kind::Control => self.control().most_bytes(kept),
            Kind::Send => self.send().most_bytes(kept),
            Kind::Receive => self.receive().most_bytes(kept),
            _ => 0,
        }
    }

    fn proves(self, outcome: Outcome) -> Readable {
        match self.kind {
            Kind::Control => self.control().proves(outcome),
            Kind::Send => self.send().proves(outcome),
            Kind::Receive => self.receive().proves(outcome),
            _ => Readable::NOTHING,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null_mut;

    const WILD: *mut c_void = 8 as *mut c_void;

    fn send(outcome: Outcome) -> Readable {
        Send { msqid: 1, msgp: WILD, msgsz: 5, msgflg: 0 }.proves(outcome)
    }

    #[test]
    fn a_bad_address_is_never_read() {
        for errno in (1..134).map(Errno) {
            let receive = Receive { msqid: 1, msgp: WILD, msgsz: 5, msgtyp: 0, msgflg: 0 };
            assert_eq!(receive.proves(Err(errno)), Readable::NOTHING, "msgrcv, {errno:?}");
            for cmd in [IPC_STAT, MSG_STAT, IPC_INFO, libc::IPC_RMID] {
                let control = Control { msqid: 1, cmd, buf: WILD.cast() };
                assert_eq!(control.proves(Err(errno)), Readable::NOTHING, "{cmd}, {errno:?}");
            }
        }
        for errno in [libc::EFAULT, libc::ENOSYS, libc::EPERM].map(Errno) {
            assert_eq!(send(Err(errno)), Readable::NOTHING, "msgsnd, {errno:?}");
        }
        let set = Control { msqid: 1, cmd: IPC_SET, buf: WILD.cast() };
        assert_eq!(set.proves(Err(Errno(libc::EFAULT))), Readable::NOTHING);
        assert_eq!(set.proves(Err(Errno(EINVAL))), Readable::NOTHING);
    }

    #[test]
    fn a_send_that_saw_the_whole_message_proves_it_readable() {
        for outcome in [Ok(0), Err(Errno(EAGAIN)), Err(Errno(EINTR)), Err(Errno(EIDRM))] {
            assert_eq!(send(outcome), Readable::message(WILD, 5));
        }
        assert_eq!(send(Err(Errno(EINVAL))), Readable::message(WILD, 0));
    }

    #[test]
    fn a_receive_proves_as_many_bytes_as_it_returned() {
        let call = Receive { msqid: 1, msgp: WILD, msgsz: 500, msgtyp: 0, msgflg: 0 };
        assert_eq!(call.proves(Ok(3)), Readable::message(WILD, 3));
    }

    #[test]
    fn removing_a_queue_proves_nothing_of_buf() {
        let call = Control { msqid: 1, cmd: libc::IPC_RMID, buf: null_mut() };
        assert_eq!(call.proves(Ok(0)), Readable::NOTHING);
        assert_eq!(call.most_bytes(32), 0);
    }

    #[test]
    fn any_call_gives_and_proves_what_the_call_does() {
        fn same(call: impl Call) {
            let any = Any::of(call);
            assert_eq!(any.kind(), call.kind());
            assert_eq!(any.most_bytes(32), call.most_bytes(32));
            for outcome in [Ok(3), Err(Errno(EAGAIN)), Err(Errno(EINVAL)), Err(Errno(EPERM))] {
                assert_eq!(any.proves(outcome), call.proves(outcome), "{outcome:?}");
            }
        }
        same(Get { key: 5, msgflg: 0 });
        same(Control { msqid: 1, cmd: IPC_SET, buf: WILD.cast() });
        same(Control { msqid: 1, cmd: IPC_INFO, buf: WILD.cast() });
        same(Send { msqid: 1, msgp: WILD, msgsz: 50, msgflg: 0 });
        same(Receive { msqid: 1, msgp: WILD, msgsz: 50, msgtyp: -4, msgflg: 0 });
    }
}
