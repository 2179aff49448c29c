//! How runs and changes are found, and what the rows are.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::history::backend::{Backend, Conditions, Outcome as Answer, Row, Value};
use crate::history::failure::Failure;
use crate::history::run::{Change, ChangeOutcome, Filter, Outcome, Run};
use crate::process::Process;

/// The columns of a run, in the order in which [`run`] reads them.
pub(super) const RUN_COLUMNS: &str =
    "id, job, attempt, script, digest, arguments, account, machine, pid, started, place,
    start_time, end_time, seen, duration, outcome, status, error, changes, failures";

/// The numbers of runs in a list for `IN`; none is one that no run has.
fn list(runs: &[i64]) -> String {
    let texts: Vec<String> = std::iter::once(&-1).chain(runs).map(i64::to_string).collect();
    texts.join(", ")
}

/// The query for runs, and its values.
pub(in crate::history) fn runs_query(
    backend: &dyn Backend,
    filter: &Filter,
    dead: &[i64],
) -> (String, Vec<Value>) {
    let Filter { run, job, host, object, operation, since, until, failed, limit } = filter;
    let mut conditions = Conditions::default();
    if let Some(run) = run {
        conditions.add("id = ?", *run);
    }
    conditions.fits(backend, "job {}", job.as_ref());
    conditions.since("start_time", *since);
    conditions.until("start_time", *until);
    if host.is_some() {
        conditions.fits(
            backend,
            "id IN (SELECT run FROM run_hosts JOIN hosts ON hosts.id = host WHERE uri {})",
            host.as_ref(),
        );
    }
    conditions.together("id IN (SELECT run FROM changes WHERE {})", |inner| {
        inner.fits(backend, "object {}", object.as_ref());
        inner.fits(backend, "operation {}", operation.as_ref());
    });
    if *failed {
        let dead = list(dead);
        conditions.fixed(&format!("(outcome IN ('failed', 'timeout', 'interrupted') OR id IN ({dead}))"));
    }
    let query = format!(
        "SELECT {RUN_COLUMNS} FROM runs {} ORDER BY start_time DESC, id DESC{}",
        conditions.text(),
        at_most(*limit)
    );
    (query, conditions.values().to_vec())
}

/// The query for changes, and its values.
pub(in crate::history) fn changes_query(
    backend: &dyn Backend,
    filter: &Filter,
    dead: &[i64],
) -> (String, Vec<Value>) {
    let Filter { run, job, host, object, operation, since, until, failed, limit } = filter;
    let mut conditions = Conditions::default();
    if let Some(run) = run {
        conditions.add("run = ?", *run);
    }
    conditions.fits(backend, "job {}", job.as_ref());
    conditions.fits(backend, "uri {}", host.as_ref());
    conditions.fits(backend, "object {}", object.as_ref());
    conditions.fits(backend, "operation {}", operation.as_ref());
    conditions.since("time", *since);
    conditions.until("time", *until);
    if *failed {
        // The first part is what the index of those that failed is made of.
        conditions.fixed("changes.outcome <> 'done'");
        conditions.fixed(&format!("(changes.outcome <> 'running' OR run IN ({}))", list(dead)));
    }
    let query = format!(
        "SELECT run, number, job, time, uri, operation, effect, object, changes.outcome, changes.error, changes.duration
         FROM changes JOIN runs ON runs.id = run JOIN hosts ON hosts.id = changes.host
         {} ORDER BY {}{}",
        conditions.text(),
        // Within a run their numbers say what came after what, whatever the clock said.
        if run.is_some() { "number DESC" } else { "time DESC, run DESC, number DESC" },
        at_most(*limit)
    );
    (query, conditions.values().to_vec())
}

fn at_most(limit: Option<usize>) -> String {
    limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default()
}

fn duration(row: &Row, place: usize) -> Answer<Option<Duration>> {
    Ok(row.opt_int(place)?.map(|micros| Duration::from_micros(micros.unsigned_abs())))
}

/// The process in three columns that begin with this one.
pub(super) fn process(row: &Row, place: usize) -> Answer<Process> {
    let wrong = |_| Failure::Damaged("a run has no process".into());
    Ok(Process {
        pid: u32::try_from(row.int(place)?).map_err(wrong)?,
        started: u64::try_from(row.int(place + 1)?).map_err(wrong)?,
        place: row.text(place + 2)?,
    })
}

/// The run in a row.
pub(super) fn run(row: &Row, dead: &[i64]) -> Answer<Run> {
    let wrong = |what: &str| Failure::Damaged(format!("a run has {what}"));
    let id = row.int(0)?;
    let outcome = Outcome::of_word(&row.text(15)?).ok_or_else(|| wrong("no outcome"))?;
    let end = row.opt_int(12)?.map(Timestamp::from_microsecond).transpose();
    Ok(Run {
        id,
        job: row.opt_text(1)?,
        attempt: row.int(2)?,
        script: row.text(3)?,
        digest: row.opt_text(4)?,
        arguments: serde_json::from_str(&row.text(5)?).map_err(|_| wrong("wrong arguments"))?,
        hosts: Vec::new(),
        user: row.text(6)?,
        machine: row.text(7)?,
        process: process(row, 8)?,
        start: row.time(11)?,
        end: end.map_err(|_| wrong("a wrong end"))?,
        seen: row.time(13)?,
        duration: duration(row, 14)?,
        outcome: if dead.contains(&id) { Outcome::Interrupted } else { outcome },
        status: row.opt_int(16)?,
        error: row.opt_text(17)?,
        output: None,
        changes: row.int(18)?,
        failures: row.int(19)?,
    })
}

/// Adds the hosts of runs, all with one query.
pub(super) fn with_hosts(backend: &dyn Backend, mut runs: Vec<Run>) -> Answer<Vec<Run>> {
    let (Some(first), Some(last)) =
        (runs.iter().map(|run| run.id).min(), runs.iter().map(|run| run.id).max())
    else {
        return Ok(runs);
    };
    let query = "SELECT run, uri FROM run_hosts JOIN hosts ON hosts.id = host WHERE run BETWEEN ?1 AND ?2
                 ORDER BY run, uri";
    let mut hosts: HashMap<i64, Vec<String>> = HashMap::new();
    backend.query(query, &[first.into(), last.into()], &mut |row| {
        hosts.entry(row.int(0)?).or_default().push(row.text(1)?);
        Ok(())
    })?;
    for run in &mut runs {
        run.hosts = hosts.remove(&run.id).unwrap_or_default();
    }
    Ok(runs)
}

/// The change in a row.
pub(super) fn change(row: &Row, dead: &[i64]) -> Answer<Change> {
    let run = row.int(0)?;
    let outcome = ChangeOutcome::of_word(&row.text(8)?);
    let outcome = outcome.ok_or_else(|| Failure::Damaged("a change has no outcome".into()))?;
    let lost = outcome == ChangeOutcome::Running && dead.contains(&run);
    Ok(Change {
        run,
        number: row.int(1)?,
        job: row.opt_text(2)?,
        time: row.time(3)?,
        host: row.text(4)?,
        operation: row.text(5)?,
        effect: row.text(6)?,
        object: row.text(7)?,
        outcome: if lost { ChangeOutcome::Unknown } else { outcome },
        error: row.opt_text(9)?,
        duration: duration(row, 10)?,
    })
}
