//! msgctl.

use super::deviation::Deviation;
use super::rules::{READ, owns};
use super::state::{INDEX, MSGMNB, Queue, Slot, State};
use super::{Model, memory};
use crate::support::{
    Capability, EIDRM, EINVAL, EPERM, Errno, IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT, MSG_INFO,
    MSG_STAT, MSG_STAT_ANY, c_int, has_capability, now,
};
use libc::msqid_ds;

impl Model {
    pub(super) fn control(&self, id: c_int, cmd: c_int, buf: usize) -> Result<c_int, Errno> {
        if id < 0 || cmd < 0 {
            return Err(Errno(EINVAL));
        }
        let bit = if self.is(Deviation::CommandBitIsIgnored) { 0x100 } else { 0 };
        match cmd & !bit {
            IPC_INFO | MSG_INFO => self.info(id, cmd, buf),
            IPC_STAT | MSG_STAT | MSG_STAT_ANY => self.stat(id, cmd & !bit, buf),
            IPC_SET => self.set(id, buf),
            IPC_RMID => self.remove(id, buf),
            _ if self.is(Deviation::UnknownCommandPasses) => Ok(0),
            _ => Err(Errno(EINVAL)),
        }
    }

    fn info(&self, id: c_int, cmd: c_int, buf: usize) -> Result<c_int, Errno> {
        let mut state = self.lock();
        if self.is(Deviation::InfoChecksId) {
            state.find(self, id)?;
        }
        let info = super::tables::info(&state, cmd, self.is(Deviation::InfoCountsNothing));
        memory::write_value(buf, &info)?;
        let highest = state.queues.keys().last().copied().unwrap_or_default();
        let counts = self.is(Deviation::InfoGivesCount);
        Ok(if counts { state.queues.len() } else { highest } as c_int)
    }

    fn stat(&self, id: c_int, cmd: c_int, buf: usize) -> Result<c_int, Errno> {
        let mut state = self.lock();
        let by_index = cmd != IPC_STAT;
        let queue = if by_index || self.is(Deviation::StatTakesIndex) {
            state.find_by_index(id)?
        } else {
            state.find(self, id)?
        };
        let data = super::tables::data(queue);
        if self.is(Deviation::StatFaultBeforePermission) {
            memory::write_value(buf, &data)?;
        }
        if cmd != MSG_STAT_ANY || self.is(Deviation::AnyIsChecked) {
            self.permits(&queue.permissions, READ)?;
        }
        memory::write_value(buf, &data)?;
        let id = if by_index && !self.is(Deviation::IndexStatGivesZero) { queue.id } else { 0 };
        Ok(id as c_int)
    }

    fn set(&self, id: c_int, buf: usize) -> Result<c_int, Errno> {
        if self.is(Deviation::SetChecksIdFirst) {
            self.lock().find(self, id)?;
        }
        let data: msqid_ds = memory::read_value(buf)?;
        let mut state = self.lock();
        let queue = state.find(self, id)?;
        if !self.may_change(queue) && !self.is(Deviation::SetByAnybody) {
            return Err(Errno(EPERM));
        }
        let qbytes = self.new_qbytes(queue, &data)?;
        let nobody = data.msg_perm.uid == u32::MAX || data.msg_perm.gid == u32::MAX;
        if nobody && !self.is(Deviation::NobodyMayOwn) {
            return Err(Errno(EINVAL));
        }
        self.change(queue, &data, qbytes);
        self.tell_all_of_change(queue);
        Ok(0)
    }

    fn may_change(&self, queue: &Queue) -> bool {
        if has_capability(Capability::SysAdmin) {
            return true;
        }
        if self.is(Deviation::SetByOwnerAlone) {
            return super::rules::effective_user() == queue.permissions.uid;
        }
        owns(&queue.permissions)
    }

    fn new_qbytes(&self, queue: &Queue, data: &msqid_ds) -> Result<u64, Errno> {
        let mut qbytes = data.msg_qbytes as i32 as u64;
        if self.is(Deviation::QbytesKeepAllBits) {
            qbytes = data.msg_qbytes;
        }
        let free = self.is(Deviation::QbytesAreFree) || has_capability(Capability::SysResource);
        if qbytes > MSGMNB && !free {
            return Err(Errno(EPERM));
        }
        if qbytes < queue.cbytes && self.is(Deviation::QbytesCoverContents) {
            return Err(Errno(EINVAL));
        }
        Ok(qbytes)
    }

    fn change(&self, queue: &mut Queue, data: &msqid_ds, qbytes: u64) {
        let permissions = &mut queue.permissions;
        permissions.uid = data.msg_perm.uid;
        permissions.gid = data.msg_perm.gid;
        if self.is(Deviation::SetChangesCreator) {
            permissions.cuid = permissions.uid;
            permissions.cgid = permissions.gid;
        }
        let mode = if self.is(Deviation::SetKeepsAllBits) { 0xffff } else { 0o777 };
        permissions.mode = u32::from(data.msg_perm.mode) & mode;
        queue.qbytes = qbytes;
        if !self.is(Deviation::SetNotesNoTime) {
            queue.ctime = now();
        }
    }

    fn tell_all_of_change(&self, queue: &mut Queue) {
        if !self.is(Deviation::SetLeavesReceivers) {
            let shuts = self.is(Deviation::SetShutsAllOut);
            for receiver in queue.receivers.drain(..) {
                receiver.tell(if shuts { Slot::Error(libc::EACCES) } else { Slot::Nothing });
            }
        }
        if !self.is(Deviation::SetWakesNobody) {
            self.wake_senders(queue);
        }
    }

    fn remove(&self, id: c_int, buf: usize) -> Result<c_int, Errno> {
        let mut state = self.lock();
        let queue = state.find(self, id)?;
        if !self.may_change(queue) && !self.is(Deviation::RemoveByAnybody) {
            return Err(Errno(EPERM));
        }
        if self.is(Deviation::RemoveUsesAddress) {
            memory::write(buf, &[0])?;
        }
        self.tell_all_of_removal(queue);
        self.forget(&mut state, id);
        Ok(0)
    }

    fn tell_all_of_removal(&self, queue: &mut Queue) {
        let to_receivers = if self.is(Deviation::RemovalIsInvalid) { EINVAL } else { EIDRM };
        for receiver in queue.receivers.drain(..) {
            receiver.tell(Slot::Error(to_receivers));
        }
        let to_senders = match () {
            () if self.is(Deviation::RemovalIsInvalidToSenders) => EINVAL,
            () => EIDRM,
        };
        for sender in queue.senders.drain(..) {
            if !self.is(Deviation::RemovalLeavesSenders) {
                sender.tell(Slot::Error(to_senders));
            }
        }
    }

    fn forget(&self, state: &mut State, id: c_int) {
        let index = id as usize & INDEX;
        if self.is(Deviation::RemoveKeepsKey) {
            // Its number is gone, its key is not.
            if let Some(queue) = state.queues.get_mut(&index) {
                queue.id |= 1 << 40;
            }
            return;
        }
        state.queues.remove(&index);
    }
}
