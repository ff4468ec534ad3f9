//! Engines that are wrong on purpose, each in one rare thing: what the scripts have to find.
#![allow(unsafe_code)]

use crate::engines::call::MSG_STAT_ANY;
use libc::{c_int, c_long, c_void, key_t, msqid_ds};
use msgq::engine::{ENGINES, Engine, Number, Received};
use msgq::errno::Errno;

/// The kernel's queues, but for one thing.
pub struct Deviant {
    pub name: &'static str,
    wrong: Wrong,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    LowestType,
    EmptyMessage,
    ByteBehind,
    TooBigIsLost,
    OldCommand,
    LastReceiver,
    SendTime,
    CopyOfSeventh,
    ReservedWord,
    IndexOfAny,
    GoesOnAfterSignal,
    RemovedMeanwhile,
    TooBigElsewhere,
}

/// Those that differ in calls that do not block.
pub const QUICK: [Deviant; 10] = [
    Deviant { name: "finds_nothing_below_the_lowest_type", wrong: Wrong::LowestType },
    Deviant { name: "drops_empty_messages", wrong: Wrong::EmptyMessage },
    Deviant { name: "writes_a_byte_behind_the_text", wrong: Wrong::ByteBehind },
    Deviant { name: "loses_messages_that_are_too_big", wrong: Wrong::TooBigIsLost },
    Deviant { name: "knows_commands_of_old", wrong: Wrong::OldCommand },
    Deviant { name: "forgets_who_emptied_the_queue", wrong: Wrong::LastReceiver },
    Deviant { name: "stamps_sends_two_seconds_late", wrong: Wrong::SendTime },
    Deviant { name: "copies_the_message_before_the_seventh", wrong: Wrong::CopyOfSeventh },
    Deviant { name: "fills_a_reserved_word", wrong: Wrong::ReservedWord },
    Deviant { name: "gives_no_id_for_an_index", wrong: Wrong::IndexOfAny },
];

/// Those that differ in calls that block.
pub const BLOCKING: [Deviant; 3] = [
    Deviant { name: "goes_on_after_a_signal", wrong: Wrong::GoesOnAfterSignal },
    Deviant { name: "denies_that_the_queue_was_there", wrong: Wrong::RemovedMeanwhile },
    Deviant { name: "has_another_word_for_too_big", wrong: Wrong::TooBigElsewhere },
];

static ALL: [&[Deviant]; 2] = [&QUICK, &BLOCKING];

/// The deviant engine of this name.
pub fn named(name: &str) -> Option<&'static dyn Engine> {
    let deviants = ALL.into_iter().flatten();
    deviants.into_iter().find(|deviant| deviant.name == name).map(|deviant| deviant as &dyn Engine)
}

/// The engine that they spoil.
fn sound() -> &'static dyn Engine {
    ENGINES[0].1
}

impl Engine for Deviant {
    fn prepare(&self) {
        sound().prepare();
    }

    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        sound().msgget(key, msgflg)
    }

    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        let cmd = if self.wrong == Wrong::OldCommand { cmd & !0x100 } else { cmd };
        // SAFETY: the caller's promise, handed on.
        let answer = unsafe { sound().msgctl(msqid, cmd, buf) }?;
        if [libc::MSG_STAT, MSG_STAT_ANY].contains(&cmd) && self.wrong == Wrong::IndexOfAny {
            return Ok(0);
        }
        if cmd == libc::IPC_STAT {
            // SAFETY: the engine has just filled the structure.
            unsafe { self.spoil(buf) };
        }
        Ok(answer)
    }

    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<Number, Errno> {
        if self.wrong == Wrong::EmptyMessage && msgsz == 0 {
            return Ok(0);
        }
        // SAFETY: the caller's promise, handed on.
        unsafe { sound().msgsnd(msqid, msgp, msgsz, msgflg) }
    }

    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<Received, Errno> {
        let is_copy = msgflg & libc::MSG_COPY != 0;
        let msgtyp = match self.wrong {
            // As if its absolute value could be had by turning the sign.
            Wrong::LowestType if msgtyp == c_long::MIN && !is_copy => 1 << 60,
            Wrong::CopyOfSeventh if is_copy && msgtyp == 7 => 6,
            _ => msgtyp,
        };
        // SAFETY: the caller's promise, handed on.
        let receive = || unsafe { sound().msgrcv(msqid, msgp, msgsz, msgtyp, msgflg) };
        let waits = msgflg & libc::IPC_NOWAIT == 0;
        match (self.wrong, receive()) {
            (Wrong::ByteBehind, Ok(received)) if received.bytes < msgsz.min(64) => {
                // SAFETY: the caller has room for `msgsz` bytes behind the type.
                unsafe { msgp.cast::<u8>().add(size_of::<c_long>() + received.bytes).write(0) };
                Ok(received)
            }
            (Wrong::TooBigIsLost, Err(Errno(libc::E2BIG))) => {
                let mut small = [0u64; 2];
                let flags = msgflg | libc::MSG_NOERROR;
                let away = small.as_mut_ptr().cast();
                // SAFETY: room for a type and no text.
                let _ = unsafe { sound().msgrcv(msqid, away, 0, msgtyp, flags) };
                Err(Errno(libc::E2BIG))
            }
            (Wrong::RemovedMeanwhile, Err(Errno(libc::EIDRM))) => Err(Errno(libc::EINVAL)),
            (Wrong::GoesOnAfterSignal, Err(Errno(libc::EINTR))) if waits => receive(),
            (Wrong::TooBigElsewhere, Err(Errno(libc::E2BIG))) if waits => Err(Errno(libc::EAGAIN)),
            (_, answer) => answer,
        }
    }
}

impl Deviant {
    /// Changes what IPC_STAT gave.
    ///
    /// # Safety
    /// The structure can be read and written, at whatever address.
    unsafe fn spoil(&self, buf: *mut msqid_ds) {
        // SAFETY: the caller's promise.
        let mut data = unsafe { buf.read_unaligned() };
        match self.wrong {
            Wrong::LastReceiver if data.msg_qnum == 0 => data.msg_lrpid = 0,
            Wrong::SendTime if data.msg_stime != 0 => data.msg_stime += 2,
            _ => {}
        }
        // SAFETY: the caller's promise.
        unsafe { buf.write_unaligned(data) };
        if self.wrong == Wrong::ReservedWord {
            // SAFETY: the last eight bytes of the structure.
            unsafe { buf.add(1).cast::<u64>().sub(1).write_unaligned(1) };
        }
    }
}
