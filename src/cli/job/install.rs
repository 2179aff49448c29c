//! `virhai job add`, `enable`, `disable` and `remove`: the units of a job in the hands of systemd.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::check::Checker;
use super::super::environment::Environment;
use super::super::status;
use super::check::checked;
use super::place::installed;
use crate::config::Env;
use crate::error::{Error, Result, code};
use crate::jobs::Job;
use crate::jobs::installed::{find, folder};
use crate::jobs::systemctl::Systemctl;
use crate::jobs::unit::{Machine, Scope, Unit};
use crate::output;
use crate::replacement::Replacement;

/// What is installed, and where.
#[derive(Debug, Args)]
pub struct Add {
    /// The script; it stays where it is
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// As a service of the user
    #[arg(long, conflicts_with = "system")]
    user: bool,
    /// As a service of the machine, which only root can (root's default)
    #[arg(long)]
    system: bool,
    /// Also in the place of a job of this name that another script has
    #[arg(long)]
    force: bool,
}

/// A job that is installed.
#[derive(Debug, Args)]
pub struct Named {
    /// The name of the job
    #[arg(value_name = "NAME")]
    job: String,
}

/// Checks a job, installs it and gives the exit status.
pub(super) fn add(environment: &Environment, add: &Add) -> u8 {
    let script = match fs::canonicalize(&add.file) {
        Ok(script) => script,
        Err(error) => {
            return environment.fail(&Error::io(add.file.display().to_string(), &error), status::USAGE);
        }
    };
    let job = match checked(&Checker::new(environment), &script) {
        Ok(job) => job,
        Err(status) => return status,
    };
    let env = Env::of_process();
    let scope = if add.system || (env.root && !add.user) { Scope::System } else { Scope::User };
    told(environment, install(&job, scope, add.force, &env))
}

fn told(environment: &Environment, outcome: Result<String>) -> u8 {
    match outcome {
        Ok(text) => {
            output::err(&text);
            status::DONE
        }
        Err(error) => {
            let status = if error.code() == code::USAGE { status::USAGE } else { status::FAILED };
            environment.fail(&error, status)
        }
    }
}

/// Puts the units in place and starts the timer; where any of it fails, everything is as it was.
fn install(job: &Job, scope: Scope, force: bool, env: &Env) -> Result<String> {
    let of_add = |error: Error| error.operation("job.add").object(job.name.as_str());
    let other = find(env, &job.name).filter(|other| other.scope == scope && other.script != job.script);
    if let Some(other) = other.filter(|_| !force) {
        let message =
            format!("the job {} is there already, with the script {}", job.name, other.script.display());
        return Err(of_add(
            Error::usage(message)
                .hint("--force puts this one in its place; `name` in its block names it otherwise"),
        ));
    }
    let systemctl = Systemctl(scope);
    if !systemctl.is_there() {
        let message =
            format!("there is no {} service manager of systemd here: nothing was installed", scope.word());
        return Err(of_add(Error::new(code::UNSUPPORTED, message).hint(format!(
            "`virhai job export --to cron {}` writes a line for crontab",
            job.script.display()
        ))));
    }
    let folder = folder(scope, env).map_err(of_add)?;
    let units = Unit::all(job, &Machine::here(scope));
    let mut done = Vec::new();
    let installed = put_in_place(&folder, &units, &mut done).and_then(|()| begin(systemctl, &units));
    if let Err(error) = installed {
        for (path, old) in done.into_iter().rev() {
            // Best effort: the failure that is told comes before any of these.
            let _ = match old {
                Some(old) => write(&path, &old),
                None => fs::remove_file(&path).map_err(|error| Error::io(path.display().to_string(), &error)),
            };
        }
        let _ = systemctl.call(&["daemon-reload"]);
        return Err(of_add(error));
    }
    let names: Vec<String> = units.iter().map(|unit| folder.join(&unit.name).display().to_string()).collect();
    let next = if units.len() > 1 { "" } else { "; it has no schedule: `virhai job run` starts it" };
    Ok(format!("job {}: installed {}{next}\n", job.name, names.join(" and ")))
}

/// Writes the files, and remembers in `done` what was there before.
fn put_in_place(folder: &Path, units: &[Unit], done: &mut Vec<(PathBuf, Option<Vec<u8>>)>) -> Result<()> {
    let failed = |path: &Path, error: std::io::Error| Error::io(path.display().to_string(), &error);
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for unit in units {
        let path = folder.join(&unit.name);
        let old = match fs::read(&path) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(&path, error)),
        };
        write(&path, unit.text.as_bytes())?;
        done.push((path, old));
    }
    Ok(())
}

fn write(path: &Path, text: &[u8]) -> Result<()> {
    let replace = || {
        let Some(mut file) = Replacement::begin(path)? else { return Ok(()) };
        file.file().write_all(text)?;
        file.commit()
    };
    replace().map_err(|error: std::io::Error| Error::io(path.display().to_string(), &error))
}

fn begin(systemctl: Systemctl, units: &[Unit]) -> Result<()> {
    systemctl.call(&["daemon-reload"])?;
    match units.iter().find(|unit| unit.is_timer()) {
        Some(timer) => systemctl.call(&["enable", "--now", &timer.name]).map(drop),
        None => Ok(()),
    }
}

/// Lets a timer run or stops it, and gives the exit status.
pub(super) fn switch(environment: &Environment, named: &Named, on: bool) -> u8 {
    let switched = installed(environment, &named.job).and_then(|job| {
        if job.schedule.is_none() {
            return Err(Error::usage(format!("the job {} has no schedule", job.name))
                .hint("add `schedule` to its block, then `virhai job add` once more"));
        }
        let (verb, word) = if on { ("enable", "enabled") } else { ("disable", "disabled") };
        Systemctl(job.scope).call(&[verb, "--now", &job.timer_name()])?;
        Ok(format!("job {}: {word}\n", job.name))
    });
    told(environment, switched)
}

/// Takes the units away and gives the exit status.
pub(super) fn remove(environment: &Environment, named: &Named) -> u8 {
    let removed = installed(environment, &named.job).and_then(|job| {
        let systemctl = Systemctl(job.scope);
        if job.timer().exists() {
            systemctl.call(&["disable", "--now", &job.timer_name()])?;
        }
        for path in [job.timer(), job.service.clone()] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io(path.display().to_string(), &error));
                }
                _ => {}
            }
        }
        systemctl.call(&["daemon-reload"])?;
        Ok(format!("job {}: removed; its script and its record stay\n", job.name))
    });
    told(environment, removed)
}
