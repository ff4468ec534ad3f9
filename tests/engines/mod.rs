//! What the tests of engines share: calls as data, scripts of them, and processes that make them.
#![allow(dead_code)] // Each test program uses a part.

pub mod again;
pub mod alarm;
pub mod arena;
pub mod call;
pub mod comparison;
pub mod duel;
pub mod identity;
pub mod options;
pub mod perform;
pub mod process;
pub mod random;
pub mod script;
pub mod sides;
pub mod worker;

use msgq::engine::{ENGINES, Engine, number};

/// The engine called `name`.
pub fn engine(name: &str) -> Option<&'static dyn Engine> {
    number(name).and_then(|number| ENGINES.get(number)).map(|(_, engine)| *engine)
}

/// Why nothing can be tested of an engine; nothing where it exists.
pub fn why_not(name: &str) -> Option<String> {
    number(name).is_none().then(|| format!("no engine of this build is called {name}"))
}
