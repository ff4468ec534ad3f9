//! msgctl: commands, and what they tell.

use crate::support::*;

cases! {
    "msgctl-1" a_negative_id_or_command_is_EINVAL;
    "msgctl-1" an_unknown_command_is_EINVAL;
    "msgctl-1" a_command_with_bit_8_is_EINVAL;
    "msgctl-2" IPC_INFO_tells_the_limits;
    "msgctl-2" MSG_INFO_counts_queues_messages_and_bytes [Alone];
    "msgctl-2" INFO_gives_the_highest_index_in_use [Alone];
    "msgctl-2" INFO_looks_up_no_id;
    "msgctl-2" INFO_asks_for_no_permission [Alone];
    "msgctl-2" INFO_to_a_bad_address_is_EFAULT;
    "msgctl-2" INFO_tells_the_limits_of_now [Kernel, Alone];
    "msgctl-3" IPC_STAT_tells_everything_about_a_queue;
    "msgctl-3" IPC_STAT_takes_the_full_id_alone [Alone];
    "msgctl-3" MSG_STAT_and_MSG_STAT_ANY_take_an_index_and_give_the_id [Alone];
    "msgctl-3" IPC_STAT_and_MSG_STAT_ask_for_permission;
    "msgctl-3" MSG_STAT_ANY_asks_for_no_permission;
    "msgctl-3" EFAULT_comes_last;
    "msgctl-3" pids_are_those_of_the_callers_namespace [Root, Processes];
    "msgctl-6" the_table_of_proc_has_these_columns [Kernel, Alone];
    "msgctl-6" the_table_of_proc_is_in_the_order_of_indices [Kernel, Alone];
}

fn a_negative_id_or_command_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for cmd in [IPC_STAT, IPC_SET, IPC_RMID, IPC_INFO, MSG_INFO, MSG_STAT, MSG_STAT_ANY] {
        let answer = queue.with_id(-1).control(cmd, UNMAPPED);
        fails(&format!("msgctl(-1, {cmd})"), answer, EINVAL)?;
    }
    for cmd in [-1, c_int::MIN] {
        fails(&format!("msgctl(id, {cmd})"), queue.control(cmd, UNMAPPED), EINVAL)?;
    }
    Ok(())
}

fn an_unknown_command_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for cmd in [4, 5, 10, 14, 99, c_int::MAX] {
        fails(&format!("msgctl(id, {cmd})"), queue.control(cmd, UNMAPPED), EINVAL)?;
    }
    queue.stat().worked("IPC_STAT").map(drop)
}

fn a_command_with_bit_8_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for cmd in [IPC_STAT, IPC_INFO, MSG_INFO, MSG_STAT, MSG_STAT_ANY, IPC_RMID] {
        fails(&format!("msgctl(id, {cmd} | 0x100)"), queue.stat_by(cmd | 0x100), EINVAL)?;
    }
    queue.stat().worked("IPC_STAT").map(drop)
}

fn IPC_INFO_tells_the_limits(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let (_, info) = queue.info(IPC_INFO).worked("IPC_INFO")?;
    same("pool, map and tql", (info.msgpool, info.msgmap, info.msgtql), (512_000, 16384, 16384))?;
    same("ssz and seg", (info.msgssz, info.msgseg), (16, 65535))?;
    let qbytes = queue.stat().worked("IPC_STAT")?.msg_qbytes;
    same("mnb, which is a new queue's qbytes", info.msgmnb as u64, qbytes)?;
    let (_, other) = queue.info(MSG_INFO).worked("MSG_INFO")?;
    let limits = |it: libc::msginfo| [it.msgmax, it.msgmnb, it.msgmni, it.msgssz];
    same("the limits by MSG_INFO", limits(other), limits(info))?;
    same("seg by MSG_INFO", other.msgseg, info.msgseg)
}

fn MSG_INFO_counts_queues_messages_and_bytes(engine: On) -> Verdict {
    let queues = [Queue::private(engine)?, Queue::private(engine)?, Queue::private(engine)?];
    gives("msgsnd", queues[0].send(1, b"abc"), ())?;
    gives("msgsnd", queues[0].send(1, b""), ())?;
    gives("msgsnd", queues[2].send(1, b"defgh"), ())?;
    let counts = || {
        let (_, info) = queues[0].with_id(0).info(MSG_INFO).worked("MSG_INFO")?;
        Ok::<_, String>((info.msgpool, info.msgmap, info.msgtql))
    };
    same("queues, messages and bytes", counts()?, (3, 3, 8))?;
    gives("msgrcv", queues[0].take(8, 0), message(1, b"abc"))?;
    same("after a receive", counts()?, (3, 2, 5))?;
    gives("IPC_RMID", queues[2].remove(), 0)?;
    same("after the removal of 5 bytes", counts()?, (2, 1, 0))
}

fn INFO_gives_the_highest_index_in_use(engine: On) -> Verdict {
    let first = Queue::private(engine)?;
    let highest = |wanted: c_int| {
        for cmd in [IPC_INFO, MSG_INFO] {
            let (value, _) = first.info(cmd).worked("INFO")?;
            same(&format!("msgctl(id, {cmd})"), value, wanted)?;
        }
        Ok::<_, String>(())
    };
    highest(0)?;
    let middle = Queue::private(engine)?;
    let last = Queue::private(engine)?;
    highest(2)?;
    gives("IPC_RMID in the middle", middle.remove(), 0)?;
    highest(2)?;
    gives("IPC_RMID of the last", last.remove(), 0)?;
    highest(0)?;
    gives("IPC_RMID of the first", first.remove(), 0)?;
    highest(0)
}

fn INFO_looks_up_no_id(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for id in [queue.id ^ 1 << 15, 30_000, c_int::MAX] {
        for cmd in [IPC_INFO, MSG_INFO] {
            let info = queue.with_id(id).info(cmd);
            info.worked(&format!("msgctl({id}, {cmd})"))?;
        }
    }
    Ok(())
}

fn INFO_asks_for_no_permission(engine: On) -> Verdict {
    let queue = Queue::new(engine, key(0), 0o600)?;
    gives("msgsnd", queue.send(1, b"abc"), ())?;
    in_child(|| {
        drop_privileges()?;
        let (_, info) = queue.info(MSG_INFO).worked("MSG_INFO of a stranger")?;
        same("queues, messages and bytes", (info.msgpool, info.msgmap, info.msgtql), (1, 1, 3))?;
        queue.info(IPC_INFO).worked("IPC_INFO of a stranger").map(drop)
    })
}

fn INFO_to_a_bad_address_is_EFAULT(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    for cmd in [IPC_INFO, MSG_INFO] {
        for address in [UNMAPPED, pages.end(), pages.before_end(16)] {
            fails(&format!("msgctl(id, {cmd})"), queue.control(cmd, address), EFAULT)?;
        }
        let last = pages.before_end(size_of::<libc::msginfo>());
        queue.control(cmd, last).worked("INFO where it just fits")?;
    }
    Ok(())
}

fn INFO_tells_the_limits_of_now(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for (name, value) in [("msgmax", 5), ("msgmnb", 6), ("msgmni", 7)] {
        set_sysctl(name, value)?;
    }
    for cmd in [IPC_INFO, MSG_INFO] {
        let (_, info) = queue.info(cmd).worked("INFO")?;
        same("max, mnb and mni", (info.msgmax, info.msgmnb, info.msgmni), (5, 6, 7))?;
    }
    Ok(())
}

fn IPC_STAT_tells_everything_about_a_queue(engine: On) -> Verdict {
    let start = now();
    let queue = Queue::new(engine, key(0), 0o640)?;
    queue.limit(1000)?;
    gives("msgsnd", queue.send(1, b"abc"), ())?;
    gives("msgsnd", queue.send(2, b"de"), ())?;
    gives("msgrcv", queue.take(8, 1), message(1, b"abc"))?;
    let (value, data) = queue.stat_by(IPC_STAT).worked("IPC_STAT")?;
    same("msgctl(id, IPC_STAT)", value, 0)?;
    same("key", data.msg_perm.__key, key(0))?;
    same("mode", u32::from(data.msg_perm.mode), 0o640)?;
    same("sequence number", c_int::from(data.msg_perm.__seq), queue.id >> 15)?;
    same("cbytes and qnum", (data.__msg_cbytes, data.msg_qnum), (2, 1))?;
    same("qbytes", data.msg_qbytes, 1000)?;
    same("lspid and lrpid", (data.msg_lspid, data.msg_lrpid), (process_id(), process_id()))?;
    for time in [data.msg_stime, data.msg_rtime, data.msg_ctime] {
        holds(&format!("time {time} is from {start} on"), (start - 1..=now()).contains(&time))?;
    }
    Ok(())
}

/// A queue whose id is not its index.
fn in_second_round(engine: On) -> Result<Queue, String> {
    for _ in 0..64 {
        Queue::private(engine)?;
    }
    let queue = Queue::private(engine)?;
    same("the id after 64 others", queue.id, 1 << 15)?;
    Ok(queue)
}

fn IPC_STAT_takes_the_full_id_alone(engine: On) -> Verdict {
    let queue = in_second_round(engine)?;
    gives("IPC_STAT of the id", queue.stat_by(IPC_STAT).map(|(value, _)| value), 0)?;
    fails("IPC_STAT of the index", queue.with_id(0).stat(), EINVAL)
}

fn MSG_STAT_and_MSG_STAT_ANY_take_an_index_and_give_the_id(engine: On) -> Verdict {
    let queue = in_second_round(engine)?;
    queue.limit(777)?;
    for cmd in [MSG_STAT, MSG_STAT_ANY] {
        for id in [0, queue.id, 5 << 15] {
            let what = format!("msgctl({id}, {cmd})");
            let (value, data) = queue.with_id(id).stat_by(cmd).worked(&what)?;
            same(&what, (value, data.msg_qbytes), (queue.id, 777))?;
        }
        fails("the same of a free index", queue.with_id(1).stat_by(cmd), EINVAL)?;
    }
    Ok(())
}

fn IPC_STAT_and_MSG_STAT_ask_for_permission(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.permit(0o244)?;
    for cmd in [IPC_STAT, MSG_STAT] {
        fails(&format!("msgctl(id, {cmd})"), queue.stat_by(cmd), EACCES)?;
    }
    Ok(())
}

fn MSG_STAT_ANY_asks_for_no_permission(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.permit(0)?;
    let (value, data) = queue.stat_by(MSG_STAT_ANY).worked("MSG_STAT_ANY")?;
    same("msgctl(id, MSG_STAT_ANY)", value, queue.id)?;
    same("the mode", u32::from(data.msg_perm.mode), 0)
}

fn EFAULT_comes_last(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    for cmd in [IPC_STAT, MSG_STAT, MSG_STAT_ANY] {
        for address in [UNMAPPED, pages.end(), pages.before_end(40)] {
            fails(&format!("msgctl(id, {cmd})"), queue.control(cmd, address), EFAULT)?;
        }
        let absent = queue.with_id(32_000);
        fails(&format!("msgctl(no such id, {cmd})"), absent.control(cmd, UNMAPPED), EINVAL)?;
    }
    queue.permit(0o200)?;
    for cmd in [IPC_STAT, MSG_STAT] {
        let what = format!("msgctl(id, {cmd}) without the right to read");
        fails(&what, queue.control(cmd, UNMAPPED), EACCES)?;
    }
    fails("MSG_STAT_ANY without it", queue.control(MSG_STAT_ANY, UNMAPPED), EFAULT)
}

fn pids_are_those_of_the_callers_namespace(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    gives("msgsnd", queue.send(1, b"x"), ())?;
    in_child(|| {
        own_pid_namespace()?;
        let mut inside = Child::start(|| {
            same("the pid inside", process_id(), 1)?;
            same("lspid seen inside", queue.stat().worked("IPC_STAT")?.msg_lspid, 0)?;
            gives("msgrcv", queue.take(8, 0), message(1, b"x"))?;
            same("lrpid seen inside", queue.stat().worked("IPC_STAT")?.msg_lrpid, 1)
        })?;
        inside.end()?;
        let data = queue.stat().worked("IPC_STAT")?;
        same("lrpid seen outside", data.msg_lrpid, inside.pid())
    })
}

fn table() -> Result<Vec<Vec<String>>, String> {
    let text = std::fs::read_to_string("/proc/sysvipc/msg").worked("/proc/sysvipc/msg")?;
    Ok(text.lines().map(|line| line.split_whitespace().map(String::from).collect()).collect())
}

fn the_table_of_proc_has_these_columns(engine: On) -> Verdict {
    let queue = Queue::new(engine, key(0), 0o640)?;
    gives("msgsnd", queue.send(1, b"abc").and(queue.send(1, b"de")), ())?;
    gives("msgrcv", queue.take(8, 0), message(1, b"abc"))?;
    let table = table()?;
    let columns = "key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid stime rtime ctime";
    same("the columns", table[0].join(" ").as_str(), columns)?;
    let data = queue.stat().worked("IPC_STAT")?;
    let owner = data.msg_perm;
    let (pid, times) = (process_id(), [data.msg_stime, data.msg_rtime, data.msg_ctime]);
    let wanted = format!(
        "{} {} 640 2 1 {pid} {pid} {} {} {} {} {} {} {}",
        owner.__key,
        queue.id,
        owner.uid,
        owner.gid,
        owner.cuid,
        owner.cgid,
        times[0],
        times[1],
        times[2],
    );
    same("the queue's line", table[1].join(" "), wanted)?;
    same("the lines", table.len(), 2)
}

fn the_table_of_proc_is_in_the_order_of_indices(engine: On) -> Verdict {
    set_sysctl("msg_next_id", 9)?;
    let _later = Queue::private(engine)?;
    set_sysctl("msg_next_id", (1 << 15) + 4)?;
    let _earlier = Queue::private(engine)?;
    let ids: Vec<String> = table()?.into_iter().skip(1).map(|mut line| line.remove(1)).collect();
    same("the ids", ids, vec![((1 << 15) + 4).to_string(), 9.to_string()])
}
