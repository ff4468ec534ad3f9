//! The page that `msgq report --html` writes: the file by itself, and what a browser shows of it.
//! Without Chromium, what needs it is listed as ignored.

#[path = "support/browser.rs"]
mod browser;
#[path = "html/file.rs"]
mod file;
#[path = "html/recordings.rs"]
mod recordings;
#[path = "html/seen.rs"]
mod seen;
mod support;

use browser::Browser;
use libtest_mimic::{Arguments, Trial};
use std::sync::{Arc, Mutex, PoisonError};

/// A test of what the browser shows.
type Seen = fn(&mut Browser);

fn main() {
    let chromium = browser::chromium();
    if chromium.is_none() {
        println!("chromium: not installed; what it would show is not looked at");
    }
    let mut trials: Vec<Trial> = Vec::new();
    for (name, test) in file::TESTS {
        trials.push(Trial::test(format!("file/{name}"), move || {
            test();
            Ok(())
        }));
    }
    // One browser for all: it takes longer to start than a page to draw.
    let browser: Arc<Mutex<Option<Browser>>> = Arc::default();
    for (name, test) in seen::TESTS {
        let browser = Arc::clone(&browser);
        let trial = Trial::test(format!("seen/{name}"), move || {
            let mut browser = browser.lock().unwrap_or_else(PoisonError::into_inner);
            let start = || Browser::start(chromium.expect("the test is ignored without it"));
            test(browser.get_or_insert_with(start));
            Ok(())
        });
        trials.push(trial.with_ignored_flag(chromium.is_none()));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    drop(browser);
    conclusion.exit();
}
