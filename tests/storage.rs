//! What queues in shared memory take of it: what their messages need, and not what a call that fails
//! or a limit that somebody damaged would have them take.

mod engines;

use engines::again::{self, Directory};
use engines::call::{Call, Place};
use engines::engine;
use engines::identity::leave_namespace;
use engines::perform::{Performer, limits};
use libc::{E2BIG, EAGAIN, EFAULT, EINVAL, EIO, ENOSPC, IPC_NOWAIT, IPC_PRIVATE, MSG_COPY, c_int};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use msgq::engine::limits::Limits;
use std::fs::{OpenOptions, write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// As large as messages may be here.
const LARGEST: usize = 32 << 20;
/// More than any of these tests needs.
const MOST_STORED: u64 = 4 << 20;
/// Where the file has its limit for messages, in bytes.
const MSGMAX: u64 = 52 * 8;
/// The same for the bytes of a queue.
const MSGMNB_WORD: u64 = 53 * 8;
/// Where it has the number of the first unit that was never used.
const FRESH: u64 = 9 * 8;

const OF_THE_MACHINE: &str = "a_limit_that_the_machine_changes_is_told";

type Role = fn(&mut Performer) -> Result<(), String>;

const ROLES: [(&str, Role); 9] = [
    ("a_copy_takes_storage_for_its_message_and_not_for_its_room", copy),
    ("a_send_from_an_address_that_ends_too_early_takes_no_storage", send_from_nowhere),
    ("a_copy_into_room_that_ends_too_early_takes_no_storage", copy_to_nowhere),
    ("a_limit_that_was_set_holds_to_the_byte", limit),
    (OF_THE_MACHINE, changed_limit),
    ("a_limit_that_nobody_can_have_set_is_damage", damaged_limit),
    ("a_receiver_of_many_types_gives_back_what_their_order_took", many_types),
    ("threads_that_come_and_go_share_a_few_places", many_threads),
    ("a_damaged_word_that_says_how_much_is_used_does_not_have_all_of_it_stored", damaged_end),
];

fn main() -> ExitCode {
    if let Some((role, _)) = again::role() {
        return again::end(play(&role));
    }
    let trials = ROLES.map(|(name, _)| Trial::ignorable_test(name, move || start(name)));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn start(role: &str) -> Result<Completion, Failed> {
    if role == OF_THE_MACHINE && !may_have_a_machine() {
        return Ok(Completion::ignored_with("needs an IPC namespace of its own, and its limits"));
    }
    again::play(role, &[], Directory::Own, Duration::from_secs(30))?;
    Ok(Completion::Completed)
}

/// Whether this user may have limits of his own, as the machine's kernel has them.
fn may_have_a_machine() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--ipc", "sh", "-c", "echo 30000 > /proc/sys/kernel/msgmnb"]);
    command.output().is_ok_and(|output| output.status.success())
}

fn play(role: &str) -> Result<String, String> {
    let (_, act) = ROLES.iter().find(|(name, _)| *name == role).ok_or("there is no such role")?;
    let engine = engine("shm").ok_or("there is no such engine")?;
    engine.prepare();
    let msgmax = Some(LARGEST as u64);
    engine
        .set_limits(Limits { msgmax, msgmnb: msgmax, msgmni: None })
        .map_err(|error| format!("setting limits: error {}", error.0))?;
    act(&mut Performer::with_room(engine, 8192))?;
    let stored = file().metadata().map_err(|error| error.to_string())?.blocks() * 512;
    match stored <= MOST_STORED {
        true => Ok(format!("{stored} bytes are stored")),
        false => Err(format!("{stored} bytes are stored, and {MOST_STORED} would be plenty")),
    }
}

fn file() -> std::fs::File {
    let directory = std::env::var_os("MSGQ_DIR").expect("MSGQ_DIR");
    let path = PathBuf::from(directory).join("queues");
    OpenOptions::new().write(true).open(path).expect("the file of the queues")
}

fn expect(performer: &mut Performer, call: Call, wanted: Result<i64, c_int>) -> Result<(), String> {
    let seen = performer.perform(&call).answer;
    if seen == wanted { Ok(()) } else { Err(format!("{call}: {seen:?}, wanted {wanted:?}")) }
}

fn queue(performer: &mut Performer) -> Result<c_int, String> {
    let made = performer.perform(&Call::get(IPC_PRIVATE, 0o600)).answer;
    made.map(|id| id as c_int).map_err(|error| format!("msgget: error {error}"))
}

fn copy(_: &mut Performer) -> Result<(), String> {
    let mut performer = Performer::with_room(engine("shm").ok_or("no engine")?, LARGEST);
    let id = queue(&mut performer)?;
    let copy = |room| Call::receive(id, room, 0, IPC_NOWAIT | MSG_COPY);
    expect(&mut performer, Call::send(id, 3, 5000, 0), Ok(0))?;
    expect(&mut performer, copy(LARGEST), Ok(5000))?;
    expect(&mut performer, copy(4999), Err(E2BIG))
}

fn send_from_nowhere(performer: &mut Performer) -> Result<(), String> {
    let id = queue(performer)?;
    expect(performer, Call::send(id, 3, LARGEST, IPC_NOWAIT), Err(EFAULT))
}

fn copy_to_nowhere(performer: &mut Performer) -> Result<(), String> {
    let id = queue(performer)?;
    expect(performer, Call::send(id, 3, 5, 0), Ok(0))?;
    let all = Call::receive(id, LARGEST, 0, IPC_NOWAIT | MSG_COPY);
    expect(performer, all, Err(EFAULT))?;
    expect(performer, Call { place: Place::Cut(12), msgsz: 5, ..all }, Err(EFAULT))
}

/// One sends, and another receives: what the first needs to keep types apart is free at the other's.
fn many_types(performer: &mut Performer) -> Result<(), String> {
    const TYPES: i64 = 50;
    let id = queue(performer)?;
    let engine = engine("shm").ok_or("no engine")?;
    std::thread::scope(|scope| {
        let (sent, to_receive) = std::sync::mpsc::channel();
        let (received, to_send) = std::sync::mpsc::channel();
        let receiving = scope.spawn(move || {
            let mut receiver = Performer::with_room(engine, 8192);
            for () in to_receive {
                for _ in 0..TYPES {
                    expect(&mut receiver, Call::receive(id, 300, -TYPES, IPC_NOWAIT), Ok(300))?;
                }
                let _ = received.send(());
            }
            Ok(())
        });
        for _ in 0..1000 {
            for mtype in 1..=TYPES {
                expect(performer, Call::send(id, mtype, 300, IPC_NOWAIT), Ok(0))?;
            }
            // If the receiver has given up, it says why.
            if sent.send(()).is_err() || to_send.recv().is_err() {
                break;
            }
        }
        drop(sent);
        receiving.join().map_err(|_| "the receiver panicked")?
    })
}

/// Each thread leaves what it had at hand to the next.
fn many_threads(performer: &mut Performer) -> Result<(), String> {
    const SIZE: usize = 100_000;
    let id = queue(performer)?;
    let engine = engine("shm").ok_or("no engine")?;
    for _ in 0..150 {
        let one = || {
            let mut performer = Performer::with_room(engine, SIZE);
            expect(&mut performer, Call::send(id, 1, SIZE, 0), Ok(0))?;
            expect(&mut performer, Call::receive(id, SIZE, 0, 0), Ok(SIZE as i64))
        };
        std::thread::scope(|scope| scope.spawn(one).join()).map_err(|_| "a thread panicked")??;
    }
    Ok(())
}

fn limit(performer: &mut Performer) -> Result<(), String> {
    let engine = engine("shm").ok_or("no engine")?;
    let limits = Limits { msgmax: Some(100), msgmnb: Some(150), msgmni: Some(2) };
    engine.set_limits(limits).map_err(|error| format!("setting limits: error {}", error.0))?;
    let id = queue(performer)?;
    expect(performer, Call::send(id, 3, 101, IPC_NOWAIT), Err(EINVAL))?;
    expect(performer, Call::send(id, 3, 100, IPC_NOWAIT), Ok(0))?;
    expect(performer, Call::send(id, 3, 51, IPC_NOWAIT), Err(EAGAIN))?;
    expect(performer, Call::send(id, 3, 50, IPC_NOWAIT), Ok(0))?;
    queue(performer)?;
    expect(performer, Call::get(IPC_PRIVATE, 0o600), Err(ENOSPC))
}

/// Where this process may have limits of its own.
fn changed_limit(_: &mut Performer) -> Result<(), String> {
    const MSGMNB: &str = "/proc/sys/kernel/msgmnb";
    // Set below in the arena; of the others the machine's holds.
    damage(MSGMNB_WORD, 0)?;
    leave_namespace()?;
    for msgmnb in [30_000, 20_000] {
        write(MSGMNB, msgmnb.to_string()).map_err(|error| format!("{MSGMNB}: {error}"))?;
        let told = limits(engine("shm").ok_or("no engine")?)?.msgmnb;
        if told != msgmnb {
            return Err(format!("msgmnb is {told}, and {MSGMNB} says {msgmnb}"));
        }
    }
    Ok(())
}

fn damaged_limit(performer: &mut Performer) -> Result<(), String> {
    let id = queue(performer)?;
    damage(MSGMAX, i32::MAX as u64 + 1)?;
    expect(performer, Call::send(id, 3, 5, 0), Ok(0))?;
    damage(MSGMAX, i32::MAX as u64 + 2)?;
    expect(performer, Call::send(id, 3, 5, 0), Err(EIO))
}

fn damaged_end(performer: &mut Performer) -> Result<(), String> {
    let id = queue(performer)?;
    damage(FRESH, 1 << 22)?;
    expect(performer, Call::send(id, 3, 5, 0), Ok(0))?;
    expect(performer, Call::receive(id, 5, 0, 0), Ok(5))
}

fn damage(at: u64, word: u64) -> Result<(), String> {
    file().write_all_at(&word.to_ne_bytes(), at).map_err(|error| error.to_string())
}
