//! Users who share queues: what each may do with a queue of another, over the kernel and over another
//! engine whose directory they share.
//!
//! ```sh
//! cargo test --test two_users                              # needs root, to become other users
//! cargo test --test two_users -- --seed 7 --calls 100000   # longer random scripts
//! ```
#![allow(unsafe_code)]

mod engines;

use engines::again::Directory;
use engines::call::{Call, MSG_STAT_ANY, Outcome, Set};
use engines::comparison::Measure;
use engines::duel::Duel;
use engines::identity::{Identity, become_other, is_root, leave_namespace};
use engines::options::Options;
use engines::perform::limits;
use engines::script::Choice;
use engines::sides::{Step, Target};
use engines::worker::Worker;
use engines::{again, engine};
use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, c_int, c_long, c_void, key_t, msqid_ds};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use msgq::engine::{DEFAULT, ENGINES, Engine, Number, Received};
use msgq::errno::Errno;
use std::process::ExitCode;
use std::time::Duration;

/// The owner's user and group.
const OWNER: u32 = 61001;

/// Somebody to whom a queue is given.
const ANOTHER: u32 = OWNER + 1;

/// Whether an engine lets users without privileges give their queues to others. That of files that
/// have the queues' owners cannot.
fn gives_away(engine: &str) -> bool {
    engine != "shm"
}

/// Who is who, by number.
const ACTORS: [&str; 5] = ["root", "the owner", "a stranger", "a member", "one of the group"];
const ROOT: usize = 0;
const THE_OWNER: usize = 1;

/// Modes of the queues.
const MODES: [c_int; 9] = [0o600, 0o640, 0o660, 0o666, 0o604, 0o060, 0o006, 0o200, 0];

const LIMIT: Duration = Duration::from_secs(60);

fn identity(actor: usize) -> Identity {
    let (uid, gid, groups) = match actor {
        ROOT => (0, 0, vec![]),
        THE_OWNER => (OWNER, OWNER, vec![]),
        2 => (OWNER + 1, OWNER + 1, vec![OWNER + 9]),
        3 => (OWNER + 2, OWNER + 2, vec![OWNER + 9, OWNER]),
        _ => (OWNER + 3, OWNER, vec![]),
    };
    Identity { uid, gid, groups }
}

fn main() -> ExitCode {
    if let Some((role, arguments)) = again::role() {
        return again::end(play(&role, &arguments));
    }
    let options = match Options::read() {
        Ok(options) => options,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::FAILURE;
        }
    };
    let (seed, calls) = (options.first_seed(), options.calls.unwrap_or(8_000));
    let mut trials = Vec::new();
    for (other, _) in ENGINES {
        for mode in MODES {
            let arguments = vec![other.to_string(), mode.to_string()];
            let name = format!("kernel_and_{other}/mode_{mode:04o}_gives_each_user_the_same");
            trials.push(Trial::ignorable_test(name, move || agree("mode", &arguments)));
        }
        let arguments = vec![other.to_string()];
        let name = format!("kernel_and_{other}/stat_any_shows_the_same_to_each_user");
        trials.push(Trial::ignorable_test(name, move || unless_known(other, "any", &arguments)));
        for (role, sentence) in [
            ("sums", "the_messages_of_all_queues_are_counted"),
            ("given", "a_queue_that_was_given_away_can_be_removed_by_its_creator"),
        ] {
            let arguments = vec![other.to_string()];
            let name = format!("kernel_and_{other}/{sentence}");
            trials.push(Trial::ignorable_test(name, move || agree(role, &arguments)));
        }
        let arguments = vec![other.to_string(), seed.to_string(), calls.to_string()];
        let name = format!("kernel_and_{other}/random_calls_of_several_users_give_the_same");
        trials.push(Trial::ignorable_test(name, move || unless_known(other, "random", &arguments)));
    }
    let name = format!("an_engine_is_found_that_{TELLTALE}");
    trials.push(Trial::ignorable_test(name, found));
    libtest_mimic::run(&Arguments::from_iter(options.rest), trials).exit_code()
}

/// What an engine does otherwise, and must: engine, role, reason. docs/shm.md says what it does
/// instead.
const DIFFERENCES: [(&str, &str, &str); 2] = [
    ("shm", "any", "who cannot open a queue's file does not see its counts"),
    ("shm", "random", "a file has one owner and group, and a queue two of each"),
];

fn unless_known(engine: &str, role: &str, arguments: &[String]) -> Result<Completion, Failed> {
    match DIFFERENCES.iter().find(|it| it.0 == engine && it.1 == role) {
        Some((_, _, reason)) => Ok(Completion::ignored_with(*reason)),
        None => agree(role, arguments),
    }
}

fn agree(role: &str, arguments: &[String]) -> Result<Completion, Failed> {
    if !is_root() {
        return Ok(Completion::ignored_with("needs root, to become other users"));
    }
    again::play(role, arguments, Directory::Shared, LIMIT)?;
    Ok(Completion::Completed)
}

fn found() -> Result<Completion, Failed> {
    match agree("mode", &[TELLTALE.into(), 0o600.to_string()]) {
        Err(failed) if failed.message().is_some_and(|said| said.contains("differ")) => {
            Ok(Completion::Completed)
        }
        Ok(Completion::Completed) => Err("it went by as if nothing were wrong".into()),
        other => other,
    }
}

/// What this process was started for.
fn play(role: &str, arguments: &[String]) -> Result<String, String> {
    let number = |at: usize| {
        let text = arguments.get(at).ok_or(format!("{role} wants more arguments"))?;
        text.parse::<u64>().map_err(|_| format!("{text} is no number"))
    };
    let other = arguments.first().ok_or("no engine was named")?;
    let (first, kernel) = ENGINES[DEFAULT];
    let named = engine(other).or((other == TELLTALE).then_some(&Telltale as &dyn Engine));
    let second = named.ok_or(format!("no engine is called {other}"))?;
    // What goes wrong then leaves no queues behind. Not all roots may.
    let alone = leave_namespace().is_ok();
    let measure = match role {
        "sums" if alone && *other != first => Measure::AllQueues,
        _ => Measure::OurQueues,
    };
    let mut workers: Vec<Worker> = (0..ACTORS.len())
        .map(|actor| {
            Worker::start(&[kernel, second], false, move || match actor {
                ROOT => Ok(()),
                actor => become_other(&identity(actor)),
            })
        })
        .collect();
    let people: Vec<_> = workers.iter().map(Worker::person).collect();
    let mut play = |side: usize, actor: usize, call: &Call| -> Outcome {
        workers[actor].make(side, call).unwrap_or_else(|sentence| panic!("{sentence}"))
    };
    let people = [people.clone(), people];
    let mut duel = Duel::new([first, other], people, measure, &mut play);
    match role {
        "mode" => one_mode(&mut duel, number(1)? as c_int, gives_away(other))?,
        "any" => any(&mut duel)?,
        "sums" => sums(&mut duel)?,
        "given" => given(&mut duel)?,
        "random" => {
            let owners = (0..ACTORS.len()).map(|actor| identity(actor).uid).chain([OWNER]);
            let choice = Choice {
                limits: limits(kernel)?,
                measure: Measure::OurQueues,
                actors: ACTORS.len(),
                setter: (!gives_away(other)).then_some(ROOT),
                looks_at_any: false,
                owners: owners.collect(),
                copies: false,
            };
            duel.random(number(1)?, choice, number(2)?)?;
        }
        _ => return Err(format!("no role is called {role}")),
    }
    Ok(format!("{} calls failed", duel.failed))
}

/// A queue of the owner's, with this mode, and all that all others try with it.
fn one_mode(duel: &mut Duel, mode: c_int, gives_away: bool) -> Result<(), String> {
    let key = Target::Key(0);
    let get = |msgflg| Call::get(0, msgflg);
    let made =
        duel.step(&Step { actor: THE_OWNER, target: key, call: get(mode | IPC_CREAT | IPC_EXCL) })?;
    let number = made.ok_or("the owner made no queue")?;
    let queue = Target::Queue(number);
    let done = (0..2).try_for_each(|_| {
        for actor in [2, 3, 4, ROOT, THE_OWNER] {
            let asked = [0, 0o600, 0o400, 0o200, 0o111, IPC_CREAT | 0o600, IPC_CREAT | IPC_EXCL];
            for msgflg in asked {
                duel.step(&Step { actor, target: key, call: get(msgflg) })?;
            }
            for call in attempts(mode) {
                if call.set.uid == ANOTHER && actor == THE_OWNER && !gives_away {
                    continue;
                }
                duel.step(&Step { actor, target: queue, call })?;
            }
            duel.step(&Step {
                actor,
                target: Target::Index(number),
                call: Call::control(0, libc::MSG_STAT),
            })?;
        }
        Ok::<(), String>(())
    });
    if done.is_ok() {
        for actor in [2, 3, 4] {
            let call = Call::control(0, libc::IPC_RMID);
            duel.step(&Step { actor, target: queue, call })?;
        }
    }
    duel.remove(number);
    done
}

/// A queue of the owner's that he alone may read, and what MSG_STAT_ANY shows of it to each user.
fn any(duel: &mut Duel) -> Result<(), String> {
    let call = Call::get(0, 0o600 | IPC_CREAT | IPC_EXCL);
    let made = duel.step(&Step { actor: THE_OWNER, target: Target::Key(0), call })?;
    let number = made.ok_or("the owner made no queue")?;
    let sent = Call { label: 1, ..Call::send(0, 1, 20, IPC_NOWAIT) };
    let done = duel
        .step(&Step { actor: THE_OWNER, target: Target::Queue(number), call: sent })
        .and_then(|_| {
            (0..ACTORS.len()).try_for_each(|actor| {
                let call = Call::control(0, MSG_STAT_ANY);
                duel.step(&Step { actor, target: Target::Index(number), call }).map(drop)
            })
        });
    duel.remove(number);
    done
}

/// Messages in several queues, and what MSG_INFO says of all of them to those who may use them.
fn sums(duel: &mut Duel) -> Result<(), String> {
    let mut queues = Vec::new();
    for messages in [3, 0, 2] {
        let call = Call::get(0, 0o600 | IPC_CREAT | IPC_EXCL);
        let target = Target::Key(queues.len() as u8);
        let made = duel.step(&Step { actor: THE_OWNER, target, call })?;
        let target = Target::Queue(made.ok_or("the owner made no queue")?);
        queues.push(target);
        for label in 0..messages {
            let call = Call { label, ..Call::send(0, 1, 20, IPC_NOWAIT) };
            duel.step(&Step { actor: THE_OWNER, target, call })?;
        }
    }
    for actor in [THE_OWNER, ROOT] {
        let call = Call::control(0, libc::MSG_INFO);
        duel.step(&Step { actor, target: queues[0], call })?;
    }
    for target in queues {
        duel.step(&Step { actor: THE_OWNER, target, call: Call::control(0, libc::IPC_RMID) })?;
    }
    Ok(())
}

/// A queue whose file its creator has not opened and may open no more. He may still remove it.
fn given(duel: &mut Duel) -> Result<(), String> {
    let call = Call::get(0, 0o600 | IPC_CREAT | IPC_EXCL);
    let made = duel.step(&Step { actor: THE_OWNER, target: Target::Key(0), call })?;
    let target = Target::Queue(made.ok_or("the owner made no queue")?);
    let set = Set { uid: ANOTHER, gid: ANOTHER, mode: 0o600, qbytes: 1000 };
    let calls = [
        (ROOT, Call { label: 1, ..Call::send(0, 1, 20, IPC_NOWAIT) }),
        (ROOT, Call { set, ..Call::control(0, libc::IPC_SET) }),
        (THE_OWNER, Call::control(0, libc::IPC_RMID)),
        (ROOT, Call::control(0, libc::IPC_STAT)),
    ];
    for (actor, call) in calls {
        duel.step(&Step { actor, target, call })?;
    }
    Ok(())
}

/// Calls about a queue of this mode.
fn attempts(mode: c_int) -> Vec<Call> {
    let set = |uid, qbytes, mode| Call {
        set: Set { uid, gid: OWNER, mode, qbytes },
        ..Call::control(0, libc::IPC_SET)
    };
    let mode = mode as u32;
    vec![
        Call { label: 1, ..Call::send(0, 1, 20, IPC_NOWAIT) },
        Call::control(0, libc::IPC_STAT),
        Call::control(0, libc::MSG_STAT),
        Call { label: 2, ..Call::send(0, 2, 30, IPC_NOWAIT) },
        Call::receive(0, 100, 2, IPC_NOWAIT),
        Call::receive(0, 100, 7, IPC_NOWAIT),
        set(OWNER, 1 << 20, mode),
        set(OWNER, 1000, mode),
        // The creator keeps his rights when another becomes the owner.
        set(ANOTHER, 1000, mode),
        Call { label: 3, ..Call::send(0, 1, 20, IPC_NOWAIT) },
        set(OWNER, 2000, mode),
    ]
}

/// The kernel's queues, but whoever asks is shown a queue's data, whether he may read it or not.
struct Telltale;

const TELLTALE: &str = "shows_everybody_every_queue";

impl Engine for Telltale {
    fn msgget(&self, key: key_t, msgflg: c_int) -> Result<c_int, Errno> {
        ENGINES[DEFAULT].1.msgget(key, msgflg)
    }

    unsafe fn msgctl(&self, msqid: c_int, cmd: c_int, buf: *mut msqid_ds) -> Result<c_int, Errno> {
        let cmd = if cmd == libc::MSG_STAT { MSG_STAT_ANY } else { cmd };
        // SAFETY: the caller's promise, handed on.
        unsafe { ENGINES[DEFAULT].1.msgctl(msqid, cmd, buf) }
    }

    unsafe fn msgsnd(
        &self,
        msqid: c_int,
        msgp: *const c_void,
        msgsz: usize,
        msgflg: c_int,
    ) -> Result<Number, Errno> {
        // SAFETY: the caller's promise, handed on.
        unsafe { ENGINES[DEFAULT].1.msgsnd(msqid, msgp, msgsz, msgflg) }
    }

    unsafe fn msgrcv(
        &self,
        msqid: c_int,
        msgp: *mut c_void,
        msgsz: usize,
        msgtyp: c_long,
        msgflg: c_int,
    ) -> Result<Received, Errno> {
        // SAFETY: the caller's promise, handed on.
        unsafe { ENGINES[DEFAULT].1.msgrcv(msqid, msgp, msgsz, msgtyp, msgflg) }
    }
}
