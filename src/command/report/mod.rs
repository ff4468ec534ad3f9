//! `msgq report`: what a recording says.

mod alive;
mod contents;
mod control;
mod deadlock;
mod events;
mod failures;
mod findings;
mod html;
mod json;
mod life;
mod links;
mod messages;
mod model;
mod observer;
pub mod perfetto;
mod process;
mod progress;
mod queue;
#[cfg(test)]
mod samples;
mod series;
mod steps;
mod stuck;
mod summarize;
mod summary;
mod sums;
mod text;
mod timeline;
mod waits;
mod words;

use super::failure::{Failure, MEANINGLESS};
use super::recording::file::RecordingFile;
use super::recording::finished;
use super::recording::live::Losses;
use super::replacement::Replacement;
use super::show::Filter;
use alive::Alive;
use events::Event;
use html::{Html, PageArguments};
use model::{Known, Model};
use observer::Observer;
use perfetto::Perfetto;
use process::Process;
use progress::Progress;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use summary::Report;
use timeline::Timeline;

/// The shortest wait, in milliseconds, that is told of unless another is asked for.
const USUAL_WAIT: u32 = 100;

/// What `msgq report` is told.
#[derive(Default, clap::Args)]
pub struct Arguments {
    /// The recording, as `msgq trace -w` or MSGQ_TRACE makes it; it may still be written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write one JSON object instead of text
    #[arg(long)]
    json: bool,
    /// Write a trace for Perfetto (ui.perfetto.dev)
    #[arg(long, value_name = "OUT")]
    perfetto: Option<PathBuf>,
    /// Tell of every wait that took at least so many milliseconds
    #[arg(long, value_name = "MS", default_value_t = USUAL_WAIT)]
    waits: u32,
    #[command(flatten)]
    page: PageArguments,
}

/// Reads the recording and writes the report. Where a file was asked for, and no JSON, that is all.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let page = Html::begin(&arguments.page, &arguments.file)?;
    let trace = arguments.perfetto.as_deref().map(|path| new_trace(path, &arguments.file));
    let mut files = (page, trace.transpose()?);
    let (report, read) = read(&arguments, &mut files)?;
    let (page, trace) = files;
    if arguments.json || page.is_none() && trace.is_none() {
        print(&arguments, &report)?;
    }
    let traced = trace.map_or(Ok(()), Perfetto::complete);
    let paged = page.map_or(Ok(()), |page| page.finish(&report, &arguments.file));
    // What could be read of a damaged recording has its report, too.
    read.and(traced).and(paged).map(|()| ExitCode::SUCCESS)
}

/// Begins a file that is made of a recording.
fn new_file(path: &Path, recording: &Path) -> Result<Replacement, Failure> {
    let identity = |path: &Path| fs::metadata(path).map(|data| (data.dev(), data.ino())).ok();
    let why = match path {
        _ if path == Path::new("-") => "a file has to be named",
        _ if identity(path).is_some_and(|it| Some(it) == identity(recording)) => {
            "this is the recording itself; name another file"
        }
        _ => return Replacement::create(path),
    };
    Err(Failure::new(format!("{}: {why}", path.display())).with_status(MEANINGLESS))
}

/// Begins the trace for Perfetto that is asked for.
fn new_trace(path: &Path, recording: &Path) -> Result<Perfetto<Replacement>, Failure> {
    Ok(Perfetto::new(new_file(path, recording)?, Filter::default()))
}

/// Writes the trace of a recording, and nothing else.
pub fn trace(recording: &Path, mut trace: Perfetto<Replacement>) -> Result<Losses, Failure> {
    let file = recording.to_path_buf();
    let arguments = Arguments { file, waits: USUAL_WAIT, ..Arguments::default() };
    let (_, read) = read(&arguments, &mut trace)?;
    trace.complete()?;
    read
}

/// Writes the report to standard output.
fn print(arguments: &Arguments, report: &Report) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = match arguments.json {
        true => json::write(report, &mut out),
        false => text::write(report, &arguments.file, &mut out),
    };
    match written.and_then(|()| out.flush()) {
        // Whoever reads the report has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::about("standard output", error)),
    }
}

/// Reads the recording, and lets `observer` see all calls and messages: the report, and whether all
/// could be read.
fn read(
    arguments: &Arguments,
    observer: &mut impl Observer,
) -> Result<(Report, Result<Losses, Failure>), Failure> {
    let about = |error| Failure::about(arguments.file.display(), error);
    let mut file = RecordingFile::open(&arguments.file)?;
    let until = file.freeze().map_err(about)?;
    let counters = file.counters().map_err(about)?;
    let (mut alive, realtime) = (Alive::of(&file, &counters), file.made_realtime);
    observer.recorded_since(file.made.monotonic, realtime);
    let mut now = None;
    let losses = Losses::of(&counters);
    let [msgmax, msgmnb, _] = file.limits;
    let threshold = u64::from(arguments.waits) * 1_000_000;
    let calls_are_missing = losses != Losses::default();
    let mut model = Model::new(Known { threshold, msgmnb, msgmax, calls_are_missing }, observer);
    let mut timeline = Timeline::default();
    let chunks = counters.used.min(file.chunks_present().map_err(about)?);
    let mut progress = Progress::new(chunks);
    let read = finished::read_frozen(&arguments.file, file, |scale, told| {
        progress.add(&told);
        let events = told.into_iter().filter_map(|told| Event::of(told, scale));
        now = until.map(|ticks| scale.since_made(ticks));
        let until = now.unwrap_or(u64::MAX);
        let events = events.filter_map(|event| {
            event.lives_at(until).into_iter().for_each(|process| alive.seen_later(process));
            event.known_at(until)
        });
        timeline.add(events, &mut model);
    });
    let last = timeline.finish(&mut model);
    progress.finish();
    let goes_on = |process: &Process| !process.is_gone && alive.process(process) == Some(true);
    let live = model.processes.all().iter().any(goes_on);
    let now = now.filter(|_| live).unwrap_or(last).max(last);
    model.finish(now, last, &alive);
    Ok((Report::of(&mut model, losses, realtime, now, live), read))
}
