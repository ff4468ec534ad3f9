//! Credentials that change under a remembered permission. Most of this can be tried by root only.
#![allow(unsafe_code)]

use super::child::{exited, status_of};
use super::credentials::{Caller, egid, euid};
use super::permission::{Capability, Permissions};
use super::remembered::{allows, prepare};
use super::rights::{
    KEEP, OTHER, as_root, of_group, private_of, remember_wrongly, set_effective, set_groups,
    set_supplementary, set_users,
};
use crate::errno::Errno;
use crate::os::{self, kernel};
use crate::thread_word::RIGHTS_STAMP as STAMP;
use libc::c_int;
use std::ptr::null_mut;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

#[test]
fn a_settled_thread_asks_no_more_but_for_what_it_does_not_know() {
    as_root(|| {
        set_supplementary(&[4711]);
        set_groups(OTHER, OTHER, OTHER);
        set_users(OTHER, OTHER, OTHER);
        assert!(allows(&private_of(OTHER), 0o600));
        let for_all_but_the_group = Permissions { mode: 0o606, ..of_group(4711) };
        assert!(!allows(&for_all_but_the_group, 0o600), "a member, but memory has another group");
        remember_wrongly(OTHER - 1);
        assert!(allows(&private_of(OTHER - 1), 0o600), "from memory");
        assert!(allows(&private_of(OTHER), 0o600), "asked before it is refused");
    });
}

#[test]
fn a_user_that_is_dropped_is_denied_at_once() {
    as_root(|| {
        let queue = private_of(0);
        for round in 0..10_000 {
            for check in 0..4 {
                assert!(allows(&queue, 0o600), "round {round}, check {check} as root");
            }
            set_users(KEEP, OTHER, KEEP);
            for check in 0..2 {
                assert!(!allows(&queue, 0o600), "round {round}, check {check} after the drop");
            }
            set_users(KEEP, 0, KEEP);
        }
    });
}

#[test]
fn a_user_that_is_dropped_for_good_is_denied_at_once_and_remembered() {
    as_root(|| {
        for round in 0..100 {
            let status = status_of(|| {
                let queue = private_of(0);
                let as_root = allows(&queue, 0o600) && allows(&queue, 0o600);
                set_groups(OTHER, OTHER, OTHER);
                set_users(OTHER, OTHER, OTHER);
                let denied = !allows(&queue, 0o600) && !allows(&queue, 0o600);
                let own = allows(&private_of(OTHER), 0o600) && allows(&of_group(OTHER), 0o600);
                let settled = STAMP.get() as u32 == os::process_id();
                c_int::from(!as_root)
                    + 2 * c_int::from(!denied)
                    + 4 * c_int::from(!own)
                    + 8 * c_int::from(!settled)
            });
            assert_eq!(status, exited(0), "round {round}");
        }
    });
}

#[test]
fn what_one_thread_drops_the_others_keep() {
    as_root(|| {
        let barrier = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for user in [0, OTHER, OTHER - 1, 0] {
                let barrier = &barrier;
                scope.spawn(move || {
                    assert!(allows(&private_of(0), 0o600), "before");
                    if user != 0 {
                        set_users(user, user, user);
                    }
                    barrier.wait();
                    for round in 0..5000 {
                        assert_eq!(allows(&private_of(0), 0o600), user == 0, "{user}, {round}");
                        let others = allows(&private_of(OTHER), 0o600);
                        assert_eq!(others, user != OTHER - 1, "{user}, round {round}");
                    }
                });
            }
        });
    });
}

#[test]
fn a_capability_that_is_dropped_no_longer_opens_anothers_queue() {
    as_root(|| {
        let queue = private_of(OTHER);
        for round in 0..3000 {
            for check in 0..3 {
                assert!(allows(&queue, 0o600), "round {round}, check {check} with it");
            }
            set_effective(Capability::IpcOwner, false).unwrap();
            assert!(!allows(&queue, 0o600), "round {round} without it");
            set_effective(Capability::IpcOwner, true).unwrap();
        }
    });
}

#[test]
fn a_group_that_is_left_no_longer_opens_its_queue() {
    as_root(|| {
        set_effective(Capability::IpcOwner, false).unwrap();
        let queue = of_group(4711);
        for (groups, allowed) in
            [(&[][..], false), (&[4711], true), (&[1, 4711, 5], true), (&[1, 5], false)]
        {
            set_supplementary(groups);
            for check in 0..3 {
                let verdict = allows(&queue, 0o600);
                assert_eq!(verdict, allowed, "{groups:?}, check {check}");
            }
        }
        set_supplementary(&[]);
        for round in 0..1000 {
            for (own, allowed) in [(4711, true), (0, false)] {
                // SAFETY: changes the thread's own credentials.
                unsafe { kernel!(libc::SYS_setfsgid, own) }.unwrap();
                assert_eq!(allows(&queue, 0o600), allowed, "fsgid {own}, round {round}");
            }
        }
    });
}

#[test]
fn who_is_not_known_to_be_in_a_group_is_not_in_that_of_root() {
    as_root(|| {
        set_supplementary(&[]);
        set_groups(KEEP, OTHER, KEEP);
        set_users(KEEP, OTHER, KEEP);
        for round in 0..10_000 {
            assert!(allows(&private_of(OTHER), 0o600), "round {round}: asks for no group");
            assert!(!allows(&of_group(0), 0o600), "round {round}");
        }
    });
}

#[test]
fn a_member_is_not_taken_for_one_of_the_others() {
    as_root(|| {
        set_effective(Capability::IpcOwner, false).unwrap();
        let queue = Permissions { mode: 0o606, ..of_group(4711) };
        for round in 0..1000 {
            set_supplementary(&[]);
            assert!(allows(&queue, 0o600), "round {round}, not in the group");
            set_supplementary(&[4711]);
            assert!(!allows(&queue, 0o600), "round {round}, in the group");
        }
    });
}

#[test]
fn a_child_of_a_settled_process_asks_anew_and_is_as_settled() {
    as_root(|| {
        let status = status_of(|| {
            set_groups(OTHER, OTHER, OTHER);
            set_users(OTHER, OTHER, OTHER);
            let queue = private_of(OTHER);
            let here = allows(&queue, 0o600) && !allows(&private_of(0), 0o600);
            let there = status_of(|| {
                let first = allows(&queue, 0o600) && allows(&queue, 0o600);
                let anew = STAMP.get() as u32 == os::process_id();
                c_int::from(first && anew && !allows(&private_of(0), 0o600))
            });
            c_int::from(here) + 2 * c_int::from(there == exited(1))
        });
        assert_eq!(status, exited(3), "1: the process, 2: its child");
    });
}

#[test]
fn checking_and_being_refused_leave_errno_alone() {
    prepare();
    Errno(77).set();
    let closed = Permissions { mode: 0, ..private_of(OTHER) };
    for queue in [private_of(euid()), private_of(OTHER), of_group(OTHER), closed] {
        allows(&queue, 0o600);
        assert_eq!(Errno::current(), Errno(77), "after {queue:?}");
    }
}

#[test]
fn memory_and_the_kernel_give_the_same_verdict() {
    prepare();
    let ids = [euid(), egid(), OTHER];
    for mode in 0..0o1000 {
        for uid in ids {
            for gid in ids {
                let queue = Permissions { uid, gid, cuid: OTHER, cgid: OTHER, mode };
                for wanted in [4, 2] {
                    let expected = queue.allows(wanted, &Caller::new());
                    let verdicts = [0; 2].map(|_| allows(&queue, wanted));
                    assert_eq!(verdicts, [expected; 2], "{queue:?}, wanted {wanted}");
                }
            }
        }
    }
}

static DROPPED: AtomicBool = AtomicBool::new(false);

extern "C" fn drop_user(_: c_int) {
    if !DROPPED.load(Relaxed) {
        // What is remembered in here is right, and must not be taken for older knowledge.
        allows(&private_of(0), 0o600);
        set_users(KEEP, OTHER, KEEP);
        allows(&private_of(0), 0o600);
        DROPPED.store(true, Relaxed);
    }
}

/// Lets a signal handler drop the user in the middle of checks; how many times it did, or nothing
/// where a check after that was still allowed.
fn drop_in_the_middle() -> Option<c_int> {
    let mut drops = 0;
    while drops < 100 {
        // The time between this check and the next is short, wherever the handler comes.
        let dropped_before = DROPPED.load(Relaxed);
        let allowed = allows(&private_of(0), 0o600);
        if dropped_before && allowed {
            return None;
        }
        if dropped_before {
            drops += 1;
            set_users(KEEP, 0, KEEP);
            DROPPED.store(false, Relaxed);
        }
    }
    Some(drops)
}

#[test]
fn a_signal_handler_that_drops_the_user_in_the_middle_of_a_check_is_seen() {
    as_root(|| {
        let status = status_of(|| {
            // SAFETY: a handler that makes system calls only; a child that sends signals only,
            // and is ended.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = drop_user as *const () as usize;
                action.sa_flags = libc::SA_RESTART;
                libc::sigaction(libc::SIGUSR1, &raw const action, null_mut());
                let parent = libc::getpid();
                let sender = libc::fork();
                if sender == 0 {
                    let mut pause = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                    while libc::kill(parent, libc::SIGUSR1) == 0 && libc::getppid() == parent {
                        pause.tv_nsec = (pause.tv_nsec + 3517) % 20_000;
                        libc::nanosleep(&raw const pause, null_mut());
                    }
                    libc::_exit(0);
                }
                let drops = drop_in_the_middle();
                libc::kill(sender, libc::SIGKILL);
                libc::waitpid(sender, null_mut(), 0);
                drops.unwrap_or(0)
            }
        });
        assert_eq!(status, exited(100), "drops that were seen; 0 where one was not");
    });
}
