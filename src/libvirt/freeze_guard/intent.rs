//! What is written down before file systems are frozen, and what dead runs have left of it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::super::domain::Domain;
use crate::error::{Error, Result};
use crate::process::Owner;

/// An intent that is older than this is not worth trying any more: its guest has been thawed or
/// restarted by others.
const OLDEST: Duration = Duration::from_secs(24 * 3600);

/// Pause between two tries to have an intent alone.
const AGAIN: Duration = Duration::from_millis(10);

/// Which guest, of which host, and who means to freeze it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Intent {
    pub(super) uri: String,
    pub(super) uuid: String,
    pub(super) name: String,
    /// seconds
    pub(super) limit: f64,
    /// Who freezes.
    pub(super) owner: Owner,
}

/// Returns the folder of the intents in a state folder.
pub(super) fn folder(state: &Path) -> PathBuf {
    state.join("freeze")
}

impl Intent {
    pub(super) fn new(domain: &Domain, uri: &str, limit: Duration) -> Self {
        Self {
            uri: uri.to_owned(),
            uuid: domain.key().to_string(),
            name: domain.label().to_owned(),
            limit: limit.as_secs_f64(),
            owner: Owner::own(),
        }
    }

    /// Writes it to a new file, which only its owner can read and no other intent has, not even one of
    /// the same process for the same guest.
    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf> {
        let failed = |error: std::io::Error| {
            Error::io(folder.display().to_string(), &error)
                .hint("nothing is frozen without a note of it: make the state folder writable")
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let prefix = format!("{}-{}-", self.uuid, self.owner.pid());
        let mut file =
            tempfile::Builder::new().prefix(&prefix).suffix(".json").tempfile_in(folder).map_err(failed)?;
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.keep().map(|(_, path)| path).map_err(|error| failed(error.error))
    }

    /// Reads it, and locks it for as long as the file is open. `None` where another process has it.
    pub(super) fn claim(path: &Path) -> Result<Option<(Self, File)>> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        Self::take(file.map_err(|error| Error::io(path.display().to_string(), &error))?, path)
    }

    fn take(mut file: File, path: &Path) -> Result<Option<(Self, File)>> {
        let failed = |error: std::io::Error| Error::io(path.display().to_string(), &error);
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Whoever had it until now may have thawed: what was frozen since then is not its to thaw.
        path.metadata().map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let intent = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
        Ok(Some((intent, file)))
    }

    /// Does the same, and waits at most `time` for a process that has it: one that starts looks at every
    /// intent for a moment.
    pub(super) fn claim_within(path: &Path, time: Duration) -> Result<Option<(Self, File)>> {
        let end = Instant::now() + time;
        loop {
            match Self::claim(path)? {
                None if Instant::now() < end => std::thread::sleep(AGAIN),
                claimed => return Ok(claimed),
            }
        }
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
    intent.owner.has_died().then(|| Leftover { name: intent.name, uri: intent.uri, path: path.to_owned() })
}

/// The process that lives and has noted that it freezes this guest.
pub(super) fn holder(folder: &Path, uuid: &str) -> Option<u32> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let intents = entries.filter_map(|entry| serde_json::from_slice(&std::fs::read(entry.path()).ok()?).ok());
    let mut held = intents.filter(|intent: &Intent| intent.uuid == uuid && intent.owner.lives());
    held.next().map(|intent| intent.owner.pid())
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
            owner: Owner::own(),
        }
    }

    #[test]
    fn an_intent_is_left_only_when_its_process_has_gone_and_nobody_has_it() {
        let state = tempfile::tempdir().unwrap();
        assert!(leftovers(state.path()).is_empty());
        let dead = Intent { owner: Owner::dead(), ..intent() };
        let path = dead.write(&folder(state.path())).unwrap();
        let found = leftovers(state.path());
        assert_eq!(
            (found.len(), found[0].name.as_str(), found[0].path.as_path()),
            (1, "web1", path.as_path())
        );
        let claimed = Intent::claim(&path).unwrap();
        assert_eq!(claimed.as_ref().map(|(intent, _)| intent), Some(&dead));
        assert!(leftovers(state.path()).is_empty(), "its guard lives");
        std::fs::remove_file(&path).unwrap();
        intent().write(&folder(state.path())).unwrap();
        assert!(leftovers(state.path()).is_empty(), "its process lives");
        Intent { owner: Owner::elsewhere(), ..dead }.write(&folder(state.path())).unwrap();
        assert!(leftovers(state.path()).is_empty(), "another machine's are not ours to judge");
    }

    #[test]
    fn two_intents_of_one_process_for_one_guest_have_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [(); 3].map(|()| intent().write(folder.path()).unwrap());
        let claimed = paths.each_ref().map(|path| Intent::claim(path).unwrap());
        assert!(claimed.iter().all(Option::is_some), "{paths:?}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&paths[0].metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(paths[0].file_name().unwrap().to_str().unwrap().starts_with(&intent().uuid));
    }

    #[test]
    fn a_guard_waits_for_a_process_that_only_looks_and_leaves_what_is_done_alone() {
        const LONG: Duration = Duration::from_secs(60);
        let folder = tempfile::tempdir().unwrap();
        let path = intent().write(folder.path()).unwrap();
        let looking = Intent::claim(&path).unwrap();
        assert!(Intent::claim_within(&path, AGAIN * 3).unwrap().is_none());
        let guard = std::thread::spawn({
            let path = path.clone();
            move || Intent::claim_within(&path, LONG).unwrap().is_some()
        });
        std::thread::sleep(AGAIN * 3);
        drop(looking);
        assert!(guard.join().unwrap());

        // A guard that has thawed takes the intent away before it lets go of it.
        let opened = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(Intent::take(opened, &path).is_err());
    }

    #[test]
    fn the_holder_of_a_guest_is_a_process_that_lives() {
        let folder = tempfile::tempdir().unwrap();
        let uuid = intent().uuid;
        Intent { owner: Owner::dead(), ..intent() }.write(folder.path()).unwrap();
        Intent { owner: Owner::elsewhere(), ..intent() }.write(folder.path()).unwrap();
        Intent { uuid: "another".into(), ..intent() }.write(folder.path()).unwrap();
        assert_eq!(holder(folder.path(), &uuid), None);
        intent().write(folder.path()).unwrap();
        assert_eq!(holder(folder.path(), &uuid), Some(std::process::id()));
        assert_eq!(holder(&folder.path().join("none"), &uuid), None);
    }

    #[test]
    fn what_is_no_intent_is_left_alone() {
        let state = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder(state.path())).unwrap();
        std::fs::write(folder(state.path()).join("x.json"), "{").unwrap();
        assert!(leftovers(state.path()).is_empty());
    }
}
