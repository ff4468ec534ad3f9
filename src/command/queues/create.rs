//! `--create`.

use libc::c_int;

/// Whether a queue is made where there is none.
#[derive(clap::Args)]
pub struct CreateOption {
    /// Make the queue where none has the key, with this mode or 600
    #[arg(long, value_name = "MODE", num_args = 0..=1, require_equals = true,
          default_missing_value = "600", value_parser = mode, conflicts_with = "queue_id")]
    create: Option<c_int>,
}

impl CreateOption {
    /// The mode that a queue is made with.
    pub fn mode(&self) -> Option<c_int> {
        self.create
    }
}

/// Reads permissions in octal digits, as chmod(1) does.
fn mode(text: &str) -> Result<c_int, String> {
    let is_octal = !text.is_empty() && text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let mode = c_int::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| "it is no mode; right would be 600 or 0666, in octal digits".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_octal_and_has_nine_bits() {
        assert_eq!(["600", "0666", "0", "777"].map(mode), [0o600, 0o666, 0, 0o777].map(Ok));
        for text in ["", "8", "rw", "1777", "+600", "-1", "0x1ff"] {
            assert!(mode(text).is_err(), "{text}");
        }
    }
}
