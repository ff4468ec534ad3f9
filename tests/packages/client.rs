//! A program that is built against an installation, by each of the ways in which such programs find
//! their libraries.

use crate::support::{cc, root};
use crate::tree::{Tree, succeed};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A way to find the library.
pub struct Way {
    pub name: &'static str,
    /// The programs without which it cannot be tried, each with Debian's name for it.
    pub needs: &'static [(&'static str, &'static str)],
    /// Builds the program in a directory that has its sources.
    pub build: fn(&Tree, &Path) -> Result<PathBuf, String>,
}

const PKG_CONFIG: (&str, &str) = ("pkg-config", "pkg-config");
const CMAKE: (&str, &str) = ("cmake", "cmake");
const MESON: (&str, &str) = ("meson", "meson");

pub const WAYS: [Way; 8] = [
    Way { name: "pkg_config", needs: &[PKG_CONFIG], build: pkg_config },
    Way { name: "pkg_config_static", needs: &[PKG_CONFIG], build: pkg_config_static },
    Way { name: "overlay", needs: &[PKG_CONFIG], build: overlay },
    Way { name: "cmake", needs: &[CMAKE], build: |tree, place| cmake(tree, place, "shared") },
    Way {
        name: "cmake_static",
        needs: &[CMAKE],
        build: |tree, place| cmake(tree, place, "static"),
    },
    Way { name: "cmake_pkg_config", needs: &[CMAKE, PKG_CONFIG], build: cmake_pkg_config },
    Way {
        name: "meson",
        needs: &[MESON, PKG_CONFIG],
        build: |tree, place| meson(tree, place, "shared"),
    },
    Way {
        name: "meson_static",
        needs: &[MESON, PKG_CONFIG],
        build: |tree, place| meson(tree, place, "static"),
    },
];

impl Way {
    /// Which program it needs that is not here.
    pub fn why_not(&self) -> Option<String> {
        let is_there = |program| Command::new(program).arg("--version").output().is_ok();
        let missing = self.needs.iter().find(|(program, _)| !is_there(program));
        missing.map(|(_, package)| format!("{package} is not installed"))
    }
}

/// The program on the C library alone.
pub fn plain(place: &Path) -> Result<PathBuf, String> {
    compile(place, &[])
}

/// Puts the program's sources into a directory, with the rules to build it if it has any.
pub fn lay_out(place: &Path, rules: &str) -> std::io::Result<()> {
    let ours = root().join("tests/packages");
    fs::copy(ours.join("client.c"), place.join("client.c"))?;
    fs::create_dir(place.join("snippets"))?;
    for name in ["msgget.inc", "msgctl.inc"] {
        let snippet = root().join("c_tests/snippets").join(name);
        fs::copy(snippet, place.join("snippets").join(name))?;
    }
    for name in ["CMakeLists.txt", "meson.build"] {
        let file = ours.join(rules).join(name);
        if !rules.is_empty() && file.exists() {
            fs::copy(file, place.join(name))?;
        }
    }
    Ok(())
}

fn compile(place: &Path, arguments: &[String]) -> Result<PathBuf, String> {
    let program = place.join("client");
    let mut command = cc("c");
    command.args(["-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(place.join("client.c"));
    succeed(command.args(arguments))?;
    Ok(program)
}

/// Has pkg-config, and whoever asks it, see the installation as if it were the system's.
fn sees<'a>(command: &'a mut Command, tree: &Tree) -> &'a mut Command {
    command
        .env("PKG_CONFIG_SYSROOT_DIR", tree.root())
        .env("PKG_CONFIG_LIBDIR", tree.file("lib/pkgconfig"))
        // These are not the system's own directories, which compilers know.
        .env("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1")
        .env("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1")
}

fn flags(tree: &Tree, options: &[&str]) -> Result<Vec<String>, String> {
    let mut command = Command::new("pkg-config");
    let told =
        succeed(sees(&mut command, tree).args(["--cflags", "--libs"]).args(options).arg("msgq"))?;
    Ok(told.split_whitespace().map(String::from).collect())
}

fn pkg_config(tree: &Tree, place: &Path) -> Result<PathBuf, String> {
    compile(place, &flags(tree, &[])?)
}

/// rustc says of an archive that it needs libgcc_s, and cargo-c hands that on; there is none for a
/// static program, to which the compiler adds the static form by itself.
fn pkg_config_static(tree: &Tree, place: &Path) -> Result<PathBuf, String> {
    let mut flags = flags(tree, &["--static"])?;
    flags.retain(|flag| flag != "-lgcc_s");
    flags.push("-static".to_string());
    compile(place, &flags)
}

fn overlay(tree: &Tree, place: &Path) -> Result<PathBuf, String> {
    let mut flags = flags(tree, &[])?;
    flags.insert(0, format!("-I{}", tree.file("include/msgq-overlay").display()));
    compile(place, &flags)
}

fn cmake(tree: &Tree, place: &Path, target: &str) -> Result<PathBuf, String> {
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", tree.file("").display());
    cmake_with(Command::new("cmake").arg(prefix), place, target)
}

fn cmake_pkg_config(tree: &Tree, place: &Path) -> Result<PathBuf, String> {
    cmake_with(sees(&mut Command::new("cmake"), tree), place, "shared")
}

fn cmake_with(configure: &mut Command, place: &Path, target: &str) -> Result<PathBuf, String> {
    let built = place.join("built");
    succeed(configure.arg("-S").arg(place).arg("-B").arg(&built))?;
    succeed(Command::new("cmake").arg("--build").arg(&built).args(["--target", target]))?;
    Ok(built.join(target))
}

fn meson(tree: &Tree, place: &Path, target: &str) -> Result<PathBuf, String> {
    let built = place.join("built");
    succeed(sees(Command::new("meson").arg("setup").arg(&built).arg(place), tree))?;
    succeed(Command::new("meson").arg("compile").arg("-C").arg(&built).arg(target))?;
    Ok(built.join(target))
}
