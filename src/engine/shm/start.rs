//! Getting ready: the directory, the file in it, and the handlers for what may go wrong.

use super::directory::Directory;
use super::{fault, here, home, remembered};
use crate::errno::Errno;
use crate::os;

/// The permissions of a file for whoever may use its directory.
const FILE_MODE: u32 = 0o600;

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
        Ok(()) => match home::open(directory.path.as_c_str(), file_mode(&directory)) {
            Err(refusal) => Some((refusal.sentence(), refusal.error())),
            Ok(()) => None,
        },
    };
    if let Some((sentence, error)) = refused {
        complain(&directory, sentence, error);
    }
}

/// Who may use the directory may use the file.
fn file_mode(directory: &Directory) -> u32 {
    let shared = |class: u32| match directory.mode >> class & 1 {
        1 => 6 << class,
        _ => 0,
    };
    FILE_MODE | shared(3) | shared(0)
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
