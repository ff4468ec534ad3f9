//! Fault injection: calls that wait, fail or are struck by a signal as `MSGQ_INJECT` says.
#![allow(unsafe_code)]

pub mod errors;
pub mod rule;

use crate::errno::Errno;
use crate::os::{self, Cancellation};
use crate::trace::call::{Any, Arguments, Call, Outcome};
use crate::trace::format::Kind;
use crate::watchers::WATCHERS;
use rule::{Rule, Wrong};
use std::cell::UnsafeCell;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

/// How many rules there can be.
pub const MOST: usize = 16;

/// What stands between two rules.
pub const SEPARATOR: char = ',';

/// Rules, in the order in which they were given.
#[derive(Clone, Copy)]
pub struct Rules([Option<Rule>; MOST]);

/// What is wrong with a list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongRules<'a> {
    /// This rule.
    Rule(&'a str, Wrong<'a>),
    /// There are more than [`MOST`].
    TooMany,
}

impl Rules {
    /// None.
    pub const NONE: Rules = Rules([None; MOST]);

    /// Reads a list of rules.
    pub fn read(text: &str) -> Result<Rules, WrongRules<'_>> {
        let mut rules = Rules::NONE;
        let mut places = rules.0.iter_mut();
        for text in text.split(SEPARATOR) {
            let rule = Rule::read(text).map_err(|wrong| WrongRules::Rule(text, wrong))?;
            *places.next().ok_or(WrongRules::TooMany)? = Some(rule);
        }
        Ok(rules)
    }

    fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }
}

/// The rules of this process.
struct Place {
    /// Whether somebody has begun to store them.
    begun: AtomicBool,
    /// Whether they are there.
    ready: AtomicBool,
    rules: UnsafeCell<Rules>,
    /// How many calls each of them was about.
    counts: [AtomicU64; MOST],
}

// SAFETY: the rules are stored once, by the one who was the first to begin, and read when they are
// there.
unsafe impl Sync for Place {}

static PLACE: Place = Place {
    begun: AtomicBool::new(false),
    ready: AtomicBool::new(false),
    rules: UnsafeCell::new(Rules::NONE),
    counts: [const { AtomicU64::new(0) }; MOST],
};

/// What was done to a call.
#[derive(Clone, Copy, Default)]
pub struct Injection {
    /// What it gets in place of the engine's answer.
    pub answer: Option<Outcome>,
    /// Whether it had to wait.
    pub delayed: bool,
}

/// From now on, these rules.
pub(crate) fn begin(rules: Rules) {
    if !rules.is_empty() && !PLACE.begun.swap(true, AcqRel) {
        // SAFETY: nobody else gets here, and nobody reads before it is ready.
        unsafe { *PLACE.rules.get() = rules };
        PLACE.ready.store(true, Release);
        WATCHERS.add_hook();
    }
}

/// Does to a call what the rules say. It may be cancelled meanwhile, if it is a cancellation point.
pub(crate) fn before(call: Any) -> Injection {
    if !PLACE.ready.load(Acquire) {
        return Injection::default();
    }
    // SAFETY: they are there, and do not change any more.
    let Rules(rules) = unsafe { &*PLACE.rules.get() };
    let arguments = call.arguments();
    let mut injection = Injection::default();
    for (rule, count) in rules.iter().flatten().zip(&PLACE.counts) {
        if !rule.is_about(call.kind(), &arguments, || mtype(&arguments))
            || !rule.turn.is(count.fetch_add(1, Relaxed) + 1)
        {
            continue;
        }
        if let Some(delay) = rule.delay {
            wait(call.kind(), delay);
            injection.delayed = true;
        }
        if let Some(signal) = rule.signal {
            os::signal_this_thread(signal);
        }
        let answer = rule.error.map(|error| Err(Errno(error.number)));
        injection.answer = injection.answer.or(answer);
    }
    injection
}

/// The type of the message that is to be sent; nothing where it cannot be read.
fn mtype(arguments: &Arguments) -> Option<i64> {
    let address = arguments.address as *const i64;
    // SAFETY: it can be read, as the kernel has just said.
    os::is_readable(address.cast(), 8).then(|| unsafe { address.read_unaligned() })
}

fn wait(call: Kind, delay: Duration) {
    if matches!(call, Kind::Send | Kind::Receive) {
        return os::sleep(delay);
    }
    // The others are no cancellation points.
    let cancellation = os::switch_cancellation(Cancellation::OFF);
    os::sleep(delay);
    os::switch_cancellation(cancellation);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_separated_by_commas() {
        let rules = Rules::read("msgsnd:errno=EINVAL,msgrcv:delay=1s").unwrap();
        let calls: Vec<Kind> = rules.0.iter().flatten().map(|rule| rule.call).collect();
        assert_eq!(calls, [Kind::Send, Kind::Receive]);
    }

    #[test]
    fn one_wrong_rule_is_all_wrong() {
        for text in ["", ",", "msgsnd:kill,", "msgsnd:kill,msgsnd"] {
            assert!(matches!(Rules::read(text), Err(WrongRules::Rule(..))), "{text:?}");
        }
        let many = vec!["msgsnd:kill"; MOST + 1].join(",");
        assert!(matches!(Rules::read(&many), Err(WrongRules::TooMany)));
    }

    #[test]
    fn the_type_of_a_message_at_a_bad_address_is_not_read() {
        let at = |address: usize| mtype(&Arguments { address, ..Arguments::default() });
        let message = [7i64, 8];
        assert_eq!(at(message.as_ptr() as usize), Some(7));
        assert_eq!(at(8), None);
        assert_eq!(at(0), None);
        assert_eq!(at(usize::MAX - 3), None);
    }
}
