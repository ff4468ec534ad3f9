//! The queues that an engine has now.
#![allow(unsafe_code)]

use super::Engine;
use crate::trace::call::MSG_STAT_ANY;
use libc::{EIDRM, EINVAL, MSG_INFO, c_int, msginfo, msqid_ds};

/// A `struct msqid_ds` as bytes.
#[repr(C, align(8))]
pub struct Data(pub [u8; size_of::<msqid_ds>()]);

const _: () = assert!(align_of::<msqid_ds>() <= align_of::<Data>());

/// All queues of an engine, whoever may read them: their ids, and what msgctl(2) tells of them.
/// Nothing where the engine does not tell.
pub fn queues(engine: &dyn Engine) -> Option<Vec<(c_int, Data)>> {
    // SAFETY: a structure of numbers, for which 0 is a value.
    let mut info: msginfo = unsafe { std::mem::zeroed() };
    // SAFETY: MSG_INFO fills a msginfo, whatever type of pointer msgctl takes.
    let highest = unsafe { engine.msgctl(0, MSG_INFO, (&raw mut info).cast()) }.ok()?;
    let mut queues = Vec::new();
    for index in 0..=highest {
        let mut data = Data([0; size_of::<msqid_ds>()]);
        // SAFETY: there is room for the structure, aligned as it has to be.
        match unsafe { engine.msgctl(index, MSG_STAT_ANY, (&raw mut data).cast()) } {
            Ok(id) => queues.push((id, data)),
            // No queue has this index, or not any more.
            Err(error) if matches!(error.0, EINVAL | EIDRM) => (),
            Err(_) => return None,
        }
    }
    Some(queues)
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
}
