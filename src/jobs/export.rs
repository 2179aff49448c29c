//! A job in the words of a scheduler: systemd, cron, Kubernetes or Nomad.
//!
//! What a scheduler cannot keep is refused, or told in a warning that also stands at the top of what is written.

mod cluster;
mod cron;
mod kubernetes;
mod nomad;

use super::Job;
use super::unit::{Machine, Scope, Unit};
use crate::error::{Error, Result};

/// Who runs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// A service and a timer.
    Systemd,
    /// A line of cron's table.
    Cron,
    /// A `CronJob`.
    Kubernetes,
    /// A periodic batch job.
    Nomad,
}

impl Scheduler {
    /// All of them with their words.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Systemd, "systemd"),
        (Self::Cron, "cron"),
        (Self::Kubernetes, "kubernetes"),
        (Self::Nomad, "nomad"),
    ];
}

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    /// The job.
    pub job: &'a Job,
    /// The text of its script, which goes to a cluster with it.
    pub script: &'a str,
    /// The machine that systemd and cron are for.
    pub machine: Machine,
    /// How many runs share the hosts of the job, in a cluster.
    pub shards: Option<u32>,
    /// The image of the containers of a cluster.
    pub image: &'a str,
    /// The zone in which a schedule without one of its own is read.
    pub zone: Option<String>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The text of the file or files.
    pub text: String,
    /// What is otherwise than under systemd.
    pub warnings: Vec<String>,
}

impl Export<'_> {
    /// Writes it for a scheduler.
    ///
    /// Errors: `usage`, naming the part that has no form there.
    pub fn write(&self, scheduler: Scheduler) -> Result<Exported> {
        let is_cluster = matches!(scheduler, Scheduler::Kubernetes | Scheduler::Nomad);
        if self.shards.is_some() && !is_cluster {
            let error = Error::usage("shards are for clusters: here one run works on all hosts");
            return Err(error.hint("leave --shards out, or export to kubernetes or nomad"));
        }
        let mut warnings = Vec::new();
        if scheduler != Scheduler::Systemd {
            warnings.extend(self.clock_warning(scheduler));
            if let Some(unit) = &self.job.on_failure {
                warnings.push(format!(
                    "on_failure = \"{unit}\" is systemd's: nothing is started when a run fails"
                ));
            }
        }
        if is_cluster {
            warnings.extend(cluster::warnings(self));
        }
        let text = match scheduler {
            Scheduler::Systemd => self.units(),
            Scheduler::Cron => cron::write(self)?,
            Scheduler::Kubernetes => kubernetes::write(self)?,
            Scheduler::Nomad => nomad::write(self)?,
        };
        let remarks = lines(&warnings, |warning| format!("# {warning}"));
        Ok(Exported { text: format!("{remarks}{text}"), warnings })
    }

    /// Both units, each under the name of its file.
    fn units(&self) -> String {
        let folder = match self.machine.scope {
            Scope::System => "/etc/systemd/system",
            Scope::User => "~/.config/systemd/user",
        };
        let unit = |unit: &Unit| format!("# {folder}/{}\n{}", unit.name, unit.text);
        Unit::all(self.job, &self.machine).iter().map(unit).collect::<Vec<_>>().join("\n")
    }

    /// The zone of the schedule: its own, or that of the export.
    fn zone(&self) -> Option<&str> {
        self.job.schedule.as_ref()?.zone().or(self.zone.as_deref())
    }

    /// Says what a change of the clock does to the schedule.
    fn clock_warning(&self, scheduler: Scheduler) -> Option<String> {
        let schedule = self.job.schedule.as_ref()?;
        let zone = jiff::tz::TimeZone::get(self.zone()?).ok()?;
        let day = schedule.clock_change(&jiff::Timestamp::now().to_zoned(zone))?;
        let rule = match scheduler {
            Scheduler::Cron => {
                "cron runs what the clock skips right after it, and some crons run what comes twice twice"
            }
            _ => "what comes twice runs twice",
        };
        Some(format!(
            "the clock changes within the schedule, next on {day}: {rule}; systemd leaves out what is skipped and runs the rest once"
        ))
    }
}

/// A name as clusters want it: small letters, digits and dashes, at most 52 of them.
fn plain_name(job: &str) -> Result<String> {
    let letter = |sign: char| if sign.is_ascii_alphanumeric() { sign.to_ascii_lowercase() } else { '-' };
    let name: String = format!("virhai-{}", job.chars().map(letter).collect::<String>());
    let name = name.chars().take(52).collect::<String>().trim_end_matches('-').to_owned();
    match name.as_str() {
        "virhai" => {
            let error =
                Error::usage(format!("{job:?} has no letter or digit for the name of a cluster's job"));
            Err(error.hint("give the job another name with the key `name`"))
        }
        _ => Ok(name),
    }
}

/// A line for each item.
fn lines<T>(items: &[T], line: impl Fn(&T) -> String) -> String {
    items.iter().flat_map(|item| [line(item), "\n".into()]).collect()
}
