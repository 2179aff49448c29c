//! The history store: what was measured, in a file that several programs may use at once.
//!
//! It is an embedded `SQLite` with a write-ahead log: readers see what was complete when they began and keep nobody
//! waiting, and writers take turns. The file is readable by its owner only. [`schema`] has its tables.

mod failure;
mod schema;
#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use crate::config::{Env, Folders};
use crate::error::{Error, Result, code};
use failure::Failure;

/// How long a writer waits for others.
const PATIENCE: Duration = Duration::from_secs(10);
/// The file's name in the state folder.
const FILE: &str = "history.db";

/// A number that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole one.
    Int(i64),
    /// One with a fraction.
    Float(f64),
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub time: Timestamp,
    /// The URI of the host, without a password.
    pub host: String,
    /// The kind of object: `guest`, `pool`, `host`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// What was measured: `allocation`, `memory`.
    pub measure: String,
    /// How much it was.
    pub value: Number,
}

/// Which samples are wanted; what is not set does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Those of this host.
    pub host: Option<String>,
    /// Those of this kind of object.
    pub kind: Option<String>,
    /// Those of the object of this name.
    pub name: Option<String>,
    /// Those of this measure.
    pub measure: Option<String>,
    /// Not older ones.
    pub since: Option<Timestamp>,
    /// Not newer ones.
    pub until: Option<Timestamp>,
}

/// An open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// Where the store is: as the configuration says, otherwise in the state folder, which is made if need be.
///
/// Errors: `unsupported` for a URL; `io` where there is no state folder.
pub fn place(configured: Option<&str>) -> Result<PathBuf> {
    match configured {
        Some(url) if url.contains("://") => {
            Err(Error::new(code::UNSUPPORTED, "a history store at a URL is not there yet")
                .hint("name a file as `store` in the section [history] of the configuration"))
        }
        Some(path) => Ok(path.into()),
        None => Ok(Folders::find(&Env::of_process()).state()?.join(FILE)),
    }
}

impl Store {
    /// Opens a store for reading and writing, made if need be.
    ///
    /// Errors: `io` where it cannot be made, opened or written, is damaged, or of a newer program or another one;
    /// `timeout` where another program keeps it locked.
    pub fn open(path: &Path) -> Result<Self> {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        if let Err(error) = made
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(Error::io(path.display().to_string(), &error)
                .hint("make its folder writable, or name another file as `store` in the section [history] of the configuration"));
        }
        let mut store = Self::at(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        store.prepare().map_err(|failure| failure.at(path))?;
        Ok(store)
    }

    /// Opens a store for reading; `None` where there is none, or nothing in it.
    ///
    /// Errors: as [`Store::open`].
    pub fn open_existing(path: &Path) -> Result<Option<Self>> {
        if matches!(path.try_exists(), Ok(false)) {
            return Ok(None);
        }
        let store = Self::at(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        match schema::version(&store.connection).map_err(|failure| failure.at(path))? {
            0 => Ok(None),
            schema::VERSION => Ok(Some(store)),
            // An older one is brought up to date first.
            _ => Self::open(path).map(Some),
        }
    }

    fn at(path: &Path, flags: OpenFlags) -> Result<Self> {
        let open = || -> std::result::Result<Connection, Failure> {
            let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(PATIENCE)?;
            Ok(connection)
        };
        let connection = open().map_err(|failure| failure.at(path))?;
        Ok(Self { connection, path: path.to_owned() })
    }

    fn prepare(&mut self) -> std::result::Result<(), Failure> {
        // A file of another program is not touched.
        schema::version(&self.connection)?;
        self.log_ahead()?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        schema::migrate(&mut self.connection)
    }

    /// Switches to the write-ahead log; `SQLite` does not wait for others here.
    fn log_ahead(&self) -> std::result::Result<(), Failure> {
        let start = Instant::now();
        loop {
            let mode = self.connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
            let busy = |e: &rusqlite::Error| e.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
            match mode {
                Err(error) if busy(&error) && start.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                other => return Ok(other?),
            }
        }
    }

    /// Makes a change as a whole or not at all.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        let run = || {
            let transaction = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|failure: Failure| failure.at(&self.path))
    }

    /// Adds samples, all or none; one of the same object, measure and time takes the place of the old one.
    ///
    /// Errors: `io` with a full disk and what else keeps it from being written; `timeout` where it is locked.
    pub fn add(&mut self, samples: &[Sample]) -> Result<()> {
        self.change(|transaction| {
            let mut host = transaction.prepare("INSERT OR IGNORE INTO hosts (uri) VALUES (?1)")?;
            let mut measure = transaction.prepare(
                "INSERT OR IGNORE INTO measures (host, kind, name, measure)
                 SELECT id, ?2, ?3, ?4 FROM hosts WHERE uri = ?1",
            )?;
            let mut sample = transaction.prepare(
                "INSERT OR REPLACE INTO samples (measure, time, value)
                 SELECT measures.id, ?5, ?6 FROM measures JOIN hosts ON hosts.id = host
                 WHERE uri = ?1 AND kind = ?2 AND name = ?3 AND measure = ?4",
            )?;
            for Sample { time, host: uri, kind, name, measure: what, value } in samples {
                let value = match value {
                    Number::Int(whole) => Value::Integer(*whole),
                    Number::Float(number) => Value::Real(*number),
                };
                host.execute([uri])?;
                measure.execute([uri, kind, name, what])?;
                sample.execute(params![uri, kind, name, what, time.as_microsecond(), value])?;
            }
            Ok(())
        })
    }

    /// Returns samples by time; at one time by host, kind, name and measure.
    ///
    /// Errors: `io` where it is damaged.
    pub fn samples(&self, wanted: &Wanted) -> Result<Vec<Sample>> {
        self.read(wanted).map_err(|failure| failure.at(&self.path))
    }

    fn read(&self, wanted: &Wanted) -> std::result::Result<Vec<Sample>, Failure> {
        let mut query = self.connection.prepare(
            "SELECT time, uri, kind, name, measures.measure, value
             FROM samples JOIN measures ON measures.id = samples.measure JOIN hosts ON hosts.id = host
             WHERE (?1 IS NULL OR uri = ?1) AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR name = ?3)
               AND (?4 IS NULL OR measures.measure = ?4) AND time >= ?5 AND time <= ?6
             ORDER BY time, uri, kind, name, measures.measure",
        )?;
        let Wanted { host, kind, name, measure, since, until } = wanted;
        let since = since.map_or(i64::MIN, Timestamp::as_microsecond);
        let until = until.map_or(i64::MAX, Timestamp::as_microsecond);
        let rows = query.query_map(params![host, kind, name, measure, since, until], |row| {
            let time: i64 = row.get(0)?;
            let value = match row.get(5)? {
                Value::Integer(whole) => Number::Int(whole),
                Value::Real(number) => Number::Float(number),
                other => {
                    return Err(rusqlite::Error::InvalidColumnType(5, "value".into(), other.data_type()));
                }
            };
            Ok(Sample {
                time: Timestamp::from_microsecond(time)
                    .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, time))?,
                host: row.get(1)?,
                kind: row.get(2)?,
                name: row.get(3)?,
                measure: row.get(4)?,
                value,
            })
        })?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Removes samples that are older than a time, and returns how many there were.
    ///
    /// Errors: as [`Store::add`].
    pub fn prune(&mut self, before: Timestamp) -> Result<usize> {
        self.change(|transaction| {
            let removed =
                transaction.execute("DELETE FROM samples WHERE time < ?1", [before.as_microsecond()])?;
            transaction.execute("DELETE FROM measures WHERE id NOT IN (SELECT measure FROM samples)", [])?;
            Ok(removed)
        })
    }
}
