//! A case: one behaviour of one line of the specification, as a function of an engine.

use super::{Capability, MSG_COPY, On, Verdict, has_capability};
use super::{ENOSYS, Errno, IPC_NOWAIT, Queue};

/// One behaviour. Every case runs in a process of its own.
pub struct Case {
    /// The line of the specification, as "msgsnd-3".
    pub line: &'static str,
    /// The behaviour, as a sentence.
    pub sentence: &'static str,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// Says what differed.
    pub run: fn(On) -> Verdict,
}

/// What a case cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The rights to become another user, to keep single capabilities, and to make namespaces.
    Root,
    /// The right to exceed limits, which machines may withhold from root.
    Resource,
    /// Queues that nobody else makes or removes meanwhile.
    Alone,
    /// The kernel's engine: the limits are set through files that it alone reads.
    Kernel,
    /// Queues that are seen by other processes.
    Processes,
    /// An engine that is made for speed: more than a million queues come and go.
    Speed,
    /// A kernel that was built with MSG_COPY.
    Copy,
}

impl Case {
    /// The name of the case: its line, and its sentence.
    pub fn name(&self) -> String {
        format!("{}_{}", self.line, self.sentence)
    }

    /// Whether it has this need.
    pub fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }

    /// Why it cannot run here; None where it can. `alone` says whether the queues are this
    /// process's own.
    pub fn lacks(&self, engine: On, alone: bool) -> Option<&'static str> {
        self.needs.iter().find_map(|need| match need {
            Need::Root => lacks_root(),
            Need::Resource if !has_capability(Capability::SysResource) => {
                Some("needs CAP_SYS_RESOURCE")
            }
            Need::Alone if !alone => Some("needs the right to make an IPC namespace"),
            Need::Copy => lacks_copy(engine),
            _ => None,
        })
    }
}

fn lacks_root() -> Option<&'static str> {
    use Capability::*;
    let all = [SetUid, SetGid, IpcOwner, SysAdmin].iter().all(|it| has_capability(*it));
    (!all).then_some("needs root: it acts as several users")
}

fn lacks_copy(engine: On) -> Option<&'static str> {
    let Ok(queue) = Queue::private(engine) else { return None };
    let answer = queue.receive(0, 0, MSG_COPY | IPC_NOWAIT);
    (answer == Err(Errno(ENOSYS))).then_some("needs a kernel with CONFIG_CHECKPOINT_RESTORE")
}

/// The table of a file's cases: line, function, needs.
macro_rules! cases {
    ($($line:literal $name:ident $([$($need:ident),+])?;)*) => {
        pub const CASES: &[$crate::support::Case] = &[$($crate::support::Case {
            line: $line,
            sentence: stringify!($name),
            needs: &[$($($crate::support::Need::$need),+)?],
            run: $name,
        }),*];
    };
}
pub(crate) use cases;
