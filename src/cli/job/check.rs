//! `virhai job check`: whether scripts can be jobs.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::check::Checker;
use super::super::environment::Environment;
use super::super::status;
use crate::jobs::Job;

/// What is checked.
#[derive(Debug, Args)]
pub struct Check {
    /// The scripts
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Checks the files and gives the exit status.
pub(super) fn run(environment: &Environment, check: &Check) -> u8 {
    let checker = Checker::new(environment);
    let mut status = status::DONE;
    for file in &check.files {
        if let Err(failed) = checked(&checker, file) {
            status = failed;
        }
    }
    status
}

/// Reads a job whose script has nothing wrong with it; what is wrong is told.
///
/// Errors: the exit status where anything was found.
pub(super) fn checked(checker: &Checker, file: &Path) -> Result<Job, u8> {
    let mut job = None;
    checker.check(file, |text| match Job::read(file, text) {
        Ok(read) => {
            job = Some(read);
            Vec::new()
        }
        Err(findings) => findings,
    })?;
    job.ok_or(status::USAGE)
}
