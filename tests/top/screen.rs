//! The screen, and the keys that are pressed on it.

use crate::Test;
use crate::support::place::Place;
use crate::support::{copy_for_all, until};
use crate::terminal::Terminal;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

pub const ON_BOTH: &[Test] = &[
    ("messages_are_peeked_at_flushed_and_their_queue_removed_after_a_yes", deeds),
    ("a_queue_that_vanishes_takes_its_row_with_it", vanishes),
];

pub const ON_ONE: &[Test] = &[
    ("a_terminal_takes_nothing_in_a_message_for_a_command", escapes),
    ("a_signal_ends_it_and_the_terminal_is_as_before", signals),
    ("q_ends_it_and_the_terminal_is_as_before", quits),
    ("it_stops_and_goes_on_where_it_was", stops),
    ("it_goes_on_after_a_stop_that_it_could_not_see_coming", stops_unseen),
    ("it_ends_with_its_terminal", hangs_up),
    ("it_fits_the_window_however_small_that_is", resizes),
    ("the_help_tells_what_cannot_be_seen", help),
    ("hundreds_of_queues_scroll", scrolls),
    ("a_dumb_terminal_is_left_alone", dumb),
];

pub const SOMEBODY_ELSES: Test =
    ("a_queue_of_somebody_elses_is_shown_and_stays_as_it_is", somebody_elses);

const MSGQ: &str = env!("CARGO_BIN_EXE_msgq");

/// Moves to the queue with this id.
fn choose(terminal: &Terminal, id: &str) {
    let wanted = format!("queue {id}: ");
    let about = |screen: &str| {
        let line = screen.lines().find(|line| line.starts_with("queue "));
        line.and_then(|line| line.split(':').next()).map(String::from)
    };
    let end = Instant::now() + Duration::from_secs(60);
    terminal.keys(&["Home"]);
    loop {
        let screen = terminal.screen();
        if screen.contains(&wanted) {
            // Unless a key that was pressed before has its effect only now.
            std::thread::sleep(Duration::from_millis(500));
            if terminal.screen().contains(&wanted) {
                return;
            }
            continue;
        }
        assert!(Instant::now() < end, "queue {id} is not to be found:\n{screen}");
        terminal.keys(&["j"]);
        let moved = Instant::now() + Duration::from_secs(3);
        while about(&terminal.screen()) == about(&screen) && Instant::now() < moved {
            std::thread::sleep(Duration::from_millis(20));
        }
        if about(&terminal.screen()) == about(&screen) {
            // It was the last.
            terminal.keys(&["Home"]);
        }
    }
}

fn messages(place: &Place, key: &str) -> Option<u64> {
    place.about(key)?["qnum"].as_u64()
}

fn deeds(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    place.does(&["send", "-Q", &key, "-t", "7", "hello"]);
    place.does(&["send", "-Q", &key, "-t", "8", "world"]);
    let terminal = Terminal::new(place);
    terminal.start(MSGQ, "");
    choose(&terminal, &id);
    terminal.keys(&["p"]);
    let shown = terminal.shows(&format!("the first messages of queue {id}"));
    assert!(
        shown.contains("7          5 hello") && shown.contains("8          5 world"),
        "{shown}"
    );
    terminal.keys(&["Escape"]);
    terminal.wait("the table", |screen| !screen.contains("the first messages"));
    assert_eq!(messages(place, &key), Some(2), "they are still there");

    let question = format!("remove all messages of queue {id}, which has 2 messages? (y/n)");
    terminal.keys(&["f"]);
    terminal.shows(&question);
    terminal.keys(&["n"]);
    terminal.shows("nothing was done");
    assert_eq!(messages(place, &key), Some(2), "nobody said yes");
    terminal.keys(&["f"]);
    terminal.shows(&question);
    terminal.keys(&["y"]);
    terminal.shows(&format!("removed 2 messages from queue {id}"));
    assert_eq!(messages(place, &key), Some(0));

    terminal.keys(&["d"]);
    terminal.shows(&format!("remove queue {id}, which has 0 messages? (y/n)"));
    terminal.keys(&["n"]);
    terminal.shows("nothing was done");
    assert_eq!(messages(place, &key), Some(0), "nobody said yes");
    terminal.keys(&["x"]);
    terminal.shows(&format!("remove queue {id}, which has 0 messages? (y/n)"));
    terminal.keys(&["y"]);
    terminal.shows(&format!("removed queue {id}"));
    assert_eq!(messages(place, &key), None);
}

fn vanishes(place: &Place) {
    let (key, other) = (place.queue(), place.queue());
    let (id, other) = (place.id(&key), place.id(&other));
    let terminal = Terminal::new(place);
    terminal.start(MSGQ, "-i 0.1");
    choose(&terminal, &id);
    terminal.keys(&["d"]);
    terminal.shows(&format!("remove queue {id}, which"));
    place.does(&["ipcrm", "-q", &id]);
    terminal.keys(&["y"]);
    terminal.wait("what became of it", |screen| {
        screen.contains(&format!("invalid id ({id})"))
            || screen.contains(&format!("already removed id ({id})"))
    });
    choose(&terminal, &other);
    let shown = terminal.screen();
    let starts = |line: &str| line.split_whitespace().next() == Some(&id);
    assert!(!shown.lines().any(starts), "{shown}");
}

fn escapes(place: &Place) {
    let key = place.queue();
    place.does(&["send", "-Q", &key, "\x1b]2;stolen title\x07\x1b[2J\x1b[31mred\u{9b}31m\r\nnext"]);
    let terminal = Terminal::new(place);
    terminal.start(MSGQ, "");
    terminal.keys(&["p"]);
    let shown =
        terminal.shows("\\x1b]2;stolen title\\x07\\x1b[2J\\x1b[31mred\\xc2\\x9b31m\\r\\nnext");
    assert!(shown.contains("mtype"), "{shown}");
    assert_ne!(terminal.does(&["display-message", "-p", "#{pane_title}"]).trim(), "stolen title");
}

fn dumb(place: &Place) {
    let terminal = Terminal::new(place);
    terminal.line(&format!("TERM=dumb {MSGQ} top; echo ended $?"));
    let shown = terminal.shows("ended 2");
    assert!(shown.contains("the terminal is dumb, as TERM says; --batch"), "{shown}");
}

/// Runs the command until something ends it; the terminal has to be as it was before.
fn comes_back(place: &Place, status: i32, end: impl Fn(&Terminal, i32)) {
    let terminal = Terminal::new(place);
    terminal.line("stty -g; echo before");
    let modes = |screen: &str| {
        let lines = screen.lines().filter(|line| line.matches(':').count() > 20);
        lines.map(String::from).collect::<Vec<_>>()
    };
    terminal.wait("the modes", |screen| modes(screen).len() == 1);
    let process = terminal.start(MSGQ, "");
    assert!(!terminal.is_given_back(), "the screen is the command's");
    end(&terminal, process);
    terminal.ended(status);
    terminal.line("stty -g; echo after");
    let shown = terminal.wait("the modes again", |screen| modes(screen).len() == 2);
    let modes = modes(&shown);
    assert_eq!(modes[0], modes[1], "{shown}");
}

fn signals(place: &Place) {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        comes_back(place, 128 + signal as i32, |_, process| {
            kill(Pid::from_raw(process), signal).expect("a process of ours");
        });
    }
}

fn quits(place: &Place) {
    comes_back(place, 0, |terminal, _| terminal.keys(&["q"]));
    comes_back(place, 0, |terminal, _| terminal.keys(&["C-c"]));
}

fn stops(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    let terminal = Terminal::new(place);
    terminal.line("set -m");
    let process = terminal.start(MSGQ, "");
    let by_key = |terminal: &Terminal| terminal.keys(&["C-z"]);
    let by_signal =
        |_: &Terminal| kill(Pid::from_raw(process), Signal::SIGTSTP).expect("a process of ours");
    let stop: [&dyn Fn(&Terminal); 2] = [&by_key, &by_signal];
    for (number, stop) in stop.into_iter().enumerate() {
        terminal.shows(&format!("queue {id}: "));
        stop(&terminal);
        terminal.wait("the shell's screen", |_| terminal.is_given_back());
        let answer = format!("answer {number}");
        terminal.line(&format!(
            "clear; echo answer $(({number})); stty -a | tr ' ' '\\n' | grep icanon"
        ));
        let shown = terminal.wait(&answer, |screen| {
            screen.lines().any(|line| line == answer) && screen.contains("icanon\n")
        });
        assert!(
            shown.lines().any(|line| line == "icanon"),
            "the line discipline is back:\n{shown}"
        );
        terminal.line("fg");
        terminal.shows("q quit");
        assert!(!terminal.is_given_back());
    }
    terminal.keys(&["q"]);
    terminal.ended(0);
}

fn stops_unseen(place: &Place) {
    let terminal = Terminal::new(place);
    terminal.line("set -m");
    let process = Pid::from_raw(terminal.start(MSGQ, ""));
    kill(process, Signal::SIGSTOP).expect("a process of ours");
    let stat = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    until("it is stopped", || stat().contains(") T "));
    terminal.shows("shell>");
    // Not every shell makes the terminal its own again: Enter may be no end of a line there.
    terminal.does(&["send-keys", "-l", "stty sane; clear"]);
    terminal.keys(&["C-j"]);
    terminal.wait("the shell's screen", |screen| !screen.contains("q quit"));
    terminal.line("fg");
    terminal.shows("q quit");
    assert!(!terminal.is_given_back());
    terminal.keys(&["q"]);
    terminal.ended(0);
}

fn hangs_up(place: &Place) {
    let terminal = Terminal::new(place);
    let process = terminal.start(MSGQ, "");
    drop(terminal);
    let state = || std::fs::read_to_string(format!("/proc/{process}/stat"));
    until("it has ended", || state().map_or(true, |stat| stat.contains(") Z ")));
}

fn resizes(place: &Place) {
    let key = place.queue();
    let id = place.id(&key);
    let terminal = Terminal::new(place);
    terminal.start(MSGQ, "");
    for (width, height) in [("20", "5"), ("80", "24"), ("3", "2"), ("200", "50")] {
        terminal.does(&["resize-window", "-x", width, "-y", height]);
        let wide = width.parse::<usize>().expect("a number");
        let titles = &"msqid key        owner messages"[..wide.min(5)];
        terminal.wait("the table in this width", |screen| match height {
            // There is no room for a table.
            "2" => screen.starts_with("shm") && !screen.contains("msqid"),
            "5" => screen.contains(titles) && screen.contains("q quit") && !screen.contains("mode"),
            _ => screen.contains(titles) && screen.contains(&format!("queue {id}: ")),
        });
    }
    terminal.keys(&["q"]);
    terminal.ended(0);
}

fn help(place: &Place) {
    let terminal = Terminal::new(place);
    terminal.start(MSGQ, "");
    terminal.keys(&["h"]);
    terminal.shows("flush: remove the messages, after asking");
    terminal.keys(&["j", "j", "j", "j", "j", "j", "j", "j", "j", "j"]);
    terminal.shows("between two looks is not seen");
    terminal.keys(&["h"]);
    terminal.wait("the table", |screen| !screen.contains("is not seen"));
}

fn scrolls(place: &Place) {
    let made: Vec<String> = (0..300).map(|number| format!("0x71{number:06x}")).collect();
    for key in &made {
        place.does(&["send", "-Q", key, "--create", "x"]);
    }
    let terminal = Terminal::new(place);
    terminal.start(MSGQ, "--sort msqid");
    let first = place.id(&made[0]);
    let last = place.id(&made[299]);
    terminal.shows(&format!("queue {first}: "));
    terminal.keys(&["End"]);
    terminal.shows(&format!("queue {last}: "));
    terminal.keys(&["r"]);
    terminal.shows("by msqid, reversed");
    let shown = terminal.shows(&format!("queue {last}: "));
    assert!(shown.contains("300 queues"), "{shown}");
}

fn somebody_elses(place: &Place) {
    let shared = std::fs::Permissions::from_mode(0o1777);
    std::fs::set_permissions(place.directory.path(), shared).expect("a directory of ours");
    let copy = tempfile::tempdir().expect("a directory");
    let msgq = copy_for_all(copy.path());
    let key = place.queue();
    place.does(&["send", "-Q", &key, "stays"]);
    let id = place.id(&key);
    let terminal = Terminal::new(place);
    let stranger = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    terminal.start(&format!("{stranger} {}", msgq.display()), "");
    choose(&terminal, &id);
    for (keys, what) in [(&["p"][..], "read"), (&["f", "y"], "read"), (&["d", "y"], "remove")] {
        for (number, key) in keys.iter().enumerate() {
            if number == 1 {
                terminal.shows(&format!("queue {id}, which has"));
            }
            terminal.keys(&[key]);
        }
        terminal.shows(&format!("permission denied for id ({id}): this user may not {what} it"));
    }
    terminal.keys(&["q"]);
    terminal.ended(0);
    assert_eq!(place.does(&["recv", "-Q", &key]), "stays\n");
}
