//! What holds for all queues together: limits, and how much is in them.

use super::size::Unit;
use msgq::engine::limits::Limits;
use msgq::engine::list::Usage;

/// `ipcs -q -l`.
pub fn limits(limits: &Limits, unit: Unit) -> String {
    let human = unit == Unit::Human;
    let what = if human { "" } else { " (bytes)" };
    let size = |limit: Option<u64>| unit.of(limit.unwrap_or_default());
    format!(
        "------ Messages Limits --------\n\
         max queues system wide = {}\n\
         max size of message{what} = {}\n\
         default max size of queue{what} = {}\n",
        limits.msgmni.unwrap_or_default(),
        size(limits.msgmax),
        size(limits.msgmnb)
    )
}

/// `ipcs -q -u`.
pub fn usage(usage: &Usage, unit: Unit) -> String {
    let bytes = unit.of(usage.bytes as u64);
    let space = match unit {
        Unit::Usual => format!("used space = {bytes} bytes"),
        Unit::Bytes => format!("used space (bytes) = {bytes}"),
        Unit::Human => format!("used space = {bytes}"),
    };
    format!(
        "------ Messages Status --------\n\
         allocated queues = {}\n\
         used headers = {}\n\
         {space}\n",
        usage.queues, usage.messages
    )
}
