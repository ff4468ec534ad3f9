//! Permission for each message, without asking the kernel each time who the caller is.
//!
//! A thread remembers who it was found to be, in a few words of its own; the kernel gives each
//! thread credentials of its own, too. What it remembers holds for one of two reasons:
//!
//! - It cannot change any more ([`settled`]): so it is with every ordinary user's program.
//! - It has had no time to change since it was last found true. To change it takes a system call,
//!   by whatever way that is made, and one that changes credentials takes eight times as long as
//!   one that does nothing. So there was none within twice the time of the shortest call seen. The
//!   processor's time stamp counter tells.
//!
//! Only permission is given from memory. Before it is refused the kernel is asked.
//!
//! A signal handler may come at any point, change the thread's credentials and remember others.
//! That takes it so much time that what the interrupted code then stores is out of date at once, as
//! long as the time it stores was read before it was interrupted.

use super::credentials::{self, Caller, settled};
use super::here;
use super::permission::{Capability, Permissions, Who};
use crate::thread_word::{RIGHTS_FACTS as FACTS, RIGHTS_GROUP as GROUP, RIGHTS_STAMP as STAMP};
use crate::trace::clock::Clock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

// The words of facts and of the group hold an id in their lower halves, and above it:
const KNOWN: u64 = 1 << 32;
const SETTLED: u64 = 1 << 33;
const IPC_OWNER: u64 = 1 << 34;

/// However slow the calls were that were measured, nothing is believed for longer. Where the shortest
/// call took 260 ticks, the shortest change of credentials took 2,184.
const FEW: u64 = 500;

/// The shortest system call seen, in ticks; 0 where there is no counter to rely on, or nobody has
/// looked for one.
static SHORTEST: AtomicU64 = AtomicU64::new(0);

/// Whether the calling thread may do what is wanted, as [`Permissions::allows`].
#[inline]
pub fn allows(permissions: &Permissions, wanted: u32) -> bool {
    allows_by(&Counter, permissions, wanted)
}

/// Looks for a counter to rely on, where the program can change its credentials. Until then, and
/// where there is none, the kernel is asked each time.
pub fn prepare() {
    if settled().is_some() || Clock::best() != Clock::Counter {
        return;
    }
    let shortest = (0..8).map(|_| {
        let before = Counter.now();
        credentials::euid();
        Counter.now().wrapping_sub(before)
    });
    SHORTEST.store(shortest.min().unwrap_or(0), Relaxed);
}

/// A clock, and what is known of the system calls that it timed.
pub(super) trait Ticks {
    /// The time. Not to be asked where [`shortest`](Self::shortest) is 0.
    fn now(&self) -> u64;

    /// The ticks of the shortest system call seen; 0 where no time is to be had.
    fn shortest(&self) -> u64;

    /// One took so many.
    fn took(&self, ticks: u64);

    /// The ticks within which no credentials can have been changed.
    #[inline(always)]
    fn unchanged_for(&self) -> u64 {
        (2 * self.shortest()).min(FEW)
    }
}

struct Counter;

impl Ticks for Counter {
    #[inline(always)]
    fn now(&self) -> u64 {
        Clock::Counter.now()
    }

    #[inline(always)]
    fn shortest(&self) -> u64 {
        SHORTEST.load(Relaxed)
    }

    fn took(&self, ticks: u64) {
        if ticks < self.shortest() {
            SHORTEST.store(ticks, Relaxed);
        }
    }
}

#[inline(always)]
pub(super) fn allows_by(ticks: &impl Ticks, permissions: &Permissions, wanted: u32) -> bool {
    permissions.allow_everybody(wanted)
        || Snapshot::of_thread(ticks).is_some_and(|who| permissions.allows(wanted, &who))
        || ask(ticks, &{ *permissions }, wanted)
}

/// What a thread remembers: whatever it does not, it does not know.
#[derive(Clone, Copy)]
struct Snapshot {
    facts: u64,
    group: u64,
}

impl Who for Snapshot {
    #[inline(always)]
    fn euid(&self) -> Option<u32> {
        Some(self.facts as u32)
    }

    #[inline(always)]
    fn is_in_either(&self, groups: [u32; 2]) -> Option<bool> {
        (self.group & KNOWN != 0 && groups.contains(&(self.group as u32))).then_some(true)
    }

    #[inline(always)]
    fn has(&self, capability: Capability) -> Option<bool> {
        (self.facts & IPC_OWNER != 0 && capability == Capability::IpcOwner).then_some(true)
    }
}

impl Snapshot {
    /// What the thread remembers, if that still holds.
    #[inline(always)]
    fn of_thread(ticks: &impl Ticks) -> Option<Snapshot> {
        let facts = FACTS.get();
        if facts & SETTLED != 0 {
            let holds = STAMP.get() == stamp_of(here::process());
            return holds.then(|| Snapshot { facts, group: GROUP.get() });
        }
        if facts & KNOWN == 0 || ticks.shortest() == 0 {
            return None;
        }
        let stamp = STAMP.get();
        let now = ticks.now();
        let snapshot = Snapshot { facts: FACTS.get(), group: GROUP.get() };
        let whole = STAMP.get() == stamp;
        // Now and then the kernel is asked all the same, so that the shortest call is measured
        // again should the processor have become faster.
        let due = now >> 6 & 0x3ff == 0;
        if !whole || due || now.wrapping_sub(stamp) >= ticks.unchanged_for() {
            return None;
        }
        STAMP.set(now);
        Some(snapshot)
    }

    /// Has the thread remember this, as it was at that time.
    fn remember(self, stamp: u64) {
        STAMP.set(0);
        GROUP.set(self.group);
        FACTS.set(self.facts);
        STAMP.set(stamp);
    }
}

/// The stamp of what holds as long as the process does. Its children ask anew.
#[inline(always)]
fn stamp_of(process: u32) -> u64 {
    SETTLED | u64::from(process)
}

/// Asks the kernel, and remembers what it said.
#[cold]
fn ask(ticks: &impl Ticks, permissions: &Permissions, wanted: u32) -> bool {
    let now = || if ticks.shortest() == 0 { 0 } else { ticks.now() };
    let caller = Caller::new();
    let before = now();
    let allowed = permissions.allows(wanted, &caller);
    let euid = caller.euid().unwrap_or_default();
    let after = now();
    if !remember_settled(euid, caller.known_group()) {
        remember_for_now(ticks, euid, &caller, before, after);
    }
    allowed
}

/// Remembers a caller that cannot become another; whether it is one. The kernel is asked that of
/// each user once.
fn remember_settled(euid: u32, group: Option<u32>) -> bool {
    let (facts, stamp) = (FACTS.get(), stamp_of(here::process()));
    let group = group.map(|group| KNOWN | u64::from(group));
    if facts & SETTLED != 0 && STAMP.get() == stamp {
        if let Some(group) = group {
            GROUP.set(group);
        }
        return true;
    }
    let asked_before = facts & (SETTLED | KNOWN) == KNOWN && facts as u32 == euid;
    let answer = if asked_before { None } else { settled() };
    match answer {
        Some((user, own_group)) => {
            let group = group.unwrap_or(KNOWN | u64::from(own_group));
            Snapshot { facts: SETTLED | KNOWN | u64::from(user), group }.remember(stamp);
            true
        }
        None => false,
    }
}

/// Remembers what was asked between these times, for as long as it cannot have changed.
fn remember_for_now(ticks: &impl Ticks, euid: u32, caller: &Caller, before: u64, after: u64) {
    let took = after.wrapping_sub(before);
    let calls = u64::from(caller.calls());
    // Within a longer time there may have been a signal handler that changed what was asked first.
    let holds = took < calls * ticks.shortest() + ticks.unchanged_for();
    let ipc_owner = if caller.known_to_have(Capability::IpcOwner) { IPC_OWNER } else { 0 };
    let group = caller.known_group().map_or(0, |group| KNOWN | u64::from(group));
    let facts = KNOWN | ipc_owner | u64::from(euid);
    Snapshot { facts, group }.remember(if holds { after } else { 0 });
    if calls == 1 {
        ticks.took(took);
    }
}
