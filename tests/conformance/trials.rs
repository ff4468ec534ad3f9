//! The list of trials: cases on engines, wrong engines, and what is to be true of the list itself.

use crate::cases;
use crate::model::Deviation;
use crate::process::{Outcome, Place, run};
use crate::support::{Case, Need, Verdict, holds, same};
use libtest_mimic::{Completion, Failed, Trial};
use msgq::engine::ENGINES;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The lines of the specification: a chapter, and how many it has. The chapter of one line has no
/// number.
const LINES: [(&str, usize); 8] = [
    ("shared", 9),
    ("msgget", 4),
    ("msgsnd", 13),
    ("msgsnd-follows", 3),
    ("W", 1),
    ("msgrcv", 13),
    ("msgrcv-follows", 2),
    ("msgctl", 6),
];

/// What an engine does otherwise, and must: engine, case, reason. docs/shm.md says what it does instead.
const DIFFERENCES: [(&str, &str, &str); 2] = [
    (
        "shm",
        "msgrcv-follows-2_a_receiver_that_is_continued_goes_to_the_tail",
        "a sleeping thread does not learn that it was stopped; it loses its place when a message comes",
    ),
    (
        "shm",
        "msgctl-3_pids_are_those_of_the_callers_namespace",
        "only the kernel can translate process ids between namespaces",
    ),
];

/// What happens is waited for long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// On a wrong engine it never happens.
const IMPATIENCE: Duration = Duration::from_millis(700);

/// Every trial.
pub fn all(place: &Arc<Place>) -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("suite/every_line_of_the_specification_has_a_case", every_line_has_a_case),
        Trial::test("suite/every_case_has_a_name_of_its_own", every_name_is_unique),
        Trial::test("suite/every_deviation_names_a_case", every_deviation_names_a_case),
        Trial::test("suite/every_known_difference_names_a_case", every_difference_names_a_case),
    ];
    for (engine, _) in ENGINES {
        let fitting = cases().filter(|case| engine == "kernel" || !case.needs(Need::Kernel));
        trials.extend(fitting.map(|case| on_engine(place, engine, case)));
    }
    let too_much_for_the_model = [Need::Kernel, Need::Processes, Need::Speed];
    let simple = cases().filter(|case| !too_much_for_the_model.iter().any(|it| case.needs(*it)));
    trials.extend(simple.map(|case| on_engine(place, "model", case)));
    for (_, deviation, name) in Deviation::ALL {
        if let Some(case) = cases().find(|case| case.name() == *name) {
            trials.push(on_wrong_engine(place, deviation, case));
        }
    }
    trials
}

fn on_engine(place: &Arc<Place>, engine: &'static str, case: &'static Case) -> Trial {
    let place = Arc::clone(place);
    Trial::ignorable_test(format!("{engine}/{}", case.name()), move || {
        let name = case.name();
        let known = DIFFERENCES.iter().find(|known| known.0 == engine && known.1 == name);
        if let Some((_, _, reason)) = known {
            return Ok(Completion::ignored_with(*reason));
        }
        match run(&place, engine, case, PATIENCE) {
            Outcome::Agreed => Ok(Completion::Completed),
            Outcome::Differed(text) | Outcome::Broke(text) => Err(text.into()),
            Outcome::Lacked(reason) => Ok(Completion::ignored_with(reason)),
        }
    })
}

fn on_wrong_engine(place: &Arc<Place>, deviation: &'static str, case: &'static Case) -> Trial {
    let place = Arc::clone(place);
    Trial::ignorable_test(format!("wrong/{deviation}"), move || {
        match run(&place, deviation, case, IMPATIENCE) {
            Outcome::Agreed => {
                Err(format!("{} passes on an engine with this deviation", case.name()).into())
            }
            Outcome::Differed(_) => Ok(Completion::Completed),
            Outcome::Broke(text) => {
                Err(format!("{} does not say what differs: {text}", case.name()).into())
            }
            Outcome::Lacked(reason) => Ok(Completion::ignored_with(reason)),
        }
    })
}

fn every_line_has_a_case() -> Result<(), Failed> {
    let wanted: BTreeSet<String> = LINES
        .iter()
        .flat_map(|(chapter, lines)| (1..=*lines).map(move |line| (chapter, lines, line)))
        .map(|(chapter, lines, line)| match lines {
            1 => (*chapter).to_string(),
            _ => format!("{chapter}-{line}"),
        })
        .collect();
    let seen: BTreeSet<String> = cases().map(|case| case.line.to_string()).collect();
    checked(same("the lines that have cases", seen, wanted))
}

fn every_name_is_unique() -> Result<(), Failed> {
    let names: BTreeSet<String> = cases().map(Case::name).collect();
    checked(same("the number of names", names.len(), cases().count()))
}

fn every_deviation_names_a_case() -> Result<(), Failed> {
    let names: BTreeSet<String> = cases().map(Case::name).collect();
    Deviation::ALL.iter().try_for_each(|(_, deviation, name)| {
        checked(holds(&format!("{deviation} names the case {name}"), names.contains(*name)))
    })
}

fn every_difference_names_a_case() -> Result<(), Failed> {
    let names: BTreeSet<String> = cases().map(Case::name).collect();
    DIFFERENCES.iter().try_for_each(|(engine, name, _)| {
        checked(holds(&format!("{engine} differs in the case {name}"), names.contains(*name)))
    })
}

fn checked(verdict: Verdict) -> Result<(), Failed> {
    verdict.map_err(Failed::from)
}
