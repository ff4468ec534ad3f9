//! Signals to those who sleep in a call.

use crate::support::*;

cases! {
    "shared-9" a_handler_ends_sleeping_calls_with_EINTR_despite_SA_RESTART;
    "shared-9" a_handler_without_SA_RESTART_ends_sleeping_calls_with_EINTR;
    "shared-9" a_signal_that_is_ignored_ends_nothing;
    "shared-9" whoever_was_interrupted_gets_no_message;
    "shared-9" a_sender_that_is_stopped_and_continued_waits_on [Processes];
    "shared-9" a_receiver_that_is_stopped_and_continued_waits_on [Processes];
    "msgrcv-follows-2" messages_pass_a_receiver_that_is_stopped [Processes];
    "msgrcv-follows-2" a_receiver_that_is_continued_goes_to_the_tail [Processes];
    "msgrcv-follows-2" a_receiver_that_was_stopped_during_the_removal_gets_EINVAL [Processes];
    "msgrcv-follows-2" a_sender_that_was_stopped_during_the_removal_gets_EINVAL [Processes];
}

/// A queue that is full, with a receiver of another type and a sender asleep at it.
fn interrupted(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(4)?;
    gives("4 of 4 bytes", queue.send(9, b"full"), ())?;
    let receiver = Waiter::receiver(*queue, 64, 1, 0)?;
    let sender = Waiter::sender(*queue, 2, 1)?;
    receiver.signal(libc::SIGUSR1);
    fails("the receiver", receiver.end()?, EINTR)?;
    sender.sleeps_on()?;
    sender.signal(libc::SIGUSR1);
    fails("the sender", sender.end()?, EINTR)?;
    same("bytes and messages", queue.filled()?, (4, 1))
}

fn a_handler_ends_sleeping_calls_with_EINTR_despite_SA_RESTART(engine: On) -> Verdict {
    handle(libc::SIGUSR1, Handler::Restarting);
    interrupted(engine)
}

fn a_handler_without_SA_RESTART_ends_sleeping_calls_with_EINTR(engine: On) -> Verdict {
    handle(libc::SIGUSR1, Handler::Plain);
    interrupted(engine)
}

fn a_signal_that_is_ignored_ends_nothing(engine: On) -> Verdict {
    ignore(libc::SIGUSR1);
    let queue = Queue::private(engine)?;
    let receiver = Waiter::receiver(*queue, 64, 0, 0)?;
    for signal in [libc::SIGUSR1, libc::SIGCHLD, libc::SIGWINCH] {
        receiver.signal(signal);
    }
    receiver.sleeps_on()?;
    gives("msgsnd", queue.send(1, b"x"), ())?;
    gives("the receiver", receiver.end()?, message(1, b"x"))
}

fn whoever_was_interrupted_gets_no_message(engine: On) -> Verdict {
    handle(libc::SIGUSR1, Handler::Restarting);
    let queue = Queue::private(engine)?;
    let receiver = Waiter::receiver(*queue, 64, 0, 0)?;
    receiver.signal(libc::SIGUSR1);
    fails("the receiver", receiver.end()?, EINTR)?;
    gives("msgsnd", queue.send(1, b"x"), ())?;
    same("bytes and messages", queue.filled()?, (1, 1))?;
    gives("msgrcv", queue.take(8, 0), message(1, b"x"))
}

fn a_sender_that_is_stopped_and_continued_waits_on(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(4)?;
    gives("4 of 4 bytes", queue.send(9, b"full"), ())?;
    let mut child = Child::start_asleep(|| gives("msgsnd", queue.send_with(2, b"x", 0), ()))?;
    child.stop()?;
    child.go_on();
    child.sleeps_on()?;
    gives("msgrcv", queue.take(8, 9), message(9, b"full"))?;
    child.end()?;
    gives("msgrcv", queue.take(8, 0), message(2, b"x"))
}

/// A child that is to receive this message.
fn receiver(queue: &Queue, wanted: Received) -> Result<Child, String> {
    let calls = **queue;
    Child::start_asleep(move || gives("msgrcv", calls.receive(64, 0, 0), wanted))
}

fn a_receiver_that_is_stopped_and_continued_waits_on(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut child = receiver(&queue, message(1, b"x"))?;
    child.stop()?;
    child.go_on();
    child.sleeps_on()?;
    gives("msgsnd", queue.send(1, b"x"), ())?;
    child.end()
}

fn messages_pass_a_receiver_that_is_stopped(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut child = receiver(&queue, message(2, b"two"))?;
    child.stop()?;
    gives("msgsnd", queue.send(1, b"one"), ())?;
    gives("msgsnd", queue.send(2, b"two"), ())?;
    same("bytes and messages", queue.filled()?, (6, 2))?;
    gives("msgrcv of another", queue.take(8, 0), message(1, b"one"))?;
    child.go_on();
    child.end()?;
    same("lrpid", queue.stat().worked("IPC_STAT")?.msg_lrpid, child.pid())
}

fn a_receiver_that_is_continued_goes_to_the_tail(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut first = receiver(&queue, message(1, b"for the tail"))?;
    let mut second = receiver(&queue, message(1, b"for the head"))?;
    first.stop()?;
    first.go_on();
    first.falls_asleep()?;
    gives("msgsnd", queue.send(1, b"for the head"), ())?;
    let what = |error| format!("the receiver that was never stopped: {error}");
    second.end().map_err(what)?;
    gives("msgsnd", queue.send(1, b"for the tail"), ())?;
    first.end()
}

fn a_receiver_that_was_stopped_during_the_removal_gets_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let mut child = Child::start_asleep(|| fails("msgrcv", queue.receive(64, 0, 0), EINVAL))?;
    child.stop()?;
    gives("IPC_RMID", queue.remove(), 0)?;
    child.go_on();
    child.end()
}

fn a_sender_that_was_stopped_during_the_removal_gets_EINVAL(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(0)?;
    let mut child = Child::start_asleep(|| fails("msgsnd", queue.send_with(1, b"x", 0), EINVAL))?;
    child.stop()?;
    gives("IPC_RMID", queue.remove(), 0)?;
    child.go_on();
    child.end()
}
