//! Senders that wait for room.

use crate::support::*;

cases! {
    "msgsnd-9" a_sender_sleeps_until_there_is_room;
    "msgsnd-9" a_sender_sleeps_until_there_is_a_place;
    "msgsnd-10" a_removal_is_EIDRM_to_a_sleeping_sender;
    "msgsnd-10" a_removal_ends_every_sleeping_sender;
    "msgsnd-10" a_signal_counts_for_more_than_room [Processes];
    "msgsnd-10" a_woken_sender_is_asked_for_permission_again;
    "msgsnd-10" a_woken_sender_whose_room_is_taken_sleeps_again;
    "msgsnd-follows-3" newcomers_pass_a_big_sender_that_waits;
    "W" freeing_384_bytes_wakes_the_waiters_of_300_and_80_and_not_that_of_8000;
    "W" room_for_one_of_two_lets_one_of_them_in;
    "W" a_sender_that_is_killed_takes_no_room [Processes];
    "W" many_senders_all_get_in;
}

/// A queue of `qbytes` bytes that is full with one message of type 9.
fn full(engine: On, qbytes: usize) -> Result<Queue, String> {
    let queue = Queue::private(engine)?;
    queue.limit(qbytes as u64)?;
    queue.send(9, &vec![b'f'; qbytes]).worked("the message that fills the queue")?;
    Ok(queue)
}

fn empty(queue: &Queue, qbytes: usize) -> Verdict {
    gives("msgrcv", queue.take(qbytes, 9), message(9, &vec![b'f'; qbytes]))
}

fn a_sender_sleeps_until_there_is_room(engine: On) -> Verdict {
    let queue = full(engine, 10)?;
    let sender = Waiter::sender(*queue, 1, 5)?;
    sender.sleeps_on()?;
    same("bytes and messages meanwhile", queue.filled()?, (10, 1))?;
    empty(&queue, 10)?;
    gives("the sender", sender.end()?, ())?;
    same("bytes and messages then", queue.filled()?, (5, 1))?;
    gives("msgrcv", queue.take(8, 0), message(1, b"sssss"))
}

fn a_sender_sleeps_until_there_is_a_place(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(2)?;
    gives("two empty messages", queue.send(1, b"").and(queue.send(1, b"")), ())?;
    let sender = Waiter::sender(*queue, 2, 0)?;
    sender.sleeps_on()?;
    gives("msgrcv of an empty message", queue.take(0, 1), message(1, b""))?;
    gives("the sender", sender.end()?, ())?;
    same("bytes and messages", queue.filled()?, (0, 2))
}

fn a_removal_is_EIDRM_to_a_sleeping_sender(engine: On) -> Verdict {
    let queue = full(engine, 10)?;
    let sender = Waiter::sender(*queue, 1, 5)?;
    gives("IPC_RMID", queue.remove(), 0)?;
    fails("the sender", sender.end()?, EIDRM)
}

fn a_removal_ends_every_sleeping_sender(engine: On) -> Verdict {
    let queue = full(engine, 10)?;
    let sleeps = |bytes| Waiter::sender(*queue, 1, bytes);
    let senders = [sleeps(5)?, sleeps(1)?, sleeps(8000)?];
    gives("IPC_RMID", queue.remove(), 0)?;
    senders.iter().try_for_each(|sender| fails("a sender", sender.end()?, EIDRM))
}

fn a_signal_counts_for_more_than_room(engine: On) -> Verdict {
    let queue = full(engine, 10)?;
    handle(libc::SIGUSR1, Handler::Restarting);
    let mut child = Child::start_asleep(|| {
        fails("msgsnd with a signal and room", queue.send_with(1, b"x", 0), EINTR)
    })?;
    child.stop()?;
    empty(&queue, 10)?;
    child.signal(libc::SIGUSR1);
    child.go_on();
    child.end()?;
    same("bytes and messages", queue.filled()?, (0, 0))
}

fn a_woken_sender_is_asked_for_permission_again(engine: On) -> Verdict {
    drop_privileges()?;
    let queue = full(engine, 10)?;
    let sender = Waiter::sender(*queue, 1, 5)?;
    queue.permit(0o400)?;
    // A change alone wakes only those that fit.
    sender.sleeps_on()?;
    queue.limit(20)?;
    fails("the sender, shut out meanwhile", sender.end()?, EACCES)?;
    same("bytes and messages", queue.filled()?, (10, 1))
}

fn a_woken_sender_whose_room_is_taken_sleeps_again(engine: On) -> Verdict {
    share_one_processor();
    for _ in 0..20 {
        let queue = full(engine, 10)?;
        let calls = *queue;
        let sender = Waiter::start("a sender in no hurry", move || {
            idle();
            calls.send_with(1, b"0123456789", 0)
        })?;
        queue.take(10, 9).worked("msgrcv")?;
        match queue.send(9, &[b'f'; 10]) {
            Ok(()) => {
                sender.sleeps_on()?;
                same("bytes and messages", queue.filled()?, (10, 1))?;
                empty(&queue, 10)?;
                return gives("the sender", sender.end()?, ());
            }
            // It was faster, as it may be where others keep this processor busy.
            Err(_) => gives("the sender", sender.end()?, ())?,
        }
    }
    Err("a newcomer never got the room that a sleeping sender was woken for".to_string())
}

fn newcomers_pass_a_big_sender_that_waits(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(100)?;
    gives("50 of 100 bytes", queue.send(9, &[b'f'; 50]), ())?;
    let big = Waiter::sender(*queue, 1, 80)?;
    gives("a newcomer of 30 bytes", queue.send(2, &[b'n'; 30]), ())?;
    let small = {
        let calls = *queue;
        std::thread::spawn(move || calls.send_with(3, &[b'n'; 20], 0))
    };
    until("a newcomer that would wait is not to", || small.is_finished())?;
    gives("that newcomer", small.join().map_err(|_| "the newcomer panicked")?, ())?;
    big.sleeps_on()?;
    same("bytes and messages", queue.filled()?, (100, 3))?;
    queue.take(100, 9).and(queue.take(100, 2)).worked("msgrcv of 80 bytes")?;
    gives("the big sender, once 80 bytes are free", big.end()?, ())
}

fn freeing_384_bytes_wakes_the_waiters_of_300_and_80_and_not_that_of_8000(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(8384)?;
    gives("8000 bytes", queue.send(8, &[b'f'; 8000]), ())?;
    gives("384 bytes", queue.send(9, &[b'f'; 384]), ())?;
    let big = Waiter::sender(*queue, 1, 8000)?;
    let middle = Waiter::sender(*queue, 2, 300)?;
    let small = Waiter::sender(*queue, 3, 80)?;
    queue.take(384, 9).worked("msgrcv of 384 bytes")?;
    gives("the sender of 300 bytes", middle.end()?, ())?;
    gives("the sender of 80 bytes", small.end()?, ())?;
    big.sleeps_on()?;
    same("bytes and messages", queue.filled()?, (8380, 3))?;
    queue.take(8000, 8).worked("msgrcv of 8000 bytes")?;
    gives("the sender of 8000 bytes", big.end()?, ())
}

fn room_for_one_of_two_lets_one_of_them_in(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(20)?;
    gives("two messages", queue.send(8, &[b'f'; 10]).and(queue.send(9, &[b'f'; 10])), ())?;
    let senders = [Waiter::sender(*queue, 1, 10)?, Waiter::sender(*queue, 2, 10)?];
    queue.take(10, 8).worked("msgrcv")?;
    until("a sender gets in", || queue.filled().is_ok_and(|filled| filled == (20, 2)))?;
    let mut ended = [false; 2];
    until("one of them comes back", || {
        for (ended, sender) in ended.iter_mut().zip(&senders) {
            *ended |= sender.ended().is_some_and(|answer| answer.is_ok());
        }
        ended.contains(&true)
    })?;
    let late = usize::from(ended[0]);
    senders[late].sleeps_on()?;
    queue.take(10, 9).worked("msgrcv")?;
    gives("the other one", senders[late].end()?, ())
}

fn a_sender_that_is_killed_takes_no_room(engine: On) -> Verdict {
    let queue = full(engine, 10)?;
    let mut child = Child::start_asleep(|| queue.send_with(1, b"x", 0).worked("msgsnd"))?;
    let sender = Waiter::sender(*queue, 2, 10)?;
    child.kill()?;
    empty(&queue, 10)?;
    gives("the sender behind it", sender.end()?, ())?;
    same("bytes and messages", queue.filled()?, (10, 1))
}

fn many_senders_all_get_in(engine: On) -> Verdict {
    let queue = full(engine, 40)?;
    let senders: Vec<_> = (1..=8)
        .map(|number| Waiter::sender(*queue, number, 5 * number as usize))
        .collect::<Result<_, _>>()?;
    empty(&queue, 40)?;
    let mut types = Vec::new();
    until("every message comes", || {
        if let Ok(message) = queue.take(40, 0) {
            types.push(message.mtype);
        }
        types.len() == 8
    })?;
    types.sort_unstable();
    same("the types", types, (1..=8).collect())?;
    senders.iter().try_for_each(|sender| gives("a sender", sender.end()?, ()))
}
