//! The terminal's mode from before a line is edited, for whoever has to end the program meanwhile.

use std::io::{IsTerminal, stdin};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

use crate::output;

/// What makes a terminal mark pasted text, and no longer.
const PASTE_MARKED: &str = "\x1b[?2004h";
const PASTE_UNMARKED: &str = "\x1b[?2004l";

/// The mode to go back to, while a line is edited.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Edits a line, during which [`restore`] works.
pub(super) fn during<T>(edit: impl FnOnce() -> T) -> T {
    *before() = if stdin().is_terminal() { tcgetattr(stdin()).ok() } else { None };
    let edited = edit();
    *before() = None;
    edited
}

/// Lets another program have the terminal while a line is edited: in its ordinary mode, and then as it is now.
pub(super) fn aside<T>(run: impl FnOnce() -> T) -> T {
    let (ordinary, editing) = (before().clone(), tcgetattr(stdin()).ok());
    let set = |mode: Option<Termios>| mode.map(|mode| tcsetattr(stdin(), SetArg::TCSADRAIN, &mode));
    let _ = output::out(PASTE_UNMARKED);
    set(ordinary);
    let done = run();
    set(editing);
    let _ = output::out(PASTE_MARKED);
    done
}

/// Puts the terminal back as it was if a line is being edited; true where that was so.
pub fn restore() -> bool {
    let Some(mode) = before().take() else { return false };
    let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &mode);
    // No more marks around pasted text, and the shell's prompt on a line of its own.
    let _ = output::out(PASTE_UNMARKED);
    let _ = output::out("\r\n");
    true
}

fn before() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}
