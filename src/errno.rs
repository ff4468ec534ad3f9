//! Error numbers: `Result` inside the library, -1 and `errno` at its edge.

use libc::c_int;

/// An error number, as errno(3) lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub c_int);

impl Errno {
    /// What `errno` holds in this thread.
    #[allow(unsafe_code)]
    pub fn current() -> Errno {
        // SAFETY: the C library gives a valid address, the calling thread's own.
        Errno(unsafe { *libc::__errno_location() })
    }

    /// Makes this number the thread's `errno`.
    #[allow(unsafe_code)]
    pub fn set(self) {
        // SAFETY: as in `current`.
        unsafe { *libc::__errno_location() = self.0 }
    }
}
