//! One configuration file: read, checked, and its paths made absolute.

use std::io::ErrorKind;
use std::path::Path;

use toml::{Table, Value};

use super::{Config, Env};
use crate::error::{Error, Result};
use crate::output::did_you_mean;

/// Keys that hold a path, as section and name.
const PATHS: [(&str, &str); 3] = [("", "library"), ("prompt", "startup"), ("history", "store")];

/// Reads a file; `None` where there is none.
pub(super) fn read(path: &Path, env: &Env) -> Result<Option<Table>> {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => {
            let error = Error::io(name, &error).operation("config.read");
            return Err(error.hint("make the file readable UTF-8 text, or take it away"));
        }
    };
    // Read twice: as a Config for its checks, whose errors know their place, and as a table to merge.
    toml::from_str::<Config>(&text).map_err(|error| placed(&name, &text, &error))?;
    let mut table: Table = toml::from_str(&text).map_err(|error| placed(&name, &text, &error))?;
    complete_paths(&mut table, path.parent().unwrap_or(Path::new("/")), env);
    Ok(Some(table))
}

/// Turns TOML's error into ours, with the place before it and the nearest key after it.
fn placed(name: &str, text: &str, error: &toml::de::Error) -> Error {
    let place = error.span().map_or(String::new(), |span| {
        let (line, column) = line_and_column(text, span.start);
        format!(":{line}:{column}")
    });
    described(&format!("{name}{place}"), error.message()).object(name)
}

/// Words one of serde's messages; those about unknown keys and values list what is known in backticks.
pub(super) fn described(place: &str, message: &str) -> Error {
    let mut words = message.split('`').skip(1).step_by(2);
    let wording = match message.split_once('`') {
        Some(("unknown field ", _)) => "there is no key",
        Some(("unknown variant ", _)) => "there is no value",
        _ => return Error::usage(format!("{place}: {}", message.lines().collect::<Vec<_>>().join(" "))),
    };
    let word = words.next().unwrap_or_default();
    let known: Vec<&str> = words.collect();
    did_you_mean(Error::usage(format!("{place}: {wording} \"{word}\"")), word, &known)
}

/// Returns line and column, both from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Paths in a file start at the file's folder, `~/` at the user's home.
fn complete_paths(table: &mut Table, folder: &Path, env: &Env) {
    for (section, key) in PATHS {
        let section = if section.is_empty() {
            Some(&mut *table)
        } else {
            table.get_mut(section).and_then(Value::as_table_mut)
        };
        if let Some(Value::String(path)) = section.and_then(|section| section.get_mut(key)) {
            *path = complete_path(path, folder, env);
        }
    }
}

/// Makes one path absolute; a URL and a path that is not UTF-8 stay as they are.
pub(super) fn complete_path(path: &str, folder: &Path, env: &Env) -> String {
    if path.contains("://") {
        return path.to_owned();
    }
    let complete = match (path.strip_prefix("~/"), &env.places.user) {
        (Some(rest), Some(user)) => user.home.join(rest),
        _ => folder.join(path),
    };
    complete.to_str().unwrap_or(path).to_owned()
}
