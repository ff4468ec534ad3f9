//! Scripts of calls that do not block, played by one process.

use crate::engines::call::{Call, Outcome};
use crate::engines::comparison::Measure;
use crate::engines::duel::Duel;
use crate::engines::identity::{Identity, become_other, is_root, leave_namespace, user};
use crate::engines::perform::{Performer, limits};
use crate::engines::process::myself;
use crate::engines::script::Choice;
use crate::engines::worker::Worker;
use msgq::engine::Engine;

/// Two engines, and the script for them.
pub struct Pair<'a> {
    pub names: [&'a str; 2],
    pub engines: [&'static dyn Engine; 2],
    pub seed: u64,
    pub calls: u64,
}

/// Nobody's user and group.
pub const STRANGER: u32 = 65534;

impl Pair<'_> {
    /// By whoever runs the tests, beside all other queues of the machine.
    pub fn as_we_are(&self) -> Result<String, String> {
        if is_root() {
            // What goes wrong then leaves no queues behind. Not all roots may.
            let _ = leave_namespace();
        }
        self.alone(Measure::OurQueues)
    }

    /// By a user to whom permissions mean something.
    pub fn without_privileges(&self) -> Result<String, String> {
        become_other(&Identity { uid: STRANGER, gid: STRANGER, groups: vec![] })?;
        self.alone(Measure::OurQueues)
    }

    /// Where no queue was before, so that even the ids have to be the same. Each side has a process
    /// and a namespace of its own, as one side may be the kernel twice.
    pub fn beginning_with_nothing(&self) -> Result<String, String> {
        self.engines.iter().for_each(|engine| engine.prepare());
        // The limits of a new namespace are not those of the machine.
        leave_namespace()?;
        let mut workers =
            self.engines.map(|engine| Worker::start(&[engine], false, leave_namespace));
        let people = [0, 1].map(|side| vec![workers[side].person()]);
        let mut play = |side: usize, _: usize, call: &Call| match workers[side].make(0, call) {
            Ok(outcome) => outcome,
            Err(sentence) => panic!("{sentence}"),
        };
        let mut duel = Duel::new(self.names, people, Measure::AllQueues, &mut play);
        self.judge(&mut duel, Measure::AllQueues)
    }

    fn alone(&self, measure: Measure) -> Result<String, String> {
        let mut performers = self.engines.map(Performer::new);
        let people = [vec![myself()], vec![myself()]];
        let mut play = |side: usize, _: usize, call: &Call| performers[side].perform(call);
        let mut duel = Duel::new(self.names, people, measure, &mut play);
        self.judge(&mut duel, measure)
    }

    fn judge(&self, duel: &mut Duel, measure: Measure) -> Result<String, String> {
        let choice = self.choice(measure)?;
        duel.random(self.seed, choice, self.calls)?;
        Ok(format!("{} calls, {} of them failed", self.calls, duel.failed))
    }

    /// What the script is made of on this machine.
    fn choice(&self, measure: Measure) -> Result<Choice, String> {
        let [a, b] = [limits(self.engines[0])?, limits(self.engines[1])?];
        if a != b {
            return Err(format!("the limits differ: {a:?} and {b:?}"));
        }
        let us = user();
        Ok(Choice {
            limits: a,
            measure,
            actors: 1,
            setter: None,
            looks_at_any: true,
            owners: vec![us, us, us, 0, 1000, u32::MAX],
            copies: self.copies(),
        })
    }

    /// Whether the kernel was built with MSG_COPY.
    fn copies(&self) -> bool {
        let flags = libc::MSG_COPY | libc::IPC_NOWAIT;
        let outcome =
            Performer::new(self.engines[0]).perform(&Call::receive(i32::MAX, 0, 0, flags));
        let refused = Outcome::failed(libc::ENOSYS);
        outcome != refused
    }
}
