//! A part of a manual page that is made: it stands between two comments. The rest is written by hand.

/// The page, with this part made anew.
pub fn replace(page: &str, name: &str, made: &str) -> String {
    let (begin, end) = (format!(".\\\" begin {name}\n"), format!(".\\\" end {name}\n"));
    let both = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let (before, after) = both.unwrap_or_else(|| panic!("the page has no {begin} and {end}"));
    format!("{before}{begin}{made}{end}{after}")
}
