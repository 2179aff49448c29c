//! The catalog: every callable thing as data.
//!
//! It is read from an engine's own metadata once the bindings have filled it, together with the tables of
//! options; modules written in Rhai are added as they are known. Nothing is written down twice: the doc
//! comment and signature of a binding are the record, and help, completion, `check`, did-you-mean and the
//! reference page read it here.
//!
//! Reading takes a few milliseconds, so whoever can wait builds the catalog at its first use. Doc comments are
//! taken apart only when somebody asks for one entry's [`Entry::doc`].

mod collect;
mod entry;
mod standard;

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rhai::{AST, Dynamic, Engine};
use serde::Deserialize;

pub(crate) use collect::from_module as module_entries;
pub use entry::{Entry, Kind, Origin, Overload, Param};

use super::doc::Doc;
use super::options::OptionTable;
use super::types::Type;

/// Everything that scripts can call, by name and by type.
#[derive(Debug, Default)]
pub struct Catalog {
    entries: Vec<Entry>,
    by_name: HashMap<String, Vec<usize>>,
    by_receiver: HashMap<String, Vec<usize>>,
    tables: BTreeMap<&'static str, &'static OptionTable>,
    type_ids: HashMap<TypeId, Type>,
    docs: BTreeMap<String, Doc>,
    modules: BTreeSet<String>,
    hiding: BTreeSet<String>,
}

impl Catalog {
    /// Reads everything that an engine can call, with the options tables of the functions that have one.
    pub fn from_engine(engine: &Engine, tables: &[&'static OptionTable]) -> Self {
        let collect::Collected { entries, types, hiding } = collect::from_engine(engine);
        let mut catalog = Self { entries, type_ids: types, hiding, ..Self::default() };
        catalog.tables = tables.iter().map(|table| (table.function, *table)).collect();
        catalog.index();
        catalog
    }

    /// Adds modules with the names under which scripts import them: their functions and script methods.
    pub fn add_modules<'m>(&mut self, modules: impl IntoIterator<Item = (&'m str, &'m AST)>) {
        for (name, module) in modules {
            self.entries.extend(module_entries(name, module));
            self.docs.insert(name.to_string(), Doc::parse(module.doc()));
            self.modules.insert(name.to_string());
        }
        self.index();
    }

    /// Adds one module.
    pub fn add_module(&mut self, name: &str, module: &AST) {
        self.add_modules([(name, module)]);
    }

    /// Adds functions that need no import; a form that is declared again replaces the earlier one.
    pub fn declare(&mut self, functions: Vec<Entry>) {
        for function in functions {
            let is_same = |known: &&mut Entry| {
                known.origin == Origin::Script
                    && known.module.is_none()
                    && (&known.name, &known.receiver, known.kind)
                        == (&function.name, &function.receiver, function.kind)
            };
            match self.entries.iter_mut().find(is_same) {
                Some(known) => known.add_forms(function.overloads),
                None => self.entries.push(function),
            }
        }
        self.index();
    }

    /// Adds the doc comments of types and of the engine's own modules, which only a slow way gives; wanted for
    /// help on a type and for the reference page.
    pub fn add_type_docs(&mut self, engine: &Engine) {
        let Ok(json) = engine.gen_fn_metadata_to_json(false) else { return };
        let Ok(listing) = serde_json::from_str::<Listing>(&json) else { return };
        listing.add_to(None, &mut self.docs);
    }

    fn index(&mut self) {
        self.entries.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        self.by_name.clear();
        self.by_receiver.clear();
        for (index, entry) in self.entries.iter().enumerate() {
            self.by_name.entry(entry.name.clone()).or_default().push(index);
            if let Some(receiver) = &entry.receiver {
                self.by_receiver.entry(receiver.name().to_string()).or_default().push(index);
            }
        }
    }

    /// Returns every entry, sorted by namespace, type and name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns all entries of a name, of whatever type, namespace or module.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let indices: &[usize] = self.by_name.get(name).map_or(&[], Vec::as_slice);
        indices.iter().map(|&index| &self.entries[index])
    }

    /// Returns the methods and properties that a value of this type has, those for every type last.
    ///
    /// Methods that come with a module are among them: [`Entry::module`] names the import they need.
    pub fn members<'a>(&'a self, receiver: &Type) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let own = self.by_receiver.get(receiver.name());
        let every = self.by_receiver.get(Type::Any.name()).filter(|_| !receiver.is_any());
        own.into_iter().chain(every).flatten().map(|&index| &self.entries[index])
    }

    /// Returns one member of a type, its property rather than its method where both exist.
    pub fn member(&self, receiver: &Type, name: &str) -> Option<&Entry> {
        self.property(receiver, name).or_else(|| self.method(receiver, name))
    }

    /// Returns one property of a type.
    pub fn property(&self, receiver: &Type, name: &str) -> Option<&Entry> {
        self.member_of_kind(receiver, name, |kind| matches!(kind, Kind::Property { .. }))
    }

    /// Returns one method of a type.
    pub fn method(&self, receiver: &Type, name: &str) -> Option<&Entry> {
        self.member_of_kind(receiver, name, |kind| kind == Kind::Method)
    }

    fn member_of_kind(&self, receiver: &Type, name: &str, wanted: impl Fn(Kind) -> bool) -> Option<&Entry> {
        let fits = |entry: &&Entry, name: &str| entry.receiver.as_ref().is_some_and(|of| of.name() == name);
        let candidates = || self.named(name).filter(|entry| wanted(entry.kind));
        candidates()
            .find(|entry| fits(entry, receiver.name()))
            .or_else(|| candidates().find(|entry| fits(entry, Type::Any.name())))
    }

    /// Returns what indexing a value of this type with `[…]` does.
    pub fn index_of(&self, receiver: &Type) -> Option<&Entry> {
        self.members(receiver).find(|entry| entry.kind == Kind::Index)
    }

    /// Returns the functions of a namespace; the global ones have the empty name.
    pub fn functions<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            entry.kind == Kind::Function && entry.module.is_none() && entry.namespace == namespace
        })
    }

    /// Returns the function `name` of a namespace.
    pub fn function(&self, namespace: &str, name: &str) -> Option<&Entry> {
        self.named(name).find(|entry| {
            entry.kind == Kind::Function && entry.module.is_none() && entry.namespace == namespace
        })
    }

    /// Returns the call of a method of what a function without arguments gives: `conn().define_domain(definition)`.
    ///
    /// It is what was meant where such a method was called as a function.
    pub fn call_of_method(&self, name: &str) -> Option<String> {
        let methods = self.named(name).filter(|entry| entry.kind == Kind::Method && entry.module.is_none());
        methods.into_iter().find_map(|method| {
            let receiver = method.receiver.as_ref()?;
            let gives = |entry: &&Entry| entry.with_arguments(0).any(|form| form.returns == *receiver);
            let source = self.functions("").filter(|entry| entry.origin != Origin::Rhai).find(gives)?;
            Some(format!("{}().{name}({})", source.name, method.main_form()?.list()))
        })
    }

    /// Returns what an imported module offers: its functions and its methods.
    pub fn module_entries<'a>(&'a self, module: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.module.as_deref() == Some(module))
    }

    /// Returns the names of the modules that were added, sorted.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(String::as_str)
    }

    /// Returns the namespaces that need no import (`fs`, `os`, …), sorted.
    pub fn namespaces(&self) -> BTreeSet<&str> {
        let named = |entry: &&Entry| entry.module.is_none() && !entry.namespace.is_empty();
        self.entries.iter().filter(named).map(|entry| entry.namespace.as_str()).collect()
    }

    /// Returns the names of all types that have members, sorted: the host's and Rhai's own.
    pub fn types(&self) -> BTreeSet<&str> {
        self.entries.iter().filter_map(|entry| entry.receiver.as_ref()).map(Type::name).collect()
    }

    /// True if the host registered a type of this name: something has, takes or returns it.
    pub fn knows_type(&self, name: &str) -> bool {
        self.by_receiver.contains_key(name) || self.type_ids.values().any(|known| known.name() == name)
    }

    /// Returns the names of the host's functions that hide one of Rhai's own of the same signature without
    /// saying so with `@replaces`.
    pub(super) fn hiding(&self) -> impl Iterator<Item = &str> {
        self.hiding.iter().map(String::as_str)
    }

    /// Returns the doc comment of a type, a namespace or a module; for types see [`Self::add_type_docs`].
    pub fn doc(&self, name: &str) -> Option<&Doc> {
        self.docs.get(name).filter(|doc| !doc.is_empty())
    }

    /// Returns the options of a function: `Domain.undefine`, `connect`, `fs::read`.
    pub fn option_table(&self, function: &str) -> Option<&'static OptionTable> {
        self.tables.get(function).copied()
    }

    /// Lets a function take the options of another, as the global form of a method does.
    pub fn share_table(&mut self, function: &'static str, table: &'static OptionTable) {
        self.tables.entry(function).or_insert(table);
    }

    /// Returns every options table, sorted by function.
    pub fn option_tables(&self) -> impl Iterator<Item = &'static OptionTable> {
        self.tables.values().copied()
    }

    /// Returns the type of a live value; the elements of an array are taken to be like its first.
    pub fn type_of(&self, value: &Dynamic) -> Type {
        if let Ok(items) = value.as_array_ref() {
            return Type::array_of(items.first().map_or(Type::Any, |first| self.type_of(first)));
        }
        let id = value.type_id();
        Type::from_id(id)
            .or_else(|| self.type_ids.get(&id).cloned())
            .unwrap_or_else(|| Type::from_this(value.type_name()))
    }
}

/// What rhai's listing says beside the functions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    #[serde(default)]
    doc: String,
    #[serde(default)]
    custom_types: Vec<ListedType>,
    #[serde(default)]
    modules: BTreeMap<String, Listing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedType {
    display_name: String,
    #[serde(default)]
    doc_comments: Vec<String>,
}

impl Listing {
    fn add_to(&self, namespace: Option<&str>, docs: &mut BTreeMap<String, Doc>) {
        if let (Some(namespace), false) = (namespace, self.doc.is_empty()) {
            docs.insert(namespace.to_string(), Doc::parse(&self.doc));
        }
        for listed in self.custom_types.iter().filter(|listed| !listed.doc_comments.is_empty()) {
            docs.insert(listed.display_name.clone(), Doc::parse(&listed.doc_comments.join("\n")));
        }
        for (name, module) in &self.modules {
            let path = namespace.map_or_else(|| name.clone(), |parent| format!("{parent}::{name}"));
            module.add_to(Some(&path), docs);
        }
    }
}

#[cfg(test)]
mod tests;
