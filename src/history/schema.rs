//! The tables of the store, and how an older store becomes a newer one.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::failure::Failure;

/// What marks a file as a store of ours (`PRAGMA application_id`): "virh".
const APPLICATION: i32 = 0x7669_7268;

/// Each step leads from the version of its place to the next one.
///
/// Hosts and what is measured on them have numbers of their own, so that a sample is three numbers; runs and changes
/// will point to the same hosts. Times are microseconds since 1970.
const STEPS: [&str; 1] = ["
    CREATE TABLE hosts (
        id INTEGER PRIMARY KEY,
        uri TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE measures (
        id INTEGER PRIMARY KEY,
        host INTEGER NOT NULL REFERENCES hosts (id),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        measure TEXT NOT NULL,
        UNIQUE (host, kind, name, measure)
    ) STRICT;
    CREATE TABLE samples (
        measure INTEGER NOT NULL REFERENCES measures (id),
        time INTEGER NOT NULL,
        value ANY NOT NULL,
        PRIMARY KEY (measure, time)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX samples_by_time ON samples (time);
"];

/// The version that this program writes.
pub(super) const VERSION: usize = STEPS.len();

fn number(connection: &Connection, pragma: &str) -> Result<i64, Failure> {
    Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
}

/// The version of a store; 0 for a file in which there is nothing yet.
pub(super) fn version(connection: &Connection) -> Result<usize, Failure> {
    // All of it as it was at one moment: another program may be making the store.
    let _moment = connection.is_autocommit().then(|| connection.unchecked_transaction()).transpose()?;
    let application = number(connection, "application_id")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != i64::from(APPLICATION) && (application != 0 || tables > 0) {
        return Err(Failure::Foreign);
    }
    let version = number(connection, "user_version")?;
    match usize::try_from(version) {
        Ok(version) if version <= VERSION => Ok(version),
        _ => Err(Failure::Newer(version)),
    }
}

/// Brings a store to this program's version; two that do so at once take turns.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    if version(connection)? == VERSION {
        return Ok(());
    }
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(version(&transaction)?) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION as i64)?;
    Ok(transaction.commit()?)
}
