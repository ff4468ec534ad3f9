//! Random numbers that are the same again for the same seed.

/// A generator of the xorshift family, its output multiplied to mix the low bits too.
pub struct Random(u64);

impl Random {
    /// Seeds that lie next to each other give sequences that have nothing in common.
    pub fn new(seed: u64) -> Random {
        let mixed = (seed ^ 0x51_7c_c1_b7_27_22_0a_95).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Zero would stay zero for ever.
        Random((mixed ^ mixed >> 29).max(1))
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number less than `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}
