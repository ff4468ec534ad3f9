//! Probes for bpftrace, perf, SystemTap and gdb: USDT, provider `msgq`.
//!
//! A probe is a place in the code that does nothing, and a note in the library that tells where it is
//! and where its arguments are (the format is SystemTap's, version 3). Who attaches to one has the
//! kernel count that in [`WATCHERS`], which all probes share: while it says 0, calls do not come by.
//! The notes are written here rather than by a crate: this library needs `libc` alone.

use crate::trace::call::{Any, Arguments, Call, Outcome};
use crate::watchers::WATCHERS;

/// Tells whoever has attached that a call begins.
pub(crate) fn entry(call: Any) {
    if WATCHERS.any_probe() {
        places::entry(call.kind(), call.arguments());
    }
}

/// Tells whoever has attached what came of a call.
pub(crate) fn returned(call: Any, outcome: Outcome) {
    if WATCHERS.any_probe() {
        let (result, errno) = match outcome {
            Ok(result) => (result, 0),
            Err(error) => (-1, error.0),
        };
        places::returned(call.kind(), call.arguments(), result, errno);
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[allow(unsafe_code)]
mod places {
    use super::{Arguments, WATCHERS};
    use crate::trace::format::Kind;
    use std::arch::asm;

    /// A probe of this name. Each argument is in a register; its size in bytes stands before it, with
    /// a minus sign where it is signed, and is the same once more as a letter.
    macro_rules! probe {
        ($name:literal, $first:ident: $size:literal $letter:literal
            $(, $more:ident: $more_size:literal $more_letter:literal)*) => {
            // SAFETY: does nothing. What else stands here is in sections that are not executed.
            unsafe {
                asm!(
                    "990: nop",
                    ".pushsection .note.stapsdt, \"?\", \"note\"",
                    ".balign 4",
                    ".4byte 992f - 991f, 994f - 993f, 3",
                    "991: .asciz \"stapsdt\"",
                    "992: .balign 4",
                    "993: .8byte 990b",
                    ".8byte _.stapsdt.base",
                    ".8byte {semaphore}",
                    ".asciz \"msgq\"",
                    concat!(".asciz \"", $name, "\""),
                    concat!(
                        ".asciz \"", argument!($first, $size, $letter),
                        $(" ", argument!($more, $more_size, $more_letter),)* "\"",
                    ),
                    "994: .balign 4",
                    ".popsection",
                    // By this the readers find out how far the library was moved after the linker
                    // wrote the addresses above.
                    ".ifndef _.stapsdt.base",
                    ".pushsection .stapsdt.base, \"aGR\", \"progbits\", .stapsdt.base, comdat",
                    ".weak _.stapsdt.base",
                    ".hidden _.stapsdt.base",
                    "_.stapsdt.base: .space 1",
                    ".size _.stapsdt.base, 1",
                    ".popsection",
                    ".endif",
                    semaphore = sym WATCHERS,
                    $first = in(reg) $first,
                    $($more = in(reg) $more,)*
                    options(att_syntax, readonly, nostack, preserves_flags),
                );
            }
        };
    }

    /// An argument's size, and the register that it is in.
    macro_rules! argument {
        ($argument:ident, $size:literal, $letter:literal) => {
            concat!($size, "@{", stringify!($argument), ":", $letter, "}")
        };
    }

    #[inline(never)]
    pub fn entry(call: Kind, arguments: Arguments) {
        let Arguments { object, flags, msgsz, msgtyp, address } = arguments;
        match call {
            Kind::Get => probe!("msgget__entry", object: "-4" "e", flags: "-4" "e"),
            Kind::Control => {
                probe!("msgctl__entry", object: "-4" "e", flags: "-4" "e", address: "8" "r")
            }
            Kind::Send => probe!(
                "msgsnd__entry",
                object: "-4" "e", address: "8" "r", msgsz: "8" "r", flags: "-4" "e"
            ),
            _ => probe!(
                "msgrcv__entry",
                object: "-4" "e", address: "8" "r", msgsz: "8" "r", msgtyp: "-8" "r", flags: "-4" "e"
            ),
        }
    }

    /// What came of the call stands first: bpftrace reaches the first six arguments alone.
    #[inline(never)]
    pub fn returned(call: Kind, arguments: Arguments, result: i64, errno: i32) {
        let Arguments { object, flags, msgsz, msgtyp, address } = arguments;
        match call {
            Kind::Get => probe!(
                "msgget__return",
                result: "-8" "r", errno: "-4" "e", object: "-4" "e", flags: "-4" "e"
            ),
            Kind::Control => probe!(
                "msgctl__return",
                result: "-8" "r", errno: "-4" "e", object: "-4" "e", flags: "-4" "e", address: "8" "r"
            ),
            Kind::Send => probe!(
                "msgsnd__return",
                result: "-8" "r", errno: "-4" "e", object: "-4" "e", address: "8" "r", msgsz: "8" "r",
                flags: "-4" "e"
            ),
            _ => probe!(
                "msgrcv__return",
                result: "-8" "r", errno: "-4" "e", object: "-4" "e", address: "8" "r", msgsz: "8" "r",
                msgtyp: "-8" "r", flags: "-4" "e"
            ),
        }
    }
}

/// Other processors have no probes yet.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
mod places {
    use super::Arguments;
    use crate::trace::format::Kind;

    pub fn entry(_: Kind, _: Arguments) {}

    pub fn returned(_: Kind, _: Arguments, _: i64, _: i32) {}
}
