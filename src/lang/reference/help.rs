//! Help on one name.

use super::{option_rows, own_members, table_of};
use crate::lang::catalog::{Catalog, Entry, Kind, Origin};
use crate::lang::suggest;
use crate::lang::types::Type;

/// Help on one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpText {
    /// What it is about: `Domain.start`.
    pub title: String,
    /// Its parts, in reading order.
    pub sections: Vec<Section>,
}

/// One part of a help text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading; empty for what stands first.
    pub heading: String,
    /// What it says.
    pub body: Body,
}

/// The content of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Paragraphs of text, with code in back-ticks.
    Text(Vec<String>),
    /// Lines of code.
    Code(Vec<String>),
    /// Names and what they mean.
    Rows(Vec<(String, String)>),
}

impl HelpText {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), sections: Vec::new() }
    }

    fn add(&mut self, heading: &str, body: Body) {
        let empty = match &body {
            Body::Text(lines) | Body::Code(lines) => lines.is_empty(),
            Body::Rows(rows) => rows.is_empty(),
        };
        if !empty {
            self.sections.push(Section { heading: heading.to_string(), body });
        }
    }
}

/// Returns help on `start`, `Domain.start`, `Domain`, `fs`, `fs::read` or a module's name; parentheses behind
/// the name do not matter.
pub fn help(catalog: &Catalog, name: &str) -> Option<HelpText> {
    let name = name.trim();
    let name = name.split_once('(').map_or(name, |(name, _)| name);
    if name.is_empty() {
        return None;
    }
    let entries: Vec<&Entry> = catalog.entries().iter().filter(|entry| entry.path() == name).collect();
    if let [only] = entries.as_slice() {
        return Some(on_entry(catalog, only));
    }
    if catalog.types().contains(name) {
        return Some(on_type(catalog, name));
    }
    if catalog.namespaces().contains(name) {
        return Some(on_group(catalog, name, catalog.functions(name).collect(), None));
    }
    if catalog.modules().any(|module| module == name) {
        let import = format!("import \"{name}\" as {name};");
        return Some(on_group(catalog, name, catalog.module_entries(name).collect(), Some(import)));
    }
    let named: Vec<&Entry> = if entries.is_empty() { catalog.named(name).collect() } else { entries };
    match named.as_slice() {
        [] => inherited(catalog, name),
        [only] => Some(on_entry(catalog, only)),
        several => Some(on_several(name, several)),
    }
}

/// Returns what can be asked for: types, modules and functions, each with a sentence.
pub fn index(catalog: &Catalog) -> HelpText {
    let mut text = HelpText::new("virhai");
    let sentence = |name: &str| catalog.doc(name).map(|doc| doc.summary.clone()).unwrap_or_default();
    let own = |name: &&str| !own_members(catalog, name).is_empty();
    let types = catalog.types();
    text.add(
        "Types",
        Body::Rows(types.into_iter().filter(own).map(|name| (name.into(), sentence(name))).collect()),
    );
    let functions = catalog.functions("").filter(|entry| entry.origin != Origin::Rhai);
    text.add("Functions", Body::Rows(functions.map(row).collect()));
    let namespaces = catalog.namespaces().into_iter().map(|name| (name.to_string(), sentence(name)));
    text.add("Modules", Body::Rows(namespaces.collect()));
    let modules = catalog.modules().map(|name| (name.to_string(), sentence(name)));
    text.add("Modules to import", Body::Rows(modules.collect()));
    text
}

/// Returns the names that may have been meant by one on which there is no help.
pub fn near(catalog: &Catalog, name: &str) -> Vec<String> {
    let mut names: Vec<String> = catalog.entries().iter().map(Entry::path).collect();
    names.extend(catalog.entries().iter().map(|entry| entry.name.clone()));
    names.extend(catalog.types().into_iter().chain(catalog.namespaces()).map(str::to_string));
    names.extend(catalog.modules().map(str::to_string));
    suggest::near(name, names.iter().map(String::as_str), 5).into_iter().map(str::to_string).collect()
}

/// `Domain.to_string`: a member that every type has.
fn inherited(catalog: &Catalog, name: &str) -> Option<HelpText> {
    let (type_name, member) = name.split_once('.')?;
    let receiver = Type::from_this(type_name);
    let known = catalog.types().contains(type_name);
    let entry = catalog.member(&receiver, member).filter(|_| known)?;
    Some(on_entry(catalog, entry))
}

fn on_entry(catalog: &Catalog, entry: &Entry) -> HelpText {
    let doc = entry.doc();
    let mut text = HelpText::new(entry.path());
    text.add("", Body::Code(entry.signatures()));
    let summary = Some(doc.summary).filter(|summary| !summary.is_empty());
    text.add("", Body::Text(summary.into_iter().chain(doc.details).collect()));
    if let Some(table) = table_of(catalog, entry) {
        text.add("Options", Body::Rows(option_rows(table)));
    }
    text.add("Errors", Body::Text(doc.errors));
    text.add(
        "Example",
        Body::Code(doc.examples.iter().flat_map(|code| code.lines()).map(str::to_string).collect()),
    );
    if let Some(module) = &entry.module {
        text.add("Module", Body::Code(vec![format!("import \"{module}\" as {module};")]));
    }
    text
}

fn on_several(name: &str, entries: &[&Entry]) -> HelpText {
    let mut text = HelpText::new(name);
    for entry in entries {
        let signatures = entry.signatures().join("\n");
        text.add("", Body::Rows(vec![(signatures, entry.doc().summary)]));
    }
    let paths: Vec<_> = entries.iter().map(|entry| format!("`{}`", entry.path())).collect();
    text.add("More", Body::Text(vec![format!("Ask for one of {}.", paths.join(", "))]));
    text
}

fn on_type(catalog: &Catalog, name: &str) -> HelpText {
    let mut text = HelpText::new(name);
    add_doc(catalog, name, &mut text);
    let receiver = Type::from_this(name);
    let every: Vec<_> = catalog
        .members(&receiver)
        .filter(|entry| entry.receiver.as_ref().is_some_and(|of| of.name() == name))
        .collect();
    let of_kind = |wanted: fn(Kind) -> bool| {
        Body::Rows(every.iter().filter(|entry| wanted(entry.kind)).map(|entry| row(entry)).collect())
    };
    text.add("Properties", of_kind(|kind| matches!(kind, Kind::Property { .. })));
    text.add("Methods", of_kind(|kind| kind == Kind::Method));
    text.add("Elements", of_kind(|kind| kind == Kind::Index));
    text
}

fn on_group(catalog: &Catalog, name: &str, entries: Vec<&Entry>, import: Option<String>) -> HelpText {
    let mut text = HelpText::new(name);
    add_doc(catalog, name, &mut text);
    text.add("", Body::Code(import.into_iter().collect()));
    text.add("Functions", Body::Rows(entries.into_iter().map(row).collect()));
    text
}

fn add_doc(catalog: &Catalog, name: &str, text: &mut HelpText) {
    if let Some(doc) = catalog.doc(name) {
        text.add("", Body::Text(std::iter::once(doc.summary.clone()).chain(doc.details.clone()).collect()));
    }
}

/// Returns an entry as a row of a list: one of its forms, and the first sentence on that one.
fn row(entry: &Entry) -> (String, String) {
    let signature = entry.main_form().map(|overload| entry.signature(overload)).unwrap_or_default();
    (signature, entry.doc().summary)
}
