//! `virhai check`: what is wrong with scripts, without running them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::read_script;
use super::environment::Environment;
use super::status;
use crate::lang::lint::{self, ModuleLookup};
use crate::report;
use crate::session::{catalog, offer_virsh};
use crate::stdlib::{EMBEDDED, Modules, Place};

/// Checks the files and gives the exit status.
pub(super) fn run(environment: &Environment, files: &[PathBuf]) -> u8 {
    let mut engine = environment.engine();
    offer_virsh(&mut engine, &Arc::new(Modules::new(None, environment.config.library.clone())));
    let catalog = catalog(&engine);
    let mut status = status::DONE;
    for file in files {
        let name = file.display().to_string();
        let text = match read_script(file) {
            Ok(text) => text,
            Err(error) => {
                status = environment.fail(&error, status::USAGE);
                continue;
            }
        };
        let folder = file.parent().map(Path::to_path_buf);
        let modules = Lookup(Modules::new(folder, environment.config.library.clone()));
        for finding in lint::check(&text, &name, &catalog, &modules, &engine) {
            report::finding(&finding, &name, &text, environment.stderr);
            status = status::USAGE;
        }
    }
    status
}

/// Finds modules as a session does.
pub(crate) struct Lookup(pub(crate) Modules);

impl ModuleLookup for Lookup {
    fn source(&self, path: &str, file: &str) -> Option<String> {
        match self.0.find(Some(file), path).ok()? {
            Place::Embedded(source) => Some(source.into()),
            Place::File(file) => std::fs::read_to_string(file).ok(),
        }
    }

    fn names(&self) -> Vec<String> {
        EMBEDDED.iter().map(|name| (*name).to_owned()).collect()
    }
}
