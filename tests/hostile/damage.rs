//! Damage to the files of a directory, as a hostile or broken program does it that may write there.

use crate::engines::random::Random;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions, read_dir, remove_dir_all, remove_file};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Where most of what matters is.
const FRONT: u64 = 64 * 1024;

/// Where it says what a file is.
const MAGIC: u64 = 64;

/// As many of the last deeds are remembered.
const REMEMBERED: usize = 30;

pub struct Vandal {
    directory: PathBuf,
    random: Random,
    /// What was done last.
    pub deeds: VecDeque<String>,
    /// How much was done in all.
    pub count: u64,
}

impl Vandal {
    pub fn new(directory: &Path, seed: u64) -> Vandal {
        let deeds = VecDeque::new();
        Vandal { directory: directory.into(), random: Random::new(seed), deeds, count: 0 }
    }

    /// Does one thing to one file. Files may vanish meanwhile.
    pub fn strike(&mut self) {
        let files = files(&self.directory);
        if files.is_empty() {
            std::thread::yield_now();
            return;
        }
        let path = files[self.random.below(files.len() as u64) as usize].clone();
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else { return };
        let Ok(size) = file.metadata().map(|data| data.size()) else { return };
        let done = match self.random.below(400) {
            0 => truncate(&file, 0),
            1 => truncate(&file, 4096.min(size)),
            2 => truncate(&file, size / 2),
            3 => truncate(&file, size + self.random.below(1 << 20)),
            4 => remove_file(&path).map(|()| "removed".into()),
            _ if size == 0 => return,
            5..20 => self.write(&file, MAGIC.min(size)),
            20..200 => self.write(&file, FRONT.min(size)),
            _ => self.write(&file, size),
        };
        let Ok(deed) = done else { return };
        self.count += 1;
        if self.deeds.len() == REMEMBERED {
            self.deeds.pop_front();
        }
        let name = path.strip_prefix(&self.directory).unwrap_or(&path);
        self.deeds.push_back(format!("{} ({size} bytes): {deed}", name.display()));
    }

    /// Writes a byte or a few words below `end`: random ones, or such as often mean something.
    fn write(&mut self, file: &File, end: u64) -> std::io::Result<String> {
        let random = &mut self.random;
        let at = random.below(end.max(1));
        let word = match random.below(6) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << random.below(64),
            3 => random.below(70000),
            _ => random.next(),
        };
        let bytes = word.to_ne_bytes();
        let (at, bytes) = match random.below(4) {
            0 => (at & !7, bytes.to_vec()),
            1 => (at & !3, bytes[..4].to_vec()),
            2 => (at & !7, bytes.repeat(1 + random.below(16) as usize)),
            _ => (at, bytes[..1].to_vec()),
        };
        // A file is not to grow by this.
        let room = (end.saturating_sub(at) as usize).min(bytes.len());
        file.write_all_at(&bytes[..room], at)?;
        Ok(format!("{room} bytes of {word:#x} at {at:#x}"))
    }
}

fn truncate(file: &File, size: u64) -> std::io::Result<String> {
    file.set_len(size)?;
    Ok(format!("made {size} bytes long"))
}

/// All the files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = read_dir(directory) else { return found };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// Removes all that is in a directory.
pub fn empty(directory: &Path) {
    let Ok(entries) = read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if remove_file(&path).is_err() {
            let _ = remove_dir_all(&path);
        }
    }
}
