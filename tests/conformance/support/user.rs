//! Who this process is, and becoming somebody else.
#![allow(unsafe_code)]

use super::{Verdict, Worked, holds};
use libc::{c_int, gid_t, pid_t, uid_t};
use std::io::Error;

/// A user, and a group, without any privileges.
pub const STRANGER: uid_t = 65534;

/// Somebody to become.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub uid: uid_t,
    pub gid: gid_t,
    /// The group for file systems, which is `gid` as a rule.
    pub fsgid: gid_t,
    pub groups: &'static [gid_t],
}

impl Caller {
    /// A user in a group and in others.
    pub const fn new(uid: uid_t, gid: gid_t, groups: &'static [gid_t]) -> Caller {
        Caller { uid, gid, fsgid: gid, groups }
    }
}

/// Capabilities by their numbers in capabilities(7)'s header.
#[derive(Clone, Copy, Debug)]
pub enum Capability {
    SetGid = 6,
    SetUid = 7,
    IpcOwner = 15,
    SysAdmin = 21,
    SysResource = 24,
}

#[repr(C)]
struct Header {
    version: u32,
    pid: c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// The version of the structures that has room for 64 capabilities.
const VERSION: u32 = 0x2008_0522;

pub fn process_id() -> pid_t {
    // SAFETY: takes no address and never fails.
    unsafe { libc::getpid() }
}

pub fn thread_id() -> pid_t {
    // SAFETY: takes no address and never fails.
    unsafe { libc::gettid() }
}

fn capabilities() -> [Sets; 2] {
    let mut header = Header { version: VERSION, pid: 0 };
    let mut sets = [Sets::default(); 2];
    // SAFETY: the header's version says that there is room for two sets.
    unsafe { libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()) };
    sets
}

/// Whether this thread has it in effect.
pub fn has_capability(which: Capability) -> bool {
    capabilities()[0].effective & 1 << which as u32 != 0
}

/// Gives one up, and keeps the others. The user stays who he is.
pub fn drop_capability(which: Capability) -> Verdict {
    let mut header = Header { version: VERSION, pid: 0 };
    let mut sets = capabilities();
    sets[0].effective &= !(1 << which as u32);
    // SAFETY: the header's version says that there are two sets.
    let answer = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, sets.as_ptr()) };
    done("capset", answer as c_int)?;
    holds("the capability is gone", !has_capability(which))
}

/// Becomes somebody else for good, without any privileges.
pub fn become_caller(caller: Caller) -> Verdict {
    let Caller { uid, gid, fsgid, groups } = caller;
    // SAFETY: the list of groups is as long as said.
    unsafe {
        done("setgroups", libc::setgroups(groups.len(), groups.as_ptr()))?;
        done("setresgid", libc::setresgid(gid, gid, gid))?;
        libc::setfsgid(fsgid);
        done("setresuid", libc::setresuid(uid, uid, uid))?;
    }
    stay_visible();
    holds("the file system's group is the new one", groups_of().first() == Some(&fsgid))
}

/// Becomes a stranger, unless this process has no privileges as it is.
pub fn drop_privileges() -> Verdict {
    // SAFETY: takes no address and never fails.
    if unsafe { libc::geteuid() } != 0 {
        return Ok(());
    }
    become_caller(Caller::new(STRANGER, STRANGER, &[]))
}

/// Takes another effective user and group, from which root can go back.
pub fn set_effective(uid: uid_t, gid: gid_t) -> Verdict {
    // SAFETY: take no address. The user goes back first: only he may change the group.
    unsafe {
        done("seteuid", libc::seteuid(0))?;
        done("setegid", libc::setegid(gid))?;
        done("seteuid", libc::seteuid(uid))?;
    }
    stay_visible();
    Ok(())
}

/// The groups that permissions are asked with: the file system's first, then the others.
pub fn groups_of() -> Vec<gid_t> {
    let mut groups = [0; 64];
    // SAFETY: the kernel writes at most as many groups as there is room for.
    let (fsgid, count) =
        unsafe { (libc::setfsgid(libc::gid_t::MAX), libc::getgroups(64, groups.as_mut_ptr())) };
    let others = &groups[..count.max(0) as usize];
    std::iter::once(fsgid as gid_t).chain(others.iter().copied()).collect()
}

/// Whoever changes his identity is hidden in `/proc` from himself, which is where these tests look.
fn stay_visible() {
    // SAFETY: takes no address.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) };
}

/// Puts this process into an IPC namespace of its own; whether that worked.
pub fn own_ipc_namespace() -> bool {
    // SAFETY: takes no address.
    unsafe { libc::unshare(libc::CLONE_NEWIPC) == 0 }
}

/// Puts the children of this process into a pid namespace of their own.
pub fn own_pid_namespace() -> Verdict {
    // SAFETY: takes no address.
    done("unshare", unsafe { libc::unshare(libc::CLONE_NEWPID) })
}

fn done(what: &str, answer: c_int) -> Verdict {
    if answer == 0 { Ok(()) } else { Err(Error::last_os_error()).worked(what) }
}
