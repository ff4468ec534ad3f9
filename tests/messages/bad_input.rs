//! What makes no sense is told in one line, and nothing happens.

use crate::Test;
use crate::support::place::{Place, failed};
use crate::support::text;

pub const TESTS: &[Test] = &[
    ("an_id_or_key_that_is_none_is_shown_as_it_was_written", no_number),
    ("an_id_or_key_without_a_queue_is_told_in_the_words_of_ipcrm", no_queue),
    ("key_0_is_nobodys", key_0),
    ("a_type_or_a_time_that_is_none_is_told_with_what_would_be_right", no_type_or_time),
    ("a_queue_has_to_be_named_once", named_once),
    ("a_message_longer_than_msgmax_is_not_sent", longer_than_msgmax),
    ("a_message_that_never_fits_is_not_waited_with", never_fits),
    ("messages_of_a_megabyte_go_through_where_the_engine_takes_them", a_megabyte),
];

const COMMANDS: [&[&str]; 4] = [&["send", "text"], &["recv", "--nowait"], &["peek"], &["flush"]];

fn no_number(place: &Place) {
    for command in COMMANDS {
        for (option, word) in [("-q", "abc"), ("-q", "0x5"), ("-q", ""), ("-Q", "9x"), ("-Q", "08")]
        {
            let arguments = [command, &[option, word]].concat();
            place.fails(&arguments, 2, &[&format!("failed to parse argument: '{word}'")]);
        }
        for (option, word) in [("-q", "2147483648"), ("-Q", "0x100000000")] {
            let arguments = [command, &[option, word]].concat();
            place.fails(&arguments, 2, &[&format!("'{word}': Numerical result out of range")]);
        }
    }
}

fn no_queue(place: &Place) {
    let key = place.key();
    for command in COMMANDS {
        for id in ["2147483647", "-5"] {
            place.fails(
                &[command, &["-q", id]].concat(),
                1,
                &[&format!("invalid id ({id}): there is no")],
            );
        }
        let parts = [&*format!("invalid key ({key}): no queue has this key")];
        place.fails(&[command, &["-Q", &key]].concat(), 1, &parts);
    }
    assert_eq!(place.about(&key), None, "a queue was made that nobody asked for");
}

fn key_0(place: &Place) {
    for command in COMMANDS {
        place.fails(&[command, &["-Q", "0"]].concat(), 1, &["illegal key (0)"]);
    }
    place.fails(&["send", "-Q", "0x0", "--create", "text"], 1, &["illegal key (0x0)"]);
}

fn no_type_or_time(place: &Place) {
    let key = place.queue();
    for (command, options, part) in [
        ("send", &["-t", "0", "text"][..], "'0'"),
        ("send", &["-t", "-7", "text"], "'-7'"),
        ("recv", &["-t", "x", "--nowait"], "!7 (any other type)"),
        ("peek", &["-t", "!-7"], "!7 (any other type)"),
        ("recv", &["--timeout", "soon"], "right would be 2, 0.5, 500ms or 2m"),
        ("send", &["--timeout", "-1", "text"], "right would be 2, 0.5, 500ms or 2m"),
        ("send", &["--create=888", "text"], "right would be 600"),
        ("recv", &["--nowait", "--timeout", "1"], "cannot be used with"),
        ("recv", &["--all", "--follow"], "cannot be used with"),
        ("recv", &["--json", "--raw", "--nowait"], "cannot be used with"),
        ("send", &["--json", "text"], "cannot be used with"),
        ("send", &["-t", "7", "--json"], "cannot be used with"),
    ] {
        let output = place.run(&[&[command, "-Q", &key], options].concat());
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command} {options:?}: {complaint}");
        assert!(complaint.contains(part), "{command} {options:?}: {complaint}");
    }
    assert_eq!(place.about(&key).unwrap()["qnum"], 0);
}

fn named_once(place: &Place) {
    let key = place.queue();
    for command in COMMANDS {
        let output = place.run(command);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {output:?}");
    }
    let both = ["-Q", &key, "-q", &place.id(&key)];
    for command in &COMMANDS[..3] {
        let output = place.run(&[*command, &both].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}: {output:?}");
    }
    // The queue with an id is there, or not.
    let output = place.run(&["send", "-q", &place.id(&key), "--create", "text"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

fn longer_than_msgmax(place: &Place) {
    let key = place.queue();
    let parts = ["more than 8192 bytes", "a message may have (msgmax)", "nothing was sent"];
    place.fails(&["send", "-Q", &key, &"x".repeat(8193)], 1, &parts);
    let output = place.run_with(&["send", "-Q", &key], &[0; 100_000]);
    failed(&["send"], &output, 1, &parts);
    assert_eq!(place.about(&key).unwrap()["qnum"], 0);
    // Nor is a queue made for it.
    let key = place.key();
    place.fails(&["send", "-Q", &key, "--create", &"x".repeat(8193)], 1, &parts);
    assert_eq!(place.about(&key), None);
}

/// Sets limits of the place's own; whether that can be done.
fn limit(place: &Place, options: &[&str]) -> bool {
    // Those of the kernel are everybody's.
    place.engine == "shm" && place.run(&[&["limits"], options].concat()).status.success()
}

fn never_fits(place: &Place) {
    if limit(place, &["--msgmnb", "10"]) {
        let key = place.queue();
        place.does(&["send", "-Q", &key, "0123456789"]);
        let parts = ["the message has more than 10 bytes", "holds", "nothing was sent"];
        place.fails(&["send", "-Q", &key, "0123456789a"], 1, &parts);
    }
}

fn a_megabyte(place: &Place) {
    if limit(place, &["--msgmax", "1M", "--msgmnb", "4M"]) {
        let key = place.queue();
        let big: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        place.does_with(&["send", "-Q", &key], &big);
        for command in ["peek", "recv"] {
            let shown = place.run(&[command, "-Q", &key, "--raw"]).stdout;
            assert!(shown == big, "{command}: {} bytes", shown.len());
        }
        place.does_with(&["send", "-Q", &key], &big);
        assert!(limit(place, &["--msgmax", "1000"]));
        let parts = ["message 1 of queue", "longer than messages may be now (msgmax 1000)"];
        place.fails(&["peek", "-Q", &key], 1, &parts);
        assert_eq!(place.run(&["recv", "-Q", &key, "--raw"]).stdout, big);
    }
}
