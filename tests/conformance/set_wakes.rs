//! IPC_SET, as those see it who sleep at the queue.

use crate::support::*;

cases! {
    "msgctl-4" raising_qbytes_wakes_the_senders_that_fit;
    "msgctl-4" a_sender_that_is_shut_out_and_does_not_fit_sleeps_on;
    "msgctl-4" receivers_that_are_shut_out_get_EACCES;
    "msgctl-4" receivers_that_may_still_read_sleep_on;
}

fn raising_qbytes_wakes_the_senders_that_fit(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(5)?;
    gives("5 of 5 bytes", queue.send(9, b"12345"), ())?;
    let big = Waiter::sender(*queue, 1, 100)?;
    let small = Waiter::sender(*queue, 2, 10)?;
    queue.limit(15)?;
    gives("the sender of 10 bytes", small.end()?, ())?;
    big.sleeps_on()?;
    queue.limit(115)?;
    gives("the sender of 100 bytes", big.end()?, ())?;
    same("bytes and messages", queue.filled()?, (115, 3))
}

fn a_sender_that_is_shut_out_and_does_not_fit_sleeps_on(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    queue.limit(0)?;
    let sender = Waiter::sender(*queue, 1, 10)?;
    queue.permit(0o400)?;
    sender.sleeps_on()?;
    queue.permit(0o600)?;
    queue.limit(10)?;
    gives("the sender, let in again", sender.end()?, ())
}

fn receivers_that_are_shut_out_get_EACCES(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    let receivers = [Waiter::receiver(*queue, 8, 0, 0)?, Waiter::receiver(*queue, 8, 5, 0)?];
    queue.permit(0o200)?;
    for receiver in receivers {
        fails("a receiver that may not read any more", receiver.end()?, EACCES)?;
    }
    gives("msgsnd", queue.send(1, b"x"), ())
}

fn receivers_that_may_still_read_sleep_on(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = Queue::private(engine)?;
    let receivers = [Waiter::receiver(*queue, 8, 1, 0)?, Waiter::receiver(*queue, 8, 2, 0)?];
    queue.permit(0o400)?;
    receivers.iter().try_for_each(Waiter::sleeps_on)?;
    queue.permit(0o600)?;
    for (receiver, mtype) in receivers.iter().zip([1, 2]) {
        receiver.sleeps_on()?;
        gives("msgsnd", queue.send(mtype, b"x"), ())?;
        gives("a receiver", receiver.end()?, message(mtype, b"x"))?;
    }
    Ok(())
}
