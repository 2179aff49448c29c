//! What a script imports.

use std::collections::HashMap;

use rhai::Engine;

use super::program::Facts;
use super::{Surroundings, parse};
use crate::lang::catalog::{self, Entry};

/// Finds the text of modules, as the session's resolver would.
pub trait ModuleLookup {
    /// Returns the text of the module that `import "path"` in `file` would load.
    fn source(&self, path: &str, file: &str) -> Option<String>;

    /// Returns the names that can be imported, for suggestions.
    fn names(&self) -> Vec<String>;
}

/// A lookup that finds nothing: only modules that the catalog knows can be imported.
pub struct NoModules;

impl ModuleLookup for NoModules {
    fn source(&self, _path: &str, _file: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What one import brings.
pub(super) enum Import {
    /// These functions and methods.
    Known(Vec<Entry>),
    /// The module exists or may exist, but its content is not known.
    Opaque,
    /// There is no such module.
    Missing,
    /// The module does not parse, for this reason.
    Broken(String),
}

/// The imports of a script, wherever in it they stand.
pub(super) struct Imports {
    by_path: HashMap<String, Import>,
    aliases: HashMap<String, Option<String>>,
}

impl Imports {
    pub(super) fn new(
        facts: &Facts,
        surroundings: &Surroundings,
        file: &str,
        modules: &dyn ModuleLookup,
        engine: &Engine,
        catalog: &catalog::Catalog,
    ) -> Self {
        let mut aliases: HashMap<_, _> =
            surroundings.imports.iter().map(|(alias, path)| (alias.clone(), Some(path.clone()))).collect();
        for (alias, path) in &facts.imports {
            aliases.insert(alias.clone(), path.clone());
        }
        let mut by_path = HashMap::new();
        let earlier = surroundings.imports.iter().map(|(_, path)| path);
        for path in facts.imports.iter().filter_map(|(_, path)| path.as_ref()).chain(earlier) {
            by_path.entry(path.clone()).or_insert_with(|| match modules.source(path, file) {
                Some(source) => match parse(&source, engine) {
                    Ok(ast) => Import::Known(catalog::module_entries(path, &ast)),
                    Err(error) => Import::Broken(error.to_string()),
                },
                None if catalog.modules().any(|known| known == path) => {
                    Import::Known(catalog.module_entries(path).cloned().collect())
                }
                None => Import::Missing,
            });
        }
        Self { by_path, aliases }
    }

    /// Returns what an alias stands for.
    pub(super) fn alias(&self, alias: &str) -> Option<&Import> {
        let path = self.aliases.get(alias)?;
        Some(path.as_ref().and_then(|path| self.by_path.get(path)).unwrap_or(&Import::Opaque))
    }

    pub(super) fn path(&self, path: &str) -> Option<&Import> {
        self.by_path.get(path)
    }

    pub(super) fn aliases(&self) -> impl Iterator<Item = &str> {
        self.aliases.keys().map(String::as_str)
    }

    /// True where some import is not known in full: it may bring methods.
    pub(super) fn opaque(&self) -> bool {
        let unknown = |import: &Import| !matches!(import, Import::Known(_));
        self.aliases.values().any(Option::is_none) || self.by_path.values().any(unknown)
    }

    /// Returns the methods of a name that imported modules bring.
    pub(super) fn methods<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.by_path
            .values()
            .filter_map(|import| match import {
                Import::Known(entries) => Some(entries),
                _ => None,
            })
            .flatten()
            .filter(move |entry| entry.receiver.is_some() && entry.name == name)
    }
}
