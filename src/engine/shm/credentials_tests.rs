//! Who the kernel says that the caller is.
#![allow(unsafe_code)]

use super::child::{exited, status_of};
use super::credentials::{Caller, Capabilities, egid, euid, fsgid, settled};
use super::permission::{Capability, Who};
use super::rights::{OTHER, as_root, set_effective, set_groups, set_supplementary, set_users};
use crate::os::kernel;
use libc::c_int;

#[test]
fn the_kernel_and_the_c_library_agree_on_who_this_is() {
    // SAFETY: these have no argument.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    assert_eq!((euid(), egid(), fsgid()), (user, group, group));
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let set = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    let expected = Capabilities { effective: set("CapEff:"), permitted: set("CapPrm:") };
    assert_eq!(Capabilities::now(), Some(expected));
}

#[test]
fn only_who_can_become_nobody_else_is_settled() {
    as_root(|| {
        assert_eq!(settled(), None, "root");
        let after = |change: fn()| {
            status_of(|| {
                change();
                c_int::from(settled() == Some((OTHER, OTHER)))
            })
        };
        let settled = after(|| {
            set_groups(OTHER, OTHER, OTHER);
            set_users(OTHER, OTHER, OTHER);
        });
        assert_eq!(settled, exited(1), "all ids the same, no capabilities");
        let saved_user = after(|| {
            set_groups(OTHER, OTHER, OTHER);
            set_users(OTHER, OTHER, 0);
        });
        assert_eq!(saved_user, exited(0), "the saved user is root");
        let saved_group = after(|| {
            set_groups(OTHER, OTHER, 0);
            set_users(OTHER, OTHER, OTHER);
        });
        assert_eq!(saved_group, exited(0), "the saved group is another");
        let keeps = after(|| {
            // SAFETY: concerns the thread alone.
            unsafe { kernel!(libc::SYS_prctl, libc::PR_SET_KEEPCAPS, 1, 0, 0, 0) }.unwrap();
            set_groups(OTHER, OTHER, OTHER);
            set_users(OTHER, OTHER, OTHER);
        });
        assert_eq!(keeps, exited(0), "capabilities are still permitted");
    });
}

#[test]
fn each_question_is_asked_once_and_only_when_it_comes_up() {
    let caller = Caller::new();
    assert_eq!((caller.calls(), caller.known_euid()), (0, None));
    assert_eq!(caller.euid(), Some(euid()));
    assert_eq!(caller.euid(), caller.known_euid());
    assert_eq!(caller.calls(), 1, "the user, twice");
    let expected = Capabilities::now().map(|all| all.has(Capability::SysAdmin));
    assert_eq!([caller.has(Capability::SysAdmin); 2], [expected; 2]);
    assert_eq!(caller.calls(), 2, "and a capability, twice");
    assert_eq!(caller.is_in_either([OTHER, fsgid()]), Some(true));
    assert_eq!((caller.calls(), caller.known_group()), (3, Some(fsgid())));
}

#[test]
fn a_group_is_found_among_few_and_among_as_many_as_there_can_be() {
    as_root(|| {
        let many: Vec<u32> = (100_000..165_535).collect();
        let cases = [
            (&[][..], [5, 6], None),
            (&[4, 5], [5, 6], Some(5)),
            (&[4, 6], [5, 6], Some(6)),
            (&[4, 7], [5, 6], None),
            (&many[..64], [100_063, 1], Some(100_063)),
            (&many[..65], [1, 100_064], Some(100_064)),
            (&many[..], [165_534, 1], Some(165_534)),
            (&many[..], [165_535, 1], None),
        ];
        for (groups, wanted, expected) in cases {
            set_supplementary(groups);
            let caller = Caller::new();
            let found = caller.is_in_either(wanted);
            let count = groups.len();
            assert_eq!(found, Some(expected.is_some()), "{wanted:?} among {count}");
            assert_eq!(caller.known_group(), expected, "{wanted:?} among {count}");
        }
    });
}

#[test]
fn who_may_administer_the_system_may_restore_checkpoints() {
    as_root(|| {
        use Capability::{CheckpointRestore, IpcOwner, SysAdmin};
        let has = |capability| Caller::new().has(capability) == Some(true);
        set_effective(CheckpointRestore, false).unwrap();
        assert!(has(CheckpointRestore), "by CAP_SYS_ADMIN");
        set_effective(SysAdmin, false).unwrap();
        assert!(!has(CheckpointRestore), "with neither");
        assert!(!has(SysAdmin) && has(IpcOwner), "what is left");
    });
}
