//! Who may do what.

use crate::support::*;

cases! {
    "shared-6" the_owner_has_the_owners_bits_alone [Root];
    "shared-6" the_creator_counts_as_an_owner [Root];
    "shared-6" the_effective_user_counts_and_not_the_real_one [Root];
    "shared-6" a_member_of_the_group_has_the_groups_bits_alone [Root];
    "shared-6" the_creators_group_counts_as_the_group [Root];
    "shared-6" supplementary_groups_count [Root];
    "shared-6" the_file_systems_group_counts_and_not_the_effective_one [Root];
    "shared-6" others_have_the_others_bits [Root];
    "shared-6" the_bits_for_execution_count;
    "shared-6" what_is_asked_of_any_class_is_asked_of_the_callers;
    "shared-6" CAP_IPC_OWNER_passes_every_mode [Root];
    "shared-6" root_without_CAP_IPC_OWNER_is_an_owner_like_others [Root];
    "shared-6" every_call_asks_for_the_bits_that_it_needs;
}

const OWNER: (u32, u32) = (3001, 4001);
const CREATOR: (u32, u32) = (3002, 4002);
const NOBODY: u32 = 3009;
const NO_GROUP: u32 = 4009;

/// Has root make a queue that `CREATOR` has made and `OWNER` owns, and `caller` ask for it.
fn asks(engine: On, caller: Caller, mode: u32, flags: c_int) -> Result<Answer, String> {
    let mut answer = Answer { mode, flags, caller, seen: Ok(0) };
    set_effective(CREATOR.0, CREATOR.1)?;
    let queue = Queue::new(engine, key(0), 0o600)?;
    set_effective(0, 0)?;
    let set = queue.set(|data| {
        data.msg_perm.uid = OWNER.0;
        data.msg_perm.gid = OWNER.1;
        data.msg_perm.mode = mode as _;
    });
    gives("IPC_SET", set, 0)?;
    become_caller(caller)?;
    answer.seen = engine.msgget(key(0), flags);
    Ok(answer)
}

struct Answer {
    mode: u32,
    flags: c_int,
    caller: Caller,
    seen: Result<c_int, Errno>,
}

impl Answer {
    fn what(&self) -> String {
        let Answer { mode, flags, caller, .. } = self;
        format!("mode {mode:#05o} of {OWNER:?}, made by {CREATOR:?}: {flags:#o} for {caller:?}")
    }
}

fn granted(engine: On, caller: Caller, mode: u32, flags: c_int) -> Verdict {
    meets(engine, caller, mode, flags, |answer| answer.seen.worked(&answer.what()).map(drop))
}

fn denied(engine: On, caller: Caller, mode: u32, flags: c_int) -> Verdict {
    meets(engine, caller, mode, flags, |answer| fails(&answer.what(), answer.seen, EACCES))
}

fn meets(
    engine: On,
    caller: Caller,
    mode: u32,
    flags: c_int,
    check: impl FnOnce(Answer) -> Verdict,
) -> Verdict {
    // What the caller has no right to remove, the parent removes.
    let seen = in_child(|| check(asks(engine, caller, mode, flags)?));
    if let Ok(id) = engine.msgget(key(0), 0) {
        drop(Queue::of(engine, id));
    }
    seen
}

fn the_owner_has_the_owners_bits_alone(engine: On) -> Verdict {
    let owner = Caller::new(OWNER.0, NO_GROUP, &[]);
    granted(engine, owner, 0o400, 0o400)?;
    denied(engine, owner, 0o400, 0o200)?;
    denied(engine, owner, 0o066, 0o400)?;
    // The owner is in the group as well, which does not help.
    denied(engine, Caller::new(OWNER.0, OWNER.1, &[]), 0o077, 0o600)
}

fn the_creator_counts_as_an_owner(engine: On) -> Verdict {
    let creator = Caller::new(CREATOR.0, NO_GROUP, &[]);
    granted(engine, creator, 0o600, 0o600)?;
    denied(engine, creator, 0o066, 0o400)
}

fn the_effective_user_counts_and_not_the_real_one(engine: On) -> Verdict {
    in_child(|| {
        let queue = Queue::new(engine, key(0), 0o600)?;
        set_effective(OWNER.0, OWNER.1)?;
        let seen = engine.msgget(key(0), 0o400);
        set_effective(0, 0)?;
        drop(queue);
        fails("msgget of root's queue by a real root who acts as another", seen, EACCES)
    })
}

fn a_member_of_the_group_has_the_groups_bits_alone(engine: On) -> Verdict {
    let member = Caller::new(NOBODY, OWNER.1, &[]);
    granted(engine, member, 0o040, 0o400)?;
    granted(engine, member, 0o060, 0o600)?;
    denied(engine, member, 0o040, 0o200)?;
    denied(engine, member, 0o606, 0o400)
}

fn the_creators_group_counts_as_the_group(engine: On) -> Verdict {
    let member = Caller::new(NOBODY, CREATOR.1, &[]);
    granted(engine, member, 0o060, 0o600)?;
    denied(engine, member, 0o606, 0o400)
}

fn supplementary_groups_count(engine: On) -> Verdict {
    for groups in [&[OWNER.1, 4007], &[4007, CREATOR.1]] {
        let member = Caller::new(NOBODY, NO_GROUP, groups);
        granted(engine, member, 0o060, 0o600)?;
        denied(engine, member, 0o606, 0o400)?;
    }
    Ok(())
}

fn the_file_systems_group_counts_and_not_the_effective_one(engine: On) -> Verdict {
    let by_fsgid = Caller { fsgid: OWNER.1, ..Caller::new(NOBODY, NO_GROUP, &[]) };
    granted(engine, by_fsgid, 0o060, 0o600)?;
    let by_egid = Caller { fsgid: NO_GROUP, ..Caller::new(NOBODY, OWNER.1, &[]) };
    denied(engine, by_egid, 0o060, 0o400)
}

fn others_have_the_others_bits(engine: On) -> Verdict {
    let stranger = Caller::new(NOBODY, NO_GROUP, &[4007]);
    granted(engine, stranger, 0o004, 0o400)?;
    granted(engine, stranger, 0o006, 0o600)?;
    denied(engine, stranger, 0o004, 0o200)?;
    denied(engine, stranger, 0o660, 0o400)
}

fn the_bits_for_execution_count(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::new(engine, key(0), 0o600)?;
    for flags in [0o100, 0o010, 0o001, 0o700] {
        fails(&format!("msgget(rw-, {flags:#o})"), engine.msgget(key(0), flags), EACCES)?;
    }
    queue.permit(0o500)?;
    gives("msgget(r-x, 0o500)", engine.msgget(key(0), 0o500), queue.id)?;
    gives("msgget(r-x, 0o100)", engine.msgget(key(0), 0o100), queue.id)
}

fn what_is_asked_of_any_class_is_asked_of_the_callers(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::new(engine, key(0), 0o422)?;
    for flags in [0o400, 0o040, 0o004] {
        gives(&format!("msgget(r--, {flags:#o})"), engine.msgget(key(0), flags), queue.id)?;
    }
    for flags in [0o200, 0o020, 0o002, 0o420, 0o402] {
        fails(&format!("msgget(r--, {flags:#o})"), engine.msgget(key(0), flags), EACCES)?;
    }
    Ok(())
}

fn CAP_IPC_OWNER_passes_every_mode(engine: On) -> Verdict {
    let queue = Queue::new(engine, key(0), 0)?;
    gives("msgget(0, 0o777) with the capability", engine.msgget(key(0), 0o777), queue.id)?;
    gives("msgsnd", queue.send(1, b"x"), ())?;
    gives("msgrcv", queue.take(8, 0), message(1, b"x"))?;
    queue.stat().worked("IPC_STAT").map(drop)
}

fn root_without_CAP_IPC_OWNER_is_an_owner_like_others(engine: On) -> Verdict {
    in_child(|| {
        let queue = Queue::new(engine, key(0), 0)?;
        drop_capability(Capability::IpcOwner)?;
        fails("msgget(0, 0o400)", engine.msgget(key(0), 0o400), EACCES)?;
        fails("msgsnd", queue.send(1, b"x"), EACCES)?;
        fails("msgrcv", queue.take(8, 0), EACCES)?;
        fails("IPC_STAT", queue.stat(), EACCES)
    })
}

fn every_call_asks_for_the_bits_that_it_needs(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::new(engine, key(0), 0o600)?;
    let reading = queue.stat().worked("IPC_STAT")?;
    let mode = |mode: u32| {
        let mut data = reading;
        data.msg_perm.mode = mode as _;
        gives(&format!("IPC_SET of mode {mode:#o}"), queue.set_to(&data), 0)
    };
    mode(0o200)?;
    gives("msgsnd with w", queue.send(1, b"x"), ())?;
    fails("msgrcv with w", queue.take(8, 0), EACCES)?;
    fails("IPC_STAT with w", queue.stat(), EACCES)?;
    mode(0o400)?;
    fails("msgsnd with r", queue.send(1, b"x"), EACCES)?;
    gives("msgrcv with r", queue.take(8, 0), message(1, b"x"))?;
    queue.stat().worked("IPC_STAT with r").map(drop)
}
