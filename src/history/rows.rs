//! Runs and changes as tables.

use std::time::Duration;

use jiff::Timestamp;

use super::run::{Change, Run};
use crate::output::{Column, Data, Kind, Table};
use crate::units::time_text;

/// Name, kind, and how early the column goes where the screen is narrow.
type Spec = (&'static str, Kind, u8);

const RUNS: &[Spec] = &[
    ("run", Kind::Plain, 0),
    ("start", Kind::Time, 0),
    ("job", Kind::Plain, 1),
    ("script", Kind::Plain, 0),
    ("outcome", Kind::Plain, 0),
    ("changes", Kind::Plain, 1),
    ("failures", Kind::Plain, 2),
    ("duration", Kind::Duration, 2),
    ("error", Kind::Plain, 3),
    ("user", Kind::Plain, 4),
    ("hosts", Kind::Plain, 5),
    ("status", Kind::Plain, 6),
    ("arguments", Kind::Plain, 7),
    ("end", Kind::Time, 8),
    ("attempt", Kind::Plain, 9),
    ("machine", Kind::Plain, 10),
    ("pid", Kind::Plain, 11),
    ("digest", Kind::Plain, 12),
];

const CHANGES: &[Spec] = &[
    ("run", Kind::Plain, 1),
    ("time", Kind::Time, 0),
    ("operation", Kind::Plain, 0),
    ("object", Kind::Plain, 0),
    ("outcome", Kind::Plain, 0),
    ("duration", Kind::Duration, 2),
    ("error", Kind::Plain, 1),
    ("host", Kind::Plain, 3),
    ("effect", Kind::Plain, 4),
    ("job", Kind::Plain, 5),
];

/// Runs as a table with a row for each.
pub fn runs_table(runs: &[Run]) -> Table {
    table(RUNS, runs.iter().map(run_row).collect())
}

/// Changes as a table with a row for each.
pub fn changes_table(changes: &[Change]) -> Table {
    table(CHANGES, changes.iter().map(change_row).collect())
}

fn table(specs: &[Spec], rows: Vec<Vec<Data>>) -> Table {
    let column = |(name, kind, priority): &Spec| Column::new(*name).kind(*kind).priority(*priority);
    Table::new(specs.iter().map(column).collect(), rows)
}

fn run_row(run: &Run) -> Vec<Data> {
    let list = |texts: &[String]| Data::List(texts.iter().map(|text| Data::Text(text.clone())).collect());
    vec![
        Data::Int(run.id),
        time(run.start),
        text(run.job.as_ref()),
        Data::Text(run.script.clone()),
        Data::Text(run.outcome.word().into()),
        Data::Int(run.changes),
        Data::Int(run.failures),
        duration(run.duration),
        text(run.error.as_ref()),
        Data::Text(run.user.clone()),
        list(&run.hosts),
        run.status.map_or(Data::Null, Data::Int),
        list(&run.arguments),
        run.end.map_or(Data::Null, time),
        Data::Int(run.attempt),
        Data::Text(run.machine.clone()),
        Data::Int(run.process.pid.into()),
        text(run.digest.as_ref()),
    ]
}

fn change_row(change: &Change) -> Vec<Data> {
    vec![
        Data::Int(change.run),
        time(change.time),
        Data::Text(change.operation.clone()),
        Data::Text(change.object.clone()),
        Data::Text(change.outcome.word().into()),
        duration(change.duration),
        text(change.error.as_ref()),
        Data::Text(change.host.clone()),
        Data::Text(change.effect.clone()),
        text(change.job.as_ref()),
    ]
}

fn text(text: Option<&String>) -> Data {
    text.map_or(Data::Null, |text| Data::Text(text.clone()))
}

fn time(moment: Timestamp) -> Data {
    Data::Text(time_text(moment))
}

fn duration(duration: Option<Duration>) -> Data {
    duration.map_or(Data::Null, |duration| Data::Float(duration.as_secs_f64()))
}
