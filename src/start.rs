//! Starting up: once in a process, before its own code runs where that can be had.
//!
//! The constructor does it while the process still sees the file system that its user sees, with
//! the rights that it was started with. A call that comes earlier, from another library's
//! constructor, does it then. Nobody waits here: whoever comes while another thread or an
//! interrupted frame of its own is at it does the same again, to the same result.
#![allow(unsafe_code)]

use crate::settings::Settings;
use crate::{engine, trace};
use std::sync::atomic::{AtomicU8, Ordering};

/// How far the library is: one word, so that a call that is not recorded looks at one word.
static STATE: AtomicU8 = AtomicU8::new(NEW);
const NEW: u8 = 0;
/// Started, and nothing is recorded.
const PLAIN: u8 = 1;
/// Started, and calls are recorded.
const RECORDING: u8 = 2;

/// Whether the library has started, and has nothing to do but to hand calls on.
#[inline(always)]
pub fn is_plain() -> bool {
    STATE.load(Ordering::Acquire) == PLAIN
}

/// Makes sure that the library has started.
#[inline]
pub fn ready() {
    if STATE.load(Ordering::Acquire) == NEW {
        start();
    }
}

#[cold]
fn start() {
    let settings = Settings::read();
    // Where a program that contains this library is run with it preloaded, the calls come through
    // both copies. The one behind is the one to choose an engine and to record.
    let recording = if engine::another_copy_follows() {
        engine::choose(engine::DEFAULT);
        false
    } else {
        match settings {
            Ok(settings) => {
                engine::choose(settings.engine);
                settings.trace.is_some_and(trace::join)
            }
            Err(meaningless) => {
                engine::refuse();
                if STATE.load(Ordering::Acquire) == NEW {
                    meaningless.complain();
                }
                false
            }
        }
    };
    STATE.store(if recording { RECORDING } else { PLAIN }, Ordering::Release);
}

extern "C" fn constructor() {
    ready();
}

#[used]
// SAFETY: the C library calls the functions of this section once, when the library is loaded.
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;
