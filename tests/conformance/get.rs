//! msgget.

use crate::support::*;

cases! {
    "msgget-1" every_private_queue_is_a_new_one;
    "msgget-1" CREAT_and_EXCL_mean_nothing_to_a_private_queue;
    "msgget-2" an_absent_key_is_ENOENT_without_CREAT;
    "msgget-2" an_absent_key_is_made_with_CREAT;
    "msgget-3" a_present_key_gives_its_id;
    "msgget-3" CREAT_and_EXCL_on_a_present_key_are_EEXIST;
    "msgget-3" EEXIST_comes_before_EACCES;
    "msgget-3" EXCL_alone_is_ignored;
    "msgget-3" flags_of_0_pass_always;
    "msgget-3" a_mode_that_is_not_granted_is_EACCES;
    "msgget-4" a_new_queue_is_empty_and_has_its_defaults;
    "msgget-4" only_nine_bits_of_the_flags_become_the_mode;
    "msgget-4" the_effective_user_and_group_become_owner_and_creator [Root];
    "msgget-4" one_queue_more_than_msgmni_is_ENOSPC [Kernel, Alone];
    "msgget-4" a_new_queue_takes_the_msgmnb_of_its_time [Kernel, Alone];
}

fn get(engine: On, key: i32, flags: c_int) -> Result<c_int, Errno> {
    engine.msgget(key, flags)
}

fn every_private_queue_is_a_new_one(engine: On) -> Verdict {
    let (one, other) = (Queue::private(engine)?, Queue::private(engine)?);
    holds("two private queues have two ids", one.id != other.id)?;
    one.send(1, b"one").worked("msgsnd")?;
    same("bytes and messages of the other", other.filled()?, (0, 0))?;
    let keys = (one.stat().worked("IPC_STAT")?.msg_perm.__key, IPC_PRIVATE);
    same("the key of a private queue", keys.0, keys.1)
}

fn CREAT_and_EXCL_mean_nothing_to_a_private_queue(engine: On) -> Verdict {
    let first = Queue::private(engine)?;
    for flags in [0, IPC_CREAT, IPC_EXCL, IPC_CREAT | IPC_EXCL] {
        let what = format!("msgget(IPC_PRIVATE, {flags:#o})");
        let queue = Queue::of(engine, get(engine, IPC_PRIVATE, flags | 0o600).worked(&what)?);
        holds(&format!("{what} makes a queue"), queue.id != first.id)?;
    }
    Ok(())
}

fn an_absent_key_is_ENOENT_without_CREAT(engine: On) -> Verdict {
    for flags in [0, 0o600, IPC_EXCL, IPC_EXCL | 0o600] {
        fails(&format!("msgget(absent, {flags:#o})"), get(engine, key(0), flags), ENOENT)?;
    }
    Ok(())
}

fn an_absent_key_is_made_with_CREAT(engine: On) -> Verdict {
    for (number, flags) in [(0, IPC_CREAT), (1, IPC_CREAT | IPC_EXCL)] {
        let id = get(engine, key(number), flags | 0o600).worked("msgget of an absent key")?;
        let queue = Queue::of(engine, id);
        let seen = queue.stat().worked("IPC_STAT")?.msg_perm.__key;
        same("the new queue's key", seen, key(number))?;
    }
    Ok(())
}

fn a_present_key_gives_its_id(engine: On) -> Verdict {
    let queue = Queue::new(engine, key(0), 0o600)?;
    let other = Queue::new(engine, key(1), 0o600)?;
    for flags in [0, 0o400, 0o600, IPC_CREAT | 0o600] {
        let what = format!("msgget(present, {flags:#o})");
        gives(&what, get(engine, key(0), flags), queue.id)?;
        gives(&what, get(engine, key(1), flags), other.id)?;
    }
    Ok(())
}

fn CREAT_and_EXCL_on_a_present_key_are_EEXIST(engine: On) -> Verdict {
    let _queue = Queue::new(engine, key(0), 0o600)?;
    fails("msgget", get(engine, key(0), IPC_CREAT | IPC_EXCL | 0o600), EEXIST)
}

fn EEXIST_comes_before_EACCES(engine: On) -> Verdict {
    drop_privileges()?;
    let _queue = Queue::new(engine, key(0), 0)?;
    fails("msgget with CREAT", get(engine, key(0), IPC_CREAT | 0o600), EACCES)?;
    fails("with EXCL too", get(engine, key(0), IPC_CREAT | IPC_EXCL | 0o600), EEXIST)
}

fn EXCL_alone_is_ignored(engine: On) -> Verdict {
    let queue = Queue::new(engine, key(0), 0o600)?;
    gives("msgget(present, IPC_EXCL)", get(engine, key(0), IPC_EXCL), queue.id)?;
    gives("the same with a mode", get(engine, key(0), IPC_EXCL | 0o600), queue.id)
}

fn flags_of_0_pass_always(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::new(engine, key(0), 0)?;
    gives("msgget(present, 0) of a queue of mode 0", get(engine, key(0), 0), queue.id)?;
    gives("the same with CREAT", get(engine, key(0), IPC_CREAT), queue.id)
}

fn a_mode_that_is_not_granted_is_EACCES(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::new(engine, key(0), 0o400)?;
    for flags in [0o400, 0o040, 0o004, 0o444] {
        gives(&format!("msgget(r, {flags:#o})"), get(engine, key(0), flags), queue.id)?;
    }
    for flags in [0o200, 0o020, 0o002, 0o600, 0o660, 0o406, IPC_CREAT | 0o600] {
        fails(&format!("msgget(r, {flags:#o})"), get(engine, key(0), flags), EACCES)?;
    }
    Ok(())
}

fn a_new_queue_is_empty_and_has_its_defaults(engine: On) -> Verdict {
    let before = now();
    let queue = Queue::new(engine, key(0), 0o640)?;
    let data = queue.stat().worked("IPC_STAT")?;
    let (_, info) = queue.info(IPC_INFO).worked("IPC_INFO")?;
    let ctime = data.msg_ctime;
    holds(&format!("ctime {ctime} is from {before} on"), (before..=now()).contains(&ctime))?;
    same("stime and rtime", (data.msg_stime, data.msg_rtime), (0, 0))?;
    same("cbytes and qnum", (data.__msg_cbytes, data.msg_qnum), (0, 0))?;
    same("qbytes", data.msg_qbytes, info.msgmnb as u64)?;
    same("lspid and lrpid", (data.msg_lspid, data.msg_lrpid), (0, 0))?;
    same("the mode", u32::from(data.msg_perm.mode), 0o640)
}

fn only_nine_bits_of_the_flags_become_the_mode(engine: On) -> Verdict {
    for (flags, mode) in [(0o177_755, 0o755), (0x7fff_0000 | IPC_CREAT | 0o600, 0o600)] {
        let what = format!("msgget(absent, {flags:#o})");
        let queue = Queue::of(engine, get(engine, key(0), flags).worked(&what)?);
        let seen = queue.stat().worked("IPC_STAT")?.msg_perm.mode;
        same(&format!("the mode after {what}"), u32::from(seen), mode)?;
    }
    Ok(())
}

fn the_effective_user_and_group_become_owner_and_creator(engine: On) -> Verdict {
    in_child(|| {
        set_effective(4321, 1234)?;
        let queue = Queue::new(engine, key(0), 0o600)?;
        let owner = queue.stat().worked("IPC_STAT")?.msg_perm;
        same("uid and cuid", (owner.uid, owner.cuid), (4321, 4321))?;
        same("gid and cgid", (owner.gid, owner.cgid), (1234, 1234))
    })
}

fn one_queue_more_than_msgmni_is_ENOSPC(engine: On) -> Verdict {
    set_sysctl("msgmni", 2)?;
    let first = Queue::new(engine, key(0), 0o600)?;
    let _second = Queue::private(engine)?;
    fails("a third queue", get(engine, key(1), IPC_CREAT | 0o600), ENOSPC)?;
    fails("a third queue, private", get(engine, IPC_PRIVATE, 0o600), ENOSPC)?;
    fails("an absent key without CREAT", get(engine, key(1), 0o600), ENOENT)?;
    gives("a present key", get(engine, key(0), IPC_CREAT | 0o600), first.id)?;
    gives("IPC_RMID", first.remove(), 0)?;
    Queue::new(engine, key(1), 0o600).map(drop)
}

fn a_new_queue_takes_the_msgmnb_of_its_time(engine: On) -> Verdict {
    let old = Queue::private(engine)?;
    let before = old.stat().worked("IPC_STAT")?.msg_qbytes;
    set_sysctl("msgmnb", 1000)?;
    let new = Queue::private(engine)?;
    same("qbytes of a new queue", new.stat().worked("IPC_STAT")?.msg_qbytes, 1000)?;
    same("qbytes of an old queue", old.stat().worked("IPC_STAT")?.msg_qbytes, before)
}
