//! The atomic words that the shared structures are made of. Tests put others in their place: words
//! that try every order of events, or that end the process at a chosen store.

pub use std::sync::atomic::{AtomicU64, Ordering, fence};
