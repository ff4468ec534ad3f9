//! The conversation gone wrong: the waiter listens for orders of another type than the guest's, so the
//! queue fills until the guest waits too; and the guest who leaves in the end does not remove it.

use super::{ORDER, say, waiter_of};
use crate::command::failure::Failure;
use crate::command::queue::{MOST_TEXT, Queue};
use std::process::{self, ExitCode};
use std::thread;
use std::time::Duration;

/// The type that the waiter listens for.
const DRINKS: i64 = 2;

/// How many orders the queue has room for.
const ROOM: u64 = 10;

/// How long the guest thinks before each order.
const THOUGHT: Duration = Duration::from_millis(30);

/// How long the guest waits to get rid of one order more.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The guest's part: it never returns from the last order.
pub fn visit(queue: Queue) -> Result<ExitCode, Failure> {
    queue.set_qbytes(ROOM * MOST_TEXT as u64).map_err(|error| Failure::about("msgctl", error))?;
    let mut waiter = waiter_of(queue, "--broken-waiter")?;
    for _ in 0..ROOM {
        order(queue)?;
        thread::sleep(THOUGHT);
    }
    thread::spawn(move || {
        thread::sleep(PATIENCE);
        say(format!("guest:  (leaves; \"ipcrm -q {}\" would clean up)", queue.0));
        // Both are in a call that would never return.
        let _ = waiter.kill();
        let _ = waiter.wait();
        process::exit(0);
    });
    order(queue)?;
    Ok(ExitCode::SUCCESS)
}

fn order(queue: Queue) -> Result<(), Failure> {
    say("guest:  green tea");
    let text = format!("{:<MOST_TEXT$}", "green tea");
    queue.send(ORDER, &text).map_err(|error| Failure::about("msgsnd", error))
}

/// The waiter's part.
pub fn wait_on_guests(queue: Queue) -> Result<(), Failure> {
    loop {
        queue.receive(DRINKS, 0).map_err(|error| Failure::about("msgrcv", error))?;
    }
}
