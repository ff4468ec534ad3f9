//! A client, and the ways to run it.

use crate::support::{library, msgq, run, strace, text, traced};
use libtest_mimic::Failed;
use std::ffi::OsStr;
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Something that uses queues and prints what it sees.
pub struct Client {
    pub name: &'static str,
    /// The program and its arguments. It runs in a directory of its own.
    pub command: Vec<String>,
    /// A part of what it prints.
    pub shows: &'static str,
    /// What answers with success where the client is installed, and what is to be said where not.
    pub probe: (Vec<String>, &'static str),
    /// What of its output is the same in every run.
    pub tidy: fn(&str) -> String,
    /// The calls that it makes, in order; where there are none here, they are not looked at.
    pub calls: &'static [&'static str],
    /// What `msgq check` finds wrong in it.
    pub finding: Option<&'static str>,
    /// System calls that are to reach the kernel in any case.
    pub kernels: Option<&'static str>,
    /// What it prints on the C library alone.
    pub plain: OnceLock<Result<String, String>>,
}

/// How a client is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// On the C library alone.
    Plain,
    /// Preloaded, over the kernel's queues.
    Preloaded,
    /// Under `msgq trace`.
    Traced,
    /// Under `msgq check`.
    Checked,
    /// Preloaded, on shm.
    Shm,
}

pub const WAYS: [Way; 5] = [Way::Plain, Way::Preloaded, Way::Traced, Way::Checked, Way::Shm];

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Way::Plain => "kernel/plain",
            Way::Preloaded => "kernel/preloaded",
            Way::Traced => "kernel/traced",
            Way::Checked => "kernel/checked",
            Way::Shm => "shm/preloaded",
        }
    }

    /// Those who make many calls in several processes make them in another order each time.
    pub fn is_about(self, client: &Client) -> bool {
        !matches!(self, Way::Traced | Way::Checked) || !client.calls.is_empty()
    }

    /// Why the way cannot be gone on this machine.
    pub fn lacks(self) -> Option<String> {
        let counts = matches!(self, Way::Preloaded | Way::Shm);
        strace::why_not().filter(|_| counts).map(String::from)
    }
}

impl Client {
    /// A client that prints the same in every run. One that hangs is ended.
    pub fn new(
        name: &'static str,
        command: &[&str],
        shows: &'static str,
        (probe, missing): (&[&str], &'static str),
    ) -> Client {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Client {
            name,
            // Whoever is interrupted cleans up.
            command: words(
                &[&["timeout", "--signal", "INT", "--kill-after", "20", "120"], command].concat(),
            ),
            shows,
            probe: (words(probe), missing),
            tidy: str::to_string,
            calls: &[],
            finding: None,
            kernels: None,
            plain: OnceLock::new(),
        }
    }

    /// Why the client cannot be run on this machine.
    pub fn lacks(&self) -> Option<String> {
        let (probe, missing) = &self.probe;
        let answer = Command::new(&probe[0]).args(&probe[1..]).output();
        (!answer.is_ok_and(|answer| answer.status.success())).then(|| (*missing).to_string())
    }

    /// Runs it so; fails where it does not what it is to do.
    pub fn meet(&self, way: Way) -> Result<(), Failed> {
        let place = tempfile::tempdir()?;
        match way {
            Way::Plain => self.plain().map(drop),
            Way::Preloaded => self.preloaded(&place, &[], |count| count > 0),
            Way::Shm => {
                let environment =
                    [("MSGQ_ENGINE", OsStr::new("shm")), ("MSGQ_DIR", place.path().as_os_str())];
                self.preloaded(&place, &environment, |count| count == 0)
            }
            Way::Traced => self.traced(&place),
            Way::Checked => self.checked(&place),
        }
    }

    fn plain(&self) -> Result<&str, Failed> {
        let plain = self.plain.get_or_init(|| {
            let place = tempfile::tempdir().map_err(|error| error.to_string())?;
            let output = run(Command::new(&self.command[0])
                .args(&self.command[1..])
                .current_dir(place.path()));
            let told = self.told(&output);
            match output.status.success() && told.contains(self.shows) {
                true => Ok(told),
                false => Err(format!("{:?} is to be in this:\n{told}", self.shows)),
            }
        });
        plain.as_deref().map_err(Into::into)
    }

    /// `enough`: whether so many calls may reach the kernel.
    fn preloaded(
        &self,
        place: &TempDir,
        environment: &[(&str, &OsStr)],
        enough: impl Fn(usize) -> bool,
    ) -> Result<(), Failed> {
        let log = place.path().join("strace");
        let library = library();
        let environment = [&[("LD_PRELOAD", library.as_os_str())], environment].concat();
        let calls = [Some(strace::QUEUES), self.kernels].into_iter().flatten();
        let calls = calls.collect::<Vec<_>>().join(",");
        let mut command = strace::watch(&calls, &log, &environment);
        let output = run(command.arg("--").args(&self.command).current_dir(place.path()));
        self.compare(&self.told(&output))?;
        let (seen, kept) = (
            strace::count(strace::QUEUES, &log),
            self.kernels.map(|kernels| strace::count(kernels, &log)),
        );
        match enough(seen) && kept != Some(0) {
            true => Ok(()),
            false => {
                Err(format!("{seen} calls reached the kernel, and of {:?}: {kept:?}", self.kernels)
                    .into())
            }
        }
    }

    fn traced(&self, place: &TempDir) -> Result<(), Failed> {
        let file = place.path().join("trace");
        let mut command = msgq();
        command.args(["trace", "-f", "json", "-o"]).arg(&file).arg("--").args(&self.command);
        let output = run(command.current_dir(place.path()));
        self.compare(&self.told(&output))?;
        let shown = std::fs::read_to_string(&file)?;
        match traced::names(&traced::objects(&shown)) == self.calls {
            true => Ok(()),
            false => Err(format!("expected {:?}, shown:\n{shown}", self.calls).into()),
        }
    }

    /// Nothing is changed, and nothing is found but what is there.
    fn checked(&self, place: &TempDir) -> Result<(), Failed> {
        let output =
            run(msgq().args(["check", "--"]).args(&self.command).current_dir(place.path()));
        let told = self.told(&output);
        let (own, findings) = told.split_at(told.find("msgq check: ").unwrap_or(told.len()));
        self.compare(own)?;
        let headlines = findings.lines().filter_map(|line| line.strip_prefix("msgq check: "));
        let headlines: Vec<&str> = headlines.collect();
        let is_right = match (self.finding, &headlines[..]) {
            (None, ["nothing was found"]) => true,
            (Some(finding), [headline, "1 found"]) => headline.starts_with(&format!("{finding}: ")),
            _ => false,
        };
        match is_right {
            true => Ok(()),
            false => Err(format!("expected {:?}:\n{findings}", self.finding).into()),
        }
    }

    /// What it has printed, and how it has ended.
    fn told(&self, output: &Output) -> String {
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        format!("{}{}\n{}", (self.tidy)(&stdout), output.status, (self.tidy)(&stderr))
    }

    fn compare(&self, told: &str) -> Result<(), Failed> {
        let plain = self.plain()?;
        match told == plain {
            true => Ok(()),
            false => Err(format!("alone:\n{plain}\nwith us:\n{told}").into()),
        }
    }
}
