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
    let mut helpers: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for waiter in waiters {
        helpers.entry(waiter.process).or_default().extend(&waiter.helpers);
    }
    // Whoever has a helper that does not wait can go on, and may then help others.
    loop {
        let is_stuck = |process: &usize| helpers.contains_key(process);
        let free = helpers.iter().find(|(_, helpers)| !helpers.iter().all(is_stuck));
        let Some(free) = free.map(|(process, _)| *process) else { break };
        helpers.remove(&free);
    }
    let reached: BTreeMap<usize, BTreeSet<usize>> =
        helpers.keys().map(|process| (*process, reachable(*process, &helpers))).collect();
    let mut knots: Vec<Vec<usize>> = Vec::new();
    for (process, reaches) in &reached {
        let meets = |other: &&usize| reached[*other].contains(process);
        let knot: Vec<usize> = reaches.iter().filter(meets).copied().collect();
        if knot.contains(process) && !knots.contains(&knot) {
            knots.push(knot);
        }
    }
    knots
}

/// Whoever can be reached from a process by asking who could help, and who could help him.
fn reachable(from: usize, helpers: &BTreeMap<usize, BTreeSet<usize>>) -> BTreeSet<usize> {
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
    fn whom_nobody_can_help_is_not_in_a_knot() {
        assert_eq!(found(&[(1, &[])]), [[0usize; 0]; 0]);
    }
}
