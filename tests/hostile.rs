//! Damaged queues: whatever others write into the files of the shared-memory engine, a program that
//! uses it neither dies nor hangs. Its calls may fail, with an error that is documented.
//!
//! ```sh
//! cargo test --test hostile                        # a few hundred rounds of damage
//! cargo test --test hostile -- --calls 20000       # so many rounds
//! cargo test --test hostile -- --seed 7
//! ```

#[path = "hostile/damage.rs"]
mod damage;
mod engines;
#[path = "hostile/toy.rs"]
mod toy;
#[path = "hostile/victim.rs"]
mod victim;

use damage::{Vandal, empty};
use engines::again::Directory;
use engines::options::Options;
use engines::process::{End, Process};
use engines::{again, engine, why_not};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use msgq::engine::Engine;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use victim::{Diary, live};

const ROLE: &str = "damaged_files_end_no_program_and_hang_none";

/// As many rounds are usual.
const ROUNDS: u64 = 250;

/// Rounds in which an engine that is not sound is found.
const FEW: u64 = 60;

/// A round's time, in microseconds, at most.
const ROUND: u64 = 16_000;

/// A victim that has been told to end does so within this time.
const PATIENCE: Duration = Duration::from_secs(4);

fn main() -> ExitCode {
    if let Some((role, arguments)) = again::role() {
        return again::end(play(&role, &arguments));
    }
    let options = match Options::read() {
        Ok(options) => options,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::FAILURE;
        }
    };
    let (seed, rounds) = (options.first_seed(), options.calls.unwrap_or(ROUNDS));
    let mut trials = Vec::new();
    trials.push(Trial::ignorable_test(format!("shm/{ROLE}"), move || match why_not("shm") {
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => stand("shm", rounds, seed).map(|()| Completion::Completed),
    }));
    let name = toy::SOUND.name;
    trials.push(Trial::test(format!("an_engine_gets_by_that_{name}"), move || {
        stand(name, FEW, seed)
    }));
    for toy in toy::UNSOUND {
        let name = toy.name;
        trials.push(Trial::test(format!("an_engine_is_found_that_{name}"), move || {
            match stand(name, FEW, seed) {
                Ok(()) => Err(format!("{FEW} rounds of damage did nothing to it").into()),
                Err(_) => Ok(()),
            }
        }));
    }
    libtest_mimic::run(&Arguments::from_iter(options.rest), trials).exit_code()
}

fn stand(name: &str, rounds: u64, seed: u64) -> Result<(), Failed> {
    let limit = Duration::from_secs(30) + Duration::from_millis(rounds * 60);
    again::play(ROLE, &[name.into(), rounds.to_string(), seed.to_string()], Directory::Own, limit)?;
    Ok(())
}

/// What this process was started for.
fn play(role: &str, arguments: &[String]) -> Result<String, String> {
    let [name, rounds, seed] = arguments else {
        return Err(format!("{role} wants an engine, a number of rounds and a seed"));
    };
    let known = engine(name).or_else(|| toy::named(name));
    let engine = known.ok_or(format!("no engine is called {name}"))?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
    let directory = std::env::var_os("MSGQ_DIR").ok_or("MSGQ_DIR is not set")?;
    let (rounds, seed) = (number(rounds)?, number(seed)?);
    let (mut calls, mut done, mut deeds) = (0, 0, 0);
    for round in 0..rounds {
        let mut round = Round::begin(engine, &PathBuf::from(&directory), seed.wrapping_add(round));
        round.play()?;
        calls += round.diary.calls();
        done += round.diary.successes();
        deeds += round.vandal.count;
    }
    if deeds == 0 || done == 0 {
        return Err(format!(
            "{calls} calls, {done} with success, {deeds} deeds: nothing was tried"
        ));
    }
    Ok(format!("{rounds} rounds: {calls} calls, {done} with success, {deeds} pieces of damage"))
}

/// Two programs that use queues, one that comes later, and somebody who damages the files.
struct Round {
    engine: &'static dyn Engine,
    directory: PathBuf,
    seed: u64,
    vandal: Vandal,
    diary: Diary,
    victims: Vec<Process>,
}

impl Round {
    fn begin(engine: &'static dyn Engine, directory: &Path, seed: u64) -> Round {
        empty(directory);
        let vandal = Vandal::new(directory, seed);
        Round {
            engine,
            directory: directory.into(),
            seed,
            vandal,
            diary: Diary::new(),
            victims: Vec::new(),
        }
    }

    fn play(&mut self) -> Result<(), String> {
        self.add_victim();
        self.add_victim();
        // Some queues are to be there, though not always many.
        let head_start = Duration::from_micros(self.seed % 7 * 500);
        std::thread::sleep(head_start);
        let end = Instant::now() + Duration::from_micros(ROUND / 2 + self.seed * 37 % (ROUND / 2));
        // Where the first blow already makes everything fail, the others find nothing.
        let pause = [0, 100, 1000][self.seed as usize % 3];
        while Instant::now() < end {
            self.vandal.strike();
            std::thread::sleep(Duration::from_micros(pause));
            if self.vandal.count >= 5 && self.victims.len() == 2 {
                self.add_victim();
            }
        }
        self.add_victim();
        std::thread::sleep(Duration::from_millis(2));
        self.diary.finish();
        for number in 0..self.victims.len() {
            let end = self.victims[number].ends_within(PATIENCE);
            if end != Some(End::Exit(0)) {
                return Err(self.report(number, end));
            }
        }
        empty(&self.directory);
        Ok(())
    }

    fn add_victim(&mut self) {
        let (engine, diary) = (self.engine, &self.diary);
        let number = self.victims.len();
        let seed = self.seed.wrapping_mul(8).wrapping_add(number as u64);
        self.victims.push(Process::fork(|| live(engine, diary, number, seed)));
    }

    fn report(&self, number: usize, end: Option<End>) -> String {
        let fate = match end {
            Some(End::Signal(signal)) => format!("was ended by signal {signal}"),
            Some(End::Exit(status)) => format!("ended with status {status}"),
            None => format!("did not end within {PATIENCE:?}"),
        };
        let mut text = format!("seed {}: victim {number} {fate}", self.seed);
        text += &format!("; its last call: {}\nlast damage:\n", self.diary.last(number));
        for deed in &self.vandal.deeds {
            text += &format!("  {deed}\n");
        }
        text
    }
}
