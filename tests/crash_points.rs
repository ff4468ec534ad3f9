//! A process may be killed at any moment, and nothing is lost but what it held in its hands.

#[path = "crash_points/adopt.rs"]
mod adopt;
#[path = "crash_points/adopting.rs"]
mod adopting;
#[path = "crash_points/arena.rs"]
mod arena;
#[path = "crash_points/calls.rs"]
mod calls;
#[path = "crash_points/check.rs"]
mod check;
#[path = "crash_points/clock.rs"]
mod clock;
#[path = "crash_points/dead.rs"]
mod dead;
#[path = "../src/errno.rs"]
#[allow(dead_code)]
mod errno;
#[path = "crash_points/every_store.rs"]
mod every_store;
#[path = "crash_points/kernel.rs"]
mod kernel;
#[path = "crash_points/paused.rs"]
mod paused;
#[path = "crash_points/process.rs"]
mod process;
#[path = "crash_points/queues.rs"]
mod queues;
#[path = "crash_points/real.rs"]
mod real;
#[path = "crash_points/receiving.rs"]
mod receiving;
#[path = "crash_points/sending.rs"]
mod sending;
#[path = "crash_points/shm.rs"]
mod shm;
#[path = "crash_points/stage.rs"]
mod stage;
#[path = "crash_points/waiting.rs"]
mod waiting;
