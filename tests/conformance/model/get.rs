//! msgget.
#![allow(unsafe_code)]

use super::Model;
use super::deviation::Deviation;
use super::rules::effective_user;
use super::state::{INDEX, MSGMNB, MSGMNI, Permissions, Queue, State};
use crate::support::{EEXIST, ENOENT, ENOSPC, Errno, IPC_CREAT, IPC_EXCL, IPC_PRIVATE, c_int, now};
use libc::key_t;

impl Model {
    pub(super) fn get(&self, key: key_t, flags: c_int) -> Result<c_int, Errno> {
        let mut state = self.lock();
        let shared = self.is(Deviation::PrivateIsShared);
        let found = state.queues.values().find(|queue| queue.key == key);
        let Some(queue) = found.filter(|_| key != IPC_PRIVATE || shared) else {
            if key != IPC_PRIVATE && flags & IPC_CREAT == 0 {
                return Err(Errno(ENOENT));
            }
            return self.create(&mut state, key, flags);
        };
        let permitted = self.permits(&queue.permissions, self.asked(flags));
        if self.is(Deviation::PermissionBeforeExistence) {
            permitted?;
        }
        let both = IPC_CREAT | IPC_EXCL;
        let excl = if self.is(Deviation::ExclAloneRefuses) { IPC_EXCL } else { both };
        if flags & excl == excl {
            return Err(Errno(EEXIST));
        }
        permitted.map(|()| queue.id as c_int)
    }

    fn asked(&self, flags: c_int) -> u32 {
        match flags {
            0 if self.is(Deviation::FlagsOfZeroAreChecked) => 0o400,
            _ => flags as u32,
        }
    }

    fn create(&self, state: &mut State, key: key_t, flags: c_int) -> Result<c_int, Errno> {
        if state.queues.len() >= MSGMNI {
            return Err(Errno(ENOSPC));
        }
        let id = state.new_id(self);
        let mode = if self.is(Deviation::ModeIsNotMasked) { 0xffff } else { 0o777 };
        state.queues.insert(id & INDEX, self.new_queue(id, key, flags as u32 & mode));
        Ok(id as c_int)
    }

    fn new_queue(&self, id: usize, key: key_t, mode: u32) -> Queue {
        // SAFETY: take no address and never fail.
        let (real, gid) = unsafe { (libc::getuid(), libc::getegid()) };
        let uid = if self.is(Deviation::RealUserOwns) { real } else { effective_user() };
        Queue {
            id,
            key,
            permissions: Permissions { uid, gid, cuid: uid, cgid: gid, mode },
            qbytes: MSGMNB,
            cbytes: 0,
            qnum: 0,
            lspid: 0,
            lrpid: 0,
            stime: 0,
            rtime: 0,
            ctime: if self.is(Deviation::NoTimeOfCreation) { 0 } else { now() },
            messages: Default::default(),
            receivers: Vec::new(),
            senders: Vec::new(),
        }
    }
}
