//! The lock's protocol and the hand-off under the orders of events that a machine may choose: loom
//! tries them one after the other, with the values that each load may see.
//!
//! Two or three times at most (or as often as `LOOM_MAX_PREEMPTIONS` says) a thread loses its turn
//! without need. Each model is shown to find what it is for: with one thing done wrong it fails.

#[path = "loom/actor.rs"]
mod actor;
#[path = "loom/arena.rs"]
mod arena;
#[path = "loom/caller.rs"]
mod caller;
#[path = "loom/death.rs"]
mod death;
#[path = "../src/errno.rs"]
#[allow(dead_code)]
mod errno;
#[path = "loom/handing.rs"]
mod handing;
#[path = "loom/model.rs"]
mod model;
#[path = "loom/shm.rs"]
mod shm;
#[path = "loom/stop.rs"]
mod stop;
#[path = "loom/words.rs"]
mod words;
#[path = "loom/young.rs"]
mod young;
