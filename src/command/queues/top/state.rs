//! What is on the screen, and what keys do to it.

use super::columns::{self, ALL};
use super::deeds::Deed;
use super::look::{Line, Look};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the keys do, for the help and for the line at the bottom.
pub const KEYS: [(&str, &str); 9] = [
    ("q", "quit"),
    ("h", "help"),
    ("s", "sort by the next column; S: by the one before"),
    ("r", "reverse the order"),
    ("p", "peek: show the first messages, and leave them there; so does Enter"),
    ("f", "flush: remove the messages, after asking"),
    ("d", "delete the queue, after asking; so does x"),
    ("j", "down; so do the arrow keys and PageDown, End"),
    ("k", "up; so do the arrow keys and PageUp, Home"),
];

/// What lies over the table.
#[derive(Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// What the keys do, and what the columns mean; from this line on.
    Help(usize),
    /// The messages of a queue; from this line on.
    Messages(i32, Vec<String>, usize),
}

/// What a key asks for that the state cannot do itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// To end.
    Quit,
    /// To stop, as any program does at this key.
    Stop,
    /// To see the messages of this queue.
    Peek(i32),
    /// To do something with it, as was confirmed.
    Do(Deed, i32),
}

/// What is on the screen.
pub struct State {
    /// The engine's name.
    pub engine: &'static str,
    /// The last look, sorted.
    pub look: Look,
    /// When it was.
    pub moment: String,
    /// The number of the column that is sorted by.
    pub column: usize,
    /// Whether the order is reversed.
    pub reversed: bool,
    /// The place of the queue that is chosen, and its id.
    pub place: usize,
    chosen: Option<i32>,
    /// How many queues the screen shows, as it was drawn last.
    pub page: usize,
    /// What lies over the table.
    pub over: Over,
    /// What is asked, with the number of messages that there were.
    pub question: Option<(Deed, i32, u64)>,
    /// What became of something.
    pub notice: String,
    /// Why the last look saw nothing.
    pub trouble: Option<String>,
}

impl State {
    /// Before the first look.
    pub fn new(engine: &'static str, column: usize) -> State {
        State {
            engine,
            look: Look { lines: Vec::new(), blind: None },
            moment: String::new(),
            column,
            reversed: false,
            place: 0,
            chosen: None,
            page: 1,
            over: Over::Nothing,
            question: None,
            notice: String::new(),
            trouble: None,
        }
    }

    /// There was another look.
    pub fn renew(&mut self, look: Look, moment: String) {
        self.look = look;
        self.moment = moment;
        self.trouble = None;
        self.sort();
    }

    /// The queue that is chosen.
    pub fn line(&self) -> Option<&Line> {
        self.look.lines.get(self.place)
    }

    fn sort(&mut self) {
        columns::sort(&mut self.look.lines, self.column, self.reversed);
        let found = self.look.lines.iter().position(|line| Some(line.row.msqid) == self.chosen);
        // Where the queue has gone, the one that is in its place now is chosen.
        self.choose(found.unwrap_or(self.place));
    }

    fn choose(&mut self, place: usize) {
        self.place = place.min(self.look.lines.len().saturating_sub(1));
        self.chosen = self.line().map(|line| line.row.msqid);
    }

    /// A key was pressed.
    pub fn press(&mut self, key: KeyEvent) -> Wish {
        let held = key.modifiers - KeyModifiers::SHIFT;
        match key.code {
            KeyCode::Char('c') if held == KeyModifiers::CONTROL => return Wish::Quit,
            KeyCode::Char('z') if held == KeyModifiers::CONTROL => return Wish::Stop,
            _ => {}
        }
        self.notice.clear();
        if let Some((deed, msqid, _)) = self.question.take() {
            return match key.code {
                KeyCode::Char('y' | 'Y') if held.is_empty() => Wish::Do(deed, msqid),
                _ => {
                    self.notice = "nothing was done".to_string();
                    Wish::Nothing
                }
            };
        }
        if !held.is_empty() {
            return Wish::Nothing;
        }
        match &mut self.over {
            Over::Nothing => self.press_in_table(key.code),
            Over::Help(first) | Over::Messages(_, _, first) => {
                match key.code {
                    KeyCode::Down | KeyCode::Char('j') => *first = first.saturating_add(1),
                    KeyCode::Up | KeyCode::Char('k') => *first = first.saturating_sub(1),
                    KeyCode::PageDown => *first = first.saturating_add(self.page),
                    KeyCode::PageUp => *first = first.saturating_sub(self.page),
                    KeyCode::Home => *first = 0,
                    KeyCode::End => *first = usize::MAX,
                    _ => self.over = Over::Nothing,
                }
                Wish::Nothing
            }
        }
    }

    fn press_in_table(&mut self, key: KeyCode) -> Wish {
        match key {
            KeyCode::Char('q') => return Wish::Quit,
            KeyCode::Char('h' | '?') => self.over = Over::Help(0),
            KeyCode::Down | KeyCode::Char('j') => self.choose(self.place.saturating_add(1)),
            KeyCode::Up | KeyCode::Char('k') => self.choose(self.place.saturating_sub(1)),
            KeyCode::PageDown => self.choose(self.place.saturating_add(self.page)),
            KeyCode::PageUp => self.choose(self.place.saturating_sub(self.page)),
            KeyCode::Home => self.choose(0),
            KeyCode::End => self.choose(usize::MAX),
            KeyCode::Char('s') => self.sort_by((self.column + 1) % ALL.len()),
            KeyCode::Char('S') => self.sort_by((self.column + ALL.len() - 1) % ALL.len()),
            KeyCode::Char('r') => {
                self.reversed = !self.reversed;
                self.sort();
            }
            KeyCode::Char('p') | KeyCode::Enter => match self.chosen {
                Some(msqid) => return Wish::Peek(msqid),
                None => self.nothing_chosen(),
            },
            KeyCode::Char('f') => self.ask(Deed::Flush),
            KeyCode::Char('d' | 'x') => self.ask(Deed::Remove),
            _ => {}
        }
        Wish::Nothing
    }

    fn sort_by(&mut self, column: usize) {
        self.column = column;
        self.sort();
    }

    fn ask(&mut self, deed: Deed) {
        match self.line() {
            Some(line) => {
                self.question = Some((deed, line.row.msqid, line.row.data.msg_qnum));
            }
            None => self.nothing_chosen(),
        }
    }

    fn nothing_chosen(&mut self) {
        self.notice = "there is no queue".to_string();
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::samples;
    use super::*;

    /// Queues 5, 6 and 7 with 30, 20 and 10 messages.
    fn state() -> State {
        let mut state = State::new("shm", columns::DEFAULT);
        state.renew(look(&[(5, 30), (6, 20), (7, 10)]), String::new());
        state
    }

    fn look(queues: &[(i32, u64)]) -> Look {
        let lines = queues.iter().map(|(id, messages)| samples::line(*id, *messages)).collect();
        Look { lines, blind: None }
    }

    fn press(state: &mut State, keys: &str) -> Wish {
        let mut wish = Wish::Nothing;
        for key in keys.chars() {
            wish = state.press(KeyEvent::from(KeyCode::Char(key)));
        }
        wish
    }

    #[test]
    fn nothing_is_removed_without_a_yes() {
        for no in ["n", "q", "d", " ", "\r"] {
            let mut state = state();
            assert_eq!(press(&mut state, "d"), Wish::Nothing);
            assert_eq!(state.question, Some((Deed::Remove, 5, 30)));
            assert_eq!(press(&mut state, no), Wish::Nothing, "{no:?}");
            assert_eq!((state.question, state.notice.as_str()), (None, "nothing was done"));
        }
        // Escape and y at once are read as one key.
        for modifiers in [KeyModifiers::ALT, KeyModifiers::CONTROL] {
            let mut state = state();
            press(&mut state, "d");
            let key = KeyEvent::new(KeyCode::Char('y'), modifiers);
            assert_eq!(state.press(key), Wish::Nothing, "{key:?}");
            assert_eq!((state.question, state.notice.as_str()), (None, "nothing was done"));
        }
        assert_eq!(press(&mut state(), "dy"), Wish::Do(Deed::Remove, 5));
        assert_eq!(press(&mut state(), "dY"), Wish::Do(Deed::Remove, 5));
        assert_eq!(press(&mut state(), "jfy"), Wish::Do(Deed::Flush, 6));
    }

    #[test]
    fn a_yes_is_for_the_queue_that_was_named_even_if_another_is_in_its_place() {
        let mut state = state();
        press(&mut state, "d");
        state.renew(look(&[(6, 20), (7, 10)]), String::new());
        assert_eq!(press(&mut state, "y"), Wish::Do(Deed::Remove, 5));
    }

    #[test]
    fn the_queue_that_is_chosen_stays_chosen_wherever_it_moves() {
        let mut state = state();
        press(&mut state, "j");
        state.renew(look(&[(5, 1), (6, 99), (7, 10)]), String::new());
        assert_eq!((state.place, press(&mut state, "p")), (0, Wish::Peek(6)));
    }

    #[test]
    fn where_the_queue_that_is_chosen_vanishes_its_neighbour_is_chosen() {
        let mut state = state();
        press(&mut state, "jj");
        state.renew(look(&[(5, 30), (6, 20)]), String::new());
        assert_eq!(press(&mut state, "p"), Wish::Peek(6));
        state.renew(look(&[]), String::new());
        assert_eq!(press(&mut state, "p"), Wish::Nothing);
        assert_eq!(state.notice, "there is no queue");
        press(&mut state, "dy");
        assert_eq!(state.question, None);
        state.renew(look(&[(9, 1)]), String::new());
        assert_eq!(press(&mut state, "p"), Wish::Peek(9));
    }

    #[test]
    fn what_lies_over_the_table_moves_by_lines_and_pages_until_another_key_closes_it() {
        let mut state = state();
        state.page = 10;
        press(&mut state, "h");
        for (key, line) in [
            (KeyCode::Down, 1),
            (KeyCode::PageDown, 11),
            (KeyCode::PageDown, 21),
            (KeyCode::PageUp, 11),
            (KeyCode::Up, 10),
            (KeyCode::Home, 0),
            (KeyCode::PageUp, 0),
            (KeyCode::End, usize::MAX),
        ] {
            assert_eq!(state.press(KeyEvent::from(key)), Wish::Nothing);
            assert_eq!(state.over, Over::Help(line), "{key:?}");
        }
        press(&mut state, "q");
        assert_eq!(state.over, Over::Nothing);
    }

    #[test]
    fn trouble_is_over_with_the_next_look() {
        let mut state = state();
        state.trouble = Some("the queues cannot be read".to_string());
        press(&mut state, "j");
        assert!(state.trouble.is_some());
        state.renew(look(&[(5, 30)]), String::new());
        assert_eq!(state.trouble, None);
    }

    #[test]
    fn keys_sort_and_move_without_leaving_the_list() {
        let mut state = state();
        press(&mut state, "r");
        assert_eq!((state.place, state.line().unwrap().row.msqid), (2, 5));
        press(&mut state, "jjjj");
        assert_eq!(state.place, 2);
        press(&mut state, "kkkkkk");
        assert_eq!(state.place, 0);
        let before = state.column;
        press(&mut state, "sS");
        assert_eq!(state.column, before);
        for _ in &ALL {
            press(&mut state, "s");
        }
        assert_eq!(state.column, before);
    }
}
