//! The structures that msgctl fills, read from the bytes that were recorded.

use libc::{msginfo, msqid_ds};
use serde::Serialize;
use std::mem::offset_of;

/// `struct msqid_ds`, with the names of msgctl(2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct QueueData {
    pub msg_perm: Permissions,
    pub msg_stime: i64,
    pub msg_rtime: i64,
    pub msg_ctime: i64,
    pub msg_cbytes: u64,
    pub msg_qnum: u64,
    pub msg_qbytes: u64,
    pub msg_lspid: i32,
    pub msg_lrpid: i32,
}

/// `struct ipc_perm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Permissions {
    pub key: i32,
    pub uid: u32,
    pub gid: u32,
    pub cuid: u32,
    pub cgid: u32,
    pub mode: u32,
    pub seq: u16,
}

/// `struct msginfo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Limits {
    pub msgpool: i32,
    pub msgmap: i32,
    pub msgmax: i32,
    pub msgmnb: i32,
    pub msgmni: i32,
    pub msgssz: i32,
    pub msgtql: i32,
    pub msgseg: u16,
}

/// A field of a C structure, read at its offset in the recorded bytes.
macro_rules! field {
    ($bytes:expr, $structure:ty, $($field:ident).+ as $type:ty) => {{
        let at = offset_of!($structure, $($field).+);
        let bytes = $bytes.get(at..at + size_of::<$type>())?;
        <$type>::from_ne_bytes(bytes.try_into().ok()?)
    }};
}

impl QueueData {
    /// Reads it; nothing where bytes are missing.
    pub fn read(bytes: &[u8]) -> Option<QueueData> {
        Some(QueueData {
            msg_perm: Permissions {
                key: field!(bytes, msqid_ds, msg_perm.__key as i32),
                uid: field!(bytes, msqid_ds, msg_perm.uid as u32),
                gid: field!(bytes, msqid_ds, msg_perm.gid as u32),
                cuid: field!(bytes, msqid_ds, msg_perm.cuid as u32),
                cgid: field!(bytes, msqid_ds, msg_perm.cgid as u32),
                mode: u32::from(field!(bytes, msqid_ds, msg_perm.mode as u16)),
                seq: field!(bytes, msqid_ds, msg_perm.__seq as u16),
            },
            msg_stime: field!(bytes, msqid_ds, msg_stime as i64),
            msg_rtime: field!(bytes, msqid_ds, msg_rtime as i64),
            msg_ctime: field!(bytes, msqid_ds, msg_ctime as i64),
            msg_cbytes: field!(bytes, msqid_ds, __msg_cbytes as u64),
            msg_qnum: field!(bytes, msqid_ds, msg_qnum as u64),
            msg_qbytes: field!(bytes, msqid_ds, msg_qbytes as u64),
            msg_lspid: field!(bytes, msqid_ds, msg_lspid as i32),
            msg_lrpid: field!(bytes, msqid_ds, msg_lrpid as i32),
        })
    }
}

impl Limits {
    /// Reads it; nothing where bytes are missing.
    pub fn read(bytes: &[u8]) -> Option<Limits> {
        Some(Limits {
            msgpool: field!(bytes, msginfo, msgpool as i32),
            msgmap: field!(bytes, msginfo, msgmap as i32),
            msgmax: field!(bytes, msginfo, msgmax as i32),
            msgmnb: field!(bytes, msginfo, msgmnb as i32),
            msgmni: field!(bytes, msginfo, msgmni as i32),
            msgssz: field!(bytes, msginfo, msgssz as i32),
            msgtql: field!(bytes, msginfo, msgtql as i32),
            msgseg: field!(bytes, msginfo, msgseg as u16),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_cut_short_is_none() {
        assert_eq!(QueueData::read(&[0; 119]).map(|data| data.msg_lrpid), Some(0));
        assert_eq!(QueueData::read(&[0; 40]), None);
        assert_eq!(Limits::read(&[0; 8]), None);
    }
}
