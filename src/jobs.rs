//! Scheduled maintenance jobs: what a script says of itself, and the files that schedulers read.
//!
//! A job is a script whose leading comment carries a TOML block, `[job]`. It is read without running the script
//! ([`Job::read`]); every key is checked and every fault has the line and column of the script. The schedule is a
//! [`Calendar`], in systemd's words.

mod block;
pub mod calendar;
mod comment;
pub mod export;
pub mod installed;
pub mod kept_output;
pub mod lock;
pub mod overlap;
pub mod recover;
pub mod run;
pub mod script_process;
mod secrets;
pub mod service;
pub mod supervisor;
pub mod systemctl;
pub mod unit;
mod values;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use calendar::Calendar;

use crate::api::permissions::{Permission, Permissions};
use crate::config::Recording;
use crate::error::{Error, Result};
use crate::lang::lint::Finding;

/// What a script says of itself as a job; what its block leaves out has the default that is named here.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// What it is called: by default the name of its file without `.rhai`.
    pub name: String,
    /// Its script, as it was given.
    pub script: PathBuf,
    /// What it is for: the text around the block, lines as they were written.
    pub purpose: String,
    /// When it runs; without it, only when somebody asks for it.
    pub schedule: Option<Calendar>,
    /// How much later than scheduled it may start, chosen anew each time (default none).
    pub jitter: Duration,
    /// The deadline of a run; without it the configuration's (`[jobs] timeout`).
    pub timeout: Option<Duration>,
    /// What a script that was told to end has until it is ended (default 30 s).
    pub grace: Duration,
    /// A run is ended that shows no life for so long (default: it may).
    pub watchdog: Option<Duration>,
    /// What happens when the earlier run still runs.
    pub overlap: Overlap,
    /// How often and after what time a run that failed is tried again.
    pub retry: Retry,
    /// Which hosts it works on.
    pub target: Target,
    /// Open every connection read-only (default false).
    pub readonly: bool,
    /// What the script may not do.
    pub deny: Vec<Permission>,
    /// Folders outside its own state that it may write, absolute.
    pub writes: Vec<PathBuf>,
    /// What happens when the run or a change of it cannot be recorded; without it the configuration's.
    pub record: Option<Recording>,
    /// The arguments of the script.
    pub args: Vec<String>,
    /// Variables of the environment that it needs, by name; their values are written nowhere.
    pub environment: Vec<String>,
    /// Secrets that the scheduler hands over as files, in the folder `$CREDENTIALS_DIRECTORY`.
    pub credentials: Vec<Credential>,
    /// The systemd unit that is started when a run fails, such as `mail-admin@%n.service`.
    pub on_failure: Option<String>,
    /// Show less (default false).
    pub quiet: bool,
}

/// What happens when the earlier run of a job still runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// The later one ends at once, and is recorded as skipped (default).
    #[default]
    Skip,
    /// The later one waits for the earlier one.
    Wait,
    /// The earlier one is ended.
    Replace,
}

impl Overlap {
    /// All of them with their words.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Skip, "skip"), (Self::Wait, "wait"), (Self::Replace, "replace")];
}

/// How often a run that failed is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// How often (default never).
    pub count: u32,
    /// The time before each further try (default none).
    pub after: Duration,
}

/// Which hosts a job works on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// What a run without `--connect` would open.
    #[default]
    Default,
    /// This connection.
    Uri(String),
    /// A group of the configuration, or URIs with commas between them, as for `--hosts`.
    Hosts(String),
}

/// A secret that the scheduler hands over as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The name of the file in `$CREDENTIALS_DIRECTORY`.
    pub name: String,
    /// The file on the host that holds it; without it systemd's credential stores (`/etc/credstore`) have it.
    pub path: Option<PathBuf>,
}

impl Job {
    /// Reads the block in `text`, the contents of `script`. The script is not run.
    ///
    /// Errors: one finding for each fault, in the order of their places.
    pub fn read(script: &Path, text: &str) -> std::result::Result<Self, Vec<Finding>> {
        block::read(script, text)
    }

    /// Reads a script and its block.
    ///
    /// Errors: `io` for a file that cannot be read; `usage` with file, line and column for the first fault.
    pub fn load(script: &Path) -> Result<Self> {
        let name = script.display().to_string();
        let text = std::fs::read_to_string(script).map_err(|error| Error::io(name.clone(), &error))?;
        Self::read(script, &text).map_err(|findings| first_error(&name, findings))
    }

    /// What the script may do.
    pub fn permissions(&self) -> Permissions {
        self.deny.iter().fold(Permissions::ALL, |left, denied| left.without(*denied))
    }
}

fn first_error(name: &str, findings: Vec<Finding>) -> Error {
    let Some(finding) = findings.into_iter().next() else {
        return Error::usage(format!("{name}: the block [job] cannot be read")).object(name);
    };
    let Finding { line, column, message, hint, .. } = finding;
    let error = Error::usage(format!("{name}:{line}:{column}: {message}")).object(name);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

#[cfg(test)]
mod tests;
