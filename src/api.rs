//! What scripts see: one file per type of object, and the conventions they share.
//!
//! A binding converts its arguments, calls `libvirt` or a plain Rust function, and converts the
//! answer. Its doc comment and its signature are the only record of it: help, completion, the
//! reference and `check` read them from the engine.

mod columns;
pub mod connection;
pub mod context;
pub mod data;
pub mod domain;
mod domain_rows;
pub mod error;
mod finders;
mod fs;
pub mod global;
mod handle;
pub mod host;
mod host_context;
mod names;
pub mod permissions;
pub mod snapshot;
mod stats;
mod table;
mod units;
mod wait;
mod words;

use std::time::Duration;

use rhai::{Dynamic, Engine, EvalAltResult, Position};

pub use context::Context;

use crate::error::{Error, Result};
use crate::lang::options::OptionTable;
use crate::units as parse;

/// What a script-visible function returns.
pub type Fallible<T> = std::result::Result<T, Box<EvalAltResult>>;

impl From<Error> for Box<EvalAltResult> {
    fn from(error: Error) -> Self {
        let uncatchable = error.ends_the_run();
        let value = rhai::Dynamic::from(error);
        Box::new(if uncatchable {
            EvalAltResult::ErrorTerminated(value, Position::NONE)
        } else {
            EvalAltResult::ErrorRuntime(value, Position::NONE)
        })
    }
}

/// Registers everything that scripts see.
pub fn register(engine: &mut Engine) {
    error::register(engine);
    global::register(engine);
    connection::register(engine);
    host::register(engine);
    domain::register(engine);
    snapshot::register(engine);
    wait::register(engine);
    finders::register(engine);
    fs::register(engine);
    table::register(engine);
    units::register(engine);
}

/// The options of every function that takes some: what help, completion and `check` read.
pub fn option_tables() -> Vec<&'static OptionTable> {
    let mut tables: Vec<&'static OptionTable> = vec![&connection::CONNECT, &stats::STATS, &wait::WAIT];
    tables.extend(domain::options());
    tables.extend(snapshot::OPTIONS);
    tables
}

/// A definition given as text or as a document.
fn definition_text(definition: &Dynamic) -> Result<String> {
    if let Ok(text) = definition.clone().into_string() {
        return Ok(text);
    }
    Err(Error::usage(format!(
        "a definition is XML, as text or as a document, not {}",
        definition.type_name()
    )))
}

/// A size given as bytes or as a text with a unit.
fn bytes_argument(what: &str, size: &Dynamic) -> Result<u64> {
    if let Ok(bytes) = size.as_int() {
        return u64::try_from(bytes).map_err(|_| {
            Error::usage(format!("{what} cannot be negative: {bytes}"))
                .hint("sizes are bytes, or a text such as \"4GiB\"")
        });
    }
    if let Ok(bytes) = size.as_float() {
        return parse::scaled(bytes, 1);
    }
    match size.clone().into_string() {
        Ok(text) => parse::parse_size(&text),
        Err(given) => Err(Error::usage(format!("{what} is a size, not {given}"))
            .hint("sizes are bytes, or a text such as \"4GiB\"")),
    }
}

/// A duration given as seconds or as a text with a unit.
fn seconds_argument(what: &str, time: &Dynamic) -> Result<Duration> {
    let seconds = time.as_int().map(|seconds| seconds as f64).or_else(|_| time.as_float());
    if let Ok(seconds) = seconds {
        return parse::seconds(seconds);
    }
    match time.clone().into_string() {
        Ok(text) => parse::parse_duration(&text),
        Err(given) => Err(Error::usage(format!("{what} wants a duration, not {given}"))
            .hint("seconds, or a text such as \"90s\" or \"1h30m\"")),
    }
}
