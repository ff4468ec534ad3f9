//! msgsnd, as far as it does not wait.

use crate::support::*;

cases! {
    "msgsnd-1" a_type_that_cannot_be_read_is_EFAULT_even_with_a_bad_id;
    "msgsnd-1" a_type_that_cannot_be_read_is_EFAULT_even_with_a_bad_size;
    "msgsnd-2" more_bytes_than_msgmax_are_EINVAL;
    "msgsnd-2" a_negative_size_is_EINVAL;
    "msgsnd-2" a_negative_id_is_EINVAL;
    "msgsnd-2" a_bad_size_is_EINVAL_before_the_text_is_read;
    "msgsnd-2" msgmax_counts_as_it_is_now [Kernel, Alone];
    "msgsnd-3" a_type_below_1_is_EINVAL;
    "msgsnd-3" a_type_below_1_is_EINVAL_before_EACCES;
    "msgsnd-3" a_type_below_1_is_EINVAL_before_the_text_is_read;
    "msgsnd-4" a_text_that_cannot_be_read_is_EFAULT_even_with_a_bad_id;
    "msgsnd-4" a_text_that_cannot_be_read_leaves_the_queue_alone;
    "msgsnd-4" an_empty_text_is_not_read;
    "msgsnd-4" a_text_may_end_where_memory_ends;
    "msgsnd-5" a_removed_queue_is_EINVAL;
    "msgsnd-6" EACCES_comes_before_EAGAIN;
    "msgsnd-7" a_send_that_meets_the_removal_is_EINVAL_or_EIDRM;
    "msgsnd-8" a_full_queue_is_EAGAIN_with_NOWAIT;
    "msgsnd-8" other_flags_mean_nothing;
    "msgsnd-11" a_send_notes_the_process_and_the_time;
    "msgsnd-11" a_thread_that_sends_is_noted_by_its_process;
    "msgsnd-11" a_send_by_another_process_notes_that_process [Processes];
    "msgsnd-13" a_message_without_a_taker_is_counted;
    "msgsnd-13" messages_stay_in_their_order;
    "msgsnd-follows-2" a_message_bigger_than_qbytes_waits_and_is_not_EINVAL;
}

fn a_type_that_cannot_be_read_is_EFAULT_even_with_a_bad_id(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    for (what, address) in
        [("nowhere", UNMAPPED), ("at the end", pages.end()), ("half there", pages.before_end(4))]
    {
        let send = |calls: Calls| calls.send_from(address, 0, IPC_NOWAIT);
        fails(&format!("a type {what}"), send(*queue), EFAULT)?;
        fails(&format!("a type {what}, id -1"), send(queue.with_id(-1)), EFAULT)?;
        let absent = queue.with_id(queue.id ^ 1 << 15);
        fails(&format!("a type {what}, no such id"), send(absent), EFAULT)?;
    }
    same("bytes and messages", queue.filled()?, (0, 0))
}

fn a_type_that_cannot_be_read_is_EFAULT_even_with_a_bad_size(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for size in [usize::MAX, 1 << 40] {
        fails(&format!("{size} bytes"), queue.send_from(UNMAPPED, size, IPC_NOWAIT), EFAULT)?;
    }
    Ok(())
}

fn more_bytes_than_msgmax_are_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let msgmax = queue.info(IPC_INFO).worked("IPC_INFO")?.1.msgmax as usize;
    fails("msgmax and 1 byte", queue.send(1, &vec![b'x'; msgmax + 1]), EINVAL)?;
    same("bytes and messages", queue.filled()?, (0, 0))?;
    let text = vec![b'x'; msgmax];
    gives("msgmax bytes", queue.send(1, &text), ())?;
    gives("msgrcv", queue.take(msgmax, 0), message(1, &text))
}

fn a_negative_size_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let address = pages.message_at_end(1, b"text");
    for size in [-1, isize::MIN, -8192] {
        let answer = queue.send_from(address, size as usize, IPC_NOWAIT);
        fails(&format!("{size} bytes"), answer, EINVAL)?;
    }
    Ok(())
}

fn a_negative_id_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for id in [-1, c_int::MIN, -queue.id - 1] {
        fails(&format!("msgsnd to {id}"), queue.with_id(id).send(1, b"x"), EINVAL)?;
    }
    Ok(())
}

fn a_bad_size_is_EINVAL_before_the_text_is_read(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let address = pages.message_at_end(1, b"");
    for size in [1 << 40, usize::MAX] {
        fails(&format!("{size} bytes"), queue.send_from(address, size, IPC_NOWAIT), EINVAL)?;
    }
    let negative = queue.with_id(-1).send_from(address, 10, IPC_NOWAIT);
    fails("a bad text, id -1", negative, EINVAL)
}

fn msgmax_counts_as_it_is_now(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    set_sysctl("msgmax", 10)?;
    fails("11 of 10 bytes", queue.send(1, &[b'x'; 11]), EINVAL)?;
    gives("10 of 10 bytes", queue.send(1, &[b'x'; 10]), ())?;
    set_sysctl("msgmax", 10_000)?;
    gives("10000 of 10000 bytes", queue.send(1, &[b'x'; 10_000]), ())
}

fn a_type_below_1_is_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for mtype in [0, -1, c_long::MIN] {
        fails(&format!("type {mtype}"), queue.send(mtype, b"x"), EINVAL)?;
    }
    for mtype in [1, c_long::MAX] {
        gives(&format!("type {mtype}"), queue.send(mtype, b"x"), ())?;
        gives("msgrcv", queue.take(8, mtype), message(mtype, b"x"))?;
    }
    Ok(())
}

fn a_type_below_1_is_EINVAL_before_EACCES(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.permit(0o400)?;
    fails("type 1 without the right to write", queue.send(1, b"x"), EACCES)?;
    fails("type 0 without the right to write", queue.send(0, b"x"), EINVAL)
}

fn a_type_below_1_is_EINVAL_before_the_text_is_read(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let address = pages.message_at_end(0, b"");
    fails("type 0, a bad text", queue.send_from(address, 10, IPC_NOWAIT), EINVAL)
}

fn a_text_that_cannot_be_read_is_EFAULT_even_with_a_bad_id(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let absent = queue.with_id(queue.id ^ 1 << 15);
    for text in [&b""[..], b"half"] {
        let address = pages.message_at_end(1, text);
        let what = format!("{} of 10 bytes there", text.len());
        fails(&what, queue.send_from(address, 10, IPC_NOWAIT), EFAULT)?;
        let answer = absent.send_from(address, 10, IPC_NOWAIT);
        fails(&format!("{what}, no such id"), answer, EFAULT)?;
    }
    Ok(())
}

fn a_text_that_cannot_be_read_leaves_the_queue_alone(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let address = pages.message_at_end(1, &[b'x'; 5000]);
    fails("5000 of 8000 bytes there", queue.send_from(address, 8000, IPC_NOWAIT), EFAULT)?;
    same("bytes and messages", queue.filled()?, (0, 0))?;
    let data = queue.stat().worked("IPC_STAT")?;
    same("lspid and stime", (data.msg_lspid, data.msg_stime), (0, 0))?;
    queue.limit(0)?;
    fails("the same to a full queue", queue.send_from(address, 8000, IPC_NOWAIT), EFAULT)
}

fn an_empty_text_is_not_read(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let address = pages.message_at_end(7, b"");
    gives("msgsnd of 0 bytes", queue.send_from(address, 0, IPC_NOWAIT), ())?;
    gives("msgrcv", queue.take(8, 0), message(7, b""))
}

fn a_text_may_end_where_memory_ends(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let address = pages.message_at_end(7, &[b'x'; 5000]);
    pages.read_only()?;
    gives("msgsnd of the last bytes", queue.send_from(address, 5000, IPC_NOWAIT), ())?;
    gives("msgrcv", queue.take(8192, 0), message(7, &[b'x'; 5000]))
}

fn a_removed_queue_is_EINVAL(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.permit(0o400)?;
    fails("msgsnd without the right to write", queue.send(1, b"x"), EACCES)?;
    gives("IPC_RMID", queue.remove(), 0)?;
    fails("msgsnd after the removal", queue.send(1, b"x"), EINVAL)
}

fn EACCES_comes_before_EAGAIN(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.limit(0)?;
    fails("msgsnd to a full queue", queue.send(1, b"x"), EAGAIN)?;
    queue.permit(0o400)?;
    fails("without the right to write", queue.send(1, b"x"), EACCES)?;
    fails("without it, waiting", queue.send_with(1, b"x", 0), EACCES)
}

fn a_send_that_meets_the_removal_is_EINVAL_or_EIDRM(engine: On) -> Verdict {
    for _ in 0..50 {
        let queue = Queue::private(engine)?;
        let calls = *queue;
        let sender = std::thread::spawn(move || {
            loop {
                match calls.send_with(1, b"x", 0) {
                    Ok(()) => drop(calls.take(8, 0)),
                    Err(error) => return error,
                }
            }
        });
        until("a message was sent", || calls.stat().is_ok_and(|data| data.msg_lspid != 0))?;
        gives("IPC_RMID", queue.remove(), 0)?;
        until("the sender ends", || sender.is_finished())?;
        let error = sender.join().map_err(|_| "the sender panicked")?;
        let seen = name(error);
        holds(&format!("{seen} is EINVAL or EIDRM"), ["EINVAL", "EIDRM"].contains(&&*seen))?;
    }
    Ok(())
}

fn a_full_queue_is_EAGAIN_with_NOWAIT(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(4)?;
    gives("4 of 4 bytes", queue.send(1, b"full"), ())?;
    let calls = *queue;
    let sender = Waiter::enter("a sender of 1 more with NOWAIT", move || calls.send(1, b"x"))?;
    fails("the sender", sender.end()?, EAGAIN)?;
    gives("msgrcv", queue.take(8, 0), message(1, b"full"))?;
    gives("1 byte of 4", queue.send(1, b"x"), ())
}

fn other_flags_mean_nothing(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let flags = !IPC_NOWAIT & 0x7fff_ffff;
    gives("msgsnd with every other flag", queue.send_with(1, b"x", flags), ())?;
    gives("msgrcv", queue.take(8, 0), message(1, b"x"))
}

fn a_send_notes_the_process_and_the_time(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let before = now();
    gives("msgsnd", queue.send(1, b"x"), ())?;
    let data = queue.stat().worked("IPC_STAT")?;
    same("lspid", data.msg_lspid, process_id())?;
    let (stime, end) = (data.msg_stime, now());
    holds(&format!("stime {stime} is in {before}..={end}"), (before - 1..=end).contains(&stime))?;
    same("lrpid and rtime", (data.msg_lrpid, data.msg_rtime), (0, 0))
}

fn a_thread_that_sends_is_noted_by_its_process(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let calls = *queue;
    let sender = std::thread::spawn(move || calls.send(1, b"x"));
    gives("msgsnd", sender.join().map_err(|_| "the sender panicked")?, ())?;
    same("lspid", queue.stat().worked("IPC_STAT")?.msg_lspid, process_id())
}

fn a_send_by_another_process_notes_that_process(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut child = Child::start(|| gives("msgsnd", queue.send(1, b"x"), ()))?;
    child.end()?;
    same("lspid", queue.stat().worked("IPC_STAT")?.msg_lspid, child.pid())?;
    gives("msgrcv", queue.take(8, 0), message(1, b"x"))?;
    same("lrpid", queue.stat().worked("IPC_STAT")?.msg_lrpid, process_id())
}

fn a_message_without_a_taker_is_counted(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut wanted = (0, 0);
    for text in [&b"abc"[..], b"", &[b'x'; 5000]] {
        gives("msgsnd", queue.send(1, text), ())?;
        wanted = (wanted.0 + text.len() as u64, wanted.1 + 1);
        same("bytes and messages", queue.filled()?, wanted)?;
    }
    Ok(())
}

fn messages_stay_in_their_order(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let texts: Vec<String> = (0..100).map(|number| format!("message {number}")).collect();
    for (number, text) in texts.iter().enumerate() {
        gives("msgsnd", queue.send(1 + number as c_long % 7, text.as_bytes()), ())?;
    }
    for (number, text) in texts.iter().enumerate() {
        let wanted = message(1 + number as c_long % 7, text.as_bytes());
        gives("msgrcv", queue.take(64, 0), wanted)?;
    }
    Ok(())
}

fn a_message_bigger_than_qbytes_waits_and_is_not_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(10)?;
    fails("11 bytes where qbytes is 10", queue.send(1, &[b'x'; 11]), EAGAIN)?;
    let sender = Waiter::sender(*queue, 1, 11)?;
    gives("msgsnd of 1 byte", queue.send(2, b"x"), ())?;
    gives("msgrcv of it", queue.take(8, 2), message(2, b"x"))?;
    sender.sleeps_on()?;
    queue.limit(11)?;
    gives("the sender, once qbytes is 11", sender.end()?, ())
}
