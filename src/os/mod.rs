//! The few system calls that the library makes for itself, and what it asks the dynamic linker.
//!
//! They go straight to the kernel. Other preloaded libraries replace `open`, `fstat`, `mmap` and
//! the like by their own (fakeroot, fakechroot, allocators), and calling those from here could
//! enter a library that is just initialising, or get an invented answer. None of them changes
//! `errno`.

mod environment;
mod file;
mod mappings;
mod memory;
mod objects;
mod process;
mod thread;
mod time;

pub use environment::*;
pub use file::*;
pub use mappings::*;
pub use memory::*;
pub use objects::*;
pub use process::*;
pub use thread::*;
pub use time::*;

/// Makes one system call; gives back what the kernel answered.
macro_rules! kernel {
    ($number:expr $(, $argument:expr)*) => {{
        let before = $crate::errno::Errno::current();
        let answer = libc::syscall($number $(, $argument as libc::c_long)*);
        if answer == -1 {
            let error = $crate::errno::Errno::current();
            before.set();
            Err(error)
        } else {
            Ok(answer)
        }
    }};
}
pub(crate) use kernel;
