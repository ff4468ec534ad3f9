//! What was found: told once for each place, and counted.

use super::catalogue::{CHECKS, Misuse};
use super::places::{self, Number};
use super::store::{is_shared, store};
use super::text::{Line, Text};
use super::{is_fatal, say};
use crate::errno::Errno;
use crate::os;
use crate::trace::format::Kind;
use libc::IPC_PRIVATE;
use std::fmt::{self, Write};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

/// A misuse at a place.
#[repr(C)]
pub struct Finding {
    /// Which misuse, plus 1 | the place's number. 0: nothing was found yet.
    key: AtomicU64,
    /// 1 once what follows is there.
    ready: AtomicU32,
    call: AtomicU32,
    count: AtomicU64,
    /// The queue's id; for msgget the key.
    object: AtomicU32,
    process: AtomicU32,
    thread: AtomicU32,
    detail: Text<30>,
}

/// A call where something is found.
#[derive(Clone, Copy)]
pub struct Call {
    /// Which call.
    pub kind: Kind,
    /// The queue's id; for msgget the key.
    pub object: i32,
    /// Where it returns to.
    pub caller: usize,
}

/// Room for what is special about a finding.
pub type Detail = Line<240>;

impl Finding {
    /// Nothing was found yet.
    pub(super) const fn new() -> Finding {
        Finding {
            key: AtomicU64::new(0),
            ready: AtomicU32::new(0),
            call: AtomicU32::new(0),
            count: AtomicU64::new(0),
            object: AtomicU32::new(0),
            process: AtomicU32::new(0),
            thread: AtomicU32::new(0),
            detail: Text::new(),
        }
    }

    /// Whether it can be read.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Acquire) != 0
    }

    /// Which misuse it is: its number in the table.
    pub fn misuse(&self) -> usize {
        ((self.key.load(Relaxed) >> 32) as usize).wrapping_sub(1)
    }

    /// Where.
    pub fn place(&self) -> Number {
        self.key.load(Relaxed) as Number
    }

    /// How often.
    pub fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// Counts from the beginning: in a child, whose parent counts its own.
    pub fn forget_count(&self) {
        self.count.store(0, Relaxed);
    }

    fn who(&self) -> (u32, u32) {
        (self.process.load(Relaxed), self.thread.load(Relaxed))
    }

    /// Writes the call: its name, and the queue's id or the key.
    pub fn write_call(&self, into: &mut impl Write) -> fmt::Result {
        let (name, object) = (call_name(self.call.load(Relaxed)), self.object.load(Relaxed) as i32);
        match (name, object) {
            ("msgget", IPC_PRIVATE) => write!(into, "msgget(IPC_PRIVATE)"),
            ("msgget", key) => write!(into, "msgget({key:#x})"),
            (name, msqid) => write!(into, "{name}({msqid})"),
        }
    }

    /// Writes in which process, and in which thread where it is not the process's first.
    pub fn write_who(&self, into: &mut impl Write) -> fmt::Result {
        match self.who() {
            (process, thread) if process == thread => write!(into, "process {process}"),
            (process, thread) => write!(into, "process {process}, thread {thread}"),
        }
    }

    /// What is special about it, up to eight bytes at a time.
    pub fn detail(&self, part: impl FnMut(&[u8])) {
        self.detail.read(part);
    }
}

/// The call's name.
fn call_name(kind: u32) -> &'static str {
    let is = |known: Kind| known as u32 == kind;
    match kind {
        _ if is(Kind::Get) => "msgget",
        _ if is(Kind::Control) => "msgctl",
        _ if is(Kind::Send) => "msgsnd",
        _ => "msgrcv",
    }
}

/// Tells of a misuse, or counts it where it was told of before. `errno` stays as it is.
#[cold]
#[inline(never)]
pub fn report(misuse: Misuse, call: Call, detail: &dyn Fn(&mut Detail)) {
    let who = (os::process_id(), os::thread_id());
    report_of(misuse, call, who, places::of(call.caller), detail);
}

/// The same for a call that a process and a thread made at a place before.
#[inline(never)]
pub fn report_of(
    misuse: Misuse,
    call: Call,
    who: (u32, u32),
    place: Number,
    detail: &dyn Fn(&mut Detail),
) {
    let errno = Errno::current();
    let key = (misuse as u64 + 1) << 32 | u64::from(place);
    match enter(key) {
        Entry::Known(finding) => {
            finding.count.fetch_add(1, Relaxed);
        }
        Entry::New(finding) => tell(finding, misuse, call, who, detail),
        Entry::NoRoom => {
            store().untold.fetch_add(1, Relaxed);
        }
    }
    errno.set();
}

enum Entry {
    New(&'static Finding),
    Known(&'static Finding),
    NoRoom,
}

fn enter(key: u64) -> Entry {
    for finding in &store().findings {
        match finding.key.compare_exchange(0, key, AcqRel, Acquire) {
            Ok(_) => return Entry::New(finding),
            Err(seen) if seen == key => return Entry::Known(finding),
            Err(_) => (),
        }
    }
    Entry::NoRoom
}

fn tell(
    finding: &Finding,
    misuse: Misuse,
    call: Call,
    (process, thread): (u32, u32),
    detail: &dyn Fn(&mut Detail),
) {
    let mut text = Detail::new();
    detail(&mut text);
    finding.detail.set(text.as_bytes());
    finding.call.store(call.kind as u32, Relaxed);
    finding.object.store(call.object as u32, Relaxed);
    finding.process.store(process, Relaxed);
    finding.thread.store(thread, Relaxed);
    finding.count.fetch_add(1, Relaxed);
    finding.ready.store(1, Release);
    if !is_shared() {
        say(line(finding, misuse).as_bytes());
    }
    if is_fatal() {
        os::abort();
    }
}

/// A finding as one line.
fn line(finding: &Finding, misuse: Misuse) -> Line<1000> {
    let check = misuse.check();
    let mut line = Line::new();
    line.push(b"msgq: ");
    let _ = finding.write_call(&mut line);
    line.push(b": ");
    finding.detail(|part| line.push(part));
    let _ = write!(line, " [{}], at ", check.name);
    places::write(finding.place(), &mut line);
    line.push(b", ");
    let _ = finding.write_who(&mut line);
    let _ = write!(line, ": {}. To mend it: {}", check.why, check.mend);
    line
}

/// How often each finding of this process's own came, where that was more than once.
pub fn say_counts() {
    for finding in &store().findings {
        if !finding.is_ready() || finding.count() < 2 {
            continue;
        }
        let Some(check) = CHECKS.get(finding.misuse()) else { continue };
        let mut line = Line::<400>::new();
        let _ = write!(line, "msgq: {} times: [{}], at ", finding.count(), check.name);
        places::write(finding.place(), &mut line);
        say(line.as_bytes());
    }
}
