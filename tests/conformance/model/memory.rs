//! The caller's memory, which may not be there.
#![allow(unsafe_code)]

use crate::support::{EFAULT, Errno};
use libc::{c_long, c_ulong, iovec};

/// Reads so many bytes.
pub fn read(address: usize, bytes: usize) -> Result<Vec<u8>, Errno> {
    let mut copy = vec![0; bytes];
    let local = iovec { iov_base: copy.as_mut_ptr().cast(), iov_len: bytes };
    transfer(libc::process_vm_readv, local, address).map(|()| copy)
}

/// Reads a type.
pub fn read_long(address: usize) -> Result<c_long, Errno> {
    let bytes = read(address, size_of::<c_long>())?;
    bytes.try_into().map(c_long::from_ne_bytes).map_err(|_| Errno(EFAULT))
}

/// Writes these bytes.
pub fn write(address: usize, bytes: &[u8]) -> Result<(), Errno> {
    let local = iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    transfer(libc::process_vm_writev, local, address)
}

/// Reads a structure of C's.
pub fn read_value<T: Copy>(address: usize) -> Result<T, Errno> {
    let bytes = read(address, size_of::<T>())?;
    // SAFETY: as many bytes as a T has; the structures that are read here may hold any.
    Ok(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}

/// Writes a structure of C's.
pub fn write_value<T>(address: usize, value: &T) -> Result<(), Errno> {
    // SAFETY: a reference is good for as many bytes as its type has, and the structures that are
    // written here were zeros before they were filled.
    let bytes = unsafe { std::slice::from_raw_parts((&raw const *value).cast(), size_of::<T>()) };
    write(address, bytes)
}

type Transfer = unsafe extern "C" fn(
    libc::pid_t,
    *const iovec,
    c_ulong,
    *const iovec,
    c_ulong,
    c_ulong,
) -> libc::ssize_t;

/// The kernel copies between two places of this process, and does not mind where one is missing.
fn transfer(call: Transfer, local: iovec, address: usize) -> Result<(), Errno> {
    if local.iov_len == 0 {
        return Ok(());
    }
    let remote = iovec { iov_base: address as *mut _, iov_len: local.iov_len };
    // SAFETY: `local` is a buffer of the caller's; the kernel checks the other one.
    let copied = unsafe { call(libc::getpid(), &raw const local, 1, &raw const remote, 1, 0) };
    if copied == local.iov_len as isize { Ok(()) } else { Err(Errno(EFAULT)) }
}
