//! The processes of a recording. Process ids are used again, so each process has a number of its own.

use super::events::{Began, CallId};
use std::collections::{HashMap, HashSet};

/// A process.
#[derive(Debug, Default)]
pub struct Process {
    /// Its id.
    pub id: u32,
    /// Its name, as far as it is known: at most 15 bytes.
    pub name: String,
    /// The namespace of process ids that it is in; 0 where that is not known.
    pub namespace: u64,
    /// When it was first seen.
    pub since: u64,
    /// When it was seen to have ended.
    pub exited: Option<u64>,
    /// Whether it has ended; it is not always known when.
    pub is_gone: bool,
    /// Whether it lives, as far as could be told when the report was made.
    pub lives: bool,
    /// Its threads that have sent or asked for messages, and are not known to have ended.
    pub threads: HashSet<u32>,
    /// Its calls.
    pub calls: u64,
    /// Messages that it sent.
    pub sent: u64,
    /// Messages that it received.
    pub received: u64,
    /// Its threads that wait in a call which never returned.
    pub waiting: HashMap<u32, CallId>,
}

/// How many threads of a process are told apart.
const MOST_THREADS: usize = 1024;

impl Process {
    /// A thread sends or asks for a message.
    pub fn note_thread(&mut self, thread: u32) {
        if self.threads.len() < MOST_THREADS {
            self.threads.insert(thread);
        }
    }

    /// Whether it does nothing but wait, in so many calls: no other thread of it could send or receive
    /// anything, as far as is known.
    pub fn only_waits(&self, calls: usize) -> bool {
        self.threads.len() == calls && calls < MOST_THREADS
    }
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
        known.filter(|number| !self.all[*number].is_gone).unwrap_or_else(|| {
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

    /// A process was forked, or began a program. Gives its number, and whether its calls before,
    /// if there were any, ended thereby: it is the same process then.
    pub fn began(&mut self, began: &Began) -> (usize, bool) {
        let known = self.by_id.get(&began.process).copied();
        if let Some(number) = known.filter(|_| began.forked) {
            // Whoever had its id before is gone; since when nobody has told.
            self.all[number].is_gone = true;
        }
        let number = self.number(began.process, began.at);
        let process = &mut self.all[number];
        process.threads.clear();
        process.name.clone_from(&began.name);
        process.namespace = began.namespace;
        (number, known == Some(number))
    }

    /// The process that has this id now has ended.
    pub fn exited(&mut self, id: u32, at: u64) {
        if let Some(process) = self.by_id.get(&id).and_then(|number| self.all.get_mut(*number)) {
            process.exited.get_or_insert(at);
            process.is_gone = true;
        }
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
        let began = |at, forked| Began {
            process: 7,
            at,
            forked,
            name: format!("since {at}"),
            namespace: 1,
        };
        let (first, _) = processes.began(&began(0, true));
        assert_eq!(processes.began(&began(1, false)), (first, true), "exec");
        processes.exited(7, 2);
        let second = processes.number(7, 3);
        let (third, _) = processes.began(&began(4, true));
        assert_ne!(second, third);
        assert_ne!(first, second);
        let words = [first, second, third].map(|number| processes.words(number));
        assert_eq!(words, ["7 (since 1)", "7", "7 (since 4)"]);
    }
}
