//! Queues that tests have left behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The keys of `support.h`: this prefix, and the maker's pid in the lower bits.
const PREFIX: i32 = 0x4d00_0000;
const PREFIX_BITS: i32 = 0x7f00_0000;
const PID_BITS: i32 = 0x003f_ffff;

/// msqid and key of every queue that may be a test's: those with its prefix, and private ones.
pub fn queues() -> BTreeMap<i32, i32> {
    let table = fs::read_to_string("/proc/sysvipc/msg").unwrap_or_default();
    let numbers = |line: &str| {
        let mut columns = line.split_whitespace().map(str::parse);
        Some((columns.next()?.ok()?, columns.next()?.ok()?))
    };
    table
        .lines()
        .skip(1)
        .filter_map(numbers)
        .filter(|(key, _)| *key == 0 || key & PREFIX_BITS == PREFIX)
        .map(|(key, msqid)| (msqid, key))
        .collect()
}

/// Whether all queues that came since `before` are gone. Another run of these tests may go on
/// beside this one: its queues have living makers, or go away by themselves in a moment.
pub fn none_since(before: &BTreeMap<i32, i32>) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(3);
    loop {
        let left: Vec<_> = queues()
            .into_iter()
            .filter(|(msqid, key)| !before.contains_key(msqid) && !is_in_use(*key))
            .map(|(msqid, key)| format!("msqid {msqid}, key {key:#x}"))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("queues left behind:\n{}", left.join("\n")));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn is_in_use(key: i32) -> bool {
    key != 0 && Path::new(&format!("/proc/{}", key & PID_BITS)).exists()
}
