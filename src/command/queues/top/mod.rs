//! `msgq top`: the queues, live.
//!
//! ```text
//!  look      the queues, again and again      programs  the names of processes
//!    |
//!  columns   what is shown of each          fit       what of it finds room
//!    |
//!  state     what is on the screen, and keys  deeds     what they do to queues
//!    |
//!  draw, live, signals                        the screen, in a terminal
//! ```

mod columns;
mod deeds;
mod draw;
mod fit;
mod live;
mod look;
mod programs;
mod signals;
mod state;

use super::ipcs::calendar;
use super::patience::time;
use crate::command::engine::EngineOption;
use crate::command::failure::Failure;
use crate::command::show::names::errno_meaning;
use clap::builder::PossibleValuesParser;
use look::Watch;
use state::State;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What nobody can see.
pub const UNSEEN: &str = "The engines count no messages, so net/s is how fast the number of those in the \
                          queue changes. What comes and goes between two looks is not seen. The name of a \
                          process is the one that it has now. Only threads that this user may look into \
                          are seen to be asleep.";

/// What `msgq top` is told.
#[derive(clap::Args)]
#[command(after_help = UNSEEN)]
pub struct Arguments {
    /// Look so often: a time like 2, 0.5 or 500ms; without a unit it is seconds
    #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = interval,
          allow_hyphen_values = true)]
    interval: Duration,
    /// Write plain tables, one after another, and ask for no keys
    #[arg(short, long)]
    batch: bool,
    /// End after N looks
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Sort by this column
    #[arg(short, long, value_name = "COLUMN", default_value = columns::ALL[columns::DEFAULT].title,
          value_parser = PossibleValuesParser::new(columns::ALL.iter().map(|column| column.title)))]
    sort: String,
    #[command(flatten)]
    engine: EngineOption,
}

/// How often to look.
pub struct Pace {
    /// Between two looks.
    interval: Duration,
    /// How many looks are left.
    left: Option<u64>,
}

/// Shows the queues.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let (name, engine) = arguments.engine.ready()?;
    let column = columns::Column::called(&arguments.sort).unwrap_or(columns::DEFAULT);
    let pace = Pace { interval: arguments.interval, left: arguments.count };
    let (watch, state) = (Watch::new(engine), State::new(name, column));
    if arguments.batch { batch(watch, state, pace) } else { live::run(watch, state, pace) }
}

/// Writes tables.
fn batch(mut watch: Watch, mut state: State, mut pace: Pace) -> Result<ExitCode, Failure> {
    let mut output = io::stdout().lock();
    let mut is_first = true;
    while pace.another() {
        if !is_first {
            std::thread::sleep(pace.interval);
        }
        let look = watch.look();
        let look =
            look.map_err(|error| Failure::new(format!("msgctl: {}", errno_meaning(error))))?;
        state.renew(look, now());
        let between = if is_first { "" } else { "\n" };
        let table = fit::table(&state.look.lines);
        write!(output, "{between}{}\n{table}", draw::summary(&state))
            .and_then(|()| output.flush())
            .map_err(|error| Failure::about("standard output", error))?;
        is_first = false;
    }
    Ok(ExitCode::SUCCESS)
}

impl Pace {
    /// Whether there is another look.
    fn another(&mut self) -> bool {
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match time(text)? {
        time if time < Duration::from_millis(100) => {
            Err("it is too short; right would be 0.1 or more".to_string())
        }
        time => Ok(time),
    }
}

/// The time of day.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    calendar::text(since.as_secs() as i64)
}
