//! The limits of the kernel's queues, in `/proc/sys/kernel`.

use super::limits::Limits;
use crate::decimal::{self, MOST_DIGITS};
use crate::errno::Errno;
use crate::os::Descriptor;
use libc::O_WRONLY;
use std::ffi::CStr;

/// Sets limits of the kernel's, in this process's IPC namespace. EACCES and EPERM where that is not
/// permitted, EROFS where `/proc/sys` is read-only, ERANGE where a value is too high.
pub fn set(limits: Limits) -> Result<(), Errno> {
    limits.check()?;
    let wanted = [
        (c"/proc/sys/kernel/msgmax", limits.msgmax),
        (c"/proc/sys/kernel/msgmnb", limits.msgmnb),
        (c"/proc/sys/kernel/msgmni", limits.msgmni),
    ];
    // The permission is asked for when a file is opened: all are open before any is written.
    let mut files = [const { None }; 3];
    for (file, (path, value)) in files.iter_mut().zip(wanted) {
        *file = value.map(|value| open(path, value)).transpose()?;
    }
    files.iter().flatten().try_for_each(|(file, value)| write(file, *value))
}

fn open(path: &CStr, value: u64) -> Result<(Descriptor, u64), Errno> {
    Ok((Descriptor::open(path, O_WRONLY, 0)?, value))
}

fn write(file: &Descriptor, value: u64) -> Result<(), Errno> {
    file.write(decimal::digits(value, &mut [0; MOST_DIGITS]), 0)
}
