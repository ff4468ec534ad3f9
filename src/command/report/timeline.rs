//! The events of a recording in the order of time: each call's begin, and its end.
//!
//! A recording is read in pieces, each in the order in which its calls began. A thread that lost the
//! processor between claiming its place and reading the clock has a record that stands too early;
//! so the last records of each piece are held back until the next piece has come.

use super::events::{Call, CallId, Event};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// How many events of each piece are held back: as many as two chunks have slots, which is more than
/// threads ever stand between their place and the clock.
const HELD_BACK: usize = 2048;

/// What sees the events go by.
pub trait Observe {
    /// Something that has no duration.
    fn event(&mut self, event: Event);
    /// A call begins.
    fn begin(&mut self, call: &Call);
    /// A call returns.
    fn end(&mut self, call: Call);
}

/// Events that have come and not been seen.
#[derive(Default)]
pub struct Timeline {
    /// In the order of time.
    events: Vec<Event>,
    /// When those calls return that have begun.
    ends: BinaryHeap<Reverse<(u64, CallId)>>,
    begun: HashMap<CallId, Call>,
    /// The time of the last event that was seen.
    now: u64,
}

impl Timeline {
    /// Takes a piece of the recording, and lets those events be seen that nothing can come before.
    pub fn add(&mut self, piece: impl IntoIterator<Item = Event>, observer: &mut impl Observe) {
        self.events.extend(piece);
        self.events.sort_by_key(Event::at);
        let seen = self.events.len().saturating_sub(HELD_BACK);
        self.show(seen, observer);
    }

    /// Lets the rest be seen; gives the time of the last event.
    pub fn finish(&mut self, observer: &mut impl Observe) -> u64 {
        self.show(self.events.len(), observer);
        self.end_until(u64::MAX, observer);
        self.now
    }

    fn show(&mut self, count: usize, observer: &mut impl Observe) {
        let rest = self.events.split_off(count);
        for event in std::mem::replace(&mut self.events, rest) {
            self.end_until(event.at(), observer);
            self.now = self.now.max(event.at());
            match event {
                Event::Call(call) => {
                    observer.begin(&call);
                    if let Some(end) = call.end() {
                        self.ends.push(Reverse((end, call.id())));
                        self.begun.insert(call.id(), call);
                    }
                }
                Event::Late(call) => observer.end(call),
                event => observer.event(event),
            }
        }
    }

    /// The calls that returned before this time, in the order in which they did.
    fn end_until(&mut self, time: u64, observer: &mut impl Observe) {
        while let Some(Reverse((end, id))) = self.ends.peek().copied().filter(|end| end.0.0 < time)
        {
            self.ends.pop();
            self.now = self.now.max(end);
            if let Some(call) = self.begun.remove(&id) {
                observer.end(call);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::report::samples::send;

    #[derive(Default)]
    struct Seen(Vec<(char, u64)>);

    impl Observe for Seen {
        fn event(&mut self, event: Event) {
            self.0.push(('e', event.at()));
        }
        fn begin(&mut self, call: &Call) {
            self.0.push(('b', call.entered));
        }
        fn end(&mut self, call: Call) {
            self.0.push(('r', call.end().unwrap()));
        }
    }

    #[test]
    fn calls_begin_and_end_in_the_order_of_time() {
        let mut seen = Seen::default();
        let mut timeline = Timeline::default();
        let calls = [send(1, 10, 50, 1, b""), send(2, 20, 30, 1, b""), send(2, 30, 40, 1, b"")];
        timeline.add(calls.map(Event::Call), &mut seen);
        assert_eq!(timeline.finish(&mut seen), 50);
        let expected = [('b', 10), ('b', 20), ('b', 30), ('r', 30), ('r', 40), ('r', 50)];
        assert_eq!(seen.0, expected);
    }

    #[test]
    fn an_event_that_stands_a_little_too_late_still_finds_its_place() {
        let mut seen = Seen::default();
        let mut timeline = Timeline::default();
        let many = |from: u64| (from..from + 3000).map(|at| Event::Exit(1, at * 10));
        timeline.add(many(0), &mut seen);
        timeline.add(many(3000).chain([Event::Exit(2, 20_005)]), &mut seen);
        timeline.finish(&mut seen);
        assert_eq!(seen.0.len(), 6001);
        assert!(seen.0.is_sorted_by_key(|(_, at)| *at));
    }
}
