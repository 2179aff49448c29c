//! The reference page.

use std::fmt::Write;

use super::{option_rows, own_members, table_of};
use crate::lang::catalog::{Catalog, Entry, Kind, Origin};
use crate::lang::doc::Doc;

/// Writes the page that documents everything scripts can call; the same catalog gives the same page.
///
/// The catalog should have its types' documentation: see [`Catalog::add_type_docs`].
pub fn markdown(catalog: &Catalog) -> String {
    let mut page = Page { catalog, text: String::new() };
    page.line("# Reference");
    page.line("");
    page.line("Everything that scripts can call. `make docs` writes this page from the bindings themselves.");
    page.line("");
    page.contents();
    page.functions();
    page.types();
    page.namespaces();
    page.modules();
    page.rhais_own();
    let mut text = page.text.trim_end().to_string();
    text.push('\n');
    text
}

struct Page<'a> {
    catalog: &'a Catalog,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn paragraph(&mut self, text: &str) {
        self.line(text);
        self.line("");
    }

    fn own_types(&self) -> Vec<String> {
        let own = |name: &&str| !own_members(self.catalog, name).is_empty();
        self.catalog.types().into_iter().filter(own).map(str::to_string).collect()
    }

    fn contents(&mut self) {
        self.line("- [Functions](#functions)");
        let types = self.own_types();
        let namespaces = self.catalog.namespaces().into_iter().map(str::to_string).collect();
        let modules = self.catalog.modules().map(str::to_string).collect();
        for (title, anchor, names) in [
            ("Types", "types", types),
            ("Modules that are always there", "modules-that-are-always-there", namespaces),
            ("Modules to import", "modules-to-import", modules),
        ] {
            let names: Vec<String> = names;
            let links: Vec<_> = names.iter().map(|name| format!("[{name}](#{})", anchor_of(name))).collect();
            self.line(&format!("- [{title}](#{anchor}): {}", links.join(", ")));
        }
        self.paragraph("- [Rhai's own](#rhais-own)");
    }

    fn functions(&mut self) {
        self.paragraph("## Functions");
        let catalog = self.catalog;
        for entry in catalog.functions("").filter(|entry| entry.origin != Origin::Rhai) {
            self.entry(entry);
        }
    }

    fn types(&mut self) {
        self.paragraph("## Types");
        for name in self.own_types() {
            self.paragraph(&format!("### {name}"));
            self.doc_of(&name);
            let catalog = self.catalog;
            let members = own_members(catalog, &name);
            self.properties(&members);
            for entry in members.iter().filter(|entry| !matches!(entry.kind, Kind::Property { .. })) {
                self.entry(entry);
            }
        }
    }

    fn properties(&mut self, members: &[&Entry]) {
        let properties: Vec<_> =
            members.iter().filter(|entry| matches!(entry.kind, Kind::Property { .. })).collect();
        if properties.is_empty() {
            return;
        }
        self.line("| property | type | |");
        self.line("|---|---|---|");
        for entry in properties {
            let type_ =
                entry.overloads.first().map(|overload| overload.returns.to_string()).unwrap_or_default();
            let doc = entry.doc();
            let mut text = doc.summary.clone();
            doc.details.iter().for_each(|more| {
                let _ = write!(text, " {more}");
            });
            if entry.kind == (Kind::Property { settable: true }) {
                text.push_str(" Settable.");
            }
            doc.errors.iter().for_each(|errors| {
                let _ = write!(text, " Errors: {errors}");
            });
            self.line(&format!("| `{}` | {type_} | {} |", entry.name, cell(&text)));
        }
        self.line("");
    }

    fn namespaces(&mut self) {
        self.paragraph("## Modules that are always there");
        let catalog = self.catalog;
        for name in catalog.namespaces() {
            self.paragraph(&format!("### {name}"));
            self.doc_of(name);
            for entry in catalog.functions(name) {
                self.entry(entry);
            }
        }
    }

    fn modules(&mut self) {
        self.paragraph("## Modules to import");
        let catalog = self.catalog;
        for name in catalog.modules() {
            self.paragraph(&format!("### {name}"));
            self.paragraph(&format!("```rhai\nimport \"{name}\" as {name};\n```"));
            self.doc_of(name);
            for entry in catalog.module_entries(name) {
                self.entry(entry);
            }
        }
    }

    fn rhais_own(&mut self) {
        self.paragraph("## Rhai's own");
        self.paragraph("What the language brings; its own book documents it.");
        let catalog = self.catalog;
        let rhais = |entry: &&Entry| entry.origin == Origin::Rhai;
        let functions: Vec<_> =
            catalog.functions("").filter(rhais).map(|entry| entry.name.as_str()).collect();
        self.line(&format!("- functions: {}", code_list(&functions)));
        for name in catalog.types() {
            let members = catalog.entries().iter().filter(rhais).filter(|entry| {
                entry.kind != Kind::Index && entry.receiver.as_ref().is_some_and(|of| of.name() == name)
            });
            let mut names: Vec<_> = members.map(|entry| entry.name.as_str()).collect();
            names.dedup();
            if !names.is_empty() {
                self.line(&format!("- {name}: {}", code_list(&names)));
            }
        }
    }

    fn doc_of(&mut self, name: &str) {
        if let Some(doc) = self.catalog.doc(name).cloned() {
            self.paragraph(&doc.summary);
            self.details(&doc);
        }
    }

    /// Documents a function, a method or an index.
    fn entry(&mut self, entry: &Entry) {
        let path = entry.path();
        // A method of a module is listed under the module; its heading is the same as under its type.
        self.paragraph(&format!("#### {path}"));
        self.line("```rhai");
        entry.signatures().iter().for_each(|signature| self.line(signature));
        self.paragraph("```");
        let doc = entry.doc();
        if !doc.summary.is_empty() {
            self.paragraph(&doc.summary);
        }
        self.details(&doc);
        if let Some(table) = table_of(self.catalog, entry) {
            self.line("| option | |");
            self.line("|---|---|");
            for (names, text) in option_rows(table) {
                let names: Vec<_> = names.split(", ").map(|name| format!("`{name}`")).collect();
                self.line(&format!("| {} | {} |", names.join(", "), cell(&text)));
            }
            self.line("");
        }
        for errors in &doc.errors {
            self.paragraph(&format!("Errors: {errors}"));
        }
        for example in &doc.examples {
            self.paragraph(&format!("```rhai\n{example}\n```"));
        }
    }

    fn details(&mut self, doc: &Doc) {
        let mut in_list = false;
        for details in &doc.details {
            if in_list && !details.starts_with("- ") {
                self.line("");
            }
            in_list = details.starts_with("- ");
            self.line(details);
            if !in_list {
                self.line("");
            }
        }
        if in_list {
            self.line("");
        }
    }
}

fn anchor_of(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// Returns text that fits into a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ")
}
