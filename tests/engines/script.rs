//! Makes up random calls: mostly such as programs make, and some that make no sense.

use super::call::{Call, Function, MSG_STAT_ANY, Place, Set};
use super::comparison::Measure;
use super::perform::Limits;
use super::random::Random;
use super::sides::{Step, Target};
use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, MSG_COPY, MSG_EXCEPT, MSG_NOERROR, c_int, c_long};

/// What the calls are chosen from.
pub struct Choice {
    pub limits: Limits,
    pub measure: Measure,
    /// How many make calls.
    pub actors: usize,
    /// Who makes all the IPC_SETs; nothing where everybody does.
    pub setter: Option<usize>,
    /// Whether everybody looks at every queue, permitted or not.
    pub looks_at_any: bool,
    /// Owners that IPC_SET chooses from.
    pub owners: Vec<u32>,
    /// Whether the kernel of this machine knows MSG_COPY.
    pub copies: bool,
}

/// A script that goes on for ever.
pub struct Script {
    random: Random,
    choice: Choice,
    /// Numbers of the queues there are.
    live: Vec<usize>,
    /// Numbers of queues removed not long ago.
    gone: Vec<usize>,
    label: u64,
}

/// As many queues are kept at most, but for those that a key still makes.
const MOST_QUEUES: usize = 6;

/// As many keys are in use.
pub const KEYS: u64 = 4;

/// Sizes at which the kernel splits a message into pages, and their neighbours.
const EDGES: [usize; 12] = [4047, 4048, 4049, 4056, 4080, 4088, 4096, 8128, 8135, 8136, 8137, 8144];

const ABSURD_SIZES: [usize; 6] =
    [usize::MAX, 1 << 63, isize::MAX as usize, 1 << 31, (1 << 32) + 5, i32::MAX as usize];

impl Script {
    pub fn new(seed: u64, choice: Choice) -> Script {
        Script { random: Random::new(seed), choice, live: vec![], gone: vec![], label: 0 }
    }

    /// The queues there are.
    pub fn live(&self) -> &[usize] {
        &self.live
    }

    /// A queue was made.
    pub fn made(&mut self, queue: usize) {
        self.live.push(queue);
    }

    /// A queue was removed.
    pub fn removed(&mut self, queue: usize) {
        self.live.retain(|live| *live != queue);
        self.gone.push(queue);
        if self.gone.len() > 8 {
            self.gone.remove(0);
        }
    }

    /// The next call.
    pub fn next(&mut self) -> Step {
        let actor = self.random.below(self.choice.actors as u64) as usize;
        let (target, call) = match self.random.below(100) {
            _ if self.live.is_empty() && !self.random.one_in(4) => self.get(),
            0..5 => self.get(),
            5..25 => self.control(),
            25..63 => (self.queue(), self.send()),
            _ => (self.queue(), self.receive()),
        };
        let is_set = call.function == Function::Control && call.flags == libc::IPC_SET;
        let actor = self.choice.setter.filter(|_| is_set).unwrap_or(actor);
        Step { actor, target, call: Call { place: self.place(&call), ..call } }
    }

    fn get(&mut self) -> (Target, Call) {
        let random = &mut self.random;
        let permissions = random.pick(&[0o600, 0o600, 0o666, 0o640, 0o400, 0o200, 0o111, 0]);
        let bits = random.pick(&[IPC_CREAT, IPC_CREAT, IPC_CREAT | IPC_EXCL, IPC_EXCL, 0]);
        let unknown = if random.one_in(10) { random.next() as c_int & !0o3777 } else { 0 };
        let key = if random.one_in(3) && self.live.len() < MOST_QUEUES {
            Target::Private
        } else {
            Target::Key(random.below(KEYS) as u8)
        };
        (key, Call::get(0, permissions | bits | unknown))
    }

    /// A queue that there is, mostly.
    fn queue(&mut self) -> Target {
        let random = &mut self.random;
        match random.below(60) {
            0 => Target::Number(random.pick(&[-1, c_int::MIN, c_int::MAX, -32768])),
            1 if !self.live.is_empty() => Target::Elder(random.pick(&self.live)),
            2 if !self.gone.is_empty() => Target::Queue(random.pick(&self.gone)),
            // An index without its sequence number may be the id of somebody else's queue.
            3 if !self.live.is_empty() && self.choice.measure == Measure::AllQueues => {
                Target::Index(random.pick(&self.live))
            }
            _ if self.live.is_empty() => Target::Number(-1),
            _ => Target::Queue(random.pick(&self.live)),
        }
    }

    fn control(&mut self) -> (Target, Call) {
        let random = &mut self.random;
        let cmd = match random.below(100) {
            0..40 => libc::IPC_STAT,
            40..62 => libc::IPC_SET,
            62..68 => libc::IPC_RMID,
            68..76 => libc::MSG_STAT,
            76..82 if self.choice.looks_at_any => MSG_STAT_ANY,
            76..82 => libc::MSG_STAT,
            82..86 => libc::IPC_INFO,
            86..90 => libc::MSG_INFO,
            90..94 => random.pick(&[0, 1, 2, 3, 11, 12, 13]) | 0x100,
            94..98 => random.below(24) as c_int + 14,
            _ => random.pick(&[-1, c_int::MIN, c_int::MAX, 4, 10]),
        };
        let mut target = self.queue();
        if [libc::MSG_STAT, MSG_STAT_ANY].contains(&cmd) {
            target = match target {
                Target::Queue(number) if self.random.one_in(2) => Target::Index(number),
                same => same,
            };
            // Where others have queues too, only those of ours that there are can be told from theirs.
            let is_theirs = |number: &usize| !self.live.contains(number);
            if let (Target::Queue(number) | Target::Index(number), Measure::OurQueues) =
                (target, self.choice.measure)
                && is_theirs(&number)
            {
                target = Target::Number(-1);
            }
        }
        let set = if cmd == libc::IPC_SET { self.set() } else { Set::default() };
        (target, Call { set, ..Call::control(0, cmd) })
    }

    fn set(&mut self) -> Set {
        let msgmnb = self.choice.limits.msgmnb;
        let random = &mut self.random;
        let qbytes = match random.below(10) {
            0..5 => msgmnb,
            5..8 => random.pick(&[0, 1, 3, 100, 2000, msgmnb / 2]),
            8 => random.below(msgmnb + 1),
            _ => {
                let int = 1 << 31;
                random.pick(&[msgmnb + 1, int - 1, int, 2 * int, 2 * int + 100, u64::MAX])
            }
        };
        let mode = match random.below(3) {
            0 => random.pick(&[0o600, 0o666, 0o640, 0o400, 0o200, 0]),
            1 => 0o600,
            _ => random.below(0o10000) as u32,
        };
        let owners = &self.choice.owners;
        Set { uid: random.pick(owners), gid: random.pick(owners), mode, qbytes }
    }

    fn size(&mut self) -> usize {
        let msgmax = self.choice.limits.msgmax;
        let random = &mut self.random;
        match random.below(100) {
            0..12 => 0,
            12..50 => random.below(17) as usize,
            50..70 => random.below(600) as usize,
            70..78 => random.pick(&EDGES).min(msgmax + 1),
            78..84 => random.pick(&[msgmax - 1, msgmax, msgmax + 1]),
            84..97 => random.below(msgmax as u64 + 1) as usize,
            _ => random.pick(&ABSURD_SIZES),
        }
    }

    fn send(&mut self) -> Call {
        let msgsz = self.size();
        let random = &mut self.random;
        let mtype = match random.below(40) {
            0 => random.pick(&[0, -1, c_long::MIN]),
            1..4 => random.pick(&[c_long::MAX, c_long::MAX - 1, 1 << 31, (1 << 32) + 1]),
            _ => random.below(5) as c_long + 1,
        };
        let extra = if random.one_in(20) { random.next() as c_int } else { 0 };
        self.label += 1;
        Call { label: self.label, ..Call::send(0, mtype, msgsz, IPC_NOWAIT | extra) }
    }

    fn receive(&mut self) -> Call {
        let msgsz = if self.random.one_in(2) { self.choice.limits.msgmax } else { self.size() };
        let random = &mut self.random;
        let mut msgflg = IPC_NOWAIT;
        for (flag, times) in [(MSG_NOERROR, 3), (MSG_EXCEPT, 4), (MSG_COPY, 8)] {
            if random.one_in(times) {
                msgflg |= flag;
            }
        }
        if random.one_in(20) {
            msgflg |= random.next() as c_int;
        }
        // Refused in any case, so it cannot block.
        if msgflg & MSG_COPY != 0 && random.one_in(10) {
            msgflg &= !IPC_NOWAIT;
        }
        if !self.choice.copies {
            msgflg = msgflg & !MSG_COPY | IPC_NOWAIT;
        }
        let msgtyp = match random.below(20) {
            0..6 => 0,
            6..12 => random.below(5) as c_long + 1,
            12..17 => -(random.below(6) as c_long),
            17 => random.below(24) as c_long,
            18 => random.pick(&[c_long::MIN, c_long::MIN + 1, -(1 << 31), -(1 << 32) - 1]),
            _ => random.pick(&[c_long::MAX, c_long::MAX - 1, 1 << 31, (1 << 32) + 1]),
        };
        Call::receive(0, msgsz, msgtyp, msgflg)
    }

    /// Mostly one where everything is well.
    fn place(&mut self, call: &Call) -> Place {
        let takes_structure = call.function == Function::Control;
        let whole = if takes_structure { 120 } else { call.msgsz.min(9000) as u64 + 8 };
        let random = &mut self.random;
        match random.below(50) {
            _ if call.function == Function::Get => Place::Usual,
            0 => Place::Null,
            1 => Place::Cut(random.below(whole + 1) as u32),
            2 | 3 => Place::Cut((whole + random.below(9)) as u32),
            // What is not written there would be read as rubbish that differs from run to run.
            4 if call.flags != libc::IPC_SET => Place::ReadOnly,
            _ => Place::Usual,
        }
    }
}
