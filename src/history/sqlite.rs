//! The store as a file: `SQLite` with a write-ahead log.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};

use super::backend::{Backend, Outcome, Row, Value};
use super::failure::Failure;
use super::schema;
use crate::error::{Error, Result};

/// How long a writer waits for others.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Debug)]
pub(super) struct Sqlite(pub(super) Connection);

/// Makes the file, if there is none: readable by its owner only.
pub(super) fn make(path: &Path) -> Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(Error::io(path.display().to_string(), &error)
                .hint("make its folder writable, or name another file as `store` in the section [history] of the configuration"))
        }
        _ => Ok(()),
    }
}

impl Sqlite {
    /// Opens a file that is there, for reading and writing, and brings it to this program's version.
    pub(super) fn open(path: &Path) -> Outcome<Self> {
        let mut store = Self::at(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // A file of another program is not touched.
        schema::version(&store.0)?;
        store.log_ahead()?;
        schema::migrate(&mut store.0)?;
        Ok(store)
    }

    /// Opens a file for reading; `None` where nothing is in it, or where it has to be brought up to date first.
    pub(super) fn open_existing(path: &Path) -> Outcome<Existing> {
        let store = Self::at(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(match schema::version(&store.0)? {
            0 => Existing::Empty,
            schema::VERSION => Existing::Ready(store),
            _ => Existing::Old,
        })
    }

    fn at(path: &Path, flags: OpenFlags) -> Outcome<Self> {
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(Self(connection))
    }

    /// Switches to the write-ahead log; `SQLite` does not wait for others here.
    fn log_ahead(&self) -> Outcome<()> {
        let start = Instant::now();
        loop {
            let mode = self.0.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
            let busy = |e: &rusqlite::Error| e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
            match mode {
                Err(error) if busy(&error) && start.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                other => return Ok(other?),
            }
        }
    }
}

/// What a file turned out to be.
pub(super) enum Existing {
    /// There is nothing in it.
    Empty,
    /// It is of an older program.
    Old,
    /// It can be read.
    Ready(Sqlite),
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn owned(value: ValueRef<'_>) -> Outcome<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(_) => return Err(Failure::Damaged("bytes in the place of a text".into())),
    })
}

impl Backend for Sqlite {
    fn execute(&self, statement: &str, values: &[Value]) -> Outcome<u64> {
        Ok(self.0.prepare_cached(statement)?.execute(params_from_iter(values))? as u64)
    }

    fn query(&self, query: &str, values: &[Value], each: &mut dyn FnMut(Row) -> Outcome<()>) -> Outcome<()> {
        let mut statement = self.0.prepare_cached(query)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let values: Outcome<Vec<Value>> = (0..columns).map(|place| owned(row.get_ref(place)?)).collect();
            each(Row(values?))?;
        }
        Ok(())
    }

    fn batch(&self, statements: &str) -> Outcome<()> {
        Ok(self.0.execute_batch(statements)?)
    }

    fn begin(&self) -> Outcome<()> {
        self.batch("BEGIN IMMEDIATE")
    }

    fn pattern(&self, glob: &str) -> (&'static str, String) {
        // Only `*` means something.
        let mut pattern = String::new();
        for letter in glob.chars() {
            match letter {
                '?' | '[' => pattern.extend(['[', letter, ']']),
                other => pattern.push(other),
            }
        }
        ("GLOB", pattern)
    }

    fn is_lost(&self) -> bool {
        false
    }
}
