//! What `help(x)` says of a value: its type, what it holds, and what it can do.

use std::collections::{BTreeMap, BTreeSet};

use rhai::Dynamic;

use crate::api::data::to_data;
use crate::error::Result;
use crate::lang::catalog::{Catalog, Entry, Kind, Origin};
use crate::lang::reference::{Body, HelpText, Section};
use crate::lang::types::Type;
use crate::output::Data;

/// So many fields of a value are shown.
const FIELDS: usize = 30;
/// A field is shown with so many letters.
const LETTERS: usize = 40;
/// Methods whose names share a word are a group from this many on.
const GROUP: usize = 3;
/// Words that say what is done and not to what.
const VERBS: &[&str] = &[
    "add", "create", "define", "del", "desc", "get", "has", "num", "of", "open", "remove", "set", "start",
    "to", "xml",
];

/// Explains the value of an expression.
///
/// Errors: those of reading a handle.
pub(super) fn of(source: &str, value: &Dynamic, catalog: &Catalog) -> Result<HelpText> {
    let type_ = catalog.type_of(value);
    let data = to_data(value)?;
    let mut sections = Vec::new();
    let mut add = |heading: &str, body| sections.push(Section { heading: heading.into(), body });
    if let Some(doc) = catalog.doc(type_.name()) {
        add("", Body::Text(vec![doc.summary.clone()]));
    }
    let held = fields(value, &data);
    if !held.is_empty() {
        add("What it holds", Body::Rows(held));
    }
    let is_own = |entry: &&Entry| !type_.is_object() || entry.origin != Origin::Rhai;
    let members: Vec<&Entry> = catalog.members(&type_).filter(is_own).collect();
    let properties: Vec<&str> = named(&members, |kind| matches!(kind, Kind::Property { .. }));
    if !properties.is_empty() {
        add("Properties", Body::Text(vec![properties.join(", ")]));
    }
    let mut methods = named(&members, |kind| kind == Kind::Method);
    // What can be assigned needs no second mention.
    methods.retain(|name| name.strip_prefix("set_").is_none_or(|rest| !properties.contains(&rest)));
    if !methods.is_empty() {
        add("Methods", Body::Rows(groups(&methods)));
    }
    add("More", Body::Text(vec![more(source, &type_, &members)]));
    Ok(HelpText { title: format!("{}: {type_}", short(source)), sections })
}

fn named<'a>(members: &[&'a Entry], is_wanted: impl Fn(Kind) -> bool) -> Vec<&'a str> {
    let shown = |entry: &&&Entry| is_wanted(entry.kind) && !entry.name.starts_with("to_debug");
    let mut names: Vec<&str> = members.iter().filter(shown).map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the value is made of: the fields of a map or an object, the elements of a list.
fn fields(value: &Dynamic, data: &Data) -> Vec<(String, String)> {
    let row = |(name, value): (&str, &Data)| (name.to_owned(), shape(value));
    let (count, mut rows): (usize, Vec<_>) = match data {
        Data::Map(pairs) => (
            pairs.len(),
            pairs.iter().take(FIELDS).map(|(name, value)| row((name.as_str(), value))).collect(),
        ),
        Data::Record(record) => {
            let pairs = record.columns().iter().zip(record.values());
            let shown = pairs.take(FIELDS).map(|(column, value)| row((column.name.as_ref(), value)));
            (record.values().len(), shown.collect())
        }
        Data::List(list) => {
            let rows = list.first().map(|first| ("the first".to_owned(), shape(first)));
            return std::iter::once(("elements".to_owned(), list.len().to_string())).chain(rows).collect();
        }
        Data::Table(table) => {
            let names: Vec<&str> = table.columns().iter().map(|column| column.name.as_ref()).collect();
            let rows = ("rows".to_owned(), table.rows().len().to_string());
            return vec![rows, ("columns".to_owned(), names.join(", "))];
        }
        Data::Text(text) if value.is_string() => {
            let count = text.chars().count();
            return vec![("text".to_owned(), format!("{}, {count} letters", short(&format!("{text:?}"))))];
        }
        // A document and its like: what it is worth is in its members.
        Data::Text(_) => return Vec::new(),
        plain => return vec![("value".to_owned(), shape(plain))],
    };
    if count > FIELDS {
        rows.push((format!("{} more", count - FIELDS), String::new()));
    }
    rows
}

/// A value in a few words: what kind it is, and its beginning.
fn shape(data: &Data) -> String {
    match data {
        Data::Null => "() nothing".to_owned(),
        Data::Bool(value) => format!("bool {value}"),
        Data::Int(number) => format!("int {number}"),
        Data::Float(number) => format!("float {number:?}"),
        Data::Text(text) => format!("string {}", short(&format!("{text:?}"))),
        Data::List(list) => match list.first() {
            Some(first) => format!("array of {}, such as {}", list.len(), short(&shape(first))),
            None => "array, empty".to_owned(),
        },
        Data::Map(pairs) => {
            let keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
            format!("map with {}", short(&keys.join(", ")))
        }
        Data::Record(record) => {
            let name = record.values().first().map(shape).unwrap_or_default();
            format!("object, {name}")
        }
        Data::Table(table) => format!("table of {} rows", table.rows().len()),
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// Names that share a word stand together, the others in front.
fn groups(names: &[&str]) -> Vec<(String, String)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in names.iter().flat_map(|name| words(name).collect::<BTreeSet<_>>()) {
        *counts.entry(word).or_default() += 1;
    }
    let mut by_word: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut alone = Vec::new();
    for name in names {
        // The word that most names have; of two the first.
        let shared = words(name).rev().max_by_key(|word| counts[word]);
        match shared.filter(|word| counts[word] >= GROUP) {
            Some(word) => by_word.entry(word).or_default().push(name),
            None => alone.push(*name),
        }
    }
    let rows = by_word.into_iter().map(|(word, names)| (word.to_owned(), names.join(", ")));
    let first = (!alone.is_empty()).then(|| (String::new(), alone.join(", ")));
    first.into_iter().chain(rows).collect()
}

/// The words of a name that say what it is about: no verbs, and one thing named like several.
fn words(name: &str) -> impl DoubleEndedIterator<Item = &str> {
    let words = name.split('_').filter(|word| !VERBS.contains(word));
    words.map(|word| if word.len() > 4 { word.strip_suffix('s').unwrap_or(word) } else { word })
}

fn more(source: &str, type_: &Type, members: &[&Entry]) -> String {
    let own = members.iter().find(|entry| entry.kind == Kind::Method && entry.origin != Origin::Rhai);
    let value = if rhai::is_valid_identifier(source) { source } else { "it" };
    match (type_, own) {
        (Type::Array(element), _) if !element.is_any() => {
            format!("`help({value}[0])` explains an element; Tab behind `{value}.` lists what a list can do.")
        }
        (_, Some(method)) => {
            format!("`help {}` explains one method; Tab behind `{value}.` lists all.", method.path())
        }
        _ => format!("Tab behind `{value}.` lists what it can do."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::natives::Docs;
    use crate::session::{bare_engine, catalog};

    fn explained(code: &str) -> HelpText {
        let engine = bare_engine(Docs::Kept);
        let value = engine.eval::<Dynamic>(code).unwrap();
        of(code, &value, &catalog(&engine)).unwrap()
    }

    fn holds(text: &HelpText) -> Vec<(String, String)> {
        let section = text.sections.iter().find(|section| section.heading == "What it holds").unwrap();
        let Body::Rows(rows) = &section.body else { panic!("rows") };
        rows.clone()
    }

    #[test]
    fn a_map_is_explained_by_its_keys() {
        let text = explained("#{ name: \"web1\", sizes: [1, 2] }");
        assert_eq!(text.title, "#{ name: \"web1\", sizes: [1, 2] }: map");
        let rows = [("name", "string \"web1\""), ("sizes", "array of 2, such as int 1")];
        assert_eq!(holds(&text), rows.map(|(name, shape)| (name.to_owned(), shape.to_owned())));
    }

    #[test]
    fn a_list_is_explained_by_its_length_and_its_first_element() {
        let text = explained("[1.5, 2.5]");
        assert_eq!(text.title, "[1.5, 2.5]: [float]");
        assert_eq!(holds(&text)[1], ("the first".to_owned(), "float 1.5".to_owned()));
    }

    #[test]
    fn methods_on_one_thing_stand_together() {
        let rows =
            groups(&["attach_device", "block_copy", "block_pull", "devices", "start", "update_device"]);
        let rows: Vec<_> = rows.iter().map(|(word, names)| (word.as_str(), names.as_str())).collect();
        assert_eq!(
            rows,
            [("", "block_copy, block_pull, start"), ("device", "attach_device, devices, update_device")]
        );
    }
}
