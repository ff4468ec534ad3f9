//! A process is killed at every store that an operation makes, one after the other; each time
//! another looks at what it has left.

use crate::arena::Arena;
use crate::calls::Place;
use crate::check::{self, Check, Wrong};
use crate::clock;
use crate::kernel;
use crate::process::{Ending, Process};
use crate::real::Real;
use crate::shm::atomic::{Moment, end_at, live_on};
use crate::shm::attempt::End;
use crate::shm::cells;
use crate::shm::layout::high;
use crate::shm::runs::NODES;
use crate::stage::{CHECKER, Stage, VICTIM, note};
use std::fmt;
use std::sync::atomic::Ordering;

/// Makes what is there before an operation.
pub type Before<'a> = &'a dyn Fn(&mut Stage) -> Result<(), End>;
/// What a process does that is killed. Its stores count from when it calls the function that it is
/// given.
pub type Victim<'a> = &'a dyn Fn(&Stage, &Real, &dyn Fn()) -> Result<(), End>;
/// What happens once the process sleeps, or is dead.
pub type Meanwhile<'a> = &'a dyn Fn(&mut Stage) -> Result<(), Wrong>;
/// Looks at what is there: whether the operation is done, as far as others can tell.
pub type After<'a> = &'a dyn Fn(&mut Check<'_>) -> Result<bool, Wrong>;

/// An operation, what is there before it, and what has to be there after it.
pub struct Case<'a> {
    /// Its name.
    pub operation: &'a str,
    pub before: Before<'a>,
    pub victim: Victim<'a>,
    pub meanwhile: Option<Meanwhile<'a>>,
    pub after: After<'a>,
}

/// More stores than any operation makes.
const MOST_STORES: u64 = 2_000;
/// How often something may be late before it counts: the machine may have other things to do.
const TRIES: u32 = 3;

/// How it went with all moments so far.
#[derive(Default)]
struct Sum {
    deaths: u32,
    done: bool,
    first_call: u64,
    woken: u64,
}

impl fmt::Display for Sum {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first_call, woken) = (self.first_call / 1000, self.woken / 1000);
        write!(
            to,
            "{} deaths; the first calls afterwards took {first_call} us at most",
            self.deaths
        )?;
        write!(to, ", and who slept was back after {woken} us")
    }
}

/// How it went with one moment.
struct Seen {
    killed: bool,
    /// Whether the process asked the kernel for something since its last store.
    asked: bool,
    done: bool,
    first_call: u64,
    woken: u64,
}

/// What a process that is killed does: a call, from its first store on. It has cells at hand.
pub fn call(
    stage: &Stage,
    me: &Real,
    begin: &dyn Fn(),
    act: impl Fn(&mut Place<'_>) -> Result<(), End>,
) -> Result<(), End> {
    let mut place = me.place(&stage.arena.words)?;
    cells::provide(&mut place, 0, NODES + 1)?;
    begin();
    act(&mut place)
}

impl Case<'_> {
    /// Kills before every store, until the operation comes to its end; and right after a store
    /// where the kernel is asked for something before the next.
    pub fn at_every_store(&self) {
        let arena = Arena::map();
        let mut sum = Sum::default();
        for store in 1..MOST_STORES {
            let seen = self.seen_at(arena, Moment { store, made: false }, &mut sum);
            if seen.asked && store > 1 {
                self.seen_at(arena, Moment { store: store - 1, made: true }, &mut sum);
            }
            if !seen.killed {
                assert!(seen.done, "{} came to its end, and is not done", self.operation);
                assert!(sum.deaths > 3, "{} stores next to nothing", self.operation);
                return println!("{}: {sum}", self.operation);
            }
            assert!(
                seen.done || !sum.done,
                "killed before store {store} of {}: it is undone, and killed earlier it was done",
                self.operation
            );
            sum.done = seen.done;
        }
        panic!("{} makes more than {MOST_STORES} stores", self.operation);
    }

    fn seen_at(&self, arena: Arena, moment: Moment, sum: &mut Sum) -> Seen {
        let seen = self.tried(arena, moment).unwrap_or_else(|wrong| {
            panic!("killed {moment} of {}: {wrong}", self.operation);
        });
        sum.deaths += u32::from(seen.killed);
        sum.first_call = sum.first_call.max(seen.first_call);
        sum.woken = sum.woken.max(seen.woken);
        seen
    }

    fn tried(&self, arena: Arena, moment: Moment) -> Result<Seen, Wrong> {
        let mut tries = 1;
        loop {
            match self.once(arena, moment) {
                Err(Wrong::Late(_)) if tries < TRIES => tries += 1,
                seen => return seen,
            }
        }
    }

    fn once(&self, arena: Arena, moment: Moment) -> Result<Seen, Wrong> {
        let mut stage = Stage::new(arena)?;
        (self.before)(&mut stage)?;
        let mut victim = Process::run(|| self.be_killed(&stage, moment));
        stage.victim = victim.pid;
        if let Some(act) = self.meanwhile {
            let ready = || kernel::is_gone(victim.pid) || stage.is_asleep(victim.pid);
            clock::until(clock::HANGS, || ready().then_some(()));
            act(&mut stage)?;
        }
        let killed = match victim.wait() {
            Some(Ending::Killed(libc::SIGKILL)) => true,
            Some(Ending::Exited(0)) => false,
            None => return Err("it hangs before it is killed".to_string().into()),
            Some(other) => return Err(format!("{other:?}: {}", stage.arena.read()).into()),
        };
        let its = stage.slots()?.iter().filter(|slot| high(slot.owner.ids) == victim.pid).count();
        arena.note(VICTIM, note::FIRST).store(its as u64, Ordering::Relaxed);
        let mut checker = Process::run(|| check::run(&stage, self, killed));
        let note = |number| arena.note(CHECKER, number).load(Ordering::Relaxed);
        match checker.wait() {
            Some(Ending::Exited(check::LATE)) => Err(Wrong::Late(stage.arena.read())),
            Some(Ending::Exited(check::BROKEN)) => Err(Wrong::Broken(stage.arena.read())),
            Some(Ending::Exited(status @ (check::DONE | check::UNDONE))) => Ok(Seen {
                killed,
                asked: arena.note(VICTIM, note::ASKED).load(Ordering::Relaxed) > 0,
                done: status == check::DONE,
                first_call: note(note::FIRST),
                woken: note(note::SECOND),
            }),
            None => Err("whoever comes afterwards hangs".to_string().into()),
            Some(other) => Err(format!("whoever comes afterwards: {other:?}").into()),
        }
    }

    /// What the process does that is killed.
    fn be_killed(&self, stage: &Stage, moment: Moment) -> i32 {
        let me = Real::new();
        let note = |number| stage.arena.note(VICTIM, number);
        let begin = || end_at(moment, note(note::TIME), note(note::ASKED));
        let outcome = (self.victim)(stage, &me, &begin);
        live_on();
        match outcome {
            Ok(()) => 0,
            Err(end) => {
                stage.arena.write(&format!("the operation fails: {end:?}"));
                1
            }
        }
    }
}
