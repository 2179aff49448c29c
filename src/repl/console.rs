//! The person's terminal as the terminal of a guest.

use std::io::{Write, stdin, stdout};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::termios::{SetArg, SpecialCharacterIndices, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::read;

use crate::api::domain::console::Leaving;
use crate::error::{Error, Result, code};
use crate::libvirt::{Domain, Received, Stream, TICK};
use crate::output;

/// Lets the person talk to a console of a guest until the key is typed that leaves it, or the guest ends it.
pub fn attach(console: &Stream, guest: &Domain, leaving: Leaving) -> Result<()> {
    if leaving.told {
        output::err(&format!("Connected to {}. ^] (Ctrl and ]) leaves.\r\n", guest.label()));
    }
    let raw = RawMode::enter()?;
    let outcome = talk(console, guest, leaving.key);
    drop(raw);
    output::err("\r\n");
    outcome
}

fn talk(console: &Stream, guest: &Domain, escape: u8) -> Result<()> {
    let interrupt = guest.connection().door().interrupt();
    loop {
        let typed = typed()?;
        let leaves = typed.iter().position(|key| *key == escape);
        let said = &typed[..leaves.unwrap_or(typed.len())];
        if !said.is_empty() {
            console.send(said, interrupt)?;
        }
        if leaves.is_some() {
            return console.abort(interrupt);
        }
        match console.receive(TICK, interrupt)? {
            Some(Received::Data(data)) => show(&data)?,
            Some(Received::End) => return Ok(()),
            Some(Received::Hole(_)) | None => {}
        }
    }
}

/// The keys that were pressed since; it does not wait for one.
fn typed() -> Result<Vec<u8>> {
    let mut keys = [0; 4096];
    match read(stdin(), &mut keys) {
        Ok(count) => Ok(keys[..count].to_vec()),
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(Vec::new()),
        Err(errno) => Err(failed(errno)),
    }
}

fn show(data: &[u8]) -> Result<()> {
    let mut screen = stdout().lock();
    screen.write_all(data).and_then(|()| screen.flush()).map_err(|error| Error::io("the terminal", &error))
}

/// The terminal hands over every key at once and as it is, until this is dropped.
struct RawMode(Termios);

impl RawMode {
    fn enter() -> Result<Self> {
        let before = tcgetattr(stdin()).map_err(failed)?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        // A read returns at once, with or without a key.
        raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
        raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(stdin().as_fd(), SetArg::TCSADRAIN, &raw).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // What was typed ahead is for the prompt.
        let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &self.0);
    }
}

fn failed(errno: Errno) -> Error {
    Error::new(code::IO, format!("the terminal cannot be used: {errno}"))
}
