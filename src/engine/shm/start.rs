//! Getting ready: the directory, the file in it, and the handlers for what may go wrong.

use super::directory::Directory;
use super::{fault, here, home, own, remembered};
use crate::errno::Errno;
use crate::os;

/// Finds the queues, or says why not; the calls fail with ENOSYS then.
pub fn prepare() {
    if home::get().is_some() {
        return;
    }
    os::in_every_child(here::forget);
    fault::prepare();
    remembered::prepare();
    let mut directory = Directory::none();
    let refused = match directory.find() {
        Err(refusal) => Some((refusal.sentence(), refusal.error())),
        Ok(()) => match home::open(&directory) {
            Err(refusal) => Some((refusal.sentence(), refusal.error())),
            Ok(()) => {
                if directory.shared {
                    own::begin(&directory);
                }
                None
            }
        },
    };
    if let Some((sentence, error)) = refused {
        complain(&directory, sentence, error);
    }
}

fn complain(directory: &Directory, sentence: &str, error: Option<Errno>) {
    let mut buffer = [0; 128];
    let why = match error {
        Some(error) => os::description(error, &mut buffer),
        None => b"",
    };
    let between: &[u8] = if why.is_empty() { b"" } else { b": " };
    os::complain(&[
        b"msgq: ",
        directory.path.as_c_str().to_bytes(),
        b": ",
        sentence.as_bytes(),
        between,
        why,
        b"; msgget, msgctl, msgsnd and msgrcv fail with ENOSYS",
    ]);
}
