//! What goes wrong with a store, in words that name it and a way out.

use nix::sys::statvfs::{FsFlags, Statvfs, statvfs};
use rusqlite::ErrorCode;

use super::place::Place;
use super::schema::VERSION;
use crate::error::{Error, code};

/// See the module.
#[derive(Debug)]
pub(super) enum Failure {
    /// `SQLite` reports it.
    Sqlite(rusqlite::Error),
    /// `PostgreSQL` or the way to it reports it.
    Postgres(postgres::Error),
    /// The store is of a program that knows more than this one.
    Newer(i64),
    /// It is a database, but not ours.
    Foreign,
    /// What stands in it makes no sense.
    Damaged(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<postgres::Error> for Failure {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

const ELSEWHERE: &str = "or name another place as `store` in the section [history] of the configuration";

impl Failure {
    /// Words it for the store that it happened to.
    pub(super) fn at(self, place: &Place) -> Error {
        let store = place.to_string();
        let (word, why, hint) = match &self {
            Self::Newer(version) => (
                code::IO,
                format!(
                    "{store} is a history store of a newer virhai (version {version}; this one knows {VERSION})"
                ),
                format!("use that virhai, {ELSEWHERE}"),
            ),
            Self::Foreign => (
                code::IO,
                format!("{store} is a database of another program, not a history store"),
                format!("move it away, {ELSEWHERE}"),
            ),
            Self::Damaged(_) => damaged(&store, place),
            Self::Sqlite(error) => by_sqlite(&store, place, error),
            Self::Postgres(error) => by_postgres(&store, error),
        };
        let error = Error::new(word, why).object(store).hint(hint);
        match self {
            Self::Sqlite(cause) => error.cause(cause.to_string()),
            Self::Postgres(cause) => error.cause(words(&cause)),
            Self::Damaged(cause) => error.cause(cause),
            _ => error,
        }
    }
}

fn damaged(store: &str, place: &Place) -> (&'static str, String, String) {
    let hint = match place {
        Place::File(_) => format!(
            "move it away (a new one is made): mv '{store}' '{store}.damaged'; what can be saved: sqlite3 '{store}.damaged' .recover"
        ),
        Place::Url(_) => format!("restore the schema `virhai` of this database, {ELSEWHERE}"),
    };
    (code::IO, format!("{store}: it is damaged, or no history store"), hint)
}

fn by_sqlite(file: &str, place: &Place, error: &rusqlite::Error) -> (&'static str, String, String) {
    let io = |why: &str, hint: String| (code::IO, format!("{file}: {why}"), hint);
    let full = || {
        io(
            "the disk is full",
            format!("make room, drop what is old with `virhai history prune --keep 90d`, {ELSEWHERE}"),
        )
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => full(),
        // It says no more where its shared memory finds no room.
        Some(ErrorCode::SystemIoFailure) if disk(place).is_some_and(|disk| disk.blocks_available() == 0) => {
            full()
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)
            if disk(place).is_some_and(|disk| disk.flags().contains(FsFlags::ST_RDONLY)) =>
        {
            io(
                "the history store is on a file system that is read-only here",
                format!("mount it for writing, {ELSEWHERE}"),
            )
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => io(
            "the history store cannot be opened or written by this user",
            format!("see who owns it and its folder, {ELSEWHERE}"),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(file, place),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            code::TIMEOUT,
            format!("{file}: another program keeps the history store locked"),
            format!("see who has it open: fuser -v '{file}'"),
        ),
        _ => io(&error.to_string(), format!("see whether its disk is in order, {ELSEWHERE}")),
    }
}

/// The file system that a store is on, or will be.
fn disk(place: &Place) -> Option<Statvfs> {
    let Place::File(file) = place else { return None };
    file.ancestors().skip(1).find_map(|folder| statvfs(folder).ok())
}

fn by_postgres(store: &str, error: &postgres::Error) -> (&'static str, String, String) {
    use postgres::error::SqlState;
    let io = |why: String, hint: &str| (code::IO, format!("{store}: {why}"), format!("{hint}, {ELSEWHERE}"));
    let why = words(error);
    match error.code() {
        Some(state) if *state == SqlState::DISK_FULL => io(
            "the disk of the server is full".into(),
            "make room there, drop what is old with `virhai history prune --keep 90d`",
        ),
        Some(state)
            if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION]
                .contains(state) =>
        {
            io(
                format!("the server does not let this user in: {why}"),
                "see user and password of the URL, or set PGPASSWORD",
            )
        }
        Some(state)
            if [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::READ_ONLY_SQL_TRANSACTION].contains(state) =>
        {
            io(
                format!("the history store cannot be written by this user: {why}"),
                "let the user create the schema `virhai` in this database, or own it",
            )
        }
        Some(state) if [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED].contains(state) => (
            code::TIMEOUT,
            format!("{store}: another program keeps the history store locked"),
            "see who: SELECT * FROM pg_stat_activity".to_owned(),
        ),
        Some(state) if *state == SqlState::UNDEFINED_DATABASE => {
            io(why, "make the database: CREATE DATABASE …")
        }
        _ => io(why, "see whether the server runs and can be reached"),
    }
}

/// The sentence of the server, or of the way to it, with what is below it.
fn words(error: &postgres::Error) -> String {
    if let Some(reported) = error.as_db_error() {
        return reported.message().to_owned();
    }
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(cause) = below {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        below = cause.source();
    }
    text
}
