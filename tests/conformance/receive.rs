//! msgrcv, as far as it does not wait.

use crate::support::*;

cases! {
    "msgrcv-1" a_negative_size_is_EINVAL;
    "msgrcv-1" a_negative_id_is_EINVAL;
    "msgrcv-1" the_size_has_no_upper_bound;
    "msgrcv-3" type_0_takes_the_oldest;
    "msgrcv-3" a_positive_type_takes_its_equal;
    "msgrcv-3" EXCEPT_takes_the_oldest_of_another_type;
    "msgrcv-3" a_negative_type_takes_the_lowest_up_to_it;
    "msgrcv-3" LONG_MIN_takes_every_type;
    "msgrcv-3" EXCEPT_is_ignored_for_types_up_to_0;
    "msgrcv-4" a_removed_queue_is_EINVAL;
    "msgrcv-5" EACCES_comes_before_ENOMSG;
    "msgrcv-5" EACCES_comes_before_E2BIG;
    "msgrcv-6" a_receive_that_meets_the_removal_is_EINVAL_or_EIDRM;
    "msgrcv-7" within_a_type_the_oldest_is_taken;
    "msgrcv-7" within_the_lowest_type_the_oldest_is_taken;
    "msgrcv-8" a_message_that_is_too_big_is_E2BIG_and_stays;
    "msgrcv-8" a_message_that_is_too_big_hides_those_behind_it;
    "msgrcv-8" NOERROR_cuts_a_message_that_is_too_big;
    "msgrcv-10" a_receive_notes_the_process_and_the_time;
    "msgrcv-10" a_thread_that_receives_is_noted_by_its_process;
    "msgrcv-10" a_receive_uncounts_its_message;
    "msgrcv-10" a_message_that_is_cut_leaves_the_counts_whole;
    "msgrcv-10" a_receive_that_fails_notes_nothing;
    "msgrcv-11" no_message_is_ENOMSG_with_NOWAIT;
}

/// A queue with messages of these types, whose texts are their positions from 'a' on.
fn with_types(engine: On, types: &[c_long]) -> Result<Queue, String> {
    let queue = Queue::private(engine)?;
    for (mtype, text) in types.iter().zip(b'a'..) {
        queue.send(*mtype, &[text]).worked("msgsnd")?;
    }
    Ok(queue)
}

/// What one receive after another takes, until there is nothing, in one string.
fn taken(queue: &Queue, msgtyp: c_long, flags: c_int) -> Result<String, String> {
    let mut texts = String::new();
    loop {
        match queue.receive(8, msgtyp, flags | IPC_NOWAIT) {
            Ok(received) => texts.push_str(&String::from_utf8_lossy(&received.text)),
            Err(Errno(ENOMSG)) => return Ok(texts),
            Err(error) => return Err(format!("msgrcv fails with {} after {texts}", name(error))),
        }
    }
}

/// What is taken of a queue with messages of these types.
fn takes(engine: On, types: &[c_long], msgtyp: c_long, flags: c_int, wanted: &str) -> Verdict {
    let queue = with_types(engine, types)?;
    let what = format!("msgrcv of type {msgtyp}, flags {flags:#o}, from a, b, c... of {types:?}");
    same(&what, taken(&queue, msgtyp, flags)?.as_str(), wanted)
}

fn a_negative_size_is_EINVAL(engine: On) -> Verdict {
    let queue = with_types(engine, &[1])?;
    let pages = Pages::new()?;
    for size in [-1, isize::MIN] {
        let answer = queue.receive_at(pages.before_end(64), size as usize, 0, IPC_NOWAIT);
        fails(&format!("msgrcv of {size} bytes"), answer, EINVAL)?;
    }
    same("bytes and messages", queue.filled()?, (1, 1))
}

fn a_negative_id_is_EINVAL(engine: On) -> Verdict {
    let queue = with_types(engine, &[1])?;
    for id in [-1, c_int::MIN] {
        fails(&format!("msgrcv from {id}"), queue.with_id(id).take(8, 0), EINVAL)?;
        let unmapped = queue.with_id(id).receive_at(UNMAPPED, 8, 0, MSG_COPY | IPC_NOWAIT);
        fails(&format!("MSG_COPY from {id} to nowhere"), unmapped, EINVAL)?;
    }
    Ok(())
}

fn the_size_has_no_upper_bound(engine: On) -> Verdict {
    for size in [8193, 1 << 31, 1 << 32, isize::MAX as usize] {
        let queue = with_types(engine, &[1])?;
        let what = format!("msgrcv of {size} bytes");
        gives(&what, queue.take(size, 0), message(1, b"a"))?;
        let receiver = Waiter::receiver(*queue, size, 0, 0)?;
        gives("msgsnd", queue.send(2, &[b'x'; 8000]), ())?;
        gives(&format!("{what}, waiting"), receiver.end()?, message(2, &[b'x'; 8000]))?;
    }
    Ok(())
}

fn type_0_takes_the_oldest(engine: On) -> Verdict {
    takes(engine, &[3, 1, c_long::MAX, 2, 1], 0, 0, "abcde")
}

fn a_positive_type_takes_its_equal(engine: On) -> Verdict {
    takes(engine, &[3, 1, 2, 1, 4], 1, 0, "bd")?;
    takes(engine, &[3, 1, 2], 4, 0, "")?;
    takes(engine, &[1, c_long::MAX - 1, c_long::MAX], c_long::MAX, 0, "c")
}

fn EXCEPT_takes_the_oldest_of_another_type(engine: On) -> Verdict {
    takes(engine, &[3, 1, 2, 1, 4], 1, MSG_EXCEPT, "ace")?;
    takes(engine, &[1, 1], 1, MSG_EXCEPT, "")?;
    takes(engine, &[3, 1, 2], 4, MSG_EXCEPT, "abc")
}

fn a_negative_type_takes_the_lowest_up_to_it(engine: On) -> Verdict {
    takes(engine, &[3, 5, 2, 4, 1], -3, 0, "eca")?;
    takes(engine, &[3, 5, 4], -2, 0, "")?;
    takes(engine, &[2, 1], -1, 0, "b")
}

fn LONG_MIN_takes_every_type(engine: On) -> Verdict {
    takes(engine, &[c_long::MAX, 7, c_long::MAX - 1], c_long::MIN, 0, "bca")?;
    takes(engine, &[c_long::MAX, 7, c_long::MAX - 1], c_long::MIN + 1, 0, "bca")?;
    takes(engine, &[c_long::MAX, 7, c_long::MAX - 1], c_long::MIN + 2, 0, "bc")
}

fn EXCEPT_is_ignored_for_types_up_to_0(engine: On) -> Verdict {
    takes(engine, &[3, 1, 2], 0, MSG_EXCEPT, "abc")?;
    takes(engine, &[3, 5, 2, 4, 1], -3, MSG_EXCEPT, "eca")?;
    takes(engine, &[3, 1, 2], c_long::MIN, MSG_EXCEPT, "bca")
}

fn a_removed_queue_is_EINVAL(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = with_types(engine, &[1])?;
    queue.permit(0o200)?;
    fails("msgrcv without the right to read", queue.take(8, 0), EACCES)?;
    gives("IPC_RMID", queue.remove(), 0)?;
    fails("msgrcv after the removal", queue.take(8, 0), EINVAL)?;
    fails("msgrcv to nowhere", queue.receive_at(UNMAPPED, 8, 0, 0), EINVAL)
}

fn EACCES_comes_before_ENOMSG(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    fails("msgrcv from an empty queue", queue.take(8, 0), ENOMSG)?;
    queue.permit(0o200)?;
    fails("without the right to read", queue.take(8, 0), EACCES)?;
    fails("without it, waiting", queue.receive(8, 0, 0), EACCES)
}

fn EACCES_comes_before_E2BIG(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = with_types(engine, &[1])?;
    fails("msgrcv with no room", queue.take(0, 0), E2BIG)?;
    queue.permit(0o200)?;
    fails("without the right to read", queue.take(0, 0), EACCES)
}

fn a_receive_that_meets_the_removal_is_EINVAL_or_EIDRM(engine: On) -> Verdict {
    for _ in 0..50 {
        let queue = Queue::private(engine)?;
        let calls = *queue;
        let receiver = std::thread::spawn(move || {
            loop {
                match calls.receive(8, 0, 0) {
                    Ok(_) => drop(calls.send(1, b"x")),
                    Err(error) => return error,
                }
            }
        });
        gives("msgsnd", queue.send(1, b"x"), ())?;
        until("a message is received", || calls.stat().is_ok_and(|data| data.msg_lrpid != 0))?;
        gives("IPC_RMID", queue.remove(), 0)?;
        until("the receiver ends", || receiver.is_finished())?;
        let error = receiver.join().map_err(|_| "the receiver panicked")?;
        let seen = name(error);
        holds(&format!("{seen} is EINVAL or EIDRM"), ["EINVAL", "EIDRM"].contains(&&*seen))?;
    }
    Ok(())
}

fn within_a_type_the_oldest_is_taken(engine: On) -> Verdict {
    takes(engine, &[2, 1, 2, 1, 2, 1], 1, 0, "bdf")?;
    takes(engine, &[2, 1, 2, 1, 3], 1, MSG_EXCEPT, "ace")
}

fn within_the_lowest_type_the_oldest_is_taken(engine: On) -> Verdict {
    takes(engine, &[3, 2, 3, 2, 1, 1, 4], -3, 0, "efbdac")
}

fn a_message_that_is_too_big_is_E2BIG_and_stays(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    gives("msgsnd", queue.send(4, b"twelve bytes"), ())?;
    for flags in [IPC_NOWAIT, 0] {
        for (size, msgtyp) in [(0, 0), (11, 0), (11, 4), (11, -4)] {
            let what = format!("msgrcv of {size} of 12 bytes, type {msgtyp}, flags {flags:#o}");
            fails(&what, queue.receive(size, msgtyp, flags), E2BIG)?;
            same(&format!("bytes and messages after {what}"), queue.filled()?, (12, 1))?;
        }
    }
    gives("msgrcv of 12 bytes", queue.take(12, 0), message(4, b"twelve bytes"))
}

fn a_message_that_is_too_big_hides_those_behind_it(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    gives("msgsnd of 5 bytes", queue.send(1, b"large"), ())?;
    gives("msgsnd of 1 byte", queue.send(1, b"s"), ())?;
    gives("msgsnd of 1 byte", queue.send(2, b"t"), ())?;
    for (msgtyp, flags) in [(0, 0), (1, 0), (-2, 0), (2, MSG_EXCEPT)] {
        let what = format!("msgrcv of 1 byte, type {msgtyp}, flags {flags:#o}");
        fails(&what, queue.receive(1, msgtyp, flags | IPC_NOWAIT), E2BIG)?;
    }
    gives("msgrcv of type 2", queue.take(1, 2), message(2, b"t"))?;
    same("bytes and messages", queue.filled()?, (6, 2))
}

fn NOERROR_cuts_a_message_that_is_too_big(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for (size, wanted) in [(0, &b""[..]), (5, b"twelv"), (12, b"twelve bytes")] {
        gives("msgsnd", queue.send(4, b"twelve bytes"), ())?;
        let answer = queue.receive(size, 0, MSG_NOERROR | IPC_NOWAIT);
        gives(&format!("msgrcv of {size} of 12 bytes"), answer, message(4, wanted))?;
        fails("the rest", queue.take(64, 0), ENOMSG)?;
    }
    Ok(())
}

fn a_receive_notes_the_process_and_the_time(engine: On) -> Verdict {
    let queue = with_types(engine, &[1])?;
    let before = queue.stat().worked("IPC_STAT")?;
    same("lrpid and rtime at first", (before.msg_lrpid, before.msg_rtime), (0, 0))?;
    let start = now();
    gives("msgrcv", queue.take(8, 0), message(1, b"a"))?;
    let data = queue.stat().worked("IPC_STAT")?;
    same("lrpid", data.msg_lrpid, process_id())?;
    let (rtime, end) = (data.msg_rtime, now());
    holds(&format!("rtime {rtime} is in {start}..={end}"), (start - 1..=end).contains(&rtime))?;
    same("stime", data.msg_stime, before.msg_stime)
}

fn a_thread_that_receives_is_noted_by_its_process(engine: On) -> Verdict {
    let queue = with_types(engine, &[1])?;
    let calls = *queue;
    let receiver = std::thread::spawn(move || calls.take(8, 0));
    let answer = receiver.join().map_err(|_| "the receiver panicked")?;
    gives("msgrcv", answer, message(1, b"a"))?;
    same("lrpid", queue.stat().worked("IPC_STAT")?.msg_lrpid, process_id())
}

fn a_receive_uncounts_its_message(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for text in [&b"one"[..], b"three", b""] {
        gives("msgsnd", queue.send(1, text), ())?;
    }
    for wanted in [(5, 2), (0, 1), (0, 0)] {
        queue.take(8, 0).worked("msgrcv")?;
        same("bytes and messages", queue.filled()?, wanted)?;
    }
    Ok(())
}

fn a_message_that_is_cut_leaves_the_counts_whole(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(12)?;
    gives("12 of 12 bytes", queue.send(4, b"twelve bytes"), ())?;
    let sender = Waiter::sender(*queue, 5, 12)?;
    let answer = queue.receive(5, 0, MSG_NOERROR | IPC_NOWAIT);
    gives("msgrcv of 5 bytes", answer, message(4, b"twelv"))?;
    gives("the sender of 12 bytes", sender.end()?, ())?;
    same("bytes and messages", queue.filled()?, (12, 1))
}

fn a_receive_that_fails_notes_nothing(engine: On) -> Verdict {
    let queue = with_types(engine, &[1])?;
    fails("msgrcv of another type", queue.take(8, 2), ENOMSG)?;
    fails("msgrcv with no room", queue.take(0, 0), E2BIG)?;
    let data = queue.stat().worked("IPC_STAT")?;
    same("lrpid and rtime", (data.msg_lrpid, data.msg_rtime), (0, 0))?;
    same("bytes and messages", queue.filled()?, (1, 1))
}

fn no_message_is_ENOMSG_with_NOWAIT(engine: On) -> Verdict {
    let queue = with_types(engine, &[5])?;
    for (msgtyp, flags) in [(4, 0), (-4, 0), (5, MSG_EXCEPT), (6, MSG_NOERROR)] {
        let answer = queue.receive(8, msgtyp, flags | IPC_NOWAIT);
        fails(&format!("msgrcv of type {msgtyp}, flags {flags:#o}"), answer, ENOMSG)?;
    }
    same("bytes and messages", queue.filled()?, (1, 1))
}
