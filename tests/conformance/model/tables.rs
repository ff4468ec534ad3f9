//! The structures that msgctl fills.
#![allow(unsafe_code)]

use super::state::{MSGMAX, MSGMNB, MSGMNI, Queue, State};
use crate::support::{MSG_INFO, c_int};
use libc::{msginfo, msqid_ds};

/// A queue's data.
pub fn data(queue: &Queue) -> msqid_ds {
    // SAFETY: zeros are a msqid_ds.
    let mut data: msqid_ds = unsafe { std::mem::zeroed() };
    let permissions = &queue.permissions;
    data.msg_perm.__key = queue.key;
    data.msg_perm.uid = permissions.uid;
    data.msg_perm.gid = permissions.gid;
    data.msg_perm.cuid = permissions.cuid;
    data.msg_perm.cgid = permissions.cgid;
    data.msg_perm.mode = permissions.mode as _;
    data.msg_perm.__seq = (queue.id >> 15) as _;
    data.msg_stime = queue.stime;
    data.msg_rtime = queue.rtime;
    data.msg_ctime = queue.ctime;
    data.__msg_cbytes = queue.cbytes;
    data.msg_qnum = queue.qnum;
    data.msg_qbytes = queue.qbytes;
    data.msg_lspid = queue.lspid;
    data.msg_lrpid = queue.lrpid;
    data
}

/// What IPC_INFO and MSG_INFO tell.
pub fn info(state: &State, cmd: c_int, counts_nothing: bool) -> msginfo {
    let mut info = msginfo {
        msgpool: 512_000,
        msgmap: 16384,
        msgmax: MSGMAX as c_int,
        msgmnb: MSGMNB as c_int,
        msgmni: MSGMNI as c_int,
        msgssz: 16,
        msgtql: 16384,
        msgseg: 65535,
    };
    if cmd == MSG_INFO && !counts_nothing {
        let queues = state.queues.values();
        info.msgpool = queues.len() as c_int;
        info.msgmap = queues.clone().map(|queue| queue.qnum as c_int).sum();
        info.msgtql = queues.map(|queue| queue.cbytes as c_int).sum();
    }
    info
}
