//! What the browser shows.

use crate::Seen;
use crate::browser::Browser;
use crate::recordings::{
    HOSTILE, INTERRUPTED, PERL, PLANTED, PLANTED_NUMBERS, Recording, page, read, report,
};
use crate::support::{kill, library, until};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

/// The tests, by name.
pub const TESTS: [(&str, Seen); 18] = [
    ("a_run_on_the_kernel's_queues_is_shown", on_the_kernel),
    ("a_run_on_shm's_queues_is_shown", on_shm),
    ("wheel_and_pointer_lead_to_a_call_and_tell_it", wheel_and_pointer),
    ("keys_lead_from_call_to_call_and_along_its_message", keys),
    ("an_address_leads_to_the_same_view_again", address),
    ("a_finding_leads_to_its_time", finding),
    ("calls_of_a_signal_handler_are_found_in_the_call_that_it_interrupted", interrupted),
    ("the_largest_types_are_told_exactly", largest_types),
    ("of_a_queue_that_is_gone_nothing_is_told", gone),
    ("a_histogram_tells_its_times_however_close_they_are", close_times),
    ("who_waits_still_is_shown_with_the_reason", waits_still),
    ("names_and_texts_are_shown_as_they_are", hostile),
    ("a_page_of_a_part_says_what_it_leaves_out", part),
    ("a_message_that_was_sent_before_the_page_begins_has_no_arrow", sent_before),
    ("a_recording_without_a_call_is_shown", no_call),
    ("there_is_room_on_a_small_screen", small),
    ("there_is_room_in_900_pixels_in_light_and_in_dark", narrow_and_dark),
    ("a_million_calls_are_shown", million),
];

const WINDOW: [u32; 2] = [1400, 1200];

/// The run with planted faults.
static RUN: LazyLock<Recording> = LazyLock::new(|| Recording::of_perl("kernel", PLANTED));

fn on_the_kernel(browser: &mut Browser) {
    assert_shown(browser, &RUN);
}

fn on_shm(browser: &mut Browser) {
    assert_shown(browser, &Recording::of_perl("shm", PLANTED));
}

/// How many pixels of a screenshot have each colour.
fn colours(png: &[u8]) -> HashMap<[u8; 3], usize> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let frame = reader.next_frame(&mut bytes).expect("a picture");
    let channels = frame.color_type.samples();
    let mut colours = HashMap::new();
    for pixel in bytes[..frame.buffer_size()].chunks_exact(channels) {
        *colours.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1;
    }
    colours
}

const SEND: [u8; 3] = [0x0f, 0x6f, 0xb5];
const RECEIVE: [u8; 3] = [0xd6, 0x7e, 0x00];
const FAILED: [u8; 3] = [0xb1, 0x00, 0x3f];

fn assert_untroubled(browser: &mut Browser) {
    assert_eq!(browser.troubles, [""; 0]);
    assert_eq!(browser.text("#trouble"), "");
}

/// The texts of all elements that a selector names.
fn texts(browser: &mut Browser, selector: &str) -> Vec<String> {
    let list = format!("[...document.querySelectorAll({selector:?})].map(one => one.textContent)");
    serde_json::from_value(browser.evaluate(&list)).expect("texts")
}

/// Asserts that the run with planted faults is shown.
fn assert_shown(browser: &mut Browser, recording: &Recording) {
    let report = recording.report();
    browser.open(&recording.page(&[]), "", WINDOW);
    let findings: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["text"].as_str().unwrap())
        .collect();
    assert!(
        findings.iter().any(|text| text.contains("held by 40 messages of type 3")),
        "{findings:?}"
    );
    assert_eq!(texts(browser, "#findings .text"), findings);
    let [processes, messages, calls] = PLANTED_NUMBERS;
    assert_eq!(browser.fact("lanes", "lanes"), processes);
    assert_eq!(browser.fact("lanes", "exact") + browser.fact("lanes", "summed"), calls);
    assert_eq!(browser.fact("lanes", "arrows"), messages);
    assert_eq!(browser.fact("depth", "queues"), 2);
    assert_eq!(texts(browser, "#lanes .row").len() as u64, processes);
    let depths = texts(browser, "#depth .row");
    assert!(depths.iter().any(|row| row.contains("16,000 of 16,384 bytes")), "{depths:?}");
    assert_eq!(browser.fact("residence", "messages"), messages);
    let types = "Object.assign(document.getElementById('residence-type'), { value: '2' }).dispatchEvent(new Event('change'))";
    browser.evaluate(types);
    assert_eq!(browser.fact("residence", "messages"), 20, "of type 2");
    let seen = colours(&browser.screenshot());
    let count = |colour| seen.get(&colour).copied().unwrap_or_default();
    assert!(seen.len() > 50, "{} colours", seen.len());
    let counts = [SEND, RECEIVE, FAILED].map(count);
    assert!(
        counts.iter().all(|count| *count > 100),
        "pixels of sends, receives, failures: {counts:?}"
    );
    assert_untroubled(browser);
}

/// Where a call is drawn: the middle of what is to be seen of it.
fn point_of(browser: &mut Browser, call: u64) -> [f64; 2] {
    let point = format!(
        "(() => {{ const box = document.querySelector('#lanes canvas').getBoundingClientRect();
            const [left, width] = span({call});
            const middle = Math.max(left, 0) / 2 + Math.min(left + width, view.width) / 2;
            const row = rowOfThread[recording.calls.thread[{call}]];
            return [box.left + middle, box.top + rowMiddle(row) - document.getElementById('lanes').scrollTop];
        }})()"
    );
    serde_json::from_value(browser.evaluate(&point)).expect("a point")
}

/// The number of the call whose message has this type and which is this one of them.
fn call_of(browser: &mut Browser, kind: u64, mtype: u64, place: usize) -> u64 {
    let found = format!(
        "[...recording.calls.kind.keys()].filter(call => recording.calls.kind[call] === {kind}
            && recording.calls.mtype[call] === {mtype}n)[{place}]"
    );
    browser.evaluate(&found).as_u64().expect("such a call")
}

fn wheel_and_pointer(browser: &mut Browser) {
    browser.open(&RUN.page(&[]), "", WINDOW);
    let all = browser.fact("lanes", "exact") + browser.fact("lanes", "summed");
    let call = call_of(browser, 2, 1, 10);
    for _ in 0..40 {
        let [x, y] = point_of(browser, call);
        let before = browser.evaluate("view.until - view.from");
        browser.pointer("mouseWheel", x, y, json!({"deltaX": 0, "deltaY": -800}));
        browser.until(&format!("view.until - view.from < {before} || span({call})[1] > 60"));
        if browser.evaluate(&format!("span({call})[1] > 60")) == true {
            break;
        }
    }
    let [x, y] = point_of(browser, call);
    browser.pointer("mouseMoved", x, y, json!({}));
    browser.until("document.getElementById('tip').textContent.includes('msgsnd(')");
    let tip = browser.text("#tip");
    for part in [
        "mtype=1, mtext=\"question 11\"",
        ", 11, 0) = 0",
        "took ",
        "Received by ",
        "lay in the queue",
    ] {
        assert!(tip.contains(part), "{part:?} is not in {tip:?}");
    }
    browser.until("location.hash.startsWith('#t=')");
    let press = json!({"button": "left", "buttons": 1, "clickCount": 1});
    browser.pointer("mousePressed", x, y, press.clone());
    browser.pointer("mouseReleased", x, y, press);
    browser.until("document.getElementById('detail').textContent.includes('question 11')");
    browser.until(&format!("location.hash.endsWith('call={call}')"));
    let drawn = browser.fact("lanes", "exact");
    assert!(drawn < all, "only what is near is drawn: {drawn} of {all} calls");
    assert_untroubled(browser);
}

fn keys(browser: &mut Browser) {
    browser.open(&RUN.page(&[]), "", WINDOW);
    browser.evaluate("document.getElementById('lanes').focus()");
    let kept = |browser: &mut Browser, key: &str| {
        let before = browser.evaluate("view.kept");
        browser.press(key);
        browser.until(&format!("view.kept !== {before}"));
        browser.until("document.getElementById('detail').dataset.call === `${view.kept}`");
        browser.until("!document.getElementById('detail').textContent.startsWith('...')");
        browser.text("#detail")
    };
    assert!(kept(browser, ".").starts_with("msgget("), "the first call of all");
    kept(browser, ".");
    let send = kept(browser, ".");
    assert!(send.contains("question 1\"") && send.starts_with("msgsnd"), "{send}");
    let receive = kept(browser, "l");
    assert!(receive.contains("question 1\"") && receive.starts_with("msgrcv"), "{receive}");
    browser.press("+");
    browser.until("view.until - view.from < view.whole");
    browser.press("0");
    browser.until("view.until - view.from === view.whole");
    browser.press("Escape");
    browser.until("document.getElementById('detail').textContent === ''");
    assert_untroubled(browser);
}

fn address(browser: &mut Browser) {
    let page = RUN.page(&[]);
    browser.open(&page, "", WINDOW);
    let call = call_of(browser, 3, 2, 19);
    let queue = browser.evaluate("queueRows[0].queue.queue");
    let until = browser.evaluate("view.whole / 1e9 - 1e-6").as_f64().unwrap();
    let address = format!("#t=0.000001000,{until:.9}&queue={queue}&call={call}");
    browser.open(&page, &address, WINDOW);
    browser.until("document.getElementById('detail').textContent.includes('answer 20')");
    assert!(browser.text("#range").starts_with("0.000001 s to "));
    let chosen = "document.getElementById('only').selectedOptions[0].textContent";
    assert_eq!(browser.evaluate(chosen), queue.to_string(), "the page says that this is one queue");
    assert_eq!(browser.fact("lanes", "arrows"), 40, "those of this queue");
    browser.evaluate("changed()");
    browser.until(&format!("location.hash === {address:?}"));
    assert_untroubled(browser);
}

fn finding(browser: &mut Browser) {
    // Somewhere else.
    browser.open(&RUN.page(&[]), "#t=0.000001000,0.000002000", WINDOW);
    browser.evaluate(
        "[...document.querySelectorAll('#findings li')]
            .find(one => one.textContent.includes('held by 40')).querySelector('button').click()",
    );
    browser.until("document.getElementById('detail').textContent.includes('Why it waited: full')");
    let call = "[recording.calls.begin[view.kept], recording.calls.end[view.kept]]";
    let is_seen = format!("{call}.every(time => view.from <= time && time <= view.until)");
    assert_eq!(browser.evaluate(&is_seen), true);
    assert_eq!(texts(browser, "#lanes .row.named").len(), 1);
    assert_untroubled(browser);
}

fn interrupted(browser: &mut Browser) {
    let report = INTERRUPTED.report();
    browser.open(&INTERRUPTED.page(&[]), "", WINDOW);
    assert_eq!(browser.fact("lanes", "arrows"), report["links"]["linked"]);
    let outer = "recording.calls.outcome.findIndex((outcome, call) => outcome === OUTCOME.failed
        && recording.calls.kind[call] === KIND.receive)";
    let outer = browser.evaluate(outer).as_u64().expect("the call that was interrupted");
    let begin = browser.evaluate(&format!("recording.calls.begin[{outer}]"));
    let inside = format!(
        "recording.calls.mtype.findLastIndex((type, call) => type === 5n
        && recording.calls.kind[call] === KIND.send && recording.calls.begin[call] > {begin})"
    );
    let inner = browser.evaluate(&inside).as_u64().expect("a call of the handler");
    let [x, y] = point_of(browser, outer);
    browser.pointer("mouseMoved", x, y, json!({}));
    browser.until("document.getElementById('tip').textContent.includes('EINTR')");
    // Where both are seen, the inner one is in front.
    browser.evaluate(&format!(
        "view.show(recording.calls.begin[{inner}], recording.calls.end[{inner}])"
    ));
    browser.until(&format!("span({inner})[1] > 100"));
    browser.evaluate("changed()");
    browser.until("document.getElementById('lanes').dataset.exact >= 2");
    let [x, y] = point_of(browser, inner);
    browser.pointer("mouseMoved", x, y, json!({}));
    browser.until("document.getElementById('tip').textContent.includes('mtype=5')");
    assert!(browser.text("#tip").contains("Received by"), "{}", browser.text("#tip"));
    assert_untroubled(browser);
}

fn largest_types(browser: &mut Browser) {
    browser.open(&INTERRUPTED.page(&[]), "", WINDOW);
    let types = texts(browser, "#residence-type option");
    let largest = i64::MAX.to_string();
    assert_eq!(types[1..], ["5", "9007199254740993", largest.as_str()]);
    let call = call_of(browser, 2, 9_007_199_254_740_993, 0);
    assert_eq!(browser.evaluate(&format!("callWords({call})")), "type 9007199254740993");
    browser.evaluate(&format!(
        "Object.assign(byId('residence-type'), {{ value: '{largest}' }}).dispatchEvent(new Event('change'))"
    ));
    assert_eq!(browser.fact("residence", "messages"), 1);
    assert!(browser.text("#residence-words").contains("p50"), "its quantiles are found");
    assert_untroubled(browser);
}

fn gone(browser: &mut Browser) {
    let removed = INTERRUPTED.report()["queues"][0]["removed"]["time"].as_f64().unwrap();
    browser.open(&INTERRUPTED.page(&[]), "", WINDOW);
    let mut told_at = |time: f64| {
        let point = format!(
            "(() => {{ const box = document.querySelector('#depth canvas').getBoundingClientRect();
                return [box.left + view.x({} * 1e9), box.top + 20];
            }})()",
            time
        );
        let [x, y]: [f64; 2] = serde_json::from_value(browser.evaluate(&point)).expect("a point");
        browser.pointer("mouseMoved", x, y, json!({}));
        browser.until("!document.getElementById('crosshair').hidden");
        browser.evaluate("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
    };
    let there = told_at(removed - 0.002);
    assert!(there.as_str().unwrap().contains(" of 16,384 bytes"), "{there}");
    assert_eq!(told_at(removed + 0.02), "", "it is gone");
    assert_untroubled(browser);
}

fn close_times(browser: &mut Browser) {
    browser.open(&INTERRUPTED.page(&[]), "", WINDOW);
    browser.evaluate("byId('residence-type').selectedIndex = 2");
    browser.evaluate("drawResidence()");
    let names = texts(browser, "#residence .mark-text");
    assert_eq!(names, ["p50 p90 p99 max"], "of one message these are one time");
    let times = texts(browser, "#residence .time");
    assert!(times.len() >= 2, "an axis says what its ends are: {times:?}");
    let meet = "(() => { const boxes = [...document.querySelectorAll('#residence .time')].map(one => one.getBoundingClientRect());
        return boxes.some((box, at) => at > 0 && box.left < boxes[at - 1].right); })()";
    assert_eq!(browser.evaluate(meet), false, "{times:?}");
    assert_untroubled(browser);
}

fn small(browser: &mut Browser) {
    browser.open(&RUN.page(&[]), "", [360, 740]);
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    let width = |browser: &mut Browser, selector: &str| {
        let width = format!("document.querySelector('{selector}').clientWidth");
        browser.evaluate(&width).as_u64().unwrap()
    };
    assert!(width(browser, "#lanes canvas") >= 180, "most of it is for the calls");
    let words = "document.querySelector('#findings .text').getBoundingClientRect().width";
    assert!(browser.evaluate(words).as_f64().unwrap() >= 180.0, "findings can be read");
    assert_untroubled(browser);
}

fn waits_still(browser: &mut Browser) {
    let directory = tempfile::tempdir().unwrap();
    let recording = directory.path().join("recording");
    let script =
        format!("{PERL} my $queue = msgget(0, 0600); put($queue, 1, 'a'); get($queue, 2);");
    let mut command = Command::new("perl");
    command.args(["-e", &script]).env("LD_PRELOAD", library()).stdin(Stdio::null());
    let mut child = command.env("MSGQ_TRACE", &recording).spawn().unwrap();
    let mut seen = Value::Null;
    until("it waits", || {
        if fs::metadata(&recording).is_ok() {
            seen = report(&recording);
        }
        seen["waits"][0]["over"] == false
    });
    let page = page(&recording, directory.path(), &[]);
    run_ipcrm(&seen);
    kill("TERM", &child.id().to_string());
    child.wait().unwrap();
    browser.open(&page, "", WINDOW);
    assert_eq!(browser.text("#findings .label"), "deadlock");
    assert_eq!(browser.fact("lanes", "exact") + browser.fact("lanes", "summed"), 3);
    let call = browser.evaluate("recording.calls.outcome.indexOf(OUTCOME.open)").as_u64().unwrap();
    let [x, y] = point_of(browser, call);
    browser.pointer("mouseMoved", x, y, json!({}));
    browser.until("document.getElementById('tip').textContent.includes('= ?')");
    let tip = browser.text("#tip");
    for part in ["has not returned after", "no message of type 2", "it still waits"] {
        assert!(tip.contains(part), "{part:?} is not in {tip:?}");
    }
    assert_untroubled(browser);
}

fn run_ipcrm(report: &Value) {
    let queue = report["queues"][0]["queue"].to_string();
    crate::support::run(Command::new("ipcrm").args(["-q", &queue]));
}

fn hostile(browser: &mut Browser) {
    let page = HOSTILE.page(&[]);
    browser.open(&page, "", WINDOW);
    let lanes = texts(browser, "#lanes .row b");
    assert!(lanes[0].ends_with(" (<script>alert(2)"), "{lanes:?}");
    assert!(lanes[1].ends_with(" (<img src=x>)"), "{lanes:?}");
    let call = call_of(browser, 2, 1, 0);
    browser.open(&page, &format!("#call={call}"), WINDOW);
    browser.until("document.getElementById('detail').textContent.includes('mtext')");
    let detail = browser.text("#detail");
    assert!(detail.contains("</script><script>alert(1"), "{detail}");
    assert_eq!(browser.evaluate("document.images.length"), 0);
    assert_untroubled(browser);
}

fn part(browser: &mut Browser) {
    // While both wait nobody does anything else.
    let report = RUN.report();
    let waits = &report["waits"].as_array().unwrap()[..2];
    let time = |wait: &Value, end: bool| {
        let duration = if end { wait["duration"].as_f64().unwrap() } else { 0.0 };
        wait["time"].as_f64().unwrap() + duration
    };
    let end = waits.iter().map(|wait| time(wait, true)).fold(f64::INFINITY, f64::min);
    let from = waits.iter().map(|wait| time(wait, false)).fold(end - 0.05, f64::max);
    let window = [from + 0.002, end - 0.002].map(|time| format!("{time:.3}"));
    let page = RUN.page(&["--from", &window[0], "--until", &window[1]]);
    browser.open(&page, "", WINDOW);
    let notes = browser.text("#notes");
    assert!(notes.contains("This page has 2 of "), "{notes}");
    let [from, until] = &window;
    assert!(notes.contains(&format!("those from {from}000 s to {until}000 s")), "{notes}");
    assert!(notes.contains(&format!("--html OUT --from {until}")), "{notes}");
    assert_eq!(browser.fact("lanes", "lanes"), 3, "who is only in the sums has a lane, too");
    assert_eq!(browser.fact("lanes", "exact") + browser.fact("lanes", "summed"), 2);
    assert_eq!(browser.fact("residence", "messages"), 40, "of the whole recording");
    let sums = "recording.calls.count === 2
        && summary.overview.processes.flatMap(process => process.steps)
            .reduce((sum, [calls]) => sum + calls, 0)";
    assert_eq!(browser.evaluate(sums), PLANTED_NUMBERS[2]);
    assert_untroubled(browser);
}

fn sent_before(browser: &mut Browser) {
    let script = r#"
my $queue = msgget(0, 0600) // die "msgget: $!";
my $child = fork;
if ($child == 0) { put($queue, 1, "one"); put($queue, 1, "two"); exit 0 }
waitpid($child, 0);
select(undef, undef, undef, 0.1);
get($queue, 1); get($queue, 1); put($queue, 1, "three"); get($queue, 1);
msgctl($queue, RMID, 0);"#;
    let recording = Recording::of_perl("kernel", script);
    let exited = recording.report()["processes"][1]["exited"].as_f64().unwrap();
    let page = recording.page(&["--from", &format!("{:.3}", exited + 0.02)]);
    browser.open(&page, "", WINDOW);
    assert_eq!(browser.fact("lanes", "exact") + browser.fact("lanes", "summed"), 5);
    assert_eq!(browser.fact("lanes", "arrows"), 1, "that of the third");
    assert_eq!(browser.fact("lanes", "lanes"), 2, "the sender is in the sums");
    let call = call_of(browser, 3, 1, 0);
    browser.evaluate(&format!("view.keep({call})"));
    browser.until("document.getElementById('detail').textContent.includes('one')");
    assert_untroubled(browser);
}

fn no_call(browser: &mut Browser) {
    let recording = Recording::of("kernel", &["perl", "-e", "1"]);
    browser.open(&recording.page(&[]), "", WINDOW);
    assert_eq!(browser.fact("lanes", "lanes"), 0);
    assert_eq!(texts(browser, "#figures dd")[0], "0");
    assert_untroubled(browser);
}

fn narrow_and_dark(browser: &mut Browser) {
    let page = RUN.page(&[]);
    let grounds = [false, true].map(|is_dark| {
        browser.set_dark(is_dark);
        browser.open(&page, "", [900, 1200]);
        assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
        assert_untroubled(browser);
        let seen = colours(&browser.screenshot());
        let (ground, _) = seen.into_iter().max_by_key(|(_, pixels)| *pixels).expect("pixels");
        ground.iter().map(|part| u32::from(*part)).sum::<u32>()
    });
    browser.set_dark(false);
    assert!(grounds[0] > 700 && grounds[1] < 120, "the grounds: {grounds:?}");
}

/// Four that send, and four that receive, 125,000 messages each.
const MILLION: &str = r#"
int main(void) {
    int id = msgget(IPC_PRIVATE, 0600);
    for (int pair = 1; pair <= 4; pair++) {
        struct message message;
        if (fork() == 0) {
            for (int i = 0; i < 125000; i++) {
                message.mtype = pair;
                sprintf(message.mtext, "%d", i);
                msgsnd(id, &message, 16, 0);
            }
            _exit(0);
        }
        if (fork() == 0) {
            for (int i = 0; i < 125000; i++) msgrcv(id, &message, 16, pair, 0);
            _exit(0);
        }
    }
    while (wait(NULL) > 0) ;
    msgctl(id, IPC_RMID, NULL);
    return 0;
}"#;

fn million(browser: &mut Browser) {
    let recording = Recording::of_c("million", MILLION);
    let page = recording.page(&[]);
    let bytes = fs::metadata(&page).unwrap().len();
    assert!(bytes < 16_000_000, "{bytes} bytes");
    let took = browser.open(&page, "", WINDOW);
    // A second or two where the machine does nothing else.
    assert!(took < Duration::from_secs(30), "{took:?}");
    let drawn = browser.fact("lanes", "exact") + browser.fact("lanes", "summed");
    assert_eq!(drawn, 1_000_002);
    assert_eq!(browser.fact("lanes", "lanes"), 9);
    assert_eq!(browser.fact("depth", "samples"), 2_000_002, "messages and bytes, also at first");
    let bundles = browser.fact("lanes", "bundles");
    assert!((4..400).contains(&bundles), "{bundles} arrows for half a million messages");
    assert_eq!(browser.fact("residence", "messages"), 500_000);
    let seen = colours(&browser.screenshot());
    let counts = [SEND, RECEIVE].map(|colour| seen.get(&colour).copied().unwrap_or_default());
    assert!(counts.iter().all(|count| *count > 5_000), "pixels of sends and receives: {counts:?}");
    let call = call_of(browser, 2, 3, 77_000);
    browser.evaluate(&format!(
        "view.show(recording.calls.end[{call}] - 3000, recording.calls.end[{call}] + 3000)"
    ));
    browser.evaluate(&format!("view.keep({call})"));
    browser.until("document.getElementById('detail').textContent.includes('mtext=\"77000\"')");
    let drawn = browser.fact("lanes", "exact") + browser.fact("lanes", "summed");
    assert!((1..200).contains(&drawn), "{drawn} calls of six microseconds");
    assert!(read(&page).contains("</html>"));
    assert_untroubled(browser);
}
