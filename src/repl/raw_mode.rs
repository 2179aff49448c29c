//! The terminal's mode from before a line is edited, and that there is a prompt, for whoever has to end the
//! program meanwhile.

use std::io::{IsTerminal, stdin};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::termios::{FlushArg, LocalFlags, SetArg, Termios, tcflush, tcgetattr, tcsetattr};

use crate::output;

/// Milliseconds after which a paste has no more to come.
const MOMENT: u16 = 50;

/// The mode to go back to, while a line is edited.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Whether there is a prompt in this process.
static OPEN: AtomicBool = AtomicBool::new(false);

/// Notes that the prompt begins.
pub(super) fn open() {
    OPEN.store(true, Ordering::Relaxed);
}

/// True once a prompt has begun in this process.
pub fn is_open() -> bool {
    OPEN.load(Ordering::Relaxed)
}

/// Edits a line, during which [`restore`] works.
pub(super) fn during<T>(edit: impl FnOnce() -> T) -> T {
    *before() = if stdin().is_terminal() { tcgetattr(stdin()).ok() } else { None };
    let edited = edit();
    *before() = None;
    edited
}

/// Runs something while a line is edited, with the terminal as it was before.
pub(super) fn aside<T>(run: impl FnOnce() -> T) -> T {
    let editing = tcgetattr(stdin());
    let (Some(mode), Ok(editing)) = (before().clone(), editing) else { return run() };
    let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &mode);
    let _ = output::out("\x1b[?2004l");
    let done = run();
    let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &editing);
    let _ = output::out("\x1b[?2004h");
    done
}

/// Forgets what was typed and not yet read, and what follows it at once: the rest of a paste.
pub(super) fn forget_typed() {
    let Ok(mode) = tcgetattr(stdin()) else { return };
    let mut silent = mode.clone();
    silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
    let _ = tcsetattr(stdin(), SetArg::TCSANOW, &silent);
    let more = || matches!(poll(&mut [PollFd::new(stdin().as_fd(), PollFlags::POLLIN)], MOMENT), Ok(1..));
    while tcflush(stdin(), FlushArg::TCIFLUSH).is_ok() && more() {}
    let _ = tcsetattr(stdin(), SetArg::TCSANOW, &mode);
}

/// Puts the terminal back as it was if a line is being edited; true where that was so.
pub fn restore() -> bool {
    let Some(mode) = before().take() else { return false };
    let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &mode);
    // No more marks around pasted text, and the shell's prompt on a line of its own.
    let _ = output::out("\x1b[?2004l\r\n");
    true
}

fn before() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}
