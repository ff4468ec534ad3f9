//! `msgq demo`: a guest and a waiter, two processes, talk over one queue.

mod broken;

use super::failure::Failure;
use super::queue::Queue;
use std::env;
use std::fmt;
use std::io::{self, Write};
use std::process::{self, Child, Command, ExitCode};
use std::thread::sleep;
use std::time::Duration;

/// Orders have this type; an answer has the guest's process id for its type.
const ORDER: i64 = 1;

/// The last order.
const BILL: &str = "the bill, please";

/// What `msgq demo` is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// Let three things go wrong: a receiver waits for the wrong type, the queue fills, and it is left
    /// behind
    #[arg(long)]
    broken: bool,
    /// Be the waiter of this queue
    #[arg(long, hide = true, value_name = "MSQID")]
    waiter: Option<i32>,
    /// Be the waiter of this queue, and wait for the wrong type
    #[arg(long, hide = true, value_name = "MSQID")]
    broken_waiter: Option<i32>,
}

/// Holds the conversation.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    match (arguments.waiter, arguments.broken_waiter) {
        (Some(id), _) => wait_on_guests(Queue(id))?,
        (_, Some(id)) => broken::wait_on_guests(Queue(id))?,
        _ => {
            let queue = Queue::create().map_err(|error| Failure::about("msgget", error))?;
            if arguments.broken {
                return broken::visit(queue);
            }
            let visited = visit(queue);
            // The waiter notices, wherever it is.
            queue.remove().map_err(|error| Failure::about("msgctl", error))?;
            visited?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts the waiter of a queue.
fn waiter_of(queue: Queue, option: &str) -> Result<Child, Failure> {
    let own = env::current_exe().map_err(|error| Failure::about("msgq", error))?;
    Command::new(own)
        .args(["demo", option, &queue.0.to_string()])
        .spawn()
        .map_err(|error| Failure::about("the waiter", error))
}

/// Says it to whoever listens. The conversation goes on also where nobody does.
fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn visit(queue: Queue) -> Result<(), Failure> {
    let mut waiter = waiter_of(queue, "--waiter")?;
    let me = i64::from(process::id());
    for order in ["green tea", "two rice cakes", BILL] {
        say(format!("guest:  {order}"));
        queue
            .send(ORDER, &format!("{me} {order}"))
            .map_err(|error| Failure::about("msgsnd", error))?;
        if queue.receive(me, libc::IPC_NOWAIT).is_err() {
            say("guest:  (no answer yet)");
        }
        let (_, answer) = queue.receive(me, 0).map_err(|error| Failure::about("msgrcv", error))?;
        say(format!("waiter: {answer}"));
    }
    waiter.wait().map_err(|error| Failure::about("the waiter", error))?;
    Ok(())
}

fn wait_on_guests(queue: Queue) -> Result<(), Failure> {
    loop {
        let (_, order) =
            queue.receive(ORDER, 0).map_err(|error| Failure::about("msgrcv", error))?;
        let (guest, dish) = order.split_once(' ').unwrap_or_default();
        let guest =
            guest.parse().map_err(|_| Failure::new(format!("whose order is {order:?}?")))?;
        // Long enough for the guest to be seen waiting.
        sleep(Duration::from_millis(50));
        queue
            .send(guest, &format!("here is {dish}"))
            .map_err(|error| Failure::about("msgsnd", error))?;
        if dish == BILL {
            return Ok(());
        }
    }
}
