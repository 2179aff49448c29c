//! The prompt where nothing may be drawn: for screen readers, `TERM=dumb` and terminals that are none.
//!
//! The terminal itself edits the line and hands it over at Enter. Nothing is written twice, coloured or hinted.

use std::cell::RefCell;
use std::io::{Read, stdin};
use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::screen::Screen;
use super::shell::Shell;
use super::validator::Validator;
use super::{Ending, events};
use crate::error::{Error, Result};
use crate::libvirt::{Interrupt, Reason, TICK};
use crate::output;

/// Stands in front of each further line of an input.
const MORE: &str = "... ";

/// What was typed.
enum Typed {
    Line(String),
    /// Ctrl-D on an empty line, or the terminal has gone.
    End,
    /// Ctrl-C, or the run has to end.
    Wish(Reason),
}

/// Reads and evaluates until the person leaves.
///
/// Errors: `io` where the terminal cannot be read.
pub(super) fn converse(shell: &Rc<RefCell<Shell>>, screen: &mut dyn Screen) -> Result<Ending> {
    let interrupt = shell.borrow().session().interrupt().clone();
    let validator = Validator::new();
    let mut lines = Lines::new()?;
    let mut pending = String::new();
    let mut events = None;
    loop {
        if pending.is_empty() {
            shell.borrow_mut().notice(screen);
            // Nothing can be drawn above what is typed: they are told between two inputs.
            events = shell.borrow_mut().events_to_show(screen).or(events);
            if let Some(told) = events.as_deref().and_then(events::told) {
                let _ = output::out(&told)?;
            }
        }
        let prompt = if pending.is_empty() { shell.borrow().prompt() } else { MORE.to_owned() };
        let _ = output::out(&prompt)?;
        match lines.next(&interrupt)? {
            Typed::Line(line) => pending.push_str(&line),
            Typed::End => {
                let _ = output::out("\n")?;
                return Ok(Ending::Status(0));
            }
            Typed::Wish(Reason::Interrupted) => {
                interrupt.reset();
                pending.clear();
                let _ = output::out("\n")?;
                continue;
            }
            Typed::Wish(reason) => return Ok(Ending::Wish(reason)),
        }
        if validator.wants_more(&pending) {
            pending.push('\n');
            continue;
        }
        let ending = shell.borrow_mut().input(&std::mem::take(&mut pending), screen);
        if let Some(ending) = ending {
            return Ok(ending);
        }
    }
}

/// Lines from standard input, and the wish to end while one is waited for.
struct Lines {
    ready: Epoll,
    bytes: Vec<u8>,
}

impl Lines {
    fn new() -> Result<Self> {
        let ready = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(failed)?;
        ready.add(stdin(), EpollEvent::new(EpollFlags::EPOLLIN, 0)).map_err(failed)?;
        Ok(Self { ready, bytes: Vec::new() })
    }

    fn next(&mut self, interrupt: &Interrupt) -> Result<Typed> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                return Ok(Typed::Line(line.trim_end_matches(['\r', '\n']).to_owned()));
            }
            if let Some(reason) = interrupt.reason() {
                return Ok(Typed::Wish(reason));
            }
            if self.is_ready()? {
                let mut more = [0; 4096];
                let count =
                    stdin().lock().read(&mut more).map_err(|error| Error::io("the terminal", &error))?;
                if count == 0 {
                    return Ok(Typed::End);
                }
                self.bytes.extend_from_slice(&more[..count]);
            }
        }
    }

    /// Waits a moment for something to read.
    fn is_ready(&self) -> Result<bool> {
        let timeout = EpollTimeout::try_from(TICK).unwrap_or(EpollTimeout::ZERO);
        match self.ready.wait(&mut [EpollEvent::empty()], timeout) {
            Ok(count) => Ok(count > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(errno) => Err(failed(errno)),
        }
    }
}

fn failed(errno: Errno) -> Error {
    Error::io("the terminal", &errno.into())
}
