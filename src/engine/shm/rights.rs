//! For tests: threads whose credentials change.
#![allow(unsafe_code)]

use super::credentials::{Capabilities, euid};
use super::permission::{Capability, Permissions};
use super::remembered::prepare;
use crate::errno::Errno;
use crate::os::kernel;
use crate::thread_word::RIGHTS_FACTS as FACTS;

/// A user and a group without rights.
pub const OTHER: u32 = 65533;
/// A user that nobody becomes here.
pub const NOBODYS: u32 = 65530;
/// Leaves an id as it is.
pub const KEEP: u32 = u32::MAX;

/// A queue for its owner alone.
pub fn private_of(uid: u32) -> Permissions {
    Permissions { uid, gid: OTHER, cuid: uid, cgid: OTHER, mode: 0o600 }
}

/// A queue for a group alone.
pub fn of_group(gid: u32) -> Permissions {
    Permissions { uid: NOBODYS, gid, cuid: NOBODYS, cgid: gid, mode: 0o060 }
}

/// Changes this thread's user ids, and no other thread's.
pub fn set_users(real: u32, effective: u32, saved: u32) {
    // SAFETY: changes the thread's own credentials.
    let answer = unsafe { kernel!(libc::SYS_setresuid, real, effective, saved) };
    assert!(answer.is_ok(), "setresuid({real}, {effective}, {saved}): {answer:?}");
}

/// Changes this thread's group ids.
pub fn set_groups(real: u32, effective: u32, saved: u32) {
    // SAFETY: as above.
    let answer = unsafe { kernel!(libc::SYS_setresgid, real, effective, saved) };
    assert!(answer.is_ok(), "setresgid({real}, {effective}, {saved}): {answer:?}");
}

/// Changes this thread's supplementary groups.
pub fn set_supplementary(groups: &[u32]) {
    // SAFETY: as above; the kernel reads as many groups as there are.
    let answer = unsafe { kernel!(libc::SYS_setgroups, groups.len(), groups.as_ptr()) };
    assert!(answer.is_ok(), "setgroups of {}: {answer:?}", groups.len());
}

/// Makes a capability of this thread effective, or no longer.
pub fn set_effective(capability: Capability, on: bool) -> Result<(), Errno> {
    let now = Capabilities::now().ok_or(Errno(libc::ENOSYS))?;
    let bit = 1 << capability as u32;
    let wanted = if on { now.effective | bit } else { now.effective & !bit };
    let (lower, upper) = (|set: u64| set as u32, |set: u64| (set >> 32) as u32);
    let header = [0x2008_0522u32, 0];
    let permitted = now.permitted;
    let sets = [lower(wanted), lower(permitted), 0, upper(wanted), upper(permitted), 0];
    // SAFETY: as above; the kernel reads two words and six.
    unsafe { kernel!(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) }.map(drop)
}

/// Runs a test in a thread of its own, whose credentials it may spoil; only as root, and where there
/// are other users.
pub fn as_root(body: impl FnOnce() + Send + 'static) {
    let others = std::thread::spawn(|| {
        // SAFETY: changes the thread's own credentials; the thread ends.
        unsafe { kernel!(libc::SYS_setresuid, OTHER, OTHER, OTHER) }.is_ok()
    });
    if euid() != 0 || !others.join().unwrap() {
        eprintln!("not tried: only root can become another user");
        return;
    }
    prepare();
    std::thread::spawn(body).join().unwrap();
}

/// Has the thread remember that it is this user, which it is not, from when it was last found out.
pub fn remember_wrongly(user: u32) {
    FACTS.set(FACTS.get() >> 32 << 32 | u64::from(user));
}
