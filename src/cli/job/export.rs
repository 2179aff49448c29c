//! `virhai job export`: a job in the words of a scheduler, on standard output.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::super::batch::read_script;
use super::super::check::Checker;
use super::super::environment::Environment;
use super::super::status;
use super::check::checked;
use crate::error::{Error, Result};
use crate::jobs::Job;
use crate::jobs::export::{Export as Form, Scheduler};
use crate::jobs::unit::{Machine, Scope};
use crate::{output, report};

/// What is written.
#[derive(Debug, Args)]
pub struct Export {
    /// systemd, cron, kubernetes or nomad
    #[arg(long, value_name = "SCHEDULER", value_parser = PossibleValuesParser::new(Scheduler::ALL.map(|(_, word)| word)))]
    to: String,

    /// For the system's systemd or cron, as root; what root gets by default
    #[arg(long, conflicts_with = "user")]
    system: bool,

    /// For your own systemd or cron; what others get by default
    #[arg(long)]
    user: bool,

    /// How many runs of a cluster share the hosts
    #[arg(long, value_name = "N")]
    shards: Option<NonZeroU32>,

    /// The image of a cluster's containers
    #[arg(long, value_name = "IMAGE", default_value = "virhai:latest")]
    image: String,

    /// The time zone of a schedule that names none; by default this host's
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,

    /// The script
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Writes it and gives the exit status.
pub(super) fn run(environment: &Environment, export: &Export) -> u8 {
    let job = match checked(&Checker::new(environment), &export.file) {
        Ok(job) => job,
        Err(status) => return status,
    };
    match written(export, job) {
        Ok(form) => {
            for warning in &form.warnings {
                report::warn(warning);
            }
            drop(output::out(&form.text));
            status::DONE
        }
        Err(error) => environment.fail(&error, status::USAGE),
    }
}

fn written(export: &Export, mut job: Job) -> Result<crate::jobs::export::Exported> {
    let script = read_script(&export.file)?;
    let name = export.file.display().to_string();
    // A scheduler starts in another folder.
    job.script = export.file.canonicalize().map_err(|error| Error::io(name.clone(), &error))?;
    let scope = match (export.system, export.user) {
        (true, _) => Scope::System,
        (_, true) => Scope::User,
        _ if nix::unistd::geteuid().is_root() => Scope::System,
        _ => Scope::User,
    };
    let zone = match &export.time_zone {
        Some(zone) if jiff::tz::TimeZone::get(zone).is_err() => {
            return Err(Error::usage(format!("there is no time zone \"{zone}\""))
                .hint("write it as in \"Europe/Berlin\""));
        }
        Some(zone) => Some(zone.clone()),
        None => jiff::tz::TimeZone::system().iana_name().map(str::to_owned),
    };
    let form = Form {
        job: &job,
        script: &script,
        machine: Machine::here(scope),
        shards: export.shards.map(NonZeroU32::get),
        image: &export.image,
        zone,
    };
    let scheduler = Scheduler::ALL.iter().find(|(_, word)| *word == export.to);
    let scheduler = scheduler.map_or(Scheduler::Systemd, |(scheduler, _)| *scheduler);
    form.write(scheduler).map_err(|error| error.object(name))
}
