//! Numbers in words.

/// A number with its thousands set apart: `16,384`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut words = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// So many of something: `1 message`, `40 messages`.
pub fn count(number: u64, thing: &str) -> String {
    let plural = match thing.strip_suffix('s') {
        _ if number == 1 => thing.to_string(),
        Some(stem) => format!("{stem}ses"),
        None => format!("{thing}s"),
    };
    format!("{} {plural}", grouped(number))
}

/// So many bytes.
pub fn bytes(number: u64) -> String {
    count(number, "byte")
}

/// A time, given in nanoseconds, in the unit that suits it: `12 us`, `1.50 ms`, `2.034 s`.
pub fn seconds(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..100_000 => format!("{:.1} us", nanoseconds as f64 / 1e3),
        100_000..100_000_000 => format!("{:.2} ms", nanoseconds as f64 / 1e6),
        _ => format!("{:.3} s", nanoseconds as f64 / 1e9),
    }
}

/// A moment, given in nanoseconds since the recording was made: `0.051234 s`.
pub fn moment(nanoseconds: u64) -> String {
    format!("{:.6} s", nanoseconds as f64 / 1e9)
}

/// A part of a whole: `99.8 %`. What is not all is never called 100 %.
pub fn percent(part: u64, whole: u64) -> String {
    if part == whole {
        return "100 %".to_string();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            [0, 999, 1000, 16_384, 1_234_567].map(grouped),
            ["0", "999", "1,000", "16,384", "1,234,567"]
        );
        assert_eq!(
            (count(1, "process"), count(2, "process")),
            ("1 process".to_string(), "2 processes".to_string())
        );
        assert_eq!(
            [5, 1_500, 1_500_000, 2_034_000_000].map(seconds),
            ["5 ns", "1.5 us", "1.50 ms", "2.034 s"]
        );
        assert_eq!(
            (percent(999_999, 1_000_000), percent(3, 3)),
            ("99.9 %".to_string(), "100 %".to_string())
        );
    }
}
