//! The file by itself.

use crate::recordings::{HOSTILE, PLANTED, Recording, lines, read};
use crate::support::{msgq, run, text};
use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::read::DeflateDecoder;
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::process::Output;

/// The tests, by name.
pub const TESTS: [(&str, fn()); 7] = [
    ("the_page_has_every_call_in_the_words_of_the_trace", every_call),
    ("the_page_has_the_report_and_names_the_recording", the_report),
    ("no_name_and_no_text_becomes_part_of_the_page", hostile),
    ("the_page_asks_for_nothing_from_outside", nothing_from_outside),
    ("text_and_json_are_told_besides_where_they_are_asked_for", besides),
    ("of_a_recording_that_was_cut_off_there_is_a_page", cut_off),
    ("where_no_page_can_be_written_a_sentence_says_so_and_nothing_is_lost", refused),
];

/// What stands in the elements that begin in this way.
fn elements<'a>(page: &'a str, begin: &str) -> Vec<&'a str> {
    page.split(begin)
        .skip(1)
        .map(|piece| piece.split_once("</script>").expect("its end").0)
        .collect()
}

fn summary(page: &str) -> Value {
    serde_json::from_str(elements(page, "id=\"summary\">")[0]).expect("JSON")
}

fn every_call() {
    for engine in ["kernel", "shm"] {
        let recording = Recording::of_perl(engine, PLANTED);
        let page = read(&recording.page(&[]));
        let mut words = String::new();
        for block in elements(&page, "class=\"words\">") {
            let bytes = BASE64_STANDARD.decode(block).expect("base64");
            DeflateDecoder::new(&bytes[..]).read_to_string(&mut words).expect("text");
        }
        let mut found: Vec<&str> = words.lines().collect();
        found.sort_unstable();
        assert_eq!(found, lines(&recording.path), "{engine}");
        assert_eq!(summary(&page)["shown"]["calls"], found.len());
    }
}

/// Asserts that two reports tell the same. (Their times may differ by a few nanoseconds: the longer ago a
/// recording was made, the better the rate of its clock is known.)
fn assert_same(one: &Value, other: &Value) {
    for part in ["links", "failures"] {
        assert_eq!(one[part], other[part]);
    }
    let pids = |report: &Value| {
        let processes = report["processes"].as_array().unwrap().iter();
        processes.map(|process| process["pid"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(pids(one), pids(other));
    assert_eq!(one["recording"]["calls"], other["recording"]["calls"]);
}

fn the_report() {
    let recording = Recording::of_perl("kernel", "msgctl(msgget(0, 0600), RMID, 0);");
    let summary = summary(&read(&recording.page(&[])));
    assert_eq!(summary["file"], recording.path.display().to_string());
    assert_same(&summary["report"], &recording.report());
    assert_eq!(summary["overview"], Value::Null, "the page has every call");
}

fn hostile() {
    let page = read(&HOSTILE.page(&[]));
    for part in ["<script>alert(", "<img", "<!--<"] {
        assert!(!page.contains(part), "{part:?} is in the page");
    }
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
    let processes = summary(&page)["report"]["processes"].clone();
    assert_eq!(processes[0]["program"], "<script>alert(2");
}

fn nothing_from_outside() {
    let page = read(&HOSTILE.page(&[]));
    for part in ["http:", "https:", "src=\"", "href=\"", "url(", "@import"] {
        assert!(!page.contains(part), "{part:?} is in the page");
    }
    assert!(page.contains("content=\"default-src 'none'; script-src 'nonce-"));
}

fn besides() {
    let page = HOSTILE.directory.path().join("besides.html");
    let output =
        run(msgq().arg("report").arg(&HOSTILE.path).arg("--json").arg("--html").arg(&page));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary(&read(&page))["report"], report);
    assert_same(&report, &HOSTILE.report());
}

fn cut_off() {
    let recording = Recording::of_perl("kernel", "msgctl(msgget(0, 0600), RMID, 0);");
    let bytes = fs::read(&recording.path).unwrap();
    fs::write(&recording.path, &bytes[..bytes.len() - 4096]).unwrap();
    let page = recording.directory.path().join("page.html");
    let output = run(msgq().arg("report").arg(&recording.path).arg("--html").arg(&page));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cut off"), "{}", text(&output.stderr));
    assert_eq!(summary(&read(&page))["shown"]["calls"], 2);
}

fn refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (page, recording) = (path("page.html"), path("recording"));
    fs::write(&page, "old").unwrap();
    fs::copy(&HOSTILE.path, &recording).unwrap();
    let report = |arguments: &[&str]| run(msgq().arg("report").args(arguments));
    let assert_refused = |output: Output, status: i32, sentence: &str| {
        let error = text(&output.stderr);
        assert!(error.contains(sentence), "{sentence:?} is not in {error:?}");
        assert_eq!(output.status.code(), Some(status), "{error}");
        assert_eq!(text(&output.stdout), "", "{error}");
        assert_eq!(fs::read_to_string(&page).unwrap(), "old", "{error}");
    };
    assert_refused(report(&[&path("nothing"), "--html", &page]), 1, "No such file");
    assert_refused(report(&[&page, "--html", &path("other.html")]), 1, "no recording of msgq");
    assert_refused(report(&[&recording, "--html", &recording]), 2, "the recording itself");
    assert_refused(report(&[&recording, "--html", &path("no/page.html")]), 1, "No such file");
    let window = |from: &'static str, until: &'static str| {
        report(&[&recording, "--html", &page, "--from", from, "--until", until])
    };
    assert_refused(window("2", "1.5"), 2, "--until is not later than --from");
    assert_refused(window("soon", "1.5"), 2, "no number of seconds");
    assert_refused(report(&[&recording, "--from", "1"]), 2, "--html");
    assert_eq!(fs::read(&recording).unwrap(), fs::read(&HOSTILE.path).unwrap());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "no half of a page is left");
}
