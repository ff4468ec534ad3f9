//! Messages that go from a sender to a sleeping receiver, past the queue.

use crate::support::*;

cases! {
    "msgsnd-12" a_message_goes_to_the_first_receiver_that_it_matches;
    "msgsnd-12" every_way_of_choosing_is_obeyed_asleep;
    "msgsnd-12" receivers_with_too_little_room_get_E2BIG_and_the_next_is_tried;
    "msgsnd-12" a_message_that_is_too_big_for_all_stays_in_the_queue;
    "msgsnd-12" a_hand_over_notes_the_receivers_thread;
    "msgsnd-12" a_hand_over_notes_the_sender_like_any_send;
    "msgsnd-12" a_hand_over_changes_no_count;
    "msgsnd-12" a_hand_over_wakes_no_sender;
    "msgsnd-12" a_hand_over_to_another_process_notes_its_thread [Processes];
    "msgsnd-follows-1" a_full_queue_blocks_although_a_receiver_waits;
    "msgsnd-follows-1" a_queue_full_of_empty_messages_blocks_although_a_receiver_waits;
    "msgrcv-follows-1" receivers_are_served_in_their_order;
    "msgrcv-follows-1" receivers_in_other_processes_are_served_in_their_order [Processes];
}

fn a_message_goes_to_the_first_receiver_that_it_matches(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let five = Waiter::receiver(*queue, 8, 5, 0)?;
    let any = Waiter::receiver(*queue, 8, 0, 0)?;
    let seven = Waiter::receiver(*queue, 8, 7, 0)?;
    gives("msgsnd of type 7", queue.send(7, b"one"), ())?;
    gives("the receiver of any type", any.end()?, message(7, b"one"))?;
    five.sleeps_on()?;
    gives("msgsnd of type 7", queue.send(7, b"two"), ())?;
    gives("the receiver of type 7", seven.end()?, message(7, b"two"))?;
    gives("msgsnd of type 7", queue.send(7, b"three"), ())?;
    five.sleeps_on()?;
    same("bytes and messages", queue.filled()?, (5, 1))?;
    gives("msgsnd of type 5", queue.send(5, b"four"), ())?;
    gives("the receiver of type 5", five.end()?, message(5, b"four"))
}

fn every_way_of_choosing_is_obeyed_asleep(engine: On) -> Verdict {
    // A type, flags, a message that is not taken, and one that is.
    const WAYS: [(c_long, c_int, c_long, c_long); 7] = [
        (6, 0, 5, 6),
        (-6, 0, 7, 6),
        (-6, 0, 7, 1),
        (6, MSG_EXCEPT, 6, 7),
        (6, MSG_EXCEPT, 6, 5),
        (-6, MSG_EXCEPT, 7, 6),
        (c_long::MIN, 0, 0, c_long::MAX),
    ];
    for (msgtyp, flags, refused, taken) in WAYS {
        let queue = Queue::private(engine)?;
        let receiver = Waiter::receiver(*queue, 8, msgtyp, flags)?;
        let what = format!("a receiver of {msgtyp}, flags {flags:#o}, to a message");
        if refused > 0 {
            gives("msgsnd", queue.send(refused, b"no"), ())?;
            same(&format!("{what} of {refused}"), queue.filled()?, (2, 1))?;
        }
        gives("msgsnd", queue.send(taken, b"yes"), ())?;
        gives(&format!("{what} of {taken}"), receiver.end()?, message(taken, b"yes"))?;
    }
    Ok(())
}

fn receivers_with_too_little_room_get_E2BIG_and_the_next_is_tried(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let two = Waiter::receiver(*queue, 2, 0, 0)?;
    let other = Waiter::receiver(*queue, 2, 9, 0)?;
    let three = Waiter::receiver(*queue, 3, 1, 0)?;
    let five = Waiter::receiver(*queue, 5, 0, 0)?;
    let last = Waiter::receiver(*queue, 2, 0, 0)?;
    gives("msgsnd of 5 bytes, type 1", queue.send(1, b"abcde"), ())?;
    fails("the receiver of 2 bytes", two.end()?, E2BIG)?;
    fails("the receiver of 3 bytes", three.end()?, E2BIG)?;
    gives("the receiver of 5 bytes", five.end()?, message(1, b"abcde"))?;
    other.sleeps_on()?;
    last.sleeps_on()?;
    same("bytes and messages", queue.filled()?, (0, 0))
}

fn a_message_that_is_too_big_for_all_stays_in_the_queue(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receivers = [Waiter::receiver(*queue, 0, 0, 0)?, Waiter::receiver(*queue, 4, -3, 0)?];
    gives("msgsnd of 5 bytes", queue.send(1, b"abcde"), ())?;
    for receiver in receivers {
        fails("a receiver with too little room", receiver.end()?, E2BIG)?;
    }
    same("bytes and messages", queue.filled()?, (5, 1))?;
    same("lrpid", queue.stat().worked("IPC_STAT")?.msg_lrpid, 0)?;
    gives("msgrcv", queue.take(8, 0), message(1, b"abcde"))
}

fn a_hand_over_notes_the_receivers_thread(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receiver = Waiter::receiver(*queue, 8, 0, 0)?;
    let before = now();
    gives("msgsnd", queue.send(1, b"x"), ())?;
    gives("the receiver", receiver.end()?, message(1, b"x"))?;
    let data = queue.stat().worked("IPC_STAT")?;
    holds("the receiver is not the first thread", receiver.tid() != process_id())?;
    same("lrpid", data.msg_lrpid, receiver.tid())?;
    let rtime = data.msg_rtime;
    holds(&format!("rtime {rtime} is from {before} on"), (before - 1..=now()).contains(&rtime))
}

fn a_hand_over_notes_the_sender_like_any_send(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receiver = Waiter::receiver(*queue, 8, 0, 0)?;
    let before = now();
    gives("msgsnd", queue.send(1, b"x"), ())?;
    gives("the receiver", receiver.end()?, message(1, b"x"))?;
    let data = queue.stat().worked("IPC_STAT")?;
    same("lspid", data.msg_lspid, process_id())?;
    let stime = data.msg_stime;
    holds(&format!("stime {stime} is from {before} on"), (before - 1..=now()).contains(&stime))
}

fn a_hand_over_changes_no_count(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    gives("msgsnd of type 9", queue.send(9, b"kept"), ())?;
    let receiver = Waiter::receiver(*queue, 8, 1, 0)?;
    gives("msgsnd of type 1", queue.send(1, b"x"), ())?;
    gives("the receiver", receiver.end()?, message(1, b"x"))?;
    same("bytes and messages", queue.filled()?, (4, 1))?;
    gives("msgrcv", queue.take(8, 0), message(9, b"kept"))?;
    fails("msgrcv of what was handed over", queue.take(8, 0), ENOMSG)
}

fn a_hand_over_wakes_no_sender(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(10)?;
    gives("5 of 10 bytes", queue.send(9, b"kept!"), ())?;
    let sender = Waiter::sender(*queue, 2, 10)?;
    let receiver = Waiter::receiver(*queue, 8, 1, 0)?;
    gives("msgsnd of 5 bytes", queue.send(1, b"taken"), ())?;
    gives("the receiver", receiver.end()?, message(1, b"taken"))?;
    sender.sleeps_on()?;
    gives("msgrcv", queue.take(8, 0), message(9, b"kept!"))?;
    gives("the sender", sender.end()?, ())
}

fn a_hand_over_to_another_process_notes_its_thread(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut child =
        Child::start_asleep(|| gives("msgrcv", queue.receive(8, 0, 0), message(1, b"x")))?;
    gives("msgsnd", queue.send(1, b"x"), ())?;
    child.end()?;
    let data = queue.stat().worked("IPC_STAT")?;
    same("lspid and lrpid", (data.msg_lspid, data.msg_lrpid), (process_id(), child.pid()))
}

fn a_full_queue_blocks_although_a_receiver_waits(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(4)?;
    gives("4 of 4 bytes of type 9", queue.send(9, b"full"), ())?;
    let receiver = Waiter::receiver(*queue, 8, 1, 0)?;
    fails("msgsnd of what the receiver waits for", queue.send(1, b"x"), EAGAIN)?;
    let sender = Waiter::sender(*queue, 1, 1)?;
    receiver.sleeps_on()?;
    gives("msgrcv of type 9", queue.take(8, 9), message(9, b"full"))?;
    gives("the sender", sender.end()?, ())?;
    gives("the receiver", receiver.end()?, message(1, b"s"))
}

fn a_queue_full_of_empty_messages_blocks_although_a_receiver_waits(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(1)?;
    gives("an empty message of type 9", queue.send(9, b""), ())?;
    let receiver = Waiter::receiver(*queue, 8, 1, 0)?;
    fails("an empty message for the receiver", queue.send(1, b""), EAGAIN)?;
    receiver.sleeps_on()?;
    gives("msgrcv of type 9", queue.take(8, 9), message(9, b""))?;
    gives("an empty message for the receiver", queue.send(1, b""), ())?;
    gives("the receiver", receiver.end()?, message(1, b""))
}

fn receivers_are_served_in_their_order(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receivers: Vec<_> =
        (0..5).map(|_| Waiter::receiver(*queue, 8, 0, 0)).collect::<Result<_, _>>()?;
    for (number, receiver) in receivers.iter().enumerate() {
        let text = [b'0' + number as u8];
        gives("msgsnd", queue.send(1, &text), ())?;
        gives(&format!("receiver {number}"), receiver.end()?, message(1, &text))?;
    }
    Ok(())
}

fn receivers_in_other_processes_are_served_in_their_order(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let receive = |number: u8| {
        let wanted = message(1, &[number]);
        let calls = *queue;
        Child::start_asleep(move || gives("msgrcv", calls.receive(8, 0, 0), wanted))
    };
    let mut children = [receive(0)?, receive(1)?, receive(2)?, receive(3)?];
    for (number, child) in children.iter_mut().enumerate() {
        gives("msgsnd", queue.send(1, &[number as u8]), ())?;
        child.end()?;
    }
    Ok(())
}
