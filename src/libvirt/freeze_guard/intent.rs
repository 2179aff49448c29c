//! What is written down before file systems are frozen, and what dead runs have left of it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::super::domain::Domain;
use crate::error::{Error, Result};

/// An intent that is older than this is not worth trying any more: its guest has been thawed or
/// restarted by others.
const OLDEST: Duration = Duration::from_secs(24 * 3600);

/// Which guest, of which host, and who means to freeze it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Intent {
    pub(super) uri: String,
    pub(super) uuid: String,
    pub(super) name: String,
    /// seconds
    pub(super) limit: f64,
    /// The process that freezes, when it began (in the kernel's ticks), and on which machine.
    pub(super) pid: u32,
    pub(super) began: u64,
    pub(super) machine: String,
}

/// Returns the folder of the intents in a state folder.
pub(super) fn folder(state: &Path) -> PathBuf {
    state.join("freeze")
}

impl Intent {
    pub(super) fn new(domain: &Domain, uri: &str, limit: Duration) -> Self {
        let pid = std::process::id();
        Self {
            uri: uri.to_owned(),
            uuid: domain.key().to_string(),
            name: domain.label().to_owned(),
            limit: limit.as_secs_f64(),
            pid,
            began: beginning(pid).unwrap_or_default(),
            machine: machine(),
        }
    }

    /// Writes it to a file of its own, which only its owner can read.
    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(format!("{}-{}.json", self.uuid, self.pid));
        let failed = |error: std::io::Error| {
            Error::io(path.display().to_string(), &error)
                .hint("nothing is frozen without a note of it: make the state folder writable")
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(failed)?;
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(path)
    }

    /// Reads it, and locks it for as long as the file is open. `None` where another process has it.
    pub(super) fn claim(path: &Path) -> Result<Option<(Self, File)>> {
        let failed = |error: std::io::Error| Error::io(path.display().to_string(), &error);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let intent = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
        Ok(Some((intent, file)))
    }

    /// True where the process that meant to freeze has gone, as far as this machine can tell.
    fn is_orphan(&self) -> bool {
        self.machine == machine() && beginning(self.pid) != Some(self.began)
    }
}

/// An intent of a run that died together with its guard.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// the guest's name
    pub name: String,
    /// its host
    pub uri: String,
    pub(super) path: PathBuf,
}

impl Leftover {
    /// Thaws its guest, in this process; false where that did not succeed, and the intent stays.
    pub fn thaw(&self) -> bool {
        super::guard::thaw_leftover(&self.path)
    }

    /// Thaws its guest in a process of its own, which this one does not wait for.
    ///
    /// Errors: `io` where that process cannot be started.
    pub fn thaw_in_background(&self) -> Result<()> {
        super::guard::adopt(&self.path)
    }
}

/// Returns what dead runs have left in a state folder; a folder that is not there has nothing.
pub fn leftovers(state: &Path) -> Vec<Leftover> {
    let Ok(entries) = std::fs::read_dir(folder(state)) else { return Vec::new() };
    entries.flatten().filter_map(|entry| leftover(&entry.path())).collect()
}

fn leftover(path: &Path) -> Option<Leftover> {
    let age = path.metadata().and_then(|file| file.modified()).ok()?;
    if SystemTime::now().duration_since(age).is_ok_and(|age| age > OLDEST) {
        // Best effort: it is looked at again at the next start.
        let _ = std::fs::remove_file(path);
        return None;
    }
    let (intent, _lock) = Intent::claim(path).ok().flatten()?;
    intent.is_orphan().then(|| Leftover { name: intent.name, uri: intent.uri, path: path.to_owned() })
}

/// When a process began; `None` where there is none. A number alone may be another process by now.
fn beginning(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before the last bracket may hold anything.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

fn machine() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent() -> Intent {
        Intent {
            uri: "qemu:///system".into(),
            uuid: "00000000-0000-0000-0000-000000000007".into(),
            name: "web1".into(),
            limit: 60.0,
            pid: std::process::id(),
            began: beginning(std::process::id()).unwrap(),
            machine: machine(),
        }
    }

    #[test]
    fn an_intent_is_left_only_when_its_process_has_gone_and_nobody_has_it() {
        let state = tempfile::tempdir().unwrap();
        assert!(leftovers(state.path()).is_empty());
        let dead = Intent { began: 1, ..intent() };
        let path = dead.write(&folder(state.path())).unwrap();
        let found = leftovers(state.path());
        assert_eq!(
            (found.len(), found[0].name.as_str(), found[0].path.as_path()),
            (1, "web1", path.as_path())
        );
        let claimed = Intent::claim(&path).unwrap();
        assert_eq!(claimed.as_ref().map(|(intent, _)| intent), Some(&dead));
        assert!(leftovers(state.path()).is_empty(), "its guard lives");
        drop(claimed);
        intent().write(&folder(state.path())).unwrap();
        assert!(leftovers(state.path()).is_empty(), "its process lives");
        Intent { machine: "elsewhere".into(), ..dead }.write(&folder(state.path())).unwrap();
        assert!(leftovers(state.path()).is_empty(), "another machine's are not ours to judge");
    }

    #[test]
    fn what_is_no_intent_is_left_alone() {
        let state = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder(state.path())).unwrap();
        std::fs::write(folder(state.path()).join("x.json"), "{").unwrap();
        assert!(leftovers(state.path()).is_empty());
    }
}
