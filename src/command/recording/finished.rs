//! A recording read from beginning to end, in memory that does not grow with it.

use super::file::RecordingFile;
use super::follower::{Follower, Told};
use super::live::Losses;
use super::time::Scale;
use crate::command::failure::Failure;
use msgq::trace::format::{CHUNK_BYTES, HEADER_BYTES};
use std::io;
use std::path::Path;

/// Reads the recording at `path` as it is now; every record is handed to `tell`.
pub fn read(path: &Path, tell: impl FnMut(&Scale, Vec<Told>)) -> Result<Losses, Failure> {
    let mut file = RecordingFile::open(path)?;
    file.freeze().map_err(|error| Failure::about(path.display(), error))?;
    read_frozen(path, file, tell)
}

/// Reads a recording that does not change any more.
pub fn read_frozen(
    path: &Path,
    file: RecordingFile,
    mut tell: impl FnMut(&Scale, Vec<Told>),
) -> Result<Losses, Failure> {
    let about = |error: io::Error| Failure::about(path.display(), error);
    let mut follower = Follower::new(file);
    let counters = follower.file.counters().map_err(about)?;
    let present = follower.file.chunks_present().map_err(about)?;
    if let Some(last) = counters.used.min(present).checked_sub(1) {
        let moment = follower.file.head(last).map_err(about)?.moment;
        follower.scale.measure(moment);
    }
    if follower.file.is_of_this_start() && follower.file.clock.is_readable() {
        follower.scale.measure(follower.file.clock.moment());
    }
    loop {
        let told = follower.poll(None).map_err(about)?;
        follower.take_finished_chunks(&counters);
        tell(&follower.scale, told);
        if !follower.is_behind() {
            break;
        }
    }
    let rest = follower.finish().map_err(about)?;
    tell(&follower.scale, rest);
    let bytes = follower.file.bytes().map_err(about)?;
    let whole = HEADER_BYTES as u64 + u64::from(counters.used) * CHUNK_BYTES as u64;
    if bytes < whole {
        let path = path.display();
        return Err(Failure::new(format!(
            "{path}: cut off: {bytes} of its {whole} bytes are there"
        )));
    }
    Ok(Losses::of(&counters))
}
