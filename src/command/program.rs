//! Why a program cannot be intercepted.

use object::Object;
use object::ObjectSection;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What about `command` keeps the library out, as far as its file tells.
pub fn why_not(command: &OsStr) -> String {
    let Some(path) = in_path(command) else { return "its file cannot be found".to_string() };
    reason(&path, 0).unwrap_or_else(|| {
        "it never loaded the library (does it clear LD_PRELOAD, or run elsewhere?)".to_string()
    })
}

/// The file that the system finds for a command.
fn in_path(command: &OsStr) -> Option<PathBuf> {
    if command.as_bytes().contains(&b'/') {
        return Some(PathBuf::from(command));
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(command)).find(|file| file.is_file())
}

fn reason(path: &Path, depth: u8) -> Option<String> {
    let shown = path.display();
    let data = fs::metadata(path).ok()?;
    let own = nix::unistd::geteuid().as_raw();
    if data.mode() & 0o6000 != 0 && data.uid() != own {
        return Some(format!(
            "{shown} runs with its owner's rights (set-user-ID or set-group-ID), and the system \
             preloads nothing into such programs"
        ));
    }
    let bytes = fs::read(path).ok()?;
    if let Some(line) = bytes.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next()?;
        let words = line.split(|byte| byte.is_ascii_whitespace());
        let interpreter = OsStr::from_bytes(words.into_iter().find(|word| !word.is_empty())?);
        // An interpreter may be a script itself, but not without end.
        return if depth < 4 { reason(Path::new(interpreter), depth + 1) } else { None };
    }
    let file = object::File::parse(&*bytes).ok()?;
    if !file.is_64() {
        return Some(format!("{shown} is a 32-bit program, and the library is 64-bit"));
    }
    let dynamic = file.sections().any(|section| section.name() == Ok(".interp"));
    (!dynamic).then(|| {
        format!(
            "{shown} is statically linked, and only dynamically linked programs load a library \
             (link it with libmsgq.a instead)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_program_and_a_script_for_one_have_nothing_against_it() {
        assert_eq!(reason(Path::new("/bin/sh"), 0), None);
        let script = tempfile::NamedTempFile::new().unwrap();
        fs::write(&script, "#! /bin/sh -e\ntrue\n").unwrap();
        assert_eq!(reason(script.path(), 0), None);
    }

    #[test]
    fn a_script_that_is_its_own_interpreter_ends() {
        let script = tempfile::NamedTempFile::new().unwrap();
        fs::write(&script, format!("#!{}\n", script.path().display())).unwrap();
        assert_eq!(reason(script.path(), 0), None);
    }
}
