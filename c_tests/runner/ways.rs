//! The ways in which a program meets the library.

use std::ffi::OsString;

/// How a program is built, and what surrounds it when it runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The C library alone: the oracle.
    Plain,
    /// `-lmsgq`.
    Linked,
    /// `libmsgq.a` in a dynamic program.
    Archive,
    /// `libmsgq.a` in a program without shared libraries.
    Static,
    /// The plain program under `LD_PRELOAD`.
    Preloaded,
    /// Preloaded, and every call is recorded.
    Recorded,
    /// Preloaded, and every call is checked for misuse.
    Checked,
    /// Preloaded by `msgq trace`, whose every call strace sees too.
    Traced,
    /// Preloaded, in memcheck.
    Valgrind,
    /// Linked, with the address and undefined-behaviour sanitizers.
    Asan,
    /// The plain program, which opens the library itself.
    Opened,
}

/// The program that opens the library at run time.
const OPENER: &str = "library_opened_and_closed";

/// Whether the program uses hooks, which the C library does not have. It tells by itself whether all
/// is right.
pub fn has_hooks(program: &str) -> bool {
    program.starts_with("hooks_")
}

/// What a Rust archive asks of the linker, as `rustc --print native-static-libs` tells it.
const ARCHIVE_NEEDS: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

impl Way {
    pub const ALL: [Way; 11] = [
        Way::Plain,
        Way::Linked,
        Way::Archive,
        Way::Static,
        Way::Preloaded,
        Way::Recorded,
        Way::Checked,
        Way::Traced,
        Way::Valgrind,
        Way::Asan,
        Way::Opened,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Way::Plain => "plain",
            Way::Linked => "linked",
            Way::Archive => "archive",
            Way::Static => "static",
            Way::Preloaded => "preloaded",
            Way::Recorded => "recorded",
            Way::Checked => "checked",
            Way::Traced => "traced",
            Way::Valgrind => "valgrind",
            Way::Asan => "asan",
            Way::Opened => "opened",
        }
    }

    /// The way that has the executable which this one runs.
    pub fn build(self) -> Way {
        match self {
            Way::Preloaded
            | Way::Recorded
            | Way::Checked
            | Way::Traced
            | Way::Valgrind
            | Way::Opened => Way::Plain,
            built => built,
        }
    }

    /// Whether this runner preloads the library; `msgq trace` does so itself.
    pub fn preloads(self) -> bool {
        matches!(self, Way::Preloaded | Way::Recorded | Way::Checked | Way::Valgrind)
    }

    /// Why the way makes sense with the kernel's queues alone. (That the plain way does, goes
    /// without saying.)
    pub fn needs_the_kernel(self) -> Option<&'static str> {
        match self {
            Way::Traced => Some("strace sees no calls but those that reach the kernel"),
            Way::Valgrind => {
                Some("memcheck follows one process, and these queues are memory of many")
            }
            Way::Asan => {
                Some("the sanitizers watch the program alone, and do so over the kernel's queues")
            }
            _ => None,
        }
    }

    /// What `MSGQ_TEST_EXPECT` says of the marker when the program starts.
    pub fn expects(self) -> &'static str {
        match self {
            Way::Plain | Way::Opened => "absent",
            _ => "present",
        }
    }

    /// Whether the way exists for the program at all: the last was made for one alone. Programs with
    /// hooks have no oracle, and strace does not see what a hook answers.
    pub fn is_about(self, program: &str) -> bool {
        match self {
            Way::Opened => program == OPENER,
            Way::Plain | Way::Traced => !has_hooks(program),
            _ => true,
        }
    }

    /// Why the program makes no sense in this way.
    pub fn unfit(self, program: &str) -> Option<&'static str> {
        match (self, program) {
            (Way::Static, OPENER) => Some("a static program opens no libraries"),
            (Way::Asan, "small_stack") => Some("the sanitizers need more stack than the smallest"),
            (Way::Asan, "fault_addresses" | "sizes_negative") => {
                Some("the sanitizer reads the message itself, before the call does")
            }
            (Way::Traced, "cancel_pending") => {
                Some("the thread is cancelled before the system call: strace sees none")
            }
            (Way::Traced, "many_types") => {
                Some("strace takes longer for so many calls than a busy machine has time")
            }
            (Way::Traced, "stopped_and_continued") => {
                Some("strace keeps a stopped process in another state than is waited for")
            }
            (
                Way::Traced,
                "handler_calls_by_thousands"
                | "handler_jumps_by_thousands"
                | "handler_removes_queue"
                | "fork_in_handler",
            ) => Some("a handler may run after a call is noted and before strace sees it"),
            _ => None,
        }
    }

    /// Compiler arguments besides those that all have in common. `links` holds the shared library.
    pub fn arguments(self, links: &std::path::Path, archive: &std::path::Path) -> Vec<OsString> {
        let rpath = || {
            let mut rpath = OsString::from("-Wl,-rpath,");
            rpath.push(links);
            [OsString::from("-L"), links.into(), "-lmsgq".into(), rpath]
        };
        let mut arguments: Vec<OsString> = Vec::new();
        match self.build() {
            Way::Linked => arguments.extend(rpath()),
            Way::Archive => {
                arguments.push(archive.into());
                arguments.extend(ARCHIVE_NEEDS.map(OsString::from));
            }
            Way::Static => {
                arguments.extend(["-static".into(), "-DMSGQ_STATIC".into(), archive.into()]);
                // The compiler knows the static form of libgcc_s by itself.
                arguments.extend(ARCHIVE_NEEDS[1..].iter().map(OsString::from));
            }
            Way::Asan => {
                let sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
                arguments.extend(sanitizers.map(OsString::from));
                arguments.extend(rpath());
            }
            _ => arguments.push("-ldl".into()),
        }
        arguments
    }
}
