//! The directory of the queues: which it is, and whether it can be trusted.
//!
//! Whoever can put other files in the place of the queues' can make programs read and write
//! whatever he likes. So a directory in which that is possible is refused, and never mended.

use super::credentials;
use crate::errno::Errno;
use crate::os::{self, Descriptor, Status};
use crate::path::{Path, TooLong};
use crate::settings;
use libc::{EEXIST, ELOOP, ENOENT, ENOTDIR, O_DIRECTORY, O_NOFOLLOW, O_PATH, c_int};
use std::ffi::CStr;

/// Where the directories are that nobody named.
const BASE: &CStr = c"/dev/shm";

/// Of a directory that is made here.
const OWN_MODE: u32 = 0o700;

const PERMISSIONS: u32 = 0o7777;
const STICKY: u32 = 0o1000;
const OF_OTHERS: u32 = 0o077;
const GROUP_WRITES: u32 = 0o020;
const ALL_WRITE: u32 = 0o002;

/// The directory of the queues.
pub struct Directory {
    /// Its path, which begins with a slash. After a refusal, that of what was refused.
    pub path: Path,
    /// Whether others than its owner may make files there.
    pub shared: bool,
    /// Its permissions, sticky bit and the like included.
    pub mode: u32,
}

/// Why a directory cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be made or opened.
    File(Errno),
    /// The path has more bytes than the kernel takes.
    TooLong,
    /// The path is relative, and the current directory has none.
    Nowhere,
    /// The number of the IPC namespace is not known.
    NoNamespace,
    /// There is something else of the name that was given.
    NoDirectory,
    /// There is something else of the name that this user's directory is to have.
    Taken,
    /// This user's directory belongs to somebody else.
    Foreign,
    /// Others have permissions for this user's directory.
    Exposed,
    /// Others may write to a directory whose owner is neither this user nor root.
    OwnedByThirdParty,
    /// Everybody may remove everybody's files there.
    NotSticky,
}

impl Refusal {
    /// What is wrong, and what would be right.
    pub fn sentence(&self) -> &'static str {
        match self {
            Refusal::File(_) => "the directory cannot be made or opened",
            Refusal::TooLong => "the path is longer than 4095 bytes; name a shorter one",
            Refusal::Nowhere => {
                "the current directory has no path from here; name one that begins with a slash"
            }
            Refusal::NoNamespace => {
                "/proc does not tell the IPC namespace that the directory is named after; \
                 set MSGQ_DIR"
            }
            Refusal::NoDirectory => "this is no directory; name one, or a path that is free",
            Refusal::Taken => {
                "this is a link or a file where the directory should be; remove it, or set MSGQ_DIR"
            }
            Refusal::Foreign => "the directory belongs to another user; set MSGQ_DIR to your own",
            Refusal::Exposed => {
                "others may use the directory, which should be this user's alone; \
                 chmod it to 0700, or set MSGQ_DIR"
            }
            Refusal::OwnedByThirdParty => {
                "others may write to the directory, and its owner is neither this user nor root; \
                 name another"
            }
            Refusal::NotSticky => {
                "everybody may remove the files of others in the directory; \
                 set its sticky bit (chmod +t), or name another"
            }
        }
    }

    /// What the kernel said, where it did.
    pub fn error(&self) -> Option<Errno> {
        match self {
            Refusal::File(error) => Some(*error),
            _ => None,
        }
    }
}

impl From<TooLong> for Refusal {
    fn from(_: TooLong) -> Refusal {
        Refusal::TooLong
    }
}

impl Directory {
    /// No directory yet.
    pub const fn none() -> Directory {
        Directory { path: Path::empty(), shared: false, mode: 0 }
    }

    /// Finds the directory that MSGQ_DIR names, or else this user's own for his IPC namespace.
    /// Makes it where it is missing. To be done at the start: a relative path means the directory
    /// that the program was started in.
    pub fn find(&mut self) -> Result<(), Refusal> {
        let user = credentials::euid();
        match os::environment(settings::DIRECTORY.name) {
            Some(path) => self.find_given(path, user),
            None => self.find_own(BASE, user, os::ipc_namespace()),
        }
    }

    fn find_given(&mut self, path: &CStr, user: u32) -> Result<(), Refusal> {
        self.path.cut(0);
        if !path.to_bytes().starts_with(b"/") {
            self.begin_where_the_program_is()?;
        }
        self.path.push(path.to_bytes())?;
        let status = self.status_of(0, Refusal::NoDirectory)?;
        can_be_trusted(status, user)?;
        self.accept(status)
    }

    fn begin_where_the_program_is(&mut self) -> Result<(), Refusal> {
        let mut buffer = [0u8; libc::PATH_MAX as usize];
        let here = os::current_directory(&mut buffer).map_err(|_| Refusal::Nowhere)?;
        if !here.starts_with(b"/") {
            return Err(Refusal::Nowhere);
        }
        self.path.push(here)?;
        Ok(self.path.push(b"/")?)
    }

    fn find_own(&mut self, base: &CStr, user: u32, namespace: u64) -> Result<(), Refusal> {
        self.path.cut(0);
        self.path.push(base.to_bytes())?;
        self.path.push(b"/msgq-")?;
        self.path.push_number(u64::from(user))?;
        self.path.push(b"-")?;
        self.path.push_number(namespace)?;
        if namespace == 0 {
            return Err(Refusal::NoNamespace);
        }
        let status = self.status_of(O_NOFOLLOW, Refusal::Taken)?;
        is_own(status, user)?;
        self.accept(status)
    }

    /// Opens the directory, or makes it, and looks at what was opened.
    fn status_of(&self, flags: c_int, no_directory: Refusal) -> Result<Status, Refusal> {
        let path = self.path.as_c_str();
        // Not to read it: a directory may be shared with those who can name its files alone.
        let open = || Descriptor::open(path, O_PATH | O_DIRECTORY | flags, 0);
        let opened = match open() {
            Err(Errno(ENOENT)) => match os::make_directory(path, OWN_MODE) {
                // Another process may have been first.
                Ok(()) | Err(Errno(EEXIST)) => open(),
                Err(error) => Err(error),
            },
            opened => opened,
        };
        opened.and_then(|directory| directory.status()).map_err(|error| match error {
            Errno(ENOTDIR | ELOOP) => no_directory,
            error => Refusal::File(error),
        })
    }

    fn accept(&mut self, status: Status) -> Result<(), Refusal> {
        self.mode = status.mode & PERMISSIONS;
        self.shared = status.mode & (GROUP_WRITES | ALL_WRITE) != 0;
        Ok(())
    }
}

/// Whether nobody but those whom `user` trusts anyway can change the files of a directory that he
/// has named himself.
fn can_be_trusted(status: Status, user: u32) -> Result<(), Refusal> {
    let others_write = status.mode & (GROUP_WRITES | ALL_WRITE) != 0;
    if others_write && ![0, user].contains(&status.owner) {
        return Err(Refusal::OwnedByThirdParty);
    }
    if status.mode & ALL_WRITE != 0 && status.mode & STICKY == 0 {
        return Err(Refusal::NotSticky);
    }
    Ok(())
}

/// Whether a directory of a name that anybody can guess is the user's, and his alone.
fn is_own(status: Status, user: u32) -> Result<(), Refusal> {
    if status.owner != user {
        return Err(Refusal::Foreign);
    }
    if status.mode & OF_OTHERS != 0 {
        return Err(Refusal::Exposed);
    }
    Ok(())
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
