//! The completions, in the shells that they are for. Those of a shell that is not installed are listed
//! as ignored.

mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::Command;
use support::{root, run, text};

/// What somebody has typed, up to where he asks, and what has to be offered: more than was typed.
const ASKED: [(&str, &[&str], &str); 3] = [
    ("command", &["msgq", "tra"], "trace"),
    ("option", &["msgq", "trace", "--inj"], "--inject"),
    ("value", &["msgq", "run", "--engine", "sh"], "shm"),
];

/// What has a shell offer something to somebody who has typed this.
type Ask = fn(&[&str]) -> Command;

const SHELLS: [(&str, Ask); 3] = [("bash", bash), ("fish", fish), ("zsh", zsh)];

fn main() {
    let trials = SHELLS.iter().flat_map(|(shell, ask)| {
        ASKED.map(|(name, typed, expected)| {
            Trial::ignorable_test(format!("{shell}/{name}"), move || {
                if Command::new(shell).args(["-c", "true"]).output().is_err() {
                    return Ok(Completion::ignored_with(format!("{shell} is not installed")));
                }
                offers(&mut ask(typed), expected).map(|()| Completion::Completed)
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn offers(command: &mut Command, expected: &str) -> Result<(), Failed> {
    command.current_dir(root().join("completions"));
    let output = run(command);
    let said = text(&output.stdout);
    match said.contains(expected) {
        true => Ok(()),
        false => Err(format!("{expected} is not offered:\n{said}{}", text(&output.stderr)).into()),
    }
}

/// As bash does when somebody presses the key.
fn bash(typed: &[&str]) -> Command {
    let mut command = Command::new("bash");
    let script = r#"
. ./msgq.bash
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_msgq msgq "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    command.args(["--norc", "-c", script, "bash"]).args(typed);
    command
}

/// fish says by itself what it would offer.
fn fish(typed: &[&str]) -> Command {
    let mut command = Command::new("fish");
    let script = "source msgq.fish; complete --do-complete \"$argv\"";
    command.args(["--no-config", "-c", script]).args(typed);
    command
}

/// zsh offers at a terminal alone: one that it makes itself. The word is completed there, as nothing
/// else begins like it, and a key is pressed that has the line printed.
fn zsh(typed: &[&str]) -> Command {
    let mut command = Command::new("zsh");
    let script = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2= RPS1=; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D'
zpty -w shell 'show() { print -r "<$BUFFER>" }; zle -N show; bindkey "^X" show "^I" complete-word'
zpty -w shell 'print -r "rea""dy"'
zpty -r shell said '*ready*'
zpty -w -n shell "$*"$'\t\x18'
zpty -r shell said '*<*>*'
print -r -- "$said"
zpty -d shell
"#;
    command.args(["-f", "-c", script, "zsh"]).args(typed);
    command
}
