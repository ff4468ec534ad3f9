//! Queues in shared memory, in user space.
//!
//! ```text
//!  msgget msgctl msgsnd msgrcv          calls, commands, messages; asleep: who waits
//!      |         |          |
//!  registry   control    send, receive  what the calls do
//!                           |
//!      room, hand_off, handed, waiters  who waits, and how a message comes to it
//!                 runs, types           how a queue keeps messages
//!                           |
//!         attempt -> commit -> apply    how a change is made: all of it or nothing
//!                    overtake           how others complete it
//!                           |
//!   cells, slots -> layout  memory      words in a file that all map
//!                           |
//!                         home          the file
//! ```
//!
//! The algorithm is safe code over words that it does not trust, and knows neither files nor the
//! kernel; `thread.rs` says what it needs of a thread. Unsafe are what touches the mapping (`space.rs`,
//! `ranges.rs`), the caller's memory (`caller.rs`, `copy.rs`, `fault.rs`, `text.rs`), the thread
//! (`apply.rs`, `caller_thread.rs`), and the calls that hand C's addresses down.

mod apply;
mod asleep;
mod atomic;
mod attempt;
mod bell;
mod caller;
#[cfg(test)]
mod caller_tests;
mod caller_thread;
#[cfg(test)]
mod caller_thread_tests;
mod calls;
mod cells;
#[cfg(test)]
mod child;
mod commands;
mod commit;
mod control;
#[cfg(target_arch = "x86_64")]
mod copy;
#[cfg(any(test, not(target_arch = "x86_64")))]
mod copy_by_kernel;
mod credentials;
#[cfg(test)]
mod credentials_tests;
#[cfg(all(test, target_arch = "x86_64"))]
mod damage_tests;
mod directory;
#[cfg(target_arch = "x86_64")]
mod disposition;
mod fault;
#[cfg(all(test, target_arch = "x86_64"))]
mod fault_tests;
mod file;
mod hand_off;
mod handed;
mod here;
mod home;
mod layout;
mod limits_now;
#[cfg(test)]
mod lone;
mod memory;
mod messages;
mod overtake;
mod own;
#[cfg(all(test, target_arch = "x86_64"))]
mod pages;
mod permission;
#[cfg(test)]
mod queue_tests;
mod ranges;
mod receive;
mod registry;
mod remembered;
#[cfg(test)]
mod remembered_tests;
#[cfg(test)]
mod rights;
mod room;
mod runs;
mod seat;
mod send;
mod sleep;
mod slots;
mod space;
mod start;
#[cfg(test)]
mod storage_tests;
mod straight;
mod text;
mod thread;
#[cfg(test)]
mod time_tests;
mod types;
mod waiters;
#[cfg(test)]
mod waiting_tests;
#[cfg(test)]
mod whole;

pub use calls::Shm;
