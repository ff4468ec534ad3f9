//! The libraries under test: those that cargo built together with this runner.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// `libmsgq.so` and `libmsgq.a`.
pub struct Library {
    pub shared: PathBuf,
    pub archive: PathBuf,
}

impl Library {
    /// Cargo puts them beside the test, and `cargo build` a directory above: the newer ones count.
    pub fn find() -> Result<Library, String> {
        let runner = env::current_exe().map_err(|error| error.to_string())?;
        let near: Vec<_> = runner.ancestors().skip(1).take(2).collect();
        Ok(Library { shared: newest(&near, "libmsgq.so")?, archive: newest(&near, "libmsgq.a")? })
    }

    /// Fills a directory with the names that the linker and the loader look for.
    pub fn install(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir(directory)?;
        for name in ["libmsgq.so", "libmsgq.so.0"] {
            std::os::unix::fs::symlink(&self.shared, directory.join(name))?;
        }
        Ok(())
    }
}

fn newest(directories: &[&Path], name: &str) -> Result<PathBuf, String> {
    directories
        .iter()
        .map(|directory| directory.join(name))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .max()
        .map(|(_, path)| path)
        .ok_or_else(|| format!("no {name} in any of {directories:?}"))
}
