//! `msgq recv`: receives messages, and writes them.

use super::create::CreateOption;
use super::named::One;
use super::patience::{Ended, Patience, PatienceOptions, end_by, watch_for_signals};
use super::queue::Room;
use super::selection::Selection;
use super::sink::Sink;
use super::written::FormOptions;
use crate::command::engine::EngineOption;
use crate::command::failure::{Failure, NOTHING};
use std::process::ExitCode;

/// What `msgq recv` is told.
#[derive(clap::Args)]
#[command(
    after_help = "The exit status is 3 where there is no message, or none in time. A message \
                        that cannot be written is sent back."
)]
pub struct Arguments {
    #[command(flatten)]
    queue: One,
    /// Which messages: 7 (of this type), -7 (of this type or a lower one, the lowest first), !7 (of
    /// any other type) or 0 (all)
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "0",
          value_parser = Selection::read, allow_hyphen_values = true)]
    selection: Selection,
    /// Receive as many messages as there are now, and do not wait
    #[arg(long, conflicts_with_all = ["nowait", "timeout", "follow"])]
    all: bool,
    /// Receive one message after another, until a signal comes or the queue is removed
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    create: CreateOption,
    #[command(flatten)]
    patience: PatienceOptions,
    #[command(flatten)]
    form: FormOptions,
    #[command(flatten)]
    engine: EngineOption,
}

/// Receives what was asked for.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let name = arguments.queue.read()?;
    let (_, engine) = arguments.engine.ready()?;
    let queue = name.open(engine, arguments.create.mode())?;
    let failed = |error| name.failure("read", error);
    let (patience, most) = match (arguments.all, arguments.follow) {
        (true, _) => (Patience::None, queue.data().map_err(failed)?.msg_qnum),
        (false, true) => (arguments.patience.patience(), u64::MAX),
        (false, false) => (arguments.patience.patience(), 1),
    };
    let sink = Sink::new(arguments.form.form())?;
    watch_for_signals()?;
    let mut room = Room::new();
    for _ in 0..most {
        sink.is_read()?;
        let (msgtyp, except) = (arguments.selection.msgtyp(), arguments.selection.msgflg());
        match patience.call(|msgflg| queue.receive(&mut room, msgtyp, msgflg | except)) {
            Ok(message) => sink.keep(&message, queue)?,
            Err(Ended::TimeIsOver) if arguments.all => break,
            Err(Ended::TimeIsOver) => {
                let sentence = format!("there is no {} in queue {}", arguments.selection, queue.id);
                return Err(Failure::new(sentence).with_status(NOTHING));
            }
            Err(Ended::Signal(signal)) => return Ok(end_by(signal)),
            Err(Ended::Failed(error)) => return Err(failed(error)),
        }
    }
    Ok(ExitCode::SUCCESS)
}
