//! msgctl's commands.
#![allow(unsafe_code)]

use super::attempt::End;
use super::control::{self, Change, Status};
use super::credentials::Caller;
use super::layout::queue;
use super::memory::Memory;
use super::permission::{Capability, Permissions, Who};
use super::registry::{self, INDEXES};
use super::seat::{inside, inside_own};
use super::{caller, limits_now, own};
use crate::errno::Errno;
use libc::{EACCES, EINVAL, EPERM, IPC_INFO, IPC_RMID, IPC_SET, IPC_STAT, c_int, msqid_ds};

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
    let of_own = if own::are_wanted() { in_own_files()? } else { (0, 0) };
    let told = inside(|seat| {
        let mut totals = registry::totals(seat)?;
        totals.messages += of_own.0;
        totals.bytes += of_own.1;
        let int = |number: u64| c_int::try_from(number).unwrap_or(c_int::MAX);
        let (pool, map, tql) = match of_use {
            true => (int(totals.queues), int(totals.messages), int(totals.bytes)),
            false => (512_000, 16384, 16384),
        };
        let info = libc::msginfo {
            msgpool: pool,
            msgmap: map,
            msgmax: int(limits_now::msgmax()?),
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
    let index = msqid as u32 % INDEXES;
    let told = inside(|seat| {
        let at = registry::by_id(seat.memory, index)?;
        let id = by_id.then_some(msqid as u32 | queue::NAMED);
        Ok((control::status(seat, at, id, anybody)?, seat.memory.load(at + queue::FILE)?))
    });
    let (mut status, file) = told?;
    if file != 0 {
        // MSG_STAT_ANY tells those who may not use the file what the registry knows.
        match own_status(index, file) {
            Ok(own) => status = Status { id: status.id, key: status.key, ..own },
            Err(end) if anybody && end == End::errno(EACCES) => {}
            Err(end) => return Err(end.into()),
        }
    }
    let data = structure(&status);
    // SAFETY: the caller's promise.
    unsafe { caller::copy_out((&raw const data).cast(), buf.cast(), size_of_val(&data)) }?;
    Ok(if by_id { 0 } else { status.id as c_int })
}

/// The state of a queue that has a file of its own. The registry has said that it may be told.
fn own_status(index: u32, file: u64) -> Result<Status, End> {
    inside_own(index, file, |seat| control::status(seat, own::AT, Some(own::id_in(file)), true))
}

/// How many messages and bytes are in the queues that have files of their own, as far as this process
/// may know.
fn in_own_files() -> Result<(u64, u64), End> {
    let (mut messages, mut bytes) = (0, 0);
    let indexes = inside(|seat| Ok(registry::totals(seat)?.highest))?;
    for index in 0..=indexes {
        let file = inside(|seat| {
            let at = registry::by_id(seat.memory, index)?;
            Ok(seat.memory.load(at + queue::FILE)?)
        });
        if let Ok(file @ 1..) = file
            && let Ok(status) = own_status(index, file)
        {
            messages += u64::from(status.messages);
            bytes += u64::from(status.bytes);
        }
    }
    Ok((messages, bytes))
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
    let change = Change {
        uid: data.msg_perm.uid,
        gid: data.msg_perm.gid,
        mode: u32::from(data.msg_perm.mode as u16),
        qbytes,
    };
    let permitted = |most: u64, permissions: &Permissions| {
        let who = Caller::new();
        let exceeds = qbytes > most && who.has(Capability::SysResource) != Some(true);
        if !permissions.may_change(&who) || exceeds {
            return Err(EPERM);
        }
        match change.uid == u32::MAX || change.gid == u32::MAX {
            true => Err(EINVAL),
            false => Ok(()),
        }
    };
    if own::are_wanted() {
        set_own(msqid, &change, permitted)?;
    }
    let changed = inside(|seat| {
        let (at, id, _) = registry::named(seat.memory, msqid as u32)?;
        let most = limits_now::msgmnb(seat.memory)?;
        control::change(seat, at, id, change, |permissions| permitted(most, permissions))?;
        Ok(0)
    });
    Ok(changed?)
}

/// IPC_SET on a queue that may have a file of its own: the file first, then the queue in it. The
/// registry's entry comes last.
fn set_own(
    msqid: c_int,
    change: &Change,
    permitted: impl Fn(u64, &Permissions) -> Result<(), i32>,
) -> Result<(), End> {
    let (before, file) = inside(|seat| {
        let (at, id, file) = registry::named(seat.memory, msqid as u32)?;
        let before = control::status(seat, at, Some(id), true)?.permissions;
        permitted(limits_now::msgmnb(seat.memory)?, &before).map_err(End::errno)?;
        Ok((before, file))
    })?;
    if file == 0 {
        return Ok(());
    }
    // As chown(2) has it, what stays as it is needs no privilege.
    let same = |new: u32, old: u32| if new == old { u32::MAX } else { new };
    own::change(file, same(change.uid, before.uid), same(change.gid, before.gid), change.mode)?;
    inside_own(msqid as u32 % INDEXES, file, |seat| {
        control::change(seat, own::AT, own::id_in(file), *change, |_| Ok(()))
    })
}

/// IPC_RMID.
fn remove(msqid: c_int) -> Result<c_int, Errno> {
    let file = if own::are_wanted() { end_own(msqid)? } else { 0 };
    let removed = inside(|seat| {
        let (at, id, _) = registry::named(seat.memory, msqid as u32)?;
        control::end(seat, at, id, may_remove)?;
        registry::bury(seat, at)?;
        Ok(0)
    });
    if removed.is_ok() && file != 0 {
        own::remove(file);
    }
    Ok(removed?)
}

fn may_remove(permissions: &Permissions) -> Result<(), i32> {
    if permissions.may_change(&Caller::new()) { Ok(()) } else { Err(EPERM) }
}

/// Ends a queue that may have a file of its own, in that; gives the file's name.
fn end_own(msqid: c_int) -> Result<u64, End> {
    let file = inside(|seat| {
        let (at, id, file) = registry::named(seat.memory, msqid as u32)?;
        let status = control::status(seat, at, Some(id), true)?;
        may_remove(&status.permissions).map_err(End::errno)?;
        Ok(file)
    })?;
    if file != 0 {
        let ended = inside_own(msqid as u32 % INDEXES, file, |seat| {
            control::end(seat, own::AT, own::id_in(file), |_| Ok(()))?;
            control::clear(seat, own::AT)
        });
        // One that has ended, or that only its owner may use: the registry forgets it all the same.
        ended.or_else(|end| match end == End::errno(EINVAL) || end == End::errno(EACCES) {
            true => Ok(()),
            false => Err(end),
        })?;
    }
    Ok(file)
}
