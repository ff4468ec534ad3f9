//! How the state is drawn, on a screen of any size.

use super::columns::ALL;
use super::fit::{self, GAP};
use super::state::{KEYS, Over, State};
use crate::command::queues::flush::counted;
use ratatui::Frame;
use ratatui::layout::Constraint::{Length, Min};
use ratatui::layout::{Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Borders, Cell, Clear, Paragraph, Row, Table, TableState, Wrap};

/// On lower screens there is nothing but the table.
const HIGH: u16 = 12;
/// Lines about the queue that is chosen, with the one above them.
const DETAILS: u16 = 4;

const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// Draws all of it.
pub fn draw(frame: &mut Frame, state: &mut State) {
    let details = if frame.area().height >= HIGH { DETAILS } else { 0 };
    let (bottom_line, high) = bottom_line(state, frame.area().width);
    let [head, table, foot, bottom] =
        Layout::vertical([Length(1), Min(0), Length(details), Length(high)]).areas(frame.area());
    frame.render_widget(Paragraph::new(summary(state)).style(BOLD), head);
    draw_queues(frame, state, table);
    draw_details(frame, state, foot);
    frame.render_widget(bottom_line, bottom);
    match &mut state.over {
        Over::Nothing => {}
        Over::Help(first) => draw_over(frame, table.union(foot), "help", &help(), first),
        Over::Messages(msqid, lines, first) => {
            let title = format!("the first messages of queue {msqid}");
            draw_over(frame, table.union(foot), &title, lines, first);
        }
    }
}

/// What there is in all queues.
pub fn summary(state: &State) -> String {
    let lines = &state.look.lines;
    let queues = if lines.len() == 1 { "queue" } else { "queues" };
    let messages = lines.iter().map(|line| line.row.data.msg_qnum).sum();
    let bytes: u64 = lines.iter().map(|line| line.row.data.msg_cbytes).sum();
    let sorted = ALL[state.column].title;
    let reversed = if state.reversed { ", reversed" } else { "" };
    format!(
        "{}: {} {queues}, {}, {bytes} bytes; by {sorted}{reversed}; {}",
        state.engine,
        lines.len(),
        counted(messages),
        state.moment
    )
}

fn draw_queues(frame: &mut Frame, state: &mut State, area: Rect) {
    let texts = fit::texts(&state.look.lines);
    let columns = fit::fit(&texts, usize::from(area.width));
    let cell = |text: &str, number: usize| {
        let line = Line::from(text.to_string());
        Cell::from(Text::from(if ALL[number].is_number { line.right_aligned() } else { line }))
    };
    let titles = columns.iter().map(|(number, _)| {
        let style = if *number == state.column { REVERSED } else { BOLD };
        cell(ALL[*number].title, *number).style(style)
    });
    state.page = usize::from(area.height.saturating_sub(1)).max(1);
    // The one that is chosen stays in the middle, as far as there are others around it.
    let last = texts.len().saturating_sub(state.page);
    let first = state.place.saturating_sub(state.page / 2).min(last);
    let shown = texts.iter().skip(first).take(state.page);
    let rows = shown
        .map(|texts| Row::new(columns.iter().map(|(number, _)| cell(&texts[*number], *number))));
    let widths = columns.iter().map(|(_, width)| Length(*width as u16));
    let table = Table::new(rows, widths)
        .header(Row::new(titles))
        .column_spacing(GAP as u16)
        .row_highlight_style(REVERSED);
    let chosen = (!texts.is_empty()).then(|| state.place - first);
    let mut selection = TableState::new().with_selected(chosen);
    frame.render_stateful_widget(table, area, &mut selection);
}

fn draw_details(frame: &mut Frame, state: &State, area: Rect) {
    let Some(line) = state.line() else { return };
    let row = &line.row;
    let data = &row.data;
    let mut text = format!(
        "queue {}: {} of {} bytes, mode {:o}; sent last: {}; received last: {}; asleep: {}",
        row.msqid,
        data.msg_cbytes,
        data.msg_qbytes,
        data.msg_perm.mode & 0o777,
        line.sender,
        line.receiver,
        line.sleepers.text()
    );
    if let Some(blind) = state.look.blind {
        text.push_str(&format!(" ({blind})"));
    }
    let block = Block::new().borders(Borders::TOP);
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }).block(block), area);
}

/// What stands at the bottom, and in how many lines. A question and what became of something are
/// there as a whole, also where it takes more than one.
fn bottom_line(state: &State, width: u16) -> (Paragraph<'static>, u16) {
    let (told, style) = match state.question {
        Some((deed, msqid, messages)) => (deed.question(msqid, messages), REVERSED),
        None if state.notice.is_empty() => (state.trouble.clone().unwrap_or_default(), BOLD),
        None => (state.notice.clone(), BOLD),
    };
    if !told.is_empty() {
        let lines = Line::raw(&told).width().div_ceil(usize::from(width.max(1)));
        // Lines end between words, which may take one more.
        let lines = if lines > 1 { lines + 1 } else { 1 };
        return (Paragraph::new(told).wrap(Wrap { trim: true }).style(style), lines as u16);
    }
    let keys = KEYS.iter().map(|(key, does)| {
        let word = does.split([':', ' ', ',', ';']).next().unwrap_or_default();
        format!("{key} {word}")
    });
    (Paragraph::new(keys.collect::<Vec<_>>().join("  ")), 1)
}

fn help() -> Vec<String> {
    let keys = KEYS.iter().map(|(key, does)| format!("{key:<10} {does}"));
    let columns = ALL.iter().map(|column| format!("{:<10} {}", column.title, column.meaning));
    let mut lines: Vec<String> = keys.collect();
    lines.push(String::new());
    lines.extend(columns);
    lines.push(String::new());
    lines.extend(super::UNSEEN.split(". ").map(String::from));
    lines
}

/// Draws lines over the table, from one of them on, which is corrected where it is too far down.
fn draw_over(frame: &mut Frame, area: Rect, title: &str, lines: &[String], first: &mut usize) {
    let block =
        Block::bordered().title(format!(" {title}: j, k and pages move, other keys close it "));
    let page = usize::from(block.inner(area).height);
    *first = (*first).min(lines.len().saturating_sub(page));
    let shown: Vec<Line> =
        lines.iter().skip(*first).take(page).map(|line| Line::from(line.as_str())).collect();
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(shown).block(block), area);
}

#[cfg(test)]
mod tests {
    use super::super::columns;
    use super::super::look::{Look, samples};
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::{KeyCode, KeyEvent};

    fn drawn(width: u16, height: u16, queues: i32, keys: &str) -> Vec<String> {
        let mut state = State::new("shm", columns::DEFAULT);
        let lines = (0..queues).map(|id| samples::line(id, 3)).collect();
        let blind = Some("nobody is seen");
        state.renew(Look { lines, blind }, "Thu Nov 26 20:13:43 2026".to_string());
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        for key in keys.chars() {
            terminal.draw(|frame| draw(frame, &mut state)).unwrap();
            state.press(KeyEvent::from(KeyCode::Char(key)));
        }
        terminal.draw(|frame| draw(frame, &mut state)).unwrap();
        let cells = terminal.backend().buffer().content();
        let rows = cells.chunks(usize::from(width).max(1));
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
    }

    #[test]
    fn a_terminal_of_80x24_shows_queues_details_and_keys() {
        let rows = drawn(80, 24, 2, "");
        assert!(
            rows[0].starts_with("shm: 2 queues, 6 messages, 60 bytes; by messages"),
            "{rows:#?}"
        );
        assert!(rows[1].starts_with("msqid"), "{rows:#?}");
        assert!(rows[2].starts_with("0     "), "{rows:#?}");
        assert!(rows[20].contains("queue 0: 30 of 16384 bytes, mode 600"), "{rows:#?}");
        assert!(rows[23].starts_with("q quit  h help  s sort"), "{rows:#?}");
    }

    #[test]
    fn no_size_is_too_small() {
        for (width, height) in [(20, 5), (1, 1), (3, 2), (80, 1), (1, 24), (5, 12), (0, 0)] {
            for queues in [0, 1, 500] {
                for keys in ["", "h", "hjjjjk", "d", "jjjkr"] {
                    drawn(width, height, queues, keys);
                }
            }
        }
        let rows = drawn(20, 5, 3, "j");
        assert!(rows[1].starts_with("msqid messages"), "{rows:#?}");
        assert!(rows[3].starts_with("1            3"), "{rows:#?}");
    }

    #[test]
    fn thousands_of_queues_scroll() {
        let rows = drawn(80, 24, 3000, &"j".repeat(40));
        assert!(rows.iter().any(|row| row.starts_with("40 ")), "{rows:#?}");
        let rows = drawn(80, 24, 3000, "");
        assert!(rows[2].starts_with("0 "), "{rows:#?}");
    }

    #[test]
    fn the_question_names_the_queue_and_its_messages() {
        let rows = drawn(80, 24, 2, "jd");
        assert!(rows[23].starts_with("remove queue 1, which has 3 messages? (y/n)"), "{rows:#?}");
    }

    #[test]
    fn a_question_is_there_as_a_whole_on_the_narrowest_screen() {
        for key in ["d", "f"] {
            let shown = drawn(20, 5, 3, key).join(" ");
            let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                words.contains("of queue 0, which") || words.contains("remove queue 0, which"),
                "{words}"
            );
            assert!(words.ends_with("has 3 messages? (y/n)"), "{words}");
        }
    }

    #[test]
    fn the_help_tells_keys_columns_and_what_is_not_seen() {
        let shown = drawn(100, 50, 1, "h").join("\n");
        for part in ["flush: remove the messages", "net/s", "messages sent less", "comes and goes"]
        {
            assert!(shown.contains(part), "{part:?} is not in\n{shown}");
        }
    }
}
