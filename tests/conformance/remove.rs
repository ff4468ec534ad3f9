//! IPC_RMID.

use crate::support::*;

cases! {
    "msgctl-5" EINVAL_comes_before_EPERM [Root];
    "msgctl-5" whoever_is_neither_owner_nor_creator_gets_EPERM [Root];
    "msgctl-5" owner_and_creator_may_remove [Root];
    "msgctl-5" CAP_SYS_ADMIN_may_remove_what_belongs_to_others [Root];
    "msgctl-5" no_right_to_read_or_write_is_needed;
    "msgctl-5" a_removal_frees_the_key;
    "msgctl-5" a_removal_drops_the_messages [Alone];
    "msgctl-5" a_removal_ignores_its_address;
    "msgctl-5" a_removal_wakes_everybody;
}

const OWNER: u32 = 3001;
const CREATOR: u32 = 3002;

fn EINVAL_comes_before_EPERM(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    in_child(|| {
        drop_privileges()?;
        fails("IPC_RMID of another's queue", queue.remove(), EPERM)?;
        fails("IPC_RMID of no queue", queue.with_id(queue.id ^ 1 << 15).remove(), EINVAL)
    })
}

fn whoever_is_neither_owner_nor_creator_gets_EPERM(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.permit(0o666)?;
    in_child(|| {
        become_caller(Caller::new(STRANGER, 0, &[0]))?;
        fails("IPC_RMID by a stranger", queue.remove(), EPERM)?;
        gives("msgsnd by a stranger", queue.send(1, b"x"), ())
    })
}

/// Root, with a queue that `CREATOR` has made and `OWNER` owns.
fn of_two(engine: On) -> Result<Queue, String> {
    set_effective(CREATOR, CREATOR)?;
    let queue = Queue::private(engine)?;
    set_effective(0, 0)?;
    gives("IPC_SET by root", queue.set(|data| data.msg_perm.uid = OWNER), 0)?;
    Ok(queue)
}

fn owner_and_creator_may_remove(engine: On) -> Verdict {
    for user in [OWNER, CREATOR] {
        in_child(|| {
            let queue = of_two(engine)?;
            become_caller(Caller::new(user, STRANGER, &[]))?;
            gives(&format!("IPC_RMID by {user}"), queue.remove(), 0)
        })?;
    }
    Ok(())
}

fn CAP_SYS_ADMIN_may_remove_what_belongs_to_others(engine: On) -> Verdict {
    in_child(|| {
        let queue = of_two(engine)?;
        gives("IPC_RMID with the capability", queue.remove(), 0)?;
        let queue = of_two(engine)?;
        drop_capability(Capability::SysAdmin)?;
        let answer = queue.remove();
        // Left to others, it would outlive this case.
        set_effective(OWNER, 0)?;
        let _ = queue.remove();
        fails("IPC_RMID by root without it", answer, EPERM)
    })
}

fn no_right_to_read_or_write_is_needed(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.permit(0)?;
    gives("IPC_RMID of mode 0", queue.remove(), 0)
}

fn a_removal_frees_the_key(engine: On) -> Verdict {
    let old = Queue::new(engine, key(0), 0o600)?;
    gives("IPC_RMID", old.remove(), 0)?;
    fails("msgget without CREAT", engine.msgget(key(0), 0o600), ENOENT)?;
    let new = Queue::new(engine, key(0), 0o600)?;
    holds("the new queue has another id", new.id != old.id)?;
    fails("IPC_RMID of the old id", old.remove(), EINVAL)?;
    gives("msgget", engine.msgget(key(0), 0), new.id)
}

fn a_removal_drops_the_messages(engine: On) -> Verdict {
    let queue = Queue::new(engine, key(0), 0o600)?;
    gives("msgsnd", queue.send(1, b"lost").and(queue.send(1, b"too")), ())?;
    gives("IPC_RMID", queue.remove(), 0)?;
    let new = Queue::new(engine, key(0), 0o600)?;
    same("bytes and messages of the next", new.filled()?, (0, 0))?;
    let (_, info) = new.info(MSG_INFO).worked("MSG_INFO")?;
    same("queues, messages and bytes", (info.msgpool, info.msgmap, info.msgtql), (1, 0, 0))
}

fn a_removal_ignores_its_address(engine: On) -> Verdict {
    let pages = Pages::new()?;
    for address in [0, UNMAPPED, pages.end()] {
        let queue = Queue::private(engine)?;
        gives("IPC_RMID", queue.control(IPC_RMID, address), 0)?;
    }
    Ok(())
}

fn a_removal_wakes_everybody(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(4)?;
    gives("4 of 4 bytes", queue.send(9, b"full"), ())?;
    let receivers = [Waiter::receiver(*queue, 8, 1, 0)?, Waiter::receiver(*queue, 8, -2, 0)?];
    let senders = [Waiter::sender(*queue, 1, 1)?, Waiter::sender(*queue, 2, 100)?];
    gives("IPC_RMID", queue.remove(), 0)?;
    for receiver in receivers {
        fails("a receiver", receiver.end()?, EIDRM)?;
    }
    senders.iter().try_for_each(|sender| fails("a sender", sender.end()?, EIDRM))
}
