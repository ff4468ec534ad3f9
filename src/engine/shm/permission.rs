//! Who may do what with a queue: the kernel's rules, asked of anybody who knows the caller.

use super::layout::{high, low, queue};
use super::memory::Queue;

/// What the kernel lets a caller do beyond the rules, as capabilities(7) numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Capability {
    /// Send to and receive from any queue.
    IpcOwner = 15,
    /// Change and remove any queue.
    SysAdmin = 21,
    /// Raise a queue's `msg_qbytes` over the limit.
    SysResource = 24,
    /// Read messages without taking them, choose a queue's id.
    CheckpointRestore = 40,
}

/// What a decision may ask about the caller. Nothing, where the one asked does not know: then
/// nothing is decided.
pub trait Who {
    /// The effective user id.
    fn euid(&self) -> Option<u32>;

    /// Whether the group of its file system accesses, or one of its supplementary groups, is one
    /// of these.
    fn is_in_either(&self, groups: [u32; 2]) -> Option<bool>;

    /// Whether it has this capability.
    fn has(&self, capability: Capability) -> Option<bool>;
}

/// To whom a queue belongs, as `struct ipc_perm` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The owner.
    pub uid: u32,
    /// The owner's group.
    pub gid: u32,
    /// The creator.
    pub cuid: u32,
    /// The creator's group.
    pub cgid: u32,
    /// What each class may do: `rwx` of the owner, the group and the others, three bits each.
    pub mode: u32,
}

impl Permissions {
    /// Those of a queue.
    #[inline(always)]
    pub fn of(queue: Queue<'_>) -> Permissions {
        let (owner, creator) = (queue.load(queue::OWNER), queue.load(queue::CREATOR));
        let mode = high(queue.load(queue::MODE));
        let (uid, gid, cuid, cgid) = (high(owner), low(owner), high(creator), low(creator));
        Permissions { uid, gid, cuid, cgid, mode }
    }

    /// Whether the caller may do all that is wanted; EACCES where not.
    ///
    /// `wanted` is one class's bits, or msgget(2)'s `msgflg`, whose three classes are added up.
    pub fn allows(&self, wanted: u32, who: &impl Who) -> bool {
        self.verdict(wanted, who) == Some(true)
    }

    /// As [`allows`](Self::allows); nothing where `who` does not know enough. What the answer does
    /// not depend on is not asked.
    #[inline(always)]
    pub fn verdict(&self, wanted: u32, who: &impl Who) -> Option<bool> {
        let [owner, group, others] = [self.mode >> 6, self.mode >> 3, self.mode];
        let by_mode = if self.allow_everybody(wanted) {
            true
        } else if !lets(owner | group | others, wanted) {
            false
        } else if self.is_owner(who.euid()?) {
            // A class that lacks what is wanted does not fall back on the next.
            lets(owner, wanted)
        } else if lets(group, wanted) == lets(others, wanted) {
            lets(others, wanted)
        } else if who.is_in_either([self.gid, self.cgid])? {
            lets(group, wanted)
        } else {
            lets(others, wanted)
        };
        if by_mode { Some(true) } else { who.has(Capability::IpcOwner) }
    }

    /// Whether everybody may do all that is wanted.
    #[inline(always)]
    pub fn allow_everybody(&self, wanted: u32) -> bool {
        lets(self.mode & self.mode >> 3 & self.mode >> 6, wanted)
    }

    /// Whether the caller may change or remove the queue; EPERM where not.
    pub fn may_change(&self, who: &impl Who) -> bool {
        who.euid().is_some_and(|euid| self.is_owner(euid))
            || who.has(Capability::SysAdmin) == Some(true)
    }

    fn is_owner(&self, euid: u32) -> bool {
        euid == self.uid || euid == self.cuid
    }
}

/// Whether a class's bits have all that is wanted.
#[inline(always)]
fn lets(class: u32, wanted: u32) -> bool {
    (wanted >> 6 | wanted >> 3 | wanted) & !class & 7 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Somebody who is asked, and what was asked.
    #[derive(Default)]
    struct Somebody {
        euid: u32,
        groups: Vec<u32>,
        capabilities: Vec<Capability>,
        asked: Cell<[bool; 3]>,
    }

    impl Somebody {
        fn note(&self, question: usize) {
            let mut asked = self.asked.get();
            asked[question] = true;
            self.asked.set(asked);
        }
    }

    impl Who for Somebody {
        fn euid(&self) -> Option<u32> {
            self.note(0);
            Some(self.euid)
        }

        fn is_in_either(&self, groups: [u32; 2]) -> Option<bool> {
            self.note(1);
            Some(groups.iter().any(|group| self.groups.contains(group)))
        }

        fn has(&self, capability: Capability) -> Option<bool> {
            self.note(2);
            Some(self.capabilities.contains(&capability))
        }
    }

    /// Somebody who is asked nothing.
    struct Nobody;

    impl Who for Nobody {
        fn euid(&self) -> Option<u32> {
            None
        }

        fn is_in_either(&self, _: [u32; 2]) -> Option<bool> {
            None
        }

        fn has(&self, _: Capability) -> Option<bool> {
            None
        }
    }

    fn permissions(mode: u32) -> Permissions {
        Permissions { uid: 1, gid: 10, cuid: 2, cgid: 20, mode }
    }

    /// Each class that a caller can be in, by user and groups.
    const CLASSES: [(u32, &[u32], u32); 7] = [
        (1, &[], 6),
        (2, &[], 6),
        (1, &[10], 6),
        (3, &[10], 3),
        (3, &[5, 20, 6], 3),
        (3, &[], 0),
        (10, &[1, 2], 0),
    ];

    #[test]
    fn every_mode_and_wish_is_decided_by_the_callers_class_alone() {
        for mode in 0..0o1000 {
            for wanted in 0..8 {
                for (euid, groups, class) in CLASSES {
                    let who = Somebody { euid, groups: groups.into(), ..Somebody::default() };
                    let expected = (mode >> class) & wanted == wanted;
                    let allowed = permissions(mode).allows(wanted, &who);
                    assert_eq!(
                        allowed, expected,
                        "mode {mode:o}, wanted {wanted:o}, user {euid} in {groups:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_capability_allows_everything_and_no_other_does() {
        use Capability::*;
        for mode in 0..0o1000 {
            let with = |capabilities| Somebody { euid: 3, capabilities, ..Somebody::default() };
            assert!(permissions(mode).allows(7, &with(vec![IpcOwner])), "mode {mode:o}");
            let others = with(vec![SysAdmin, SysResource, CheckpointRestore]);
            assert_eq!(permissions(mode).allows(7, &others), mode & 7 == 7, "mode {mode:o}");
        }
    }

    #[test]
    fn a_flag_wants_what_any_of_its_classes_wants() {
        for flag in 0..0o1000 {
            let wanted = (flag >> 6 | flag >> 3 | flag) & 7;
            for mode in [0o777, 0o400, 0o200, 0o100, 0o600, 0] {
                let who = Somebody { euid: 1, ..Somebody::default() };
                assert_eq!(
                    permissions(mode).allows(flag | 0o7000, &who),
                    permissions(mode).allows(wanted, &who),
                    "mode {mode:o}, flag {flag:o}"
                );
            }
        }
    }

    #[test]
    fn nothing_is_asked_that_the_answer_does_not_depend_on() {
        let asked = |mode, wanted, euid, groups: &[u32]| {
            let who = Somebody { euid, groups: groups.into(), ..Somebody::default() };
            permissions(mode).allows(wanted, &who);
            who.asked.get()
        };
        let cases = [
            ("granted to all", asked(0o666, 6, 3, &[]), [false, false, false]),
            ("nothing wanted", asked(0, 0, 3, &[]), [false, false, false]),
            ("granted to none", asked(0o111, 6, 3, &[]), [false, false, true]),
            ("the owner, granted", asked(0o600, 6, 1, &[]), [true, false, false]),
            ("the owner, refused", asked(0o066, 6, 1, &[]), [true, false, true]),
            ("group and others alike, granted", asked(0o066, 6, 3, &[]), [true, false, false]),
            ("group and others alike, refused", asked(0o600, 6, 3, &[]), [true, false, true]),
            ("a member, granted", asked(0o660, 6, 3, &[10]), [true, true, false]),
            ("a stranger, refused", asked(0o660, 6, 3, &[]), [true, true, true]),
            ("a stranger, granted", asked(0o606, 6, 3, &[]), [true, true, false]),
        ];
        for (case, asked, expected) in cases {
            assert_eq!(asked, expected, "{case}: user, groups, capabilities");
        }
    }

    #[test]
    fn who_knows_nothing_is_allowed_what_everybody_is_and_nothing_else() {
        for mode in 0..0o1000 {
            for wanted in 0..8 {
                let everybody = [6, 3, 0].iter().all(|class| (mode >> class) & wanted == wanted);
                let expected = everybody.then_some(true);
                let verdict = permissions(mode).verdict(wanted, &Nobody);
                assert_eq!(verdict, expected, "mode {mode:o}, wanted {wanted:o}");
                assert_eq!(permissions(mode).allow_everybody(wanted), everybody, "mode {mode:o}");
            }
        }
        assert!(!permissions(0o777).may_change(&Nobody));
    }

    #[test]
    fn owner_creator_and_administrator_may_change_a_queue_whatever_its_mode() {
        use Capability::*;
        let others = vec![IpcOwner, SysResource, CheckpointRestore];
        let cases = [
            (1, vec![], true),
            (2, vec![], true),
            (3, vec![], false),
            (0, vec![], false),
            (3, vec![SysAdmin], true),
            (3, others, false),
        ];
        for (euid, capabilities, expected) in cases {
            let who = Somebody { euid, groups: vec![10, 20], capabilities, ..Somebody::default() };
            for mode in [0, 0o600, 0o777] {
                let may = permissions(mode).may_change(&who);
                assert_eq!(may, expected, "user {euid}, {:?}", who.capabilities);
            }
        }
    }
}
