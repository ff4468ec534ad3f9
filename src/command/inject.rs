//! `--inject`, of the commands that run a program.

use super::failure::{Failure, MEANINGLESS};
use msgq::inject::rule::{PARTS, Rule};
use msgq::inject::{MOST, SEPARATOR};
use std::ffi::OsString;

/// What is to be done to the program's calls.
#[derive(clap::Args)]
pub struct Inject {
    /// Have calls fail, wait or be struck by a signal; may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = SEPARATOR, value_parser = rule,
          long_help = help())]
    inject: Vec<String>,
}

impl Inject {
    /// Whether there is a rule.
    pub fn is_some(&self) -> bool {
        !self.inject.is_empty()
    }

    /// The rules as the library reads them; nothing where there are none.
    pub fn value(&self) -> Result<Option<OsString>, Failure> {
        if self.inject.len() > MOST {
            let sentence =
                format!("--inject: there are {} rules, of {MOST} at most", self.inject.len());
            return Err(Failure::new(sentence).with_status(MEANINGLESS));
        }
        let rules = self.inject.join(&SEPARATOR.to_string());
        Ok(self.is_some().then(|| rules.into()))
    }
}

fn rule(text: &str) -> Result<String, String> {
    Rule::read(text).map(|_| text.to_string()).map_err(|wrong| wrong.to_string())
}

fn help() -> String {
    let rows = PARTS.iter().map(|(part, meaning)| format!("\n  {part:<14} {meaning}"));
    format!(
        "Have calls fail, wait or be struck by a signal; may be repeated. A rule is a call's name and \
         what to do, to which of its calls: msgsnd:errno=EAGAIN:type=7:nth=3{}",
        rows.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_to_the_library_as_it_reads_them() {
        let rules = ["msgsnd:errno=EAGAIN:nth=3", "msgrcv:delay=10ms"].map(String::from);
        let value = Inject { inject: rules.to_vec() }.value().unwrap().unwrap();
        assert_eq!(value, "msgsnd:errno=EAGAIN:nth=3,msgrcv:delay=10ms");
        assert!(msgq::inject::Rules::read(value.to_str().unwrap()).is_ok());
        assert_eq!(Inject { inject: Vec::new() }.value().unwrap(), None);
        let many = Inject { inject: vec!["msgsnd:kill".to_string(); MOST + 1] };
        assert!(many.value().unwrap_err().sentence.contains("17 rules, of 16 at most"));
    }
}
