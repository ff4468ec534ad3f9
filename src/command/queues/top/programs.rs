//! The names of processes, as `/proc` has them now.

use crate::command::processes::started;
use crate::command::terminal::escaped;
use nix::unistd::{SysconfVar, sysconf};
use std::collections::HashMap;
use std::fs;

/// What stands for no process.
const NOBODY: &str = "-";

/// A process that is there.
#[derive(Clone)]
struct Program {
    name: String,
    /// When it was started, in seconds since 1970; 0 where that cannot be found out.
    started: i64,
}

/// The processes that were asked for, each looked up once.
pub struct Programs {
    known: HashMap<u32, Option<Program>>,
    /// When the machine was started, in seconds since 1970.
    boot: Option<i64>,
    /// The kernel's ticks in a second.
    ticks: i64,
}

impl Programs {
    /// None yet.
    pub fn new() -> Programs {
        let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
        Programs { known: HashMap::new(), boot: boot(), ticks: ticks.max(1) }
    }

    /// Who made a call at this moment: `4711/worker`; `4711/?` where he is there no more.
    pub fn last(&mut self, process: i32, moment: i64) -> String {
        let Some(process) = u32::try_from(process).ok().filter(|process| *process != 0) else {
            return NOBODY.to_string();
        };
        // Ids are used again. Moments are cut to seconds, and the boot's may be wrong by one.
        let name = self.find(process).filter(|program| program.started <= moment + 1);
        format!("{process}/{}", name.map_or("?", |program| &program.name))
    }

    /// Who makes one now. An id of 0 is that of a process which has none here.
    pub fn now(&mut self, process: u32) -> String {
        match process {
            0 => "elsewhere".to_string(),
            _ => {
                let name = self.find(process).map_or("?", |program| &program.name);
                format!("{process}/{name}")
            }
        }
    }

    fn find(&mut self, process: u32) -> Option<&Program> {
        let (boot, ticks) = (self.boot, self.ticks);
        let look_up = || {
            // A process may call itself anything.
            let name = fs::read(format!("/proc/{process}/comm")).ok()?;
            let name = escaped(name.strip_suffix(b"\n").unwrap_or(&name));
            let since_boot = started(process)? as i64 / ticks;
            Some(Program { name, started: boot.map_or(0, |boot| boot + since_boot) })
        };
        self.known.entry(process).or_insert_with(look_up).as_ref()
    }
}

fn boot() -> Option<i64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    fn now() -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
    }

    #[test]
    fn a_process_has_its_name_and_one_that_took_its_id_later_has_not() {
        let me = std::process::id();
        let comm = fs::read_to_string("/proc/self/comm").unwrap();
        let mut programs = Programs::new();
        assert_eq!(programs.last(me as i32, now()), format!("{me}/{}", comm.trim_end()));
        assert_eq!(programs.now(me), format!("{me}/{}", comm.trim_end()));
        // It cannot have called a day before it was started.
        assert_eq!(programs.last(me as i32, now() - 86_400), format!("{me}/?"));
        assert_eq!(programs.last(0, now()), "-");
        assert_eq!(programs.last(i32::MAX, now()), format!("{}/?", i32::MAX));
    }
}
