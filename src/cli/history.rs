//! `virhai history`: what ran and what it changed.

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use super::arguments::{self, Arguments, Options};
use super::environment::Environment;
use super::status;
use crate::error::{Error, Result, code};
use crate::history::{Filter, Place, Store, changes_table, runs_table};
use crate::output::{self, Data, Format, Record, Table};
use crate::units;

/// What a terminal shows at most where no limit was given.
const SCREENFUL: usize = 100;

/// What follows the command word.
#[derive(Debug, Parser)]
#[command(
    name = "virhai history",
    about = "Shows what ran and what it changed, the newest first.",
    disable_help_subcommand = true
)]
pub(super) struct Line {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(flatten)]
    listing: Listing,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is asked for.
#[derive(Debug)]
pub struct History {
    listing: Listing,
    command: Option<Command>,
}

#[derive(Debug, clap::Args)]
struct Listing {
    /// Only runs of this job, * stands for anything here and below
    #[arg(long, value_name = "NAME")]
    job: Option<String>,

    /// Only on this host
    #[arg(long, value_name = "URI")]
    host: Option<String>,

    /// Only changes of this object
    #[arg(long, value_name = "NAME")]
    object: Option<String>,

    /// Only changes of this kind, such as domain.start or domain.*
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,

    /// Not older: a time, or how long ago, such as 1d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,

    /// Not newer: a time, or how long ago
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,

    /// Only what failed, passed its deadline or was interrupted
    #[arg(long)]
    failed: bool,

    /// List runs, also where an object or an operation is named
    #[arg(long, conflicts_with = "changes")]
    runs: bool,

    /// List changes instead of runs
    #[arg(long)]
    changes: bool,

    /// At most so many, the newest; a terminal shows 100
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a run with its changes and its output
    Show {
        /// The number of the run
        run: i64,
        #[command(flatten)]
        options: Box<Options>,
    },
    /// Remove old runs with their changes; the last one of each job stays
    Prune {
        /// How long runs are kept, such as 90d; default: `keep` of the section [history] of the configuration
        #[arg(long, value_name = "DURATION", value_parser = arguments::duration)]
        keep: Option<std::time::Duration>,
        #[command(flatten)]
        options: Box<Options>,
    },
}

fn moment(text: &str) -> std::result::Result<Timestamp, String> {
    units::parse_moment(text).map_err(|error| error.to_string())
}

impl Line {
    /// The options of the line, and what is asked for.
    pub(super) fn split(self) -> (Options, History) {
        let Self { options, listing, mut command } = self;
        let later = match &mut command {
            Some(Command::Show { options, .. } | Command::Prune { options, .. }) => {
                std::mem::take(&mut **options)
            }
            None => Options::default(),
        };
        (options.overridden_by(later), History { listing, command })
    }
}

/// Shows what is asked for and gives the exit status.
pub(super) fn run(environment: &Environment, _arguments: &Arguments, history: &History) -> u8 {
    let configured = environment.config.history.store.as_deref();
    let shown = match &history.command {
        None => list(environment, configured, &history.listing),
        Some(Command::Show { run, .. }) => show(environment, configured, *run),
        Some(Command::Prune { keep, .. }) => {
            prune(configured, keep.unwrap_or(environment.config.history.keep))
                .and_then(|removed| environment.view.render(&removed))
        }
    };
    match shown.and_then(|text| output::out(&text)) {
        Ok(_) => status::DONE,
        Err(error) if error.code() == code::USAGE => environment.fail(&error, status::USAGE),
        Err(error) => environment.fail(&error, status::FAILED),
    }
}

fn open(configured: Option<&str>) -> Result<Option<Store>> {
    Place::find_existing(configured)?.map_or(Ok(None), Store::open_existing)
}

fn list(environment: &Environment, configured: Option<&str>, listing: &Listing) -> Result<String> {
    let view = &environment.view;
    let on_screen = view.terminal && view.format.is_none_or(|format| format == Format::Table);
    let limit = listing.limit.or(on_screen.then_some(SCREENFUL));
    let filter = Filter {
        run: None,
        job: listing.job.clone(),
        host: listing.host.clone(),
        object: listing.object.clone(),
        operation: listing.operation.clone(),
        since: listing.since,
        until: listing.until,
        failed: listing.failed,
        limit,
    };
    let changes =
        listing.changes || (!listing.runs && (filter.object.is_some() || filter.operation.is_some()));
    let store = open(configured)?;
    let table = match &store {
        Some(store) if changes => changes_table(&store.changes(&filter)?),
        Some(store) => runs_table(&store.runs(&filter)?),
        None if changes => changes_table(&[]),
        None => runs_table(&[]),
    };
    if on_screen {
        remark(&table, store.as_ref(), limit, listing.limit.is_some());
    }
    let empty = table.rows().is_empty() && on_screen;
    if empty { Ok(String::new()) } else { view.render(&Data::Table(table)) }
}

/// Says why there is nothing, or that there may be more.
fn remark(table: &Table, store: Option<&Store>, limit: Option<usize>, wanted: bool) {
    let rows = table.rows().len();
    if store.is_none() {
        output::err("nothing is recorded yet\n");
    } else if rows == 0 {
        output::err("nothing fits\n");
    } else if Some(rows) == limit && !wanted {
        output::err(&format!("the newest {rows}; --limit N shows more\n"));
    }
}

fn show(environment: &Environment, configured: Option<&str>, number: i64) -> Result<String> {
    let none = || {
        Error::new(code::IO, format!("there is no run {number} in the history store"))
            .hint("`virhai history` lists the runs that there are")
    };
    let store = open(configured)?.ok_or_else(none)?;
    let run = store.run(number)?.ok_or_else(none)?;
    let mut changes = store.changes(&Filter { run: Some(number), ..Filter::default() })?;
    changes.reverse();
    let (facts, changes) = (runs_table(std::slice::from_ref(&run)), changes_table(&changes));
    let view = &environment.view;
    let facts = Record::new(facts.columns().clone(), facts.rows().first().cloned().unwrap_or_default());
    let on_screen = view.format.map_or(view.terminal, |format| format == Format::Table);
    if !on_screen || view.columns.is_some() {
        let mut keys: Vec<(String, Data)> = facts
            .columns()
            .iter()
            .map(|column| column.name.to_string())
            .zip(facts.values().to_vec())
            .collect();
        keys.push(("output".into(), run.output.map_or(Data::Null, Data::Text)));
        keys.push(("changes_made".into(), Data::Table(changes)));
        return view.render(&Data::Map(keys));
    }
    let mut text = view.render(&Data::Record(facts))?;
    if !changes.rows().is_empty() {
        text += "\n";
        text += &view.render(&Data::Table(changes))?;
    }
    if let Some(output) = run.output.filter(|output| !output.is_empty()) {
        text += "\noutput:\n";
        text += &output;
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    Ok(text)
}

fn prune(configured: Option<&str>, keep: std::time::Duration) -> Result<Data> {
    let before = Timestamp::now().checked_sub(keep).map_err(|_| Error::usage("that is too long ago"))?;
    let removed = match open(configured)? {
        Some(store) => Store::open(store.place())?.prune_runs(before)?,
        None => crate::history::Pruned::default(),
    };
    Ok(Data::Map(vec![
        ("before".into(), Data::Text(units::time_text(before))),
        ("runs".into(), Data::Int(removed.runs as i64)),
        ("changes".into(), Data::Int(removed.changes as i64)),
    ]))
}
