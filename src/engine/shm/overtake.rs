//! Completing what another thread has published: one that is dead, or stopped, or interrupted by
//! the very handler that asks.
//!
//! Whoever does that copies the journal to his own slot, and makes the lock his. From then on the
//! other one finds that it has been overtaken when it begins its stores anew. But it may have been
//! continued a moment ago, and be storing right now, on another processor. So nobody stores before
//! the one whom he has overtaken has left off for certain: it is dead; or it was seen off the
//! processor, some time after the lock had become another's; or it came to its end, and the lock is
//! free.
//!
//! ```text
//!           compare-and-swap            the first has left off                stores
//!  slot, n -----------------> slot', n -----------------------> slot', n --- ... --> version n+1
//! ```
//!
//! He may die meanwhile, or be stopped, and be overtaken in his turn. His slot says whom he has
//! overtaken; that one has to have left off before the lock becomes another's again. So there are
//! never more than two who may be storing: the one who has the lock, and the one whom he has
//! overtaken. A lock word also counts how often it was taken over: whoever looked at it long ago
//! takes no other for the one that he has seen.

use super::atomic::Ordering;
use super::commit::{LIVE, Member, NEXT_TAKEOVER, NEXT_VERSION, System, TAKEN, TAKEOVERS, YOUNG};
use super::commit::{Order, Owner, owner, slot_at};
use super::layout::{header, slot};
use super::memory::{Fault, Memory};

/// After so many pauses, some ten seconds, nobody is believed to be storing.
const MOST_ROUNDS: u32 = 100_000;

impl<M: Memory, S: System> Member<'_, M, S> {
    /// Waits until the lock is free, and sees to it that it becomes so.
    #[cold]
    pub(super) fn wait_until_free(&mut self, lock: usize) -> Result<u64, Fault> {
        let mut round = 0;
        let mut before = 0;
        loop {
            let word = self.memory.word(lock)?.load(Ordering::Acquire);
            if word & TAKEN == 0 {
                return Ok(word);
            }
            if word & TAKEN == YOUNG {
                // Of queues alone.
                if lock == header::LOCK {
                    return Err(Fault::Nonsense);
                }
                self.begin(header::LOCK)?;
                let _ = self.memory.word(lock)?.compare_exchange(
                    word,
                    word & !YOUNG,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                );
                continue;
            }
            // Somebody else's turn each time is no reason to suspect anybody.
            round = if word == before { round + 1 } else { 0 };
            before = word;
            let place = slot_at(self.memory, (word & TAKEN) as u32 - 1)?;
            let taker = owner(self.memory, place)?;
            if self.system.is_out_of_the_way(&taker, round) {
                self.take_over(lock, word, place, &taker)?;
            } else if round > MOST_ROUNDS {
                // Nobody stores for so long: the word is damaged, and names somebody who knows
                // nothing of it.
                return Err(Fault::Nonsense);
            } else {
                self.system.pause(round);
            }
        }
    }

    /// Completes the change that the taker, whose slot is at `place`, has published, unless the
    /// lock word becomes another meanwhile.
    fn take_over(
        &mut self,
        lock: usize,
        word: u64,
        place: usize,
        taker: &Owner,
    ) -> Result<(), Fault> {
        if !self.have_left_off(lock, word, overtaken_by(self.memory, place)?)? {
            return Ok(());
        }
        self.copy_journal(place, word)?;
        let released = self.memory.load(place + slot::RELEASED)?;
        let mine = next_taken(word, self.number);
        // The lock is this slot's when the stores begin.
        let order = self.order(lock, mine, mine, next_free(word, released))?;
        self.slot.store(slot::OVERTAKEN, word & TAKEN);
        let done = self.complete(lock, word, taker, &order);
        // A child that a signal handler made in between has no business in its parent's slot.
        if done != Err(Fault::Forked) {
            // Not before the lock is another's, or free.
            self.slot.words()[slot::OVERTAKEN].store(0, Ordering::Release);
        }
        // What is drafted next is a change of its own.
        self.forget();
        done
    }

    /// Copies the journal of the slot at `from`, and adds that its change is complete.
    fn copy_journal(&mut self, from: usize, word: u64) -> Result<(), Fault> {
        let count = self.memory.load(from + slot::COUNT)? as usize;
        self.forget();
        for change in 0..count.min(slot::CHANGES - 1) {
            let place = from + slot::JOURNAL + 2 * change;
            let (index, value) = (self.memory.load(place)?, self.memory.load(place + 1)?);
            // What lies outside is left out: the journal is damaged, and the lock must not stay.
            if let Ok(spot) = self.memory.spot(index as usize) {
                self.note(spot, value)?;
            }
        }
        self.note(self.memory.spot(from + slot::COMPLETED)?, word)
    }

    /// Makes the lock this slot's, and carries out its journal once the taker has left off.
    fn complete(
        &self,
        lock: usize,
        word: u64,
        taker: &Owner,
        order: &Order<'_>,
    ) -> Result<(), Fault> {
        if self.system.swap(order.lock, word, order.mine)?
            && self.have_left_off(lock, order.mine, Some(*taker))?
        {
            self.system.carry_out(self.memory, order)?;
        }
        Ok(())
    }

    /// Waits until a thread, if there is one, stores nothing more of what it has published. False
    /// where the lock word is no longer `word`.
    fn have_left_off(&self, lock: usize, word: u64, who: Option<Owner>) -> Result<bool, Fault> {
        let Some(who) = who else { return Ok(true) };
        let mut round = 0;
        while self.memory.word(lock)?.load(Ordering::Acquire) == word {
            // Whoever is still at work after so long is at another.
            if self.system.has_left_off(&who, round) || round > MOST_ROUNDS {
                return Ok(true);
            }
            self.system.pause(round);
            round += 1;
        }
        Ok(false)
    }

    /// Completes what was published from this slot, by a thread that is no more or has left the call
    /// by a jump.
    pub fn complete_own(&mut self) -> Result<(), Fault> {
        let lock = self.memory.load(self.at + slot::LOCK)? as usize;
        let word = self.memory.word(lock)?.load(Ordering::Acquire);
        if lock == 0 {
            return Ok(());
        }
        if word & TAKEN == self.number as u64 + 1
            && self.have_left_off(lock, word, overtaken_by(self.memory, self.at)?)?
        {
            let released = self.slot.load(slot::RELEASED);
            self.recall(self.slot.load(slot::COUNT) as usize);
            // Another word: whoever is about to take the lock over from the dead one fails.
            let mine = next_taken(word, self.number);
            let order = self.order(lock, word, mine, next_free(word, released))?;
            self.system.carry_out(self.memory, &order)?;
        }
        // Or somebody else completes it, and until he has done so he stores words of this slot.
        self.begin(lock)?;
        self.slot.words()[slot::OVERTAKEN].store(0, Ordering::Release);
        Ok(())
    }
}

/// Whom the thread of the slot at `place` has overtaken, if anybody.
fn overtaken_by<M: Memory>(memory: M, place: usize) -> Result<Option<Owner>, Fault> {
    let link = memory.word(place + slot::OVERTAKEN)?.load(Ordering::Acquire);
    let number = u32::try_from(link).ok().and_then(|link| link.checked_sub(1));
    // In a damaged slot there may stand anything, and the lock must not stay.
    match number.map(|number| slot_at(memory, number)) {
        Some(Ok(overtaken)) => owner(memory, overtaken).map(Some),
        _ => Ok(None),
    }
}

/// What a taken lock word becomes when the slot with this number takes it over.
fn next_taken(word: u64, number: usize) -> u64 {
    let takeovers = word.wrapping_add(NEXT_TAKEOVER) & TAKEOVERS;
    word & !(TAKEN | TAKEOVERS) | takeovers | (number as u64 + 1)
}

/// What a taken lock word becomes at the end: the version that everybody expects next, whatever a
/// damaged slot says, and alive or dead as it says.
fn next_free(word: u64, released: u64) -> u64 {
    (word & !(TAKEN | TAKEOVERS)).wrapping_add(NEXT_VERSION) & !LIVE | released & LIVE
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: u64 = 5 * NEXT_VERSION;

    #[test]
    fn a_lock_that_is_taken_over_counts_how_often() {
        for (takeovers, then) in [(0, 1), (7, 8), (14, 15), (15, 0)] {
            let word = VERSION | (takeovers * NEXT_TAKEOVER) | LIVE | 3;
            let taken = VERSION | (then * NEXT_TAKEOVER) | LIVE | 7;
            assert_eq!(next_taken(word, 6), taken, "after {takeovers}");
        }
    }

    #[test]
    fn a_lock_that_is_freed_has_the_next_version_and_lives_as_its_taker_said() {
        for (before, said) in [(LIVE, 0), (0, LIVE), (LIVE, LIVE), (0, 0)] {
            let word = VERSION | (9 * NEXT_TAKEOVER) | before | 3;
            let released = (77 * NEXT_VERSION) | TAKEOVERS | said | 3;
            assert_eq!(next_free(word, released), (VERSION + NEXT_VERSION) | said);
        }
    }
}
