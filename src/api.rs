//! What scripts see: one file per type of object, and the conventions they share.
//!
//! A binding converts its arguments, calls `libvirt` or a plain Rust function, and converts the
//! answer. Its doc comment and its signature are the only record of it: help, completion, the
//! reference and `check` read them from the engine.

pub mod argument_words;
pub mod checkpoint;
mod closure;
mod columns;
pub mod connection;
pub mod context;
mod cpu_set;
mod csv;
pub mod data;
pub mod domain;
mod domain_rows;
mod edit;
pub mod error;
pub(crate) mod events;
mod finally;
mod finders;
mod fs;
pub mod global;
mod handle;
mod history;
pub mod host;
mod host_context;
mod interface;
mod inventory;
mod iso;
mod job;
mod json;
mod keys;
mod metadata;
mod methods;
mod names;
pub mod network;
mod network_port;
mod node_device;
mod nwfilter;
mod nwfilter_binding;
mod os;
mod params;
mod parts;
pub mod permissions;
mod plot;
mod point;
mod rates;
mod secret;
pub mod show;
pub mod snapshot;
mod stats;
pub mod storage_pool;
pub mod storage_volume;
mod stream;
mod subject;
mod table;
#[cfg(test)]
mod test_script;
mod time;
pub mod top;
mod undo_steps;
mod units;
mod validate;
pub mod virsh;
mod wait;
pub(crate) mod words;
pub mod xml;
mod yaml;

use rhai::{Dynamic, Engine, EvalAltResult, Position};

pub use context::Context;

use crate::error::{Error, Result};
use crate::lang::natives::{Docs, Natives};
use crate::lang::options::OptionTable;

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
pub fn register(engine: &mut Engine, docs: Docs) {
    Natives::bind(engine, docs, register_all);
}

fn register_all(natives: &mut Natives) {
    error::register(natives);
    finally::register(natives);
    global::register(natives);
    connection::register(natives);
    host::register(natives);
    domain::register(natives);
    rates::register(natives);
    job::register(natives);
    checkpoint::register(natives);
    snapshot::register(natives);
    network::register(natives);
    network_port::register(natives);
    interface::register(natives);
    node_device::register(natives);
    nwfilter::register(natives);
    nwfilter_binding::register(natives);
    secret::register(natives);
    storage_pool::register(natives);
    storage_volume::register(natives);
    events::register(natives);
    stream::register(natives);
    wait::register(natives);
    finders::register(natives);
    csv::register(natives);
    fs::register(natives);
    history::register(natives);
    iso::register(natives);
    json::register(natives);
    os::register(natives);
    plot::register(natives);
    show::register(natives);
    table::register(natives);
    time::register(natives);
    top::register(natives);
    undo_steps::register(natives);
    units::register(natives);
    validate::register(natives);
    virsh::register(natives);
    xml::register(natives);
    yaml::register(natives);
}

/// The options of every function that takes some: what help, completion and `check` read.
pub fn option_tables() -> Vec<&'static OptionTable> {
    let mut tables: Vec<&'static OptionTable> = vec![
        &connection::CONNECT,
        &stats::STATS,
        &rates::WATCH,
        &top::TOP,
        &inventory::INVENTORY,
        &history::SAMPLES,
        &history::RUNS,
        &history::CHANGES,
        &os::RUN,
        &plot::PLOT,
        &plot::SAVE,
        &plot::SVG,
        &csv::PARSE,
        &csv::TO_STRING,
    ];
    tables.extend(domain::options());
    tables.extend(checkpoint::options());
    tables.extend(snapshot::options());
    tables.extend(host::options());
    tables.extend(events::OPTIONS);
    tables.extend(wait::OPTIONS);
    tables.extend(network::options());
    tables.extend(network_port::OPTIONS);
    tables.extend(interface::options());
    tables.extend(node_device::options());
    tables.extend(nwfilter::OPTIONS);
    tables.extend(nwfilter_binding::OPTIONS);
    tables.extend(secret::OPTIONS);
    tables.extend(storage_pool::options());
    tables.extend(storage_volume::options());
    tables
}

/// The default columns of a type of handle, by the type's name.
pub fn default_columns(type_name: &str) -> Option<Vec<&'static str>> {
    columns::names(type_name)
}

/// A definition given as text or as a document.
fn definition_text(definition: &Dynamic) -> Result<String> {
    xml::text_of(definition).ok_or_else(|| {
        Error::usage(format!("a definition is XML, as text or as a document, not {}", definition.type_name()))
    })
}
