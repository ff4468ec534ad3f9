//! A queue: what is in it, what was done with it, and sums over its messages.

use super::contents::{Contents, Held};
use super::events::{Call, Selector};
use super::life::Life;
use super::process::Group;
use super::series::Series;
use super::sums::{Budget, Times};
use std::collections::BTreeMap;

/// How many types of a queue have sums of their own.
const MOST_TYPES: usize = 1024;

/// How many types of a queue that is removed keep theirs.
const MOST_TYPES_REMOVED: usize = 10;

/// How many selectors are remembered besides those that name one type.
const MOST_SELECTORS: usize = 64;

/// Sums over messages: of one type, or of all.
#[derive(Debug, Default)]
pub struct Sums {
    /// Messages sent, and their bytes.
    pub sent: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Messages received.
    pub received: u64,
    /// How many of those have a send.
    pub linked: u64,
    /// How many of these links are certain.
    pub certain: u64,
    /// How long they lay in the queue.
    pub residence: Times,
    /// Who sent one last, and when.
    pub last_sender: Option<(usize, u64)>,
    /// Who ever sent one.
    pub senders: Group,
    /// Whether anybody ever asked for this very type.
    pub asked: bool,
}

/// What one link adds to the sums.
#[derive(Clone, Copy)]
pub struct Linked {
    /// How long the message lay in the queue, in nanoseconds.
    pub residence: u64,
    /// Whether the link is certain.
    pub certain: bool,
}

impl Sums {
    fn sent(&mut self, size: u64, process: usize, at: u64) {
        self.sent += 1;
        self.bytes = self.bytes.saturating_add(size);
        self.last_sender = Some((process, at));
        self.senders.add(process);
    }

    fn received(&mut self, link: Option<Linked>, budget: &mut Budget) {
        self.received += 1;
        if let Some(Linked { residence, certain }) = link {
            self.linked += 1;
            self.certain += u64::from(certain);
            self.residence.add(residence, budget);
        }
    }
}

/// How long some calls waited.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waited {
    /// How many calls waited.
    pub calls: u64,
    /// How long, together: nanoseconds.
    pub sum: u64,
    /// How long the longest did.
    pub max: u64,
}

impl Waited {
    /// Adds a call.
    pub fn add(&mut self, nanoseconds: u64) {
        self.calls += 1;
        self.sum = self.sum.saturating_add(nanoseconds);
        self.max = self.max.max(nanoseconds);
    }
}

/// A queue.
#[derive(Debug)]
pub struct Queue {
    /// Its id.
    pub id: i32,
    /// Who made it, and what became of it.
    pub life: Life,
    /// What is in it.
    pub contents: Contents,
    /// How many sends and receives are under way that return.
    pub under_way: usize,
    /// Sums by type.
    pub types: BTreeMap<i64, Sums>,
    /// Those of the types that found no place there.
    pub other_types: Sums,
    /// How many types were given up since.
    pub types_dropped: u64,
    /// Sums over all types.
    pub all: Sums,
    /// What was asked for, besides single types.
    selectors: Vec<Selector>,
    /// Who ever received.
    pub receivers: Group,
    /// Who ever called.
    pub users: Group,
    /// Who made room last, and when.
    pub room: Option<(usize, u64)>,
    /// How long senders waited because it was full.
    pub senders_waited: Waited,
    /// How long receivers waited because nothing matched.
    pub receivers_waited: Waited,
    /// Its depth over time.
    pub series: Series,
    /// Messages that it held when it was removed, and their bytes.
    pub dropped: Held,
    /// What it held when the recording ended, where that was noted.
    pub at_end: Option<Held>,
}

impl Queue {
    /// A queue that is seen for the first time.
    pub fn new(id: i32, at: u64) -> Queue {
        Queue {
            id,
            life: Life::new(at),
            contents: Contents::default(),
            under_way: 0,
            types: BTreeMap::new(),
            other_types: Sums::default(),
            types_dropped: 0,
            all: Sums::default(),
            selectors: Vec::new(),
            receivers: Group::default(),
            users: Group::default(),
            room: None,
            senders_waited: Waited::default(),
            receivers_waited: Waited::default(),
            series: Series::new(at),
            dropped: Held::default(),
            at_end: None,
        }
    }

    /// What it held when it was removed, or when the recording ended.
    pub fn left(&self) -> Held {
        match self.life.removed {
            Some(_) => self.dropped,
            None => self.at_end.unwrap_or_else(|| self.contents.held()),
        }
    }

    /// Whether any call in the recording was about it.
    pub fn is_used(&self) -> bool {
        !self.users.members().is_empty()
    }

    /// The sums of a type.
    fn of_type(&mut self, mtype: i64) -> &mut Sums {
        if self.types.len() >= MOST_TYPES && !self.types.contains_key(&mtype) {
            return &mut self.other_types;
        }
        self.types.entry(mtype).or_default()
    }

    /// A message was sent.
    pub fn sent(&mut self, call: &Call, process: usize, at: u64) {
        self.all.sent(call.msgsz, process, at);
        if let Some(mtype) = call.mtype {
            self.of_type(mtype).sent(call.msgsz, process, at);
        }
        self.series.sent(at);
        self.sample(at);
    }

    /// A message was received.
    pub fn received(
        &mut self,
        call: &Call,
        process: usize,
        at: u64,
        link: Option<Linked>,
        budget: &mut Budget,
    ) {
        self.all.received(link, budget);
        if let Some(mtype) = call.mtype {
            self.of_type(mtype).received(link, budget);
        }
        self.receivers.add(process);
        self.room = Some((process, at));
        self.series.received(at);
        self.sample(at);
    }

    /// What it holds.
    pub fn depth(&self) -> Held {
        let held = self.contents.held();
        // A message is gone before its msgrcv has returned, and its place may be taken.
        let bytes = self.contents.qbytes.map_or(held.bytes, |qbytes| held.bytes.min(qbytes));
        Held { bytes, ..held }
    }

    /// Notes the depth at this moment.
    pub fn sample(&mut self, at: u64) {
        let Held { messages, bytes } = self.depth();
        self.series.depth(at, messages, bytes);
    }

    /// Somebody asks for messages.
    pub fn asked(&mut self, selector: Selector) {
        match selector {
            Selector::Exact(mtype) => self.of_type(mtype).asked = true,
            other if self.selectors.contains(&other) => (),
            other if self.selectors.len() < MOST_SELECTORS => self.selectors.push(other),
            _ => (),
        }
    }

    /// Keeps only the types with the most messages, once it is removed.
    pub fn condense(&mut self, budget: &mut Budget) {
        let mut types: Vec<(u64, i64)> =
            self.types.iter().map(|(mtype, sums)| (sums.sent + sums.received, *mtype)).collect();
        types.sort_unstable_by(|one, other| other.cmp(one));
        for (_, mtype) in types.into_iter().skip(MOST_TYPES_REMOVED) {
            if let Some(sums) = self.types.remove(&mtype) {
                self.types_dropped += 1;
                budget.take_back(&sums.residence);
            }
        }
    }

    /// Gives up what another queue may need, once it is not told of any more.
    pub fn forget(&self, budget: &mut Budget) {
        let types = self.types.values().chain([&self.all, &self.other_types]);
        types.for_each(|sums| budget.take_back(&sums.residence));
    }

    /// Whether anybody ever asked for something that a message of this type is.
    pub fn is_read(&self, mtype: i64) -> bool {
        let sums = self.types.get(&mtype).unwrap_or(&self.other_types);
        sums.asked || self.selectors.iter().any(|selector| selector.takes(mtype))
    }

    /// Who sent a message last that would be taken, and when.
    pub fn last_sender(&self, selector: Selector) -> Option<(usize, u64)> {
        match selector {
            Selector::Any => self.all.last_sender,
            Selector::Exact(mtype) => self.types.get(&mtype)?.last_sender,
            selector => {
                let matching = self.types.iter().filter(|(mtype, _)| selector.takes(**mtype));
                matching.filter_map(|(_, sums)| sums.last_sender).max_by_key(|(_, at)| *at)
            }
        }
    }

    /// Who ever sent a message that would be taken.
    pub fn senders(&self, selector: Selector) -> Group {
        match selector {
            Selector::Any => self.all.senders.clone(),
            Selector::Exact(mtype) => {
                self.types.get(&mtype).map(|sums| sums.senders.clone()).unwrap_or_default()
            }
            selector => {
                let matching = self.types.iter().filter(|(mtype, _)| selector.takes(**mtype));
                matching.fold(Group::default(), |all, (_, sums)| all.and(&sums.senders))
            }
        }
    }
}
