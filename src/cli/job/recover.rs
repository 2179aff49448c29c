//! `virhai job recover`: what a killed run has left is put away. Units call it after each run.

use clap::Args;

use super::super::environment::Environment;
use super::super::status;
use super::place::store;
use crate::config::{Env, Folders};
use crate::error::Result;
use crate::jobs::lock::{self, RunLock, Tried};
use crate::jobs::overlap::named;
use crate::jobs::recover::{Recovered, abort_work, thaw};
use crate::output;
use crate::report;

/// Whose leftovers.
#[derive(Debug, Args)]
pub struct Recover {
    /// The name of a job
    #[arg(value_name = "NAME")]
    job: String,
}

/// Puts everything away and gives the exit status.
pub(super) fn run(environment: &Environment, recover: &Recover) -> u8 {
    match recovered(environment, &recover.job) {
        Ok(recovered) => {
            for done in &recovered.done {
                output::err(&format!("{done}\n"));
            }
            for failed in &recovered.failed {
                report::warn(failed);
            }
            if recovered.done.is_empty() && recovered.failed.is_empty() && output::stderr_is_terminal() {
                output::err("nothing was left\n");
            }
            if recovered.failed.is_empty() { status::DONE } else { status::FAILED }
        }
        Err(error) => environment.fail(&error, status::FAILED),
    }
}

fn recovered(environment: &Environment, job: &str) -> Result<Recovered> {
    let folders = Folders::find(&Env::of_process());
    let mut recovered = Recovered::default();
    if let Some(state) = folders.state_path() {
        thaw(state, &mut recovered);
        abort_work(state, environment.interrupt(), &mut recovered)?;
    }
    let path = lock::path(folders.runtime()?, job);
    if path.exists() {
        match RunLock::try_take(&path)? {
            Tried::Held(holder) => recovered.done.push(format!("{} goes on", named(holder.as_ref()))),
            // Nobody runs it: the next run makes the file anew.
            Tried::Taken(_lock) => drop(std::fs::remove_file(&path)),
        }
    }
    // A run whose process died is found interrupted by whoever looks; looking writes it down.
    if let Some(store) = store(environment)? {
        store.last_runs()?;
    }
    Ok(recovered)
}
