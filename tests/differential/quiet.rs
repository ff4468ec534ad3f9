//! Waiting for a move to have had all its effects, and holding them against each other.

use crate::blocking::{Stage, WORKERS};
use crate::engines::call::{Call, Outcome};
use crate::engines::comparison::Play;
use crate::engines::process::{describe, signal_thread};
use std::time::{Duration, Instant};

/// As long may it take until everybody sleeps or has reported.
const PATIENCE: Duration = Duration::from_secs(20);

impl Stage {
    /// Waits until every worker sleeps in its call, is stopped as it is to be, or has reported; gives
    /// what was reported. Who sleeps may be woken by one who has not reported yet, so it is quiet
    /// only when nothing has changed from one look to the next.
    ///
    /// An engine outside the kernel is awake for a few microseconds now and then while it waits, and
    /// a signal at such a moment interrupts nothing. So where a signal has been `sent` to a worker
    /// in a call, and one side has come back from it, the other gets it again; that is counted.
    pub fn quiet(
        &mut self,
        stopped: &[bool],
        sent: Option<usize>,
    ) -> Result<Vec<Option<Outcome>>, String> {
        self.signals += u64::from(sent.is_some());
        let deadline = Instant::now() + PATIENCE;
        let mut reports = [vec![None; WORKERS], vec![None; WORKERS]];
        let mut begun: Vec<Option<[Call; 2]>> = vec![None; WORKERS];
        for (worker, begun) in begun.iter_mut().enumerate() {
            let calls = [0, 1].map(|side: usize| self.teams[side].workers[worker].busy);
            *begun = calls[0].zip(calls[1]).map(|(a, b)| [a, b]);
        }
        let (mut looks, mut tries) = (0, 0);
        while looks < 2 {
            looks += 1;
            for (team, reports) in self.teams.iter_mut().zip(&mut reports) {
                for (worker, is_stopped) in stopped.iter().enumerate() {
                    let one = &mut team.workers[worker];
                    if one.busy.is_some()
                        && !is_stopped
                        && let Some(outcome) = one.report()
                    {
                        reports[worker] = Some(outcome);
                        looks = 0;
                    }
                    let is_quiet = match is_stopped {
                        true => one.is_stopped(),
                        false => one.busy.is_none() || one.is_asleep(),
                    };
                    if !is_quiet {
                        looks = 0;
                    }
                }
            }
            if looks == 2 && self.repeat_signal(sent, tries) {
                tries += 1;
                looks = 0;
            }
            if looks == 0 && Instant::now() > deadline {
                return Err(self.restless(stopped));
            }
        }
        self.compare_reports(&begun, &reports)?;
        let [first, _] = reports;
        Ok(first)
    }

    /// Sends a signal again to the one side that has not been interrupted by it.
    fn repeat_signal(&mut self, sent: Option<usize>, tries: u32) -> bool {
        let Some(worker) = sent.filter(|_| tries < 5) else { return false };
        let is_busy = self.teams.each_ref().map(|team| team.workers[worker].busy.is_some());
        let Some(side) = (0..2).find(|side| is_busy[*side] && !is_busy[1 - side]) else {
            return false;
        };
        signal_thread(self.teams[side].workers[worker].person(), libc::SIGUSR1);
        self.repeated += 1;
        true
    }

    /// Whether more signals had to be sent again than can be put down to bad luck.
    pub fn judge_signals(&self) -> Result<(), String> {
        let Stage { signals, repeated, .. } = self;
        if *repeated > 2 && repeated * 50 > *signals {
            return Err(format!("the sides differ: {repeated} of {signals} signals had no effect"));
        }
        Ok(())
    }

    fn compare_reports(
        &mut self,
        begun: &[Option<[Call; 2]>],
        reports: &[Vec<Option<Outcome>>; 2],
    ) -> Result<(), String> {
        for (worker, calls) in begun.iter().enumerate() {
            let Some(calls) = calls else { continue };
            let name = format!("worker {worker}");
            match (&reports[0][worker], &reports[1][worker]) {
                (None, None) => {}
                (Some(a), Some(b)) => {
                    let play = |side: usize, outcome: &Outcome| Play {
                        call: calls[side],
                        outcome: outcome.clone(),
                    };
                    self.compare(&name, &[play(0, a), play(1, b)])?;
                }
                (a, b) => {
                    let told = [a, b].map(|report| match report {
                        Some(outcome) => format!("comes back with {:?}", outcome.answer),
                        None => "sleeps".into(),
                    });
                    let late = self.late(worker);
                    let names = self.sides.each_ref().map(|side| side.name.clone());
                    return Err(format!(
                        "{name}'s {} differs: over {} it {}, over {} it {}{late}",
                        calls[0], names[0], told[0], names[1], told[1]
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether a worker that seemed to sleep comes back all the same.
    fn late(&mut self, worker: usize) -> String {
        let end = Instant::now() + Duration::from_secs(1);
        while Instant::now() < end {
            for team in &mut self.teams {
                let one = &mut team.workers[worker];
                if one.busy.is_some()
                    && let Some(outcome) = one.report()
                {
                    return format!("; a moment later it comes back with {:?}", outcome.answer);
                }
            }
        }
        "; and goes on to do so".into()
    }

    fn restless(&self, stopped: &[bool]) -> String {
        let mut text = format!("no quiet after {PATIENCE:?} (differs from what the kernel does):");
        for (side, team) in self.sides.iter().zip(&self.teams) {
            for (worker, is_stopped) in team.workers.iter().zip(stopped) {
                let call = worker.busy.map_or("nothing".into(), |call| call.to_string());
                let person = describe(worker.person());
                text += &format!("\n    {}: {call}: {person}, stopped {is_stopped}", side.name);
            }
        }
        text
    }
}
