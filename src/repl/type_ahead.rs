//! What was typed and not yet read.

use std::io::stdin;
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::termios::{FlushArg, LocalFlags, SetArg, tcflush, tcgetattr, tcsetattr};

/// Milliseconds after which a paste has no more to come.
const MOMENT: u16 = 50;

/// Forgets it, and what follows it at once: the rest of a paste.
pub(super) fn forget() {
    let Ok(mode) = tcgetattr(stdin()) else { return };
    let mut silent = mode.clone();
    silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
    let _ = tcsetattr(stdin(), SetArg::TCSANOW, &silent);
    let follows = || matches!(poll(&mut [PollFd::new(stdin().as_fd(), PollFlags::POLLIN)], MOMENT), Ok(1..));
    while tcflush(stdin(), FlushArg::TCIFLUSH).is_ok() && follows() {}
    let _ = tcsetattr(stdin(), SetArg::TCSANOW, &mode);
}
