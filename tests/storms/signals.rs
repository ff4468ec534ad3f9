//! A storm of signals on threads that send and receive, whose handler makes calls on the same queue.
#![allow(unsafe_code)]

use crate::board::{Board, Shared, fate};
use crate::engines::process::{myself, signal_thread, step_back};
use crate::engines::sides::Person;
use libc::{IPC_NOWAIT, c_int, c_long, msqid_ds};
use msgq::engine::Engine;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Fewer signals are no storm.
const ENOUGH: u64 = 300;

/// They come within this time, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the handler needs to know.
struct Scene {
    engine: &'static dyn Engine,
    key: c_int,
    msqid: c_int,
    board: Shared,
}

// SAFETY: the board is made of atomics, and stays.
unsafe impl Sync for Scene {}
// SAFETY: as above.
unsafe impl Send for Scene {}

static SCENE: OnceLock<Scene> = OnceLock::new();

/// Signals that were handled.
static HANDLED: AtomicU64 = AtomicU64::new(0);

/// The first error number that no call may give here; 0 while there was none.
static STRANGE: AtomicI32 = AtomicI32::new(0);

/// A message that is its number.
#[repr(C)]
#[derive(Default)]
struct Message {
    mtype: c_long,
    number: u64,
    complement: u64,
}

const TEXT: usize = 16;

impl Scene {
    fn send(&self, msgflg: c_int) {
        let number = self.board.next.fetch_add(1, SeqCst);
        let message = Message { mtype: 1, number, complement: !number };
        let msgp = (&raw const message).cast();
        // SAFETY: the message has as many bytes of text.
        let answer = unsafe { self.engine.msgsnd(self.msqid, msgp, TEXT, msgflg) };
        let fate = if answer.is_ok() { fate::SENT } else { fate::GIVEN_UP };
        self.board.fate[number as usize].store(fate, SeqCst);
        expect(answer.err().map(|error| error.0), &[libc::EAGAIN, libc::EINTR]);
    }

    fn receive(&self, msgflg: c_int) -> bool {
        let mut message = Message::default();
        let msgp = (&raw mut message).cast();
        // SAFETY: the message has room for as many bytes of text.
        let answer = unsafe { self.engine.msgrcv(self.msqid, msgp, TEXT, 0, msgflg) };
        expect(answer.err().map(|error| error.0), &[libc::ENOMSG, libc::EINTR]);
        if answer.is_err() {
            return false;
        }
        let is_sound = message.complement == !message.number
            && message.number < self.board.next.load(SeqCst)
            && answer.is_ok_and(|received| received.bytes == TEXT);
        match is_sound {
            true => self.board.receive(message.number),
            false => expect(Some(libc::EBADMSG), &[]),
        }
        true
    }

    fn look(&self) {
        let mut data = MaybeUninit::<msqid_ds>::zeroed();
        // SAFETY: room for what IPC_STAT fills.
        let answer = unsafe { self.engine.msgctl(self.msqid, libc::IPC_STAT, data.as_mut_ptr()) };
        expect(answer.err().map(|error| error.0), &[]);
        let found = self.engine.msgget(self.key, 0);
        let error = if found == Ok(self.msqid) { None } else { Some(libc::EBADMSG) };
        expect(error, &[]);
    }
}

/// Takes note of an error that is none of those allowed.
fn expect(error: Option<c_int>, allowed: &[c_int]) {
    if let Some(errno) = error.filter(|errno| !allowed.contains(errno)) {
        let _ = STRANGE.compare_exchange(0, errno, SeqCst, SeqCst);
    }
}

extern "C" fn handler(_: c_int) {
    // SAFETY: the calling thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { *errno };
    if let Some(scene) = SCENE.get() {
        match HANDLED.fetch_add(1, SeqCst) % 4 {
            0 => scene.send(IPC_NOWAIT),
            1 | 2 => drop(scene.receive(IPC_NOWAIT)),
            _ => scene.look(),
        }
    }
    // SAFETY: as above.
    unsafe { *errno = before };
}

/// Lets it storm on two threads, and says what was sent and handled.
pub fn storm(engine: &'static dyn Engine, key: c_int, time: Duration) -> Result<String, String> {
    let flags = libc::IPC_CREAT | libc::IPC_EXCL | 0o600;
    let made = engine.msgget(key, flags);
    let msqid = made.map_err(|error| format!("msgget failed with error {}", error.0))?;
    let scene = SCENE.get_or_init(|| Scene { engine, key, msqid, board: Shared::new() });
    install();
    let (tell, told) = std::sync::mpsc::channel::<Person>();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let tell = tell.clone();
            std::thread::spawn(move || {
                step_back();
                let _ = tell.send(myself());
                work(scene, time);
            })
        })
        .collect();
    let people: Vec<Person> = told.iter().take(threads.len()).collect();
    while threads.iter().any(|thread| !thread.is_finished()) {
        for person in &people {
            signal_thread(*person, libc::SIGUSR1);
        }
    }
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")?;
    }
    while scene.receive(IPC_NOWAIT) {}
    // SAFETY: IPC_RMID takes no structure.
    let _ = unsafe { engine.msgctl(msqid, libc::IPC_RMID, std::ptr::null_mut()) };
    judge(&scene.board)
}

fn judge(board: &Board) -> Result<String, String> {
    match STRANGE.load(SeqCst) {
        0 => {}
        errno => return Err(format!("a call gave error {errno}, which none may give here")),
    }
    let handled = HANDLED.load(SeqCst);
    let said = board.audit(0, &[], 0)?;
    match handled {
        0..ENOUGH => Err(format!("only {handled} signals were handled in {PATIENCE:?}")),
        _ => Ok(format!("{said}; {handled} signals handled")),
    }
}

/// One thread's work, until there was enough of a storm. Calls may wait: the next signal interrupts
/// them.
fn work(scene: &Scene, time: Duration) {
    let begin = Instant::now();
    let is_enough = || {
        let gone = begin.elapsed();
        gone > PATIENCE || gone > time && HANDLED.load(SeqCst) >= ENOUGH
    };
    let mut number = 0u64;
    while !is_enough() && !scene.board.is_over() {
        number += 1;
        let msgflg = if number.is_multiple_of(3) { IPC_NOWAIT } else { 0 };
        match number % 7 {
            0 => scene.look(),
            1 | 3 | 5 => scene.send(msgflg),
            _ => drop(scene.receive(msgflg)),
        }
    }
}

fn install() {
    // SAFETY: the structure is made of numbers; the handler makes calls that are safe in one.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
    }
}
