//! `virhai check`: what is wrong with scripts, without running them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::read_script;
use super::environment::Environment;
use super::status;
use rhai::Engine;

use crate::lang::catalog::Catalog;
use crate::lang::lint::{self, Finding, ModuleLookup};
use crate::report;
use crate::session::{catalog, offer_virsh};
use crate::stdlib::{self, Modules, Place};

/// Checks the files and gives the exit status.
pub(super) fn run(environment: &Environment, files: &[PathBuf]) -> u8 {
    let checker = Checker::new(environment);
    let mut status = status::DONE;
    for file in files {
        if let Err(failed) = checker.check(file, |_| Vec::new()) {
            status = failed;
        }
    }
    status
}

/// Checks scripts one after the other.
pub(super) struct Checker<'a> {
    environment: &'a Environment,
    engine: Engine,
    catalog: Catalog,
}

impl<'a> Checker<'a> {
    /// Makes one; it takes some time.
    pub(super) fn new(environment: &'a Environment) -> Self {
        let mut engine = environment.engine();
        offer_virsh(&mut engine, &Arc::new(Modules::new(None, environment.config.library.clone())));
        Self { environment, catalog: catalog(&engine), engine }
    }

    /// Checks a script and tells what is wrong with it, `beside` what somebody else finds in its text.
    ///
    /// Errors: the exit status where anything was found.
    pub(super) fn check(
        &self,
        file: &Path,
        beside: impl FnOnce(&str) -> Vec<Finding>,
    ) -> std::result::Result<(), u8> {
        let environment = self.environment;
        let name = file.display().to_string();
        let text = read_script(file).map_err(|error| environment.fail(&error, status::USAGE))?;
        let folder = file.parent().map(Path::to_path_buf);
        let modules = Lookup(Modules::new(folder, environment.config.library.clone()));
        let mut findings = beside(&text);
        findings.extend(lint::check(&text, &name, &self.catalog, &modules, &self.engine));
        for finding in &findings {
            report::finding(finding, &name, &text, environment.stderr);
        }
        if findings.is_empty() { Ok(()) } else { Err(status::USAGE) }
    }
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
        stdlib::modules().to_vec()
    }
}
