//! msgctl's commands.
#![allow(unsafe_code)]

use super::calls::named;
use super::control::{self, Change, Status};
use super::credentials::Caller;
use super::layout::queue;
use super::permission::{Capability, Who};
use super::registry::{self, INDEXES};
use super::seat::inside;
use super::{caller, limits_now};
use crate::errno::Errno;
use libc::{EINVAL, EPERM, IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT, c_int, msqid_ds};

const MSG_STAT: c_int = 11;
const MSG_INFO: c_int = 12;
const MSG_STAT_ANY: c_int = 13;

/// msgctl.
///
/// # Safety
/// As msgctl(2).
pub unsafe fn msgctl(msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
    if msqid < 0 || cmd < 0 {
        return Err(Errno(EINVAL));
    }
    // SAFETY: the caller's promise, handed on.
    unsafe {
        match cmd {
            IPC_INFO | MSG_INFO => info(cmd == MSG_INFO, buf),
            IPC_STAT => stat(msqid, true, false, buf),
            MSG_STAT => stat(msqid, false, false, buf),
            MSG_STAT_ANY => stat(msqid, false, true, buf),
            IPC_SET => set(msqid, buf),
            IPC_RMID => remove(msqid),
            _ => Err(Errno(EINVAL)),
        }
    }
}

/// IPC_INFO and MSG_INFO.
///
/// # Safety
/// `buf` points to a struct msginfo.
unsafe fn info(of_use: bool, buf: *mut msqid_ds) -> Result<c_int, Errno> {
    limits_now::refresh();
    let told = inside(|seat| {
        let totals = registry::totals(seat)?;
        let int = |number: u64| c_int::try_from(number).unwrap_or(c_int::MAX);
        let (pool, map, tql) = match of_use {
            true => (int(totals.queues), int(totals.messages), int(totals.bytes)),
            false => (512_000, 16384, 16384),
        };
        let info = libc::msginfo {
            msgpool: pool,
            msgmap: map,
            msgmax: int(limits_now::msgmax(seat.memory)?),
            msgmnb: int(limits_now::msgmnb(seat.memory)?),
            msgmni: int(limits_now::msgmni(seat.memory)?),
            msgssz: 16,
            msgtql: tql,
            msgseg: 65535,
        };
        // SAFETY: the caller's promise.
        unsafe { caller::copy_out((&raw const info).cast(), buf.cast(), size_of_val(&info)) }?;
        Ok(totals.highest as c_int)
    });
    Ok(told?)
}

/// IPC_STAT, MSG_STAT and MSG_STAT_ANY.
///
/// # Safety
/// `buf` points to a struct msqid_ds.
unsafe fn stat(
    msqid: c_int,
    by_id: bool,
    anybody: bool,
    buf: *mut msqid_ds,
) -> Result<c_int, Errno> {
    let told = inside(|seat| {
        let at = registry::by_id(seat.memory, msqid as u32 % INDEXES)?;
        let id = by_id.then_some(msqid as u32 | queue::NAMED);
        let status = control::status(seat, at, id, anybody)?;
        let data = structure(&status);
        // SAFETY: the caller's promise.
        unsafe { caller::copy_out((&raw const data).cast(), buf.cast(), size_of_val(&data)) }?;
        Ok(if by_id { 0 } else { status.id as c_int })
    });
    Ok(told?)
}

/// The status as C has it.
fn structure(status: &Status) -> msqid_ds {
    // SAFETY: integers only.
    let mut data: msqid_ds = unsafe { std::mem::zeroed() };
    data.msg_perm.__key = status.key as i32;
    data.msg_perm.uid = status.permissions.uid;
    data.msg_perm.gid = status.permissions.gid;
    data.msg_perm.cuid = status.permissions.cuid;
    data.msg_perm.cgid = status.permissions.cgid;
    data.msg_perm.mode = status.permissions.mode as _;
    data.msg_perm.__seq = (status.id >> 15) as _;
    data.msg_stime = i64::from(status.sent.1);
    data.msg_rtime = i64::from(status.received.1);
    data.msg_ctime = i64::from(status.changed);
    data.__msg_cbytes = u64::from(status.bytes);
    data.msg_qnum = u64::from(status.messages);
    data.msg_qbytes = status.qbytes;
    data.msg_lspid = status.sent.0 as i32;
    data.msg_lrpid = status.received.0 as i32;
    data
}

/// IPC_SET.
///
/// # Safety
/// `buf` points to a struct msqid_ds.
unsafe fn set(msqid: c_int, buf: *const msqid_ds) -> Result<c_int, Errno> {
    // SAFETY: integers only.
    let mut data: msqid_ds = unsafe { std::mem::zeroed() };
    // SAFETY: the caller's promise.
    unsafe { caller::copy_in(buf.cast(), (&raw mut data).cast(), size_of_val(&data)) }?;
    // As the kernel has it, by way of an int.
    let qbytes = data.msg_qbytes as c_int as i64 as u64;
    let changed = inside(|seat| {
        let (at, id) = named(seat, msqid)?;
        let most = limits_now::msgmnb(seat.memory)?;
        let change = Change {
            uid: data.msg_perm.uid,
            gid: data.msg_perm.gid,
            mode: u32::from(data.msg_perm.mode as u16),
            qbytes,
        };
        control::change(seat, at, id, change, |permissions| {
            let who = Caller::new();
            let exceeds = qbytes > most && who.has(Capability::SysResource) != Some(true);
            if !permissions.may_change(&who) || exceeds {
                return Err(EPERM);
            }
            match change.uid == u32::MAX || change.gid == u32::MAX {
                true => Err(EINVAL),
                false => Ok(()),
            }
        })?;
        Ok(0)
    });
    Ok(changed?)
}

/// IPC_RMID.
fn remove(msqid: c_int) -> Result<c_int, Errno> {
    let removed = inside(|seat| {
        let (at, id) = named(seat, msqid)?;
        control::end(seat, at, id, |permissions| match permissions.may_change(&Caller::new()) {
            true => Ok(()),
            false => Err(EPERM),
        })?;
        registry::bury(seat, at)?;
        Ok(0)
    });
    Ok(removed?)
}
