//! A look at an engine's queues, and what has become of them since the look before.

use super::programs::Programs;
use crate::command::queues::ipcs::columns::Row;
use crate::command::queues::ipcs::people::People;
use crate::command::show::structures::QueueData;
use msgq::engine::asleep::{Asleep, Sleeper};
use msgq::engine::{Engine, list};
use msgq::errno::Errno;
use std::collections::HashMap;
use std::time::Instant;

/// A queue, as it was found.
pub struct Line {
    /// What msgctl(2) tells of it, and whose it is.
    pub row: Row,
    /// By how many messages it has grown in a second since the look before, less than 0 where it has
    /// shrunk. Nothing where it was not there before.
    pub net: Option<f64>,
    /// Who sent last.
    pub sender: String,
    /// Who received last.
    pub receiver: String,
    /// Who sleeps in a call on it.
    pub sleepers: Sleepers,
}

/// Who sleeps in calls on a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sleepers {
    /// Those who wait for a message.
    pub receiving: Vec<String>,
    /// Those who wait for room.
    pub sending: Vec<String>,
    /// There may be others.
    pub some_unseen: bool,
}

/// What was seen.
pub struct Look {
    /// The queues.
    pub lines: Vec<Line>,
    /// Why nobody, or not everybody, is seen to sleep.
    pub blind: Option<&'static str>,
}

/// Looks at the queues again and again.
pub struct Watch {
    /// Whose queues.
    pub engine: &'static dyn Engine,
    people: People,
    /// When the last look was, and how many messages each queue had then.
    before: Option<(Instant, HashMap<i32, u64>)>,
}

impl Watch {
    /// No look yet.
    pub fn new(engine: &'static dyn Engine) -> Watch {
        Watch { engine, people: People::default(), before: None }
    }

    /// Looks.
    pub fn look(&mut self) -> Result<Look, Errno> {
        let queues = list::queues(self.engine)?;
        let now = Instant::now();
        let mut programs = Programs::new();
        let asleep = self.engine.asleep();
        let blind = match &asleep {
            None => Some("this system does not tell who is asleep"),
            Some(Asleep { some_unseen: true, .. }) => {
                Some("not permitted to see of all processes whether they are asleep")
            }
            Some(_) => None,
        };
        let mut sleepers = by_queue(asleep, &mut programs);
        let read = |(msqid, data): (i32, list::Data)| Some((msqid, QueueData::read(&data.0)?));
        let lines: Vec<Line> = queues
            .into_iter()
            .filter_map(read)
            .map(|(msqid, data)| Line {
                net: self.net(msqid, data.msg_qnum, now),
                sender: programs.last(data.msg_lspid, data.msg_stime),
                receiver: programs.last(data.msg_lrpid, data.msg_rtime),
                sleepers: Sleepers {
                    some_unseen: blind.is_some(),
                    ..sleepers.remove(&msqid).unwrap_or_default()
                },
                row: self.people.row(msqid, data),
            })
            .collect();
        let messages = lines.iter().map(|line| (line.row.msqid, line.row.data.msg_qnum));
        self.before = Some((now, messages.collect()));
        Ok(Look { lines, blind })
    }

    fn net(&self, msqid: i32, messages: u64, now: Instant) -> Option<f64> {
        let (then, before) = self.before.as_ref()?;
        let seconds = now.duration_since(*then).as_secs_f64();
        let grown = messages as f64 - *before.get(&msqid)? as f64;
        (seconds > 0.0).then_some(grown / seconds)
    }
}

fn by_queue(asleep: Option<Asleep>, programs: &mut Programs) -> HashMap<i32, Sleepers> {
    let mut queues: HashMap<i32, Sleepers> = HashMap::new();
    for Sleeper { msqid, sends, process, .. } in asleep.unwrap_or_default().threads {
        let queue = queues.entry(msqid).or_default();
        let who = programs.now(process);
        if sends { queue.sending.push(who) } else { queue.receiving.push(who) }
    }
    queues
}

#[cfg(test)]
pub mod samples {
    use super::*;
    use crate::command::queues::ipcs::columns::Names;
    use crate::command::show::structures::Permissions;

    /// A queue with so many messages of ten bytes.
    pub fn line(msqid: i32, messages: u64) -> Line {
        let msg_perm =
            Permissions { key: 0x4d2, uid: 0, gid: 0, cuid: 0, cgid: 0, mode: 0o600, seq: 0 };
        let data = QueueData {
            msg_perm,
            msg_stime: 1_700_000_000,
            msg_rtime: 0,
            msg_ctime: 0,
            msg_cbytes: messages * 10,
            msg_qnum: messages,
            msg_qbytes: 16384,
            msg_lspid: 4711,
            msg_lrpid: 0,
        };
        let user = Some("root".to_string());
        let names = Names { user, group: None, creator: None, creators_group: None };
        Line {
            row: Row { msqid, data, names },
            net: Some(0.0),
            sender: "4711/worker".to_string(),
            receiver: "-".to_string(),
            sleepers: Sleepers::default(),
        }
    }
}
