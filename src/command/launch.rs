//! Running a program under the library.

use super::failure::{Failure, NOT_EXECUTABLE, NOT_FOUND};
use msgq::settings::{self, Checking};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::low_level::emulate_default_handler;
use std::env;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

const LIBRARY: &str = "libmsgq.so";
const LIBRARY_INSTALLED: &str = "libmsgq.so.0";

/// How a program is to be run.
#[derive(Default)]
pub struct Launch {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The engine, where the environment's is not wanted.
    pub engine: Option<String>,
    /// The recording that it and its children write to.
    pub recording: Option<PathBuf>,
    /// The faults to inject, where the environment's are not wanted.
    pub inject: Option<OsString>,
    /// What is done about misuse, and the file where findings are collected.
    pub checking: Option<(Checking, PathBuf)>,
}

/// A running program.
pub struct Launched {
    child: Child,
    signals: Signals,
    /// Holds a link to the library while the program runs, where its own path cannot be preloaded.
    _link: Option<TempDir>,
}

impl Launch {
    /// Starts the program.
    pub fn start(self) -> Result<Launched, Failure> {
        let (program, arguments) = self
            .command
            .split_first()
            .ok_or_else(|| Failure::new("no command to run was named"))?;
        let (library, link) = preloadable(find_library()?)?;
        let mut command = Command::new(program);
        command.args(arguments).env("LD_PRELOAD", preload_list(&library));
        if let Some(engine) = &self.engine {
            command.env(name(settings::ENGINE.name), engine);
        }
        if let Some(recording) = &self.recording {
            command.env(name(settings::TRACE.name), recording);
        }
        if let Some(rules) = &self.inject {
            command.env(name(settings::INJECT.name), rules);
        }
        if let Some((checking, file)) = &self.checking {
            command.env(name(settings::CHECK.name), name(checking.name()));
            command.env(name(settings::CHECK_FILE.name), file);
        }
        let child = command.spawn().map_err(|error| cannot_run(program, &error))?;
        Ok(Launched { child, signals: Signals::watch()?, _link: link })
    }
}

fn name(variable: &CStr) -> &OsStr {
    OsStr::from_bytes(variable.to_bytes())
}

/// The statuses are a shell's, and env(1)'s.
fn cannot_run(program: &OsStr, error: &io::Error) -> Failure {
    let shown = program.to_string_lossy();
    match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::new(format!("{shown}: command not found")).with_status(NOT_FOUND)
        }
        _ => Failure::new(format!("{shown}: cannot be executed: {error}"))
            .with_status(NOT_EXECUTABLE),
    }
}

/// The shared library that belongs to this command: from the build that made both, or from the
/// installation that both are in.
fn find_library() -> Result<PathBuf, Failure> {
    let own = env::current_exe().map_err(|error| Failure::about("msgq", error))?;
    let here = own.parent().unwrap_or(Path::new("/"));
    let built = [here.join(LIBRARY), here.join("deps").join(LIBRARY)];
    // Cargo leaves a library in either place, and does not always renew both.
    let newest = built
        .iter()
        .filter(|path| path.is_file())
        .max_by_key(|path| path.metadata().and_then(|data| data.modified()).ok());
    let prefix = here.parent().unwrap_or(Path::new("/"));
    let multiarch = format!("lib/{}-linux-gnu", env::consts::ARCH);
    let installed =
        ["lib", "lib64", &multiarch].map(|dir| prefix.join(dir).join(LIBRARY_INSTALLED));
    let found = newest.or_else(|| installed.iter().find(|path| path.is_file())).cloned();
    found.ok_or_else(|| {
        let places: Vec<String> =
            built.iter().chain(&installed).map(|path| path.display().to_string()).collect();
        Failure::new(format!("{LIBRARY} is in none of its places: {}", places.join(", ")))
    })
}

/// LD_PRELOAD separates its entries by spaces and colons. A path that contains either is reached
/// through a link in a temporary directory.
fn preloadable(library: PathBuf) -> Result<(PathBuf, Option<TempDir>), Failure> {
    if !library.as_os_str().as_bytes().iter().any(|byte| b" :".contains(byte)) {
        return Ok((library, None));
    }
    let about = |error| Failure::about("a link to the library", error);
    let directory = tempfile::Builder::new().prefix("msgq-").tempdir().map_err(about)?;
    let link = directory.path().join(LIBRARY);
    symlink(&library, &link).map_err(about)?;
    Ok((link, Some(directory)))
}

/// The library before whatever else is preloaded.
fn preload_list(library: &Path) -> OsString {
    let mut list = library.as_os_str().as_bytes().to_vec();
    if let Some(others) = env::var_os("LD_PRELOAD").filter(|others| !others.is_empty()) {
        list.push(b':');
        list.extend(others.as_bytes());
    }
    OsString::from_vec(list)
}

impl Launched {
    /// How the program ended; nothing while it runs. Hands on the signals that this command got
    /// in its stead.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, Failure> {
        let ended = self.child.try_wait().map_err(|error| Failure::about("waiting", error))?;
        match ended {
            None => self.signals.hand_on(self.child.id()),
            // Those that came until now were for the program.
            Some(_) => self.signals.forget(),
        }
        Ok(ended)
    }

    /// Waits for the program's end.
    pub fn wait(mut self) -> Result<ExitStatus, Failure> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Whether the user wants to stop, by a signal that the program has not seen.
    pub fn is_interrupted(&self) -> bool {
        self.signals.any()
    }
}

/// The signals that end a command. While the program runs it decides what they mean: those from
/// the terminal reach it anyway, the others are handed on.
struct Signals {
    from_terminal: Arc<AtomicBool>,
    to_hand_on: [(Signal, Arc<AtomicBool>); 2],
}

impl Signals {
    /// After the program was started: it inherits what its signals mean from us.
    fn watch() -> Result<Signals, Failure> {
        let signals = Signals {
            from_terminal: Arc::default(),
            to_hand_on: [(Signal::SIGTERM, Arc::default()), (Signal::SIGHUP, Arc::default())],
        };
        let [(_, term), (_, hup)] = &signals.to_hand_on;
        let flag = &signals.from_terminal;
        for (number, flag) in [(SIGINT, flag), (SIGQUIT, flag), (SIGTERM, term), (SIGHUP, hup)] {
            signal_hook::flag::register(number, Arc::clone(flag))
                .map_err(|error| Failure::about("signals", error))?;
        }
        Ok(signals)
    }

    fn hand_on(&self, process: u32) {
        self.from_terminal.store(false, Ordering::Relaxed);
        for (signal, came) in &self.to_hand_on {
            if came.swap(false, Ordering::Relaxed) {
                // It may have ended meanwhile; then there is nobody to tell.
                let _ = kill(Pid::from_raw(process as i32), *signal);
            }
        }
    }

    fn forget(&self) {
        self.from_terminal.store(false, Ordering::Relaxed);
        self.to_hand_on.iter().for_each(|(_, came)| came.store(false, Ordering::Relaxed));
    }

    fn any(&self) -> bool {
        let handed = self.to_hand_on.iter().map(|(_, came)| came);
        handed.chain([&self.from_terminal]).any(|came| came.load(Ordering::Relaxed))
    }
}

/// Ends this command as the program ended: with its exit status, or by the signal that killed it.
pub fn end_like(status: ExitStatus) -> ExitCode {
    if let Some(number) = status.signal() {
        // The program has dumped its core, if any; ours would overwrite it.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        if number == Signal::SIGKILL as i32 {
            let _ = raise(Signal::SIGKILL);
        }
        let _ = emulate_default_handler(number);
        return ExitCode::from(128u8.wrapping_add(number as u8));
    }
    ExitCode::from(status.code().unwrap_or_default() as u8)
}
