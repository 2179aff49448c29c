//! One run of a job at a time: a lock that goes with the processes that hold it.
//!
//! The lock is the kernel's (`flock`), on a file in the runtime folder. It belongs to the open file, which the supervisor
//! shares with the script's process: it is free as soon as both have ended, however they end, and not before. What stands
//! in the file is for people and for `overlap = "replace"`; nobody decides by it whether the lock is held.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::process::Process;
use crate::units;

/// Who runs a job.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The supervisor.
    #[serde(flatten)]
    pub process: Process,
    /// When the run began, as people read it.
    pub since: String,
}

impl Holder {
    fn own() -> Self {
        Self { process: Process::own(), since: units::time_text(whole_seconds(Timestamp::now())) }
    }

    /// True while the supervisor itself lives, as far as that can be seen from here.
    pub fn lives(&self) -> bool {
        self.process.is_alive() == Some(true)
    }
}

/// See the module. It is given back when the last process that has it ends.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

/// What came of trying to have a lock.
#[derive(Debug)]
pub enum Tried {
    /// It is ours.
    Taken(RunLock),
    /// Another run has it; who, where that could be read.
    Held(Option<Holder>),
}

/// Returns the file of a job's lock in a runtime folder.
pub fn path(runtime: &Path, job: &str) -> PathBuf {
    runtime.join(format!("{job}.lock"))
}

impl RunLock {
    /// Takes the lock, unless another run has it.
    ///
    /// Errors: `io` where the file cannot be made or locked.
    pub fn try_take(path: &Path) -> Result<Tried> {
        let failed = |error: std::io::Error| {
            Error::io(path.display().to_string(), &error)
                .operation("job.lock")
                .hint("the folder for locks must be writable: see XDG_RUNTIME_DIR and RUNTIME_DIRECTORY")
        };
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            let mut file = options.open(path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Tried::Held(read(&mut file))),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // Who had it may have taken the file away: then this lock is on a file that nobody else sees.
            let is_there = path.metadata().is_ok_and(|there| is_same(&there, &file));
            if is_there {
                let mut lock = Self { file };
                // Only people read it; a full disk is no reason not to run.
                let _ = lock.note(&Holder::own());
                return Ok(Tried::Taken(lock));
            }
        }
    }

    fn note(&mut self, holder: &Holder) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        serde_json::to_writer(&mut self.file, holder)?;
        writeln!(self.file)
    }

    /// The open file, for a process that holds the lock too.
    ///
    /// Errors: `io` where there are no more descriptors.
    pub fn share(&self) -> Result<File> {
        self.file.try_clone().map_err(|error| Error::io("the lock of the run", &error))
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Nobody runs it any more as far as people read; a script that outlives this process still holds the lock.
        let _ = self.file.set_len(0);
    }
}

/// Returns who runs a job now; `None` where nobody does.
pub fn holder(path: &Path) -> Option<Option<Holder>> {
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read(&mut file)),
        _ => None,
    }
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn is_same(there: &std::fs::Metadata, file: &File) -> bool {
    file.metadata().is_ok_and(|open| (open.dev(), open.ino()) == (there.dev(), there.ino()))
}

/// People read it.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(path: &Path) -> RunLock {
        match RunLock::try_take(path).unwrap() {
            Tried::Taken(lock) => lock,
            Tried::Held(holder) => panic!("held by {holder:?}"),
        }
    }

    #[test]
    fn a_lock_has_one_holder_who_can_be_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("run"), "nightly");
        assert_eq!(holder(&path), None);
        let lock = take(&path);
        let Tried::Held(Some(other)) = RunLock::try_take(&path).unwrap() else { panic!("taken twice") };
        assert_eq!(other.process.pid, std::process::id());
        assert!(other.lives());
        assert_eq!(holder(&path), Some(Some(other)));
        drop(lock);
        assert_eq!(holder(&path), None);
        drop(take(&path));
    }

    #[test]
    fn a_lock_is_held_until_the_last_who_shares_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), "nightly");
        let lock = take(&path);
        let shared = lock.share().unwrap();
        drop(lock);
        assert!(matches!(RunLock::try_take(&path).unwrap(), Tried::Held(None)));
        drop(shared);
        take(&path);
    }

    #[test]
    fn a_file_that_was_taken_away_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), "nightly");
        let old = take(&path);
        std::fs::remove_file(&path).unwrap();
        let new = take(&path);
        assert!(matches!(RunLock::try_take(&path).unwrap(), Tried::Held(_)));
        drop((old, new));
    }

    #[test]
    fn a_holder_whose_number_another_process_has_by_now_does_not_live() {
        let process = Process { started: 1, ..Process::own() };
        let stale = Holder { process, ..Holder::own() };
        assert!(!stale.lives());
    }
}
