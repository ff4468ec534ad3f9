//! A program that uses queues while their files are damaged.
#![allow(unsafe_code)]

use crate::engines::alarm;
use crate::engines::call::{Call, Function, Outcome, Words};
use crate::engines::comparison::Measure;
use crate::engines::perform::{Limits, Performer};
use crate::engines::script::{Choice, Script};
use crate::engines::sides::{Person, Side};
use libc::{c_int, c_long};
use msgq::engine::Engine;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};

/// As many victims can write a diary.
const MOST: usize = 8;

/// A call may take so many seconds.
const SECONDS: u32 = 2;

/// Not what the engine says: that may be damaged.
const LIMITS: Limits = Limits { msgmax: 8192, msgmnb: 16384 };

/// What calls may fail with: what is documented, and that the queues are damaged.
const DOCUMENTED: [c_int; 14] = [
    libc::E2BIG,
    libc::EACCES,
    libc::EAGAIN,
    libc::EEXIST,
    libc::EFAULT,
    libc::EIDRM,
    libc::EINVAL,
    libc::EIO,
    libc::ENOENT,
    libc::ENOMEM,
    libc::ENOMSG,
    libc::ENOSPC,
    libc::ENOSYS,
    libc::EPERM,
];

/// What each victim is doing, in memory that outlives him.
pub struct Diary(NonNull<Pages>);

struct Pages {
    over: AtomicU64,
    calls: [AtomicU64; MOST],
    successes: [AtomicU64; MOST],
    last: [[AtomicI64; size_of::<Words>() / size_of::<i64>()]; MOST],
}

impl Diary {
    pub fn new() -> Diary {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping overlaps nothing.
        let start = unsafe { libc::mmap(null_mut(), size_of::<Pages>(), protection, kind, -1, 0) };
        assert!(start != libc::MAP_FAILED, "no memory for a diary");
        Diary(NonNull::new(start.cast()).expect("an address"))
    }

    fn pages(&self) -> &Pages {
        // SAFETY: mapped as long as this lives; zeros are pages, and all of it is atomic.
        unsafe { self.0.as_ref() }
    }

    /// Tells the victims to end.
    pub fn finish(&self) {
        self.pages().over.store(1, SeqCst);
    }

    pub fn calls(&self) -> u64 {
        self.pages().calls.iter().map(|calls| calls.load(SeqCst)).sum()
    }

    pub fn successes(&self) -> u64 {
        self.pages().successes.iter().map(|calls| calls.load(SeqCst)).sum()
    }

    /// The call that a victim made last.
    pub fn last(&self, victim: usize) -> String {
        let last = self.pages().last[victim].each_ref().map(|word| word.load(SeqCst));
        format!("number {}, {}", self.pages().calls[victim].load(SeqCst), Call::from_words(&last))
    }
}

impl Drop for Diary {
    fn drop(&mut self) {
        // SAFETY: the whole mapping, of which no reference is left.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<Pages>()) };
    }
}

/// Makes random calls until told to end. The exit status.
pub fn live(engine: &'static dyn Engine, diary: &Diary, number: usize, seed: u64) -> c_int {
    let pages = diary.pages();
    alarm::in_seconds(SECONDS, "a process does not come back from its first call: victim ", 0);
    engine.prepare();
    let mut performer = Performer::with_room(engine, LIMITS.msgmax);
    let mut script = Script::new(seed, choice());
    // Victims meet at the same keys.
    let mut side = Side::new("", 0x5c00_0000, Vec::<Person>::new());
    while pages.over.load(SeqCst) == 0 {
        let step = script.next();
        let call = Call { target: side.resolve(step.target), ..step.call };
        for (place, word) in pages.last[number].iter().zip(call.words()) {
            place.store(word, SeqCst);
        }
        let calls = pages.calls[number].fetch_add(1, SeqCst) + 1;
        alarm::in_seconds(SECONDS, "a call does not come back: number ", calls);
        let outcome = performer.perform(&call);
        alarm::off();
        if let Err(sentence) = check(&call, &outcome) {
            eprintln!("{call}: {sentence}");
            return 1;
        }
        let Ok(answer) = outcome.answer else { continue };
        pages.successes[number].fetch_add(1, SeqCst);
        if call.function == Function::Get && side.queue(answer).is_none() {
            side.learn(answer as c_int);
            script.made(side.queue(answer).expect("a queue just learnt"));
        }
        if call.function == Function::Control && call.flags == libc::IPC_RMID {
            script.removed(side.queue(call.target.into()).unwrap_or(0));
        }
    }
    0
}

fn choice() -> Choice {
    Choice {
        limits: LIMITS,
        measure: Measure::AllQueues,
        actors: 1,
        setter: None,
        looks_at_any: true,
        owners: vec![0, crate::engines::identity::user()],
        copies: true,
    }
}

/// Whether the call gave an error that is documented, or a result that it can give.
fn check(call: &Call, outcome: &Outcome) -> Result<(), String> {
    match outcome.answer {
        Err(errno) if !DOCUMENTED.contains(&errno) => {
            Err(format!("error {errno}, which is not documented"))
        }
        Ok(length) if call.function == Function::Receive => {
            let whole = length as usize + size_of::<c_long>();
            if length as usize > call.msgsz || outcome.memory.len() > whole {
                return Err(format!("{length} bytes, and memory beyond them was written"));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
