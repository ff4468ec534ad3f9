//! The four calls as data: they can be made up, written down, sent to another process, and made.

use libc::{c_int, c_long};
use std::fmt;

/// Which of the four.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Function {
    Get,
    Control,
    Send,
    Receive,
}

/// Where the message or the structure lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// With more than enough room.
    Usual,
    /// Nowhere: the null pointer.
    Null,
    /// So many bytes before memory that cannot be used; the address is not aligned.
    Cut(u32),
    /// In memory that cannot be written.
    ReadOnly,
}

/// What IPC_SET is to set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Set {
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
    pub qbytes: u64,
}

/// One call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    pub function: Function,
    /// The key, or the msqid.
    pub target: c_int,
    /// The msgflg, or the cmd.
    pub flags: c_int,
    /// The mtype, or the msgtyp.
    pub mtype: c_long,
    pub msgsz: usize,
    pub place: Place,
    /// Stands in the first eight bytes of a message's text, where there are as many.
    pub label: u64,
    pub set: Set,
}

/// A [`Call`] in memory that one process sends to another.
pub type Words = [i64; 12];

/// What came of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The value, or the error number.
    pub answer: Result<i64, c_int>,
    /// What the call left in memory. For msgrcv: the mtype and the text that it gave, or all there
    /// is around it where anything else was changed.
    pub memory: Vec<u8>,
}

impl Call {
    pub fn get(key: c_int, msgflg: c_int) -> Call {
        Call { target: key, flags: msgflg, ..BLANK }
    }

    pub fn control(msqid: c_int, cmd: c_int) -> Call {
        Call { function: Function::Control, target: msqid, flags: cmd, ..BLANK }
    }

    pub fn send(msqid: c_int, mtype: c_long, msgsz: usize, msgflg: c_int) -> Call {
        let function = Function::Send;
        Call { function, target: msqid, flags: msgflg, mtype, msgsz, ..BLANK }
    }

    pub fn receive(msqid: c_int, msgsz: usize, msgtyp: c_long, msgflg: c_int) -> Call {
        let function = Function::Receive;
        Call { function, target: msqid, flags: msgflg, mtype: msgtyp, msgsz, ..BLANK }
    }

    /// As words.
    pub fn words(&self) -> Words {
        let (place, room) = match self.place {
            Place::Usual => (0, 0),
            Place::Null => (1, 0),
            Place::Cut(room) => (2, room),
            Place::ReadOnly => (3, 0),
        };
        [
            self.function as i64,
            self.target.into(),
            self.flags.into(),
            self.mtype,
            self.msgsz as i64,
            place,
            room.into(),
            self.label as i64,
            self.set.uid.into(),
            self.set.gid.into(),
            self.set.mode.into(),
            self.set.qbytes as i64,
        ]
    }

    /// From its words.
    pub fn from_words(words: &Words) -> Call {
        let [function, target, flags, mtype, msgsz, place, room, label, uid, gid, mode, qbytes] =
            *words;
        let functions = [Function::Get, Function::Control, Function::Send, Function::Receive];
        let place = match place {
            0 => Place::Usual,
            1 => Place::Null,
            2 => Place::Cut(room as u32),
            _ => Place::ReadOnly,
        };
        Call {
            function: functions[function as usize],
            target: target as c_int,
            flags: flags as c_int,
            mtype,
            msgsz: msgsz as usize,
            place,
            label: label as u64,
            set: Set { uid: uid as u32, gid: gid as u32, mode: mode as u32, qbytes: qbytes as u64 },
        }
    }
}

const BLANK: Call = Call {
    function: Function::Get,
    target: 0,
    flags: 0,
    mtype: 0,
    msgsz: 0,
    place: Place::Usual,
    label: 0,
    set: Set { uid: 0, gid: 0, mode: 0, qbytes: 0 },
};

impl Outcome {
    pub fn failed(errno: c_int) -> Outcome {
        Outcome { answer: Err(errno), memory: Vec::new() }
    }

    /// The label of the message that msgrcv gave.
    pub fn label(&self) -> Option<u64> {
        self.answer.ok()?;
        let bytes = self.memory.get(size_of::<c_long>()..size_of::<c_long>() + 8)?;
        Some(u64::from_ne_bytes(bytes.try_into().expect("eight bytes")))
    }

    /// The mtype that msgrcv gave.
    pub fn mtype(&self) -> Option<c_long> {
        let bytes = self.memory.first_chunk::<{ size_of::<c_long>() }>()?;
        Some(c_long::from_ne_bytes(*bytes))
    }
}

/// Names of flags, for [`Call`]s that are shown.
const FLAGS: [(Function, c_int, &str); 7] = [
    (Function::Get, libc::IPC_CREAT, "IPC_CREAT"),
    (Function::Get, libc::IPC_EXCL, "IPC_EXCL"),
    (Function::Send, libc::IPC_NOWAIT, "IPC_NOWAIT"),
    (Function::Receive, libc::IPC_NOWAIT, "IPC_NOWAIT"),
    (Function::Receive, libc::MSG_NOERROR, "MSG_NOERROR"),
    (Function::Receive, libc::MSG_EXCEPT, "MSG_EXCEPT"),
    (Function::Receive, libc::MSG_COPY, "MSG_COPY"),
];

/// Names of commands.
const COMMANDS: [(c_int, &str); 7] = [
    (libc::IPC_RMID, "IPC_RMID"),
    (libc::IPC_SET, "IPC_SET"),
    (libc::IPC_STAT, "IPC_STAT"),
    (libc::IPC_INFO, "IPC_INFO"),
    (libc::MSG_STAT, "MSG_STAT"),
    (libc::MSG_INFO, "MSG_INFO"),
    (MSG_STAT_ANY, "MSG_STAT_ANY"),
];

/// Not among libc's names for every C library.
pub const MSG_STAT_ANY: c_int = 13;

fn flags(call: &Call) -> String {
    let known = FLAGS.iter().filter(|(function, _, _)| *function == call.function);
    let mut rest = call.flags;
    let mut names = Vec::new();
    for (_, flag, name) in known.filter(|(_, flag, _)| call.flags & flag != 0) {
        names.push((*name).to_string());
        rest &= !flag;
    }
    if rest != 0 || names.is_empty() {
        names.push(format!("{rest:#o}"));
    }
    names.join("|")
}

fn place(call: &Call) -> String {
    match call.place {
        Place::Usual => String::new(),
        Place::Null => " at the null pointer".into(),
        Place::Cut(room) => format!(" {room} bytes before the end of memory"),
        Place::ReadOnly => " in read-only memory".into(),
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Call { target, mtype, .. } = self;
        let msgsz = self.msgsz as isize;
        match self.function {
            Function::Get => write!(formatter, "msgget({target:#x}, {})", flags(self)),
            Function::Send => {
                write!(formatter, "msgsnd({target}, mtype {mtype}, {msgsz}, {})", flags(self))
            }
            Function::Receive => {
                write!(formatter, "msgrcv({target}, {msgsz}, {mtype}, {})", flags(self))
            }
            Function::Control => {
                let named = COMMANDS.iter().find(|(cmd, _)| *cmd == self.flags);
                let cmd = named.map_or(format!("{:#x}", self.flags), |(_, name)| (*name).into());
                write!(formatter, "msgctl({target}, {cmd}")?;
                if self.flags == libc::IPC_SET {
                    let Set { uid, gid, mode, qbytes } = self.set;
                    write!(formatter, ", uid {uid} gid {gid} mode {mode:#o} qbytes {qbytes}")?;
                }
                write!(formatter, ")")
            }
        }?;
        write!(formatter, "{}", place(self))
    }
}
