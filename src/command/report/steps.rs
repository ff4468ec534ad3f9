//! Time in a limited number of steps, which become longer as time goes on.

/// How long a step is at first, in nanoseconds.
const FIRST_WIDTH: u64 = 100_000;

/// What happened in one step.
pub trait Step: Clone {
    /// What happened in this step and in the next one.
    fn join(&self, next: &Self) -> Self;
}

/// The steps from a moment on.
#[derive(Debug)]
pub struct Steps<T> {
    /// When the first step begins.
    pub from: u64,
    /// How long each step is.
    pub width: u64,
    most: usize,
    steps: Vec<T>,
}

impl<T: Step> Steps<T> {
    /// None yet; at most so many.
    pub fn new(from: u64, most: usize) -> Steps<T> {
        Steps { from, width: FIRST_WIDTH, most, steps: Vec::new() }
    }

    /// The step of this moment. Steps before it that were not asked for are `quiet`.
    pub fn at(&mut self, at: u64, quiet: &T) -> &mut T {
        self.make_room(at);
        let index = (at.saturating_sub(self.from) / self.width) as usize;
        if self.steps.len() <= index {
            self.steps.resize(index + 1, quiet.clone());
        }
        &mut self.steps[index]
    }

    /// Has each step seen that a span of time touches, with how much of the span is in it.
    pub fn over(&mut self, from: u64, until: u64, quiet: &T, mut see: impl FnMut(&mut T, u64)) {
        self.make_room(until);
        let mut begin = from.max(self.from);
        while begin < until {
            let end = (begin - self.from) / self.width * self.width + self.from + self.width;
            see(self.at(begin, quiet), end.min(until) - begin);
            begin = end;
        }
    }

    /// All steps.
    pub fn all(&self) -> &[T] {
        &self.steps
    }

    fn make_room(&mut self, at: u64) {
        while at.saturating_sub(self.from) / self.width >= self.most as u64 {
            let pairs = self.steps.chunks(2);
            let join = |pair: &[T]| match pair {
                [first, next] => first.join(next),
                pair => pair[0].clone(),
            };
            self.steps = pairs.map(join).collect();
            self.width *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Step for u64 {
        fn join(&self, next: &u64) -> u64 {
            self + next
        }
    }

    #[test]
    fn however_long_it_goes_on_the_steps_stay_few_and_nothing_is_lost() {
        let mut steps = Steps::new(1_000, 128);
        for second in 0..1000u64 {
            *steps.at(1_000 + second * 1_000_000_000, &0) += 1;
        }
        assert!(steps.all().len() <= 128 && steps.all().len() > 64, "{}", steps.all().len());
        assert_eq!(steps.all().iter().sum::<u64>(), 1000);
    }

    #[test]
    fn a_span_is_divided_among_the_steps_that_it_touches() {
        let mut steps = Steps::new(0, 4);
        let span = (FIRST_WIDTH / 2, FIRST_WIDTH * 5 / 2);
        steps.over(span.0, span.1, &0, |step, part| *step += part);
        assert_eq!(steps.all(), [FIRST_WIDTH / 2, FIRST_WIDTH, FIRST_WIDTH / 2]);
        steps.over(0, FIRST_WIDTH * 7, &0, |_, _| ());
        assert_eq!(steps.all()[..2], [FIRST_WIDTH * 3 / 2, FIRST_WIDTH / 2]);
    }
}
