//! Which columns find room, and how wide they are; and the table that has them all.

use super::columns::ALL;
use super::look::Line;
use ratatui::text::Span;

/// Between two columns.
pub const GAP: usize = 1;

/// How many characters of a terminal's width a text takes: some letters take two.
fn wide(text: &str) -> usize {
    Span::raw(text).width()
}

/// The texts of all columns, a row a queue.
pub fn texts(lines: &[Line]) -> Vec<[String; ALL.len()]> {
    lines.iter().map(|line| std::array::from_fn(|column| (ALL[column].text)(line))).collect()
}

/// The columns that find room in so many characters, and how wide each is.
pub fn fit(texts: &[[String; ALL.len()]], width: usize) -> Vec<(usize, usize)> {
    let natural = |number: usize| {
        let widths = texts.iter().map(|row| wide(&row[number]));
        widths.max().unwrap_or(0).max(ALL[number].title.len())
    };
    let mut columns: Vec<(usize, usize)> = (0..ALL.len()).map(|n| (n, natural(n))).collect();
    let least = |(number, natural): &(usize, usize)| {
        ALL[*number].least.map_or(*natural, |least| least.min(*natural))
    };
    let needed = |columns: &[(usize, usize)]| {
        columns.iter().map(|column| least(column) + GAP).sum::<usize>().saturating_sub(GAP)
    };
    while needed(&columns) > width {
        let leaves = |place: &usize| ALL[columns[*place].0].leaves;
        let next = (0..columns.len()).max_by_key(leaves).filter(|place| leaves(place) > 0);
        let Some(place) = next else { break };
        columns.remove(place);
    }
    let mut spare = width.saturating_sub(needed(&columns));
    for column in &mut columns {
        let least = least(column);
        let more = spare.min(column.1 - least);
        (column.1, spare) = (least + more, spare - more);
    }
    columns
}

/// The table as plain text, with all columns.
pub fn table(lines: &[Line]) -> String {
    let texts = texts(lines);
    let columns = fit(&texts, usize::MAX);
    let line = |text: &dyn Fn(usize) -> String| {
        let cells = columns.iter().map(|(number, width)| {
            let text = text(*number);
            let blanks = " ".repeat(width.saturating_sub(wide(&text)));
            if ALL[*number].is_number { blanks + &text } else { text + &blanks }
        });
        format!("{}\n", cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end())
    };
    let titles = line(&|number| ALL[number].title.to_string());
    let rows = texts.iter().map(|row| line(&|number| row[number].clone()));
    titles + &rows.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::super::columns::Column;
    use super::super::look::samples;
    use super::*;

    fn titles(width: usize) -> Vec<&'static str> {
        let mut line = samples::line(65536, 3);
        line.sleepers.receiving = vec!["17/reader".to_string(); 9];
        let columns = fit(&texts(&[line]), width);
        let used = columns.iter().map(|(_, width)| width + GAP).sum::<usize>() - GAP;
        assert!(used <= width || columns.len() == 2, "{used} characters in {width}");
        columns.into_iter().map(|(number, _)| ALL[number].title).collect()
    }

    #[test]
    fn a_terminal_of_80_columns_has_room_for_what_matters() {
        let shown = titles(80);
        for title in ["msqid", "messages", "net/s", "used-bytes", "full", "sender", "receiver"] {
            assert!(shown.contains(&title), "{title} is not in {shown:?}");
        }
        assert!(shown.contains(&"asleep"), "{shown:?}");
        assert_eq!(titles(200).len(), ALL.len());
    }

    #[test]
    fn id_and_messages_stay_on_the_narrowest_screen() {
        for width in 0..14 {
            assert_eq!(titles(width), ["msqid", "messages"], "{width}");
        }
    }

    #[test]
    fn the_table_has_the_bytes_against_the_limit_and_those_who_sleep() {
        let mut lines = [samples::line(5, 1024), samples::line(6, 0)];
        lines[1].sleepers.receiving = vec!["17/a".to_string(), "18/b".to_string()];
        lines[1].sleepers.sending = vec!["19/c".to_string()];
        lines[0].sleepers.some_unseen = true;
        lines[0].net = Some(-2.5);
        lines[1].net = None;
        assert_eq!(
            table(&lines),
            "msqid key        owner messages net/s used-bytes qbytes full sender      receiver asleep\n\
             5     0x000004d2 root      1024  -2.5      10240  16384  62% 4711/worker -        ?\n\
             6     0x000004d2 root         0     -          0  16384   0% 4711/worker -        \
             2r 17/a 18/b 1s 19/c\n"
        );
    }

    #[test]
    fn letters_that_are_two_characters_wide_have_room() {
        let mut lines = [samples::line(5, 1), samples::line(6, 1)];
        lines[0].sender = "17/초록".to_string();
        let sender = Column::called("sender").unwrap();
        let columns = fit(&texts(&lines), 200);
        assert_eq!(columns[sender], (sender, "4711/worker".len()));
        lines[0].sender = "17/초록의메뉴".to_string();
        assert_eq!(fit(&texts(&lines), 200)[sender], (sender, 13));
        let shown = table(&lines);
        let rows: Vec<&str> = shown.lines().collect();
        assert!(rows[1].ends_with(" 17/초록의메뉴 -        -"), "{shown}");
        assert!(rows[2].ends_with(" 4711/worker   -        -"), "{shown}");
    }
}
