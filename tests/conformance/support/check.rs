//! Comparisons that tell what they compared.

use libc::c_int;
use msgq::errno::Errno;
use std::fmt::Debug;

/// What a case has found: nothing, or what differed.
pub type Verdict = Result<(), String>;

/// Two values that are to be equal.
pub fn same<T: PartialEq + Debug>(what: &str, seen: T, wanted: T) -> Verdict {
    if seen == wanted {
        return Ok(());
    }
    Err(format!("{what}: is {seen:?}, is to be {wanted:?}"))
}

/// A condition that is to hold.
pub fn holds(what: &str, is_so: bool) -> Verdict {
    if is_so { Ok(()) } else { Err(format!("not so: {what}")) }
}

/// A call that is to give this value.
pub fn gives<T: PartialEq + Debug>(what: &str, answer: Result<T, Errno>, wanted: T) -> Verdict {
    same(what, answer.worked(what)?, wanted)
}

/// A call that is to fail with this error.
pub fn fails<T: Debug>(what: &str, answer: Result<T, Errno>, wanted: c_int) -> Verdict {
    let wanted = Errno(wanted);
    match answer {
        Err(error) if error == wanted => Ok(()),
        Err(error) => {
            Err(format!("{what}: fails with {}, is to fail with {}", name(error), name(wanted)))
        }
        Ok(value) => Err(format!("{what}: gives {value:?}, is to fail with {}", name(wanted))),
    }
}

/// A call that has to work for the rest to make sense.
pub trait Worked<T> {
    /// Its value, or a sentence that names the error.
    fn worked(self, what: &str) -> Result<T, String>;
}

impl<T> Worked<T> for Result<T, Errno> {
    fn worked(self, what: &str) -> Result<T, String> {
        self.map_err(|error| format!("{what}: fails with {}, is to work", name(error)))
    }
}

impl<T> Worked<T> for std::io::Result<T> {
    fn worked(self, what: &str) -> Result<T, String> {
        self.map_err(|error| format!("{what}: {error}"))
    }
}

/// An error number by name.
pub fn name(error: Errno) -> String {
    const NAMES: [(c_int, &str); 15] = [
        (libc::E2BIG, "E2BIG"),
        (libc::EACCES, "EACCES"),
        (libc::EAGAIN, "EAGAIN"),
        (libc::EEXIST, "EEXIST"),
        (libc::EFAULT, "EFAULT"),
        (libc::EIDRM, "EIDRM"),
        (libc::EINTR, "EINTR"),
        (libc::EINVAL, "EINVAL"),
        (libc::ENOENT, "ENOENT"),
        (libc::ENOMEM, "ENOMEM"),
        (libc::ENOMSG, "ENOMSG"),
        (libc::ENOSPC, "ENOSPC"),
        (libc::ENOSYS, "ENOSYS"),
        (libc::EPERM, "EPERM"),
        (libc::ERANGE, "ERANGE"),
    ];
    let known = NAMES.iter().find(|(number, _)| *number == error.0);
    known.map_or_else(|| format!("error {}", error.0), |(_, name)| (*name).to_string())
}
