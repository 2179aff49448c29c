//! What only QEMU has: its monitor, and guests that libvirt did not start.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::raw::{c_char, c_int, c_uint};

use virt::sys;

use super::connection::Connection;
use super::domain::{Domain, release};
use super::door::{Operation, destroy, read};
use super::failure::{Failure, Report, check, text_of};
use super::handle::{Found, Handle};
use super::typed_params::c_text;
use crate::error::Result;

/// A command for QEMU's monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MonitorCommand {
    /// In the monitor's protocol: JSON.
    Protocol(String),
    /// In the words of the monitor that people type at.
    Human(String),
}

impl MonitorCommand {
    /// A command can end or change anything, unless it only asks.
    fn operation(&self, name: &str) -> Operation {
        let asks = match self {
            Self::Protocol(_) => name.starts_with("query-"),
            Self::Human(text) => text.trim_start().starts_with("info "),
        };
        if asks { read("domain.qemu_monitor_command") } else { destroy("domain.qemu_monitor_command") }
    }
}

impl Domain {
    /// Sends its monitor a command and returns the answer's text (`virDomainQemuMonitorCommand`, with
    /// files `virDomainQemuMonitorCommandWithFiles`); `name` is the name of a command in JSON.
    ///
    /// Files are handed to QEMU with the command; what it hands back is closed.
    pub fn qemu_monitor_command(
        &self,
        command: MonitorCommand,
        name: &str,
        files: Vec<File>,
    ) -> Result<String> {
        let operation = command.operation(name);
        let (text, flags) = match command {
            MonitorCommand::Protocol(text) => (text, 0),
            MonitorCommand::Human(text) => (text, sys::VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP),
        };
        let text = c_text("a monitor command", &text)?;
        self.call(operation, move |d| {
            let mut answer: *mut c_char = std::ptr::null_mut();
            if files.is_empty() {
                // SAFETY: a live domain, a NUL-terminated text and room for the answer's pointer.
                check(unsafe {
                    sys::virDomainQemuMonitorCommand(d.as_ptr(), text.as_ptr(), &raw mut answer, flags)
                })?;
            } else {
                // The call sends copies: these are closed when `files` goes.
                let mut given: Vec<RawFd> = files.iter().map(AsRawFd::as_raw_fd).collect();
                let (mut back_count, mut back): (c_uint, *mut c_int) = (0, std::ptr::null_mut());
                // SAFETY: a live domain, a NUL-terminated text, an array of open files with its length,
                // and room for what comes back.
                let done = unsafe {
                    sys::virDomainQemuMonitorCommandWithFiles(
                        d.as_ptr(),
                        text.as_ptr(),
                        given.len() as c_uint,
                        given.as_mut_ptr(),
                        &raw mut back_count,
                        &raw mut back,
                        &raw mut answer,
                        flags,
                    )
                };
                check(done)?;
                // SAFETY: an array of that many open files; they and the array are ours.
                unsafe {
                    (0..back_count as usize).for_each(|n| drop(OwnedFd::from_raw_fd(*back.add(n))));
                    release(back.cast());
                }
            }
            // SAFETY: the answer is null or a NUL-terminated text that is ours to free.
            unsafe {
                let copy = text_of(answer).unwrap_or_default();
                release(answer.cast());
                Ok(copy)
            }
        })
    }
}

impl Connection {
    /// Takes over a QEMU process that libvirt did not start (`virDomainQemuAttach`).
    pub fn qemu_attach(&self, pid: u32) -> Result<Domain> {
        let found = self.call_live(super::door::change("connection.qemu_attach"), "", move |live| {
            // SAFETY: a live connection.
            let pointer = unsafe { sys::virDomainQemuAttach(live.connect().as_ptr(), pid, 0) };
            if pointer.is_null() {
                return Err(Failure::Libvirt(Report::last()));
            }
            // SAFETY: a fresh domain whose one reference is ours.
            Found::new(live, unsafe { virt::domain::Domain::from_ptr(pointer) })
        })?;
        Ok(Handle::new(self, found))
    }
}

#[cfg(test)]
mod tests {
    use super::super::door::Effect;
    use super::*;

    #[test]
    fn a_command_that_does_more_than_ask_may_destroy() {
        let effect = |command: MonitorCommand, name: &str| command.operation(name).effect;
        let protocol = || MonitorCommand::Protocol("{}".into());
        assert_eq!(effect(protocol(), "query-status"), Effect::Read);
        assert_eq!(effect(protocol(), "quit"), Effect::Destroy);
        assert_eq!(effect(MonitorCommand::Human("info block".into()), ""), Effect::Read);
        assert_eq!(effect(MonitorCommand::Human("system_reset".into()), ""), Effect::Destroy);
    }
}
