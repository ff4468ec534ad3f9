//! Sequences of calls, made by hand, and what their trace must show.

use super::messages::Trace;
use super::replay::{Shown, Slice};
use super::*;
use crate::command::report::alive::Alive;
use crate::command::report::events::{Began, Event};
use crate::command::report::model::{Known, Model};
use crate::command::report::samples::{QUEUE, control, create, failed, never, receive, send};
use crate::command::report::timeline::Timeline;
use crate::command::show::structures::QueueData;
use libc::{EAGAIN, IPC_RMID};
use prost::Message;

/// When the recordings here were made, in nanoseconds of CLOCK_MONOTONIC.
const MADE: u64 = 1_000_000;

/// The trace of events, as far as the filter takes them.
fn trace_of(events: Vec<Event>, filter: Filter) -> Trace {
    let mut perfetto = Perfetto::new(Vec::new(), filter);
    perfetto.recorded_since(MADE, 1_700_000_000_000_000_000);
    let known = Known { threshold: 1, msgmnb: None, msgmax: None, calls_are_missing: false };
    let mut model = Model::new(known, &mut perfetto);
    let mut timeline = Timeline::default();
    timeline.add(events, &mut model);
    let last = timeline.finish(&mut model);
    model.finish(last, last, &Alive::unknown());
    let bytes = perfetto.writer.finish().unwrap_or_else(|(_, error)| panic!("{error}"));
    Trace::decode(bytes.as_slice()).expect("a trace")
}

/// What the trace of calls shows.
fn shown(calls: Vec<Call>) -> Shown {
    Shown::by(&trace_of(calls.into_iter().map(Event::Call).collect(), Filter::default()))
}

/// A slice's begin and end, since the recording was made.
fn times(slice: &Slice) -> (u64, Option<u64>) {
    (slice.begin - MADE, slice.end.map(|end| end - MADE))
}

#[test]
fn a_message_flows_from_its_send_to_the_moment_in_which_it_was_received() {
    // The receiver waits before there is a message, and returns before the sender does.
    let shown = shown(vec![create(1, 0), receive(2, 10, 40, 7, b"hi"), send(1, 30, 50, 7, b"hi")]);
    let [(sent, received)] = shown.flows()[..] else { panic!("one flow: {shown:?}") };
    assert_eq!((sent.name.as_str(), times(sent)), ("msgsnd", (30, Some(50))));
    assert_eq!((received.name.as_str(), times(received)), ("msgrcv", (10, Some(40))));
    assert_eq!((sent.process.0, received.process.0), (1, 2));
    assert_eq!(
        (sent.arguments["mtype"].as_str(), sent.arguments["mtext"].as_str()),
        ("7", "\"hi\"")
    );
    let [moment] = shown.calls("received")[..] else { panic!("one moment: {shown:?}") };
    assert_eq!((times(moment), moment.arguments["mtype"].as_str()), ((40, Some(40)), "7"));
    assert_eq!(received.arguments["certain"], "true");
}

#[test]
fn calls_of_a_signal_handler_are_inside_the_call_that_it_interrupted() {
    let inner = [send(1, 20, 30, 7, b"a"), send(1, 30, 40, 7, b"b")];
    let outer = failed(receive(1, 10, 50, 9, b""), libc::EINTR);
    let shown = shown([vec![create(1, 0), outer], inner.to_vec()].concat());
    let parents: Vec<_> =
        shown.slices.iter().map(|slice| (slice.name.as_str(), slice.parent)).collect();
    assert_eq!(parents[2..], [("msgrcv", None), ("msgsnd", Some(2)), ("msgsnd", Some(2))]);
    assert_eq!(times(shown.calls("msgrcv")[0]), (10, Some(50)));
    assert_eq!(times(shown.calls("msgsnd")[1]), (30, Some(40)));
}

#[test]
fn what_became_of_a_call_is_its_category() {
    let calls = vec![
        send(1, 10, 11, 7, b""),
        failed(send(1, 20, 21, 7, b""), EAGAIN),
        never(send(2, 30, 0, 7, b"")),
        never(send(3, 40, 0, 7, b"")),
    ];
    let events = calls.into_iter().map(Event::Call).chain([Event::Exit(2, 60)]);
    let shown = Shown::by(&trace_of(events.collect(), Filter::default()));
    let seen =
        shown.calls("msgsnd").into_iter().map(|call| (call.category.as_str(), times(call).1));
    let expected = [
        ("returned", Some(11)),
        ("failed", Some(21)),
        ("never returned", Some(60)),
        ("still waits", None),
    ];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(shown.calls("msgsnd")[1].arguments["errno"], "EAGAIN");
}

#[test]
fn the_depth_of_a_queue_is_counted_from_its_begin_to_its_end() {
    let calls = vec![
        create(1, 0),
        send(1, 10, 20, 7, b"four"),
        send(1, 30, 40, 7, b"sixsix"),
        receive(2, 50, 60, 7, b"four"),
        control(1, 70, 80, IPC_RMID),
    ];
    let shown = shown(calls);
    let counted = |what: &str| -> Vec<(u64, i64)> {
        let counter = &shown.counters[&format!("{what} in queue {QUEUE}")];
        counter.iter().map(|(at, value)| (at - MADE, *value)).collect()
    };
    assert_eq!(counted("messages"), [(0, 0), (20, 1), (40, 2), (60, 1), (80, 0)]);
    assert_eq!(counted("bytes"), [(0, 0), (20, 4), (40, 10), (60, 6), (80, 0)]);
    let life: Vec<_> = shown.slices.iter().filter(|slice| !slice.track.is_empty()).collect();
    let life: Vec<_> = life.iter().map(|slice| (slice.name.as_str(), times(slice).0)).collect();
    assert_eq!(life, [("made", 0), ("removed", 80)]);
    assert!(shown.parents.values().all(|parent| parent == "queue 5, key IPC_PRIVATE"), "{shown:?}");
}

#[test]
fn a_process_has_a_track_of_its_own_for_each_program_and_each_use_of_its_id() {
    let began = |at, forked, name: &str| {
        let name = name.to_string();
        Event::Began(Began { process: 7, at, forked, name, namespace: 1 })
    };
    let sent = |at| Event::Call(send(7, at, at + 1, 1, b""));
    let events = vec![
        // It never calls while it has this name.
        began(1, true, "sh"),
        began(2, false, "first"),
        sent(3),
        began(5, false, "second"),
        sent(6),
        Event::Exit(7, 8),
        began(9, true, "second"),
        sent(10),
    ];
    let trace = trace_of(events, Filter::default());
    let descriptors = trace.packet.iter().filter_map(|packet| packet.track_descriptor.as_ref());
    let processes = descriptors.filter_map(|track| track.process.as_ref());
    let names: Vec<&str> = processes.map(|process| process.process_name()).collect();
    assert_eq!(names, ["first", "second", "second"]);
    let called: Vec<_> =
        Shown::by(&trace).calls("msgsnd").iter().map(|call| call.process.1.clone()).collect();
    assert_eq!(called, ["first", "second", "second"]);
}

#[test]
fn only_calls_and_queues_that_are_wanted_are_shown() {
    let calls = || vec![create(1, 0), send(1, 10, 20, 7, b"hi"), receive(2, 30, 40, 7, b"hi")];
    let trace =
        |filter| Shown::by(&trace_of(calls().into_iter().map(Event::Call).collect(), filter));
    let sends = trace(Filter { calls: vec![Kind::Send], ..Filter::default() });
    let names: Vec<&str> = sends.slices.iter().map(|slice| slice.name.as_str()).collect();
    assert_eq!(names, ["made", "msgsnd"], "and the queue's begin");
    let other = trace(Filter { queues: vec![QUEUE + 1], ..Filter::default() });
    assert!(other.slices.is_empty() && other.counters.is_empty(), "{other:?}");
}

#[test]
fn an_output_that_fails_is_told_at_the_end() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from_raw_os_error(libc::ENOSPC))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut perfetto = Perfetto::new(Full, Filter::default());
    perfetto.recorded_since(MADE, 0);
    let (_, error) = perfetto.writer.finish().err().expect("an error");
    assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
}

#[test]
fn a_queue_that_was_there_before_is_counted_from_its_first_use_on() {
    let there = |id, messages, bytes| {
        let mut data = QueueData::read(&[0; 120]).expect("a structure of zeros");
        (data.msg_qnum, data.msg_cbytes, data.msg_qbytes) = (messages, bytes, 1000);
        Event::Queue(Kind::Queue, 0, id, Box::new(data))
    };
    let unused = QUEUE + 1;
    let sent = Event::Call(send(1, 10, 20, 7, b"four"));
    let events =
        vec![there(QUEUE, 2, 20), there(unused, 3, 30), Event::AllQueues(Kind::Queue, 1), sent];
    let shown = Shown::by(&trace_of(events, Filter::default()));
    assert_eq!(
        shown.counters[&format!("messages in queue {QUEUE}")],
        [(MADE + 10, 2), (MADE + 20, 3)]
    );
    assert_eq!(shown.counters.len(), 2, "the other one has no track: {shown:?}");
}
