//! Builds programs and runs them.

use crate::library::Library;
use crate::queues::{self, Queues};
use crate::traced;
use crate::ways::Way;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Of every compilation.
const FLAGS: [&str; 7] = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-O1", "-pthread"];

/// Seconds after which a program gives up by itself, and a few more for one that does not.
const SECONDS: u64 = 20;
const SECONDS_IN_VALGRIND: u64 = 120;
const GRACE: u64 = 10;

/// The recording of a program's run, where it runs.
const RECORDING: &str = "recording";

/// What a program did.
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    /// How many queues are still there, of an engine that is not the kernel.
    pub queues_left: usize,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { status, stdout, stderr, queues_left } = self;
        writeln!(formatter, "{status}\nstdout:\n{stdout}stderr:\n{stderr}")?;
        match queues_left {
            0 => Ok(()),
            left => writeln!(formatter, "queues left behind: {left}"),
        }
    }
}

/// A C program, and what it does on the C library alone, which is found out once.
pub struct Program {
    source: PathBuf,
    plain: OnceLock<Result<Outcome, String>>,
}

impl Program {
    pub fn new(source: PathBuf) -> Program {
        Program { source, plain: OnceLock::new() }
    }

    pub fn name(&self) -> &str {
        self.source.file_stem().and_then(|stem| stem.to_str()).expect("a name in ASCII")
    }

    pub fn plain(&self, workshop: &Workshop) -> Result<&Outcome, &String> {
        self.plain.get_or_init(|| workshop.run(self, Way::Plain, None)).as_ref()
    }
}

/// A path, or what the compiler said.
type Built = Result<PathBuf, String>;

/// The directory where programs are built and run; it goes away with this.
pub struct Workshop {
    directory: TempDir,
    library: Result<Library, String>,
    /// By program and way, so that each is built once, and only when somebody wants it.
    built: Mutex<HashMap<PathBuf, Arc<OnceLock<Built>>>>,
    has_valgrind: OnceLock<bool>,
    why_no_strace: OnceLock<Option<&'static str>>,
}

impl Workshop {
    pub fn open() -> io::Result<Workshop> {
        let directory = TempDir::with_prefix("msgq-c-tests-")?;
        let library = Library::find();
        if let Ok(library) = &library {
            library.install(&directory.path().join("links"))?;
        }
        let (built, has_valgrind, why_no_strace) = Default::default();
        Ok(Workshop { directory, library, built, has_valgrind, why_no_strace })
    }

    /// What this machine has not, that the way needs.
    pub fn lacks(&self, way: Way) -> Option<&'static str> {
        let valgrind = || Command::new("valgrind").arg("--version").output().is_ok();
        let builds = |flags: &'static [&'static str]| self.build_trivial(way, flags).is_ok();
        match way {
            Way::Valgrind if !*self.has_valgrind.get_or_init(valgrind) => {
                Some("valgrind is not installed")
            }
            Way::Traced => *self.why_no_strace.get_or_init(traced::why_not),
            Way::Asan if !builds(&["-fsanitize=address,undefined"]) => {
                Some("the compiler has no sanitizers")
            }
            Way::Static if !builds(&["-static"]) => Some("there is no static C library"),
            _ => None,
        }
    }

    /// Runs the program. Err where it could not be built or started, or never came to an end.
    pub fn run(
        &self,
        program: &Program,
        way: Way,
        engine: Option<&str>,
    ) -> Result<Outcome, String> {
        let executable = self.build(program, way)?;
        let place = self.place(program, way, engine);
        let about = |error| format!("{}: {error}", executable.display());
        let queues = engine.map(Queues::new).transpose().map_err(about)?;
        let mut outcome = self.run_in(&place, &executable, way, queues.as_ref()).map_err(about)?;
        if let Some(queues) = queues {
            let counter = self.build_small("count-queues", queues::COUNTER, &[])?;
            outcome.queues_left = queues.left(&counter, &self.library()?.shared)?;
        }
        Ok(outcome)
    }

    /// Looks at what was recorded of a run, in the ways that record.
    pub fn look_at_recording(
        &self,
        program: &Program,
        way: Way,
        engine: Option<&str>,
    ) -> Result<(), String> {
        let place = self.place(program, way, engine);
        match way {
            Way::Recorded => traced::holds_calls(&place.join(RECORDING)),
            Way::Traced => traced::agree(&place),
            _ => Ok(()),
        }
    }

    /// Where the program runs.
    fn place(&self, program: &Program, way: Way, engine: Option<&str>) -> PathBuf {
        let name = format!("{}-{}-{}", engine.unwrap_or("unset"), way.name(), program.name());
        self.directory.path().join(name)
    }

    fn run_in(
        &self,
        place: &Path,
        executable: &Path,
        way: Way,
        queues: Option<&Queues>,
    ) -> io::Result<Outcome> {
        fs::create_dir(place)?;
        let (stdout, stderr) = (place.join("stdout"), place.join("stderr"));
        let seconds = if way == Way::Valgrind { SECONDS_IN_VALGRIND } else { SECONDS };

        let mut command = match way {
            Way::Valgrind => valgrind(executable),
            Way::Traced => traced::command(executable, place),
            _ => Command::new(executable),
        };
        // Cargo's environment finds the library where a user's would not.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("MSGQ_TEST_EXPECT", way.expects());
        command.env("MSGQ_TEST_SECONDS", seconds.to_string());
        if let Some(queues) = queues {
            queues.are_those_of(&mut command);
        }
        if way != Way::Plain {
            let shared = &self.library().map_err(io::Error::other)?.shared;
            command.env("MSGQ_TEST_LIBRARY", shared);
            if way.preloads() {
                command.env("LD_PRELOAD", shared);
            }
        }
        if way == Way::Recorded {
            command.env("MSGQ_TRACE", place.join(RECORDING));
        }
        if way == Way::Checked {
            command.env("MSGQ_CHECK", "warn");
        }
        // Files, not pipes: a stray child that holds its end open cannot stop this runner.
        command.stdin(Stdio::null()).current_dir(place);
        command.stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
        let status = wait(command.spawn()?, Duration::from_secs(seconds + GRACE))?;

        let text =
            |path| Ok::<_, io::Error>(String::from_utf8_lossy(&fs::read(path)?).into_owned());
        Ok(Outcome { status, stdout: text(&stdout)?, stderr: text(&stderr)?, queues_left: 0 })
    }

    fn library(&self) -> Result<&Library, String> {
        self.library.as_ref().map_err(String::clone)
    }

    fn build(&self, program: &Program, way: Way) -> Built {
        let arguments = match way.build() {
            Way::Plain => way.arguments(Path::new(""), Path::new("")),
            _ => way.arguments(&self.directory.path().join("links"), &self.library()?.archive),
        };
        let output = format!("{}-{}", program.name(), way.build().name());
        self.build_once(&output, |output| compile(output, &program.source, &arguments))
    }

    /// A program of nothing, to see whether the compiler can do this at all.
    fn build_trivial(&self, way: Way, flags: &[&str]) -> Built {
        let name = format!("trivial-{}", way.name());
        self.build_small(&name, "int main(void) { return 0; }\n", flags)
    }

    /// A program of a few lines.
    fn build_small(&self, name: &str, text: &str, flags: &[&str]) -> Built {
        let source = self.directory.path().join(format!("{name}.c"));
        let flags: Vec<OsString> = flags.iter().map(OsString::from).collect();
        self.build_once(name, |output| {
            fs::write(&source, text).map_err(|error| error.to_string())?;
            compile(output, &source, &flags)
        })
    }

    fn build_once(&self, name: &str, build: impl FnOnce(&Path) -> Result<(), String>) -> Built {
        let output = self.directory.path().join(name);
        let cell = {
            let mut built = self.built.lock().expect("no builder panics");
            Arc::clone(built.entry(output.clone()).or_default())
        };
        cell.get_or_init(|| build(&output).map(|()| output)).clone()
    }
}

fn compile(output: &Path, source: &Path, arguments: &[OsString]) -> Result<(), String> {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    // It may stand there with arguments of its own.
    let compiler = compiler.to_string_lossy();
    let mut words = compiler.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("cc"));
    command.args(words).args(FLAGS).arg(source).arg("-o").arg(output).args(arguments);
    let said = command.output().map_err(|error| format!("{compiler}: {error}"))?;
    // The linker warns of dlsym and the like in every static program: only an error counts.
    match said.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}\n{}", String::from_utf8_lossy(&said.stderr))),
    }
}

fn valgrind(executable: &Path) -> Command {
    let suppressions = concat!(env!("CARGO_MANIFEST_DIR"), "/c_tests/valgrind.supp");
    let mut command = Command::new("valgrind");
    command.args(["-q", "--error-exitcode=99", "--trace-children=yes"]);
    // No debugger: its pipes would stay in /tmp where the program becomes another user.
    command.arg("--vgdb=no");
    command.arg(format!("--suppressions={suppressions}")).arg(executable);
    command
}

/// Waits for the child, and ends it when it takes too long.
fn wait(mut child: Child, limit: Duration) -> io::Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("no end after {limit:?}")));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
