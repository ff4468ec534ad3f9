//! Where msgrcv writes, and what becomes of messages that cannot be written.

use crate::support::*;

cases! {
    "msgrcv-13" an_address_that_cannot_be_written_destroys_the_message;
    "msgrcv-13" a_sleeping_receivers_address_that_cannot_be_written_destroys_the_message;
    "msgrcv-13" the_type_is_written_before_the_text;
    "msgrcv-13" an_address_is_not_looked_at_without_a_message;
    "msgrcv-13" nothing_is_written_behind_the_size;
    "msgrcv-13" nothing_is_written_behind_the_message;
    "msgrcv-13" a_message_that_was_lost_made_room;
}

fn an_address_that_cannot_be_written_destroys_the_message(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let (pages, fixed) = (Pages::new()?, Pages::new()?);
    fixed.read_only()?;
    let places = [
        ("nowhere", UNMAPPED),
        ("where nothing may be touched", pages.end()),
        ("where half a type is left", pages.before_end(4)),
        ("where half a text is left", pages.before_end(12)),
        ("where only reading is allowed", fixed.before_end(64)),
    ];
    for (what, address) in places {
        gives("msgsnd", queue.send(1, b"8 bytes."), ())?;
        let answer = queue.receive_at(address, 64, 0, IPC_NOWAIT);
        fails(&format!("msgrcv to {what}"), answer, EFAULT)?;
        same(&format!("bytes and messages after {what}"), queue.filled()?, (0, 0))?;
        fails("msgrcv of the lost message", queue.take(64, 0), ENOMSG)?;
        same("lrpid", queue.stat().worked("IPC_STAT")?.msg_lrpid, process_id())?;
    }
    Ok(())
}

fn a_sleeping_receivers_address_that_cannot_be_written_destroys_the_message(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    for address in [UNMAPPED, pages.end(), pages.before_end(12)] {
        let calls = *queue;
        let receiver = Waiter::start("a receiver to a bad address", move || {
            calls.receive_at(address, 64, 0, 0)
        })?;
        gives("msgsnd", queue.send(1, b"8 bytes."), ())?;
        fails("the receiver", receiver.end()?, EFAULT)?;
        same("bytes and messages", queue.filled()?, (0, 0))?;
        same("lrpid", queue.stat().worked("IPC_STAT")?.msg_lrpid, receiver.tid())?;
    }
    Ok(())
}

fn the_type_is_written_before_the_text(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    gives("msgsnd", queue.send(77, b"text"), ())?;
    let address = pages.before_end(8);
    fails("msgrcv to where a type fits", queue.receive_at(address, 64, 0, IPC_NOWAIT), EFAULT)?;
    same("what stands there", pages.read(address, 8), 77_i64.to_ne_bytes().to_vec())
}

fn an_address_is_not_looked_at_without_a_message(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    fails("msgrcv to nowhere", queue.receive_at(UNMAPPED, 8, 0, IPC_NOWAIT), ENOMSG)?;
    gives("msgsnd", queue.send(1, b"large"), ())?;
    fails("msgrcv of 1 byte to nowhere", queue.receive_at(UNMAPPED, 1, 0, IPC_NOWAIT), E2BIG)?;
    same("bytes and messages", queue.filled()?, (5, 1))
}

fn nothing_is_written_behind_the_size(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    for size in [0, 5, 11] {
        let pages = Pages::new()?;
        let address = pages.before_end(64);
        gives("msgsnd", queue.send(1, b"twelve bytes"), ())?;
        let answer = queue.receive_at(address, size, 0, MSG_NOERROR | IPC_NOWAIT);
        gives(&format!("msgrcv of {size} bytes"), answer, size)?;
        let behind = pages.read(address + 8 + size, 56 - size);
        holds(&format!("dots behind {size} bytes: {behind:?}"), behind == vec![b'.'; 56 - size])?;
        let address = pages.before_end(8 + size);
        gives("msgsnd", queue.send(1, b"............"), ())?;
        let answer = queue.receive_at(address, size, 0, MSG_NOERROR | IPC_NOWAIT);
        gives(&format!("msgrcv of the last {size} bytes of memory"), answer, size)?;
    }
    Ok(())
}

fn nothing_is_written_behind_the_message(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    let pages = Pages::new()?;
    gives("msgsnd", queue.send(3, b"12345"), ())?;
    let address = pages.before_end(13);
    let answer = queue.receive_at(address, 8192, 0, IPC_NOWAIT);
    gives("msgrcv of 8192 bytes where there are 5", answer, 5)?;
    same("the text", pages.read(address + 8, 5), b"12345".to_vec())?;
    gives("msgsnd", queue.send(3, b"123"), ())?;
    let address = pages.before_end(1000);
    gives("msgrcv", queue.receive_at(address, 900, 0, IPC_NOWAIT), 3)?;
    same("what stands behind", pages.read(address + 11, 889), vec![b'.'; 889])
}

fn a_message_that_was_lost_made_room(engine: On) -> Verdict {
    let queue = Queue::private(engine)?;
    queue.limit(8)?;
    gives("8 of 8 bytes", queue.send(1, b"8 bytes."), ())?;
    let sender = Waiter::sender(*queue, 2, 8)?;
    fails("msgrcv to nowhere", queue.receive_at(UNMAPPED, 64, 0, IPC_NOWAIT), EFAULT)?;
    gives("the sender", sender.end()?, ())?;
    gives("msgrcv", queue.take(8, 0), message(2, b"ssssssss"))
}
