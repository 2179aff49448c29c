//! Runs and changes in the store: written, found, removed.

mod read;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::backend::{Backend, Outcome as Answer, Value, rows};
use super::failure::Failure;
use super::run::{Change, ChangeOutcome, Ending, Filter, NewRun, Pruned, Run, limited};
use super::{ADD_HOST, Place, Store, arguments};
use crate::error::Result;
use crate::process::{Process, machine};
use crate::uri::without_password;
use read::{RUN_COLUMNS, change, process, run, with_hosts};
pub(super) use read::{changes_query, runs_query};

/// A run that gave no sign of life for so long is dead, where its process cannot be seen from here. Programs give one
/// every minute.
const SILENCE: Duration = Duration::from_secs(5 * 60);
/// Changes that are written with one statement.
const CHUNK: usize = 50;
/// Runs that are removed at one time: others can write in between.
const SLICE: usize = 200;
/// How often old records are looked for.
const DAY: i64 = 86_400_000_000;

/// What the numbers of the changes begin with that the process adds which began the run.
pub const FIRST_NUMBER: i64 = 1 << 32;

const BEGIN: &str =
    "INSERT INTO runs (job, attempt, script, digest, arguments, account, machine, pid, started, place,
        start_time, seen, outcome, writers)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'running', 1) RETURNING id";

const END: &str = "UPDATE runs SET end_time = ?2, seen = ?2, outcome = ?3, status = ?4, error = ?5, output = ?6, \
    duration = ?7 WHERE id = ?1";

const SET_OUTPUT: &str = "UPDATE runs SET output = ?2, seen = ?3 WHERE id = ?1 AND outcome = 'running'";

const END_CHANGE: &str =
    "UPDATE changes SET outcome = ?3, error = ?4, duration = ?5 WHERE run = ?1 AND number = ?2";

const ADD_RUN_HOST: &str = "INSERT INTO run_hosts (run, host) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

impl Store {
    /// Adds a run that began at `start` in this process, and returns its number.
    ///
    /// Errors: `io` where the store cannot be written; `timeout` where it is locked.
    pub fn begin_run(&mut self, run: &NewRun, start: Timestamp) -> Result<i64> {
        let process = Process::own();
        let hidden = serde_json::Value::from(arguments::without_secrets(&run.arguments)).to_string();
        let values: [Value; 12] = [
            run.job.as_ref().into(),
            run.attempt.max(1).into(),
            (&run.script).into(),
            run.digest.as_ref().into(),
            hidden.into(),
            account().into(),
            machine().into(),
            i64::from(process.pid).into(),
            i64::try_from(process.started).unwrap_or(i64::MAX).into(),
            process.place.into(),
            start.as_microsecond().into(),
            Timestamp::now().as_microsecond().into(),
        ];
        self.change(|backend| {
            let id = number(backend, BEGIN, &values)?;
            let id = id.ok_or_else(|| Failure::Damaged("a new run has no number".into()))?;
            note_hosts(backend, id, &run.hosts)?;
            Ok(id)
        })
    }

    /// Says how a run ended.
    ///
    /// Errors: as [`Store::begin_run`].
    pub fn end_run(&mut self, run: i64, ending: &Ending) -> Result<()> {
        let values: [Value; 7] = [
            run.into(),
            Timestamp::now().as_microsecond().into(),
            ending.outcome.word().into(),
            ending.status.into(),
            ending.error.as_ref().into(),
            ending.output.as_deref().map(limited).into(),
            ending.duration.map(micros).into(),
        ];
        self.change(|backend| backend.execute(END, &values).map(drop))
    }

    /// Adds hosts that a run has to do with.
    ///
    /// Errors: as [`Store::begin_run`].
    pub fn add_hosts(&mut self, run: i64, uris: &[String]) -> Result<()> {
        if uris.is_empty() {
            return Ok(());
        }
        self.change(|backend| note_hosts(backend, run, uris))
    }

    /// Keeps what a run has written so far, so that it can be read before its end, and where its process is killed.
    ///
    /// Errors: as [`Store::begin_run`].
    pub fn set_output(&mut self, run: i64, output: &str) -> Result<()> {
        let values: [Value; 3] =
            [run.into(), limited(output).into(), Timestamp::now().as_microsecond().into()];
        self.change(|backend| backend.execute(SET_OUTPUT, &values).map(drop))
    }

    /// What the numbers of the changes begin with that a further process adds to a run: no other process gets those from
    /// it on. The process that began the run has [`FIRST_NUMBER`].
    ///
    /// Errors: as [`Store::begin_run`].
    pub fn first_number(&mut self, run: i64) -> Result<i64> {
        self.change(|backend| {
            let query = "UPDATE runs SET writers = writers + 1 WHERE id = ?1 RETURNING writers";
            let writers = number(backend, query, &[run.into()])?;
            Ok(writers.unwrap_or_default() << 32)
        })
    }

    /// Adds changes to a run, and says how those ended that were added before; all of it or nothing. A change that is
    /// there already is left as it is, so that this can be tried again. It is a sign of life, too.
    ///
    /// Errors: as [`Store::begin_run`].
    pub fn add_changes(&mut self, run: i64, new: &[Change], ended: &[Change]) -> Result<()> {
        self.change(|backend| {
            let (mut added, mut failures) = (0, 0);
            let mut hosts = HashMap::new();
            for uri in new.iter().map(|change| change.host.as_str()).collect::<BTreeSet<_>>() {
                let id = host_id(backend, uri)?;
                backend.execute(ADD_RUN_HOST, &[run.into(), id.into()])?;
                hosts.insert(uri, id);
            }
            let id_of = |change: &Change| hosts.get(change.host.as_str()).copied().unwrap_or_default();
            // Two statements in all, of which the second one adds a single change.
            let (full, rest) = new.split_at(new.len() - new.len() % CHUNK);
            for chunk in full.chunks(CHUNK).chain(rest.chunks(1)) {
                let values: Vec<Value> =
                    chunk.iter().flat_map(|change| values(change, id_of(change))).collect();
                let written = backend.execute(&insertion(chunk.len()), &values)?;
                added += written as i64;
                // Either all of a chunk are new, or it is written another time.
                if written > 0 {
                    failures += failed(chunk);
                }
            }
            for change in ended {
                backend.execute(
                    END_CHANGE,
                    &[
                        run.into(),
                        change.number.into(),
                        change.outcome.word().into(),
                        change.error.as_ref().into(),
                        change.duration.map(micros).into(),
                    ],
                )?;
            }
            failures += failed(ended);
            let now = Timestamp::now().as_microsecond();
            backend.execute(
                "UPDATE runs SET changes = changes + ?2, failures = failures + ?3, seen = ?4 WHERE id = ?1",
                &[run.into(), added.into(), failures.into(), now.into()],
            )?;
            Ok(())
        })
    }

    /// Runs, the newest first.
    ///
    /// Errors: `io` where the store cannot be read or is damaged.
    pub fn runs(&self, filter: &Filter) -> Result<Vec<Run>> {
        self.read(|backend| {
            let dead = self.dead(backend)?;
            let (query, values) = runs_query(backend, filter, &dead);
            let runs = rows(backend, &query, &values, |row| run(row, &dead))?;
            with_hosts(backend, runs)
        })
    }

    /// One run with its output.
    ///
    /// Errors: as [`Store::runs`].
    pub fn run(&self, id: i64) -> Result<Option<Run>> {
        let run = self.runs(&Filter { run: Some(id), ..Filter::default() })?.pop();
        let Some(mut run) = run else { return Ok(None) };
        let output = self.read(|backend| {
            rows(backend, "SELECT output FROM runs WHERE id = ?1", &[id.into()], |row| row.opt_text(0))
        })?;
        run.output = output.into_iter().next().flatten();
        Ok(Some(run))
    }

    /// The last run of each job, by the names of the jobs.
    ///
    /// Errors: as [`Store::runs`].
    pub fn last_runs(&self) -> Result<Vec<Run>> {
        let query = format!(
            "SELECT {RUN_COLUMNS} FROM runs
             WHERE id IN (SELECT max(id) FROM runs WHERE job IS NOT NULL GROUP BY job) ORDER BY job"
        );
        self.read(|backend| {
            let dead = self.dead(backend)?;
            let runs = rows(backend, &query, &[], |row| run(row, &dead))?;
            with_hosts(backend, runs)
        })
    }

    /// Changes, the newest first.
    ///
    /// Errors: as [`Store::runs`].
    pub fn changes(&self, filter: &Filter) -> Result<Vec<Change>> {
        self.read(|backend| {
            let dead = self.dead(backend)?;
            let (query, values) = changes_query(backend, filter, &dead);
            rows(backend, &query, &values, |row| change(row, &dead))
        })
    }

    /// Removes runs that began before a time, with their changes. Those that still run stay, and so does the last run of
    /// each job.
    ///
    /// Errors: as [`Store::begin_run`].
    pub fn prune_runs(&mut self, before: Timestamp) -> Result<Pruned> {
        let mut removed = Pruned::default();
        let query = format!(
            "SELECT id FROM runs WHERE start_time < ?1 AND (outcome <> 'running' OR seen < ?1)
                AND id NOT IN (SELECT max(id) FROM runs WHERE job IS NOT NULL GROUP BY job)
             ORDER BY id LIMIT {SLICE}"
        );
        loop {
            let old = self.change(|backend| {
                let old = rows(backend, &query, &[before.as_microsecond().into()], |row| row.int(0))?;
                for id in &old {
                    removed.changes +=
                        backend.execute("DELETE FROM changes WHERE run = ?1", &[(*id).into()])?;
                    backend.execute("DELETE FROM run_hosts WHERE run = ?1", &[(*id).into()])?;
                    removed.runs += backend.execute("DELETE FROM runs WHERE id = ?1", &[(*id).into()])?;
                }
                Ok(old.len())
            })?;
            if old < SLICE {
                return Ok(removed);
            }
        }
    }

    /// Removes what is older than `keep`, once a day; `None` where it was done less than a day ago.
    ///
    /// Nothing goes while everything but the run `own` is that old: rather than a host that did nothing for so long, it
    /// is one whose clock is wrong.
    ///
    /// Errors: as [`Store::begin_run`].
    pub fn tidy(&mut self, keep: Duration, own: i64) -> Result<Option<Pruned>> {
        let now = Timestamp::now();
        let Ok(before) = now.checked_sub(keep) else { return Ok(None) };
        let now = now.as_microsecond();
        let is_due = |backend: &dyn Backend| {
            let last = number(backend, "SELECT value FROM notes WHERE name = 'tidied'", &[])?;
            Ok(last.is_none_or(|last| !(0..DAY).contains(&(now - last))))
        };
        if !self.read(is_due)? {
            return Ok(None);
        }
        let due = self.change(|backend| {
            if !is_due(backend)? {
                return Ok(false);
            }
            backend.execute(
                "INSERT INTO notes (name, value) VALUES ('tidied', ?1)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                &[now.into()],
            )?;
            let query = "SELECT start_time FROM runs WHERE id <> ?1 ORDER BY start_time DESC LIMIT 1";
            let newest = number(backend, query, &[own.into()])?;
            Ok(newest.is_some_and(|newest| newest >= before.as_microsecond()))
        })?;
        if due { self.prune_runs(before).map(Some) } else { Ok(None) }
    }

    /// Runs that have not ended and never will: their process died.
    fn dead(&self, backend: &dyn Backend) -> Answer<Vec<i64>> {
        let is_file = matches!(self.place, Place::File(_));
        let now = Timestamp::now();
        let query = "SELECT id, pid, started, place, seen FROM runs WHERE outcome = 'running'";
        let all = rows(backend, query, &[], |row| Ok((row.int(0)?, process(row, 1)?, row.time(4)?)))?;
        let is_dead = |process: &Process, seen: Timestamp| match process.is_alive() {
            Some(alive) => !alive,
            // A file belongs to one machine, which was started anew meanwhile.
            None if is_file && process.is_of_another_start() => true,
            None => now.duration_since(seen).unsigned_abs() > SILENCE,
        };
        let dead = all.into_iter().filter(|(_, process, seen)| is_dead(process, *seen));
        Ok(dead.map(|(id, ..)| id).collect())
    }
}

fn number(backend: &dyn Backend, query: &str, values: &[Value]) -> Answer<Option<i64>> {
    Ok(rows(backend, query, values, |row| row.int(0))?.into_iter().next())
}

fn note_hosts(backend: &dyn Backend, run: i64, uris: &[String]) -> Answer<()> {
    for uri in uris {
        let host = host_id(backend, &without_password(uri))?;
        backend.execute(ADD_RUN_HOST, &[run.into(), host.into()])?;
    }
    Ok(())
}

fn host_id(backend: &dyn Backend, uri: &str) -> Answer<i64> {
    let find = |backend| number(backend, "SELECT id FROM hosts WHERE uri = ?1", &[uri.into()]);
    if let Some(id) = find(backend)? {
        return Ok(id);
    }
    backend.execute(ADD_HOST, &[uri.into()])?;
    find(backend)?.ok_or_else(|| Failure::Damaged("a host that was added is not there".into()))
}

/// The statement that adds so many changes.
fn insertion(rows: usize) -> String {
    const COLUMNS: usize = 10;
    let row = |row: usize| {
        let places: Vec<String> =
            (1..=COLUMNS).map(|column| format!("?{}", row * COLUMNS + column)).collect();
        format!("({})", places.join(", "))
    };
    let all: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO changes (run, number, time, host, operation, effect, object, outcome, error, duration)
         VALUES {} ON CONFLICT DO NOTHING",
        all.join(", ")
    )
}

fn values(change: &Change, host: i64) -> [Value; 10] {
    [
        change.run.into(),
        change.number.into(),
        change.time.as_microsecond().into(),
        host.into(),
        (&change.operation).into(),
        (&change.effect).into(),
        (&change.object).into(),
        change.outcome.word().into(),
        change.error.as_ref().into(),
        change.duration.map(micros).into(),
    ]
}

fn failed(changes: &[Change]) -> i64 {
    let failed = |change: &&Change| matches!(change.outcome, ChangeOutcome::Failed | ChangeOutcome::Unknown);
    changes.iter().filter(failed).count() as i64
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Who runs this program, and in whose name where that is another one.
fn account() -> String {
    let id = nix::unistd::geteuid();
    let user = nix::unistd::User::from_uid(id).ok().flatten();
    let name = user.map_or_else(|| id.to_string(), |user| user.name);
    match std::env::var("SUDO_USER") {
        Ok(person) if !person.is_empty() && person != name => format!("{person} as {name}"),
        _ => name,
    }
}
