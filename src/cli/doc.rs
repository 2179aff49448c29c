//! `virhai doc`: help on a name, the index, or the whole reference.

use super::environment::Environment;
use super::status;
use crate::error::Error;
use crate::lang::reference;
use crate::output;
use crate::report;
use crate::session::{bare_engine, catalog};

/// Shows it and gives the exit status.
pub(super) fn run(environment: &Environment, name: Option<&str>, markdown: bool) -> u8 {
    let catalog = catalog(&bare_engine());
    if markdown {
        return written(environment, &reference::markdown(&catalog));
    }
    let help = match name {
        Some(name) => reference::help(&catalog, name),
        None => Ok(reference::index(&catalog)),
    };
    match help {
        Ok(help) => written(environment, &report::help(&help, environment.stdout)),
        Err(error) => environment.fail(&error, status::USAGE),
    }
}

fn written(environment: &Environment, text: &str) -> u8 {
    match output::out(text) {
        Ok(_) => status::DONE,
        Err(error) => environment.fail(&Error::clone(&error), status::FAILED),
    }
}
