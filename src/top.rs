//! The live view of a host: what its guests do, refreshed until the person leaves.
//!
//! A thread takes the samples, so that keys are answered while a guest or the daemon hangs.

mod guest;
mod history;
mod keys;
mod list;
mod model;
mod screen;
mod text;

use std::io::{Stdout, stdout};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use crossterm::terminal::{
    self, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::error::{Error, Result};
use crate::libvirt::Connection;
use crate::monitor::{Sample, Sampler};
use crate::output::progress;
use keys::Then;
use model::{Model, Sort};

/// How the view begins; keys change all of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The time between two samples.
    pub interval: Duration,
    /// The word of the order: cpu, memory, disk, net or name.
    pub sort: Option<String>,
    /// A part of the names, or a pattern.
    pub filter: String,
}

/// The words of the order of guests.
pub const ORDERS: [&str; 5] = {
    let [(_, a), (_, b), (_, c), (_, d), (_, e)] = Sort::ALL;
    [a, b, c, d, e]
};

/// How long a key is waited for at a time, in milliseconds.
const TICK: u16 = 50;

/// Shows the view until the person leaves it or the run should end.
///
/// Errors: those of opening the connection; `usage` for an unknown order; `io` for a terminal that fails. What fails
/// later is shown, and tried again.
pub fn run(connection: &Connection, settings: &Settings) -> Result<()> {
    let mut model = Model::new(title(connection)?, settings.interval);
    if let Some(word) = &settings.sort {
        model.sort = Sort::named(word)?;
    }
    model.filter.clone_from(&settings.filter);
    let samples = Samples::start(connection)?;
    progress::hidden_during(|| {
        let _screen = Screen::take().map_err(failed)?;
        show(connection, &mut model, &samples)
    })
}

/// The connection, without what is secret or long.
fn title(connection: &Connection) -> Result<String> {
    connection.open()?;
    Ok(crate::uri::shown(&connection.uri()))
}

fn failed(error: std::io::Error) -> Error {
    Error::io("the terminal", &error).operation("top")
}

/// The loop of keys and samples.
fn show(connection: &Connection, model: &mut Model, samples: &Samples) -> Result<()> {
    let mut size = terminal::size().map_err(failed)?;
    let mut drawn = blank(size).map_err(failed)?;
    samples.ask();
    let mut asked = Some(Instant::now());
    loop {
        drawn.draw(|frame| screen::draw(frame, model)).map_err(failed)?;
        // Until something is new there is nothing to draw.
        loop {
            connection.door().interrupt().check()?;
            let is_due = asked.is_none_or(|at: Instant| at.elapsed() >= model.interval);
            match samples.next() {
                Some(sample) => {
                    take(model, sample);
                    break;
                }
                None if is_due && !model.is_paused && samples.ask_if_idle() => asked = Some(Instant::now()),
                None => {}
            }
            let Some(keys) = typed()? else { return Ok(()) };
            if keys.iter().any(|key| keys::press(model, *key) == Then::Quit) {
                return Ok(());
            }
            let now = terminal::size().map_err(failed)?;
            if now != size {
                size = now;
                drawn = blank(size).map_err(failed)?;
                break;
            }
            if !keys.is_empty() {
                break;
            }
        }
    }
}

/// An empty screen of a size. That of a whole terminal would ask the terminal where its cursor is.
fn blank((columns, rows): (u16, u16)) -> std::io::Result<Terminal<CrosstermBackend<Stdout>>> {
    execute!(stdout(), terminal::Clear(terminal::ClearType::All))?;
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    Terminal::with_options(CrosstermBackend::new(stdout()), TerminalOptions { viewport })
}

/// The keys that were typed, waiting a moment for one; nothing where there is no terminal any more.
fn typed() -> Result<Option<Vec<KeyEvent>>> {
    let mut keys = Vec::new();
    let stdin = std::io::stdin();
    let mut input = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    match poll(&mut input, TICK) {
        Ok(0) | Err(Errno::EINTR) => return Ok(Some(keys)),
        Ok(_) => {}
        Err(error) => return Err(failed(error.into())),
    }
    // Asked for a key of a terminal that has gone, crossterm reads nothing for ever.
    if input[0].revents() != Some(PollFlags::POLLIN) {
        return Ok(None);
    }
    while event::poll(Duration::ZERO).map_err(failed)? {
        match event::read().map_err(failed)? {
            Event::Key(key) if key.kind != KeyEventKind::Release => keys.push(key),
            _ => {}
        }
    }
    if keys.is_empty() {
        // crossterm forgets what is left to read after it told of a new size, until the next key: no reason to spin.
        std::thread::sleep(Duration::from_millis(TICK.into()));
    }
    Ok(Some(keys))
}

fn take(model: &mut Model, sample: Result<Sample>) {
    match sample {
        Ok(sample) => model.update(sample, jiff::Zoned::now().strftime("%H:%M:%S").to_string()),
        Err(error) => model.failure = Some(error.to_string()),
    }
}

/// The thread that takes samples, one at a time and when it is asked.
struct Samples {
    asks: Sender<()>,
    taken: Receiver<Result<Sample>>,
    is_busy: std::cell::Cell<bool>,
}

impl Samples {
    fn start(connection: &Connection) -> Result<Self> {
        let (asks, asked) = channel();
        let (give, taken) = channel();
        let mut sampler = Sampler::new(connection);
        let work = move || {
            // Ends with the view.
            while asked.recv().is_ok() && give.send(sampler.sample()).is_ok() {}
        };
        let started = std::thread::Builder::new().name("top".into()).spawn(work);
        started.map_err(|error| Error::io("a thread", &error).operation("top"))?;
        Ok(Self { asks, taken, is_busy: false.into() })
    }

    fn ask(&self) {
        self.is_busy.set(self.asks.send(()).is_ok());
    }

    /// Asks unless the last answer is still awaited.
    fn ask_if_idle(&self) -> bool {
        let is_idle = !self.is_busy.get();
        if is_idle {
            self.ask();
        }
        is_idle
    }

    fn next(&self) -> Option<Result<Sample>> {
        let sample = self.taken.try_recv();
        if sample.is_ok() {
            self.is_busy.set(false);
        }
        sample.ok()
    }
}

/// The terminal while the view has it; given back as it was when dropped.
struct Screen;

impl Screen {
    fn take() -> std::io::Result<Self> {
        enable_raw_mode()?;
        let screen = Self;
        execute!(stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody to tell where it fails.
        let _ = execute!(stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}
