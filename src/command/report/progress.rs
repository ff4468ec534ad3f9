//! A progress bar, where reading takes longer than a second and somebody looks at it.

use crate::command::recording::follower::Told;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use msgq::trace::format::{CHUNK_SLOTS, slots_for};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// How long nobody has to know what takes so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far reading has come.
pub struct Progress {
    bar: ProgressBar,
    since: Instant,
}

impl Progress {
    /// At the beginning of so many chunks.
    pub fn new(chunks: u32) -> Progress {
        let slots = u64::from(chunks) * (CHUNK_SLOTS as u64 - 1);
        let bar = ProgressBar::with_draw_target(Some(slots), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("reading {bar:40} {percent} %, {eta} to go");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress { bar, since: Instant::now() }
    }

    /// So much more was read.
    pub fn add(&mut self, told: &[Told]) {
        let slots: usize = told.iter().map(|told| slots_for(told.record().bytes.len())).sum();
        self.bar.inc(slots as u64);
        let is_late = self.bar.is_hidden() && self.since.elapsed() > PATIENCE;
        if is_late && io::stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// All was read; the bar goes away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
