//! What msgctl is checked for.
#![allow(unsafe_code)]

use super::queues::Queue;
use super::{Checked, Seen, errors, finding, places, process};
use crate::os;
use crate::trace::call::{Call, Control, Outcome};
use libc::{IPC_RMID, IPC_SET};

impl Checked for Control {
    #[inline(always)]
    fn before(self, _: usize) -> Seen {
        Seen::default()
    }

    #[inline(always)]
    unsafe fn after(self, caller: usize, _: Seen, outcome: Outcome) {
        match (self.cmd, outcome) {
            (IPC_RMID, Ok(_)) => self.removed(caller),
            // What the engine makes of msg_qbytes is asked when it matters.
            (IPC_SET, Ok(_)) => {
                if let Some(queue) = Queue::known(self.msqid) {
                    queue.forget_qbytes();
                }
            }
            (_, Err(_)) => {
                let call = finding::Call { kind: self.kind(), object: self.msqid, caller };
                errors::damaged(call, outcome);
            }
            _ => (),
        }
    }
}

impl Control {
    #[cold]
    #[inline(never)]
    fn removed(self, caller: usize) {
        if let Some(queue) = Queue::enter(self.msqid) {
            queue.removed(process(), os::thread_id(), places::of(caller));
        }
    }
}
