//! The rules that several calls share: permissions, room, times, waking senders.
#![allow(unsafe_code)]

use super::Model;
use super::deviation::Deviation;
use super::state::{Permissions, Queue, Slot};
use crate::support::{Capability, EACCES, Errno, groups_of, has_capability};
use libc::uid_t;

pub const READ: u32 = 0o444;
pub const WRITE: u32 = 0o222;

pub fn effective_user() -> uid_t {
    // SAFETY: takes no address and never fails.
    unsafe { libc::geteuid() }
}

impl Model {
    /// Whether the caller has what the flags ask for, in whichever class they ask for it.
    pub fn permits(&self, permissions: &Permissions, flags: u32) -> Result<(), Errno> {
        let mut asked = (flags >> 6 | flags >> 3 | flags) & 7;
        if self.is(Deviation::ExecutionIsIgnored) {
            asked &= 6;
        }
        if asked & !self.granted(permissions) == 0 || self.is_privileged() {
            return Ok(());
        }
        Err(Errno(EACCES))
    }

    fn is_privileged(&self) -> bool {
        if self.is(Deviation::UserZeroMayAll) && effective_user() == 0 {
            return true;
        }
        has_capability(Capability::IpcOwner) && !self.is(Deviation::CapabilityDoesNotHelp)
    }

    fn granted(&self, permissions: &Permissions) -> u32 {
        let Permissions { gid, cgid, mode, .. } = *permissions;
        let mut groups = groups_of();
        if self.is(Deviation::OneGroupOnly) {
            groups.truncate(1);
        }
        if self.is(Deviation::EffectiveGroupCounts) {
            // SAFETY: takes no address and never fails.
            groups[0] = unsafe { libc::getegid() };
        }
        let is_member = groups.contains(&gid)
            || groups.contains(&cgid) && !self.is(Deviation::CreatorsGroupIsForgotten);
        let is_owner = if self.is(Deviation::CreatorIsNobody) {
            effective_user() == permissions.uid
        } else {
            owns(permissions)
        };
        match (is_owner, is_member) {
            (true, _) if self.is(Deviation::OwnerFallsBack) => mode >> 6 | mode,
            (true, _) => mode >> 6,
            (_, true) if self.is(Deviation::GroupFallsBack) => mode >> 3 | mode,
            (_, true) => mode >> 3,
            _ => mode,
        }
    }

    /// Whether a message of this size fits.
    pub fn fits(&self, queue: &Queue, bytes: usize) -> bool {
        if self.is(Deviation::NewcomersQueueUp) && !queue.senders.is_empty() {
            return false;
        }
        if self.is(Deviation::LastByteIsKept) && bytes as u64 + queue.cbytes == queue.qbytes {
            return false;
        }
        bytes as u64 + queue.cbytes <= queue.qbytes
            && (queue.qnum < queue.qbytes || self.is(Deviation::CountIsUnlimited))
    }

    /// Wakes every sender that fits now. Those that do not go behind the others.
    pub fn wake_senders(&self, queue: &mut Queue) {
        let senders = std::mem::take(&mut queue.senders);
        let mut unfit = Vec::new();
        for sender in senders {
            let stops = self.is(Deviation::WakingStopsEarly) && !unfit.is_empty();
            if !stops && self.fits(queue, sender.bytes) {
                sender.tell(Slot::Nothing);
                queue.senders.push(sender);
            } else {
                unfit.push(sender);
            }
        }
        queue.senders.append(&mut unfit);
    }
}

/// Whether the caller is the owner or the creator.
pub fn owns(permissions: &Permissions) -> bool {
    [permissions.uid, permissions.cuid].contains(&effective_user())
}
