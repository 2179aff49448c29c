//! The variables `VIRHAI_*`: the uppermost layer of the configuration.

use std::path::Path;

use toml::{Table, Value};

use super::file::{complete_path, described};
use super::{Config, Env};
use crate::error::{Error, Result};

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A text.
    Text,
    /// A path, from the current folder.
    Path,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
}

/// Every variable: its name, the section (empty for the top) and key it sets, and what it holds.
/// Other variables that start with `VIRHAI_` are none of the configuration's business.
pub const VARIABLES: &[(&str, &str, &str, Holds)] = &[
    ("VIRHAI_URI", "", "uri", Holds::Text),
    ("VIRHAI_LIBRARY", "", "library", Holds::Path),
    ("VIRHAI_PROMPT_KEYS", "prompt", "keys", Holds::Text),
    ("VIRHAI_PROMPT_COLOR", "prompt", "color", Holds::Text),
    ("VIRHAI_PROMPT_PAGER", "prompt", "pager", Holds::Text),
    ("VIRHAI_PROMPT_CONFIRM", "prompt", "confirm", Holds::Flag),
    ("VIRHAI_PROMPT_HISTORY_SIZE", "prompt", "history_size", Holds::Number),
    ("VIRHAI_PROMPT_STARTUP", "prompt", "startup", Holds::Path),
    ("VIRHAI_PROMPT_PLAIN", "prompt", "plain", Holds::Flag),
    ("VIRHAI_OUTPUT_FORMAT", "output", "format", Holds::Text),
    ("VIRHAI_OUTPUT_COLOR", "output", "color", Holds::Text),
    ("VIRHAI_HISTORY_STORE", "history", "store", Holds::Path),
    ("VIRHAI_HISTORY_KEEP", "history", "keep", Holds::Text),
    ("VIRHAI_HISTORY_RECORD", "history", "record", Holds::Text),
    ("VIRHAI_JOBS_TIMEOUT", "jobs", "timeout", Holds::Text),
];

/// Reads all variables that are set, each checked by itself.
pub(super) fn read(env: &Env) -> Result<Table> {
    let mut all = Table::new();
    for (name, section, key, holds) in VARIABLES {
        let Some(text) = env.get(name) else { continue };
        let one = nested(section, key, value(name, text, *holds, env)?);
        one.clone().try_into::<Config>().map_err(|error| described(name, error.message()).object(*name))?;
        super::merge(&mut all, one);
    }
    Ok(all)
}

fn nested(section: &str, key: &str, value: Value) -> Table {
    let mut table = Table::new();
    table.insert(key.to_owned(), value);
    if section.is_empty() {
        return table;
    }
    let mut outer = Table::new();
    outer.insert(section.to_owned(), Value::Table(table));
    outer
}

fn value(name: &str, text: &str, holds: Holds, env: &Env) -> Result<Value> {
    let refuse = |what: &str| Error::usage(format!("{name}: \"{text}\" is not {what}")).object(name);
    match holds {
        Holds::Text => Ok(Value::String(text.to_owned())),
        Holds::Path => Ok(Value::String(complete_path(text, Path::new(""), env))),
        Holds::Number => text.parse().map(Value::Integer).map_err(|_| refuse("a whole number")),
        Holds::Flag => match text {
            "true" | "yes" | "on" | "1" => Ok(Value::Boolean(true)),
            "false" | "no" | "off" | "0" => Ok(Value::Boolean(false)),
            _ => Err(refuse("true or false")),
        },
    }
}
