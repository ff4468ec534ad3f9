//! Runs this test program again, as a process of its own with a directory of its own for queues.
//!
//! The library reads MSGQ_DIR when it starts, and a test that forks wants to be alone in its process.
#![allow(unsafe_code)]

use super::sides::keys_of;
use msgq::engine::{DEFAULT, ENGINES};
use std::ffi::OsString;
use std::fs::{File, Permissions, set_permissions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

/// The first argument of a program that is to play a role instead of listing tests.
const MARK: &str = "--role";

/// Where the directories are made.
const MEMORY: &str = "/dev/shm";

/// As many bytes of what a role prints are kept.
const MOST_SAID: u64 = 16384;

/// What this process is to play, where it was started to play a role: its name, and the rest.
pub fn role() -> Option<(String, Vec<String>)> {
    let mut arguments = std::env::args().skip(1);
    (arguments.next()? == MARK).then_some(())?;
    Some((arguments.next()?, arguments.collect()))
}

/// Leaves it to the role to be interrupted from the keyboard: this process has directories to remove.
pub fn outlive_interrupts() {
    // SAFETY: installs no handler.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
}

/// The end of a role: what went wrong is said on standard error.
pub fn end(done: Result<String, String>) -> ExitCode {
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}

/// Whose directory it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    /// This user's.
    Own,
    /// Another user's.
    Of(u32),
    /// Several users', as /tmp is.
    Shared,
}

/// Plays a role in a process of its own; gives what it printed. Err where it did not end well
/// within the time, with what it printed.
pub fn play(
    role: &str,
    arguments: &[String],
    whose: Directory,
    limit: Duration,
) -> Result<String, String> {
    let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
    let directory = tempfile::Builder::new()
        .prefix("msgq-test-")
        .tempdir_in(MEMORY)
        .map_err(|error| failed(MEMORY, error))?;
    let given = match whose {
        Directory::Own => Ok(()),
        Directory::Of(uid) => chown(directory.path(), Some(uid), Some(uid)),
        Directory::Shared => set_permissions(directory.path(), Permissions::from_mode(0o1777)),
    };
    given.map_err(|error| failed("the directory's owner and mode", error))?;
    let output = tempfile::tempfile().map_err(|error| failed("a file for the output", error))?;
    let mut command = command(role, arguments, directory.path(), &output)
        .map_err(|error| failed("a process of this program", error))?;
    let child = command.spawn().map_err(|error| failed("this program again", error))?;
    let pid = child.id();
    let status = wait(child, limit);
    sweep(pid);
    let said = end_of(output).map_err(|error| failed("what the role printed", error))?;
    match status {
        Ok(status) if status.success() => Ok(said),
        Ok(status) => Err(format!("{role} {arguments:?}: {status}\n{said}")),
        Err(error) => Err(format!("{role} {arguments:?}: {error}\n{said}")),
    }
}

fn command(
    role: &str,
    arguments: &[String],
    directory: &Path,
    output: &File,
) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(MARK).arg(role).args(arguments.iter().map(OsString::from));
    for variable in ["MSGQ_ENGINE", "MSGQ_TRACE", "MSGQ_CHECK", "LD_PRELOAD"] {
        command.env_remove(variable);
    }
    command.env("MSGQ_DIR", directory).stdin(std::process::Stdio::null());
    command.stdout(output.try_clone()?).stderr(output.try_clone()?);
    // SAFETY: two system calls, in the child.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            Ok(())
        })
    };
    Ok(command)
}

fn wait(mut child: Child, limit: Duration) -> std::io::Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(std::io::Error::other(format!("no end after {limit:?}")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Removes what a role has left in the kernel, where it was killed in the middle.
fn sweep(pid: u32) {
    let (_, kernel) = ENGINES[DEFAULT];
    for key in keys_of(pid) {
        if let Ok(msqid) = kernel.msgget(key, 0) {
            // SAFETY: IPC_RMID takes no structure.
            let _ = unsafe { kernel.msgctl(msqid, libc::IPC_RMID, std::ptr::null_mut()) };
        }
    }
}

/// What was printed, but for the beginning of what is very long.
fn end_of(mut output: File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let length = output.seek(SeekFrom::End(0))?;
    output.seek(SeekFrom::Start(length.saturating_sub(MOST_SAID)))?;
    output.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
