//! The screen in a terminal, which gets back what was there before, however the command ends.

use super::deeds;
use super::draw::draw;
use super::look::Watch;
use super::signals;
use super::state::{Over, State, Wish};
use super::{Pace, now};
use crate::command::failure::{Failure, MEANINGLESS};
use crate::command::show::names::errno_meaning;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use std::env;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// So many messages are shown.
const MOST_MESSAGES: usize = 200;

/// A signal is noticed after so long at the latest.
const SLICE: Duration = Duration::from_millis(200);

/// The terminal in which the screen is. Dropped, it is as it was before; a panic tidies up first, too.
struct Screen(DefaultTerminal);

/// Why it is over.
enum Ended {
    Quit,
    Signal(i32),
}

/// Shows the queues until the user or a signal ends it.
pub fn run(watch: Watch, state: State, pace: Pace) -> Result<ExitCode, Failure> {
    for (cannot, why) in [
        (!io::stdin().is_terminal(), "standard input is no terminal"),
        (!io::stdout().is_terminal(), "standard output is no terminal"),
        (
            env::var_os("TERM").is_some_and(|term| term == "dumb"),
            "the terminal is dumb, as TERM says",
        ),
    ] {
        if cannot {
            let sentence = format!("{why}; --batch writes plain tables");
            return Err(Failure::new(sentence).with_status(MEANINGLESS));
        }
    }
    let failed = |error| Failure::about("the terminal", error);
    signals::watch().map_err(|error| Failure::about("signals", error))?;
    let mut screen = Screen::enter().map_err(failed)?;
    let ended = watching(&mut screen, watch, state, pace);
    drop(screen);
    if let Ended::Signal(signal) = ended.map_err(failed)? {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    Ok(ExitCode::SUCCESS)
}

fn watching(
    screen: &mut Screen,
    mut watch: Watch,
    mut state: State,
    mut pace: Pace,
) -> io::Result<Ended> {
    while pace.another() {
        let due = Instant::now() + pace.interval;
        renew(&mut watch, &mut state);
        if let Some(ended) = show(due, screen, &mut watch, &mut state)? {
            return Ok(ended);
        }
    }
    Ok(Ended::Quit)
}

/// Shows what was seen, and does what keys and signals ask for, until it is time to look again.
fn show(
    due: Instant,
    screen: &mut Screen,
    watch: &mut Watch,
    state: &mut State,
) -> io::Result<Option<Ended>> {
    let mut is_drawn = false;
    loop {
        if let Some(signal) = signals::ended() {
            return Ok(Some(Ended::Signal(signal)));
        }
        let stop = signals::stopped();
        if stop || signals::continued() {
            screen.aside(|| if stop { signals::stop() } else { Ok(()) })?;
            is_drawn = false;
        }
        if !is_drawn {
            screen.0.draw(|frame| draw(frame, state))?;
            is_drawn = true;
        }
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        if !wait_for_input(left.min(SLICE))? {
            return Ok(Some(Ended::Quit));
        }
        while event::poll(Duration::ZERO)? {
            is_drawn = false;
            match read(state)? {
                Wish::Nothing => {}
                Wish::Quit => return Ok(Some(Ended::Quit)),
                Wish::Stop => screen.aside(signals::stop)?,
                Wish::Peek(msqid) => peek(watch, state, msqid),
                Wish::Do(deed, msqid) => {
                    let notice = deed.carry_out(watch.engine, msqid);
                    renew(watch, state);
                    state.notice = notice;
                }
            }
        }
    }
}

/// Looks again. Where that fails, what was seen stays.
fn renew(watch: &mut Watch, state: &mut State) {
    match watch.look() {
        Ok(look) => state.renew(look, now()),
        Err(error) => {
            state.trouble = Some(format!("the queues cannot be read: {}", errno_meaning(error)));
        }
    }
}

fn read(state: &mut State) -> io::Result<Wish> {
    Ok(match event::read()? {
        Event::Key(key) if key.kind != KeyEventKind::Release => state.press(key),
        _ => Wish::Nothing,
    })
}

fn peek(watch: &Watch, state: &mut State, msqid: i32) {
    match deeds::peek(watch.engine, msqid, MOST_MESSAGES) {
        Ok(lines) => state.over = Over::Messages(msqid, lines, 0),
        Err(sentence) => state.notice = sentence,
    }
}

/// Waits until something is typed or a signal comes, or for so long. False where the terminal is
/// gone: reading from it would never end.
fn wait_for_input(most: Duration) -> io::Result<bool> {
    let input = io::stdin();
    let mut asked = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(most).unwrap_or(PollTimeout::ZERO);
    match poll(&mut asked, timeout) {
        Ok(_) => {
            let seen = asked[0].revents().unwrap_or(PollFlags::empty());
            Ok(!seen.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL))
        }
        Err(Errno::EINTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

impl Screen {
    fn enter() -> io::Result<Screen> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(Screen(terminal)),
            Err(error) => {
                let _ = ratatui::try_restore();
                Err(error)
            }
        }
    }

    /// Does something while the terminal is as it was before.
    fn aside(&mut self, act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.0.show_cursor()?;
        ratatui::try_restore()?;
        let done = act();
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen)?;
        self.0.hide_cursor()?;
        self.0.clear()?;
        done
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
        let _ = ratatui::try_restore();
    }
}
