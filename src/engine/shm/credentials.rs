//! Who the caller is, as the kernel knows the thread.
//!
//! The C library is not asked: fakeroot and its like answer for it, and the kernel's own queues do
//! not fall for them either. Each answer is the thread's at the time it is given; what may be
//! remembered of it is the business of [`remembered`](super::remembered).
#![allow(unsafe_code)]

use super::permission::{Capability, Who};
use crate::errno::Errno;
use crate::os::kernel;
use std::cell::Cell;

/// No user and no group: what is not to be had belongs to nobody.
const NOBODY: u32 = u32::MAX;

/// The effective user id.
pub fn euid() -> u32 {
    // SAFETY: has no argument.
    unsafe { kernel!(libc::SYS_geteuid) }.map_or(NOBODY, |id| id as u32)
}

/// The effective group id.
pub fn egid() -> u32 {
    // SAFETY: has no argument.
    unsafe { kernel!(libc::SYS_getegid) }.map_or(NOBODY, |id| id as u32)
}

/// The group of the thread's file system accesses: the effective one, unless the thread has
/// changed it by itself.
pub fn fsgid() -> u32 {
    // There is no call that reads it; one that sets it to what is no group gives the old one.
    // SAFETY: changes nothing.
    unsafe { kernel!(libc::SYS_setfsgid, NOBODY) }.map_or_else(|_| egid(), |id| id as u32)
}

/// The thread's capabilities, as two sets of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// What it has now.
    pub effective: u64,
    /// What it can make effective by itself.
    pub permitted: u64,
}

impl Capabilities {
    /// Those of the calling thread; nothing where the kernel does not say.
    pub fn now() -> Option<Capabilities> {
        // _LINUX_CAPABILITY_VERSION_3, and the calling thread.
        let mut header = [0x2008_0522u32, 0];
        // Effective, permitted, inheritable: the lower halves, then the upper ones.
        let mut sets = [0u32; 6];
        // SAFETY: the kernel reads and writes two words, and writes six.
        let answer = unsafe { kernel!(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr()) };
        let [effective, permitted, _, upper_effective, upper_permitted, _] = sets;
        answer.ok().map(|_| Capabilities {
            effective: u64::from(effective) | u64::from(upper_effective) << 32,
            permitted: u64::from(permitted) | u64::from(upper_permitted) << 32,
        })
    }

    /// Whether this one is effective. Who may administer the system may all that
    /// CAP_CHECKPOINT_RESTORE allows, which once was part of it.
    pub fn has(self, capability: Capability) -> bool {
        let bit = |capability: Capability| self.effective >> capability as u32 & 1 == 1;
        bit(capability) || capability == Capability::CheckpointRestore && bit(Capability::SysAdmin)
    }
}

/// The user that the thread can no longer stop being, together with its group; nothing where it can
/// become another.
///
/// A thread that may not have any capability can only exchange its real, effective and saved ids
/// among themselves, which changes nothing where they are all the same; its supplementary groups it
/// cannot change at all. Neither can the threads and children that it makes. (One that enters a
/// user namespace of its own can, but to the outside, where the queues are, it is still the same
/// user, unless a privileged helper gives it more of them.) The user id of file system accesses may
/// differ; it never becomes an effective one.
pub fn settled() -> Option<(u32, u32)> {
    // First: once there are none, there are none to come.
    if Capabilities::now()?.permitted != 0 {
        return None;
    }
    let (mut users, mut groups) = ([0u32; 3], [0u32; 3]);
    // SAFETY: the kernel writes three ids each time.
    unsafe {
        let [real, effective, saved] = users.each_mut().map(|id| &raw mut *id);
        kernel!(libc::SYS_getresuid, real, effective, saved).ok()?;
        let [real, effective, saved] = groups.each_mut().map(|id| &raw mut *id);
        kernel!(libc::SYS_getresgid, real, effective, saved).ok()?;
    }
    let (user, group) = (users[0], groups[0]);
    let same = users == [user; 3] && groups == [group; 3] && fsgid() == group;
    same.then_some((user, group))
}

/// The first of the thread's supplementary groups that is one of these.
fn supplementary(groups: [u32; 2]) -> Option<u32> {
    let mut few = [0u32; 64];
    // SAFETY: the kernel writes as many as there is room for, or none.
    match unsafe { kernel!(libc::SYS_getgroups, few.len(), few.as_mut_ptr()) } {
        Ok(count) => common(few.get(..count as usize)?, groups),
        Err(_) => supplementary_among_many(groups).ok()?,
    }
}

/// The same for more groups than the stack has room for: there can be 65,536.
#[cold]
fn supplementary_among_many(groups: [u32; 2]) -> Result<Option<u32>, Errno> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the kernel writes as many as the new mapping has room for; it is gone in the end.
    unsafe {
        let count = kernel!(libc::SYS_getgroups, 0, 0)? as usize;
        let bytes = count * size_of::<u32>();
        let list = kernel!(libc::SYS_mmap, 0, bytes, protection, flags, -1, 0)? as *const u32;
        let read = kernel!(libc::SYS_getgroups, count, list).unwrap_or(0) as usize;
        let found = common(std::slice::from_raw_parts(list, read), groups);
        kernel!(libc::SYS_munmap, list, bytes).map(|_| found)
    }
}

fn common(all: &[u32], groups: [u32; 2]) -> Option<u32> {
    all.iter().copied().find(|group| groups.contains(group))
}

/// The caller, asked while one decision is made: each question at most once, and only when it
/// comes up.
#[derive(Debug, Default)]
pub struct Caller {
    euid: Cell<Option<u32>>,
    /// A group that was asked about, and the caller is in.
    group: Cell<Option<u32>>,
    capabilities: Cell<Option<Capabilities>>,
    /// How many system calls that took.
    calls: Cell<u32>,
}

impl Caller {
    /// Nothing has been asked yet.
    pub fn new() -> Caller {
        Caller::default()
    }

    /// The user, where that was asked.
    #[cfg(test)]
    pub fn known_euid(&self) -> Option<u32> {
        self.euid.get()
    }

    /// A group that it turned out to be in.
    pub fn known_group(&self) -> Option<u32> {
        self.group.get()
    }

    /// Whether it turned out to have this capability.
    pub fn known_to_have(&self, capability: Capability) -> bool {
        self.capabilities.get().is_some_and(|all| all.has(capability))
    }

    /// How many system calls were made, at least.
    pub fn calls(&self) -> u32 {
        self.calls.get()
    }

    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }
}

impl Who for Caller {
    fn euid(&self) -> Option<u32> {
        if self.euid.get().is_none() {
            self.count();
            self.euid.set(Some(euid()));
        }
        self.euid.get()
    }

    fn is_in_either(&self, groups: [u32; 2]) -> Option<bool> {
        self.count();
        let own = Some(fsgid()).filter(|own| groups.contains(own));
        self.group.set(own.or_else(|| {
            self.count();
            supplementary(groups)
        }));
        Some(self.group.get().is_some())
    }

    fn has(&self, capability: Capability) -> Option<bool> {
        if self.capabilities.get().is_none() {
            self.count();
            self.capabilities.set(Capabilities::now());
        }
        Some(self.known_to_have(capability))
    }
}
