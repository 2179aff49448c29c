//! What the shell knows about the language besides its session: the catalog, made when it is first needed, with
//! the functions of earlier inputs, their imports, and the words that were used last.

mod usage;

use std::cell::{OnceCell, Ref, RefCell};

use rustyline::history::History;

use super::imports::{Import, imports};
use super::preparation::Preparation;
use usage::Usage;

use crate::lang::catalog::Catalog;
use crate::lang::infer::declared_functions;
use crate::lang::tokens::parsable;
use crate::session::Session;
use crate::stdlib::Place;

/// See the module.
#[derive(Default)]
pub(super) struct Knowledge {
    catalog: OnceCell<Catalog>,
    preparation: OnceCell<Preparation>,
    has_type_docs: bool,
    /// The imports of earlier inputs, as source.
    prelude: String,
    imported: Vec<String>,
    /// The earlier inputs that declare functions.
    declaring: Vec<String>,
    usage: RefCell<Usage>,
}

impl Knowledge {
    /// Returns everything callable, user modules that were imported included.
    pub(super) fn catalog(&self, session: &Session) -> &Catalog {
        self.catalog.get_or_init(|| {
            let prepared = self.preparation.get().and_then(Preparation::wait);
            let mut catalog = prepared.unwrap_or_else(|| session.catalog());
            for path in &self.imported {
                add_file_module(&mut catalog, session, path);
            }
            for source in &self.declaring {
                add_functions(&mut catalog, session, &self.prelude, source);
            }
            catalog
        })
    }

    /// Begins to make the catalog in the background, the first time that this is called.
    pub(super) fn prepare(&self, session: &Session) {
        if self.catalog.get().is_none() {
            self.preparation.get_or_init(|| {
                let preparation = Preparation::default();
                preparation.begin(session.to_catalog());
                preparation
            });
        }
    }

    /// Returns the catalog if it is there already: made for somebody, or complete in the background.
    pub(super) fn ready_catalog(&self, session: &Session) -> Option<&Catalog> {
        if self.catalog.get().is_none() && !self.preparation.get().is_some_and(Preparation::is_done) {
            return None;
        }
        Some(self.catalog(session))
    }

    /// Returns the catalog with the documentation of types, for help.
    pub(super) fn documented(&mut self, session: &Session) -> &Catalog {
        self.catalog(session);
        if let Some(catalog) = self.catalog.get_mut().filter(|_| !self.has_type_docs) {
            catalog.add_type_docs(&session.documented_engine());
            self.has_type_docs = true;
        }
        self.catalog(session)
    }

    /// Takes note of what an input that was evaluated has imported.
    pub(super) fn learn(&mut self, source: &str, session: &Session) {
        for Import { path, statement } in imports(source) {
            if !self.prelude.contains(&statement) {
                self.prelude.push_str(&statement);
            }
            if let Some(catalog) = self.catalog.get_mut() {
                add_file_module(catalog, session, &path);
            }
            self.imported.push(path);
        }
        if source.contains("fn ") {
            if let Some(catalog) = self.catalog.get_mut() {
                add_functions(catalog, session, &self.prelude, source);
            }
            self.declaring.push(source.to_owned());
        }
    }

    /// Takes note of the words of the inputs that are new in the history.
    pub(super) fn read_history(&self, history: &dyn History) {
        self.usage.borrow_mut().read(history);
    }

    /// Returns the words that were used last.
    pub(super) fn usage(&self) -> Ref<'_, Usage> {
        self.usage.borrow()
    }

    /// Returns the imports of earlier inputs as source.
    pub(super) fn prelude(&self) -> &str {
        &self.prelude
    }
}

/// Adds the functions that an input has declared; one that could not be parsed has declared none.
fn add_functions(catalog: &mut Catalog, session: &Session, prelude: &str, source: &str) {
    if let Ok(ast) = session.engine().compile(parsable(source)) {
        let functions = declared_functions(&format!("{prelude}{source}"), &ast, catalog);
        catalog.declare(functions);
    }
}

/// Adds a module of the user's; what cannot be read or parsed has failed at its import already.
fn add_file_module(catalog: &mut Catalog, session: &Session, path: &str) {
    if catalog.modules().any(|known| known == path) {
        return;
    }
    let Ok(Place::File(file)) = session.modules().find(None, path) else { return };
    let Ok(text) = std::fs::read_to_string(file) else { return };
    if let Ok(module) = session.engine().compile(&text) {
        catalog.add_module(path, &module);
    }
}
