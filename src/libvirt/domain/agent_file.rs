//! Files in a guest, read and written by its agent in pieces.
//!
//! The agent keeps a file open until it is told to close it: a [`GuestFile`] does so however it ends,
//! also when the run is interrupted.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::door::{Operation, change, read};
use super::super::typed_params::c_text;
use super::Domain;
use super::agent::AgentPatience;
use super::agent_exec::decoded;
use super::agent_undo::AgentUndo;
use crate::error::{Error, Result};

/// Bytes that are read with one command: large enough to be fast, small enough for a slow guest.
const READ_PIECE: usize = 512 * 1024;
/// Bytes that are written with one command: libvirt 9.0 never ends a command to the agent that is larger
/// than the buffer of its socket (208 KiB), which this is far below in base64.
const WRITE_PIECE: usize = 48 * 1024;
/// How long a piece may take; a busy guest under emulation is slow.
const PATIENCE: AgentPatience = AgentPatience::AtMost(Duration::from_secs(60));

/// How a file in a guest is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestFileMode {
    /// It must exist.
    Read,
    /// Emptied, or made.
    Write,
    /// Written at its end, or made.
    Append,
}

impl GuestFileMode {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::Append => "a",
        }
    }

    fn operation(self) -> Operation {
        match self {
            Self::Read => read("domain.file_read"),
            Self::Write | Self::Append => change("domain.file_write"),
        }
    }
}

/// A file that the agent of a guest has open; closed when it is dropped.
pub struct GuestFile {
    domain: Domain,
    handle: i64,
    path: String,
    open: bool,
    undo: AgentUndo,
}

impl Domain {
    /// Opens a file in the guest (agent command `guest-file-open`).
    ///
    /// Errors: `io` where the guest refuses, and those of [`Domain::agent_command`].
    pub fn file_open(&self, path: &str, mode: GuestFileMode) -> Result<GuestFile> {
        c_text("a path", path)?;
        let undo = AgentUndo::new(self)?;
        let arguments = json!({ "path": path, "mode": mode.word() });
        let answer = self.file_command(mode.operation(), path, "guest-file-open", &arguments)?;
        let handle = answer.as_i64().ok_or_else(|| {
            Error::new("internal_error", format!("the agent gave no handle: {answer}")).object(self.label())
        })?;
        Ok(GuestFile { domain: self.clone(), handle, path: path.to_owned(), open: true, undo })
    }

    /// The content of a file in the guest (agent commands `guest-file-*`).
    pub fn file_read(&self, path: &str) -> Result<Vec<u8>> {
        let mut file = self.file_open(path, GuestFileMode::Read)?;
        let mut content = Vec::new();
        while let Some(piece) = file.read()? {
            content.extend(piece);
        }
        file.close()?;
        Ok(content)
    }

    /// Writes a file in the guest (agent commands `guest-file-*`).
    pub fn file_write(&self, path: &str, content: &[u8], mode: GuestFileMode) -> Result<()> {
        let mut file = self.file_open(path, mode)?;
        file.write(content)?;
        file.close()
    }

    fn file_command(
        &self,
        operation: Operation,
        path: &str,
        command: &str,
        arguments: &Value,
    ) -> Result<Value> {
        let command = json!({ "execute": command, "arguments": arguments });
        self.agent_answer(operation, &command, PATIENCE).map_err(|error| self.of_file(path, error))
    }

    /// What the guest's system says about a file is an error of that file.
    fn of_file(&self, path: &str, error: Error) -> Error {
        if error.code() != "agent_command_failed" {
            return error;
        }
        let words = &error.facts().message;
        let reason = words.rsplit_once(": ").map_or(words.as_str(), |(_, reason)| reason);
        Error::new(crate::error::code::IO, format!("{path} in {}: {reason}", self.label()))
            .cause(words.clone())
            .operation(error.facts().operation.clone().unwrap_or_default())
            .host(error.facts().host.clone().unwrap_or_default())
            .object(self.label())
    }
}

impl GuestFile {
    /// The next piece, at most 512 KiB; `None` at the end.
    pub fn read(&mut self) -> Result<Option<Vec<u8>>> {
        let arguments = json!({ "handle": self.handle, "count": READ_PIECE });
        let answer = self.command(read("domain.file_read"), "guest-file-read", &arguments)?;
        let piece = decoded(&answer["buf-b64"])?;
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// Writes all of it, in pieces.
    pub fn write(&mut self, content: &[u8]) -> Result<()> {
        for piece in content.chunks(WRITE_PIECE) {
            let mut rest = piece;
            while !rest.is_empty() {
                let arguments = json!({ "handle": self.handle, "buf-b64": STANDARD.encode(rest) });
                let answer = self.command(read("domain.file_write"), "guest-file-write", &arguments)?;
                let written = answer["count"].as_u64().unwrap_or_default() as usize;
                if written == 0 || written > rest.len() {
                    let message = format!("{}: the agent wrote {written} of {} bytes", self.path, rest.len());
                    return Err(Error::new(crate::error::code::IO, message).object(self.domain.label()));
                }
                rest = &rest[written..];
            }
        }
        Ok(())
    }

    /// Closes it; what the guest's system says then, such as that its disk is full, is an error.
    pub fn close(mut self) -> Result<()> {
        self.open = false;
        self.command(read("domain.file_close"), "guest-file-close", &json!({ "handle": self.handle }))
            .map(drop)
            .inspect_err(|_| self.open = true)
    }

    fn command(&self, operation: Operation, command: &str, arguments: &Value) -> Result<Value> {
        self.domain.file_command(operation, &self.path, command, arguments)
    }
}

impl Drop for GuestFile {
    fn drop(&mut self) {
        if self.open {
            let arguments = json!({ "handle": self.handle });
            self.undo.run(&json!({ "execute": "guest-file-close", "arguments": arguments }));
        }
    }
}
