//! System V message queues as a drop-in library.
//!
//! A C program that is linked with this library, or preloaded with it, finds `msgget`, `msgctl`,
//! `msgsnd` and `msgrcv` here. A call goes down once and comes back once:
//!
//! ```text
//!    C program
//!        |
//!    abi        the exported functions
//!        |
//!    trace ---> a recording: what was called and what came of it
//!    check ---> misuse, told once for each place
//!    hooks ---> the program's own functions, and injected faults: either may answer in the
//!        |      engine's stead
//!    engine     the queues: the kernel's, or our own in shared memory
//! ```
//!
//! The library runs inside programs that do not know of it. On the way of a call it takes no lock,
//! allocates nothing and prints nothing, and it leaves `errno` and every descriptor alone.

#![deny(unsafe_code)]

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("msgq knows the system calls and structures of 64-bit Linux only");

pub mod abi;
mod caller;
pub mod check;
mod decimal;
mod deepbind;
pub mod engine;
pub mod errno;
pub mod hooks;
pub mod inject;
pub mod os;
mod path;
mod probes;
pub mod settings;
mod shown;
mod start;
mod thread_word;
pub mod trace;
mod watched;
mod watchers;
