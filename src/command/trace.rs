//! `msgq trace`: runs a program, and shows its calls as they happen.

use super::engine::{engine_called, engines};
use super::failure::{Failure, MEANINGLESS, complain};
use super::inject::Inject;
use super::launch::{Launch, Launched, end_like};
use super::pace::{Pause, Turn};
use super::processes::Processes;
use super::program;
use super::recording::archive::Archive;
use super::recording::finished;
use super::recording::follower::Told;
use super::recording::live::LiveRecording;
use super::recording::place::Place;
use super::replacement::Replacement;
use super::report;
use super::report::perfetto::Perfetto;
use super::show::output::{Form, Output};
use super::show::{Filter, names};
use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, ValueEnum};
use msgq::trace::format::{DEFAULT_KEPT, Kind, MOST_KEPT};
use msgq::trace::record::Record;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

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
          value_parser = PossibleValuesParser::new(names::CALLS.map(|(_, name)| name)))]
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
    #[command(flatten)]
    inject: Inject,
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
    /// A trace for Perfetto (ui.perfetto.dev), complete when CMD has ended; needs -o FILE
    Perfetto,
}

/// Runs the command line's wish.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(path) = &arguments.read {
        if arguments.inject.is_some() {
            let sentence = "--inject has no meaning with --read: no program is run";
            return Err(Failure::new(sentence).with_status(MEANINGLESS));
        }
        let mut output = arguments.output()?;
        let losses = match arguments.perfetto()? {
            Some(trace) => report::trace(path, trace),
            None => finished::read(path, |scale, told| output.show(scale, &told)),
        };
        // What could be read of a damaged recording has its end, too.
        output.end(losses.as_ref().copied().unwrap_or_default());
        return losses.map(|_| ExitCode::SUCCESS);
    }
    // Ending like the program may end this process at once, when nothing of it is left.
    Ok(end_like(trace(arguments)?))
}

impl Arguments {
    /// Which calls are to be shown.
    fn filter(&self) -> Filter {
        let wanted =
            names::CALLS.iter().filter(|(_, name)| self.calls.iter().any(|call| call == name));
        let calls = wanted.map(|(kind, _)| *kind).collect();
        Filter { calls, queues: self.queue.clone() }
    }

    /// Where the calls are to be shown as they happen.
    fn output(&self) -> Result<Output, Failure> {
        let form = match (self.summary, self.format) {
            _ if self.write.is_some() => return Ok(Output::nowhere()),
            (true, _) => Form::Summary,
            (_, Format::Text) => Form::Text,
            (_, Format::Json) => Form::Json,
            (_, Format::Perfetto) => return Ok(Output::nowhere()),
        };
        Output::open(self.output.as_deref(), form, self.filter())
    }

    /// The trace for Perfetto, where one is wanted.
    fn perfetto(&self) -> Result<Option<Perfetto<Replacement>>, Failure> {
        if !matches!(self.format, Format::Perfetto) {
            return Ok(None);
        }
        let meaningless = |sentence| Failure::new(sentence).with_status(MEANINGLESS);
        let needs = "-f perfetto needs -o FILE: what it writes is not for a terminal";
        let path = self.output.as_deref().ok_or_else(|| meaningless(needs))?;
        if path == Path::new("-") && io::stdout().is_terminal() {
            return Err(meaningless(needs));
        }
        let file = Replacement::create(path).map_err(|failure| failure.with_status(MEANINGLESS))?;
        Ok(Some(Perfetto::new(file, self.filter())))
    }
}

fn trace(arguments: Arguments) -> Result<ExitStatus, Failure> {
    let mut output = arguments.output()?;
    let afterwards = arguments.perfetto()?.map(Afterwards::new).transpose()?;
    let recording = afterwards.as_ref().map(|afterwards| afterwards.recording.path());
    let kept = arguments.write.as_deref().or(recording);
    let archive = kept.map(Archive::create).transpose()?;
    let place = Place::new().map_err(no_recording)?;
    let live = LiveRecording::make(&place.recording, arguments.bytes, archive)?;
    place.open_to_others().map_err(|error| Failure::about(place.recording.display(), error))?;
    // What is only shown has no use for more than the calls.
    let engine = match kept {
        Some(_) => Some(engine_called(arguments.engine.as_deref())?.1),
        None => None,
    };
    if let Some(engine) = engine {
        live.note_engine(engine);
    }
    let launched = Launch {
        command: arguments.command.clone(),
        engine: arguments.engine.clone(),
        recording: Some(place.recording.clone()),
        inject: arguments.inject.value()?,
        ..Launch::default()
    }
    .start()?;
    let processes = Processes::new();
    let mut session = Session { live, launched, processes, calls: 0, is_kept: engine.is_some() };
    let followed = session.follow(&mut output);
    let Session { live, launched, mut processes, mut calls, .. } = session;
    if let Some(engine) = engine {
        processes.take_ended().into_iter().for_each(|process| live.note_exit(process));
        live.note_queues(Kind::Left, engine);
    }
    let finished = live.finish(|scale, told| {
        calls += note(&told, &mut processes);
        output.show(scale, &told);
    });
    output.end(finished.as_ref().copied().unwrap_or_default());
    let status = match followed.and_then(|status| finished.map(|_| status).map_err(lost)) {
        Ok(status) => status,
        Err(failure) => {
            // The program is not to suffer for it.
            failure.tell();
            launched.wait()?
        }
    };
    if let Some(afterwards) = afterwards {
        afterwards.write();
    }
    if !processes.any_seen() {
        let program = arguments.command.first().cloned().unwrap_or_default();
        let reason = program::why_not(&program);
        let program = program.to_string_lossy();
        complain(format!("nothing could be intercepted in {program}: {reason}"));
    } else if calls == 0 {
        complain("no message queue call was made");
    }
    Ok(status)
}

/// A trace that is written when all has happened: only then is it known for certain which receive took which
/// send.
struct Afterwards {
    trace: Perfetto<Replacement>,
    recording: NamedTempFile,
}

impl Afterwards {
    /// With a recording to make it of.
    fn new(trace: Perfetto<Replacement>) -> Result<Afterwards, Failure> {
        let recording = tempfile::Builder::new().prefix("msgq-").tempfile();
        Ok(Afterwards { trace, recording: recording.map_err(no_recording)? })
    }

    /// Writes it. The exit status is the program's, even if that fails.
    fn write(self) {
        if let Err(failure) = report::trace(self.recording.path(), self.trace) {
            failure.tell();
        }
    }
}

/// A program that is traced.
struct Session {
    live: LiveRecording,
    launched: Launched,
    processes: Processes,
    calls: usize,
    /// Whether the recording is kept.
    is_kept: bool,
}

impl Session {
    /// Shows what happens until the program and all its children that record have ended.
    fn follow(&mut self, output: &mut Output) -> Result<ExitStatus, Failure> {
        let mut pause = Pause::default();
        let mut ended: Option<ExitStatus> = None;
        let mut last_alive = Instant::now();
        let mut looking = Turn::default();
        let mut keeping = Turn::default();
        let mut anything_new = false;
        loop {
            let mut told = self.live.poll().map_err(lost)?;
            if looking.has_come(if self.is_kept { LOOK_OFTEN } else { LOOK_EVERY }) {
                told.extend(looking.take(|| self.look())?);
            }
            told.extend(self.replaced(&told)?);
            self.calls += note(&told, &mut self.processes);
            output.show(&self.live.follower().scale, &told);
            anything_new |= !told.is_empty();
            if self.is_kept && keeping.has_come(KEEP_EVERY) {
                keeping.take(|| self.live.keep_all(std::mem::take(&mut anything_new)));
            }
            if ended.is_none() {
                ended = self.launched.ended()?;
            }
            if ended.is_none() || self.live.is_behind() || self.processes.any_alive() {
                last_alive = Instant::now();
            }
            if let Some(status) = ended {
                // A child that was forked last may not have had the time to say so.
                if last_alive.elapsed() > GRACE || self.launched.is_interrupted() {
                    return Ok(status);
                }
            }
            pause.rest(told.is_empty());
        }
    }

    /// Looks who is gone; gives the calls that never return for that. A recording that is kept has it
    /// noted.
    fn look(&mut self) -> Result<Vec<Told>, Failure> {
        let gone = |record: &Record| self.processes.is_gone(record);
        let never = self.live.give_up(gone).map_err(lost)?;
        if self.is_kept {
            for told in &never {
                let Record { process, thread, .. } = *told.record();
                self.live.note_thread_exit(process, thread);
            }
            let ended = self.processes.take_ended();
            ended.into_iter().for_each(|process| self.live.note_exit(process));
        }
        Ok(never)
    }

    /// The calls that ended because their process began another program.
    fn replaced(&mut self, told: &[Told]) -> Result<Vec<Told>, Failure> {
        let mut never = Vec::new();
        for told in told {
            if let Told::Returned(program @ Record { kind: Kind::Program, .. }, _) = told {
                let replaced = |earlier: &Record| self.processes.is_replaced(earlier, program);
                never.extend(self.live.give_up(replaced).map_err(lost)?);
            }
        }
        Ok(never)
    }
}

/// How often to look whether threads that wait are still there.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The same where it is noted in a recording that is kept.
const LOOK_OFTEN: Duration = Duration::from_millis(20);

/// How often to bring a recording that is kept up to date.
const KEEP_EVERY: Duration = Duration::from_millis(500);

/// How long after the end of the last process known its children may take to be seen.
const GRACE: Duration = Duration::from_millis(50);

fn no_recording(error: io::Error) -> Failure {
    Failure::about("a temporary recording", error)
}

fn lost(error: io::Error) -> Failure {
    Failure::about("the recording", error)
}

/// Notes new processes; counts the calls.
fn note(told: &[Told], processes: &mut Processes) -> usize {
    let mut calls = 0;
    for told in told {
        let record = told.record();
        processes.note(record);
        let is_call = names::call(record.kind).is_some();
        calls += usize::from(is_call && !matches!(told, Told::Waits(_)));
    }
    calls
}
