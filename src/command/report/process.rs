//! The processes of a recording. Process ids are used again, so each process has a number of its own.

use super::events::CallId;
use std::collections::HashMap;

/// A process.
#[derive(Debug, Default)]
pub struct Process {
    /// Its id.
    pub id: u32,
    /// Its name, as far as it is known: at most 15 bytes.
    pub name: String,
    /// When it was first seen.
    pub since: u64,
    /// When it was seen to have ended.
    pub exited: Option<u64>,
    /// When it last began a call.
    pub active: u64,
    /// Its calls.
    pub calls: u64,
    /// Messages that it sent.
    pub sent: u64,
    /// Messages that it received.
    pub received: u64,
    /// Its threads that wait in a call which never returned.
    pub waiting: HashMap<u32, CallId>,
}

/// All processes.
#[derive(Debug, Default)]
pub struct Processes {
    all: Vec<Process>,
    by_id: HashMap<u32, usize>,
}

impl Processes {
    /// All, by number.
    pub fn all(&self) -> &[Process] {
        &self.all
    }

    /// The number of the process that has this id now.
    pub fn number(&mut self, id: u32, at: u64) -> usize {
        let known = self.by_id.get(&id).copied();
        known.filter(|number| self.all[*number].exited.is_none()).unwrap_or_else(|| {
            self.all.push(Process { id, since: at, ..Process::default() });
            self.by_id.insert(id, self.all.len() - 1);
            self.all.len() - 1
        })
    }

    /// A process of this number.
    pub fn get(&self, number: usize) -> &Process {
        &self.all[number]
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, number: usize) -> &mut Process {
        &mut self.all[number]
    }

    /// A process was forked. Whoever had its id before is gone.
    pub fn forked(&mut self, id: u32, at: u64, name: String) -> usize {
        if let Some(number) = self.by_id.get(&id).copied()
            && self.all[number].calls > 0
        {
            self.all[number].exited.get_or_insert(at);
        }
        self.began(id, at, name)
    }

    /// A process began a program.
    pub fn began(&mut self, id: u32, at: u64, name: String) -> usize {
        let number = self.number(id, at);
        self.all[number].name = name;
        number
    }

    /// A process in words: `4242 (perl)`.
    pub fn words(&self, number: usize) -> String {
        match self.all.get(number) {
            Some(Process { id, name, .. }) if name.is_empty() => id.to_string(),
            Some(Process { id, name, .. }) => format!("{id} ({name})"),
            None => "an unknown process".to_string(),
        }
    }
}

/// Some processes, by number: the first so many.
#[derive(Clone, Debug, Default)]
pub struct Group {
    members: Vec<usize>,
    /// Whether there were more.
    pub more: bool,
}

/// How many processes of a group are remembered.
const MOST_MEMBERS: usize = 64;

impl Group {
    /// Adds one.
    pub fn add(&mut self, process: usize) {
        if self.members.last() == Some(&process) || self.members.contains(&process) {
            return;
        }
        if self.members.len() == MOST_MEMBERS {
            self.more = true;
        } else {
            self.members.push(process);
        }
    }

    /// Those that are remembered.
    pub fn members(&self) -> &[usize] {
        &self.members
    }

    /// Both groups.
    pub fn and(mut self, other: &Group) -> Group {
        other.members.iter().for_each(|member| self.add(*member));
        self.more |= other.more;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_used_again_is_another_process() {
        let mut processes = Processes::default();
        let first = processes.began(7, 0, "one".to_string());
        assert_eq!(processes.number(7, 1), first);
        processes.get_mut(first).exited = Some(2);
        let second = processes.number(7, 3);
        assert_ne!(first, second);
        assert_eq!(
            (processes.words(first).as_str(), processes.words(second).as_str()),
            ("7 (one)", "7")
        );
    }
}
