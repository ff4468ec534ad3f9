//! MSG_COPY: looking at a message without taking it.

use crate::support::*;

cases! {
    "msgrcv-2" a_copy_without_NOWAIT_or_with_EXCEPT_is_EINVAL [Copy];
    "msgrcv-2" a_copy_reads_its_buffer_before_the_id_is_looked_up [Copy];
    "msgrcv-2" a_copy_reads_no_more_than_msgmax_from_its_buffer_on [Copy];
    "msgrcv-2" a_copy_without_kernel_support_is_ENOSYS;
    "msgrcv-3" a_copy_takes_the_type_for_a_position [Copy];
    "msgrcv-5" a_copy_asks_for_permission_before_it_looks [Copy];
    "msgrcv-7" a_copy_takes_a_position_from_0_on [Copy];
    "msgrcv-7" a_copy_of_a_negative_position_or_one_beyond_is_ENOMSG [Copy];
    "msgrcv-8" a_copy_of_a_message_that_is_too_big_is_E2BIG [Copy];
    "msgrcv-9" a_copy_leaves_the_message [Copy];
    "msgrcv-9" a_copy_has_all_of_the_text [Copy];
    "msgrcv-9" a_copy_notes_nothing [Copy];
    "msgrcv-9" a_copy_of_a_message_that_is_too_big_is_EINVAL_with_NOERROR [Copy];
    "msgrcv-9" a_copy_of_a_message_bigger_than_msgmax_is_EINVAL [Copy, Kernel, Alone];
    "msgrcv-9" a_copy_to_memory_that_is_read_only_is_EFAULT_and_leaves_the_message [Copy];
}

const COPY: c_int = MSG_COPY | IPC_NOWAIT;

fn with_three(engine: On) -> Result<Queue, String> {
    let queue = Queue::private(engine)?;
    for (mtype, text) in [(3, &b"first"[..]), (1, b"second"), (2, b"third")] {
        queue.send(mtype, text).worked("msgsnd")?;
    }
    Ok(queue)
}

fn a_copy_without_NOWAIT_or_with_EXCEPT_is_EINVAL(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    for flags in [MSG_COPY, MSG_COPY | MSG_EXCEPT, COPY | MSG_EXCEPT] {
        fails(&format!("msgrcv, flags {flags:#o}"), queue.receive(64, 0, flags), EINVAL)?;
        let unmapped = queue.receive_at(UNMAPPED, 64, 0, flags);
        fails(&format!("msgrcv to nowhere, flags {flags:#o}"), unmapped, EINVAL)?;
    }
    same("messages", queue.filled()?.1, 3)
}

fn a_copy_reads_its_buffer_before_the_id_is_looked_up(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let absent = queue.with_id(queue.id ^ 1 << 15);
    let good = pages.before_end(64);
    fails("a good buffer, no such id", absent.receive_at(good, 64, 0, COPY), EINVAL)?;
    for (what, address) in
        [("nowhere", UNMAPPED), ("at the end", pages.end()), ("half there", pages.before_end(32))]
    {
        let answer = absent.receive_at(address, 64, 0, COPY);
        fails(&format!("a buffer {what}, no such id"), answer, EFAULT)?;
        let answer = queue.receive_at(address, 64, 0, COPY);
        fails(&format!("a buffer {what}, an empty queue"), answer, EFAULT)?;
    }
    fails("0 bytes nowhere, no such id", absent.receive_at(UNMAPPED, 0, 0, COPY), EINVAL)
}

fn a_copy_reads_no_more_than_msgmax_from_its_buffer_on(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    let msgmax = queue.info(IPC_INFO).worked("IPC_INFO")?.1.msgmax as usize;
    gives("msgsnd", queue.send(5, b"text"), ())?;
    // The bytes are read from the type on: eight fewer are needed than a message might take.
    let address = pages.before_end(msgmax);
    gives("msgmax bytes there", queue.receive_at(address, 1 << 30, 0, COPY), 4)?;
    let address = pages.before_end(msgmax - 1);
    fails("one byte fewer", queue.receive_at(address, 1 << 30, 0, COPY), EFAULT)?;
    let address = pages.before_end(64);
    gives("64 bytes there for 64", queue.receive_at(address, 64, 0, COPY), 4)
}

fn a_copy_without_kernel_support_is_ENOSYS(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    match queue.receive(64, 0, COPY) {
        Ok(received) => same("the first message", received, message(3, b"first")),
        answer => {
            fails("MSG_COPY", answer, ENOSYS)?;
            fails("MSG_COPY to nowhere", queue.receive_at(UNMAPPED, 64, 0, COPY), ENOSYS)
        }
    }
}

fn a_copy_takes_the_type_for_a_position(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    gives("position 1, where type 1 is", queue.receive(64, 1, COPY), message(1, b"second"))?;
    gives("position 2, where type 2 is", queue.receive(64, 2, COPY), message(2, b"third"))?;
    fails("position 3, and a type 3", queue.receive(64, 3, COPY), ENOMSG)
}

fn a_copy_asks_for_permission_before_it_looks(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.permit(0o200)?;
    fails("MSG_COPY from an empty queue", queue.receive(64, 0, COPY), EACCES)
}

fn a_copy_takes_a_position_from_0_on(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    gives("position 0", queue.receive(64, 0, COPY), message(3, b"first"))?;
    gives("position 1", queue.receive(64, 1, COPY), message(1, b"second"))?;
    gives("position 2", queue.receive(64, 2, COPY), message(2, b"third"))
}

fn a_copy_of_a_negative_position_or_one_beyond_is_ENOMSG(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    for position in [3, 4, c_long::MAX, -1, -3, c_long::MIN] {
        let answer = queue.receive(64, position, COPY);
        fails(&format!("position {position}"), answer, ENOMSG)?;
    }
    Ok(())
}

fn a_copy_leaves_the_message(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    for _ in 0..3 {
        gives("position 1", queue.receive(64, 1, COPY), message(1, b"second"))?;
        same("bytes and messages", queue.filled()?, (16, 3))?;
    }
    gives("msgrcv", queue.take(64, 0), message(3, b"first"))?;
    gives("position 0 then", queue.receive(64, 0, COPY), message(1, b"second"))
}

fn a_copy_has_all_of_the_text(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for bytes in [7, 48, 49, 200, 3000] {
        let text: Vec<u8> = (0..bytes).map(|number| number as u8).collect();
        queue.send(9, &text).worked("msgsnd")?;
        gives(&format!("a copy of {bytes}"), queue.receive(8000, 0, COPY), message(9, &text))?;
        gives(&format!("all {bytes}"), queue.take(8000, 0), message(9, &text))?;
    }
    Ok(())
}

fn a_copy_notes_nothing(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(5)?;
    gives("5 of 5 bytes", queue.send(9, b"12345"), ())?;
    let sender = Waiter::sender(*queue, 1, 1)?;
    gives("MSG_COPY", queue.receive(64, 0, COPY), message(9, b"12345"))?;
    let data = queue.stat().worked("IPC_STAT")?;
    same("lrpid and rtime", (data.msg_lrpid, data.msg_rtime), (0, 0))?;
    same("bytes and messages", queue.filled()?, (5, 1))?;
    sender.sleeps_on()
}

fn a_copy_of_a_message_that_is_too_big_is_E2BIG(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    for size in [0, 5] {
        fails(&format!("{size} of 6 bytes"), queue.receive(size, 1, COPY), E2BIG)?;
    }
    gives("6 of 6 bytes", queue.receive(6, 1, COPY), message(1, b"second"))?;
    same("bytes and messages", queue.filled()?, (16, 3))
}

fn a_copy_of_a_message_that_is_too_big_is_EINVAL_with_NOERROR(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    for size in [0, 5] {
        let answer = queue.receive(size, 1, COPY | MSG_NOERROR);
        fails(&format!("{size} of 6 bytes"), answer, EINVAL)?;
    }
    let answer = queue.receive(6, 1, COPY | MSG_NOERROR);
    gives("6 of 6 bytes", answer, message(1, b"second"))?;
    same("bytes and messages", queue.filled()?, (16, 3))
}

fn a_copy_of_a_message_bigger_than_msgmax_is_EINVAL(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    set_sysctl("msgmax", 5)?;
    gives("5 bytes", queue.receive(64, 0, COPY), message(3, b"first"))?;
    for flags in [COPY, COPY | MSG_NOERROR] {
        let what = format!("6 bytes, flags {flags:#o}");
        fails(&what, queue.receive(64, 1, flags), EINVAL)?;
    }
    gives("msgrcv", queue.take(64, 1), message(1, b"second"))
}

fn a_copy_to_memory_that_is_read_only_is_EFAULT_and_leaves_the_message(engine: On) -> Verdict {
    let queue = with_three(engine)?;
    let pages = Pages::new()?;
    pages.read_only()?;
    fails("MSG_COPY", queue.receive_at(pages.before_end(64), 64, 0, COPY), EFAULT)?;
    same("bytes and messages", queue.filled()?, (16, 3))?;
    gives("msgrcv", queue.take(64, 0), message(3, b"first"))
}
