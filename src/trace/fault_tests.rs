//! A fault in the recording itself.
#![allow(unsafe_code)]

use super::*;
use crate::{engine, watched};
use std::ffi::CString;
use std::ptr::null_mut;

static FAULT: AtomicBool = AtomicBool::new(false);

/// Stands in for whatever could go wrong while a call is written down.
pub fn fault_if_asked() {
    if FAULT.load(Relaxed) {
        let nothing: Option<u8> = std::hint::black_box(None);
        nothing.unwrap();
    }
}

#[test]
fn a_fault_turns_tracing_off_and_leaves_the_result_and_errno_intact() {
    let path = std::env::temp_dir().join(format!("msgq-fault-{}", std::process::id()));
    let name = CString::new(path.to_str().unwrap()).unwrap();
    engine::choose(engine::DEFAULT);
    assert!(join(&name));
    FAULT.store(true, Relaxed);
    Errno(77).set();
    // SAFETY: takes no address.
    let id = unsafe { watched::msgget(libc::IPC_PRIVATE, 0o600, 0) };
    assert_eq!(Errno::current(), Errno(77), "errno");
    assert!(id >= 0, "{:?}", Errno::current());
    assert!(!ON.load(Relaxed), "tracing is off");
    let header = LASTING.mapping.header().unwrap();
    assert_eq!(header.faults.word.load(Relaxed), 1, "the recording tells of the fault");
    // SAFETY: IPC_RMID takes no structure.
    let later = unsafe { [0; 2].map(|_| watched::msgctl(id, libc::IPC_RMID, null_mut(), 0)) };
    assert_eq!(later, [0, -1], "later calls reach the kernel");
    assert_eq!(Errno::current(), Errno(libc::EINVAL));
    assert_eq!(header.faults.word.load(Relaxed), 1, "and nothing faults again");
    std::fs::remove_file(path).unwrap();
}
