//! Plays one script on two sides, and stops where they differ.

use super::alarm;
use super::call::{Call, Function, Outcome};
use super::comparison::{Measure, Play, difference};
use super::script::{Choice, Script};
use super::sides::{Person, Side, Step, Target, keys};
use std::collections::VecDeque;
use std::fmt::Write;

/// As many calls are shown where something differs.
const SHOWN: usize = 30;

/// Makes a call of one of the two engines, by one of the actors.
pub type Play1<'a> = dyn FnMut(usize, usize, &Call) -> Outcome + 'a;

/// Two sides and what they have played so far.
pub struct Duel<'a> {
    sides: [Side; 2],
    play: &'a mut Play1<'a>,
    measure: Measure,
    last: VecDeque<(u64, Step, [Play; 2])>,
    number: u64,
    /// Calls that failed, to see that a script is worth something.
    pub failed: u64,
}

impl<'a> Duel<'a> {
    /// Between the engines of these names; `people` are the actors of each side.
    pub fn new(
        names: [&str; 2],
        people: [Vec<Person>; 2],
        measure: Measure,
        play: &'a mut Play1<'a>,
    ) -> Duel<'a> {
        let [a, b] = people;
        let side = |number: usize, people| {
            let keys = keys(if measure == Measure::AllQueues { 0 } else { number });
            Side::new(names[number], keys, people)
        };
        let sides = [side(0, a), side(1, b)];
        Duel { sides, play, measure, last: VecDeque::new(), number: 0, failed: 0 }
    }

    /// Plays so many random calls; Err says where the sides differ, and what came before.
    pub fn random(&mut self, seed: u64, choice: Choice, calls: u64) -> Result<(), String> {
        let mut script = Script::new(seed, choice);
        let mut done = Ok(());
        for number in 0..calls {
            if number % 1000 == 0 {
                alarm::in_seconds(20, "a call does not come back, after call number ", number);
            }
            let step = script.next();
            match self.step(&step) {
                Ok(Some(queue)) => script.made(queue),
                Ok(None) => {}
                Err(sentence) => {
                    done = Err(format!("seed {seed}, {sentence}"));
                    break;
                }
            }
            if let Some(queue) = self.removed() {
                script.removed(queue);
            }
        }
        alarm::off();
        for queue in script.live().to_vec() {
            self.remove(queue);
        }
        done
    }

    /// Plays one call on both sides; gives the number of the queue that it made.
    pub fn step(&mut self, step: &Step) -> Result<Option<usize>, String> {
        let plays = [0, 1].map(|side| {
            let call = Call { target: self.sides[side].resolve(step.target), ..step.call };
            let outcome = (self.play)(side, step.actor, &call);
            Play { call, outcome }
        });
        self.failed += u64::from(plays[0].outcome.answer.is_err());
        let made = self.made(&plays);
        let differs = difference(&self.sides, &plays, self.measure);
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        self.number += 1;
        self.last.push_back((self.number, *step, plays));
        match differs {
            Some(sentence) => Err(self.report(&sentence)),
            None => Ok(made),
        }
    }

    /// Learns the ids of a queue that both sides made.
    fn made(&mut self, plays: &[Play; 2]) -> Option<usize> {
        let is_get = plays[0].call.function == Function::Get;
        let ids = plays.each_ref().map(|play| play.outcome.answer.ok().filter(|_| is_get));
        let (Some(a), Some(b)) = (ids[0], ids[1]) else { return None };
        if self.sides[0].queue(a).is_some() || self.sides[1].queue(b).is_some() {
            return None;
        }
        self.sides[0].learn(a as i32);
        self.sides[1].learn(b as i32);
        self.sides[0].queue(a)
    }

    /// The queue that the last step removed.
    fn removed(&self) -> Option<usize> {
        let (_, _, [Play { call, outcome }, _]) = self.last.back()?;
        let is_removal = call.function == Function::Control && call.flags == libc::IPC_RMID;
        let is_done = is_removal && outcome.answer.is_ok();
        is_done.then(|| self.sides[0].queue(call.target.into())).flatten()
    }

    /// Removes a queue on both sides, by the first actor.
    pub fn remove(&mut self, queue: usize) {
        for side in 0..2 {
            let msqid = self.sides[side].resolve(Target::Queue(queue));
            (self.play)(side, 0, &Call::control(msqid, libc::IPC_RMID));
        }
    }

    /// What differs, and the calls up to there with what both sides got.
    fn report(&self, sentence: &str) -> String {
        let [a, b] = &self.sides;
        let mut text = format!("call {}: {sentence}\n", self.number);
        for (number, step, plays) in &self.last {
            let [ours, theirs] = plays;
            let actor = match a.people.len() {
                1 => String::new(),
                _ => format!("actor {}: ", step.actor),
            };
            let _ = writeln!(text, "{number:>8} {actor}{}", ours.call);
            let _ = writeln!(text, "         {:>10}: {}", a.name, told(ours));
            let _ = writeln!(text, "         {:>10}: {}", b.name, told(theirs));
        }
        text
    }
}

/// An outcome in words.
fn told(play: &Play) -> String {
    let Play { call, outcome } = play;
    let mut text = match outcome.answer {
        Ok(value) => value.to_string(),
        Err(errno) => format!("-1 {}", std::io::Error::from_raw_os_error(errno)),
    };
    if call.function == Function::Receive && outcome.answer.is_ok() {
        let _ = write!(text, ", mtype {}", outcome.mtype().unwrap_or(-1));
        if let Some(label) = outcome.label() {
            let _ = write!(text, ", message {label}");
        }
    }
    match call.function {
        Function::Get => text += &format!(" of key {:#x}", call.target),
        Function::Control => text += &format!(" of msqid {}", call.target),
        Function::Send if outcome.answer.is_ok() => text += &format!(", message {}", call.label),
        _ => {}
    }
    text
}
