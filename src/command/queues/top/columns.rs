//! What is shown of each queue: the columns, and how they are sorted.

use super::look::{Line, Sleepers};
use crate::command::queues::ipcs::columns::{CBYTES, KEY, MSQID, OWNER, QBYTES, QNUM};
use std::cmp::Ordering;

/// Something that is shown of a queue.
pub struct Column {
    /// Its title; where ipcs(1) has the column, it is the same.
    pub title: &'static str,
    /// What it means, for the help.
    pub meaning: &'static str,
    /// What stands in it.
    pub text: fn(&Line) -> String,
    /// Numbers stand at the right.
    pub is_number: bool,
    /// The queues that are first to be looked at, first.
    pub order: fn(&Line, &Line) -> Ordering,
    /// Where there is no room for all, the one with the highest number goes first. 0: it stays.
    pub leaves: u8,
    /// It may be cut to so many characters.
    pub least: Option<usize>,
}

/// The column of [`ALL`] that queues are sorted by where nobody asks for another.
pub const DEFAULT: usize = 3;

/// From left to right.
pub static ALL: [Column; 11] = [
    Column {
        title: MSQID.title,
        meaning: "the queue's id",
        text: |line| (MSQID.text)(&line.row),
        is_number: false,
        order: |one, other| one.row.msqid.cmp(&other.row.msqid),
        leaves: 0,
        least: None,
    },
    Column {
        title: KEY.title,
        meaning: "its key; 0x00000000 is IPC_PRIVATE",
        text: |line| (KEY.text)(&line.row),
        is_number: false,
        order: |one, other| (KEY.text)(&one.row).cmp(&(KEY.text)(&other.row)),
        leaves: 5,
        least: None,
    },
    Column {
        title: OWNER.title,
        meaning: "whose it is",
        text: |line| (OWNER.text)(&line.row),
        is_number: false,
        order: |one, other| (OWNER.text)(&one.row).cmp(&(OWNER.text)(&other.row)),
        leaves: 7,
        least: None,
    },
    Column {
        title: QNUM.title,
        meaning: "how many messages are in it",
        text: |line| (QNUM.text)(&line.row),
        is_number: true,
        order: |one, other| other.row.data.msg_qnum.cmp(&one.row.data.msg_qnum),
        leaves: 0,
        least: None,
    },
    Column {
        title: "net/s",
        meaning: "messages sent less messages received, a second, since the last look",
        text: |line| line.net.map_or("-".to_string(), net),
        is_number: true,
        order: |one, other| size(other.net).total_cmp(&size(one.net)),
        leaves: 2,
        least: None,
    },
    Column {
        title: CBYTES.title,
        meaning: "how many bytes are in it",
        text: |line| (CBYTES.text)(&line.row),
        is_number: true,
        order: |one, other| other.row.data.msg_cbytes.cmp(&one.row.data.msg_cbytes),
        leaves: 4,
        least: None,
    },
    Column {
        title: QBYTES.title,
        meaning: "how many bytes it holds",
        text: |line| (QBYTES.text)(&line.row),
        is_number: true,
        order: |one, other| other.row.data.msg_qbytes.cmp(&one.row.data.msg_qbytes),
        leaves: 6,
        least: None,
    },
    Column {
        title: "full",
        meaning: "how full it is: used-bytes in percent of qbytes",
        text: |line| format!("{:.0}%", percent(line)),
        is_number: true,
        order: |one, other| percent(other).total_cmp(&percent(one)),
        leaves: 1,
        least: None,
    },
    Column {
        title: "sender",
        meaning: "the last sender's process and its name; ? where it has ended",
        text: |line| line.sender.clone(),
        is_number: false,
        order: |one, other| other.row.data.msg_stime.cmp(&one.row.data.msg_stime),
        leaves: 3,
        least: Some(10),
    },
    Column {
        title: "receiver",
        meaning: "the last receiver's, likewise",
        text: |line| line.receiver.clone(),
        is_number: false,
        order: |one, other| other.row.data.msg_rtime.cmp(&one.row.data.msg_rtime),
        leaves: 3,
        least: Some(10),
    },
    Column {
        title: "asleep",
        meaning: "who sleeps in msgrcv (r) and msgsnd (s); ? where that cannot be seen",
        text: |line| line.sleepers.text(),
        is_number: false,
        order: |one, other| other.sleepers.count().cmp(&one.sleepers.count()),
        leaves: 1,
        least: Some(8),
    },
];

impl Column {
    /// The number in [`ALL`] of the column with this title.
    pub fn called(title: &str) -> Option<usize> {
        ALL.iter().position(|column| column.title == title)
    }
}

/// Sorts queues by the column with this number, and those that are equal there by id.
pub fn sort(lines: &mut [Line], column: usize, reversed: bool) {
    let order = ALL.get(column).unwrap_or(&ALL[DEFAULT]).order;
    lines.sort_by(|one, other| {
        let order = order(one, other);
        let order = if reversed { order.reverse() } else { order };
        order.then(one.row.msqid.cmp(&other.row.msqid))
    });
}

fn net(rate: f64) -> String {
    match rate {
        0.0 => "0".to_string(),
        rate if rate.abs() < 9.95 => format!("{rate:+.1}"),
        rate => format!("{rate:+.0}"),
    }
}

/// How fast a queue changes.
fn size(net: Option<f64>) -> f64 {
    net.unwrap_or_default().abs()
}

fn percent(line: &Line) -> f64 {
    let data = &line.row.data;
    match (data.msg_cbytes, data.msg_qbytes) {
        (0, _) => 0.0,
        // Where IPC_SET has lowered the limit to nothing.
        (_, 0) => 999.0,
        (bytes, limit) => 100.0 * bytes as f64 / limit as f64,
    }
}

impl Sleepers {
    /// How many were seen.
    pub fn count(&self) -> usize {
        self.receiving.len() + self.sending.len()
    }

    /// `2r 17/reader 18/reader 1s 19/writer`.
    pub fn text(&self) -> String {
        let of = |who: &[String], letter| match who.len() {
            0 => None,
            count => Some(format!("{count}{letter} {}", who.join(" "))),
        };
        let some = [of(&self.receiving, 'r'), of(&self.sending, 's')];
        let mut words: Vec<String> = some.into_iter().flatten().collect();
        if self.some_unseen {
            words.push("?".to_string());
        }
        if words.is_empty() { "-".to_string() } else { words.join(" ") }
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::samples;
    use super::*;

    #[test]
    fn the_deepest_queue_is_first_and_the_lowest_id_among_equals() {
        let ids = |column: &str, reversed| {
            let mut lines = [(7, 1), (5, 9), (6, 1)].map(|(id, n)| samples::line(id, n));
            sort(&mut lines, Column::called(column).unwrap(), reversed);
            lines.map(|line| line.row.msqid)
        };
        assert_eq!(ids("messages", false), [5, 6, 7]);
        assert_eq!(ids("messages", true), [6, 7, 5]);
        assert_eq!(ids("msqid", false), [5, 6, 7]);
    }

    #[test]
    fn a_queue_that_may_hold_nothing_is_more_than_full() {
        let mut line = samples::line(5, 1);
        line.row.data.msg_qbytes = 0;
        assert!(percent(&line) > 100.0);
        line.row.data.msg_cbytes = 0;
        assert_eq!(percent(&line), 0.0);
    }
}
