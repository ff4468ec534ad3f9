//! Messages one by one: what is sent is what is received, and which one.

use crate::Test;
use crate::support::place::Place;

pub const TESTS: &[Test] = &[
    ("a_text_is_received_as_it_was_sent", a_text),
    ("standard_input_is_sent_with_all_of_its_bytes", standard_input),
    ("a_message_is_shown_in_four_forms", four_forms),
    ("an_empty_message_is_a_message", empty),
    ("peek_leaves_the_message_where_it_is", peek),
    ("peek_shows_the_messages_that_recv_would_receive_in_its_order", selections),
    ("recv_all_receives_what_is_there_and_does_not_wait", all),
    ("flush_empties_a_queue_and_keeps_it", flush),
    ("flush_takes_several_queues", flush_several),
    ("a_queue_is_made_with_the_mode_that_was_asked_for", create),
];

fn a_text(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "-t", "7", "hello, 초록"]);
    place.does(&["send", "-q", &place.id(&key), "and again"]);
    assert_eq!(place.does(&["recv", "-q", &place.id(&key)]), "hello, 초록\n");
    assert_eq!(place.does(&["recv", "-Q", &key, "--json"]).split(',').next(), Some("{\"mtype\":1"));
}

fn standard_input(place: &Place) {
    let key = place.queue();
    let every: Vec<u8> = (0..=255).cycle().take(8192).collect();
    place.does_with(&["send", "-Q", &key], &every);
    let received = place.run(&["recv", "-Q", &key, "--raw"]);
    assert!(received.stdout == every, "{} bytes came: {received:?}", received.stdout.len());
}

fn four_forms(place: &Place) {
    let key = place.queue();
    place.does_with(&["send", "-Q", &key, "-t", "9"], b"a\0\xff\n");
    for (form, shown) in [
        ("--text", "a\\x00\\xff\\n\n"),
        ("--hex", &format!("mtype=9 msgsz=4\n00000000  61 00 ff 0a{:38}|a...|\n", "")),
        ("--json", "{\"mtype\":9,\"message\":{\"length\":4,\"hex\":\"6100ff0a\",\"text\":null}}\n"),
    ] {
        assert_eq!(place.does(&["peek", "-Q", &key, form]), shown, "{form}");
    }
    assert_eq!(place.run(&["peek", "-Q", &key, "--raw"]).stdout, b"a\0\xff\n");
    assert_eq!(place.does(&["peek", "-Q", &key]), "a\\x00\\xff\\n\n", "without a form");
}

fn empty(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, ""]);
    place.does_with(&["send", "-Q", &key], b"");
    assert_eq!(place.does(&["peek", "-Q", &key, "--all", "--hex"]), "mtype=1 msgsz=0\n".repeat(2));
    assert_eq!(place.does(&["recv", "-Q", &key, "--all"]), "\n\n");
}

fn peek(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "stays"]);
    let before = place.about(&key);
    assert_eq!(place.does(&["peek", "-Q", &key]), "stays\n");
    assert_eq!(place.about(&key), before);
    assert_eq!(place.does(&["recv", "-Q", &key]), "stays\n");
}

fn selections(place: &Place) {
    let key = place.queue();
    let types = ["9", "7", "3", "7", "9223372036854775807"];
    let fill = || {
        for (number, mtype) in types.iter().enumerate() {
            place.does(&["send", "-Q", &key, "-t", mtype, &format!("{mtype} {number}")]);
        }
    };
    for (selection, chosen) in [
        ("0", &["9 0", "7 1", "3 2", "7 3", "9223372036854775807 4"][..]),
        ("7", &["7 1", "7 3"]),
        ("-7", &["3 2", "7 1", "7 3"]),
        ("-8", &["3 2", "7 1", "7 3"]),
        ("!7", &["9 0", "3 2", "9223372036854775807 4"]),
        ("9223372036854775807", &["9223372036854775807 4"]),
        ("5", &[]),
        ("-2", &[]),
    ] {
        fill();
        let ask = |command, all: &[&str]| {
            place.run(&[&[command, "-Q", &key, "--type", selection], all].concat())
        };
        let (first, wanted) = (chosen.first(), chosen.iter().map(|line| format!("{line}\n")));
        let wanted: String = wanted.collect();
        let shown = ask("peek", &[]);
        assert_eq!(shown.status.code(), Some(if first.is_some() { 0 } else { 3 }), "{shown:?}");
        let line = String::from_utf8(shown.stdout).unwrap();
        assert_eq!(line.lines().next(), first.copied(), "peek --type {selection}");
        for command in ["peek", "recv"] {
            let output = ask(command, &["--all"]);
            assert_eq!(output.status.code(), Some(0), "{command} --all: {output:?}");
            let lines = String::from_utf8(output.stdout).unwrap();
            assert_eq!(lines, wanted, "{command} --all --type {selection}");
        }
        place.does(&["flush", "-Q", &key]);
    }
}

fn all(place: &Place) {
    let key = place.queue();
    assert_eq!(place.does(&["recv", "-Q", &key, "--all"]), "");
    assert_eq!(place.does(&["peek", "-Q", &key, "--all"]), "");
    for text in ["one", "two", "three"] {
        place.does(&["send", "-Q", &key, text]);
    }
    assert_eq!(place.does(&["recv", "-Q", &key, "--all"]), "one\ntwo\nthree\n");
    assert_eq!(place.about(&key).unwrap()["qnum"], 0);
}

fn flush(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    for text in ["one", "two", "three"] {
        place.does(&["send", "-Q", &key, text]);
    }
    assert_eq!(place.does(&["flush", "-Q", &key]), format!("removed 3 messages from queue {id}\n"));
    assert_eq!(place.does(&["flush", "-q", &id]), format!("removed 0 messages from queue {id}\n"));
    place.does(&["send", "-Q", &key, "one more"]);
    assert_eq!(place.does(&["flush", "-q", &id]), format!("removed 1 message from queue {id}\n"));
}

fn flush_several(place: &Place) {
    let (one, other, untouched) = (place.queue(), place.queue(), place.queue());
    for key in [&one, &other, &untouched] {
        place.does(&["send", "-Q", key, "text"]);
    }
    // One that is not there keeps the others from nothing.
    let output = place.run(&["flush", "-Q", &one, "-q", "2147483647", "-Q", &other]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let left = [&one, &other, &untouched].map(|key| place.about(key).unwrap()["qnum"].clone());
    assert_eq!(left, [0, 0, 1]);
}

fn create(place: &Place) {
    for (option, perms) in
        [("--create", "0600"), ("--create=640", "0640"), ("--create=0600", "0600")]
    {
        for command in [&["send", "text"][..], &["recv", "--nowait"]] {
            let key = place.key();
            place.run(&[command, &["-Q", &key, option]].concat());
            assert_eq!(place.about(&key).unwrap()["perms"], perms, "{command:?} {option}");
            // One that is there stays as it is.
            place.run(&[command, &["-Q", &key, "--create=777"]].concat());
            assert_eq!(place.about(&key).unwrap()["perms"], perms, "{command:?} {option}");
        }
    }
}
