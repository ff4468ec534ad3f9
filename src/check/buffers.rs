//! Buffers for whatever comes: places whose msgsz is no message's own size, since messages of other
//! lengths came there, from this queue or another.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// A bit a place, by the place's hash. Two places that share one are both taken for buffers, which can
/// only hide a finding.
static BUFFERS: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

#[inline(always)]
fn bit(caller: usize) -> (Option<&'static AtomicU64>, u64) {
    let hash = caller.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (BUFFERS.get(hash / 64 % BUFFERS.len()), 1 << (hash % 64))
}

/// A message came to this place that its msgsz was not made for.
#[inline(always)]
pub fn note(caller: usize) {
    let (word, bit) = bit(caller);
    if let Some(word) = word.filter(|word| word.load(Relaxed) & bit == 0) {
        word.fetch_or(bit, Relaxed);
    }
}

/// Whether one came.
pub fn is_one(caller: usize) -> bool {
    let (word, bit) = bit(caller);
    word.is_some_and(|word| word.load(Relaxed) & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_buffer_from_the_first_message_on_that_it_was_not_made_for() {
        let places = [0x40_1234, 0x7f12_3456_789a];
        assert_eq!(places.map(is_one), [false, false]);
        for _ in 0..2 {
            note(places[0]);
            assert_eq!(places.map(is_one), [true, false]);
        }
    }
}
