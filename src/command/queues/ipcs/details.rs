//! All about one queue, as `ipcs -q -i ID` has it.

use super::calendar;
use super::columns::Row;
use super::size::Unit;

/// The text.
pub fn text(row: &Row, unit: Unit) -> String {
    let Row { msqid, data, .. } = row;
    let perm = &data.msg_perm;
    let (uid, gid, cuid, cgid) = (perm.uid, perm.gid, perm.cuid, perm.cgid);
    let size = if unit == Unit::Human { "size" } else { "bytes" };
    let [send, rcv, change] = [data.msg_stime, data.msg_rtime, data.msg_ctime].map(calendar::text);
    format!(
        "\nMessage Queue msqid={msqid}\n\
         uid={uid}\tgid={gid}\tcuid={cuid}\tcgid={cgid}\tmode={}\n\
         c{size}={}\tq{size}={}\tqnum={}\tlspid={}\tlrpid={}\n\
         send_time={send:<26}\nrcv_time={rcv:<26}\nchange_time={change:<26}\n\n",
        octal(perm.mode),
        unit.of(data.msg_cbytes),
        unit.of(data.msg_qbytes),
        data.msg_qnum,
        data.msg_lspid,
        data.msg_lrpid
    )
}

/// As C writes it: `0640`, but `0`.
fn octal(mode: u32) -> String {
    if mode == 0 { "0".to_string() } else { format!("0{mode:o}") }
}
