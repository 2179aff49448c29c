//! `virhai job list` and `show`: what is scheduled, and how the last run went.

use clap::Args;
use jiff::Timestamp;

use super::super::environment::Environment;
use super::super::status;
use super::place::{last_runs, script_of};
use crate::config::{Env, Folders};
use crate::error::Result;
use crate::history::Run;
use crate::jobs::installed::{self, Installed};
use crate::jobs::systemctl::{Systemctl, TimerState};
use crate::jobs::{Job, Target, lock};
use crate::output::{self, Column, Data, Kind, Record, Table};
use crate::units::{duration_text, time_text};

/// What is shown of one job.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Show {
    /// The name of a job, or its script
    #[arg(value_name = "NAME|FILE")]
    job: std::path::PathBuf,
}

/// A job that is installed, or is in the record, or both.
struct Entry {
    name: String,
    installed: Option<(Installed, TimerState)>,
    last: Option<Run>,
}

/// Lists the jobs and gives the exit status.
pub(super) fn list(environment: &Environment) -> u8 {
    let shown = entries(environment).and_then(|entries| {
        if entries.is_empty() && environment.view.format.is_none() && environment.view.terminal {
            output::err(
                "no jobs yet: `virhai job add FILE` installs one, `virhai doc schedule` says how to write one\n",
            );
        }
        let rows = entries.iter().map(row).collect();
        let columns = ["name", "schedule", "next", "last", "outcome", "took", "enabled"].map(column).to_vec();
        environment.view.render(&Data::Table(Table::new(columns.into(), rows)))
    });
    finish(environment, shown)
}

/// Writes what is shown and gives the exit status.
pub(super) fn finish(environment: &Environment, shown: Result<String>) -> u8 {
    match shown.and_then(|text| output::out(&text)) {
        Ok(_) => status::DONE,
        Err(error) if error.code() == crate::error::code::USAGE => environment.fail(&error, status::USAGE),
        Err(error) => environment.fail(&error, status::FAILED),
    }
}

fn entries(environment: &Environment) -> Result<Vec<Entry>> {
    let mut runs = last_runs(environment)?;
    let mut entries: Vec<Entry> = installed::all(&Env::of_process())
        .into_iter()
        .map(|job| {
            let at = runs.iter().position(|run| run.job.as_deref() == Some(&job.name));
            let timer = Systemctl(job.scope).timer(&job.timer_name());
            Entry {
                name: job.name.clone(),
                last: at.map(|at| runs.remove(at)),
                installed: Some((job, timer)),
            }
        })
        .collect();
    entries.extend(
        runs.into_iter()
            .filter_map(|run| Some(Entry { name: run.job.clone()?, installed: None, last: Some(run) })),
    );
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn column(name: &'static str) -> Column {
    let column = Column::new(name);
    match name {
        "next" | "last" | "start" | "end" => column.kind(Kind::Time),
        "took" => column.kind(Kind::Duration).priority(1),
        "outcome" => column.kind(Kind::State),
        _ => column,
    }
}

fn row(entry: &Entry) -> Vec<Data> {
    let timer = entry.installed.as_ref().map(|(_, timer)| timer);
    let schedule = entry.installed.as_ref().and_then(|(job, _)| job.schedule.clone());
    let last = entry.last.as_ref();
    let took = last.and_then(|run| run.duration).map(|took| took.as_secs_f64());
    vec![
        Data::Text(entry.name.clone()),
        text(schedule),
        text(timer.and_then(|timer| moment(timer.next))),
        text(last.map(|run| time_text(run.start)).or_else(|| timer.and_then(|timer| moment(timer.last)))),
        text(last.map(|run| run.outcome.word().to_owned())),
        took.map_or(Data::Null, Data::Float),
        timer.map_or(Data::Null, |timer| Data::Bool(timer.enabled)),
    ]
}

fn moment(seconds: Option<i64>) -> Option<String> {
    Timestamp::from_second(seconds?).ok().map(time_text)
}

fn text(text: Option<String>) -> Data {
    text.map_or(Data::Null, Data::Text)
}

/// Shows one job and gives the exit status.
pub(super) fn show(environment: &Environment, show: &Show) -> u8 {
    let shown = facts(environment, show).and_then(|facts| {
        let (columns, values): (Vec<_>, Vec<_>) =
            facts.into_iter().map(|(name, value)| (column(name), value)).unzip();
        environment.view.render(&Data::Record(Record::new(columns.into(), values)))
    });
    finish(environment, shown)
}

fn facts(environment: &Environment, show: &Show) -> Result<Vec<(&'static str, Data)>> {
    let script = script_of(environment, &show.job)?;
    let job = Job::load(&script)?;
    let env = Env::of_process();
    let entry = entries(environment)?.into_iter().find(|entry| entry.name == job.name);
    let last = entry.as_ref().and_then(|entry| entry.last.as_ref());
    let installed = entry.as_ref().and_then(|entry| entry.installed.as_ref());
    let running =
        Folders::find(&env).runtime().ok().and_then(|folder| lock::holder(&lock::path(folder, &job.name)));
    let target = match &job.target {
        Target::Default => None,
        Target::Uri(uri) => Some(uri.clone()),
        Target::Hosts(hosts) => Some(hosts.clone()),
    };
    let timeout = job.timeout.or(environment.config.jobs.timeout);
    let retry = (job.retry.count > 0).then(|| {
        format!("{} times, after {}", job.retry.count, duration_text(job.retry.after.as_secs_f64()))
    });
    let listed = |texts: Vec<String>| if texts.is_empty() { None } else { Some(texts.join(", ")) };
    let overlap =
        crate::jobs::Overlap::ALL.iter().find(|(overlap, _)| *overlap == job.overlap).map(|(_, word)| *word);
    let facts = vec![
        ("name", Data::Text(job.name.clone())),
        ("purpose", text(job.purpose.lines().next().map(str::to_owned))),
        ("script", Data::Text(script.display().to_string())),
        ("schedule", text(job.schedule.as_ref().map(|schedule| schedule.text().to_owned()))),
        ("next", text(installed.and_then(|(_, timer)| moment(timer.next)))),
        ("enabled", installed.map_or(Data::Null, |(_, timer)| Data::Bool(timer.enabled))),
        ("running", text(running.map(|holder| crate::jobs::overlap::named(holder.as_ref())))),
        ("last", text(last.map(|run| time_text(run.start)))),
        ("outcome", text(last.map(|run| run.outcome.word().to_owned()))),
        ("status", last.and_then(|run| run.status).map_or(Data::Null, Data::Int)),
        ("error", text(last.and_then(|run| run.error.clone()))),
        ("timeout", text(timeout.map(|timeout| duration_text(timeout.as_secs_f64())))),
        ("overlap", text(overlap.map(str::to_owned))),
        ("retry", text(retry)),
        ("target", text(target)),
        ("deny", text(listed(job.deny.iter().map(ToString::to_string).collect()))),
        ("writes", text(listed(job.writes.iter().map(|path| path.display().to_string()).collect()))),
        ("unit", text(installed.map(|(job, _)| job.service.display().to_string()))),
    ];
    Ok(facts.into_iter().filter(|(_, value)| *value != Data::Null).collect())
}
