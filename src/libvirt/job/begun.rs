//! The long work of a scheduled run: aborted where the run must end before its time, and noted meanwhile, so that what a
//! killed run has left at the hypervisor is aborted by [`LeftoverWork`].
//!
//! Both only where [`keep`] was called: at the prompt and in other scripts an interrupt ends the waiting alone.

use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use virt::sys;

use super::super::{Connection, Domain, Door, Interrupt, Rules};
use super::Job;
use crate::error::{Error, Result};
use crate::process::Owner;

static BEGUN: Mutex<Option<Begun>> = Mutex::new(None);

struct Begun {
    folder: PathBuf,
    jobs: Vec<Job>,
}

fn begun() -> MutexGuard<'static, Option<Begun>> {
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what begins from now on, with notes in a state folder.
pub fn keep(state: &Path) {
    *begun() = Some(Begun { folder: folder(state), jobs: Vec::new() });
}

/// Remembers work that has begun, and forgets what has ended.
pub(super) fn remember(job: &Job) {
    if let Some(begun) = begun().as_mut() {
        begun.jobs.retain(|job| job.outcome().is_none() || job.is_held());
        begun.jobs.push(job.clone());
    }
}

/// Forgets everything: what still goes on is meant to.
pub fn forget() {
    *begun() = None;
}

/// Aborts what still goes on, each within the deadline that the interrupt is given for it; tells what became of it.
pub fn abort_all(interrupt: &Interrupt, time: Duration) -> Vec<(String, Result<()>)> {
    let Some(Begun { jobs, .. }) = begun().take() else { return Vec::new() };
    // The wish that ended the script must not end this too.
    interrupt.set_deadline(time);
    interrupt.reset();
    let goes_on = |job: &Job| job.is_held() || !matches!(job.wait(Duration::ZERO), Ok(Some(_)));
    let title = |job: &Job| format!("{} {}", job.operation(), job.object());
    jobs.iter().filter(|job| goes_on(job)).map(|job| (title(job), abort(job, time))).collect()
}

/// Aborts and waits until it is over: the note of it must not outlive it.
fn abort(job: &Job, time: Duration) -> Result<()> {
    job.abort()?;
    job.wait(time).map(drop)
}

fn folder(state: &Path) -> PathBuf {
    state.join("work")
}

/// Which work, of which guest, and whose.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Note {
    uri: String,
    uuid: String,
    name: String,
    operation: String,
    /// absent for work on the whole guest
    disk: Option<String>,
    owner: Owner,
}

/// The file of a note, which goes when this is dropped.
pub struct Noted(PathBuf);

impl Drop for Noted {
    fn drop(&mut self) {
        // Best effort: one that is left is found to have nothing behind it.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Notes work that is about to begin; `None` where nothing is kept, or where it cannot be written: that is no reason
/// not to begin it.
pub fn note(vm: &Domain, operation: &str, disk: Option<&str>) -> Option<Noted> {
    let folder = begun().as_ref()?.folder.clone();
    let note = Note {
        uri: vm.connection().uri(),
        uuid: vm.key().to_string(),
        name: vm.label().to_owned(),
        operation: operation.to_owned(),
        disk: disk.map(str::to_owned),
        owner: Owner::own(),
    };
    note.write(&folder).ok().map(Noted)
}

impl Note {
    fn write(&self, folder: &Path) -> std::io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let prefix = format!("{}-{}-", self.uuid, self.owner.pid());
        let mut file = tempfile::Builder::new().prefix(&prefix).suffix(".json").tempfile_in(folder)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.as_file().sync_all()?;
        file.keep().map(|(_, path)| path).map_err(|error| error.error)
    }
}

/// Work that a killed run has left at a hypervisor.
#[derive(Clone, Debug)]
pub struct LeftoverWork {
    note: Note,
    path: PathBuf,
}

/// Returns what killed runs of this machine have left, as far as a state folder tells.
pub fn leftover_work(state: &Path) -> Vec<LeftoverWork> {
    let Ok(entries) = std::fs::read_dir(folder(state)) else { return Vec::new() };
    let read = |path: PathBuf| {
        let note: Note = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
        note.owner.has_died().then_some(LeftoverWork { note, path })
    };
    entries.flatten().filter_map(|entry| read(entry.path())).collect()
}

impl LeftoverWork {
    /// What it is, for people.
    pub fn title(&self) -> String {
        let Note { operation, name, uri, disk, .. } = &self.note;
        let of = disk.as_ref().map_or_else(|| name.clone(), |disk| format!("{disk} of {name}"));
        format!("{operation} on {of} ({uri})")
    }

    /// Aborts it where it still goes on; false where it does not. The note goes in both cases.
    ///
    /// Errors: those of the connection and of the abort, and the wish that it should end; the note stays.
    pub fn abort(&self, interrupt: &Interrupt) -> Result<bool> {
        let door = Arc::new(Door::new(Rules::default(), interrupt.clone()));
        let connection = Connection::new(Some(self.note.uri.clone()), false, door);
        let aborted = match connection.domain_by_uuid(&self.note.uuid) {
            Ok(vm) => self.abort_on(&vm),
            Err(error) => Err(error),
        };
        let aborted = match aborted {
            // A guest that is gone or does not run has nothing going on.
            Err(error) if matches!(error.code(), "no_domain" | "operation_invalid") => false,
            other => other?,
        };
        std::fs::remove_file(&self.path)
            .map_err(|error| Error::io(self.path.display().to_string(), &error))?;
        Ok(aborted)
    }

    fn abort_on(&self, vm: &Domain) -> Result<bool> {
        match &self.note.disk {
            Some(disk) => {
                // One of another kind is somebody else's.
                let goes_on = vm
                    .block_job_info(disk)?
                    .is_some_and(|info| operation_of(info.kind) == self.note.operation);
                if goes_on {
                    vm.block_job_abort(disk, 0)?;
                }
                Ok(goes_on)
            }
            // Only while the backup is there: another job of the guest is not ours.
            None => match vm.backup_xml() {
                Ok(_) => vm.abort_job(0).map(|()| true),
                Err(error) if error.code() == "no_domain_backup" => Ok(false),
                Err(error) => Err(error),
            },
        }
    }
}

/// The operation that begins a block job of this kind (`virDomainBlockJobType`).
fn operation_of(kind: i32) -> &'static str {
    match u32::try_from(kind) {
        Ok(sys::VIR_DOMAIN_BLOCK_JOB_TYPE_COPY) => "domain.block_copy",
        Ok(sys::VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT | sys::VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT) => {
            "domain.block_commit"
        }
        Ok(sys::VIR_DOMAIN_BLOCK_JOB_TYPE_PULL) => "domain.block_pull",
        _ => "",
    }
}
