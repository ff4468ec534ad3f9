//! Holds what one side got against what the other got.

use super::call::{Call, Function, MSG_STAT_ANY, Outcome};
use super::sides::{FACTS, Side, TIMES};
use libc::{c_int, c_long, msginfo};
use std::mem::offset_of;

/// How much is to be the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// All but what depends on other programs' queues: the ids, and the sums over all queues.
    OurQueues,
    /// Those too: both sides began with no queue at all.
    AllQueues,
}

/// A call as one side made it, and what came of it.
pub struct Play {
    pub call: Call,
    pub outcome: Outcome,
}

/// Members of msginfo that count queues and messages.
const SUMS: [usize; 3] =
    [offset_of!(msginfo, msgpool), offset_of!(msginfo, msgmap), offset_of!(msginfo, msgtql)];

/// What differs, as a sentence; nothing where all is the same.
pub fn difference(sides: &[Side; 2], plays: &[Play; 2], measure: Measure) -> Option<String> {
    let Call { function, flags, .. } = plays[0].call;
    let tells_sums =
        function == Function::Control && [libc::IPC_INFO, libc::MSG_INFO].contains(&flags);
    let answers = [0, 1].map(|side| match &plays[side].outcome.answer {
        answer if measure == Measure::AllQueues => *answer,
        Ok(_) if tells_sums => Ok(0),
        _ => sides[side].answer(&plays[side].call, &plays[side].outcome),
    });
    if answers[0] != answers[1] {
        return Some("the answers differ".into());
    }
    match function {
        _ if answers[0] == Err(libc::EFAULT) => None,
        Function::Control if tells_sums => information(plays, measure),
        Function::Control => structures(sides, plays),
        _ => messages(plays),
    }
}

/// Where two pieces of memory begin to differ.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    if a == b {
        return None;
    }
    Some(a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len())))
}

fn messages(plays: &[Play; 2]) -> Option<String> {
    let [a, b] = [0, 1].map(|side| &plays[side].outcome.memory);
    let at = first_difference(a, b)?;
    Some(match at.checked_sub(size_of::<c_long>()) {
        None => "the types of the messages differ".into(),
        Some(_) if at == a.len().min(b.len()) => {
            format!("{} and {} changed bytes of memory: they differ", a.len(), b.len())
        }
        Some(at) => format!("the texts of the messages differ at byte {at}"),
    })
}

fn information(plays: &[Play; 2], measure: Measure) -> Option<String> {
    let [a, b] = [0, 1].map(|side| {
        let mut memory = plays[side].outcome.memory.clone();
        if measure == Measure::OurQueues && plays[side].call.flags == libc::MSG_INFO {
            for sum in SUMS {
                if let Some(bytes) = memory.get_mut(sum..sum + size_of::<c_int>()) {
                    bytes.fill(0);
                }
            }
        }
        memory
    });
    first_difference(&a, &b).map(|at| format!("byte {at} of the structure msginfo differs"))
}

fn structures(sides: &[Side; 2], plays: &[Play; 2]) -> Option<String> {
    let mut memories = [0, 1].map(|side| plays[side].outcome.memory.clone());
    let facts = [0, 1].map(|side| {
        let Play { call, outcome } = &plays[side];
        let id = match outcome.answer.ok()? {
            id if [libc::MSG_STAT, MSG_STAT_ANY].contains(&call.flags) => id as c_int,
            _ if call.flags == libc::IPC_STAT => call.target,
            _ => return None,
        };
        sides[side].facts(&mut memories[side], id)
    });
    if let [Some(a), Some(b)] = facts {
        for (number, (name, _, _)) in FACTS.iter().enumerate() {
            let (a, b) = (a[number], b[number]);
            let same = if number < TIMES { is_same_time(a, b) } else { a == b };
            if !same {
                return Some(format!("{name} differs: {a} and {b}"));
            }
        }
    }
    let [a, b] = memories;
    first_difference(&a, &b).map(|at| format!("byte {at} of the structure msqid_ds differs"))
}

/// The clock may have gone on to the next second between the two sides' calls.
fn is_same_time(a: i64, b: i64) -> bool {
    (a == 0) == (b == 0) && a.abs_diff(b) <= 1
}
