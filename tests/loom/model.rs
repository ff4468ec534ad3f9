//! Trying the orders of events of a model.

use loom::model::Builder;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often a thread loses its turn without need, unless the environment says otherwise.
const PREEMPTIONS: usize = 3;
/// The most events of an order, and more than there are.
const MOST_EVENTS: usize = 50_000;

/// Tries all orders of events; one that the model finds wrong is a panic.
pub fn holds(model: impl Fn() + Send + Sync + 'static) {
    holds_with(PREEMPTIONS, model);
}

/// The same of a model with many events: so often a thread loses its turn without need, unless the
/// environment says otherwise.
pub fn holds_with(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.max_branches = MOST_EVENTS;
    let tried = Arc::new(AtomicU64::new(0));
    let count = tried.clone();
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    });
    println!("{} orders of events", tried.load(Ordering::Relaxed));
}

/// The model is wrong, and fails with a message that has this in it.
pub fn fails(with: &str, model: impl Fn() + Send + Sync + 'static) {
    let outcome = catch_unwind(AssertUnwindSafe(|| holds(model)));
    let Err(panic) = outcome else { panic!("the model finds nothing wrong") };
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
    let text = text.unwrap_or_default();
    assert!(text.contains(with), "the model fails, with: {text}");
}
