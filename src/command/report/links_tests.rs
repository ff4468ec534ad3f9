//! Sequences of calls, made by hand, and the links that they must give.

use super::*;
use crate::command::report::events::Event;
use crate::command::report::model::{Known, Model};
use crate::command::report::observer::{Link, Observer};
use crate::command::report::samples::{control, create, failed, never, receive, send};
use crate::command::report::timeline::Timeline;
use libc::{EFAULT, ENOMSG, IPC_NOWAIT, IPC_RMID, MSG_COPY, MSG_NOERROR};
use std::collections::HashMap;

#[derive(Default)]
pub struct Seen(pub Vec<Link>);

impl Observer for Seen {
    fn link(&mut self, link: &Link) {
        self.0.push(link.clone());
    }
}

pub const KNOWN: Known = Known {
    threshold: 1_000_000,
    msgmnb: Some(16384),
    msgmax: Some(8192),
    calls_are_missing: false,
};

/// The links: when the send and the receive began, and whether it is certain. And how many messages
/// left the queue without a trace.
fn links_and_vanished(known: Known, calls: Vec<Call>) -> (Vec<(u64, u64, bool)>, u64) {
    let mut seen = Seen::default();
    let mut model = Model::new(known, &mut seen);
    let mut timeline = Timeline::default();
    timeline.add(calls.into_iter().map(Event::Call), &mut model);
    timeline.finish(&mut model);
    let all = model.queues.values().chain(&model.removed);
    let vanished = all.map(|queue| queue.contents.vanished).sum();
    let link = |link: &Link| (link.sent.entered, link.received.entered, link.certain);
    (seen.0.iter().map(link).collect(), vanished)
}

fn links_knowing(known: Known, calls: Vec<Call>) -> Vec<(u64, u64, bool)> {
    links_and_vanished(known, calls).0
}

/// The same for a queue that was made at the time 0.
fn links(calls: Vec<Call>) -> Vec<(u64, u64, bool)> {
    links_knowing(KNOWN, std::iter::once(create(1, 0)).chain(calls).collect())
}

fn with_flags(mut call: Call, flags: i32) -> Call {
    call.0.flags = flags;
    call
}

fn with_type(mut call: Call, msgtyp: i64) -> Call {
    call.0.msgtyp = msgtyp;
    call
}

#[test]
fn messages_of_a_type_leave_in_the_order_in_which_they_came() {
    let calls = vec![
        send(1, 10, 11, 7, b"same"),
        send(1, 20, 21, 3, b"same"),
        send(1, 30, 31, 7, b"same"),
        with_type(receive(2, 40, 41, 3, b"same"), -5),
        with_type(receive(2, 50, 51, 7, b"same"), 0),
        receive(2, 60, 61, 7, b"same"),
    ];
    assert_eq!(links(calls), [(20, 40, true), (10, 50, true), (30, 60, true)]);
}

#[test]
fn sends_at_the_same_time_are_told_apart_by_their_text() {
    let sends = |texts: [&'static [u8]; 2]| {
        vec![
            send(1, 10, 20, 7, texts[0]),
            send(2, 11, 19, 7, texts[1]),
            receive(3, 30, 31, 7, texts[1]),
            receive(3, 40, 41, 7, texts[0]),
        ]
    };
    assert_eq!(links(sends([b"one", b"two"])), [(11, 30, true), (10, 40, true)]);
    let same = links(sends([b"one", b"one"]));
    assert!(same.iter().all(|(_, _, certain)| !certain), "either may be meant: {same:?}");
}

#[test]
fn receives_at_the_same_time_are_told_apart_by_their_text() {
    let calls = |texts: [&'static [u8]; 2]| {
        vec![
            send(1, 10, 11, 7, texts[0]),
            send(1, 20, 21, 7, texts[1]),
            receive(2, 30, 41, 7, texts[1]),
            receive(3, 31, 40, 7, texts[0]),
        ]
    };
    assert_eq!(links(calls([b"one", b"two"])), [(10, 31, true), (20, 30, true)]);
    let same = links(calls([b"one", b"one"]));
    assert!(same.iter().all(|(_, _, certain)| !certain), "{same:?}");
}

#[test]
fn a_receive_that_began_later_takes_nothing_from_one_that_was_over() {
    let calls = vec![
        send(1, 10, 11, 7, b"same"),
        send(1, 20, 21, 7, b"same"),
        receive(2, 30, 31, 7, b"same"),
        receive(3, 32, 33, 7, b"same"),
    ];
    assert_eq!(links(calls), [(10, 30, true), (20, 32, true)]);
}

#[test]
fn a_message_that_is_received_before_its_send_returns_has_its_link() {
    let calls = vec![receive(2, 10, 22, 7, b"text"), send(1, 20, 30, 7, b"text")];
    assert_eq!(links(calls), [(20, 10, true)]);
}

#[test]
fn a_message_that_was_cut_is_known_by_what_is_left_of_it() {
    let mut cut = with_flags(receive(2, 30, 31, 7, b"ab"), MSG_NOERROR);
    cut.0.msgsz = 2;
    let calls = vec![send(1, 10, 20, 7, b"xbcdef"), send(3, 11, 19, 7, b"abcdef"), cut];
    assert_eq!(links(calls), [(11, 30, true)]);
}

#[test]
fn sends_that_only_a_cut_text_tells_apart_may_each_have_been_the_one_that_was_cut() {
    let mut cut = with_flags(receive(2, 30, 31, 7, b"ab"), MSG_NOERROR);
    cut.0.msgsz = 2;
    let calls = vec![
        create(1, 0),
        send(1, 10, 19, 7, b"abcdef"),
        send(3, 11, 20, 7, b"ab"),
        cut,
        receive(2, 40, 41, 7, b"abcdef"),
    ];
    let (found, vanished) = links_and_vanished(KNOWN, calls);
    assert_eq!((found.len(), vanished), (2, 0), "each has its send: {found:?}");
    assert!(found.iter().all(|(_, _, certain)| !certain), "{found:?}");
}

#[test]
fn a_copy_takes_nothing() {
    let calls = vec![
        send(1, 10, 11, 7, b"text"),
        with_flags(with_type(receive(2, 20, 21, 7, b"text"), 0), MSG_COPY | IPC_NOWAIT),
        receive(2, 30, 31, 7, b"text"),
    ];
    assert_eq!(links(calls), [(10, 30, true)]);
}

#[test]
fn a_message_that_cannot_be_stored_is_gone() {
    let calls = vec![
        send(1, 10, 11, 7, b"same"),
        send(1, 20, 21, 7, b"same"),
        failed(receive(2, 30, 31, 7, b""), EFAULT),
        receive(2, 40, 41, 7, b"same"),
    ];
    assert_eq!(links(calls), [(20, 40, true)]);
}

#[test]
fn while_a_message_of_any_type_is_destroyed_nothing_is_certain() {
    let calls = vec![
        send(1, 1, 2, 7, b"same"),
        send(1, 3, 4, 7, b"same"),
        failed(with_type(receive(2, 5, 20, 7, b""), 0), EFAULT),
        receive(3, 10, 11, 7, b"same"),
    ];
    let found = links(calls);
    assert!(found.iter().all(|(_, _, certain)| !certain), "the first may be gone: {found:?}");
}

#[test]
fn calls_that_failed_send_and_take_nothing() {
    let calls = vec![
        failed(send(1, 10, 11, 7, b"same"), libc::EAGAIN),
        send(1, 20, 21, 7, b"same"),
        failed(receive(2, 30, 31, 7, b""), libc::E2BIG),
        receive(2, 40, 41, 7, b"same"),
    ];
    assert_eq!(links(calls), [(20, 40, true)]);
}

#[test]
fn whoever_was_killed_while_he_received_may_have_taken_a_message() {
    let calls = vec![
        send(1, 10, 11, 7, b"same"),
        send(1, 20, 21, 7, b"same"),
        never(receive(2, 30, 31, 7, b"same")),
        receive(3, 40, 41, 7, b"same"),
    ];
    assert_eq!(links(calls), [(10, 40, false)]);
}

#[test]
fn what_a_killed_receiver_took_is_skipped_when_the_text_shows_it() {
    let calls = vec![
        send(1, 10, 11, 7, b"one"),
        send(1, 20, 21, 7, b"two"),
        never(receive(2, 30, 31, 7, b"one")),
        // The same thread goes on, so the call is over.
        failed(with_type(receive(2, 40, 41, 9, b""), 9), ENOMSG),
        receive(3, 50, 51, 7, b"two"),
        send(1, 60, 61, 7, b"one"),
        receive(3, 70, 71, 7, b"one"),
    ];
    assert_eq!(links(calls), [(20, 50, true), (60, 70, true)]);
}

#[test]
fn whoever_was_killed_while_he_sent_may_have_sent_the_message() {
    let calls = vec![
        never(send(1, 10, 11, 7, b"same")),
        send(2, 20, 21, 7, b"same"),
        receive(3, 30, 31, 7, b"same"),
        receive(3, 40, 41, 7, b"same"),
    ];
    assert_eq!(links(calls), [(20, 30, false), (10, 40, false)]);
}

#[test]
fn whoever_was_killed_while_he_sent_may_have_sent_what_is_received_first() {
    let calls = vec![
        never(send(4, 5, 6, 7, b"one")),
        send(1, 10, 11, 7, b"two"),
        send(1, 20, 21, 7, b"one"),
        receive(2, 30, 31, 7, b"one"),
        receive(2, 40, 41, 7, b"two"),
        receive(2, 50, 51, 7, b"one"),
    ];
    let (found, vanished) = links_and_vanished(KNOWN, [vec![create(1, 0)], calls].concat());
    assert_eq!((found.len(), vanished), (3, 0), "nobody else has taken anything: {found:?}");
}

#[test]
fn a_send_that_hangs_may_send_after_the_queue_was_seen_empty() {
    let calls = vec![
        never(send(4, 5, 6, 7, b"same")),
        failed(with_type(receive(3, 10, 11, 7, b""), 0), ENOMSG),
        send(1, 20, 21, 7, b"same"),
        receive(2, 30, 31, 7, b"same"),
    ];
    assert_eq!(links(calls), [(20, 30, false)]);
}

#[test]
fn a_receive_that_began_before_the_queue_was_seen_empty_may_have_taken_what_was_there_before() {
    let calls = vec![
        receive(2, 1, 100, 7, b"same"),
        failed(with_type(receive(3, 10, 11, 7, b""), 0), ENOMSG),
        send(1, 20, 21, 7, b"same"),
    ];
    assert_eq!(links_knowing(KNOWN, calls), [(20, 1, false)]);
}

#[test]
fn a_text_that_should_not_be_next_may_be_that_of_a_message_which_was_there_before() {
    let calls = vec![
        send(1, 10, 11, 7, b"one"),
        send(1, 20, 21, 7, b"old"),
        receive(2, 30, 31, 7, b"old"),
        receive(2, 40, 41, 7, b"one"),
    ];
    let (found, vanished) = links_and_vanished(KNOWN, calls);
    assert_eq!(vanished, 0, "the first is there yet");
    assert_eq!(found, [(20, 30, false), (10, 40, false)]);
}

#[test]
fn in_a_queue_that_was_there_before_nothing_is_certain_until_it_was_empty() {
    let calls = vec![
        receive(2, 1, 2, 7, b"old"),
        send(1, 10, 11, 7, b"same"),
        receive(2, 20, 21, 7, b"same"),
        failed(with_type(receive(2, 30, 31, 7, b""), 0), ENOMSG),
        send(1, 40, 41, 7, b"same"),
        receive(2, 50, 51, 7, b"same"),
    ];
    assert_eq!(links_knowing(KNOWN, calls), [(10, 20, false), (40, 50, true)]);
}

#[test]
fn where_calls_are_missing_nothing_is_certain() {
    let calls = vec![create(1, 0), send(1, 10, 11, 7, b"x"), receive(2, 20, 21, 7, b"x")];
    let known = Known { calls_are_missing: true, ..KNOWN };
    assert_eq!(links_knowing(known, calls), [(10, 20, false)]);
}

#[test]
fn a_text_that_should_not_be_next_betrays_somebody_who_is_not_recorded() {
    let calls = vec![
        send(1, 10, 11, 7, b"one"),
        send(1, 20, 21, 7, b"two"),
        receive(2, 30, 31, 7, b"two"),
        send(1, 40, 41, 7, b"three"),
        receive(2, 50, 51, 7, b"three"),
    ];
    assert_eq!(links(calls), [(20, 30, false), (40, 50, false)]);
}

#[test]
fn a_message_that_nobody_was_seen_to_send_has_no_link() {
    let calls = vec![receive(2, 30, 31, 7, b"one"), send(1, 40, 41, 7, b"one")];
    assert_eq!(links(calls), []);
}

#[test]
fn a_message_may_arrive_after_its_queue_was_removed() {
    let calls = vec![
        receive(2, 10, 50, 7, b"text"),
        send(1, 20, 21, 7, b"text"),
        control(1, 30, 31, IPC_RMID),
    ];
    assert_eq!(links(calls), [(20, 10, true)]);
}

#[test]
fn a_number_needs_no_order_and_no_text() {
    let mut lane = Lane::default();
    for (at, number) in [(10, 1), (20, 2), (30, 3)] {
        lane.send(Sent { number, ..Sent::new(&send(1, at, at + 9, 7, b"same"), 0) });
    }
    let call = receive(2, 15, 60, 7, b"same");
    let taken = lane.take(&Receive { number: 2, ..Receive::by(&call) }, 5, false);
    assert_eq!(taken.sent.map(|sent| sent.id.entered), Some(20));
    assert!(taken.certain && taken.vanished.is_empty());
}

/// Numbers that look random, and are the same each time.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % most
    }
}

/// A thread of a history: when its call began, and what it does.
#[derive(Clone, Copy)]
enum Doing {
    Nothing,
    /// Sends this type and text.
    Sends(u64, i64, u8),
    /// Asks for this.
    Asks(u64, i64),
    /// This call has done its work, and has yet to return.
    Done(usize),
}

/// Calls as threads would make them over one queue, some at the same time; and which receive took
/// which send in truth, by the times of their begin.
fn history(seed: u64, threads: usize, texts: u64) -> (Vec<Call>, HashMap<u64, u64>) {
    let mut numbers = Numbers(seed);
    let mut doing = vec![Doing::Nothing; threads];
    let mut queue: Vec<(i64, u8, u64)> = Vec::new();
    let mut calls: Vec<Call> = Vec::new();
    let mut truth = HashMap::new();
    for step in 0..400u64 {
        let now = 10 + step * 10;
        let thread = numbers.below(threads as u64) as usize;
        let process = thread as u32 + 2;
        let is_sender = thread.is_multiple_of(2);
        doing[thread] = match doing[thread] {
            Doing::Nothing if step > 350 => Doing::Nothing,
            Doing::Nothing if is_sender => {
                Doing::Sends(now, 1 + numbers.below(2) as i64, numbers.below(texts) as u8)
            }
            Doing::Nothing => Doing::Asks(now, numbers.below(3) as i64),
            Doing::Sends(began, mtype, text) => {
                queue.push((mtype, text, began));
                calls.push(send(process, began, 0, mtype, &[text]));
                Doing::Done(calls.len() - 1)
            }
            Doing::Asks(began, msgtyp) => {
                let fits = |(mtype, ..): &(i64, u8, u64)| msgtyp == 0 || *mtype == msgtyp;
                match queue.iter().position(fits) {
                    None => Doing::Asks(began, msgtyp),
                    Some(index) => {
                        let (mtype, text, sent) = queue.remove(index);
                        truth.insert(began, sent);
                        calls.push(with_type(receive(process, began, 0, mtype, &[text]), msgtyp));
                        Doing::Done(calls.len() - 1)
                    }
                }
            }
            Doing::Done(call) => {
                if let Some((at, _)) = &mut calls[call].0.returned {
                    *at = now;
                }
                Doing::Nothing
            }
        };
    }
    for (number, doing) in doing.into_iter().enumerate() {
        if let Doing::Done(call) = doing
            && let Some((at, _)) = &mut calls[call].0.returned
        {
            *at = 10_000 + number as u64;
        }
    }
    (calls, truth)
}

#[test]
fn what_is_called_certain_is_true_and_every_message_has_a_link() {
    let (mut all, mut certain) = (0, 0);
    for seed in 0..400 {
        let (threads, texts) = (2 + seed as usize % 7, 1 + seed / 7 % 4);
        let (calls, truth) = history(seed, threads, texts);
        let (found, vanished) = links_and_vanished(KNOWN, [vec![create(1, 0)], calls].concat());
        assert_eq!(found.len(), truth.len(), "history {seed}: each receive has its send");
        assert_eq!(vanished, 0, "history {seed}");
        for (sent, received, is_certain) in found {
            all += 1;
            certain += u32::from(is_certain);
            let holds = truth.get(&received) == Some(&sent);
            assert!(holds || !is_certain, "history {seed}: {received} did not take {sent}");
        }
    }
    assert!(all > 10_000 && certain > all / 4, "{certain} of {all} links are certain");
    println!("{certain} of {all} links are certain");
}
