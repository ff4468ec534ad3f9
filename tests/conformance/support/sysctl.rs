//! The kernel's limits, of the IPC namespace that this process is in.

use super::{Verdict, Worked};
use std::fs;

/// The value of a file in `/proc/sys/kernel`.
pub fn sysctl(name: &str) -> Result<i64, String> {
    let text = fs::read_to_string(path(name)).worked(name)?;
    text.trim().parse().map_err(|_| format!("{name} holds {text:?}, which is no number"))
}

/// Sets it.
pub fn set_sysctl(name: &str, value: i64) -> Verdict {
    fs::write(path(name), value.to_string()).worked(&format!("{name} = {value}"))
}

fn path(name: &str) -> String {
    format!("/proc/sys/kernel/{name}")
}
