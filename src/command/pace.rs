//! How often to look at what goes on.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Something that is done again and again, for at most a twentieth of the time.
pub struct Turn {
    last: Instant,
    cost: Duration,
}

impl Default for Turn {
    fn default() -> Turn {
        Turn { last: Instant::now(), cost: Duration::ZERO }
    }
}

impl Turn {
    /// Whether it is time to do it again.
    pub fn has_come(&self, every: Duration) -> bool {
        self.last.elapsed() >= every.max(self.cost * 20)
    }

    /// Does it.
    pub fn take<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let done = work();
        *self = Turn { last: Instant::now(), cost: begin.elapsed() };
        done
    }
}

/// How long to rest between two looks: hardly while there is much to see, longer when nothing
/// happens.
#[derive(Default)]
pub struct Pause {
    milliseconds: u64,
}

impl Pause {
    /// Rests.
    pub fn rest(&mut self, nothing_new: bool) {
        self.milliseconds = if nothing_new { (self.milliseconds * 2).clamp(1, 10) } else { 1 };
        sleep(Duration::from_millis(self.milliseconds));
    }
}
