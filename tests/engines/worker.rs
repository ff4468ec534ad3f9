//! A process that makes calls as it is told, over pipes, and may be asleep in one meanwhile.
#![allow(unsafe_code)]

use super::call::{Call, Outcome, Words};
use super::perform::Performer;
use super::process::{Process, describe, end_with_parent, is_asleep_in_call, myself, state};
use super::sides::Person;
use libc::c_int;
use msgq::engine::Engine;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::time::{Duration, Instant};

/// A worker, seen by its director.
pub struct Worker {
    person: Person,
    calls: File,
    outcomes: File,
    /// The call that it has not reported of.
    pub busy: Option<Call>,
    process: Process,
}

impl Worker {
    /// Starts a worker that makes calls of these engines, in a second thread if `threaded`, after it
    /// has done what it is to begin with. Only in a process of one thread.
    pub fn start(
        engines: &[&'static dyn Engine],
        threaded: bool,
        first: impl FnOnce() -> Result<(), String>,
    ) -> Worker {
        let engines = engines.to_vec();
        let (theirs_in, calls) = pipe();
        let (outcomes, theirs_out) = pipe();
        let process = Process::fork(move || {
            if let Err(sentence) = first() {
                eprintln!("{sentence}");
                return 1;
            }
            end_with_parent();
            count_signals();
            let work = move || work(&engines, theirs_in, theirs_out);
            match threaded {
                true => std::thread::spawn(work).join().is_err().into(),
                false => {
                    work();
                    0
                }
            }
        });
        let nobody = Person { pid: 0, tid: 0 };
        let mut worker = Worker { person: nobody, calls, outcomes, busy: None, process };
        // Its first report is who it is.
        let tid = worker.read().map_or(0, |outcome| outcome.answer.unwrap_or(0));
        assert_ne!(tid, 0, "a worker did not start");
        worker.person = Person { pid: worker.process.pid(), tid: tid as i32 };
        worker
    }

    /// Which process, and which thread of it makes the calls.
    pub fn person(&self) -> Person {
        self.person
    }

    /// Has the worker make a call of one of its engines, by number.
    pub fn begin(&mut self, engine: usize, call: &Call) {
        assert!(self.busy.is_none(), "one call at a time");
        let mut bytes = (engine as i64).to_ne_bytes().to_vec();
        bytes.extend(call.words().iter().flat_map(|word| word.to_ne_bytes()));
        self.calls.write_all(&bytes).expect("the worker listens");
        self.busy = Some(*call);
    }

    /// What came of the call, if it has come back.
    pub fn report(&mut self) -> Option<Outcome> {
        let mut descriptor =
            libc::pollfd { fd: self.outcomes.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor, as said.
        if unsafe { libc::poll(&raw mut descriptor, 1, 0) } != 1 {
            return None;
        }
        self.busy = None;
        Some(self.read().unwrap_or_else(|| panic!("a worker died: {:?}", self.process.ended())))
    }

    /// Makes a call that comes back soon.
    pub fn make(&mut self, engine: usize, call: &Call) -> Result<Outcome, String> {
        self.begin(engine, call);
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(outcome) = self.report() {
                return Ok(outcome);
            }
            if Instant::now() > deadline {
                return Err(format!("{call} has not come back; {}", describe(self.person)));
            }
        }
    }

    /// Whether it sleeps in its call.
    pub fn is_asleep(&self) -> bool {
        is_asleep_in_call(self.person)
    }

    /// Whether it is stopped.
    pub fn is_stopped(&self) -> bool {
        state(self.person) == 'T'
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: c_int) {
        self.process.signal(signal);
    }

    fn read(&mut self) -> Option<Outcome> {
        let [is_value, value, length] = read_words(&mut self.outcomes)?;
        let mut memory = vec![0; length as usize];
        self.outcomes.read_exact(&mut memory).ok()?;
        Some(Outcome {
            answer: if is_value == 1 { Ok(value) } else { Err(value as c_int) },
            memory,
        })
    }
}

/// The worker's life: makes one call after another until its director is gone.
fn work(engines: &[&'static dyn Engine], mut calls: File, mut outcomes: File) {
    let mut performers: Vec<Performer> = engines.iter().copied().map(Performer::new).collect();
    tell(&mut outcomes, &Outcome { answer: Ok(myself().tid.into()), memory: Vec::new() });
    while let Some([engine]) = read_words(&mut calls) {
        let Some(words) = read_words::<{ size_of::<Words>() / 8 }>(&mut calls) else { return };
        let outcome = performers[engine as usize].perform(&Call::from_words(&words));
        tell(&mut outcomes, &outcome);
    }
}

fn tell(outcomes: &mut File, outcome: &Outcome) {
    let (is_value, value) = match outcome.answer {
        Ok(value) => (1, value),
        Err(errno) => (0, errno.into()),
    };
    let words: [i64; 3] = [is_value, value, outcome.memory.len() as i64];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.extend(&outcome.memory);
    // The director may be gone.
    let _ = outcomes.write_all(&bytes);
}

fn read_words<const COUNT: usize>(from: &mut File) -> Option<[i64; COUNT]> {
    let mut bytes = vec![0; COUNT * size_of::<i64>()];
    from.read_exact(&mut bytes).ok()?;
    let mut words = [0; COUNT];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(size_of::<i64>())) {
        *word = i64::from_ne_bytes(bytes.try_into().expect("as many bytes as a word has"));
    }
    Some(words)
}

/// Has SIGUSR1 interrupt calls, and nothing more. Other calls than ours go on after it.
fn count_signals() {
    extern "C" fn handler(_: c_int) {}
    // SAFETY: the structure is made of numbers; the handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
    }
}

/// A pipe: where it is read, and where it is written.
fn pipe() -> (File, File) {
    let mut ends = [0; 2];
    // SAFETY: the kernel writes two descriptors, which are nobody else's.
    unsafe {
        assert_eq!(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC), 0, "a pipe");
        (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1]))
    }
}
