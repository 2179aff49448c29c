//! Programs in a guest whose input and output go through files there, because libvirt carries neither
//! if it is large.

use std::time::Instant;

use serde_json::json;

use super::super::Domain;
use super::super::agent_file::GuestFileMode;
use super::super::agent_undo::AgentUndo;
use super::{GuestProcess, GuestProgram};
use crate::error::{Error, Result, code};

/// Removes the folder that is its first argument.
const REMOVE: &str = "rm -rf -- \"$0\"";

impl Domain {
    /// Runs a program with input and output in files of a folder that only the agent's user can read: a
    /// shell opens them and then becomes the program, so process id, exit status and signals are the
    /// program's.
    pub(super) fn exec_through_files(&self, program: &GuestProgram) -> Result<GuestProcess> {
        program.check().map_err(|e| e.operation("domain.exec").object(self.label()))?;
        let folder = GuestFolder::make(self)?;
        match self.exec_in(&folder.path, program) {
            Err(error) if error.code() == code::TIMEOUT => {
                // It goes on, and writes there.
                folder.keep();
                Err(error)
            }
            Err(error) if error.ends_the_run() => Err(error),
            outcome => {
                // What went wrong before is the failure to tell of, not what could not be removed after it.
                let removed = folder.remove(self);
                let process = outcome?;
                removed.map(|()| process)
            }
        }
    }

    fn exec_in(&self, folder: &str, program: &GuestProgram) -> Result<GuestProcess> {
        let mut script = "exec \"$@\" >\"$0/out\" 2>\"$0/err\"".to_owned();
        if !program.input.is_empty() {
            self.file_write(&format!("{folder}/in"), &program.input, GuestFileMode::Write)?;
            script.push_str(" <\"$0/in\"");
        }
        let mut argv = shell_line(&script, folder);
        argv.extend(program.argv.iter().cloned());
        let pid = self.start_as(program, &argv)?;
        let mut process = self.exec_wait(program, pid).map_err(|error| match error.code() {
            code::TIMEOUT => error.replace_hint(format!(
                "it goes on; what it writes is in {folder}/out and {folder}/err in the guest"
            )),
            _ => error,
        })?;
        process.out = self.file_read(&format!("{folder}/out"))?;
        process.err.extend(self.file_read(&format!("{folder}/err"))?);
        Ok(process)
    }

    /// Runs a line of shell that only has to succeed.
    fn shell(&self, script: &str, folder: &str) -> Result<()> {
        let program = GuestProgram { argv: shell_line(script, folder), ..GuestProgram::default() };
        let pid = self.exec_start(&program)?;
        let process = self.exec_wait(&program, pid)?;
        if process.code == Some(0) {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&process.err).trim().to_owned();
        Err(Error::new(code::IO, format!("{folder} in {}: {words}", self.label()))
            .operation("domain.exec")
            .object(self.label()))
    }
}

/// A folder in a guest, removed when it is dropped, as far as its agent answers.
struct GuestFolder {
    path: String,
    undo: AgentUndo,
    there: bool,
}

impl GuestFolder {
    fn make(domain: &Domain) -> Result<Self> {
        let path = format!("/tmp/virhai-{}", uuid_text());
        let mut folder = Self { path, undo: AgentUndo::new(domain)?, there: false };
        let made = domain.shell("umask 077; mkdir \"$0\"", &folder.path);
        // A run that ends while it is being made does not know whether it is there.
        folder.there = made.as_ref().map_or_else(Error::ends_the_run, |()| true);
        made.map(|()| folder)
    }

    /// Leaves it where it is.
    fn keep(mut self) {
        self.there = false;
    }

    /// Removes it and tells whether that succeeded.
    fn remove(mut self, domain: &Domain) -> Result<()> {
        let removed = domain.shell(REMOVE, &self.path);
        self.there = removed.as_ref().is_err_and(Error::ends_the_run);
        removed
    }
}

impl Drop for GuestFolder {
    fn drop(&mut self) {
        if self.there {
            let argv = shell_line(REMOVE, &self.path);
            let arguments = json!({ "path": argv[0], "arg": argv[1..] });
            self.undo.run(&json!({ "execute": "guest-exec", "arguments": arguments }));
        }
    }
}

fn shell_line(script: &str, folder: &str) -> Vec<String> {
    ["/bin/sh", "-c", script, folder].map(str::to_owned).to_vec()
}

/// A name that nobody can guess, from the system's own source of random bytes.
fn uuid_text() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/uuid").map_or_else(
        |_| {
            format!("{}-{:?}", std::process::id(), Instant::now()).replace(|c: char| !c.is_ascii_digit(), "-")
        },
        |text| text.trim().to_owned(),
    )
}
