//! The manual pages: in step with the command's help, and without faults as far as mandoc and man can
//! tell. What is not installed is listed as ignored.

mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use support::{msgq, root, run, text};

const SECTIONS: [&str; 3] = ["1", "3", "7"];

fn main() {
    let mut trials: Vec<Trial> = commands()
        .into_iter()
        .map(|command| {
            let name = format!("msgq_1_has_the_options_of_{command}");
            Trial::test(name, move || same_options(&command))
        })
        .collect();
    trials.push(Trial::test("msgq_1_has_the_commands_of_the_help", same_commands));
    for section in SECTIONS {
        trials.push(Trial::ignorable_test(format!("mandoc/msgq_{section}"), move || {
            let mut command = Command::new("mandoc");
            says_nothing(command.args(["-T", "lint", "-W", "warning"]).arg(page(section)))
        }));
        trials.push(Trial::ignorable_test(format!("man/msgq_{section}"), move || {
            let mut command = Command::new("man");
            // Output in a form that nobody reads; what counts are the warnings.
            command.args(["--warnings", "-E", "UTF-8", "-Tutf8", "-Z", "-l"]).arg(page(section));
            says_nothing(&mut command)
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn page(section: &str) -> PathBuf {
    root().join(format!("man/msgq.{section}"))
}

/// Whether a formatter has anything to say of a page.
fn says_nothing(command: &mut Command) -> Result<Completion, Failed> {
    let Ok(output) = command.env("LC_ALL", "C.UTF-8").output() else {
        let name = command.get_program().to_string_lossy().into_owned();
        return Ok(Completion::ignored_with(format!("{name} is not installed")));
    };
    // mandoc says what it finds on its standard output, man on its standard error.
    let said = text(&if output.stderr.is_empty() { output.stdout } else { output.stderr });
    let is_page = said.starts_with("x T utf8");
    match output.status.success() && (said.is_empty() || is_page) {
        true => Ok(Completion::Completed),
        false => Err(said.into()),
    }
}

fn help(arguments: &[&str]) -> String {
    text(&run(msgq().args(arguments).arg("--help")).stdout)
}

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = help(&[]);
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).map(String::from).collect()
}

/// The page's text about commands, a part for each: its name, and its lines in plain letters.
fn parts() -> Vec<(String, Vec<String>)> {
    let page = fs::read_to_string(page("1")).expect("msgq(1)");
    let (_, page) = page.split_once("\n.SH COMMANDS\n").expect("COMMANDS");
    let (page, _) = page.split_once("\n.SH ").expect("the next section");
    let fonts = ["\\fB", "\\fI", "\\fR"];
    let plain = fonts.iter().fold(page.replace("\\-", "-"), |text, font| text.replace(font, ""));
    let parts = plain.split(".SS ").skip(1).map(|part| {
        let mut lines = part.lines().map(String::from);
        (lines.next().unwrap_or_default(), lines.collect())
    });
    parts.collect()
}

fn same_commands() -> Result<(), Failed> {
    let ours: Vec<String> = parts().into_iter().map(|(name, _)| name).collect();
    let told = commands();
    if ours != told || told.is_empty() {
        return Err(format!("the page has {ours:?}, the help {told:?}").into());
    }
    Ok(())
}

/// Each option, its other name and its value.
fn same_options(command: &str) -> Result<(), Failed> {
    let help = help(&[command]);
    let told: Vec<&str> =
        help.lines().filter_map(|line| option(line.strip_prefix("  ")?.trim_start())).collect();
    let parts = parts();
    let (_, lines) = parts.iter().find(|(name, _)| name == command).ok_or("not in the page")?;
    let ours: Vec<&str> =
        lines.windows(2).filter(|two| two[0] == ".TP").filter_map(|two| option(&two[1])).collect();
    let usage = help.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or_default();
    if !lines.iter().any(|line| line == usage) {
        return Err(format!("the page has no line {usage:?}").into());
    }
    if ours != told || told.is_empty() {
        return Err(format!("the page has {ours:#?}, the help {told:#?}").into());
    }
    Ok(())
}

/// The line without the option's meaning and default value, if it is about an option.
fn option(line: &str) -> Option<&str> {
    let line = line.split("  ").next()?;
    let line = line.split(" [default").next()?;
    (line.starts_with('-') && !line.starts_with("- ")).then(|| line.trim_end())
}
