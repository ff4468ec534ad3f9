//! Sizes as ipcs(1) writes them.

/// How sizes are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// As bytes, where nobody asked for anything.
    Usual,
    /// As bytes.
    Bytes,
    /// With one digit after the point, and a letter for the power of 1024.
    Human,
}

const LETTERS: [char; 7] = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];

impl Unit {
    /// This size.
    pub fn of(self, bytes: u64) -> String {
        if self == Unit::Human { human(bytes) } else { bytes.to_string() }
    }
}

fn human(bytes: u64) -> String {
    let power = bytes.max(1).ilog2() / 10;
    let unit = 1u64 << (10 * power);
    let letter = LETTERS[power as usize];
    let thousandths = u128::from(bytes % unit) * 1000 / u128::from(unit);
    // Rounded, and not carried any further than to the whole number.
    let tenths = (thousandths + 50) / 100;
    match (bytes / unit + tenths as u64 / 10, tenths % 10) {
        (whole, 0) => format!("{whole}{letter}"),
        (whole, tenth) => format!("{whole}.{tenth}{letter}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_one_digit_after_the_point() {
        for (bytes, shown) in [
            (0, "0B"),
            (1, "1B"),
            (1023, "1023B"),
            (1024, "1K"),
            (3000, "2.9K"),
            (16384, "16K"),
            (1024 * 1024 - 1, "1024K"),
            (1024 * 1024 + 60_000, "1.1M"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(human(bytes), shown, "{bytes}");
        }
    }
}
