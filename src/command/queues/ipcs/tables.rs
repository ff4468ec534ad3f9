//! The tables of ipcs(1): which columns, how wide, and where in them something stands.

use super::columns::{
    CBYTES, CGID, CTIME, CUID, Column, GID, KEY, LRPID, LSPID, MSQID, OWNER, PERMS, QNUM, RTIME,
    Row, SIZE, STIME, UID,
};
use std::fmt::Write;

/// A table with a row for each queue.
pub struct Table {
    title: &'static str,
    cells: &'static [Cell],
}

/// A column's place in a table.
struct Cell {
    column: &'static Column,
    /// The width of its title.
    title: usize,
    /// How it stands in the rows, which does not always have that width.
    place: Place,
}

/// How something stands in a row.
enum Place {
    /// At the left of so many characters.
    Left(usize),
    /// At the left, and cut to so many characters.
    Cut(usize),
    /// At the right of so many characters, with so many blanks before and behind them.
    Right(usize, usize, usize),
}

use Place::{Cut, Left, Right};

const fn cell(column: &'static Column, title: usize, place: Place) -> Cell {
    Cell { column, title, place }
}

/// The queues, with what tells how many bytes they hold.
const fn queues(bytes: Cell) -> [Cell; 6] {
    [
        cell(&KEY, 10, Left(10)),
        cell(&MSQID, 10, Left(10)),
        cell(&OWNER, 10, Cut(10)),
        cell(&PERMS, 10, Left(10)),
        bytes,
        cell(&QNUM, 12, Left(12)),
    ]
}

/// Without an option.
pub static QUEUES: Table =
    Table { title: "Message Queues", cells: &queues(cell(&CBYTES, 12, Left(12))) };

/// With `--human`.
pub static SIZES: Table =
    Table { title: "Message Queues", cells: &queues(cell(&SIZE, 12, Right(0, 6, 6))) };

/// With `--time`.
pub static TIMES: Table = Table {
    title: "Message Queues Send/Recv/Change Times",
    cells: &[
        cell(&MSQID, 8, Left(8)),
        cell(&OWNER, 10, Cut(10)),
        cell(&STIME, 20, Left(20)),
        cell(&RTIME, 20, Left(20)),
        cell(&CTIME, 20, Left(20)),
    ],
};

/// With `--pid`.
pub static PIDS: Table = Table {
    title: "Message Queues PIDs",
    cells: &[
        cell(&MSQID, 10, Left(8)),
        cell(&OWNER, 10, Cut(10)),
        cell(&LSPID, 10, Right(1, 5, 0)),
        cell(&LRPID, 10, Right(4, 5, 0)),
    ],
};

/// With `--creator`.
pub static CREATORS: Table = Table {
    title: "Message Queues Creators/Owners",
    cells: &[
        cell(&MSQID, 10, Left(10)),
        cell(&PERMS, 10, Left(10)),
        cell(&CUID, 10, Left(10)),
        cell(&CGID, 10, Left(10)),
        cell(&UID, 10, Left(10)),
        cell(&GID, 10, Left(10)),
    ],
};

impl Table {
    /// The table for these queues.
    pub fn text(&self, rows: &[Row]) -> String {
        let mut text = format!("------ {} --------\n", self.title);
        let titles = |cell: &Cell| Left(cell.title).put(cell.column.title);
        let _ = writeln!(text, "{}", joined(self.cells.iter().map(titles)));
        for row in rows {
            let texts = |cell: &Cell| cell.place.put(&(cell.column.text)(row));
            let _ = writeln!(text, "{}", joined(self.cells.iter().map(texts)));
        }
        text
    }
}

fn joined(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(" ")
}

impl Place {
    fn put(&self, text: &str) -> String {
        match *self {
            Left(width) => format!("{text:<width$}"),
            Cut(width) => format!("{text:<width$.width$}"),
            Right(before, width, after) => {
                format!("{:before$}{text:>width$}{:after$}", "", "")
            }
        }
    }
}
