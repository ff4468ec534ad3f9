//! The queues that an engine has now.
#![allow(unsafe_code)]

use super::Engine;
use crate::errno::Errno;
use crate::trace::call::MSG_STAT_ANY;
use libc::{EIDRM, EINVAL, MSG_INFO, c_int, msginfo, msqid_ds};

/// A `struct msqid_ds` as bytes.
#[repr(C, align(8))]
pub struct Data(pub [u8; size_of::<msqid_ds>()]);

const _: () = assert!(align_of::<msqid_ds>() <= align_of::<Data>());

/// What there is in all queues of an engine together.
pub struct Usage {
    /// How many queues there are.
    pub queues: c_int,
    /// How many messages.
    pub messages: c_int,
    /// How many bytes the messages have.
    pub bytes: c_int,
    /// The highest index of a queue, 0 where there is none.
    highest: c_int,
}

/// What there is in all queues of an engine together.
pub fn usage(engine: &dyn Engine) -> Result<Usage, Errno> {
    // SAFETY: a structure of numbers, for which 0 is a value.
    let mut info: msginfo = unsafe { std::mem::zeroed() };
    // SAFETY: MSG_INFO fills a msginfo, whatever type of pointer msgctl takes.
    let highest = unsafe { engine.msgctl(0, MSG_INFO, (&raw mut info).cast()) }?;
    Ok(Usage { queues: info.msgpool, messages: info.msgmap, bytes: info.msgtql, highest })
}

/// All queues of an engine, whoever may read them: their ids, and what msgctl(2) tells of them.
pub fn queues(engine: &dyn Engine) -> Result<Vec<(c_int, Data)>, Errno> {
    let mut queues = Vec::new();
    for index in 0..=usage(engine)?.highest {
        queues.extend(by_index(engine, index)?);
    }
    Ok(queues)
}

/// What msgctl(2) tells of the queue with this id, whoever may read it. Nothing where there is none.
pub fn queue(engine: &dyn Engine, id: c_int) -> Result<Option<Data>, Errno> {
    // An id has its queue's index in it, and the call takes it for that.
    let found = by_index(engine, id)?;
    Ok(found.filter(|(found, _)| *found == id).map(|(_, data)| data))
}

fn by_index(engine: &dyn Engine, index: c_int) -> Result<Option<(c_int, Data)>, Errno> {
    let mut data = Data([0; size_of::<msqid_ds>()]);
    // SAFETY: there is room for the structure, aligned as it has to be.
    match unsafe { engine.msgctl(index, MSG_STAT_ANY, (&raw mut data).cast()) } {
        Ok(id) => Ok(Some((id, data))),
        // No queue has this index, or not any more.
        Err(Errno(EINVAL | EIDRM)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{DEFAULT, ENGINES};
    use libc::{IPC_CREAT, IPC_PRIVATE, IPC_RMID};
    use std::mem::offset_of;

    #[test]
    fn a_queue_is_listed_as_long_as_it_is_there() {
        let (_, kernel) = ENGINES[DEFAULT];
        kernel.prepare();
        let id = kernel.msgget(IPC_PRIVATE, IPC_CREAT | 0o640).unwrap();
        let listed = queues(kernel).unwrap();
        // SAFETY: IPC_RMID takes no structure.
        unsafe { kernel.msgctl(id, IPC_RMID, std::ptr::null_mut()) }.unwrap();
        let (_, data) = listed.iter().find(|(listed, _)| *listed == id).expect("the queue");
        let mode = offset_of!(msqid_ds, msg_perm.mode);
        assert_eq!(data.0[mode..mode + 2], 0o640u16.to_ne_bytes());
        assert!(!queues(kernel).unwrap().iter().any(|(listed, _)| *listed == id));
    }

    #[test]
    fn a_queue_is_found_by_its_id_and_not_by_another_with_the_same_index() {
        let (_, kernel) = ENGINES[DEFAULT];
        kernel.prepare();
        let id = kernel.msgget(IPC_PRIVATE, IPC_CREAT | 0o600).unwrap();
        let found = [id, id ^ 1 << 20, -1].map(|id| queue(kernel, id).map(|data| data.is_some()));
        // SAFETY: IPC_RMID takes no structure.
        unsafe { kernel.msgctl(id, IPC_RMID, std::ptr::null_mut()) }.unwrap();
        assert_eq!(found, [Ok(true), Ok(false), Ok(false)]);
        assert_eq!(queue(kernel, id).map(|data| data.is_some()), Ok(false));
    }
}
