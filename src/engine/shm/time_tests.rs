//! How long what was asked is believed.

use super::permission::Capability;
use super::remembered::{Ticks, allows_by};
use super::rights::{KEEP, OTHER, as_root, private_of, remember_wrongly, set_effective, set_users};
use crate::thread_word::RIGHTS_STAMP as STAMP;
use std::cell::Cell;

/// A clock that goes on by one step each time it is read.
struct Steps {
    time: Cell<u64>,
    step: Cell<u64>,
    /// Runs after the clock was read, as a signal handler may.
    then: Cell<fn()>,
}

impl Steps {
    const SHORTEST: u64 = 100;
    /// How long what was asked holds.
    const HOLDS: u64 = 200;

    fn of(step: u64) -> Steps {
        // The times near zero are those at which the kernel is asked in any case.
        Steps { time: Cell::new(1 << 10), step: Cell::new(step), then: Cell::new(|| ()) }
    }
}

impl Ticks for Steps {
    fn now(&self) -> u64 {
        let now = self.time.get();
        self.time.set(now + self.step.get());
        self.then.replace(|| ())();
        now
    }

    fn shortest(&self) -> u64 {
        Steps::SHORTEST
    }

    fn took(&self, _: u64) {}
}

#[test]
fn what_was_asked_holds_for_a_while_after_each_check() {
    as_root(|| {
        set_effective(Capability::IpcOwner, false).unwrap();
        let clock = Steps::of(1);
        assert!(allows_by(&clock, &private_of(0), 0o600));
        remember_wrongly(OTHER);
        clock.step.set(Steps::HOLDS - 1);
        clock.time.set(clock.time.get() + Steps::HOLDS - 2);
        for check in 0..9 {
            assert!(allows_by(&clock, &private_of(OTHER), 0o600), "check {check}, in time");
        }
        clock.time.set(clock.time.get() + 1);
        assert!(!allows_by(&clock, &private_of(OTHER), 0o600), "too late");
    });
}

#[test]
fn now_and_then_the_kernel_is_asked_all_the_same() {
    as_root(|| {
        set_effective(Capability::IpcOwner, false).unwrap();
        let clock = Steps::of(1);
        clock.time.set((1 << 16) - 10);
        assert!(allows_by(&clock, &private_of(0), 0o600));
        remember_wrongly(OTHER);
        assert!(allows_by(&clock, &private_of(OTHER), 0o600));
        clock.time.set(1 << 16);
        assert!(!allows_by(&clock, &private_of(OTHER), 0o600));
    });
}

#[test]
fn what_took_too_long_to_ask_is_not_remembered() {
    as_root(|| {
        for (took, remembered) in [(299, true), (300, false)] {
            let clock = Steps::of(took);
            assert!(allows_by(&clock, &private_of(0), 0o600));
            assert_eq!(STAMP.get() != 0, remembered, "one call that took {took}");
        }
        for (took, remembered) in [(399, true), (400, false)] {
            let clock = Steps::of(took);
            assert!(allows_by(&clock, &private_of(OTHER), 0o600));
            assert_eq!(STAMP.get() != 0, remembered, "two calls that took {took}");
        }
    });
}

#[test]
fn another_user_than_root_is_not_remembered_as_root() {
    as_root(|| {
        set_users(KEEP, OTHER, KEEP);
        let clock = Steps::of(1);
        assert!(allows_by(&clock, &private_of(OTHER), 0o600));
        assert_ne!(STAMP.get(), 0, "it is remembered");
        assert!(!allows_by(&clock, &private_of(0), 0o600));
    });
}

#[test]
fn a_handler_that_comes_when_the_time_was_read_is_seen() {
    as_root(|| {
        let clock = Steps::of(1);
        assert!(allows_by(&clock, &private_of(0), 0o600));
        clock.then.set(|| {
            set_users(KEEP, OTHER, KEEP);
            // It remembers somebody, too, at a later time.
            let later = Steps::of(1);
            later.time.set((1 << 10) + 50);
            assert!(allows_by(&later, &private_of(OTHER), 0o600));
            remember_wrongly(0);
        });
        assert!(!allows_by(&clock, &private_of(0), 0o600));
    });
}
