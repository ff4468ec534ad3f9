//! msgrcv: a message comes from the queue, or from whoever sends it while the call waits.

use super::atomic::Ordering;
use super::attempt::{Attempt, End, Step, attempt, conclude, expect};
use super::cells::{self, Message};
use super::commit::Member;
use super::layout::{high, pair, queue, slot};
use super::memory::{Fault, Memory, Queue};
use super::permission::Permissions;
use super::room::wake_senders;
use super::runs::{self, Choice};
use super::thread::{READ, Thread};
use super::waiters::{self, next, state, state_of};
use super::{handed, sleep};
use libc::{E2BIG, EACCES, EIDRM, EINTR, EINVAL, ENOMSG};

/// Before the first look whether there is a message: not many, since somebody waits for the answer.
const PAUSES: u32 = 8;

/// What a receiver asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Which message.
    pub choice: Choice,
    /// How many bytes there is room for.
    pub room: usize,
    /// Whether a message that is too long is cut.
    pub cut: bool,
    /// Whether the call waits.
    pub wait: bool,
}

/// What a try to receive came to.
enum Received {
    Taken { message: Message, wake: bool },
    Nothing { unsettled: bool },
}

/// Takes a message off the queue at `at`. The caller copies it, and trims its cells then. As in
/// sending, the first try stands in no loop.
#[inline(always)]
pub fn receive<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    request: Request,
) -> Result<Message, End> {
    // Before the call has waited, a queue that is not there was never there.
    match once(member, at, id, request, EINVAL)? {
        Some(Received::Taken { message, wake: false }) => Ok(message),
        Some(Received::Taken { message, wake: true }) => {
            member.aside(|member| wake_senders(member, at))?;
            Ok(message)
        }
        Some(Received::Nothing { unsettled }) => {
            member.aside(|member| go_on(member, at, id, request, Some(unsettled)))
        }
        None => member.aside(|member| go_on(member, at, id, request, None)),
    }
}

/// Takes one after a try that found nothing, and whether anything is unsettled, or of which nothing
/// came since somebody else was faster.
#[cold]
fn go_on<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    request: Request,
    mut nothing: Option<bool>,
) -> Result<Message, End> {
    let mut missing = EINVAL;
    let mut patience = sleep::Patience::new();
    loop {
        match nothing {
            None => {}
            Some(unsettled) if unsettled && handed::settle(member, at, 0)? => {}
            Some(_) if !request.wait => return Err(End::errno(ENOMSG)),
            Some(_) => match wait(member, at, id, request, &mut patience)? {
                Come::Message(message) => return Ok(message),
                Come::Look(error) => missing = error,
            },
        }
        nothing = match once(member, at, id, request, missing)? {
            Some(Received::Taken { message, wake }) => {
                if wake {
                    wake_senders(member, at)?;
                }
                return Ok(message);
            }
            Some(Received::Nothing { unsettled }) => Some(unsettled),
            None => None,
        };
    }
}

/// Tries to take one. A queue that is not there is this error.
#[inline(always)]
fn once<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    request: Request,
    missing: i32,
) -> Result<Option<Received>, End> {
    let seen = member.begin(at)?;
    let memory = member.memory;
    let tried = match expect(&memory, at, seen, id, missing) {
        Ok(queue) => try_to_receive(member, queue, request),
        Err(end) => Err(end),
    };
    conclude(member, at, seen, tried)
}

#[inline(always)]
fn try_to_receive<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    queue: Queue<'_>,
    request: Request,
) -> Attempt<Received> {
    if !member.system.may(&Permissions::of(queue), READ) {
        return Err(End::errno(EACCES));
    }
    let counts = queue.load(queue::COUNTS);
    let found = match high(counts) {
        0 => None,
        _ => runs::find(member, queue, request.choice)?,
    };
    let Some(head) = found else {
        let unsettled = queue.load(queue::HANDED) != queue.load(queue::SETTLED);
        return Ok(Step::Answer(Received::Nothing { unsettled }));
    };
    let message = head.message;
    if message.size as usize > request.room && !request.cut {
        return Err(End::errno(E2BIG));
    }
    runs::remove(member, queue, head, high(counts))?;
    cells::put_back(member, message.class()?, message.unit)?;
    member.set_at(queue.spot(queue::COUNTS), counts.wrapping_sub(pair(1, message.size)))?;
    let stamp = pair(member.system.process(), member.system.seconds());
    member.set_at(queue.spot(queue::RECEIVED), stamp)?;
    let wake = queue.load(queue::SENDERS) != 0;
    if wake {
        member.aside(|member| waiters::guard_first(member, waiters::list(queue.start(), false)))?;
    }
    Ok(Step::Change(Received::Taken { message, wake }))
}

/// The message at a position, counted from 0, as MSG_COPY asks for it. It stays where it is, and
/// `copy` may find that it was not whole. Nothing where messages came back to the queue, which may have
/// used up the cells at hand: then the caller is to provide some, and look again.
pub fn peek<'a, M: Memory, T: Thread>(
    member: &mut Member<'a, M, T>,
    at: usize,
    id: u32,
    position: i64,
    mut copy: impl FnMut(&mut Member<'a, M, T>, Message) -> Result<(), End>,
) -> Result<Option<Message>, End> {
    let found = attempt(member, at, |member, seen| {
        let memory = member.memory;
        let queue = expect(&memory, at, seen, id, EINVAL)?;
        if !member.system.may(&Permissions::of(queue), READ) {
            return Err(End::errno(EACCES));
        }
        let messages = u64::from(high(queue.load(queue::COUNTS)));
        let found = match u64::try_from(position) {
            Ok(position) => runs::nth(member, at, position, messages)?,
            Err(_) => None,
        };
        if let Some(message) = found {
            copy(member, message)?;
        }
        Ok(Step::Answer(found))
    })?;
    match found {
        Some(message) => Ok(Some(message)),
        None if handed::settle(member, at, 0)? => Ok(None),
        None => Err(End::errno(ENOMSG)),
    }
}

/// What came of waiting.
enum Come {
    /// A message.
    Message(Message),
    /// The queue is to be looked at again. A missing one means this error from now on.
    Look(i32),
}

#[cold]
fn wait<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    id: u32,
    request: Request,
    patience: &mut sleep::Patience,
) -> Result<Come, End> {
    let messages = at + queue::COUNTS;
    let before = member.memory.load(messages)?;
    let memory = member.memory;
    if patience.look(member.system, PAUSES, || Ok(memory.load(messages)? != before))? {
        return Ok(Come::Look(EIDRM));
    }
    let most = if request.cut { i32::MAX as usize } else { request.room.min(i32::MAX as usize) };
    waiters::describe_receiver(member, at, request.choice, most as u32)?;
    let list = waiters::list(at, true);
    let joined = attempt(member, at, |member, seen| {
        let memory = member.memory;
        let queue = expect(&memory, at, seen, id, EIDRM)?;
        let counts = queue.load(queue::COUNTS);
        if high(counts) != 0 && runs::find(member, queue, request.choice)?.is_some() {
            return Ok(Step::Answer(false));
        }
        if !member.system.may(&Permissions::of(queue), READ) {
            return Err(End::errno(EACCES));
        }
        waiters::join(member, id, list)?;
        Ok(Step::Change(true))
    })?;
    if !joined {
        return Ok(Come::Look(EIDRM));
    }
    let mut interrupted = false;
    loop {
        interrupted |= sleep::until_changed(member, patience)? == sleep::Ended::Interrupted;
        let wait = waiters::wait_word(member, member.at)?;
        match state_of(wait) {
            state::PENDING | state::HANDED => {
                if let Some(message) = fetch(member, at, wait)? {
                    return Ok(Come::Message(message));
                }
            }
            state::WITHDRAWN => handed::put_back(member, at, member.at)?,
            state::TOO_BIG => {
                done(member, at)?;
                return Err(End::errno(E2BIG));
            }
            _ if !interrupted && !sleep::is_there(member.memory, at, id)? => {
                // A message may have come before the queue went.
                let wait = waiters::wait_word(member, member.at)?;
                if !matches!(state_of(wait), state::PENDING | state::HANDED) {
                    return Err(End::errno(sleep::removed(member, at)?));
                }
            }
            state::WAITING => {
                if interrupted {
                    if sleep::withdraw(member, at, id, list)? {
                        return Err(End::errno(EINTR));
                    }
                } else if something_to_do(member, at, request, patience)?
                    && sleep::withdraw(member, at, id, list)?
                {
                    return Ok(Come::Look(EIDRM));
                }
            }
            told => {
                done(member, at)?;
                return match told {
                    _ if interrupted => Err(End::errno(EINTR)),
                    state::MISSED => Ok(Come::Look(EINVAL)),
                    _ => Ok(Come::Look(EIDRM)),
                };
            }
        }
    }
}

/// Whether a waiter that nobody told anything has to look at the queue itself: somebody may have
/// died who would have told it.
fn something_to_do<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    request: Request,
    patience: &mut sleep::Patience,
) -> Result<bool, End> {
    let (found, unsettled, senders) = attempt(member, at, |member, _| {
        let queue = member.memory.block(at)?;
        let found = high(queue.load(queue::COUNTS)) != 0
            && runs::find(member, queue, request.choice)?.is_some();
        let excluded = !member.system.may(&Permissions::of(queue), READ);
        let unsettled = queue.load(queue::HANDED) != queue.load(queue::SETTLED);
        let senders = queue.load(queue::SENDERS) != 0;
        Ok(Step::Answer((found || excluded, unsettled, senders)))
    })?;
    if senders {
        wake_senders(member, at)?;
    }
    if unsettled {
        let settled = handed::settle(member, at, patience.watched)?;
        let handed = member.memory.load(at + queue::HANDED)?;
        if handed != member.memory.load(at + queue::SETTLED)? {
            patience.keep_watching();
        }
        return Ok(found || settled);
    }
    Ok(found)
}

/// Fetches the message that was handed to this thread; nothing where it was taken back.
fn fetch<M: Memory, T: Thread>(
    member: &mut Member<'_, M, T>,
    at: usize,
    wait: u64,
) -> Result<Option<Message>, Fault> {
    if state_of(wait) == state::PENDING {
        member.begin(at)?;
    }
    let word = member.memory.word(member.at + slot::WAIT)?;
    let unit = high(wait);
    // The unit stays there until the cell is at hand, so that it is found if this thread dies.
    let fetched = next(wait, state::IDLE, unit);
    if word.compare_exchange(wait, fetched, Ordering::AcqRel, Ordering::Acquire).is_err() {
        return Ok(None);
    }
    let message = Message::in_cell(member.memory, unit)?;
    cells::keep(member, message.class()?, unit)?;
    member.memory.store(member.at + slot::WAIT, next(fetched, state::IDLE, 0))?;
    Ok(Some(message))
}

/// The thread has seen what its wait word says.
fn done<M: Memory, T: Thread>(member: &mut Member<'_, M, T>, at: usize) -> Result<(), Fault> {
    // The change that it says may be stored again until the lock is free.
    member.begin(at)?;
    let wait = member.memory.load(member.at + slot::WAIT)?;
    member.memory.store(member.at + slot::WAIT, next(wait, state::IDLE, 0))
}
