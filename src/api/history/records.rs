//! What ran and what it changed, for scripts.

use rhai::plugin::export_module;
use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::super::data::from_data;
use super::super::host_context::allow;
use super::super::permissions::Permission::Write;
use super::super::{Context, Fallible};
use super::{existing, moment, open};
use crate::error::{Error, Result, code};
use crate::history::{Filter, changes_table, runs_table};
use crate::lang::options::{OptionSpec, OptionTable, any, boolean, int, text};
use crate::output::{Data, Table};

static FILTERS: [OptionSpec; 8] = [
    text("job", "Only runs of this job; `*` stands for anything here and below."),
    text("host", "Only on the host with this URI."),
    text("object", "Only changes of the object of this name, and runs that changed it."),
    text(
        "operation",
        "Only changes of this kind, such as `domain.start` or `domain.*`, and runs that made one.",
    ),
    any("since", "Not older: a time, or how long ago, such as `\"1d\"`."),
    any("until_", "Not newer: a time, or how long ago.").alias("before"),
    boolean("failed", "Only what failed, passed its deadline or was interrupted."),
    int("limit", "At most so many, the newest."),
];

pub(in crate::api) static RUNS: OptionTable = OptionTable { function: "history::runs", options: &FILTERS };

pub(in crate::api) static CHANGES: OptionTable =
    OptionTable { function: "history::changes", options: &FILTERS };

fn filter(table: &'static OptionTable, options: Map) -> Result<Filter> {
    let options = table.read(options)?;
    let limit = options.get_int("limit")?.map(|limit| {
        usize::try_from(limit).map_err(|_| Error::usage(format!("the limit {limit} is not positive")))
    });
    Ok(Filter {
        run: None,
        job: options.get_text("job")?,
        host: options.get_text("host")?,
        object: options.get_text("object")?,
        operation: options.get_text("operation")?,
        since: options.get_any("since")?.as_ref().map(moment).transpose()?,
        until: options.get_any("until_")?.as_ref().map(moment).transpose()?,
        failed: options.get_bool("failed")?.unwrap_or_default(),
        limit: limit.transpose()?,
    })
}

/// The rows of a table as maps.
fn maps(table: &Table) -> Array {
    let row = |row: &Vec<Data>| -> Dynamic {
        let cells = table.columns().iter().zip(row);
        cells
            .map(|(column, value)| (column.name.as_ref().into(), from_data(value.clone())))
            .collect::<Map>()
            .into()
    };
    table.rows().iter().map(row).collect()
}

fn runs(context: &Context, options: Map) -> Result<Array> {
    let filter = filter(&RUNS, options)?;
    existing(context)?.map_or(Ok(Array::new()), |store| Ok(maps(&runs_table(&store.runs(&filter)?))))
}

fn changes(context: &Context, options: Map) -> Result<Array> {
    let filter = filter(&CHANGES, options)?;
    existing(context)?.map_or(Ok(Array::new()), |store| Ok(maps(&changes_table(&store.changes(&filter)?))))
}

fn run(context: &Context, number: i64) -> Result<Map> {
    let none = || {
        Error::new(code::IO, format!("there is no run {number} in the history store"))
            .hint("`history::runs()` has those that there are")
    };
    let store = existing(context)?.ok_or_else(none)?;
    let found = store.run(number)?.ok_or_else(none)?;
    let mut changes = store.changes(&Filter { run: Some(number), ..Filter::default() })?;
    changes.reverse();
    let row = maps(&runs_table(std::slice::from_ref(&found))).pop();
    let mut map: Map = row.and_then(Dynamic::try_cast).unwrap_or_default();
    map.insert("output".into(), found.output.map_or(Dynamic::UNIT, Dynamic::from));
    map.insert("changes_made".into(), maps(&changes_table(&changes)).into());
    Ok(map)
}

/// What ran and what it changed.
#[export_module(manifest)]
pub mod record_functions {
    /// What ran and changed something, and all runs of jobs, the newest first.
    ///
    /// See `history::runs(options)`.
    ///
    /// Errors: `io` where the store cannot be read.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// print(history::runs().len());
    /// ```
    #[rhai_fn(name = "runs", return_raw)]
    pub fn runs(context: NativeCallContext) -> Fallible<Array> {
        runs_with(context, Map::new())
    }

    /// What ran and changed something, and all runs of jobs, the newest first: a map for each with `run` (its number),
    /// `job`, `script`, `arguments`, `hosts`, `user`, `start`, `end`, `duration` in seconds, `outcome` (`running`, `done`,
    /// `failed`, `timeout`, `interrupted`, `skipped`), `status`, `error`, and how many `changes` and `failures` it had.
    ///
    /// A run whose process died is `interrupted`. Without a store there is nothing.
    ///
    /// Errors: `usage` for what is no time; `io` where the store cannot be read, is damaged or of a newer program.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for run in history::runs(#{ since: "1d", failed: true }) {
    ///     print(`${run.start} ${run.script}: ${run.outcome} ${run.error}`);
    /// }
    /// ```
    #[rhai_fn(name = "runs", return_raw)]
    pub fn runs_with(context: NativeCallContext, options: Map) -> Fallible<Array> {
        let own = Context::of(&context)?;
        Ok(super::runs(&own, options).map_err(|error| error.operation("history.runs"))?)
    }

    /// One run with its output and its changes.
    ///
    /// As in `history::runs`, with `output` as far as it was kept (`()` where none was) and `changes_made`, the oldest first,
    /// each as in `history::changes`; times in seconds.
    ///
    /// Errors: `io` where there is no such run, or the store cannot be read.
    ///
    /// @returns map
    ///
    /// ```rhai
    /// for run in history::runs(#{ limit: 1 }) {
    ///     table(history::run(run.run).changes_made, ["time", "operation", "object", "outcome"]).show();
    /// }
    /// ```
    #[rhai_fn(name = "run", return_raw)]
    pub fn run(context: NativeCallContext, number: i64) -> Fallible<Map> {
        let own = Context::of(&context)?;
        Ok(super::run(&own, number).map_err(|error| error.operation("history.run"))?)
    }

    /// What was changed, the newest first: all of it.
    ///
    /// See `history::changes(options)`.
    ///
    /// Errors: `io` where the store cannot be read.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// print(history::changes().len());
    /// ```
    #[rhai_fn(name = "changes", return_raw)]
    pub fn changes(context: NativeCallContext) -> Fallible<Array> {
        changes_with(context, Map::new())
    }

    /// What was changed, the newest first: a map for each with `run` (the number of the run), `job`, `time`, `host`,
    /// `operation` (`domain.start`), `effect` (`change` or `destroy`), `object`, `outcome`, `error` and `duration` in seconds.
    ///
    /// The outcome is `done`, `failed`, `running`, or `unknown` where the change was sent and nobody saw its end. What a
    /// script changes itself is there a tenth of a second later.
    ///
    /// Errors: `usage` for what is no time; `io` where the store cannot be read, is damaged or of a newer program.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// for change in history::changes(#{ object: "web1", since: "7d" }) {
    ///     print(`${change.time} ${change.operation} ${change.outcome}`);
    /// }
    /// ```
    #[rhai_fn(name = "changes", return_raw)]
    pub fn changes_with(context: NativeCallContext, options: Map) -> Fallible<Array> {
        let own = Context::of(&context)?;
        Ok(super::changes(&own, options).map_err(|error| error.operation("history.changes"))?)
    }

    /// Removes runs that began before a time or longer ago, with their changes; returns how many.
    ///
    /// How long ago is a text such as `"90d"`, or seconds. What still runs stays, and so does the last run of each job. What
    /// is older than `keep` of the section `[history]` of the configuration goes by itself.
    ///
    /// Errors: `usage` for what is no time; `io` where the store cannot be written; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// history::prune_runs("400d");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn prune_runs(context: NativeCallContext, before: Dynamic) -> Fallible<i64> {
        allow(&context, Write, "history::prune_runs", "")?;
        let own = Context::of(&context)?;
        let removed = moment(&before).and_then(|before| open(&own)?.prune_runs(before));
        Ok(removed.map_err(|error| error.operation("history.prune_runs"))?.runs as i64)
    }
}
