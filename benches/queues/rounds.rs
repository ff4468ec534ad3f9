//! Rounds of measurements, in which every peer does every work, and the table of their medians.

use crate::peers::{Peer, Work};
use crate::support::{median, table};
use comfy_table::presets::ASCII_MARKDOWN;
use std::process::Command;

/// A row of a table.
pub struct Case {
    name: String,
    work: Work,
    engines_alone: bool,
}

impl Case {
    pub fn new(name: &str, work: Work) -> Case {
        Case { name: name.to_string(), work, engines_alone: false }
    }

    /// Leaves the other peers out.
    pub fn of_engines(self) -> Case {
        Case { engines_alone: true, ..self }
    }
}

/// The figures of one peer at one work, a round after the other, or why there are none.
type Figures = Result<Vec<f64>, String>;

/// Measures every case by every peer in every round; gives a table, and below it what is missing
/// there, and why.
pub fn measure(title: &str, peers: &[&Peer], cases: &[Case], rounds: usize) -> String {
    let mut figures: Vec<Vec<Figures>> =
        cases.iter().map(|_| peers.iter().map(|_| Ok(Vec::new())).collect()).collect();
    let turns = cases.len() * peers.len();
    for round in 0..rounds {
        // Nobody always comes after the same one.
        for turn in (0..turns).map(|turn| (turn + round) % turns) {
            let (case, peer) = (turn / peers.len(), turn % peers.len());
            let known = &mut figures[case][peer];
            if let Ok(known_figures) = known
                && takes_part(&cases[case], peers[peer])
            {
                match run(peers[peer].command(&cases[case].work)) {
                    Ok(figure) => known_figures.push(figure),
                    Err(why) => *known = Err(why),
                }
            }
        }
    }
    let header = heading(title, peers);
    let rows = cases.iter().zip(&figures).map(|(case, figures)| {
        let cells = figures.iter().map(|own| cell(own, &figures[0]));
        std::iter::once(case.name.clone()).chain(cells).collect()
    });
    format!(
        "{}\n{}",
        table(ASCII_MARKDOWN, header, rows.collect()),
        missing(peers, cases, &figures)
    )
}

pub fn heading(title: &str, peers: &[&Peer]) -> Vec<String> {
    std::iter::once(title).chain(peers.iter().map(|peer| peer.name)).map(str::to_string).collect()
}

fn takes_part(case: &Case, peer: &Peer) -> bool {
    peer.is_engine() || !case.engines_alone
}

/// Runs a worker; gives what it prints, or what it complains of.
fn run(mut command: Command) -> Result<f64, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let (text, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match text.trim().parse() {
        Ok(figure) if output.status.success() => Ok(figure),
        _ if complaint.trim().is_empty() => Err(output.status.to_string()),
        _ => Err(complaint.trim().to_string()),
    }
}

/// The median, and its ratio to the first peer's.
fn cell(own: &Figures, first: &Figures) -> String {
    match (own, first) {
        (Err(_), _) => "-".to_string(),
        (Ok(own), _) if own.is_empty() => String::new(),
        (Ok(own), Ok(first)) => {
            let ratios = own.iter().zip(first).map(|(own, first)| own / first).collect();
            format!("{} ({})", three_digits(median(own.clone())), three_digits(median(ratios)))
        }
        (Ok(own), Err(_)) => three_digits(median(own.clone())),
    }
}

fn three_digits(figure: f64) -> String {
    let whole = if figure > 0.0 { figure.log10().floor() as i32 + 1 } else { 1 };
    format!("{figure:.*}", (3 - whole).clamp(0, 6) as usize)
}

/// A line for each reason why figures are missing, with the first row that it is said of.
fn missing(peers: &[&Peer], cases: &[Case], figures: &[Vec<Figures>]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (number, peer) in peers.iter().enumerate() {
        let mut reasons: Vec<(&str, &str)> = Vec::new();
        for (case, figures) in cases.iter().zip(figures) {
            if let Err(why) = &figures[number]
                && reasons.iter().all(|(_, known)| known != why)
            {
                reasons.push((&case.name, why));
            }
        }
        let line =
            |(case, why): (&str, &str)| format!("- {}, from \"{case}\" on: {why}\n", peer.name);
        lines.extend(reasons.into_iter().map(line));
    }
    lines.concat()
}
