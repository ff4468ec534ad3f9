//! Directories as users have them, and as others may have prepared them.

use super::*;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path;
use tempfile::TempDir;

/// A namespace that no machine has.
const NAMESPACE: u64 = 12345;

fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn c_string(path: &path::Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

fn me() -> u32 {
    credentials::euid()
}

/// What comes of MSGQ_DIR=`path`: the path and permissions, or the refusal.
fn given(path: &path::Path) -> Result<(path::PathBuf, u32, bool), Refusal> {
    let mut directory = Directory::none();
    directory.find_given(&c_string(path), me())?;
    Ok(found(&directory))
}

/// What comes of no MSGQ_DIR, were `base` the directory of them all.
fn own(base: &path::Path) -> Result<(path::PathBuf, u32, bool), Refusal> {
    let mut directory = Directory::none();
    directory.find_own(&c_string(base), me(), NAMESPACE)?;
    Ok(found(&directory))
}

fn found(directory: &Directory) -> (path::PathBuf, u32, bool) {
    let path = std::ffi::OsStr::from_bytes(directory.path.as_c_str().to_bytes());
    (path.into(), directory.mode, directory.shared)
}

/// The name that the user's own directory has in `base`.
fn own_name(base: &path::Path) -> path::PathBuf {
    base.join(format!("msgq-{}-{NAMESPACE}", me()))
}

fn make(path: &path::Path, mode: u32) {
    fs::create_dir(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_missing_directory_is_made_for_its_user_alone() {
    let place = place();
    let named = place.path().join("queues");
    for _ in 0..2 {
        assert_eq!(given(&named), Ok((named.clone(), 0o700, false)));
        assert_eq!(own(place.path()), Ok((own_name(place.path()), 0o700, false)));
    }
    for path in [named, own_name(place.path())] {
        assert_eq!(fs::metadata(&path).unwrap().mode(), libc::S_IFDIR | 0o700, "{path:?}");
    }
}

#[test]
fn a_directory_is_not_made_where_there_is_none_to_make_it_in() {
    let missing = place().path().join("missing");
    assert_eq!(given(&missing.join("queues")), Err(Refusal::File(Errno(ENOENT))));
    assert_eq!(own(&missing), Err(Refusal::File(Errno(ENOENT))));
    assert!(!missing.exists());
}

#[test]
fn a_file_is_no_directory() {
    let place = place();
    let file = place.path().join("file");
    fs::write(&file, "precious").unwrap();
    fs::write(own_name(place.path()), "precious").unwrap();
    assert_eq!(given(&file), Err(Refusal::NoDirectory));
    assert_eq!(given(&file.join("below")), Err(Refusal::NoDirectory));
    assert_eq!(own(place.path()), Err(Refusal::Taken));
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn a_link_to_a_directory_is_followed_only_where_the_user_named_it() {
    let place = place();
    let target = place.path().join("target");
    make(&target, 0o700);
    let link = own_name(place.path());
    symlink(&target, &link).unwrap();
    assert_eq!(given(&link), Ok((link, 0o700, false)));
    assert_eq!(own(place.path()), Err(Refusal::Taken));
}

#[test]
fn a_link_to_nothing_is_refused_and_nothing_is_made_at_its_other_end() {
    let place = place();
    let (target, link) = (place.path().join("target"), own_name(place.path()));
    symlink(&target, &link).unwrap();
    assert_eq!(given(&link), Err(Refusal::File(Errno(ENOENT))));
    assert_eq!(own(place.path()), Err(Refusal::Taken));
    assert!(!target.exists());
}

#[test]
fn the_users_own_directory_has_no_permission_for_others() {
    for mode in [0o701, 0o710, 0o740, 0o777, 0o1777] {
        let place = place();
        make(&own_name(place.path()), mode);
        assert_eq!(own(place.path()), Err(Refusal::Exposed), "mode {mode:o}");
        let kept = fs::metadata(own_name(place.path())).unwrap().mode() & PERMISSIONS;
        assert_eq!(kept, mode, "a refused directory stays as it is");
    }
}

#[test]
fn a_named_directory_may_be_shared_and_says_so() {
    for (mode, shared) in [
        (0o700, false),
        (0o500, false),
        (0o755, false),
        (0o711, false),
        (0o770, true),
        (0o1777, true),
    ] {
        let place = place();
        let path = place.path().join("queues");
        make(&path, mode);
        assert_eq!(given(&path), Ok((path, mode, shared)), "mode {mode:o}");
    }
}

#[test]
fn a_named_directory_that_all_may_write_to_needs_its_sticky_bit() {
    for mode in [0o777, 0o702, 0o2777] {
        let place = place();
        let path = place.path().join("queues");
        make(&path, mode);
        assert_eq!(given(&path), Err(Refusal::NotSticky), "mode {mode:o}");
    }
}

#[test]
fn the_users_own_directory_belongs_to_nobody_else() {
    let status = |owner, mode| Status { owner, mode: libc::S_IFDIR | mode };
    assert_eq!(is_own(status(1000, 0o700), 1000), Ok(()));
    for (owner, user) in [(1001, 1000), (0, 1000), (1000, 0)] {
        assert_eq!(is_own(status(owner, 0o700), user), Err(Refusal::Foreign), "{owner} {user}");
    }
}

#[test]
fn a_directory_of_a_stranger_is_refused_as_the_users_own() {
    let place = place();
    let stranger = me().wrapping_add(1);
    let mut directory = Directory::none();
    make(&place.path().join(format!("msgq-{stranger}-{NAMESPACE}")), 0o700);
    let refused = directory.find_own(&c_string(place.path()), stranger, NAMESPACE);
    assert_eq!(refused, Err(Refusal::Foreign));
}

#[test]
fn a_named_directory_that_others_write_to_belongs_to_its_user_or_to_root() {
    let judged =
        |owner, mode, user| can_be_trusted(Status { owner, mode: libc::S_IFDIR | mode }, user);
    for mode in [0o770, 0o1777, 0o720, 0o1702] {
        for (owner, user) in [(1000, 1000), (0, 1000), (0, 0)] {
            assert_eq!(judged(owner, mode, user), Ok(()), "mode {mode:o}, {owner} {user}");
        }
        for (owner, user) in [(1001, 1000), (1000, 0)] {
            let refused = Err(Refusal::OwnedByThirdParty);
            assert_eq!(judged(owner, mode, user), refused, "mode {mode:o}, {owner} {user}");
        }
    }
    assert_eq!(judged(1001, 0o755, 1000), Ok(()), "only its owner writes there");
}

#[test]
fn a_relative_path_begins_where_the_program_is() {
    let place = place();
    let here = std::env::current_dir().unwrap();
    let up: path::PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(place.path().strip_prefix("/").unwrap()).join("queues");
    assert_eq!(given(&relative), Ok((here.join(&relative), 0o700, false)));
    assert!(place.path().join("queues").is_dir());
}

#[test]
fn a_path_that_is_too_long_is_refused() {
    let long = "x".repeat(libc::PATH_MAX as usize - 1);
    assert_eq!(given(path::Path::new(&format!("/{long}"))), Err(Refusal::TooLong));
    assert_eq!(given(path::Path::new(&long)), Err(Refusal::TooLong));
    let name = "x".repeat(300);
    let refused = given(&place().path().join(name));
    assert_eq!(refused, Err(Refusal::File(Errno(libc::ENAMETOOLONG))));
}

#[test]
fn an_unknown_namespace_is_refused_with_the_name_that_the_directory_would_have() {
    let place = place();
    let mut directory = Directory::none();
    let refused = directory.find_own(&c_string(place.path()), me(), 0);
    assert_eq!(refused, Err(Refusal::NoNamespace));
    let name = place.path().join(format!("msgq-{}-0", me()));
    assert_eq!(found(&directory).0, name);
    assert!(!name.exists());
}

#[test]
fn the_namespace_is_the_inode_that_proc_has_for_it() {
    assert_eq!(os::ipc_namespace(), fs::metadata("/proc/self/ns/ipc").unwrap().ino());
}

#[test]
fn every_refusal_says_what_would_be_right() {
    for refusal in [Refusal::NoDirectory, Refusal::TooLong, Refusal::Nowhere, Refusal::NotSticky] {
        assert!(refusal.sentence().contains("name"), "{}", refusal.sentence());
        assert_eq!(refusal.error(), None);
    }
    for refusal in [Refusal::NoNamespace, Refusal::Taken, Refusal::Foreign, Refusal::Exposed] {
        assert!(refusal.sentence().contains("MSGQ_DIR"), "{}", refusal.sentence());
    }
    assert_eq!(Refusal::File(Errno(ENOENT)).error(), Some(Errno(ENOENT)));
}
