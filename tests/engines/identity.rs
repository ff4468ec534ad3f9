//! Who a process is.
#![allow(unsafe_code)]

/// A user, his group, and the groups that he belongs to besides.
#[derive(Clone, Debug)]
pub struct Identity {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
}

/// Whether this process has root's rights.
pub fn is_root() -> bool {
    user() == 0
}

/// The user that this process is.
pub fn user() -> u32 {
    // SAFETY: has no argument.
    unsafe { libc::geteuid() }
}

/// Turns this process for good into somebody else, who looks as if he had been so from the start.
pub fn become_other(identity: &Identity) -> Result<(), String> {
    let Identity { uid, gid, groups } = identity;
    // SAFETY: the list is as long as said; the others take no address.
    let done = unsafe {
        libc::setgroups(groups.len(), groups.as_ptr()) == 0
            && libc::setresgid(*gid, *gid, *gid) == 0
            && libc::setresuid(*uid, *uid, *uid) == 0
            // Without this, what /proc says of the process would be root's.
            && libc::prctl(libc::PR_SET_DUMPABLE, 1) == 0
    };
    if done { Ok(()) } else { Err(format!("cannot become {identity:?}: {}", last_error())) }
}

/// Gives this process kernel queues of its own, none of which outlives it. Needs root.
pub fn leave_namespace() -> Result<(), String> {
    // SAFETY: takes no address.
    match unsafe { libc::unshare(libc::CLONE_NEWIPC) } {
        0 => Ok(()),
        _ => Err(format!("unshare(CLONE_NEWIPC) failed: {}", last_error())),
    }
}

fn last_error() -> std::io::Error {
    std::io::Error::last_os_error()
}
