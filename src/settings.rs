//! The environment variables, in one table: names, values, meanings.

use crate::engine;
use crate::inject::Rules;
use crate::os;
use std::ffi::CStr;

/// An environment variable that the library reads.
pub struct Variable {
    /// Its name.
    pub name: &'static CStr,
    /// The values it may have, in words.
    pub allowed: &'static str,
    /// What it does, in words.
    pub meaning: &'static str,
}

/// Which engine has the queues.
pub static ENGINE: Variable =
    Variable { name: c"MSGQ_ENGINE", allowed: engine::ALLOWED, meaning: "where the queues live" };

/// Where the shm engine has its queues.
pub static DIRECTORY: Variable = Variable {
    name: c"MSGQ_DIR",
    allowed: "a directory (default: one under /dev/shm for this user and IPC namespace)",
    meaning: "where the shm engine keeps its queues",
};

/// Where the calls are recorded.
pub static TRACE: Variable = Variable {
    name: c"MSGQ_TRACE",
    allowed: "the path of a recording, or of a file to be made",
    meaning: "record every call there; `msgq trace` sets it",
};

/// Whether misuse is reported.
pub static CHECK: Variable = Variable {
    name: c"MSGQ_CHECK",
    allowed: "off (default), warn, abort",
    meaning: "report misuse on standard error; abort: and end the program at the first",
};

/// Where findings are collected.
pub static CHECK_FILE: Variable = Variable {
    name: c"MSGQ_CHECK_FILE",
    allowed: "the path of a file that `msgq check` has made",
    meaning: "collect what MSGQ_CHECK finds there instead; `msgq check` sets it",
};

/// Which calls fail, wait or are struck by a signal.
pub static INJECT: Variable = Variable {
    name: c"MSGQ_INJECT",
    allowed: "up to 16 rules like msgsnd:errno=EAGAIN:nth=3, separated by commas",
    meaning: "inject faults; `--inject` of `msgq trace` and `msgq run` sets it, and tells more",
};

/// Whether calls come here that are looked up in the C library itself.
pub static DEEPBIND: Variable = Variable {
    name: c"MSGQ_DEEPBIND",
    allowed: "on (default), off",
    meaning: "reach libraries that are opened with RTLD_DEEPBIND, as PHP's extensions are",
};

/// Every variable, for help texts.
pub static VARIABLES: [&Variable; 7] =
    [&ENGINE, &DIRECTORY, &TRACE, &CHECK, &CHECK_FILE, &INJECT, &DEEPBIND];

/// What is done about misuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checking {
    /// Nothing.
    Off,
    /// It is reported.
    Warn,
    /// The program ends at the first report.
    Abort,
}

impl Checking {
    const ALL: [Checking; 3] = [Checking::Off, Checking::Warn, Checking::Abort];

    /// Its name, as `MSGQ_CHECK` has it.
    pub fn name(self) -> &'static CStr {
        match self {
            Checking::Off => c"off",
            Checking::Warn => c"warn",
            Checking::Abort => c"abort",
        }
    }
}

/// What the environment asks for.
pub struct Settings {
    /// The engine's number in [`engine::ENGINES`].
    pub engine: usize,
    /// The path of the recording.
    pub trace: Option<&'static CStr>,
    /// What is done to calls.
    pub inject: Rules,
    /// What is done about misuse.
    pub check: Checking,
    /// The path of the file where findings are collected.
    pub check_file: Option<&'static CStr>,
}

/// A value that means nothing.
pub struct Meaningless {
    /// The variable.
    pub variable: &'static Variable,
    /// What it was set to.
    pub value: &'static CStr,
}

impl Settings {
    /// Reads the environment, once, when the library starts.
    pub fn read() -> Result<Settings, Meaningless> {
        let engine = match value(&ENGINE) {
            None => engine::DEFAULT,
            Some(value) => value
                .to_str()
                .ok()
                .and_then(engine::number)
                .ok_or(Meaningless { variable: &ENGINE, value })?,
        };
        let inject = match value(&INJECT) {
            None => Rules::NONE,
            Some(value) => value
                .to_str()
                .ok()
                .and_then(|text| Rules::read(text).ok())
                .ok_or(Meaningless { variable: &INJECT, value })?,
        };
        let check = match value(&CHECK) {
            None => Checking::Off,
            Some(value) => Checking::ALL
                .into_iter()
                .find(|checking| checking.name() == value)
                .ok_or(Meaningless { variable: &CHECK, value })?,
        };
        if let Some(value) = value(&DEEPBIND).filter(|value| ![c"on", c"off"].contains(value)) {
            return Err(Meaningless { variable: &DEEPBIND, value });
        }
        let (trace, check_file) = (value(&TRACE), value(&CHECK_FILE));
        Ok(Settings { engine, trace, check, check_file, inject })
    }

    /// Whether calls come here that are looked up in the C library itself.
    pub fn reaches_deep() -> bool {
        value(&DEEPBIND) != Some(c"off")
    }

    /// A number for where the queues are that ids mean: the same in processes that share them.
    pub(crate) fn realm(&self) -> u32 {
        let directory = value(&DIRECTORY).unwrap_or_default().to_bytes();
        let words = [self.engine as u64, os::ipc_namespace()];
        let bytes = words.iter().flat_map(|word| word.to_ne_bytes());
        let sum = crate::check::places::checksum(bytes.chain(directory.iter().copied()));
        (sum ^ sum >> 32) as u32
    }
}

fn value(variable: &Variable) -> Option<&'static CStr> {
    os::environment(variable.name)
}

impl Meaningless {
    /// One line on standard error: the variable, its value, and what is allowed.
    pub fn complain(&self) {
        os::complain(&[
            b"msgq: ",
            self.variable.name.to_bytes(),
            b"=",
            self.value.to_bytes(),
            b" means nothing here; allowed: ",
            self.variable.allowed.as_bytes(),
            b"; msgget, msgctl, msgsnd and msgrcv fail with ENOSYS",
        ]);
    }
}
