//! The configuration: what a site or a person sets once.
//!
//! Three layers, the later ones winning key by key: `/etc/virhai/config.toml`, `virhai/config.toml`
//! in the user's configuration folder, and `VIRHAI_*` variables. Each layer is checked by itself,
//! so that a wrong key is reported with its own file, line and column; then the layers are merged and read
//! as one [`Config`]. Nothing here looks at the process: the environment comes as an [`Env`].
//!
//! ```toml
//! uri = "qemu:///system"
//! library = "~/virhai"
//! [hosts.prod]
//! uris = ["qemu+ssh://root@kvm1/system", "qemu+ssh://root@kvm2/system"]
//! [output]
//! format = "table"
//! ```

mod env;
mod file;
mod folders;
mod hosts;
mod period;
pub mod uri_aliases;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::{Table, Value};

pub use env::{Env, Places, UserPlaces};
pub(crate) use file::line_and_column;
pub use folders::Folders;
pub use hosts::HostGroup;
pub use variables::VARIABLES;

use crate::error::{Error, Result};
use crate::output::{ColorChoice, Format};

/// Everything that can be configured; what is not set has the default that is named here.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The connection that is used when none is named; without it libvirt's own rules hold.
    pub uri: Option<String>,
    /// A folder with the site's own script modules.
    pub library: Option<PathBuf>,
    /// Groups of hosts by name.
    pub hosts: BTreeMap<String, HostGroup>,
    /// Short words for the prompt and what they stand for.
    pub alias: BTreeMap<String, String>,
    /// The prompt.
    pub prompt: Prompt,
    /// How values are written.
    pub output: Output,
    /// The record of runs and changes.
    pub history: History,
    /// Scheduled maintenance jobs.
    pub jobs: Jobs,
}

/// The section `[prompt]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prompt {
    /// The key bindings: `emacs` (default) or `vi`.
    pub keys: Keys,
    /// Whether what is typed is coloured: `auto` (default), `always` or `never`.
    pub color: ColorChoice,
    /// The command line of the pager for long output; without it `$PAGER`, and `""` for none.
    pub pager: Option<String>,
    /// Whether destructive changes are confirmed (default true).
    pub confirm: bool,
    /// How many lines of history are kept (default 10,000).
    pub history_size: usize,
    /// A script that runs when the prompt starts.
    pub startup: Option<PathBuf>,
    /// For screen readers: nothing is drawn twice, coloured or hinted (default false).
    pub plain: bool,
}

impl Default for Prompt {
    fn default() -> Self {
        Self {
            keys: Keys::Emacs,
            color: ColorChoice::Auto,
            pager: None,
            confirm: true,
            history_size: 10_000,
            startup: None,
            plain: false,
        }
    }
}

/// The key bindings of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keys {
    /// As in bash.
    Emacs,
    /// As in vi.
    Vi,
}

/// The section `[output]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// The format when `-o` is not given; without it `table` on a terminal and `json` elsewhere.
    pub format: Option<Format>,
    /// Whether output is coloured: `auto` (default), `always` or `never`.
    pub color: ColorChoice,
}

/// The section `[history]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct History {
    /// Where the record is: a path or a `postgres://` URL; without it `history.db` in the state folder.
    pub store: Option<String>,
    /// How long records are kept (default a year): `"90d"` or seconds.
    #[serde(deserialize_with = "period::read")]
    pub keep: Duration,
    /// What happens when a change cannot be recorded.
    pub record: Recording,
}

impl Default for History {
    fn default() -> Self {
        Self { store: None, keep: Duration::from_secs(365 * 86_400), record: Recording::BestEffort }
    }
}

/// What happens when a change cannot be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recording {
    /// The change is refused.
    Required,
    /// The change is made (default).
    BestEffort,
    /// Nothing is recorded in the first place: `never`, or `off`.
    #[serde(alias = "off")]
    Never,
}

/// The section `[jobs]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jobs {
    /// The deadline of a job whose header names none: `"45m"` or seconds; none by default.
    #[serde(deserialize_with = "period::read_some")]
    pub timeout: Option<Duration>,
}

impl Config {
    /// Reads and merges all layers; files that do not exist are fine.
    ///
    /// Errors: `io` for a file that cannot be read; `usage` with file, line and column for one that
    /// is no TOML, has an unknown key or a value of the wrong kind, and for a wrong variable.
    pub fn load(env: &Env) -> Result<Self> {
        let mut merged = Table::new();
        for path in Folders::find(env).config_files() {
            if let Some(table) = file::read(&path, env)? {
                merge(&mut merged, table);
            }
        }
        merge(&mut merged, variables::read(env)?);
        // Each layer was read as a Config already; what is left to fail is their combination.
        merged.try_into().map_err(|error| Error::usage(format!("the configuration: {}", error.message())))
    }
}

/// Puts `over` on top of `base`, key by key; a group of hosts is replaced as a whole.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) if key == "hosts" => old.extend(new),
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
