//! IPC_SET: who may set what.

use crate::support::*;
use libc::msqid_ds;

cases! {
    "msgctl-4" EFAULT_comes_before_EINVAL;
    "msgctl-4" EINVAL_of_the_id_comes_before_EPERM [Root];
    "msgctl-4" whoever_is_neither_owner_nor_creator_gets_EPERM [Root];
    "msgctl-4" owner_and_creator_may_set [Root];
    "msgctl-4" CAP_SYS_ADMIN_may_set_what_belongs_to_others [Root];
    "msgctl-4" no_right_to_read_or_write_is_needed;
    "msgctl-4" qbytes_up_to_msgmnb_are_free;
    "msgctl-4" qbytes_may_be_lowered_below_the_contents;
    "msgctl-4" more_than_msgmnb_needs_CAP_SYS_RESOURCE;
    "msgctl-4" CAP_SYS_RESOURCE_gives_more_than_msgmnb [Resource];
    "msgctl-4" root_without_CAP_SYS_RESOURCE_is_limited_like_others [Root];
    "msgctl-4" msgmnb_counts_as_it_is_now [Kernel, Alone];
    "msgctl-4" qbytes_pass_through_an_int;
    "msgctl-4" a_user_or_group_of_minus_1_is_EINVAL;
    "msgctl-4" EPERM_of_qbytes_comes_before_EINVAL_of_the_user;
    "msgctl-4" what_is_refused_changes_nothing;
    "msgctl-4" set_changes_owner_mode_and_qbytes_and_never_the_creator [Root];
    "msgctl-4" only_nine_bits_of_the_mode_are_set;
    "msgctl-4" other_fields_are_ignored;
    "msgctl-4" set_notes_its_time_and_nothing_else_does;
}

const OWNER: u32 = 3001;
const CREATOR: u32 = 3002;

fn data_of(queue: &Queue) -> Result<msqid_ds, String> {
    queue.stat().worked("IPC_STAT")
}

fn EFAULT_comes_before_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    for calls in [*queue, queue.with_id(queue.id ^ 1 << 15)] {
        for address in [UNMAPPED, pages.end(), pages.before_end(40)] {
            let what = format!("IPC_SET of {} from a bad address", calls.id);
            fails(&what, calls.control(IPC_SET, address), EFAULT)?;
        }
    }
    Ok(())
}

fn EINVAL_of_the_id_comes_before_EPERM(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let data = data_of(&queue)?;
    in_child(|| {
        drop_privileges()?;
        fails("IPC_SET of another's queue", queue.set_to(&data), EPERM)?;
        fails("IPC_SET of no queue", queue.with_id(queue.id ^ 1 << 15).set_to(&data), EINVAL)
    })
}

fn whoever_is_neither_owner_nor_creator_gets_EPERM(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.permit(0o666)?;
    let data = data_of(&queue)?;
    in_child(|| {
        // Neither the group nor the right to write helps.
        become_caller(Caller::new(STRANGER, 0, &[0]))?;
        gives("msgsnd of a stranger", queue.send(1, b"x"), ())?;
        fails("IPC_SET of a stranger", queue.set_to(&data), EPERM)
    })?;
    in_child(|| {
        set_effective(STRANGER, STRANGER)?;
        fails("IPC_SET by a real root who acts as a stranger", queue.set_to(&data), EPERM)
    })
}

/// A queue that `CREATOR` has made and `OWNER` owns.
fn of_two(engine: On) -> Result<Queue, String> {
    set_effective(CREATOR, CREATOR)?;
    let queue = Queue::private(engine)?;
    set_effective(0, 0)?;
    gives("IPC_SET by root", queue.set(|data| data.msg_perm.uid = OWNER), 0)?;
    Ok(queue)
}

fn owner_and_creator_may_set(engine: On) -> Verdict {
    for user in [OWNER, CREATOR] {
        in_child(|| {
            let queue = of_two(engine)?;
            become_caller(Caller::new(user, STRANGER, &[]))?;
            gives(&format!("IPC_SET by {user}"), queue.set(|data| data.msg_qbytes = 77), 0)?;
            same("qbytes", data_of(&queue)?.msg_qbytes, 77)
        })?;
    }
    Ok(())
}

fn CAP_SYS_ADMIN_may_set_what_belongs_to_others(engine: On) -> Verdict {
    in_child(|| {
        let queue = of_two(engine)?;
        gives("IPC_SET with the capability", queue.set(|data| data.msg_qbytes = 77), 0)?;
        drop_capability(Capability::SysAdmin)?;
        let answer = queue.set(|data| data.msg_qbytes = 78);
        // Left to others, it would outlive this case.
        set_effective(OWNER, 0)?;
        let _ = queue.remove();
        fails("IPC_SET by root without it", answer, EPERM)
    })
}

fn no_right_to_read_or_write_is_needed(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    let data = data_of(&queue)?;
    queue.permit(0)?;
    fails("IPC_STAT of mode 0", queue.stat(), EACCES)?;
    gives("IPC_SET of mode 0", queue.set_to(&data), 0)?;
    same("the mode", u32::from(data_of(&queue)?.msg_perm.mode), 0o600)
}

fn qbytes_up_to_msgmnb_are_free(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    let msgmnb = queue.info(IPC_INFO).worked("IPC_INFO")?.1.msgmnb as u64;
    for qbytes in [1, msgmnb, 0, msgmnb - 1, msgmnb] {
        gives(&format!("qbytes {qbytes}"), queue.set(|data| data.msg_qbytes = qbytes), 0)?;
        same("qbytes", data_of(&queue)?.msg_qbytes, qbytes)?;
    }
    Ok(())
}

fn qbytes_may_be_lowered_below_the_contents(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    gives("msgsnd", queue.send(1, b"ten bytes."), ())?;
    for qbytes in [9, 0] {
        queue.limit(qbytes)?;
        same("bytes and messages", queue.filled()?, (10, 1))?;
        fails("an empty message", queue.send(1, b""), EAGAIN)?;
    }
    gives("msgrcv", queue.take(64, 0), message(1, b"ten bytes."))
}

fn more_than_msgmnb_needs_CAP_SYS_RESOURCE(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    let msgmnb = queue.info(IPC_INFO).worked("IPC_INFO")?.1.msgmnb as u64;
    for qbytes in [msgmnb + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
        let answer = queue.set(|data| data.msg_qbytes = qbytes);
        fails(&format!("qbytes {qbytes}"), answer, EPERM)?;
    }
    same("qbytes", data_of(&queue)?.msg_qbytes, msgmnb)
}

fn CAP_SYS_RESOURCE_gives_more_than_msgmnb(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for qbytes in [16385, 1_000_000, 0x7fff_ffff] {
        gives(&format!("qbytes {qbytes}"), queue.set(|data| data.msg_qbytes = qbytes), 0)?;
        same("qbytes", data_of(&queue)?.msg_qbytes, qbytes)?;
    }
    for number in 1..=8 {
        gives(&format!("8192 bytes, {number} times"), queue.send(1, &[b'x'; 8192]), ())?;
    }
    same("bytes and messages", queue.filled()?, (65536, 8))
}

fn root_without_CAP_SYS_RESOURCE_is_limited_like_others(engine: On) -> Verdict {
    in_child(|| {
        let queue = Queue::private(engine)?;
        drop_capability(Capability::SysResource)?;
        fails("qbytes 16385", queue.set(|data| data.msg_qbytes = 16385), EPERM)?;
        gives("qbytes 16384", queue.set(|data| data.msg_qbytes = 16384), 0)
    })
}

fn msgmnb_counts_as_it_is_now(engine: On) -> Verdict {
    set_sysctl("msgmnb", 100_000)?;
    in_child(|| {
        drop_privileges()?;
        let queue = Queue::private(engine)?;
        queue.limit(100_000)?;
        for number in 1..=12 {
            gives(&format!("8192 bytes, {number} times"), queue.send(1, &[b'x'; 8192]), ())?;
        }
        queue.limit(5000)
    })?;
    set_sysctl("msgmnb", 1000)?;
    in_child(|| {
        drop_privileges()?;
        let queue = Queue::private(engine)?;
        fails("qbytes 1001", queue.set(|data| data.msg_qbytes = 1001), EPERM)?;
        gives("qbytes 1000", queue.set(|data| data.msg_qbytes = 1000), 0)
    })
}

fn qbytes_pass_through_an_int(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    for (qbytes, wanted) in [(1 << 32, 0), ((7 << 32) + 100, 100), (u64::MAX << 32, 0)] {
        gives(&format!("qbytes {qbytes:#x}"), queue.set(|data| data.msg_qbytes = qbytes), 0)?;
        same("qbytes", data_of(&queue)?.msg_qbytes, wanted)?;
    }
    let answer = queue.set(|data| data.msg_qbytes = u64::MAX);
    fails("qbytes of all bits, which are -1", answer, EPERM)
}

fn a_user_or_group_of_minus_1_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    fails("a user of -1", queue.set(|data| data.msg_perm.uid = u32::MAX), EINVAL)?;
    fails("a group of -1", queue.set(|data| data.msg_perm.gid = u32::MAX), EINVAL)
}

fn EPERM_of_qbytes_comes_before_EINVAL_of_the_user(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    let answer = queue.set(|data| {
        data.msg_perm.uid = u32::MAX;
        data.msg_qbytes = 0x7fff_ffff;
    });
    fails("a user of -1 and too many bytes", answer, EPERM)
}

fn what_is_refused_changes_nothing(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let before = data_of(&queue)?;
    for nobody in [(u32::MAX, before.msg_perm.gid), (before.msg_perm.uid, u32::MAX)] {
        let answer = queue.set(|data| {
            (data.msg_perm.uid, data.msg_perm.gid) = nobody;
            data.msg_perm.mode = 0o666;
            data.msg_qbytes = 5;
        });
        fails("a user or group of -1", answer, EINVAL)?;
    }
    let after = data_of(&queue)?;
    let owner = |data: &msqid_ds| (data.msg_perm.uid, data.msg_perm.gid);
    same("owner", owner(&after), owner(&before))?;
    same("mode", after.msg_perm.mode, before.msg_perm.mode)?;
    same("qbytes", after.msg_qbytes, before.msg_qbytes)
}

fn set_changes_owner_mode_and_qbytes_and_never_the_creator(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let before = data_of(&queue)?.msg_perm;
    let answer = queue.set(|data| {
        data.msg_perm.uid = 3001;
        data.msg_perm.gid = 4001;
        data.msg_perm.cuid = 3009;
        data.msg_perm.cgid = 4009;
        data.msg_perm.mode = 0o640;
        data.msg_qbytes = 500;
    });
    gives("IPC_SET", answer, 0)?;
    let data = data_of(&queue)?;
    let after = data.msg_perm;
    same("uid and gid", (after.uid, after.gid), (3001, 4001))?;
    same("cuid and cgid", (after.cuid, after.cgid), (before.cuid, before.cgid))?;
    same("mode and qbytes", (u32::from(after.mode), data.msg_qbytes), (0o640, 500))
}

fn only_nine_bits_of_the_mode_are_set(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.permit(0o177_612)?;
    same("the mode", u32::from(data_of(&queue)?.msg_perm.mode), 0o612)
}

fn other_fields_are_ignored(engine: On) -> Verdict {
    let queue = Queue::new(engine, key(0), 0o600)?;
    gives("msgsnd", queue.send(1, b"abc"), ())?;
    let before = data_of(&queue)?;
    let answer = queue.set(|data| {
        data.msg_perm.__key = 99;
        data.msg_perm.__seq = 9;
        (data.msg_stime, data.msg_rtime, data.msg_ctime) = (5, 6, 7);
        (data.__msg_cbytes, data.msg_qnum) = (8, 9);
        (data.msg_lspid, data.msg_lrpid) = (10, 11);
    });
    gives("IPC_SET", answer, 0)?;
    let after = data_of(&queue)?;
    same("key", after.msg_perm.__key, key(0))?;
    same("sequence number", after.msg_perm.__seq, before.msg_perm.__seq)?;
    same("stime and rtime", (after.msg_stime, after.msg_rtime), (before.msg_stime, 0))?;
    holds("ctime is that of the call", after.msg_ctime >= before.msg_ctime)?;
    same("cbytes and qnum", (after.__msg_cbytes, after.msg_qnum), (3, 1))?;
    same("lspid and lrpid", (after.msg_lspid, after.msg_lrpid), (before.msg_lspid, 0))
}

fn set_notes_its_time_and_nothing_else_does(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let made = data_of(&queue)?.msg_ctime;
    next_second();
    gives("msgsnd", queue.send(1, b"x"), ())?;
    gives("msgrcv", queue.take(8, 0), message(1, b"x"))?;
    same("ctime after a send and a receive", data_of(&queue)?.msg_ctime, made)?;
    fails("a user of -1", queue.set(|data| data.msg_perm.uid = u32::MAX), EINVAL)?;
    same("ctime after a refusal", data_of(&queue)?.msg_ctime, made)?;
    queue.limit(100)?;
    let ctime = data_of(&queue)?.msg_ctime;
    holds(&format!("ctime {ctime} is after {made}"), ctime > made && ctime <= now())
}
