//! Processes that wait for each other, or for themselves.

use std::collections::{BTreeMap, BTreeSet};

/// A call that waits.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// Whose it is.
    pub process: usize,
    /// Who could end the wait.
    pub helpers: Vec<usize>,
}

/// The processes that can never go on, since whoever could help them waits himself: in groups that
/// wait for each other, or for themselves. All of a process's waiters have to be there, and only
/// processes that do nothing but wait.
pub fn knots(waiters: &[Waiter]) -> Vec<Vec<usize>> {
    let mut helpers = Others::new();
    for waiter in waiters {
        helpers.entry(waiter.process).or_default().extend(&waiter.helpers);
    }
    // Whoever has a helper that does not wait can go on, and may then help others.
    loop {
        let is_stuck = |process: &usize| helpers.contains_key(process);
        let free = helpers.iter().filter(|(_, helpers)| !helpers.iter().all(is_stuck));
        let free: Vec<usize> = free.map(|(process, _)| *process).collect();
        if free.is_empty() {
            break;
        }
        free.iter().for_each(|process| drop(helpers.remove(process)));
    }
    // What leads into no circle is in none; neither is what comes out of one.
    trim(&mut helpers);
    let mut helped = turned(&helpers);
    trim(&mut helped);
    let helpers = turned(&helped);
    let mut rest: BTreeSet<usize> = helpers.keys().copied().collect();
    let mut knots = Vec::new();
    while let Some(process) = rest.pop_first() {
        let reached = reachable(process, &helpers);
        if reached.contains(&process) {
            let knot: Vec<usize> =
                reached.intersection(&reachable(process, &helped)).copied().collect();
            rest.retain(|other| !knot.contains(other));
            knots.push(knot);
        }
    }
    knots
}

/// For each process, others.
type Others = BTreeMap<usize, BTreeSet<usize>>;

/// The same from the others' side.
fn turned(all: &Others) -> Others {
    let mut turned = Others::new();
    for (process, others) in all {
        turned.entry(*process).or_default();
        for other in others {
            turned.entry(*other).or_default().insert(*process);
        }
    }
    turned
}

/// Takes away, again and again, whoever has no others.
fn trim(all: &mut Others) {
    let turned = turned(all);
    let has_none =
        |(process, others): (&usize, &BTreeSet<usize>)| others.is_empty().then_some(*process);
    let mut without: Vec<usize> = all.iter().filter_map(has_none).collect();
    while let Some(process) = without.pop() {
        all.remove(&process);
        for other in turned.get(&process).into_iter().flatten() {
            if let Some(others) = all.get_mut(other)
                && others.remove(&process)
                && others.is_empty()
            {
                without.push(*other);
            }
        }
    }
}

/// Whoever can be reached from a process by asking who could help, and who could help him; or whom they
/// could help.
fn reachable(from: usize, helpers: &Others) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(process) = open.pop() {
        let new = helpers.get(&process).into_iter().flatten();
        open.extend(new.filter(|helper| found.insert(**helper)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(waiters: &[(usize, &[usize])]) -> Vec<Vec<usize>> {
        let waiters: Vec<Waiter> = waiters
            .iter()
            .map(|(process, helpers)| Waiter { process: *process, helpers: helpers.to_vec() })
            .collect();
        knots(&waiters)
    }

    #[test]
    fn two_that_wait_for_each_other_are_a_knot() {
        assert_eq!(found(&[(1, &[2]), (2, &[1])]), [[1, 2]]);
    }

    #[test]
    fn one_that_waits_for_what_only_it_can_send_is_a_knot() {
        assert_eq!(found(&[(1, &[1])]), [[1]]);
    }

    #[test]
    fn nobody_is_stuck_whose_helper_is_free() {
        assert_eq!(found(&[(1, &[2]), (2, &[1, 3])]), [[0usize; 0]; 0]);
        assert_eq!(found(&[(1, &[2])]), [[0usize; 0]; 0]);
    }

    #[test]
    fn another_thread_that_may_go_on_frees_its_process() {
        assert_eq!(found(&[(1, &[2]), (2, &[1]), (2, &[3])]), [[0usize; 0]; 0]);
    }

    #[test]
    fn whoever_waits_for_the_stuck_is_no_part_of_the_knot_and_two_knots_are_two() {
        let waiters: [(usize, &[usize]); 5] =
            [(1, &[2]), (2, &[1]), (3, &[1]), (4, &[5]), (5, &[4])];
        assert_eq!(found(&waiters), [[1, 2], [4, 5]]);
    }

    #[test]
    fn long_lines_before_and_behind_a_knot_are_none() {
        let line = 20_000;
        let mut waiters: Vec<Waiter> =
            (0..line).map(|process| Waiter { process, helpers: vec![process + 1] }).collect();
        // Two in the middle wait for each other, one of them for those behind as well.
        let middle = line / 2;
        waiters.push(Waiter { process: middle + 1, helpers: vec![middle] });
        waiters.push(Waiter { process: line, helpers: vec![] });
        assert_eq!(knots(&waiters), [[middle, middle + 1]]);
    }

    #[test]
    fn whom_nobody_can_help_is_not_in_a_knot() {
        assert_eq!(found(&[(1, &[])]), [[0usize; 0]; 0]);
    }
}
