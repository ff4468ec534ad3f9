//! Ids: how they are made up, given out, and looked up.

use crate::support::*;

cases! {
    "shared-2" an_id_is_a_sequence_number_and_an_index [Alone];
    "shared-2" the_sequence_number_wraps_to_0_at_65535 [Alone, Speed];
    "shared-3" a_loop_of_making_and_removing_gives_0_to_63_and_then_32768 [Alone];
    "shared-3" indices_in_use_are_passed_over [Alone];
    "shared-3" the_range_of_indices_grows_with_the_queues_in_use [Alone];
    "shared-4" msg_next_id_chooses_the_next_id_once [Kernel, Alone];
    "shared-4" msg_next_id_takes_the_next_free_index [Kernel, Alone];
    "shared-4" msg_next_id_leaves_the_cursor_and_the_sequence_alone [Kernel, Alone];
    "shared-5" an_id_that_was_never_given_out_is_EINVAL_everywhere [Alone];
    "shared-5" the_id_of_a_removed_queue_is_EINVAL_everywhere;
    "shared-5" an_id_with_another_sequence_number_is_EINVAL;
}

const SEQUENCE: c_int = 1 << 15;

fn make_and_remove(engine: On) -> Result<c_int, String> {
    let queue = Queue::private(engine)?;
    Ok(queue.id)
}

fn an_id_is_a_sequence_number_and_an_index(engine: On) -> Verdict {
    for _ in 0..64 {
        make_and_remove(engine)?;
    }
    let queue = Queue::private(engine)?;
    same("the id after 64 others", queue.id, SEQUENCE)?;
    let sequence = queue.stat().worked("IPC_STAT")?.msg_perm.__seq;
    same("its sequence number", sequence as c_int, queue.id / SEQUENCE)?;
    let by_index = queue.with_id(queue.id % SEQUENCE).stat_by(MSG_STAT).worked("MSG_STAT")?.0;
    same("the id of its index", by_index, queue.id)
}

fn the_sequence_number_wraps_to_0_at_65535(engine: On) -> Verdict {
    // Few indices are left within the range, so that the cursor comes round early.
    let kept: Vec<Queue> = (0..43).map(|_| Queue::private(engine)).collect::<Result<_, _>>()?;
    let mut last = kept[42].id;
    for _ in 0..65535 * 21 + 64 {
        let id = make_and_remove(engine)?;
        if id < last {
            same("the last sequence number", last / SEQUENCE, 65534)?;
            return same("the sequence number behind it", id / SEQUENCE, 0);
        }
        last = id;
    }
    Err(format!("the sequence number is to wrap, and is {}", last / SEQUENCE))
}

fn a_loop_of_making_and_removing_gives_0_to_63_and_then_32768(engine: On) -> Verdict {
    for round in 0..3 {
        for index in 0..64 {
            same("the next id", make_and_remove(engine)?, round * SEQUENCE + index)?;
        }
    }
    Ok(())
}

fn indices_in_use_are_passed_over(engine: On) -> Verdict {
    let kept: Vec<Queue> = (0..3).map(|_| Queue::private(engine)).collect::<Result<_, _>>()?;
    same("the first ids", kept.iter().map(|queue| queue.id).collect(), vec![0, 1, 2])?;
    for index in 3..64 {
        same("the next id", make_and_remove(engine)?, index)?;
    }
    same("the id after the last index", make_and_remove(engine)?, SEQUENCE + 3)
}

fn the_range_of_indices_grows_with_the_queues_in_use(engine: On) -> Verdict {
    let mut kept: Vec<Queue> = Vec::new();
    for index in 0..100 {
        kept.push(Queue::private(engine)?);
        same("the next id", kept[kept.len() - 1].id, index)?;
    }
    for index in 100..150 {
        same("the next id of half as many more", make_and_remove(engine)?, index)?;
    }
    same("the id after the range's end", make_and_remove(engine)?, SEQUENCE + 100)
}

fn msg_next_id_chooses_the_next_id_once(engine: On) -> Verdict {
    same("msg_next_id at first", sysctl("msg_next_id")?, -1)?;
    set_sysctl("msg_next_id", i64::from(7 * SEQUENCE + 20))?;
    same("the next id", make_and_remove(engine)?, 7 * SEQUENCE + 20)?;
    same("msg_next_id then", sysctl("msg_next_id")?, -1)?;
    same("the id after that", make_and_remove(engine)?, 0)
}

fn msg_next_id_takes_the_next_free_index(engine: On) -> Verdict {
    let _kept: Vec<Queue> = (0..3).map(|_| Queue::private(engine)).collect::<Result<_, _>>()?;
    set_sysctl("msg_next_id", i64::from(7 * SEQUENCE + 1))?;
    same("the id for an index in use", make_and_remove(engine)?, 7 * SEQUENCE + 3)
}

fn msg_next_id_leaves_the_cursor_and_the_sequence_alone(engine: On) -> Verdict {
    same("the first id", make_and_remove(engine)?, 0)?;
    set_sysctl("msg_next_id", i64::from(7 * SEQUENCE + 40))?;
    same("the chosen id", make_and_remove(engine)?, 7 * SEQUENCE + 40)?;
    for index in 1..64 {
        same("the next id", make_and_remove(engine)?, index)?;
    }
    same("the id of the next round", make_and_remove(engine)?, SEQUENCE)
}

/// Every call that looks an id up.
fn is_invalid(calls: Calls, what: &str) -> Verdict {
    fails(&format!("msgsnd to {what}"), calls.send(1, b"x"), EINVAL)?;
    fails(&format!("msgsnd to {what}, waiting"), calls.send_with(1, b"x", 0), EINVAL)?;
    fails(&format!("msgrcv from {what}"), calls.take(8, 0), EINVAL)?;
    fails(&format!("msgrcv from {what}, waiting"), calls.receive(8, 0, 0), EINVAL)?;
    fails(&format!("IPC_STAT of {what}"), calls.stat(), EINVAL)?;
    let mut data = Queue::private(calls.engine)?.stat().worked("IPC_STAT")?;
    data.msg_qbytes = 100;
    fails(&format!("IPC_SET of {what}"), calls.set_to(&data), EINVAL)?;
    fails(&format!("IPC_RMID of {what}"), calls.remove(), EINVAL)
}

fn an_id_that_was_never_given_out_is_EINVAL_everywhere(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    is_invalid(queue.with_id(30_000), "an id that nobody has")?;
    is_invalid(queue.with_id(c_int::MAX), "the highest id")
}

fn the_id_of_a_removed_queue_is_EINVAL_everywhere(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let id = queue.id;
    gives("IPC_RMID", queue.remove(), 0)?;
    is_invalid(*queue, "a removed queue")?;
    let next = Queue::private(engine)?;
    holds("the next queue has another id", next.id != id)?;
    is_invalid(*queue, "a removed queue with a successor")
}

fn an_id_with_another_sequence_number_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    is_invalid(queue.with_id(queue.id ^ SEQUENCE), "a queue's index with another number")?;
    gives("msgsnd to the queue itself", queue.send(1, b"x"), ())
}
