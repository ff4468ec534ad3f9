//! The commands that look after an engine's queues.
//!
//! ```text
//!  top                                            looks again and again, and does what these do:
//!  ipcs   ipcrm   flush   send   recv   peek      what the user says
//!    |      |       |      |      |      |
//!    |      named, selection, patience             which queue, which messages, how long
//!    |      |       |      |      |      |
//!    |      |       |     written, sink            messages as they are read and written
//!    |      |       |      |      |      |
//!    |      '-------+-- queue -----------'         the calls
//!    |                    |
//!    '---------------- engine
//! ```

mod create;
pub mod flush;
pub mod ipcrm;
pub mod ipcs;
mod message;
mod named;
mod patience;
pub mod peek;
mod queue;
pub mod recv;
mod selection;
pub mod send;
mod sink;
mod standard;
pub mod top;
mod written;
