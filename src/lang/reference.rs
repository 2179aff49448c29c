//! Help on one name, and the reference page of all.
//!
//! Both are made from the [`Catalog`] alone. Help is plain data in sections, so that whoever shows it can
//! colour, wrap and page it.

mod help;
mod markdown;

pub use help::{Body, HelpText, Section, help, index, near};
pub use markdown::markdown;

use super::catalog::{Catalog, Entry, Kind, Origin};
use super::options::OptionTable;

/// Returns the option tables of an entry's forms.
fn table_of(catalog: &Catalog, entry: &Entry) -> Option<&'static OptionTable> {
    catalog.option_table(&entry.path())
}

/// Returns the keys of a table as rows: the key with its other names, and what it means.
fn option_rows(table: &OptionTable) -> Vec<(String, String)> {
    table
        .options
        .iter()
        .map(|option| {
            let names: Vec<_> = option.names().collect();
            (names.join(", "), format!("{} ({})", option.doc.trim_end_matches('.'), option.kind.describe()))
        })
        .collect()
}

/// Returns the members of a type that are virhai's, properties first.
fn own_members<'a>(catalog: &'a Catalog, type_name: &'a str) -> Vec<&'a Entry> {
    let of_type = |entry: &&Entry| entry.receiver.as_ref().is_some_and(|of| of.name() == type_name);
    let mut members: Vec<_> =
        catalog.entries().iter().filter(of_type).filter(|entry| entry.origin != Origin::Rhai).collect();
    members.sort_by_key(|entry| !matches!(entry.kind, Kind::Property { .. } | Kind::Index));
    members
}

#[cfg(test)]
mod tests;
