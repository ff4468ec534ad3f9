//! What answers when the environment asked for something that does not exist: ENOSYS to
//! everything. The kernel's queues in its stead would be a wrong answer that nobody sees.

use super::{Engine, Number, Received};
use crate::errno::Errno;
use libc::{ENOSYS, c_int, c_long, c_void, key_t, msqid_ds};

pub struct Refusal;

const REFUSED: Errno = Errno(ENOSYS);

#[allow(unsafe_code)]
impl Engine for Refusal {
    fn msgget(&self, _: key_t, _: c_int) -> Result<c_int, Errno> {
        Err(REFUSED)
    }

    unsafe fn msgctl(&self, _: c_int, _: c_int, _: *mut msqid_ds) -> Result<c_int, Errno> {
        Err(REFUSED)
    }

    unsafe fn msgsnd(
        &self,
        _: c_int,
        _: *const c_void,
        _: usize,
        _: c_int,
    ) -> Result<Number, Errno> {
        Err(REFUSED)
    }

    unsafe fn msgrcv(
        &self,
        _: c_int,
        _: *mut c_void,
        _: usize,
        _: c_long,
        _: c_int,
    ) -> Result<Received, Errno> {
        Err(REFUSED)
    }
}
