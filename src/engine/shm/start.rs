//! Getting ready: the directory, the file in it, and the handlers for what may go wrong.

use super::{credentials, fault, here, home, remembered};
use crate::os::{self, Text};

/// Finds the queues, or says why not; the calls fail with ENOSYS then.
pub fn prepare() {
    let mut path = Text::<{ libc::PATH_MAX as usize }>::new();
    match os::environment(c"MSGQ_DIR") {
        Some(directory) => path.add(directory.to_bytes()),
        None => path.add(b"/dev/shm/msgq-").number(credentials::euid()),
    };
    os::in_every_child(here::forget);
    fault::prepare();
    remembered::prepare();
    if let Some(path) = path.as_path() {
        let _ = os::make_directory(path, 0o700);
        if let Err(refusal) = home::open(path, 0o600) {
            os::complain(&[b"msgq: ", refusal.sentence().as_bytes()]);
        }
    }
}
