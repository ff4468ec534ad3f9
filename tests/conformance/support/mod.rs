//! What the cases are written with.

mod asleep;
mod case;
mod check;
mod child;
mod pages;
mod patience;
mod processor;
mod queue;
mod signal;
mod sysctl;
mod user;
mod waiter;

pub(crate) use case::cases;
pub use case::{Case, Need};
pub use check::{Verdict, Worked, fails, gives, holds, name, same};
pub use child::{Child, has_ended, in_child, kill_group};
pub use pages::{Pages, UNMAPPED};
pub use patience::{be_patient_for, moment, next_second, now, until};
pub use processor::{idle, share_one_processor};
pub use queue::{Calls, IPC_INFO, MSG_INFO, MSG_STAT, MSG_STAT_ANY, Queue, Received, key, message};
pub use signal::{Handler, handle, ignore};
pub use sysctl::{set_sysctl, sysctl};
pub use user::{
    Caller, Capability, STRANGER, become_caller, drop_capability, drop_privileges, groups_of,
    has_capability, own_ipc_namespace, own_pid_namespace, process_id, set_effective, thread_id,
};
pub use waiter::Waiter;

pub use libc::{
    E2BIG, EACCES, EAGAIN, EEXIST, EFAULT, EIDRM, EINTR, EINVAL, ENOENT, ENOMSG, ENOSPC, ENOSYS,
    EPERM, IPC_CREAT, IPC_EXCL, IPC_NOWAIT, IPC_PRIVATE, IPC_RMID, IPC_SET, IPC_STAT, MSG_COPY,
    MSG_EXCEPT, MSG_NOERROR, c_int, c_long,
};
pub use msgq::engine::Engine;
pub use msgq::errno::Errno;

/// Engines are static: a thread or a child may use them for as long as it lives.
pub type On = &'static dyn Engine;
