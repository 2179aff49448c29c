//! `virhai job logs`: what runs of a job wrote.

mod follow;

use std::path::PathBuf;

use clap::Args;

use super::super::environment::Environment;
use super::list::finish;
use super::place::{name_of, store};
use crate::config::Env;
use crate::error::{Error, Result};
use crate::history::{Filter, Run};
use crate::jobs::installed;
use crate::jobs::unit::Scope;
use crate::output::{Data, Format, Palette, Style};
use crate::units::{clock_text, duration_text, time_text};

/// What is shown.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Logs {
    /// The name of a job, or its script
    #[arg(value_name = "NAME|FILE")]
    job: PathBuf,
    /// How many of the last runs
    #[arg(short = 'n', long = "lines", alias = "runs", value_name = "N", default_value_t = 1)]
    count: usize,
    /// Go on with what the job writes, and with its next runs, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
}

/// Shows the output of the last runs, the oldest first, and gives the exit status.
pub(super) fn run(environment: &Environment, logs: &Logs) -> u8 {
    if logs.follow {
        return follow::run(environment, logs);
    }
    finish(environment, runs(environment, logs).and_then(|runs| shown(environment, &runs)))
}

fn runs(environment: &Environment, logs: &Logs) -> Result<Vec<Run>> {
    let name = name_of(&logs.job)?;
    let filter = Filter { job: Some(name.clone()), limit: Some(logs.count), ..Filter::default() };
    let Some(store) = store(environment)? else { return Err(nothing(&name)) };
    let ids: Vec<i64> = store.runs(&filter)?.iter().map(|run| run.id).collect();
    if ids.is_empty() {
        return Err(nothing(&name));
    }
    let runs: Result<Vec<Option<Run>>> = ids.into_iter().rev().map(|id| store.run(id)).collect();
    Ok(runs?.into_iter().flatten().collect())
}

fn nothing(job: &str) -> Error {
    let journal = installed::find(&Env::of_process(), job).map(|job| {
        let user = if job.scope == Scope::User { "--user " } else { "" };
        format!("; `journalctl {user}-u {}` shows what its service wrote", job.service_name())
    });
    Error::usage(format!("no run of a job {job:?} is in the record"))
        .hint(format!("`virhai job list` shows the jobs{}", journal.unwrap_or_default()))
}

fn shown(environment: &Environment, runs: &[Run]) -> Result<String> {
    if environment.view.format.is_some_and(|format| !matches!(format, Format::Text | Format::Table)) {
        return environment.view.render(&Data::List(runs.iter().map(data_of).collect()));
    }
    let palette = environment.view.palette;
    let mut text = String::new();
    for run in runs {
        text.push_str(&title(run, palette));
        let output = run.output.as_deref().unwrap_or_default();
        text.push_str(output);
        if !output.is_empty() && !output.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&error(run, palette));
    }
    Ok(text)
}

/// The line above what a run wrote.
fn title(run: &Run, palette: Palette) -> String {
    let took =
        run.duration.map_or_else(String::new, |took| format!(" after {}", duration_text(took.as_secs_f64())));
    let status = run.status.map_or_else(String::new, |status| format!(", status {status}"));
    let attempt = if run.attempt > 1 { format!(", attempt {}", run.attempt) } else { String::new() };
    let (id, start, outcome) = (run.id, clock_text(run.start), run.outcome.word());
    let title = format!("== run {id}, {start}{attempt}: {outcome}{took}{status}");
    format!("{}\n", palette.paint(Style::Strong, &title))
}

/// The line with the error of a run, where the run has not written it.
fn error(run: &Run, palette: Palette) -> String {
    let output = run.output.as_deref().unwrap_or_default();
    let error = run.error.as_ref().filter(|error| !output.contains(error.as_str()));
    error.map_or_else(String::new, |error| format!("{} {error}\n", palette.paint(Style::Error, "error:")))
}

fn data_of(run: &Run) -> Data {
    let text = |text: Option<&String>| text.map_or(Data::Null, |text| Data::Text(text.clone()));
    let facts = [
        ("run", Data::Int(run.id)),
        ("attempt", Data::Int(run.attempt)),
        ("start", Data::Text(time_text(run.start))),
        ("took", run.duration.map_or(Data::Null, |took| Data::Float(took.as_secs_f64()))),
        ("outcome", Data::Text(run.outcome.word().to_owned())),
        ("status", run.status.map_or(Data::Null, Data::Int)),
        ("error", text(run.error.as_ref())),
        ("output", text(run.output.as_ref())),
    ];
    Data::Map(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
