//! What goes wrong with a store, in words that name the file and a way out.

use std::path::Path;

use rusqlite::ErrorCode;

use super::schema::VERSION;
use crate::error::{Error, code};

/// See the module.
#[derive(Debug)]
pub(super) enum Failure {
    /// `SQLite` reports it.
    Sqlite(rusqlite::Error),
    /// The store is of a program that knows more than this one.
    Newer(i64),
    /// It is a database, but not ours.
    Foreign,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

const ELSEWHERE: &str = "or name another file as `store` in the section [history] of the configuration";

impl Failure {
    /// Words it for the file that it happened to.
    pub(super) fn at(self, path: &Path) -> Error {
        let file = path.display().to_string();
        let (word, why, hint) = match &self {
            Self::Newer(version) => (
                code::IO,
                format!(
                    "{file} is a history store of a newer virhai (version {version}; this one knows {VERSION})"
                ),
                format!("use that virhai, {ELSEWHERE}"),
            ),
            Self::Foreign => (
                code::IO,
                format!("{file} is a database of another program, not a history store"),
                format!("move it away, {ELSEWHERE}"),
            ),
            Self::Sqlite(error) => reported(&file, error),
        };
        let error = Error::new(word, why).object(file).hint(hint);
        match self {
            Self::Sqlite(cause) => error.cause(cause.to_string()),
            _ => error,
        }
    }
}

fn reported(file: &str, error: &rusqlite::Error) -> (&'static str, String, String) {
    let io = |why: &str, hint: String| (code::IO, format!("{file}: {why}"), hint);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io(
            "the disk is full",
            format!("make room, drop old samples with history::prune(\"400d\"), {ELSEWHERE}"),
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => io(
            "the history store cannot be opened or written by this user",
            format!("see who owns it and its folder, {ELSEWHERE}"),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => io(
            "it is damaged, or no history store",
            format!(
                "move it away (a new one is made): mv '{file}' '{file}.damaged'; what can be saved: sqlite3 '{file}.damaged' .recover"
            ),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            code::TIMEOUT,
            format!("{file}: another program keeps the history store locked"),
            format!("see who has it open: fuser -v '{file}'"),
        ),
        _ => io(&error.to_string(), format!("see whether its disk is in order, {ELSEWHERE}")),
    }
}
