//! The slots of the dead belong to somebody else afterwards.

use crate::calls::{self, Queue};
use crate::check::{Check, Wrong};
use crate::process::{Ending, Process};
use crate::real::Real;
use crate::shm::attempt::End;
use crate::shm::layout::{high, slot};
use crate::shm::memory::Memory;
use crate::shm::runs::Choice;
use crate::shm::thread::{Presence, Thread};
use crate::stage::Stage;

/// A new process adopts the slot of everybody who is dead, and the queue works from each of them.
pub fn all_dead(check: &Check<'_>, queue: Queue) -> Result<(), Wrong> {
    let dead = dead(check)?;
    let mut adopter = Process::run(|| match adopt(check.stage, queue, &dead) {
        Ok(()) => 0,
        Err(wrong) => {
            check.stage.arena.write(&format!("the adopter: {wrong}"));
            1
        }
    });
    match adopter.wait() {
        Some(Ending::Exited(0)) => Ok(()),
        Some(Ending::Exited(1)) => Err(check.stage.arena.read().into()),
        other => Err(format!("the adopter ends with {other:?}").into()),
    }
}

/// The slots whose owners are dead.
fn dead(check: &Check<'_>) -> Result<Vec<usize>, Wrong> {
    let system = check.place.system;
    let mut dead = Vec::new();
    for slot in check.stage.slots()? {
        match system.presence(&slot.owner) {
            Presence::Gone if slot.owner.ids != 0 => dead.push(slot.at),
            Presence::Unseen if slot.owner.ids != 0 => {
                return Err(format!("nobody can see whose this is: {slot:?}").into());
            }
            _ => {}
        }
    }
    Ok(dead)
}

fn adopt(stage: &Stage, queue: Queue, dead: &[usize]) -> Result<(), Wrong> {
    let me = Real::new();
    let mut adopted = Vec::new();
    for _ in dead {
        stage.occupy_the_free(&me.owner())?;
        let mut place = me.place(&stage.arena.words)?;
        adopted.push(place.at);
        calls::send(&mut place, queue, (4, 40), false)?;
        if calls::take(&mut place, queue, Choice::Equal(4))? != (4, 40) {
            return Err("a message from an adopted slot is another".to_string().into());
        }
        // It is inside with this one, and needs another for the next call.
        place.memory.store(place.at + slot::INSIDE, 1).map_err(End::from)?;
    }
    adopted.sort_unstable();
    if adopted != dead {
        return Err(format!("slots {adopted:?} were adopted; the dead had {dead:?}").into());
    }
    let victims = stage.slots()?.iter().filter(|slot| high(slot.owner.ids) == stage.victim).count();
    match victims {
        0 => Ok(()),
        _ => Err("the slot of the process that was killed is still its own".to_string().into()),
    }
}
