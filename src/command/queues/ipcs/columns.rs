//! What is told of a queue: the columns of the tables, and the members of the JSON objects.

use super::calendar;
use super::size::Unit;
use crate::command::show::names::mode;
use crate::command::show::structures::QueueData;
use serde_json::Value;

/// A queue, and the names of those that it belongs to.
pub struct Row {
    /// Its id.
    pub msqid: i32,
    /// What msgctl(2) tells of it.
    pub data: QueueData,
    /// The users and groups of `data`, where they have names.
    pub names: Names,
}

/// The names of a queue's users and groups.
pub struct Names {
    /// Of uid.
    pub user: Option<String>,
    /// Of gid.
    pub group: Option<String>,
    /// Of cuid.
    pub creator: Option<String>,
    /// Of cgid.
    pub creators_group: Option<String>,
}

/// Something that is told of a queue.
pub struct Column {
    /// What it is called in tables, as ipcs(1) has it.
    pub title: &'static str,
    /// What it is called in JSON, as /proc/sysvipc/msg has it, but for qbytes and owner.
    pub name: &'static str,
    /// What stands in tables.
    pub text: fn(&Row) -> String,
    /// What stands in JSON.
    pub json: fn(&Row) -> Value,
}

const fn column(
    title: &'static str,
    name: &'static str,
    text: fn(&Row) -> String,
    json: fn(&Row) -> Value,
) -> Column {
    Column { title, name, text, json }
}

/// In the order of /proc/sysvipc/msg, and then the rest.
pub static ALL: [&Column; 16] = [
    &KEY, &MSQID, &PERMS, &CBYTES, &QNUM, &LSPID, &LRPID, &UID, &GID, &CUID, &CGID, &STIME, &RTIME,
    &CTIME, &QBYTES, &OWNER,
];

pub static KEY: Column = column("key", "key", key, |row| key(row).into());
pub static MSQID: Column =
    column("msqid", "msqid", |row| row.msqid.to_string(), |row| row.msqid.into());
pub static PERMS: Column =
    column("perms", "perms", |row| format!("{:o}", perms(row)), |row| mode(perms(row)).into());
pub static CBYTES: Column = column(
    "used-bytes",
    "cbytes",
    |row| row.data.msg_cbytes.to_string(),
    |row| row.data.msg_cbytes.into(),
);
/// The same in a column of its own kind.
pub static SIZE: Column = Column { title: "size", text: size, ..CBYTES };
pub static QNUM: Column =
    column("messages", "qnum", |row| row.data.msg_qnum.to_string(), |row| row.data.msg_qnum.into());
pub static LSPID: Column =
    column("lspid", "lspid", |row| row.data.msg_lspid.to_string(), |row| row.data.msg_lspid.into());
pub static LRPID: Column =
    column("lrpid", "lrpid", |row| row.data.msg_lrpid.to_string(), |row| row.data.msg_lrpid.into());
pub static UID: Column = column("uid", "uid", user, |row| row.data.msg_perm.uid.into());
pub static GID: Column = column(
    "gid",
    "gid",
    |row| named(&row.names.group, row.data.msg_perm.gid),
    |row| row.data.msg_perm.gid.into(),
);
pub static CUID: Column = column(
    "cuid",
    "cuid",
    |row| named(&row.names.creator, row.data.msg_perm.cuid),
    |row| row.data.msg_perm.cuid.into(),
);
pub static CGID: Column = column(
    "cgid",
    "cgid",
    |row| named(&row.names.creators_group, row.data.msg_perm.cgid),
    |row| row.data.msg_perm.cgid.into(),
);
pub static STIME: Column =
    column("send", "stime", |row| time(row.data.msg_stime), |row| seconds(row.data.msg_stime));
pub static RTIME: Column =
    column("recv", "rtime", |row| time(row.data.msg_rtime), |row| seconds(row.data.msg_rtime));
pub static CTIME: Column =
    column("change", "ctime", |row| time(row.data.msg_ctime), |row| seconds(row.data.msg_ctime));
pub static QBYTES: Column = column(
    "qbytes",
    "qbytes",
    |row| row.data.msg_qbytes.to_string(),
    |row| row.data.msg_qbytes.into(),
);
pub static OWNER: Column = column("owner", "owner", user, |row| row.names.user.clone().into());

fn key(row: &Row) -> String {
    format!("{:#010x}", row.data.msg_perm.key)
}

fn perms(row: &Row) -> u32 {
    row.data.msg_perm.mode & 0o777
}

fn size(row: &Row) -> String {
    Unit::Human.of(row.data.msg_cbytes)
}

fn user(row: &Row) -> String {
    named(&row.names.user, row.data.msg_perm.uid)
}

fn named(name: &Option<String>, number: u32) -> String {
    name.clone().unwrap_or_else(|| number.to_string())
}

/// A moment without its day of the week and its year.
fn time(seconds: i64) -> String {
    let shown = calendar::text(seconds);
    shown.get(4..19).map_or(shown.clone(), String::from)
}

/// Seconds since 1970, and nothing for never.
fn seconds(seconds: i64) -> Value {
    if seconds == 0 { Value::Null } else { seconds.into() }
}
