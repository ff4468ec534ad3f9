//! `msgq trace`: runs a program, and shows its calls as they happen.

use super::engines;
use super::failure::{Failure, MEANINGLESS};
use super::launch::{Launch, Launched, end_like};
use super::processes::{self, Processes};
use super::program;
use super::recording::archive::Archive;
use super::recording::finished;
use super::recording::follower::{Follower, Told};
use super::recording::live::{LiveRecording, Losses};
use super::show::json::Json;
use super::show::summary::Summary;
use super::show::text::Text;
use super::show::{Filter, Show, names};
use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, ValueEnum};
use msgq::trace::format::{DEFAULT_KEPT, Kind, MOST_KEPT, Record};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What `msgq trace` is told.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("what").required(true).args(["command", "read"]))]
pub struct Arguments {
    /// Write to FILE instead of standard error ("-": standard output)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How calls are shown
    #[arg(short, long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Show no calls, but sums per call and per queue at the end
    #[arg(short = 'c', long, conflicts_with = "format")]
    summary: bool,
    /// Show only these calls
    #[arg(short = 'e', long, value_delimiter = ',', value_name = "CALLS",
          value_parser = PossibleValuesParser::new(["msgget", "msgctl", "msgsnd", "msgrcv"]))]
    calls: Vec<String>,
    /// Show only calls on the queue with this id; may be repeated
    #[arg(short, long, value_name = "ID")]
    queue: Vec<i32>,
    /// Keep so many bytes of each message
    #[arg(short = 's', long, value_name = "BYTES", default_value_t = DEFAULT_KEPT,
          conflicts_with = "read", value_parser = clap::value_parser!(u32).range(..=i64::from(MOST_KEPT)))]
    bytes: u32,
    /// Where the queues live
    #[arg(long, value_name = "ENGINE", conflicts_with = "read",
          value_parser = PossibleValuesParser::new(engines()))]
    engine: Option<String>,
    /// Show nothing, and keep the recording in FILE
    #[arg(short = 'w', long, value_name = "FILE",
          conflicts_with_all = ["read", "output", "format", "summary", "calls", "queue"])]
    write: Option<PathBuf>,
    /// Run nothing, and show the recording in FILE
    #[arg(short = 'r', long, value_name = "FILE")]
    read: Option<PathBuf>,
    /// The program, and its arguments
    #[arg(trailing_var_arg = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// How calls are shown.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// A line a call, as strace does
    Text,
    /// A JSON object a line for each call
    Json,
}

/// Runs the command line's wish.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(path) = &arguments.read {
        let mut shower = Shower::new(&arguments)?;
        let losses = finished::read(path, |follower, told| {
            shower.show(follower, &told);
            Ok(())
        });
        // What could be read of a damaged recording has its end, too.
        shower.end(losses.as_ref().copied().unwrap_or_default());
        return losses.map(|_| ExitCode::SUCCESS);
    }
    trace(arguments)
}

fn trace(arguments: Arguments) -> Result<ExitCode, Failure> {
    let archive = arguments.write.as_deref().map(Archive::create).transpose()?;
    let mut shower = Shower::new(&arguments)?;
    let place = Place::new().map_err(|error| Failure::about("a temporary recording", error))?;
    let live = LiveRecording::make(&place.recording, arguments.bytes, archive)?;
    place.open_to_others().map_err(|error| Failure::about(place.recording.display(), error))?;
    let launched = Launch {
        command: arguments.command.clone(),
        engine: arguments.engine.clone(),
        recording: Some(place.recording.clone()),
    }
    .start()?;
    let mut session = Session { live, launched, processes: Processes::default(), calls: 0 };
    let status = session.follow(&mut shower)?;
    let Session { live, mut processes, mut calls, .. } = session;
    let (follower, told, losses) =
        live.finish().map_err(|error| Failure::about("the recording", error))?;
    calls += note(&told, &mut processes);
    shower.show(&follower, &told);
    shower.end(losses);
    if !processes.any_seen() {
        let program = arguments.command.first().cloned().unwrap_or_default();
        let reason = program::why_not(&program);
        eprintln!("msgq: nothing could be intercepted in {}: {reason}", program.to_string_lossy());
    } else if calls == 0 {
        eprintln!("msgq: no message queue call was made");
    }
    Ok(end_like(status))
}

/// A program that is traced.
struct Session {
    live: LiveRecording,
    launched: Launched,
    processes: Processes,
    calls: usize,
}

impl Session {
    /// Shows what happens until the program and all its children that record have ended.
    fn follow(&mut self, shower: &mut Shower) -> Result<ExitStatus, Failure> {
        let mut pause = Pause::default();
        let mut look = Instant::now();
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            let mut told = self.live.poll().map_err(of_the_recording)?;
            if look.elapsed() > LOOK_EVERY {
                look = Instant::now();
                let gone = |record: &Record| !processes::has_thread(record.process, record.thread);
                told.extend(self.live.give_up(gone).map_err(of_the_recording)?);
            }
            told.extend(self.replaced(&told)?);
            self.calls += note(&told, &mut self.processes);
            shower.show(self.live.follower(), &told);
            if ended.is_none() {
                ended = self.launched.ended()?.map(|status| (status, Instant::now()));
            }
            if let Some((status, since)) = ended {
                // A child that was forked last may not have had the time to say so.
                let settled = since.elapsed() > GRACE && !self.processes.any_alive();
                if settled || self.launched.is_interrupted() {
                    return Ok(status);
                }
            }
            pause.rest(told.is_empty());
        }
    }

    /// The calls that ended because their process began another program.
    fn replaced(&mut self, told: &[Told]) -> Result<Vec<Told>, Failure> {
        let mut never = Vec::new();
        for told in told {
            if let Told::Returned(Record { kind: Kind::Program, process, entered, .. }, _) = told {
                let before =
                    |record: &Record| record.process == *process && record.entered < *entered;
                never.extend(self.live.give_up(before).map_err(of_the_recording)?);
            }
        }
        Ok(never)
    }
}

/// How often to look whether threads that wait are still there.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long after the program's end its children may take to be seen.
const GRACE: Duration = Duration::from_millis(20);

fn of_the_recording(error: io::Error) -> Failure {
    Failure::about("the recording", error)
}

/// Notes new processes; counts the calls.
fn note(told: &[Told], processes: &mut Processes) -> usize {
    let mut calls = 0;
    for told in told {
        match told {
            Told::Returned(record, _) if matches!(record.kind, Kind::Program | Kind::Fork) => {
                processes.add(record.process);
            }
            Told::Returned(..) | Told::Never(..) => calls += 1,
            Told::Waits(_) => (),
        }
    }
    calls
}

/// How long to rest between two looks: hardly while there is much to see, longer when nothing
/// happens.
#[derive(Default)]
struct Pause {
    milliseconds: u64,
}

impl Pause {
    fn rest(&mut self, nothing_new: bool) {
        self.milliseconds = if nothing_new { (self.milliseconds * 2).clamp(1, 10) } else { 1 };
        sleep(Duration::from_millis(self.milliseconds));
    }
}

/// Where the recording of a running program is: in memory, where that is to be had.
struct Place {
    recording: PathBuf,
    directory: TempDir,
}

impl Place {
    fn new() -> io::Result<Place> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("msgq-");
        let directory = builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir())?;
        let mut secret = [0u8; 16];
        File::open("/dev/urandom")?.read_exact(&mut secret)?;
        let name: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Place { recording: directory.path().join(name), directory })
    }

    /// A program that was started by root may give up its rights and then start another one, which
    /// must still be able to open the recording. Whoever is told its name may: the name cannot be
    /// guessed, and the directory cannot be listed.
    fn open_to_others(&self) -> io::Result<()> {
        if nix::unistd::geteuid().is_root() {
            fs::set_permissions(self.directory.path(), fs::Permissions::from_mode(0o711))?;
            fs::set_permissions(&self.recording, fs::Permissions::from_mode(0o666))?;
        }
        Ok(())
    }
}

/// Where calls are shown. An output that fails is told once; the program runs on.
struct Shower {
    show: Option<Box<dyn Show>>,
    name: String,
}

impl Shower {
    fn new(arguments: &Arguments) -> Result<Shower, Failure> {
        if arguments.write.is_some() {
            return Ok(Shower { show: None, name: String::new() });
        }
        let (out, name): (Box<dyn Write>, String) = match arguments.output.as_deref() {
            None => (Box::new(io::stderr()), "standard error".to_string()),
            Some(path) if path == Path::new("-") => {
                (Box::new(io::stdout()), "standard output".to_string())
            }
            Some(path) => {
                let file = File::create(path).map_err(|error| {
                    Failure::about(path.display(), error).with_status(MEANINGLESS)
                })?;
                (Box::new(file), path.display().to_string())
            }
        };
        let out = BufWriter::with_capacity(1 << 16, out);
        let kinds = [Kind::Get, Kind::Control, Kind::Send, Kind::Receive].into_iter();
        let wanted = |kind: &Kind| {
            names::call(*kind).is_some_and(|name| arguments.calls.iter().any(|call| call == name))
        };
        let filter =
            Filter { calls: kinds.filter(wanted).collect(), queues: arguments.queue.clone() };
        let show: Box<dyn Show> = match (arguments.summary, arguments.format) {
            (true, _) => Box::new(Summary::new(out, filter)),
            (_, Format::Text) => Box::new(Text::new(out, filter)),
            (_, Format::Json) => Box::new(Json::new(out, filter)),
        };
        Ok(Shower { show: Some(show), name })
    }

    fn show(&mut self, follower: &Follower, told: &[Told]) {
        let Some(show) = &mut self.show else { return };
        let shown = told.iter().try_for_each(|told| show.show(told, &follower.scale));
        let seen = shown.and_then(|()| show.flush());
        self.check(seen);
    }

    /// Shows the end, and what is missing.
    fn end(&mut self, losses: Losses) {
        if let Some(show) = &mut self.show {
            let ended = show.end(losses);
            self.check(ended);
        }
        if losses.calls > 0 {
            eprintln!("msgq: {} calls are missing: there was no room to keep them", losses.calls);
        }
        if losses.faults > 0 {
            eprintln!(
                "msgq: {} processes were not traced to their end, for a fault in msgq itself",
                losses.faults
            );
        }
    }

    fn check(&mut self, shown: io::Result<()>) {
        if let Err(error) = shown {
            eprintln!("msgq: {}: {error}; no more calls are shown", self.name);
            self.show = None;
        }
    }
}
