//! A queue that is saved, and put back.

use crate::Test;
use crate::support::place::Place;
use crate::support::{msgq, run};
use serde_json::Value;

pub const TESTS: &[Test] = &[
    ("a_queue_is_saved_and_put_back_with_all_types_and_bytes", round_trip),
    ("what_was_saved_goes_into_a_queue_of_the_other_engine", to_the_other_engine),
    ("the_sends_of_a_trace_can_be_sent_again", a_trace),
    ("a_line_may_be_written_by_hand", by_hand),
    ("nothing_is_sent_where_one_line_is_bad", a_bad_line),
    ("a_message_that_finds_no_room_is_told_with_how_many_did", no_room),
];

/// Fills a queue with messages that are not easy to write down, and gives their number.
fn fill(place: &Place, key: &str) -> usize {
    let every: Vec<u8> = (0..=255).collect();
    let big = [0xffu8; 8192];
    let texts: [&[u8]; 8] =
        [b"plain", b"", b"\0", b"a\nb\r\t\\\"", b"\xff\xfe\0", "초록".as_bytes(), &every, &big];
    for (number, text) in texts.iter().enumerate() {
        let mtype = (i64::MAX - number as i64 % 3).to_string();
        place.does_with(&["send", "-Q", key, "-t", &mtype], text);
    }
    texts.len()
}

fn round_trip(place: &Place) {
    let (from, to) = (place.queue(), place.queue());
    let number = fill(place, &from);
    let seen = place.does(&["peek", "-Q", &from, "--all", "--hex"]);
    let saved = place.does(&["recv", "-Q", &from, "--all", "--json"]);
    assert_eq!(saved.lines().count(), number, "{saved}");
    assert_eq!(place.about(&from).unwrap()["qnum"], 0);
    place.does_with(&["send", "-Q", &to, "--json"], saved.as_bytes());
    assert_eq!(place.does(&["recv", "-Q", &to, "--all", "--hex"]), seen);
}

fn to_the_other_engine(place: &Place) {
    let other = Place::on(if place.engine == "kernel" { "shm" } else { "kernel" });
    let (from, to) = (place.queue(), other.queue());
    fill(place, &from);
    let saved = place.does(&["recv", "-Q", &from, "--all", "--json"]);
    other.does_with(&["send", "-Q", &to, "--json"], saved.as_bytes());
    assert_eq!(other.does(&["peek", "-Q", &to, "--all", "--json"]), saved);
}

fn a_trace(place: &Place) {
    let key = place.queue();
    let file = place.directory.path().join("trace");
    let mut command = msgq();
    command.args(["trace", "-f", "json", "-e", "msgsnd", "-o"]).arg(&file);
    assert!(run(command.args(["--", env!("CARGO_BIN_EXE_msgq"), "demo"])).status.success());
    let trace = std::fs::read_to_string(&file).unwrap();
    place.does_with(&["send", "-Q", &key, "--json"], trace.as_bytes());
    let sent = place.does(&["recv", "-Q", &key, "--all", "--json"]);
    let messages = |lines: &str| -> Vec<(Value, Value)> {
        let objects = lines.lines().map(|line| serde_json::from_str(line).expect(line));
        objects.map(|object: Value| (object["mtype"].clone(), object["message"].clone())).collect()
    };
    assert!(messages(&trace).len() > 3, "{trace}");
    assert_eq!(messages(&sent), messages(&trace));
}

fn by_hand(place: &Place) {
    let key = place.queue();
    let lines = "\n{\"mtype\":7,\"message\":{\"text\":\"hi\"}}\n\n{\"mtype\":8,\"message\":{\"hex\":\"00\"}}";
    place.does_with(&["send", "-Q", &key, "--json"], lines.as_bytes());
    assert_eq!(place.does(&["recv", "-Q", &key, "--all"]), "hi\n\\x00\n");
}

fn a_bad_line(place: &Place) {
    let key = place.queue();
    let good = "{\"mtype\":7,\"message\":{\"text\":\"good\"}}";
    let long = format!("{{\"mtype\":7,\"message\":{{\"text\":\"{}\"}}}}", "x".repeat(8193));
    for (bad, part) in [
        ("what?", "expected value"),
        ("{\"mtype\":-7,\"message\":{\"text\":\"x\"}}", "types begin at 1"),
        ("{\"mtype\":7,\"message\":{\"hex\":\"123\"}}", "pairs of hex digits"),
        (&long, "more than 8192 bytes, which is the most that a message may have (msgmax)"),
    ] {
        let lines = format!("{good}\n{bad}\n{good}\n");
        let output = place.run_with(&["send", "-Q", &key, "--json"], lines.as_bytes());
        let parts = ["line 2: ", part, "nothing was sent"];
        crate::support::place::failed(&["send", "--json"], &output, 1, &parts);
        assert_eq!(place.about(&key).unwrap()["qnum"], 0, "{bad}");
    }
}

fn no_room(place: &Place) {
    let key = place.queue();
    let line = format!("{{\"mtype\":7,\"message\":{{\"text\":\"{}\"}}}}\n", "x".repeat(8000));
    let output =
        place.run_with(&["send", "-Q", &key, "--json", "--nowait"], line.repeat(3).as_bytes());
    let parts = ["there is no room", "2 of 3 messages were sent"];
    crate::support::place::failed(&["send", "--json"], &output, 3, &parts);
    assert_eq!(place.about(&key).unwrap()["qnum"], 2);
}
