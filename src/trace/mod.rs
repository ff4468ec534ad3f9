//! Tracing: a record of every call, written while the call is made.
//!
//! What happens on the way of a call is here: [`enter`] before the engine is asked, [`leave`] when
//! it has answered. Between the two nothing is held, so a call that never returns (the thread is
//! cancelled, the process killed) costs nobody anything but its own record's end.

pub mod call;
pub mod capture;
pub mod clock;
pub mod format;
mod hot;
mod identity;
pub mod join;
pub mod mapping;
pub mod record;
pub mod recording;

use crate::errno::Errno;
use crate::os;
use call::{Answer, Call, Injected};
use format::{FIRST_BYTES_WORD, Kind, MORE_BYTES_WORD, Progress, Slot, Tag};
use hot::{Hot, HotMemory, LASTING};
use record::Event;
use recording::{Memory, Recording};
use std::ffi::CStr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicI32};

/// The recording that this process writes to.
static RECORDING: Recording<HotMemory> = Recording::new(HotMemory);

/// Whether calls are recorded.
static ON: AtomicBool = AtomicBool::new(false);

/// A call's record, from when the call begins until it returns. Nothing where it is not recorded.
#[derive(Clone, Copy)]
pub struct Span {
    slots: Option<&'static [Slot]>,
    /// Who began it. A signal handler may fork during a call, which then returns in both processes;
    /// the record is the parent's.
    process: u32,
}

impl Span {
    const NONE: Span = Span { slots: None, process: 0 };
}

/// Begins to record in the file at `path`. Where that cannot be, one line says why, and the
/// program runs as it would without. Whether it records now.
pub(crate) fn join(path: &CStr) -> bool {
    match join::open(path, &LASTING.mapping) {
        Ok(first) => begin(first),
        Err(refusal) => complain(path, &refusal),
    }
    LASTING.mapping.first_piece().is_some()
}

/// Begins to record. What is to be done once is done by the first thread that comes.
fn begin(first: bool) {
    let Some(header) = LASTING.mapping.header() else { return };
    LASTING.clock.store(header.clock.load(Relaxed) as u8, Relaxed);
    let kept = header.kept.load(Relaxed).min(u64::from(format::MOST_KEPT));
    LASTING.kept.store(kept as u32, Relaxed);
    if !first {
        ON.store(true, Release);
        return;
    }
    os::in_every_child(record_fork);
    keep_faults_quiet();
    ON.store(true, Release);
    guarded(|| record_process(Kind::Program, &os::program_name()));
}

fn complain(path: &CStr, refusal: &join::Refusal) {
    let mut reason = [0; 128];
    let reason = match refusal {
        join::Refusal::File(error) => os::description(*error, &mut reason),
        _ => b"nothing is recorded",
    };
    let sentence = refusal.sentence().as_bytes();
    os::complain(&[b"msgq: MSGQ_TRACE=", path.to_bytes(), b": ", sentence, b": ", reason]);
}

/// Writes down that a call begins.
#[inline(always)]
pub(crate) fn enter(call: impl Call) -> Span {
    if !ON.load(Relaxed) {
        return Span::NONE;
    }
    guarded(|| record_entry(call)).unwrap_or(Span::NONE)
}

/// Writes down what came of the call.
///
/// # Safety
/// `answer` is the engine's to `call`, just now; or `injected` says that it is not.
#[inline(always)]
#[allow(unsafe_code)]
pub(crate) unsafe fn leave(span: Span, call: impl Call, answer: Answer, injected: Injected) {
    if let Some(slots) = span.slots {
        // SAFETY: the caller's promise.
        guarded(|| unsafe { record_return(slots, span.process, call, answer, injected) });
    }
}

#[inline(always)]
fn record_entry(call: impl Call) -> Option<Span> {
    #[cfg(test)]
    tests::fault_if_asked();
    let hot = Hot::get();
    let who = identity::of_thread(hot.process());
    let slots = RECORDING.claim(format::slots_for(call.most_bytes(hot.kept())))?;
    let ticks = hot.clock().now();
    let words = record::beginning(who.process, who.thread, ticks, call.arguments());
    write(slots, &words, Tag::of(call.kind(), Progress::Entered, slots.len()));
    Some(Span { slots: Some(slots), process: who.process })
}

/// Writes a record's words, then its tag.
#[inline(always)]
fn write(slots: &[Slot], words: &[u64; 8], tag: Tag) -> Option<()> {
    let (first, more) = slots.split_first()?;
    for (place, word) in first[1..].iter().zip(words) {
        place.store(*word, Relaxed);
    }
    for slot in more {
        slot[0].store(Tag::of(Kind::More, Progress::Returned, 1).word(), Relaxed);
    }
    first[0].store(tag.word(), Release);
    Some(())
}

/// # Safety
/// As [`leave`].
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn record_return(
    slots: &[Slot],
    process: u32,
    call: impl Call,
    answer: Answer,
    injected: Injected,
) -> Option<()> {
    let outcome = answer.outcome;
    let hot = Hot::get();
    if hot.process() != process {
        return None;
    }
    let ticks = hot.clock().now();
    let mut readable = call.proves(outcome).at_most(call.most_bytes(hot.kept()));
    if injected.answer {
        readable = readable.proven_by_kernel();
    }
    // SAFETY: the engine or the kernel answered just now, and the caller has not got its memory back.
    let (mtype, bytes) = unsafe { (readable.read_mtype(), readable.copy(slots)) };
    let first = slots.first()?;
    for (place, word) in record::ending(ticks, answer, mtype, bytes, injected) {
        first.get(place)?.store(word, Relaxed);
    }
    let errno = outcome.map_or_else(|error| error.0, |_| 0);
    let tag = Tag { errno, ..Tag::of(call.kind(), Progress::Returned, slots.len()) };
    first[0].store(tag.word(), Release);
    Some(())
}

/// Records that this process begins a program, or was forked.
fn record_process(kind: Kind, name: &[u8; 16]) -> Option<()> {
    let hot = Hot::get();
    let who = identity::of_thread(hot.process());
    let length = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let event = Event {
        kind,
        process: who.process,
        thread: who.thread,
        ticks: hot.clock().now(),
        object: 0,
        namespace: os::process_namespace(),
        bytes: name.get(..length)?,
    };
    record_event(&RECORDING, &event)
}

/// Records something that is no call.
pub fn record_event<M: Memory>(recording: &Recording<M>, event: &Event) -> Option<()> {
    let slots = recording.claim(format::slots_for(event.bytes.len()))?;
    let (first, more) = slots.split_first()?;
    let words = first.get(FIRST_BYTES_WORD..)?.iter();
    let words = words.chain(more.iter().flat_map(|slot| &slot[MORE_BYTES_WORD..]));
    for (place, bytes) in words.zip(event.bytes.chunks(8)) {
        let mut word = [0; 8];
        word.get_mut(..bytes.len())?.copy_from_slice(bytes);
        place.store(u64::from_ne_bytes(word), Relaxed);
    }
    let (place, word) = record::event_bytes(event.bytes.len());
    first.get(place)?.store(word, Relaxed);
    write(slots, &event.words(), Tag::of(event.kind, Progress::Returned, slots.len()))
}

/// Notes the limits of the engine in the recording, unless somebody has, or a command keeps it and knows
/// them: msgmax, msgmnb and msgmni.
pub(crate) fn note_limits(ask: impl FnOnce() -> [Option<u64>; 3]) {
    if let Some(header) = LASTING.mapping.header()
        && header.keeping.load(Relaxed) == 0
        && header.limits.iter().all(|limit| limit.load(Relaxed) == 0)
    {
        header.set_limits(ask());
    }
}

extern "C" fn record_fork() {
    Hot::forget();
    if ON.load(Relaxed) {
        guarded(|| record_process(Kind::Fork, &os::program_name()));
    }
}

/// Runs a step of the recording. A fault in it ends the recording in this process, and nothing
/// else: neither the call nor `errno` feels it.
#[inline(always)]
fn guarded<T>(step: impl FnOnce() -> Option<T>) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|fault| {
        ON.store(false, Relaxed);
        // Its destructor could fault again.
        std::mem::forget(fault);
        Errno(ERRNO_BEFORE_FAULT.load(Relaxed)).set();
        if let Some(header) = LASTING.mapping.header() {
            header.faults.word.fetch_add(1, Relaxed);
        }
        None
    })
}

/// What `errno` was when the last fault began. (The steps themselves leave it alone.)
static ERRNO_BEFORE_FAULT: AtomicI32 = AtomicI32::new(0);

/// A fault of this module's is told in the recording, not on the program's standard error; one of the
/// checks', nowhere.
pub(crate) fn keep_faults_quiet() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |fault| {
        let errno = Errno::current();
        match fault.location() {
            Some(location) if is_ours(location.file()) => {
                ERRNO_BEFORE_FAULT.store(errno.0, Relaxed);
            }
            _ => before(fault),
        }
    }));
}

/// Whether the recording's steps, or those of the checks, are in this source file.
fn is_ours(file: &str) -> bool {
    file.contains("src/trace/") || file.contains("src/check/") || file.contains("src/os/")
}

#[cfg(test)]
#[path = "fault_tests.rs"]
mod tests;
