//! Sequences of calls, made by hand, and what the report must say of them.

use super::*;
use crate::command::recording::live::Losses;
use crate::command::report::events::Began;
use crate::command::report::findings::Sort;
use crate::command::report::samples::{QUEUE, call, control, create, failed, never, receive, send};
use crate::command::report::summary::Report;
use crate::command::report::timeline::Timeline;
use crate::command::show::structures::QueueData;
use libc::{EAGAIN, EIDRM, EINTR, EINVAL, IPC_NOWAIT, IPC_RMID, MSG_EXCEPT};

const MS: u64 = 1_000_000;

const KNOWN: Known =
    Known { threshold: 100 * MS, msgmnb: Some(1000), msgmax: Some(500), calls_are_missing: false };

/// The report of events, up to a moment at which nobody lives of whom it is not told otherwise.
fn report_of(known: Known, events: Vec<Event>, now: u64) -> Report {
    let mut observer = ();
    let mut model = Model::new(known, &mut observer);
    let mut timeline = Timeline::default();
    timeline.add(events, &mut model);
    let last = timeline.finish(&mut model);
    model.finish(now.max(last), last, &Alive::unknown());
    Report::of(&mut model, Losses::default(), 0, now.max(last), false)
}

/// The same of calls on a queue that was made at the time 0.
fn report(calls: Vec<Call>, now: u64) -> Report {
    let made = std::iter::once(create(1, 0));
    report_of(KNOWN, made.chain(calls).map(Event::Call).collect(), now)
}

/// The texts of a sort of findings.
fn found(report: &Report, kind: Sort) -> Vec<&str> {
    let all = report.findings.iter().filter(|finding| finding.kind == kind);
    all.map(|finding| finding.text.as_str()).collect()
}

#[test]
fn depth_and_bytes_rise_with_sends_and_fall_with_receives() {
    let calls = vec![
        send(1, 10, 20, 7, &[0; 300]),
        send(1, 30, 40, 7, &[0; 400]),
        receive(2, 50, 60, 7, &[0; 300]),
        send(1, 70, 80, 7, &[0; 100]),
    ];
    let report = report(calls, 0);
    let queue = &report.queues[0];
    assert_eq!((queue.most_messages, queue.most_bytes, queue.qbytes), (2, 700, Some(1000)));
    assert_eq!((queue.messages_left, queue.bytes_left), (2, 500));
    assert_eq!(queue.sums.residence.unwrap().max, 40e-9, "from msgsnd's return to msgrcv's");
}

#[test]
fn a_sender_waits_where_the_queue_is_full_and_a_receiver_where_nothing_matches() {
    let calls = vec![
        send(1, 10, 20, 7, &[0; 900]),
        send(1, 30, 200 * MS, 7, &[0; 200]),
        receive(2, 199 * MS, 199 * MS + 10, 7, &[0; 900]),
        receive(2, 201 * MS, 201 * MS + 10, 7, &[0; 200]),
        receive(2, 202 * MS, 400 * MS, 7, b"late"),
        send(1, 399 * MS, 399 * MS + 5, 7, b"late"),
    ];
    let report = report(calls, 0);
    let queue = &report.queues[0];
    assert_eq!((queue.senders_waited.calls, queue.receivers_waited.calls), (1, 1));
    let [full, empty] = [&report.waits[0], &report.waits[1]];
    assert_eq!(full.why, "full: 900 of 1,000 bytes, held by 1 message of type 7");
    assert_eq!(full.ended, "until 2 made room");
    assert_eq!(
        empty.why,
        "no message of type 7; the last process that sent one was 1, at 0.200000 s"
    );
    assert_eq!(empty.ended, "until 1 sent one");
    assert_eq!(
        found(&report, Sort::Full).len(),
        1,
        "a receiver that gets its message is no finding"
    );
}

#[test]
fn a_message_longer_than_its_queue_waits_for_ever() {
    let report = report(vec![never(send(1, 10, 0, 7, &[0; 1001]))], 500 * MS);
    assert_eq!(
        report.waits[0].why,
        "it can never fit: the queue may hold 1,000 bytes (msg_qbytes)"
    );
    assert!(!report.waits[0].over);
}

#[test]
fn with_ipc_nowait_nobody_waits() {
    let mut call = failed(send(1, 10, 300 * MS, 7, &[0; 1001]), EAGAIN);
    call.0.flags = IPC_NOWAIT;
    assert!(report(vec![call], 0).waits.is_empty());
}

#[test]
fn what_is_asked_for_is_told_in_words() {
    let wait = |msgtyp, flags| {
        let mut call = never(receive(2, 10, 0, 7, b""));
        call.0.msgtyp = msgtyp;
        call.0.flags = flags;
        report(vec![call], 500 * MS).waits[0].why.clone()
    };
    let nobody = "; nobody has sent one in this recording";
    assert_eq!(wait(0, 0), format!("the queue is empty{nobody}"));
    assert_eq!(wait(-4, 0), format!("no message of a type up to 4{nobody}"));
    assert_eq!(wait(4, MSG_EXCEPT), format!("no message of a type other than 4{nobody}"));
}

#[test]
fn the_last_sender_is_told_and_that_he_has_exited() {
    let events = vec![
        Event::Call(create(1, 0)),
        Event::Call(send(3, 10, 20, 7, b"x")),
        Event::Call(receive(2, 30, 40, 7, b"x")),
        Event::Exit(3, 50),
        Event::Call(never(receive(2, 60, 0, 7, b""))),
    ];
    let report = report_of(KNOWN, events, 500 * MS);
    let expected = "no message of type 7; the last process that sent one was 3, at 0.000000 s, \
                    which exited at 0.000000 s";
    assert_eq!(report.waits[0].why, expected);
    assert_eq!(found(&report, Sort::Deadlock), [""; 0], "whoever is gone is waited for in vain");
    assert_eq!(found(&report, Sort::Hanging).len(), 1);
}

/// Two processes that have talked, and then wait for each other.
fn two_that_wait() -> Vec<Call> {
    vec![
        send(2, 10, 20, 1, b"ask"),
        receive(3, 30, 40, 1, b"ask"),
        send(3, 50, 60, 2, b"answer"),
        receive(2, 70, 80, 2, b"answer"),
        never(receive(2, 90, 0, 2, b"")),
        never(receive(3, 91, 0, 1, b"")),
    ]
}

#[test]
fn processes_that_wait_for_each_other_are_a_deadlock() {
    let report = report(two_that_wait(), 500 * MS);
    let deadlocks = found(&report, Sort::Deadlock);
    assert_eq!(deadlocks.len(), 1, "{deadlocks:?}");
    assert!(
        deadlocks[0]
            .contains("2 waits for a message of type 2 on queue 5, which only 3 could send")
    );
    assert!(
        deadlocks[0]
            .contains("3 waits for a message of type 1 on queue 5, which only 2 could send")
    );
    assert_eq!(found(&report, Sort::Hanging), [""; 0], "it is told once");
}

#[test]
fn a_third_process_that_could_send_makes_it_no_deadlock() {
    let mut calls = two_that_wait();
    calls.push(send(4, 5, 6, 1, b"x"));
    calls.push(receive(3, 7, 8, 1, b"x"));
    let report = report(calls, 500 * MS);
    assert_eq!(found(&report, Sort::Deadlock), [""; 0]);
    assert_eq!(found(&report, Sort::Hanging).len(), 2);
}

#[test]
fn another_thread_that_still_calls_makes_it_no_deadlock() {
    let mut calls = two_that_wait();
    let mut other = failed(receive(3, 400 * MS, 400 * MS + 1, 9, b""), libc::ENOMSG);
    other.0.thread = 33;
    calls.push(other);
    assert_eq!(found(&report(calls, 500 * MS), Sort::Deadlock), [""; 0]);
}

#[test]
fn another_thread_that_has_sent_and_does_something_else_now_makes_it_no_deadlock() {
    let mut calls = two_that_wait();
    let mut other = send(3, 82, 83, 2, b"event");
    other.0.thread = 33;
    calls.push(other);
    calls.push(receive(2, 84, 85, 2, b"event"));
    let events = || std::iter::once(create(1, 0)).chain(calls.clone()).map(Event::Call);
    let report = |events: Vec<Event>| report_of(KNOWN, events, 500 * MS);
    assert_eq!(found(&report(events().collect()), Sort::Deadlock), [""; 0], "33 may send again");
    let ended = events().chain([Event::ThreadExit(3, 33, 100 * MS)]).collect();
    assert_eq!(found(&report(ended), Sort::Deadlock).len(), 1);
}

#[test]
fn a_message_on_its_way_makes_it_no_deadlock() {
    let mut calls = two_that_wait();
    calls.push(send(3, 85, 88, 2, b"answer"));
    let report = report(calls, 500 * MS);
    assert_eq!(found(&report, Sort::Deadlock), [""; 0], "2 is about to wake");
}

#[test]
fn a_wait_that_ends_well_is_no_deadlock() {
    let mut calls = two_that_wait();
    calls.pop();
    calls.pop();
    calls.push(receive(2, 90, 300 * MS, 2, b"later"));
    calls.push(receive(3, 91, 299 * MS, 1, b"later"));
    // Somebody new comes; until then it looks like a deadlock.
    calls.push(send(4, 298 * MS, 298 * MS + 1, 1, b"later"));
    calls.push(send(3, 299 * MS + 1, 299 * MS + 2, 2, b"later"));
    calls.push(failed(receive(9, 10, 200 * MS, 9, b""), EINTR));
    assert_eq!(found(&report(calls, 0), Sort::Deadlock), [""; 0]);
}

#[test]
fn a_deadlock_that_a_signal_ended_is_told() {
    let mut calls = two_that_wait();
    calls.truncate(4);
    calls.push(failed(receive(2, 90, 300 * MS, 2, b""), EINTR));
    calls.push(failed(receive(3, 91, 301 * MS, 1, b""), EIDRM));
    calls.push(control(2, 300 * MS + 5, 300 * MS + 6, IPC_RMID));
    assert_eq!(found(&report(calls, 0), Sort::Deadlock).len(), 1);
}

#[test]
fn whoever_goes_on_after_a_signal_was_not_stuck() {
    let mut calls = two_that_wait();
    calls.truncate(4);
    calls.push(failed(receive(2, 90, 300 * MS, 2, b""), EINTR));
    calls.push(failed(receive(3, 91, 310 * MS, 1, b""), EINTR));
    calls.push(send(2, 400 * MS, 400 * MS + 1, 1, b"tick"));
    calls.push(receive(3, 401 * MS, 401 * MS + 1, 1, b"tick"));
    assert_eq!(found(&report(calls, 0), Sort::Deadlock), [""; 0], "timers woke them");
}

#[test]
fn whether_somebody_still_waits_is_told_only_of_those_who_are_known_to_live() {
    let report = report(vec![never(receive(2, 10, 0, 7, b""))], 500 * MS);
    let wait = &report.waits[0];
    assert_eq!(wait.what, "2 waited 0.500 s for a message of type 7 on queue 5");
    assert_eq!(wait.ended, "it had not returned when the recording ended");
}

#[test]
fn when_a_process_ended_is_not_known_from_the_next_one_with_its_id() {
    let began = |at| {
        let name = "worker".to_string();
        Event::Began(Began { process: 3, at, forked: true, name, namespace: 1 })
    };
    let events = vec![
        Event::Call(create(1, 0)),
        began(1),
        Event::Call(send(3, 10, 11, 7, b"one")),
        Event::Call(receive(1, 20, 21, 7, b"one")),
        began(400 * MS),
        Event::Call(never(receive(1, 410 * MS, 0, 7, b""))),
    ];
    let report = report_of(KNOWN, events, 900 * MS);
    let why = &report.waits[0].why;
    assert!(why.ends_with("was 3 (worker), at 0.000000 s, which has exited"), "{why}");
    assert_eq!(report.processes[1].exited, None);
}

#[test]
fn one_that_waits_for_what_only_it_sends_is_a_deadlock() {
    let calls = vec![
        send(1, 10, 20, 7, b"x"),
        receive(1, 30, 40, 7, b"x"),
        never(receive(1, 50, 0, 7, b"")),
    ];
    let report = report(calls, 500 * MS);
    let deadlocks = found(&report, Sort::Deadlock);
    assert!(deadlocks[0].ends_with("which only it itself could send"), "{deadlocks:?}");
}

#[test]
fn a_program_that_begins_ends_the_calls_before_it() {
    let began =
        Began { process: 2, at: 300 * MS, forked: false, name: "next".to_string(), namespace: 1 };
    let events = vec![
        Event::Call(create(1, 0)),
        Event::Call(never(receive(2, 50, 0, 7, b""))),
        Event::Began(began),
        Event::Call(send(1, 400 * MS, 401 * MS, 7, b"x")),
    ];
    let report = report_of(KNOWN, events, 500 * MS);
    assert_eq!(report.waits.len(), 1);
    assert!(
        report.waits[0].over && report.waits[0].duration < 0.31,
        "{}",
        report.waits[0].duration
    );
    assert_eq!(report.queues[0].messages_left, 1, "nobody has taken it");
}

#[test]
fn einval_is_explained_by_the_arguments_or_by_what_became_of_the_queue() {
    let sends = |size, mtype| {
        let mut call = send(1, 10, 11, mtype, &vec![0; size]);
        call.0.returned = Some((11, Err(msgq::errno::Errno(EINVAL))));
        call
    };
    let why = |before: Vec<Call>, call: Call| {
        let report = report([before, vec![call]].concat(), 0);
        report.failures[0].why.clone()
    };
    assert_eq!(
        why(vec![], sends(501, 1)),
        "msgsz is 501 bytes, and a message may have 500 bytes (msgmax)"
    );
    assert_eq!(why(vec![], sends(5, 0)), "mtype is not above 0");
    let removed = control(2, 5, 6, IPC_RMID);
    assert_eq!(why(vec![removed], sends(5, 1)), "the queue was removed by 2 at 0.000000 s");
    assert_eq!(
        why(vec![], sends(5, 1)),
        "the queue was removed by somebody who is not in the recording"
    );
    let mut unknown = failed(receive(1, 10, 11, 0, b""), EINVAL);
    unknown.0.object = QUEUE + 1;
    assert_eq!(why(vec![], unknown), "no queue had this id while it was recorded");
}

#[test]
fn a_removal_that_has_not_returned_yet_explains_what_fails_meanwhile() {
    let calls = vec![failed(receive(2, 10, 25, 7, b""), EIDRM), control(3, 20, 30, IPC_RMID)];
    let report = report(calls, 0);
    assert_eq!(report.failures[0].why, "the queue was removed by 3 at 0.000000 s");
}

#[test]
fn messages_that_nobody_received_go_with_their_queue() {
    let calls = vec![send(1, 10, 20, 7, b"four"), control(2, 30, 40, IPC_RMID)];
    let report = report(calls, 0);
    let expected =
        "queue 5 was removed by 2 at 0.000000 s with 1 message (4 bytes) that nobody had received";
    assert_eq!(found(&report, Sort::Unread), [expected]);
    assert_eq!(found(&report, Sort::LeftBehind), [""; 0]);
}

#[test]
fn a_queue_that_was_made_again_under_its_id_is_another_queue() {
    let calls = vec![send(1, 10, 20, 7, b"old"), create(2, 50), receive(2, 60, 70, 7, b"new")];
    let report = report(calls, 0);
    assert_eq!(report.queues.len(), 2);
    assert_eq!(report.links.linked, 0, "what was in the old one is gone with it");
}

#[test]
fn a_reader_who_is_not_recorded_does_not_make_the_memory_grow() {
    let calls = (0..10_000).map(|at| send(1, 10 * at + 10, 10 * at + 11, 7, &[0; 100]));
    let mut observer = ();
    let mut model = Model::new(KNOWN, &mut observer);
    let mut timeline = Timeline::default();
    timeline.add(std::iter::once(create(1, 0)).chain(calls).map(Event::Call), &mut model);
    timeline.finish(&mut model);
    let contents = &model.queues[&QUEUE].contents;
    assert_eq!((contents.held().messages, contents.vanished), (10, 9_990));
}

#[test]
fn messages_without_text_are_no_more_than_a_queue_has_bytes() {
    let calls = (0..5_000).map(|at| send(1, 10 * at + 10, 10 * at + 11, 7, b"")).collect();
    let report = report(calls, 0);
    assert_eq!((report.queues[0].messages_left, report.queues[0].vanished), (1_000, 4_000));
}

#[test]
fn what_a_receiver_took_that_has_not_returned_yet_leaves_room() {
    let calls = vec![
        send(1, 10, 11, 7, &[0; 900]),
        never(receive(2, 20, 0, 7, b"")),
        send(1, 30, 31, 7, &[0; 900]),
    ];
    assert_eq!(found(&report(calls, 0), Sort::Strangers), [""; 0]);
}

#[test]
fn a_call_that_returns_while_the_recording_is_read_counts_once() {
    let waits = never(receive(2, 10, 0, 7, b"x"));
    let mut observer = ();
    let mut model = Model::new(KNOWN, &mut observer);
    let mut timeline = Timeline::default();
    let first = [create(1, 0), waits].map(Event::Call);
    timeline.add(first, &mut model);
    let later = [
        Event::Call(send(1, 20, 21, 7, b"x")),
        Event::Late(receive(2, 10, 30, 7, b"x")),
        Event::Call(failed(call(Kind::Send, 2, 40, Some((41, Ok(0)))), EAGAIN)),
    ];
    timeline.add(later, &mut model);
    timeline.finish(&mut model);
    assert_eq!((model.links.linked, model.links.certain), (1, 1));
    assert!(model.never.is_empty() && model.waiting.is_empty());
    assert_eq!(model.calls, 4);
}

#[test]
fn whoever_never_returns_is_seen_and_whoever_waits_still_at_the_end() {
    #[derive(Default)]
    struct Calls(Vec<(usize, u64, bool)>);
    impl Observer for Calls {
        fn call(&mut self, process: usize, call: &Call) {
            self.0.push((process, call.entered, call.returned.is_some()));
        }
    }
    let mut observer = Calls::default();
    let mut model = Model::new(KNOWN, &mut observer);
    let mut timeline = Timeline::default();
    let calls = [
        create(1, 0),
        never(receive(2, 10, 0, 7, b"")),
        never(receive(3, 20, 0, 8, b"")),
        send(1, 30, 40, 9, b""),
    ];
    timeline.add(calls.map(Event::Call).into_iter().chain([Event::Exit(2, 50)]), &mut model);
    let last = timeline.finish(&mut model);
    model.finish(last, last, &Alive::unknown());
    assert_eq!(observer.0, [(0, 0, true), (0, 30, true), (1, 10, false), (2, 20, false)]);
}

#[test]
fn what_a_killed_receiver_took_is_not_blamed_on_strangers() {
    let events = vec![
        Event::Call(create(1, 0)),
        Event::Call(send(1, 10, 11, 7, &[0; 500])),
        Event::Call(send(1, 12, 13, 7, &[0; 500])),
        Event::Call(never(receive(2, 20, 0, 7, b""))),
        Event::Exit(2, 30),
        Event::Call(send(1, 40, 41, 7, &[0; 500])),
    ];
    let report = report_of(KNOWN, events, 0);
    assert_eq!(found(&report, Sort::Strangers), [""; 0]);
}

#[test]
fn numbers_that_cannot_be_do_no_harm() {
    let huge = |mut call: Call| {
        call.0.msgsz = u64::MAX;
        call
    };
    let stat = |at| {
        let mut call = control(1, at, at + 1, libc::IPC_STAT);
        call.0.bytes = vec![0xff; 120];
        call
    };
    let mut received = receive(2, 70, 80, 7, b"");
    received.0.returned = Some((80, Ok(-7)));
    let calls = vec![
        stat(5),
        huge(send(1, 10, 20, 7, b"")),
        huge(send(1, 30, 40, 7, b"")),
        huge(send(1, 45, 46, 7, b"")),
        stat(50),
        huge(never(send(2, 60, 0, 7, b""))),
        received,
        receive(3, u64::MAX - 2, u64::MAX, 7, b"x"),
    ];
    let at_the_queue = calls.clone().into_iter().map(Event::Call).collect();
    assert_eq!(report_of(KNOWN, at_the_queue, u64::MAX).recording.calls, 7);
    assert_eq!(report(calls, u64::MAX).recording.calls, 8);
}

#[test]
fn where_the_limit_is_not_known_messages_are_counted_and_not_all_remembered() {
    let mut opened = create(1, 0);
    (opened.0.object, opened.0.flags) = (0x1234, libc::IPC_CREAT | 0o600);
    // Each of another type.
    let sent = |at: u64| send(1, 10 * at + 10, 10 * at + 11, 1 + at as i64, &[0; 100]);
    let sends = (0..50_000).map(sent);
    let mut observer = ();
    let mut model = Model::new(KNOWN, &mut observer);
    let mut timeline = Timeline::default();
    timeline.add(std::iter::once(opened).chain(sends).map(Event::Call), &mut model);
    timeline.finish(&mut model);
    let contents = &model.queues[&QUEUE].contents;
    assert_eq!((contents.held().messages, contents.vanished), (50_000, 0));
    let remembered: u64 = contents.by_type().map(|(_, held)| held.messages).sum();
    assert!(remembered < 20_000, "{remembered}");
    let report = Report::of(&mut model, Losses::default(), 0, 600_000, false);
    let left = found(&report, Sort::LeftBehind)[0];
    assert!(left.starts_with("queue 5 was not removed, as far as is recorded, and"), "{left}");
    assert!(left.contains("with 50,000 messages (5,000,000 bytes)"), "{left}");
}

#[test]
fn what_stays_behind_is_what_was_seen_when_all_was_over() {
    let data = || Box::new(QueueData::read(&[0; 120]).unwrap());
    let events = vec![
        Event::Call(create(1, 0)),
        Event::Call(send(1, 10, 11, 7, b"one")),
        Event::Queue(Kind::Left, 20, QUEUE, data()),
        Event::AllQueues(Kind::Left, 20),
    ];
    let report = report_of(KNOWN, events, 30);
    let left = found(&report, Sort::LeftBehind)[0];
    assert!(left.starts_with("queue 5 was not removed, and stays behind empty; "), "{left}");
    assert_eq!(report.queues[0].messages_left, 0);
}
