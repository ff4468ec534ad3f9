//! Where the figures come from.

use std::fs;

/// The machine in one line.
pub fn facts() -> String {
    let processor = field("/proc/cpuinfo", "model name");
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let user = nix::unistd::geteuid();
    let memory = field("/proc/meminfo", "MemTotal");
    format!(
        "{processor}, {processors} processors, memory {memory}, Linux {}, uid {user}, load {load}",
        kernel.trim()
    )
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What stands behind the first `name:` of a file.
fn field(path: &str, name: &str) -> String {
    let text = read(path);
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("unknown");
    line.trim_start_matches([':', ' ', '\t']).to_string()
}
