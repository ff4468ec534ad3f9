//! A queue that another user has made, and that one may not use.

use crate::support::place::{Place, failed};
use crate::support::{copy_for_all, run};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

const STRANGER: u32 = 65534;

pub fn test(place: &Place) {
    let shared = std::fs::Permissions::from_mode(0o1777);
    std::fs::set_permissions(place.directory.path(), shared).expect("a directory of ours");
    let copy = tempfile::tempdir().expect("a directory");
    let msgq = copy_for_all(copy.path());
    let key = place.queue();
    let id = place.id(&key);
    place.does(&["send", "-Q", &key, "stays"]);
    let stranger = |arguments: &[&str]| {
        let mut command = Command::new(&msgq);
        command.args(arguments).uid(STRANGER).gid(STRANGER);
        command.env("MSGQ_ENGINE", place.engine).env("MSGQ_DIR", place.directory.path());
        run(&mut command)
    };
    for (command, what) in [
        (&["send", "text"][..], "write to"),
        (&["recv", "--nowait"], "read"),
        (&["recv", "--all"], "read"),
        (&["peek"], "read"),
        (&["flush"], "read"),
    ] {
        let output = stranger(&[command, &["-q", &id]].concat());
        let denied = format!("permission denied for id ({id}): this user may not {what} it");
        failed(command, &output, 1, &[&denied]);
        let output = stranger(&[command, &["-Q", &key]].concat());
        let denied = format!("permission denied for key ({key}): this user may not {what} it");
        failed(command, &output, 1, &[&denied]);
    }
    let output = stranger(&["ipcrm", "-q", &id]);
    failed(&["ipcrm"], &output, 1, &[&format!("permission denied for id ({id})")]);
    let told = stranger(&["ipcs", "--json"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains(&key), "{told:?}");
    assert_eq!(place.does(&["recv", "-Q", &key, "--all"]), "stays\n");
}
