//! Traces for Perfetto: written by `msgq report --perfetto` and `msgq trace -f perfetto`, decoded here, and
//! asked in SQL by Perfetto's own trace processor. Where that is not installed, its tests are listed as
//! ignored: `python3` needs what `tests/perfetto/requirements.txt` names (MSGQ_TEST_PYTHON names another
//! python), and there must be `node`.

#[path = "../src/command/report/perfetto/messages.rs"]
#[allow(dead_code)] // Here nothing is written.
mod messages;
#[path = "perfetto/outputs.rs"]
mod outputs;
#[path = "perfetto/programs.rs"]
mod programs;
#[path = "../src/command/report/perfetto/replay.rs"]
mod replay;
#[path = "perfetto/runs.rs"]
mod runs;
#[path = "perfetto/sql.rs"]
mod sql;
mod support;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let missing = sql::why_not();
    if let Some(reason) = &missing {
        println!("Perfetto's trace processor: {reason}");
    }
    let decoded = runs::TRIALS.iter().chain(&outputs::TRIALS);
    let decoded = decoded.map(|(name, test)| Trial::test(*name, test));
    let asked = sql::TRIALS.iter().map(|(name, test)| {
        let is_missing = missing.is_some();
        Trial::test(format!("sql/{name}"), test).with_ignored_flag(is_missing)
    });
    libtest_mimic::run(&arguments, decoded.chain(asked).collect()).exit();
}
