//! Queues in a directory that several users share: each has a file of its own, as long as it is there,
//! whose owner and mode are the queue's.

mod engines;

use engines::again::{self, Directory};
use engines::call::{Call, Place, Set};
use engines::engine;
use engines::identity::is_root;
use engines::perform::Performer;
use libc::{
    EFAULT, EIDRM, EINVAL, ENOENT, IPC_CREAT, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT,
    c_int,
};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs::{File, Metadata, metadata, read_dir, remove_file};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::{sleep, spawn};
use std::time::Duration;

/// More than a process can have mapped at a time.
const MANY: usize = 1100;

/// Where the registry has the running sequence number, in bytes: see `layout.rs`.
const SEQUENCE: u64 = 49 * 8 + 4;

type Role = fn(&mut Performer) -> Result<(), String>;

const ROLES: [(&str, Role); 8] = [
    ("each_queue_has_a_file_of_its_own_while_it_is_there", own_file),
    ("the_file_goes_where_the_queue_goes", given_away),
    ("messages_of_one_queue_are_not_in_another", side_by_side),
    ("a_queue_whose_file_is_gone_can_be_removed", without_file),
    ("one_after_another_there_can_be_any_number", many),
    ("who_waits_learns_of_the_removal", removed_while_waited_for),
    ("an_id_with_another_sequence_number_is_nobodys", other_number),
    ("the_last_sequence_numbers_are_as_good_as_the_first", late_numbers),
];

fn main() -> ExitCode {
    if let Some((role, _)) = again::role() {
        return again::end(play(&role));
    }
    let trials = ROLES.map(|(name, _)| Trial::test(name, move || start(name)));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn start(role: &str) -> Result<(), Failed> {
    again::play(role, &[], Directory::Shared, Duration::from_secs(60))?;
    Ok(())
}

fn play(role: &str) -> Result<String, String> {
    let (_, act) = ROLES.iter().find(|(name, _)| *name == role).ok_or("there is no such role")?;
    act(&mut Performer::new(engine("shm").ok_or("there is no such engine")?))?;
    same("files at the end", files().len(), 0)?;
    Ok("as it is to be".into())
}

fn directory() -> PathBuf {
    std::env::var_os("MSGQ_DIR").expect("MSGQ_DIR").into()
}

/// The files of queues.
fn files() -> Vec<PathBuf> {
    let entries = read_dir(directory()).expect("the directory of the queues");
    let paths = entries.map(|entry| entry.expect("an entry of the directory").path());
    paths.filter(|path| path.to_string_lossy().contains("/queue-")).collect()
}

/// What is known of the only one.
fn file() -> Result<Metadata, String> {
    match &files()[..] {
        [path] => metadata(path).map_err(|error| format!("{}: {error}", path.display())),
        files => Err(format!("{} files of queues, and there is one queue", files.len())),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, wanted: T) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("{what}: {seen:?}, wanted {wanted:?}")) }
}

fn expect(performer: &mut Performer, call: Call, wanted: Result<i64, c_int>) -> Result<(), String> {
    same(&call.to_string(), performer.perform(&call).answer, wanted)
}

fn queue(performer: &mut Performer, mode: c_int) -> Result<c_int, String> {
    let made = performer.perform(&Call::get(IPC_PRIVATE, mode)).answer;
    made.map(|id| id as c_int).map_err(|error| format!("msgget: error {error}"))
}

fn remove(performer: &mut Performer, id: c_int) -> Result<(), String> {
    expect(performer, Call::control(id, IPC_RMID), Ok(0))
}

fn own_file(performer: &mut Performer) -> Result<(), String> {
    for (mode, wanted) in [(0o600, 0o600), (0o640, 0o660), (0o604, 0o606)] {
        let id = queue(performer, mode)?;
        same(&format!("the file of mode {mode:#o}"), file()?.mode() & 0o7777, wanted)?;
        expect(performer, Call::send(id, 3, 100, 0), Ok(0))?;
        expect(performer, Call::receive(id, 100, 0, 0), Ok(100))?;
        remove(performer, id)?;
        same("files after the removal", files().len(), 0)?;
    }
    Ok(())
}

fn given_away(performer: &mut Performer) -> Result<(), String> {
    let id = queue(performer, 0o600)?;
    expect(performer, Call::send(id, 3, 100, 0), Ok(0))?;
    let before = file()?;
    let (uid, gid) = if is_root() { (61001, 61002) } else { (before.uid(), before.gid()) };
    let set = Set { uid, gid, mode: 0o660, qbytes: 1000 };
    expect(performer, Call { set, ..Call::control(id, IPC_SET) }, Ok(0))?;
    let after = file()?;
    let seen = (after.uid(), after.gid(), after.mode() & 0o7777);
    same("the file's user, group and mode", seen, (uid, gid, 0o660))?;
    let set = Set { mode: 0o600, ..set };
    expect(performer, Call { set, ..Call::control(id, IPC_SET) }, Ok(0))?;
    let after = file()?;
    let seen = (after.uid(), after.gid(), after.mode() & 0o7777);
    same("the same with another mode alone", seen, (uid, gid, 0o600))?;
    remove(performer, id)
}

fn side_by_side(performer: &mut Performer) -> Result<(), String> {
    let ids = [queue(performer, 0o600)?, queue(performer, 0o600)?, queue(performer, 0o600)?];
    same("files", files().len(), ids.len())?;
    for (id, size) in ids.iter().zip(1..) {
        expect(performer, Call::send(*id, 3, size, IPC_NOWAIT), Ok(0))?;
    }
    for (id, size) in ids.iter().zip(1..) {
        expect(performer, Call::receive(*id, 100, 0, IPC_NOWAIT), Ok(size))?;
        expect(performer, Call::receive(*id, 100, 0, IPC_NOWAIT), Err(libc::ENOMSG))?;
    }
    ids.iter().try_for_each(|id| remove(performer, *id))
}

fn without_file(performer: &mut Performer) -> Result<(), String> {
    const KEY: c_int = 77;
    let made = performer.perform(&Call::get(KEY, IPC_CREAT | 0o600)).answer;
    let id = made.map_err(|error| format!("msgget: error {error}"))? as c_int;
    files().iter().try_for_each(remove_file).map_err(|error| error.to_string())?;
    let send = Call::send(id, 3, 100, 0);
    expect(performer, send, Err(EINVAL))?;
    // What the call is given is looked at first.
    expect(performer, Call { place: Place::Cut(12), ..send }, Err(EFAULT))?;
    remove(performer, id)?;
    expect(performer, Call::control(id, IPC_STAT), Err(EINVAL))?;
    expect(performer, Call::get(KEY, 0), Err(ENOENT))
}

fn many(performer: &mut Performer) -> Result<(), String> {
    for size in 1..=MANY {
        let id = queue(performer, 0o600)?;
        expect(performer, Call::send(id, 3, size, IPC_NOWAIT), Ok(0))?;
        expect(performer, Call::receive(id, MANY, 0, IPC_NOWAIT), Ok(size as i64))?;
        remove(performer, id)?;
    }
    Ok(())
}

fn removed_while_waited_for(performer: &mut Performer) -> Result<(), String> {
    // Not each time the receiver waits before the queue goes.
    for _ in 0..100 {
        let id = queue(performer, 0o600)?;
        let receiver = spawn(move || {
            let mut performer = Performer::new(engine("shm").expect("the engine"));
            performer.perform(&Call::receive(id, 100, 0, 0)).answer
        });
        sleep(Duration::from_millis(20));
        remove(performer, id)?;
        match receiver.join().map_err(|_| "the receiver has panicked")? {
            Err(EIDRM) => return Ok(()),
            answer => same("msgrcv from what was just removed", answer, Err(EINVAL))?,
        }
    }
    Err("no receiver ever waited".into())
}

fn other_number(performer: &mut Performer) -> Result<(), String> {
    let id = queue(performer, 0o600)?;
    expect(performer, Call::send(id, 3, 100, IPC_NOWAIT), Ok(0))?;
    let other = id + (1 << 15);
    let file = file()?;
    let set = Set { uid: file.uid(), gid: file.gid(), mode: 0o600, qbytes: 1000 };
    for call in [
        Call::send(other, 3, 100, IPC_NOWAIT),
        Call::receive(other, 100, 0, IPC_NOWAIT),
        Call { set, ..Call::control(other, IPC_SET) },
        Call::control(other, IPC_STAT),
        Call::control(other, IPC_RMID),
    ] {
        expect(performer, call, Err(EINVAL))?;
    }
    expect(performer, Call::receive(id, 100, 0, IPC_NOWAIT), Ok(100))?;
    remove(performer, id)
}

/// To get so far by making queues would take two million of them.
fn late_numbers(performer: &mut Performer) -> Result<(), String> {
    let first = queue(performer, 0o600)?;
    remove(performer, first)?;
    for sequence in [40_000, 65_534] {
        let registry = File::options().write(true).open(directory().join("queues"));
        registry
            .and_then(|file| file.write_all_at(&u32::to_le_bytes(sequence), SEQUENCE))
            .map_err(|error| format!("the registry: {error}"))?;
        let id = queue(performer, 0o600)?;
        same("the sequence number in the id", id >> 15, sequence as c_int)?;
        expect(performer, Call::send(id, 3, 100, IPC_NOWAIT), Ok(0))?;
        let file = file()?;
        let set = Set { uid: file.uid(), gid: file.gid(), mode: 0o600, qbytes: 1000 };
        expect(performer, Call { set, ..Call::control(id, IPC_SET) }, Ok(0))?;
        expect(performer, Call::control(id, IPC_STAT), Ok(0))?;
        expect(performer, Call::receive(id, 100, 0, IPC_NOWAIT), Ok(100))?;
        remove(performer, id)?;
        removed_while_waited_for(performer)?;
    }
    Ok(())
}
