//! `virhai doc`: help on a topic or a name, the index, or the whole reference.

use super::environment::Environment;
use super::status;
use crate::help::{self, Look};
use crate::lang::reference;
use crate::output;
use crate::session::catalog;

/// Shows it and gives the exit status.
pub(super) fn run(environment: &Environment, name: Option<&str>, markdown: bool) -> u8 {
    let engine = environment.engine();
    let mut catalog = catalog(&engine);
    catalog.add_type_docs(&engine);
    let look = Look { palette: environment.view.palette, columns: environment.view.width };
    let text = if markdown {
        Ok(reference::markdown(&catalog))
    } else if let Some(name) = name {
        help::on(&catalog, name, look)
    } else {
        let mut index = reference::index(&catalog);
        index.sections.insert(0, help::list_of_topics());
        Ok(look.show(&index))
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => return environment.fail(&error, status::USAGE),
    };
    match output::out(&text) {
        Ok(_) => status::DONE,
        Err(error) => environment.fail(&error, status::FAILED),
    }
}
