//! Libraries that look in the C library first: opened with RTLD_DEEPBIND, or asking it by name.
//!
//! The program of these tests opens a library in every mode that dlopen(3) has, and prints what it
//! finds. That has to be the same as on the C library alone; and on shm no call may reach the kernel.

mod support;

#[path = "deepbind/sources.rs"]
mod sources;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use support::{compile, library, run, strace, text};
use tempfile::TempDir;

/// The program, the libraries that it opens and those that are preloaded.
struct Fixture {
    directory: TempDir,
    /// By what it was linked with.
    programs: [PathBuf; 3],
    /// Wraps the four calls, and asks for the next definition when it is called.
    wrapper: PathBuf,
    /// Wraps them, too, and asks for those of the library that it opens by the C library's name.
    wrapper_by_name: PathBuf,
    plain: OnceLock<String>,
}

/// A way to run the program.
struct Case {
    name: &'static str,
    built: Built,
    preloaded: &'static [Preloaded],
    settings: &'static [Setting],
    /// Whether libraries with RTLD_DEEPBIND pass the library by.
    passed_by: bool,
    /// Whether they have other calls than everybody.
    apart: bool,
}

/// What the program was linked with.
#[derive(Clone, Copy)]
enum Built {
    Alone,
    /// `-lmsgq`
    Linked,
    /// `libmsgq.a`
    Archive,
}
use Built::{Alone, Archive, Linked};

#[derive(Clone, Copy)]
enum Preloaded {
    Msgq,
    Wrapper,
    WrapperByName,
}
use Preloaded::{Msgq, Wrapper, WrapperByName};

/// A variable and its value.
type Setting = (&'static str, &'static str);

const SHM: Setting = ("MSGQ_ENGINE", "shm");
const OFF: Setting = ("MSGQ_DEEPBIND", "off");

/// How many calls the program makes, half of them in libraries with RTLD_DEEPBIND.
const ALL: usize = 160;
const DEEP: usize = ALL / 2;

/// The library is reached by all.
const fn all(
    name: &'static str,
    built: Built,
    preloaded: &'static [Preloaded],
    settings: &'static [Setting],
) -> Case {
    Case { name, built, preloaded, settings, passed_by: false, apart: false }
}

/// The library is reached by all, but those with RTLD_DEEPBIND pass by what stands before it, as they
/// do without it.
const fn behind(
    name: &'static str,
    preloaded: &'static [Preloaded],
    settings: &'static [Setting],
) -> Case {
    Case { name, built: Alone, preloaded, settings, passed_by: false, apart: true }
}

/// Libraries with RTLD_DEEPBIND pass it by.
const fn not_deep(
    name: &'static str,
    preloaded: &'static [Preloaded],
    settings: &'static [Setting],
) -> Case {
    Case { name, built: Alone, preloaded, settings, passed_by: true, apart: true }
}

const CASES: [Case; 14] = [
    all("kernel/preloaded", Alone, &[Msgq], &[]),
    all("kernel/linked", Linked, &[], &[]),
    behind("kernel/wrapper_before", &[Wrapper, Msgq], &[]),
    behind("kernel/wrapper_by_name_before", &[WrapperByName, Msgq], &[]),
    not_deep("kernel/wrapper_behind", &[Msgq, Wrapper], &[]),
    not_deep("kernel/off", &[Msgq], &[OFF]),
    all("shm/preloaded", Alone, &[Msgq], &[SHM]),
    all("shm/linked", Linked, &[], &[SHM]),
    all("shm/linked_and_preloaded", Linked, &[Msgq], &[SHM]),
    all("shm/archive_and_preloaded", Archive, &[Msgq], &[SHM]),
    behind("shm/wrapper_before", &[Wrapper, Msgq], &[SHM]),
    behind("shm/wrapper_by_name_before", &[WrapperByName, Msgq], &[SHM]),
    all("shm/wrapper_behind", Alone, &[Msgq, Wrapper], &[SHM]),
    not_deep("shm/off", &[Msgq], &[SHM, OFF]),
];

impl Case {
    /// How many calls are to reach the kernel.
    fn kernels(&self) -> usize {
        match (self.settings.contains(&SHM), self.passed_by) {
            (false, _) => ALL,
            (true, true) => DEEP,
            (true, false) => 0,
        }
    }
}

fn main() {
    let fixture = Arc::new(Fixture::build());
    let mut trials: Vec<Trial> = CASES
        .iter()
        .map(|case| {
            let fixture = Arc::clone(&fixture);
            trial(&format!("every_mode/{}", case.name), move || fixture.every_mode(case))
        })
        .collect();
    let shared = Arc::clone(&fixture);
    trials.push(trial(
        "a_function_of_the_programs_own_that_is_called_msgget_stays_its_own",
        move || shared.namesake(),
    ));
    let shared = Arc::clone(&fixture);
    trials.push(trial("every_call_is_recorded", move || shared.recorded()));
    let shared = Arc::clone(&fixture);
    trials
        .push(trial("symbols_that_cannot_be_changed_are_told_of_on_shm", move || shared.refused()));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn trial(name: &str, test: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match strace::why_not() {
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => test().map(|()| Completion::Completed),
    })
}

impl Fixture {
    /// `program`, `plugins/libplugin.so`, `plugins/parts/libpart.so`: each finds the next by a path
    /// relative to its own.
    fn build() -> Fixture {
        let directory = tempfile::tempdir().expect("a directory");
        let plugins = directory.path().join("plugins");
        let parts = plugins.join("parts");
        std::fs::create_dir_all(&parts).expect("directories");
        let shared = ["-shared", "-fPIC"];
        compile(&parts, "libpart.so", sources::PART, &shared);
        let place = format!("-L{}", parts.display());
        let found = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/parts";
        compile(
            &plugins,
            "libplugin.so",
            sources::PLUGIN,
            &["-shared", "-fPIC", &place, "-lpart", found],
        );
        let wrapper = compile(directory.path(), "wrapper.so", sources::WRAPPER, &shared);
        let by_name = [&shared[..], &["-DBY_NAME"]].concat();
        let wrapper_by_name =
            compile(directory.path(), "wrapper_by_name.so", sources::WRAPPER, &by_name);
        let found = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/plugins:$ORIGIN";
        let built = library();
        std::os::unix::fs::symlink(&built, directory.path().join("libmsgq.so.0")).expect("a link");
        let shared = built.display().to_string();
        let archive = built.with_extension("a").display().to_string();
        let needed = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm"];
        let program = |name, link: &[&str]| {
            let extra = [&["-rdynamic", "-ldl", found], link].concat();
            compile(directory.path(), name, sources::PROGRAM, &extra)
        };
        let programs = [
            program("alone", &[]),
            program("linked", &["-Wl,--no-as-needed", &shared]),
            program("archive", &[&["-Wl,-u,msgget", &archive][..], &needed].concat()),
        ];
        Fixture { directory, programs, wrapper, wrapper_by_name, plain: OnceLock::new() }
    }

    fn program(&self, built: Built) -> &Path {
        &self.programs[built as usize]
    }

    /// What the program prints on the C library alone.
    fn plain(&self) -> Result<&str, Failed> {
        let output = self.plain.get_or_init(|| {
            let output = run(&mut Command::new(self.program(Alone)));
            text(&output.stdout) + &text(&output.stderr)
        });
        let in_each_mode = output.matches("used: 1, everybody's calls: 1").count();
        match in_each_mode {
            32 => Ok(output),
            _ => Err(format!("not used in each of 32 modes:\n{output}").into()),
        }
    }

    fn every_mode(&self, case: &Case) -> Result<(), Failed> {
        let place = tempfile::tempdir_in(self.directory.path())?;
        let log = place.path().join("strace");
        let output = run(self
            .watched(case, place.path(), &log, strace::QUEUES)
            .arg("--")
            .arg(self.program(case.built)));
        same("standard error", &text(&output.stderr), &String::new())?;
        same("standard output", &text(&output.stdout), &self.expected(case.apart)?)?;
        same("calls that reached the kernel", &strace::count(strace::QUEUES, &log), &case.kernels())
    }

    /// strace around a program in this case.
    fn watched(&self, case: &Case, place: &Path, log: &Path, calls: &str) -> Command {
        let path = |preloaded: &Preloaded| match preloaded {
            Msgq => library().display().to_string(),
            Wrapper => self.wrapper.display().to_string(),
            WrapperByName => self.wrapper_by_name.display().to_string(),
        };
        let list = case.preloaded.iter().map(path).collect::<Vec<_>>().join(":");
        let mut environment =
            vec![("LD_PRELOAD", OsStr::new(&list)), ("MSGQ_DIR", place.as_os_str())];
        environment.extend(case.settings.iter().map(|(name, value)| (*name, OsStr::new(*value))));
        strace::watch(calls, log, &environment)
    }

    /// What the program is to print. `apart`: libraries with RTLD_DEEPBIND and the C library have other
    /// calls than everybody.
    fn expected(&self, apart: bool) -> Result<String, Failed> {
        let plain = self.plain()?;
        let line = |line: &str| match apart
            && (line.contains("deepbind") || line.contains("by name"))
        {
            true => line.replace("calls: 1", "calls: 0").replace("by name: 1", "by name: 0") + "\n",
            false => line.to_string() + "\n",
        };
        Ok(plain.lines().map(line).collect())
    }

    /// Every call of every plug-in comes through the library also where the kernel answers it.
    fn recorded(&self) -> Result<(), Failed> {
        let told =
            support::traced::calls(&[], &[self.program(Alone).to_str().expect("a path in UTF-8")]);
        match told.len() == ALL {
            true => Ok(()),
            false => Err(format!("{} calls in place of {ALL}", told.len()).into()),
        }
    }

    /// A program may have functions of these names that have nothing to do with queues. A library with
    /// RTLD_DEEPBIND never meets them.
    fn namesake(&self) -> Result<(), Failed> {
        let place = tempfile::tempdir_in(self.directory.path())?;
        let found = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../plugins";
        let program = compile(place.path(), "namesake", sources::NAMESAKE, &["-ldl", found]);
        let (preloaded, log) = (library(), place.path().join("strace"));
        let shm = [
            ("LD_PRELOAD", preloaded.as_os_str()),
            ("MSGQ_ENGINE", OsStr::new("shm")),
            ("MSGQ_DIR", place.path().as_os_str()),
        ];
        let output = run(strace::watch(strace::QUEUES, &log, &shm).arg("--").arg(program));
        same("standard output", &text(&output.stdout), &"used: 1\nour own: 5\n".to_string())?;
        same("calls that reached the kernel", &strace::count(strace::QUEUES, &log), &0)
    }

    /// Where the kernel does not let the C library's symbols be changed, nothing is, and a line says so.
    fn refused(&self) -> Result<(), Failed> {
        let place = tempfile::tempdir_in(self.directory.path())?;
        let log = place.path().join("strace");
        let case = |settings| not_deep("", &[Msgq], settings);
        let off = case(&[SHM, OFF]);
        run(self
            .watched(&off, place.path(), &log, "mprotect")
            .arg("--")
            .arg(self.program(Alone))
            .arg("nothing"));
        let before = strace::count("mprotect", &log);
        let on = case(&[SHM]);
        let calls = format!("mprotect,{}", strace::QUEUES);
        let refuse = format!("inject=mprotect:error=EACCES:when={}", before + 1);
        let mut command = self.watched(&on, place.path(), &log, &calls);
        let output = run(command.args(["-e", &refuse, "--"]).arg(self.program(Alone)));
        same("standard output", &text(&output.stdout), &self.expected(true)?)?;
        same("calls that reached the kernel", &strace::count(strace::QUEUES, &log), &DEEP)?;
        let told = text(&output.stderr);
        let is_told = told
            .starts_with("msgq: libraries opened with RTLD_DEEPBIND have the kernel's queues")
            && told.ends_with("Permission denied\n");
        match is_told && told.lines().count() == 1 {
            true => Ok(()),
            false => Err(format!("standard error:\n{told}").into()),
        }
    }
}

/// Fails where the two differ.
fn same<T: PartialEq + std::fmt::Display>(what: &str, seen: &T, wanted: &T) -> Result<(), Failed> {
    match seen == wanted {
        true => Ok(()),
        false => Err(format!("{what}: wanted\n{wanted}\nseen\n{seen}").into()),
    }
}
