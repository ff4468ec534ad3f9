//! Numbers as text, for those who may not allocate.

/// The most digits that a number has.
pub const MOST_DIGITS: usize = 20;

/// The decimal digits of `number`, in a buffer of the caller's.
pub fn digits(number: u64, into: &mut [u8; MOST_DIGITS]) -> &[u8] {
    let mut rest = number;
    let mut first = into.len();
    for (place, digit) in into.iter_mut().enumerate().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        first = place;
        if rest == 0 {
            break;
        }
    }
    into.get(first..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_rust_gives_them() {
        for number in [0, 7, 10, 8192, 4_026_531_839, u64::MAX] {
            assert_eq!(digits(number, &mut [0; MOST_DIGITS]), number.to_string().as_bytes());
        }
    }
}
