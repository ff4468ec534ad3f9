//! Files and directories.
#![allow(unsafe_code)]

use super::kernel;
use crate::errno::Errno;
use libc::c_int;
use std::ffi::CStr;

/// A part of what statx(2) tells of a file.
#[derive(Clone, Copy, Debug)]
pub struct Status {
    /// The user id of its owner.
    pub owner: u32,
    /// Its type and its permissions, as st_mode has them.
    pub mode: u32,
}

/// An open descriptor, closed when it is dropped.
pub struct Descriptor(c_int);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and nobody else knows its number.
        let _ = unsafe { kernel!(libc::SYS_close, self.0) };
    }
}

impl Descriptor {
    /// Opens `path`; `flags` and `mode` as in open(2), O_CLOEXEC added.
    pub fn open(path: &CStr, flags: c_int, mode: u32) -> Result<Descriptor, Errno> {
        // SAFETY: `path` ends with a NUL byte.
        let number = unsafe {
            kernel!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags | libc::O_CLOEXEC, mode)
        }?;
        Ok(Descriptor(number as c_int))
    }

    /// The file's size in bytes.
    pub fn size(&self) -> Result<u64, Errno> {
        // SAFETY: moves the position of a descriptor of our own.
        unsafe { kernel!(libc::SYS_lseek, self.0, 0, libc::SEEK_END) }.map(|size| size as u64)
    }

    /// Who owns the file, and what it is: its type and permissions.
    pub fn status(&self) -> Result<Status, Errno> {
        // SAFETY: a structure of numbers, for which 0 is a value.
        let mut status: libc::statx = unsafe { std::mem::zeroed() };
        let (this, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
        let wanted = libc::STATX_TYPE | libc::STATX_MODE | libc::STATX_UID;
        // SAFETY: the path ends with a NUL byte; the kernel writes one statx.
        unsafe { kernel!(libc::SYS_statx, self.0, this, flags, wanted, &raw mut status) }?;
        Ok(Status { owner: status.stx_uid, mode: u32::from(status.stx_mode) })
    }

    /// Makes the file `bytes` long, as ftruncate(2).
    pub fn set_size(&self, bytes: u64) -> Result<(), Errno> {
        // SAFETY: nobody has mapped the file yet, or it only grows.
        unsafe { kernel!(libc::SYS_ftruncate, self.0, bytes) }.map(drop)
    }

    /// Gives the first `bytes` of the file real storage, as fallocate(2).
    pub fn allocate(&self, bytes: u64) -> Result<(), Errno> {
        // SAFETY: touches the file only.
        unsafe { kernel!(libc::SYS_fallocate, self.0, 0, 0, bytes) }.map(drop)
    }

    /// Reads from the start of the file; gives the number of bytes read.
    pub fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        self.read_at(into, 0)
    }

    /// Reads from offset `at` on; gives the number of bytes read.
    pub fn read_at(&self, into: &mut [u8], at: u64) -> Result<usize, Errno> {
        // SAFETY: the buffer is as long as said.
        unsafe { kernel!(libc::SYS_pread64, self.0, into.as_mut_ptr(), into.len(), at) }
            .map(|bytes| bytes as usize)
    }

    /// Writes all the bytes, from offset `at` on.
    pub fn write(&self, bytes: &[u8], at: u64) -> Result<(), Errno> {
        // SAFETY: the buffer is as long as said.
        let written =
            unsafe { kernel!(libc::SYS_pwrite64, self.0, bytes.as_ptr(), bytes.len(), at) }?;
        if written as usize == bytes.len() { Ok(()) } else { Err(Errno(libc::ENOSPC)) }
    }

    /// Gives the file this mode, whatever the umask is.
    pub fn set_mode(&self, mode: u32) -> Result<(), Errno> {
        // SAFETY: touches the file only.
        unsafe { kernel!(libc::SYS_fchmod, self.0, mode) }.map(drop)
    }

    /// Maps the first `bytes` of the file at this address, over whatever is there.
    ///
    /// # Safety
    /// The range is the caller's.
    pub unsafe fn map_at(&self, address: *mut u8, bytes: usize) -> Result<(), Errno> {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_FIXED);
        // SAFETY: the caller's promise.
        unsafe { kernel!(libc::SYS_mmap, address, bytes, protection, flags, self.0, 0) }.map(drop)
    }

    /// Maps `bytes` of the file from its start, shared, to read and write.
    pub fn map(&self, bytes: usize) -> Result<*mut u8, Errno> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        unsafe { kernel!(libc::SYS_mmap, 0, bytes, protection, libc::MAP_SHARED, self.0, 0) }
            .map(|address| address as *mut u8)
    }
}

/// Reads the whole of a small file, as those in `/sys`; what does not fit is left out.
pub fn read_small<'a>(path: &CStr, into: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    let bytes = Descriptor::open(path, libc::O_RDONLY, 0)?.read(into)?;
    Ok(into.get(..bytes).unwrap_or_default())
}

/// Gives `old` the second name `new`; EEXIST where that is taken.
pub fn link(old: &CStr, new: &CStr) -> Result<(), Errno> {
    let here = libc::AT_FDCWD;
    // SAFETY: both paths end with a NUL byte.
    unsafe { kernel!(libc::SYS_linkat, here, old.as_ptr(), here, new.as_ptr(), 0) }.map(drop)
}

/// Makes a directory; EEXIST where there is something of that name.
pub fn make_directory(path: &CStr, mode: u32) -> Result<(), Errno> {
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_mkdirat, libc::AT_FDCWD, path.as_ptr(), mode) }.map(drop)
}

/// The current directory's path, without a NUL byte. It begins with no slash where the directory
/// cannot be reached from this process's root.
pub fn current_directory(into: &mut [u8]) -> Result<&[u8], Errno> {
    // SAFETY: the kernel writes at most as many bytes as said.
    let length = unsafe { kernel!(libc::SYS_getcwd, into.as_mut_ptr(), into.len()) }?;
    Ok(into.get(..(length as usize).saturating_sub(1)).unwrap_or_default())
}

/// Removes a name.
pub fn unlink(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_unlinkat, libc::AT_FDCWD, path.as_ptr(), 0) }.map(drop)
}

/// The largest file this process may write, in bytes (RLIMIT_FSIZE).
pub fn largest_file() -> u64 {
    let mut limit = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit64.
    let answer = unsafe { kernel!(libc::SYS_prlimit64, 0, libc::RLIMIT_FSIZE, 0, &raw mut limit) };
    answer.map_or(0, |_| limit.rlim_cur)
}

/// Gives a file to a user and a group, as lchown(2).
pub fn set_owner(path: &CStr, uid: u32, gid: u32) -> Result<(), Errno> {
    let (here, flags) = (libc::AT_FDCWD, libc::AT_SYMLINK_NOFOLLOW);
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_fchownat, here, path.as_ptr(), uid, gid, flags) }.map(drop)
}

/// Gives a file this mode, as chmod(2).
pub fn set_mode(path: &CStr, mode: u32) -> Result<(), Errno> {
    // SAFETY: the path ends with a NUL byte.
    unsafe { kernel!(libc::SYS_fchmodat, libc::AT_FDCWD, path.as_ptr(), mode) }.map(drop)
}
