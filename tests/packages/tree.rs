//! What a packager's tool installs, in a directory of its own.

use crate::support::{release, root, run, text};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// An installation.
pub struct Tree {
    directory: TempDir,
}

/// A tool that makes one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `cargo deb`, and dpkg.
    Deb,
    /// `cargo cinstall`.
    Cinstall,
}

impl Tool {
    pub const ALL: [Tool; 2] = [Tool::Deb, Tool::Cinstall];

    pub fn name(self) -> &'static str {
        match self {
            Tool::Deb => "deb",
            Tool::Cinstall => "cinstall",
        }
    }

    /// Why it cannot be used here.
    pub fn why_not(self) -> Option<String> {
        let answers = |subcommand| {
            let output = Command::new(env!("CARGO")).args([subcommand, "--version"]).output();
            output.is_ok_and(|output| output.status.success())
        };
        let has_dpkg = || Command::new("dpkg-deb").arg("--version").output().is_ok();
        let missing = match self {
            Tool::Deb if !answers("deb") => Some("cargo-deb"),
            Tool::Deb if !has_dpkg() => Some("dpkg"),
            Tool::Cinstall if !answers("cinstall") => Some("cargo-c"),
            _ => None,
        };
        missing.map(|name| format!("{name} is not installed"))
    }

    /// What it installs; made once.
    pub fn tree(self) -> Result<&'static Tree, String> {
        static MADE: [OnceLock<Result<Tree, String>>; 2] = [const { OnceLock::new() }; 2];
        let made = MADE[self as usize].get_or_init(|| match self {
            Tool::Deb => unpacked(),
            Tool::Cinstall => installed(),
        });
        made.as_ref().map_err(String::clone)
    }
}

impl Tree {
    /// The directory that stands for `/`.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// A file of the installation.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root().join("usr").join(path)
    }
}

fn directory() -> Result<TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

/// The target directory of the release build.
fn target() -> &'static Path {
    release().parent().expect("target/release")
}

/// The package, made of the release build.
pub fn package() -> Result<&'static Path, String> {
    static MADE: OnceLock<Result<(TempDir, PathBuf), String>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let directory = directory()?;
        let package = directory.path().join("msgq.deb");
        // Files are packed in a hurry: nobody sends them anywhere.
        succeed(
            Command::new(env!("CARGO"))
                .args(["deb", "--no-build", "--fast", "--quiet", "--output"])
                .arg(&package)
                .env("CARGO_TARGET_DIR", target())
                .current_dir(root()),
        )?;
        Ok((directory, package))
    });
    made.as_ref().map(|(_, package)| package.as_path()).map_err(String::clone)
}

fn unpacked() -> Result<Tree, String> {
    let tree = Tree { directory: directory()? };
    succeed(Command::new("dpkg-deb").arg("--extract").arg(package()?).arg(tree.root()))?;
    Ok(tree)
}

fn installed() -> Result<Tree, String> {
    let tree = Tree { directory: directory()? };
    succeed(
        Command::new(env!("CARGO"))
            .args(["cinstall", "--release", "--no-default-features", "--prefix", "/usr"])
            .args(["--libdir", "lib", "--destdir"])
            .arg(tree.root())
            .arg("--target-dir")
            .arg(target())
            .current_dir(root()),
    )?;
    Ok(tree)
}

/// Runs a command. Err, with all that it said, where it fails.
pub fn succeed(command: &mut Command) -> Result<String, String> {
    let output = run(command);
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("{command:?}\n{}{}", text(&output.stdout), text(&output.stderr))),
    }
}
