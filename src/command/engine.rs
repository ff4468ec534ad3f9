//! Which engine a command asks.

use super::failure::Failure;
use clap::builder::PossibleValuesParser;
use msgq::engine::limits::Limits;
use msgq::engine::{self, Engine};
use msgq::errno::Errno;
use msgq::settings::Settings;

/// `--engine`, of the commands that ask an engine themselves.
#[derive(clap::Args)]
pub struct EngineOption {
    /// Where the queues live [default: as MSGQ_ENGINE says]
    #[arg(long, value_name = "ENGINE", value_parser = PossibleValuesParser::new(engines()))]
    engine: Option<String>,
}

impl EngineOption {
    /// The engine and its name, once it is known to have queues.
    pub fn ready(&self) -> Result<(&'static str, &'static dyn Engine), Failure> {
        let (name, engine) = engine_called(self.engine.as_deref())?;
        match Limits::of(engine) {
            Err(Errno(libc::ENOSYS)) if name == "kernel" => {
                Err(Failure::new("kernel not configured for message queues"))
            }
            Err(Errno(libc::ENOSYS)) => Err(Failure::said_already()),
            _ => Ok((name, engine)),
        }
    }
}

/// The names of the engines, for `--engine`.
pub fn engines() -> Vec<&'static str> {
    engine::ENGINES.iter().map(|(name, _)| *name).collect()
}

/// The engine of this name, or without one that of the environment; and its name. Ready for calls.
pub fn engine_called(name: Option<&str>) -> Result<(&'static str, &'static dyn Engine), Failure> {
    let number = match name {
        Some(name) => engine::number(name),
        None => Settings::read().ok().map(|settings| settings.engine),
    };
    let known = number.and_then(|number| engine::ENGINES.get(number));
    let (known, engine) = known.ok_or_else(|| Failure::new("there is no such engine"))?;
    engine.prepare();
    if name.is_some() {
        // Where this command runs under the library, that library has the environment's engine.
        engine::pass_over_other_copies();
    }
    Ok((*known, *engine))
}
