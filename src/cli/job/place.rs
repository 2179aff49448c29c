//! Which job is meant by a name.

use std::path::{Path, PathBuf};

use super::super::environment::Environment;
use crate::config::Env;
use crate::error::{Error, Result};
use crate::history::{Place, Run, Store};
use crate::jobs::Job;
use crate::jobs::installed::{self, Installed};
use crate::output::did_you_mean;

/// Returns the script of a job, by its own path or by the job's name: from the units that are installed, otherwise from
/// the last run in the record.
///
/// Errors: `usage` where there is no such job.
pub(super) fn script_of(environment: &Environment, job: &Path) -> Result<PathBuf> {
    if is_script(job) {
        return std::path::absolute(job).map_err(|error| Error::io(job.display().to_string(), &error));
    }
    let name = job.to_string_lossy();
    if let Some(installed) = installed::find(&Env::of_process(), &name) {
        return Ok(installed.script);
    }
    let runs = last_runs(environment).unwrap_or_default();
    match runs.iter().find(|run| run.job.as_deref() == Some(&*name)) {
        Some(run) => Ok(run.script.clone().into()),
        None => Err(unknown(&name, &runs)),
    }
}

/// Returns the name of a job that is given by its name or its script.
///
/// Errors: those of reading the script's block.
pub(super) fn name_of(job: &Path) -> Result<String> {
    if is_script(job) { Ok(Job::load(job)?.name) } else { Ok(job.to_string_lossy().into_owned()) }
}

fn is_script(job: &Path) -> bool {
    job.components().count() > 1 || job.extension().is_some_and(|kind| kind == "rhai") || job.is_file()
}

/// Returns a job that is installed.
///
/// Errors: `usage` where there is none of this name.
pub(super) fn installed(environment: &Environment, name: &str) -> Result<Installed> {
    installed::find(&Env::of_process(), name)
        .ok_or_else(|| unknown(name, &last_runs(environment).unwrap_or_default()))
}

/// The last run of each job that is in the record; none where there is no record.
///
/// Errors: those of the store.
pub(super) fn last_runs(environment: &Environment) -> Result<Vec<Run>> {
    store(environment)?.map_or(Ok(Vec::new()), |store| store.last_runs())
}

/// The record, where there is one.
///
/// Errors: those of the store.
pub(super) fn store(environment: &Environment) -> Result<Option<Store>> {
    match Place::find_existing(environment.config.history.store.as_deref())? {
        Some(place) => Store::open_existing(place),
        None => Ok(None),
    }
}

fn unknown(name: &str, runs: &[Run]) -> Error {
    let installed = installed::all(&Env::of_process());
    let mut known: Vec<&str> = installed.iter().map(|job| job.name.as_str()).collect();
    known.extend(runs.iter().filter_map(|run| run.job.as_deref()));
    let error = did_you_mean(Error::usage(format!("there is no job {name:?}")), name, &known);
    error.hint("`virhai job list` shows those that there are; a script is named with its path")
}
