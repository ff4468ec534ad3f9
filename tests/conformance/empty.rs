//! Receivers that wait for a message.

use crate::support::*;

cases! {
    "msgrcv-11" a_receiver_sleeps_until_a_message_comes;
    "msgrcv-11" a_receiver_sleeps_although_messages_of_other_types_are_there;
    "msgrcv-11" a_sleeping_receiver_with_NOERROR_gets_the_start;
    "msgrcv-11" a_sleeping_receiver_gets_a_message_that_just_fits;
    "msgrcv-11" a_receiver_that_is_killed_gets_no_message [Processes];
    "msgrcv-12" a_removal_is_EIDRM_to_sleeping_receivers;
    "msgrcv-12" a_removal_is_EIDRM_in_other_processes [Processes];
    "msgrcv-12" a_message_in_hand_is_returned_although_a_signal_is_pending;
    "msgrcv-12" a_message_in_hand_is_returned_although_the_queue_is_removed;
    "msgrcv-12" E2BIG_in_hand_is_returned_although_the_queue_is_removed;
    "msgrcv-12" a_receiver_with_nothing_in_hand_looks_again;
}

fn a_receiver_sleeps_until_a_message_comes(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receiver = Waiter::receiver(*queue, 64, 0, 0)?;
    receiver.sleeps_on()?;
    gives("msgsnd", queue.send(3, b"at last"), ())?;
    gives("the receiver", receiver.end()?, message(3, b"at last"))
}

fn a_receiver_sleeps_although_messages_of_other_types_are_there(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    gives("msgsnd of type 5", queue.send(5, b"other"), ())?;
    let receivers = [
        (Waiter::receiver(*queue, 64, 6, 0)?, 6),
        (Waiter::receiver(*queue, 64, -4, 0)?, 4),
        (Waiter::receiver(*queue, 64, 5, MSG_EXCEPT)?, 9),
    ];
    for (receiver, mtype) in receivers {
        receiver.sleeps_on()?;
        gives("msgsnd", queue.send(mtype, b"mine"), ())?;
        gives("the receiver", receiver.end()?, message(mtype, b"mine"))?;
    }
    same("bytes and messages", queue.filled()?, (5, 1))
}

fn a_sleeping_receiver_with_NOERROR_gets_the_start(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for (size, wanted) in [(0, &b""[..]), (5, b"twelv")] {
        let receiver = Waiter::receiver(*queue, size, 0, MSG_NOERROR)?;
        gives("msgsnd", queue.send(3, b"twelve bytes"), ())?;
        gives(&format!("the receiver of {size} bytes"), receiver.end()?, message(3, wanted))?;
        same("bytes and messages", queue.filled()?, (0, 0))?;
    }
    Ok(())
}

fn a_sleeping_receiver_gets_a_message_that_just_fits(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receiver = Waiter::receiver(*queue, 12, 0, 0)?;
    gives("msgsnd", queue.send(3, b"twelve bytes"), ())?;
    gives("the receiver of 12 bytes", receiver.end()?, message(3, b"twelve bytes"))?;
    let receiver = Waiter::receiver(*queue, 0, 0, 0)?;
    gives("msgsnd", queue.send(3, b""), ())?;
    gives("the receiver of 0 bytes", receiver.end()?, message(3, b""))
}

fn a_receiver_that_is_killed_gets_no_message(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut child = Child::start_asleep(|| queue.receive(64, 0, 0).worked("msgrcv").map(drop))?;
    let receiver = Waiter::receiver(*queue, 64, 5, 0)?;
    child.kill()?;
    gives("msgsnd of type 5", queue.send(5, b"one"), ())?;
    gives("the receiver behind it", receiver.end()?, message(5, b"one"))?;
    gives("msgsnd", queue.send(1, b"two"), ())?;
    same("bytes and messages", queue.filled()?, (3, 1))?;
    gives("msgrcv", queue.take(64, 0), message(1, b"two"))
}

fn a_removal_is_EIDRM_to_sleeping_receivers(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receivers = [Waiter::receiver(*queue, 64, 0, 0)?, Waiter::receiver(*queue, 0, -7, 0)?];
    gives("IPC_RMID", queue.remove(), 0)?;
    for receiver in receivers {
        fails("a receiver", receiver.end()?, EIDRM)?;
    }
    fails("msgrcv after the removal", queue.take(64, 0), EINVAL)
}

fn a_removal_is_EIDRM_in_other_processes(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(4)?;
    gives("4 of 4 bytes", queue.send(9, b"full"), ())?;
    let mut receiver =
        Child::start_asleep(|| fails("msgrcv of type 1", queue.receive(64, 1, 0), EIDRM))?;
    let mut sender = Child::start_asleep(|| fails("msgsnd", queue.send_with(2, b"x", 0), EIDRM))?;
    gives("IPC_RMID", queue.remove(), 0)?;
    receiver.end()?;
    sender.end()
}

/// A receiver that has been told something and has not come to run yet when `then` happens.
fn told_before(
    queue: &Queue,
    size: usize,
    then: impl FnOnce(&Waiter<Result<Received, Errno>>),
) -> Result<Result<Received, Errno>, String> {
    share_one_processor();
    let calls = **queue;
    let receiver = Waiter::start("a receiver in no hurry", move || {
        idle();
        calls.receive(size, 0, 0)
    })?;
    queue.send(3, b"in hand").worked("msgsnd")?;
    then(&receiver);
    receiver.end()
}

fn a_message_in_hand_is_returned_although_a_signal_is_pending(engine: On) -> Verdict {
    handle(libc::SIGUSR1, Handler::Restarting);
    let queue = Queue::private(engine)?;
    let answer = told_before(&queue, 64, |receiver| receiver.signal(libc::SIGUSR1))?;
    gives("the receiver", answer, message(3, b"in hand"))
}

fn a_message_in_hand_is_returned_although_the_queue_is_removed(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut removed = Ok(0);
    let answer = told_before(&queue, 64, |_| removed = queue.remove())?;
    gives("IPC_RMID", removed, 0)?;
    gives("the receiver", answer, message(3, b"in hand"))
}

fn E2BIG_in_hand_is_returned_although_the_queue_is_removed(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut removed = Ok(0);
    let answer = told_before(&queue, 3, |_| removed = queue.remove())?;
    gives("IPC_RMID", removed, 0)?;
    fails("the receiver of 3 bytes", answer, E2BIG)
}

fn a_receiver_with_nothing_in_hand_looks_again(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receiver = Waiter::receiver(*queue, 64, 0, 0)?;
    // A change wakes every receiver, and tells them nothing.
    queue.permit(0o660)?;
    receiver.sleeps_on()?;
    gives("msgsnd", queue.send(3, b"at last"), ())?;
    gives("the receiver", receiver.end()?, message(3, b"at last"))
}
