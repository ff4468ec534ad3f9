//! `msgq report --html`: a page to look at. It is written while the recording is read: of the calls no
//! more is kept than one piece.

mod overview;
mod page;
mod pieces;
mod residence;

use super::events::Call;
use super::observer::{DepthSample, Link, Observer};
use super::summary::Report;
use crate::command::failure::{Failure, MEANINGLESS};
use crate::command::replacement::Replacement;
use overview::{Overview, OverviewReport};
use page::Page;
use pieces::{PIECE_CALLS, Pieces, Written};
use residence::{HistogramReport, Residence};
use serde::Serialize;
use std::io::{self, BufWriter, IntoInnerError, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many calls a page has one by one. A browser reads so many in a few seconds.
const MOST_CALLS: usize = 2_000_000;

/// What `msgq report` is told of the page.
#[derive(Default, clap::Args)]
pub struct PageArguments {
    /// Write a page to look at, which needs nothing but a browser
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// Have the page show each call from this second of the recording on; before it, sums
    #[arg(long, value_name = "SECONDS", requires = "html", value_parser = seconds)]
    from: Option<Duration>,
    /// Have the page show each call up to this second of the recording; after it, sums
    #[arg(long, value_name = "SECONDS", requires = "html", value_parser = seconds)]
    until: Option<Duration>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "this is no number of seconds, as 2 or 0.5".to_string())
}

/// The time in which each call is shown: nanoseconds since the recording was made.
#[derive(Clone, Copy)]
struct Window {
    from: u64,
    until: u64,
}

impl Window {
    /// Whether something that lasts so long is in it, at least in part.
    fn has(self, from: u64, until: u64) -> bool {
        until >= self.from && from < self.until
    }
}

/// A page that is being written.
pub struct Html {
    path: PathBuf,
    body: Body<BufWriter<Replacement>>,
}

/// The page as what is observed fills it.
struct Body<W> {
    page: Page<W>,
    pieces: Pieces,
    window: Window,
    most_calls: usize,
    overview: Overview,
    residence: Residence,
    /// Whether a call was left out.
    is_partial: bool,
    /// What went wrong first.
    written: io::Result<()>,
}

/// What the page needs besides the calls.
#[derive(Serialize)]
struct Summary<'a> {
    file: String,
    report: &'a Report,
    /// A word or two for each finding.
    labels: Vec<&'static str>,
    shown: Shown,
    residence: Vec<HistogramReport>,
    /// What there is where calls were left out.
    overview: Option<OverviewReport<'a>>,
}

/// Which calls the page has one by one: nanoseconds since the recording was made.
#[derive(Serialize)]
struct Shown {
    from: u64,
    until: Option<u64>,
    is_partial: bool,
    is_full: bool,
    piece_calls: usize,
    #[serde(flatten)]
    written: Written,
}

impl Html {
    /// The page that was asked for, if one was.
    pub fn begin(arguments: &PageArguments, recording: &Path) -> Result<Option<Html>, Failure> {
        let PageArguments { html: Some(path), from, until } = arguments else { return Ok(None) };
        let moment = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let window = Window {
            from: from.as_ref().map_or(0, moment),
            until: until.as_ref().map_or(u64::MAX, moment),
        };
        if window.from >= window.until {
            let sentence = "--until is not later than --from: no call would be shown";
            return Err(Failure::new(sentence).with_status(MEANINGLESS));
        }
        let file = BufWriter::with_capacity(1 << 16, super::new_file(path, recording)?);
        let body = Body::begin(file, window, MOST_CALLS);
        let body = body.map_err(|error| Failure::about(path.display(), error))?;
        Ok(Some(Html { path: path.clone(), body }))
    }

    /// Writes the rest, and puts the page in its place.
    pub fn finish(self, report: &Report, recording: &Path) -> Result<(), Failure> {
        let written = self.body.finish(report, recording);
        let written = written.and_then(|out| out.into_inner().map_err(IntoInnerError::into_error));
        written.map_err(|error| Failure::about(self.path.display(), error))?.complete()
    }
}

impl<W: Write> Body<W> {
    fn begin(out: W, window: Window, most_calls: usize) -> io::Result<Body<W>> {
        Ok(Body {
            page: Page::begin(out)?,
            pieces: Pieces::default(),
            window,
            most_calls,
            overview: Overview::default(),
            residence: Residence::default(),
            is_partial: false,
            written: Ok(()),
        })
    }

    /// Writes a piece, unless something went wrong before.
    fn write(&mut self, (piece, words): (Vec<u8>, String)) {
        if self.written.is_ok() {
            let written = self.page.block("piece", &piece);
            self.written = written.and_then(|()| self.page.block("words", words.as_bytes()));
        }
    }

    fn finish(mut self, report: &Report, recording: &Path) -> io::Result<W> {
        let rest = self.pieces.take();
        self.write(rest);
        self.written?;
        let Window { from, until } = self.window;
        let labels = report.findings.iter().map(|one| one.kind.label(report.recording.live));
        let summary = Summary {
            file: recording.display().to_string(),
            report,
            labels: labels.collect(),
            shown: Shown {
                from,
                until: (until < u64::MAX).then_some(until),
                is_partial: self.is_partial,
                is_full: self.pieces.written.calls >= self.most_calls,
                piece_calls: PIECE_CALLS,
                written: self.pieces.written,
            },
            residence: self.residence.report(),
            overview: self.is_partial.then(|| self.overview.report()),
        };
        self.page.end(&summary)
    }
}

impl<W: Write> Observer for Body<W> {
    fn call(&mut self, process: usize, call: &Call) {
        self.never(process, call, call.end());
    }

    /// Also those that returned: then `until` is when.
    fn never(&mut self, process: usize, call: &Call, until: Option<u64>) {
        self.overview.call(process, call);
        if !self.window.has(call.entered, until.unwrap_or(u64::MAX)) {
            self.is_partial = true;
            return;
        }
        self.pieces.call(process, call, until);
        if self.pieces.written.calls == self.most_calls {
            // Those that have begun are still shown when they return: as many as there are threads.
            self.window.until = self.window.until.min(call.end().unwrap_or(call.entered) + 1);
        }
        if let Some(piece) = self.pieces.take_full() {
            self.write(piece);
        }
    }

    fn link(&mut self, link: &Link) {
        self.residence.add(link);
        if self.window.has(link.received.entered, link.received_at) {
            self.pieces.link(link);
        }
    }

    fn depth(&mut self, sample: &DepthSample) {
        self.overview.depth(sample);
        if self.window.has(sample.at, sample.at) {
            self.pieces.depth(sample);
        }
    }
}

impl Observer for Html {
    fn call(&mut self, process: usize, call: &Call) {
        self.body.call(process, call);
    }
    fn never(&mut self, process: usize, call: &Call, until: Option<u64>) {
        self.body.never(process, call, until);
    }
    fn link(&mut self, link: &Link) {
        self.body.link(link);
    }
    fn depth(&mut self, sample: &DepthSample) {
        self.body.depth(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::report::samples::{never, receive, send};

    const ALL: Window = Window { from: 0, until: u64::MAX };

    fn body(window: Window, most_calls: usize) -> Body<Vec<u8>> {
        Body::begin(Vec::new(), window, most_calls).unwrap()
    }

    #[test]
    fn of_more_calls_than_a_page_has_the_first_are_shown_and_those_that_had_begun() {
        let mut body = body(ALL, 2);
        body.call(0, &send(1, 10, 20, 1, b""));
        assert!(!body.is_partial);
        body.call(0, &send(1, 30, 40, 1, b""));
        body.call(0, &send(1, 50, 60, 1, b""));
        body.call(1, &receive(2, 15, 70, 1, b""));
        body.depth(&DepthSample { queue: 5, key: None, at: 60, messages: 3, bytes: 0 });
        assert!(body.is_partial);
        assert_eq!((body.pieces.written.calls, body.pieces.written.depths), (3, 0));
        assert_eq!(body.window.until, 41);
        assert_eq!(body.overview.report().processes.len(), 2, "the sums have all");
    }

    #[test]
    fn a_part_has_the_calls_that_touch_it() {
        let mut body = body(Window { from: 100, until: 200 }, 1000);
        let calls = [
            (send(1, 10, 99, 1, b""), false),
            (send(1, 10, 100, 1, b""), true),
            (send(1, 10, 300, 1, b""), true),
            (send(1, 199, 300, 1, b""), true),
            (send(1, 200, 300, 1, b""), false),
            (never(receive(1, 50, 0, 1, b"")), true),
            (never(receive(1, 250, 0, 1, b"")), false),
        ];
        for (call, is_shown) in calls {
            let before = body.pieces.written.calls;
            body.call(0, &call);
            assert_eq!(body.pieces.written.calls - before, usize::from(is_shown), "{call:?}");
        }
    }

    #[test]
    fn an_output_that_fails_is_remembered() {
        struct Full {
            writes: usize,
        }
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.writes = self.writes.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(Body::begin(Full { writes: 0 }, ALL, 2).is_err());
        let mut body = Body::begin(Full { writes: 1 }, ALL, 1 << 20).unwrap();
        (0..=PIECE_CALLS).for_each(|_| body.call(0, &send(1, 10, 20, 1, b"")));
        assert_eq!(body.written.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
