//! Talking to a guest: its consoles, its channels, its graphics.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use virt::sys;

use super::super::dialogue::Dialogue;
use super::super::door::change;
use super::super::failure::{Failure, check};
use super::super::stream::{Stream, Use};
use super::super::texts::OptionalText;
use super::Domain;
use crate::error::{Error, Result, code};

impl Domain {
    /// Opens a console or a serial or parallel port by its alias; without one, the first console
    /// (`virDomainOpenConsole`).
    pub fn open_console(&self, device: Option<&str>, flags: u32) -> Result<Stream> {
        let device = OptionalText::new("a device's alias", device)?;
        let begun = self.open_stream(change("domain.open_console"), Use::Talk, move |d, stream| {
            // SAFETY: a live domain, a NUL-terminated name or null, and an open stream.
            check(unsafe { sys::virDomainOpenConsole(d.as_ptr(), device.as_ptr(), stream, flags) })
        });
        Ok(begun?.0)
    }

    /// Opens a channel by its name or alias; without one, the first (`virDomainOpenChannel`).
    pub fn open_channel(&self, name: Option<&str>, flags: u32) -> Result<Stream> {
        let name = OptionalText::new("a channel's name", name)?;
        let begun = self.open_stream(change("domain.open_channel"), Use::Talk, move |d, stream| {
            // SAFETY: a live domain, a NUL-terminated name or null, and an open stream.
            check(unsafe { sys::virDomainOpenChannel(d.as_ptr(), name.as_ptr(), stream, flags) })
        });
        Ok(begun?.0)
    }

    /// Connects to one of its graphics devices, counted from 0, without going through its network
    /// port (`virDomainOpenGraphicsFD`, or `virDomainOpenGraphics` where the daemon has only that).
    ///
    /// Only a daemon on this machine can hand over a socket.
    pub fn open_graphics(&self, index: u32, flags: u32) -> Result<Dialogue> {
        let socket = match self.graphics_socket(index, flags) {
            Err(error) if error.code() == code::UNSUPPORTED => self.give_graphics_socket(index, flags),
            other => other,
        }?;
        Dialogue::with_socket(socket, self)
    }

    fn graphics_socket(&self, index: u32, flags: u32) -> Result<UnixStream> {
        self.call(change("domain.open_graphics"), move |d| {
            // SAFETY: a live domain.
            let fd = check(unsafe { sys::virDomainOpenGraphicsFD(d.as_ptr(), index, flags) })?;
            // SAFETY: a descriptor that the call made for its caller.
            Ok(UnixStream::from(unsafe { OwnedFd::from_raw_fd(fd) }))
        })
    }

    fn give_graphics_socket(&self, index: u32, flags: u32) -> Result<UnixStream> {
        self.call(change("domain.open_graphics"), move |d| {
            let (ours, theirs) = UnixStream::pair().map_err(|error| {
                Failure::Own(Error::new(code::IO, format!("no pair of sockets: {error}")))
            })?;
            // SAFETY: a live domain and an open socket, which the daemon gets a copy of.
            check(unsafe { sys::virDomainOpenGraphics(d.as_ptr(), index, theirs.as_raw_fd(), flags) })?;
            Ok(ours)
        })
    }
}
