//! `virhai doc`: help on a name, the index, or the whole reference.

use super::environment::Environment;
use super::status;
use crate::error::Error;
use crate::lang::reference;
use crate::output;
use crate::report;
use crate::session::catalog;

/// Shows it and gives the exit status.
pub(super) fn run(environment: &Environment, name: Option<&str>, markdown: bool) -> u8 {
    let engine = environment.engine();
    let mut catalog = catalog(&engine);
    catalog.add_type_docs(&engine);
    let text = if markdown {
        reference::markdown(&catalog)
    } else if let Some(name) = name {
        let Some(help) = reference::help(&catalog, name) else {
            return environment.fail(&unknown(name, &reference::near(&catalog, name)), status::USAGE);
        };
        report::help(&help, environment.view.palette)
    } else {
        report::help(&reference::index(&catalog), environment.view.palette)
    };
    match output::out(&text) {
        Ok(_) => status::DONE,
        Err(error) => environment.fail(&error, status::FAILED),
    }
}

fn unknown(name: &str, near: &[String]) -> Error {
    let error = Error::usage(format!("there is no help on {name:?}"));
    match near {
        [] => error.hint("`virhai doc` without a name shows the index"),
        near => error.hint(format!("did you mean {}?", near.join(", "))),
    }
}
