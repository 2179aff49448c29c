//! A question to the person at the terminal while an input runs.

use std::io::stdin;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::termios::{FlushArg, tcflush};
use nix::unistd::read;

use crate::libvirt::{Interrupt, TICK};
use crate::output;

/// Asks, and gives the line that is typed then; nothing at the end of input, after Ctrl-C, and where there is no
/// terminal.
pub(super) fn ask(question: &str, interrupt: &Interrupt) -> Option<String> {
    // What was typed or pasted before the question was seen is no answer to it.
    tcflush(stdin(), FlushArg::TCIFLUSH).ok()?;
    output::err(question);
    let line = read_line(interrupt);
    if line.is_none() {
        output::err("\n");
    }
    line
}

fn read_line(interrupt: &Interrupt) -> Option<String> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).ok()?;
    epoll.add(stdin(), EpollEvent::new(EpollFlags::EPOLLIN, 0)).ok()?;
    let mut line = Vec::new();
    let mut part = [0; 256];
    while !line.ends_with(b"\n") {
        interrupt.check().ok()?;
        let ready = epoll.wait(&mut [EpollEvent::empty()], TICK.as_millis() as u16);
        if ready.unwrap_or_default() == 0 {
            continue;
        }
        match read(stdin(), &mut part).ok()? {
            0 => return None,
            count => line.extend_from_slice(&part[..count]),
        }
    }
    String::from_utf8(line).ok()
}
