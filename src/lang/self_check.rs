//! The catalog's faults: what a binding lacks that help, completion and `check` need.
//!
//! A test walks the whole catalog with it, so that no binding can be added without its documentation.

use std::collections::BTreeSet;

use rhai::Engine;
use unicode_width::UnicodeWidthStr;

use super::catalog::{Catalog, Entry, Kind, Origin};
use super::names;
use super::options::{OptionKind, OptionSpec, OptionTable};
use super::types::Type;

/// How many columns a summary may have: one line of help.
const SUMMARY: usize = 100;

/// Lists what is wrong with the catalog, one sentence for each fault; empty where all is well.
pub fn self_check(catalog: &Catalog) -> Vec<String> {
    let engine = Engine::new_raw();
    let mut faults = Vec::new();
    for entry in catalog.entries().iter().filter(|entry| entry.origin != Origin::Rhai) {
        check_name(entry, &mut faults);
        check_docs(entry, &engine, &mut faults);
        check_types(entry, catalog, &mut faults);
        check_options(entry, catalog, &mut faults);
    }
    for table in catalog.option_tables() {
        check_table(table, catalog, &mut faults);
    }
    faults.extend(catalog.hiding().map(|name| {
        format!("{name}: hides Rhai's own function of the same signature; say `@replaces` if it is meant to")
    }));
    faults
}

fn check_name(entry: &Entry, faults: &mut Vec<String>) {
    if entry.kind == Kind::Index {
        return;
    }
    let path = entry.path();
    if !is_snake_case(&entry.name) {
        faults.push(format!("{path}: the name is not in snake_case"));
    }
    if names::is_rhai_word(&entry.name) {
        let spelled = names::script_name(&entry.name);
        faults.push(format!("{path}: the name is a word of Rhai; call it `{spelled}`"));
    }
}

fn check_docs(entry: &Entry, engine: &Engine, faults: &mut Vec<String>) {
    let path = entry.path();
    let doc = entry.doc();
    if doc.is_empty() {
        faults.push(format!("{path}: has no documentation"));
        return;
    }
    let width = doc.summary.width();
    if width > SUMMARY {
        faults.push(format!("{path}: the summary is {width} columns wide, {SUMMARY} is the limit"));
    }
    if !doc.summary.ends_with('.') {
        faults.push(format!("{path}: the summary does not end with a full stop"));
    }
    if doc.examples.is_empty() {
        faults.push(format!("{path}: has no example"));
    }
    for example in &doc.examples {
        if let Err(error) = engine.compile(example) {
            faults.push(format!("{path}: an example does not parse: {error}"));
        }
    }
}

fn check_types(entry: &Entry, catalog: &Catalog, faults: &mut Vec<String>) {
    for overload in &entry.overloads {
        let params = overload.params.iter().map(|param| &param.type_);
        for type_ in params.chain([&overload.returns]).chain(&overload.closure) {
            if let Some(unknown) = unknown_type(type_, catalog) {
                faults.push(format!("{}: there is no type `{unknown}`", entry.path()));
            }
        }
    }
}

fn unknown_type<'a>(type_: &'a Type, catalog: &Catalog) -> Option<&'a str> {
    match type_ {
        Type::Object(name) if type_.is_foreign() || !catalog.knows_type(name) => Some(name),
        Type::Array(element) => unknown_type(element, catalog),
        _ => None,
    }
}

fn check_options(entry: &Entry, catalog: &Catalog, faults: &mut Vec<String>) {
    let path = entry.path();
    let native = entry.origin == Origin::Host;
    if native && takes_options(entry) && catalog.option_table(&path).is_none() {
        faults.push(format!("{path}: takes options, but has no table of them"));
    }
}

fn takes_options(entry: &Entry) -> bool {
    entry.overloads.iter().any(super::catalog::Overload::takes_options)
}

fn check_table(table: &OptionTable, catalog: &Catalog, faults: &mut Vec<String>) {
    let function = table.function;
    if !catalog.entries().iter().any(|entry| entry.path() == function && takes_options(entry)) {
        faults.push(format!("options of {function}: there is no such function with options"));
    }
    let mut names = BTreeSet::new();
    for option in table.options {
        for name in option.names() {
            if !names.insert(name) {
                faults.push(format!("options of {function}: `{name}` is there twice"));
            }
            if !is_snake_case(name) || names::is_rhai_word(name) {
                let spelled = names::script_name(name);
                faults.push(format!(
                    "options of {function}: `{name}` cannot be written as a key; use `{spelled}`"
                ));
            }
        }
        check_option(function, option, faults);
    }
}

fn check_option(function: &str, option: &OptionSpec, faults: &mut Vec<String>) {
    let name = option.name;
    if option.doc.is_empty() || !option.doc.ends_with('.') {
        faults.push(format!("options of {function}: `{name}` needs a sentence of documentation"));
    }
    if option.doc.width() > SUMMARY {
        faults.push(format!(
            "options of {function}: the sentence on `{name}` is longer than {SUMMARY} columns"
        ));
    }
    if matches!(option.kind, OptionKind::Word([])) {
        faults.push(format!("options of {function}: `{name}` has no words"));
    }
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::options::{flag, word};
    use crate::lang::toy;
    use rhai::{FuncRegistration, Map, Module};

    fn faults_of(module: Module, tables: &[&'static OptionTable]) -> Vec<String> {
        let mut engine = Engine::new();
        engine.register_global_module(module.into());
        self_check(&Catalog::from_engine(&engine, tables))
    }

    #[test]
    fn the_toy_bindings_have_only_the_faults_left_in_on_purpose() {
        let faults = self_check(&toy::catalog(&toy::engine()));
        assert_eq!(faults, ["Doc[]: has no example"]);
    }

    #[test]
    fn names_and_documentation_are_checked() {
        let mut module = Module::new();
        let mut add = |name: &str, comments: &[&str]| {
            FuncRegistration::new(name).with_comments(comments).set_into_module(&mut module, || 1_i64);
        };
        add("fineOne", &["/// Does it.", "/// ```rhai", "/// 1 +", "/// ```"]);
        add("bare", &[]);
        add("long", &[&format!("/// {}", "word ".repeat(25))]);
        let faults = faults_of(module, &[]);
        assert_eq!(faults.len(), 6, "{faults:#?}");
        for expected in [
            "bare: has no documentation",
            "fineOne: the name is not in snake_case",
            "fineOne: an example does not parse: Script is incomplete (line 1, position 4)",
            "long: the summary is 124 columns wide, 100 is the limit",
            "long: the summary does not end with a full stop",
            "long: has no example",
        ] {
            assert!(faults.iter().any(|fault| fault == expected), "{expected}: {faults:#?}");
        }
    }

    #[test]
    fn types_must_be_those_of_scripts() {
        let mut module = Module::new();
        FuncRegistration::new("take")
            .with_params_info(["count: u64", "Option<i64>"])
            .with_comments(["/// Takes.", "/// @returns [Nowhere]", "/// ```rhai", "/// take(1)", "/// ```"])
            .set_into_module(&mut module, |_: u64| 1_i64);
        let faults = faults_of(module, &[]);
        assert_eq!(faults, ["take: there is no type `u64`", "take: there is no type `Nowhere`"]);
    }

    #[test]
    fn options_and_tables_belong_together() {
        static STRAY: OptionTable = OptionTable {
            function: "nowhere",
            options: &[flag("loop", 1, "No"), flag("twice", 1, "One."), word("twice", &[], "Two.")],
        };
        let mut module = Module::new();
        FuncRegistration::new("list")
            .with_params_info(["options: Map", "int"])
            .with_comments(["/// Lists.", "/// ```rhai", "/// list(#{})", "/// ```"])
            .set_into_module(&mut module, |_: Map| 1_i64);
        let faults = faults_of(module, &[&STRAY]);
        assert_eq!(
            faults,
            [
                "list: takes options, but has no table of them",
                "options of nowhere: there is no such function with options",
                "options of nowhere: `loop` cannot be written as a key; use `loop_`",
                "options of nowhere: `loop` needs a sentence of documentation",
                "options of nowhere: `twice` is there twice",
                "options of nowhere: `twice` has no words",
            ]
        );
    }

    #[test]
    fn hiding_a_function_of_rhais_must_be_meant() {
        let module = |tag: &str| {
            let mut module = Module::new();
            let comments = ["/// Waits.", tag, "/// ```rhai", "/// sleep(1)", "/// ```"];
            FuncRegistration::new("sleep").with_comments(comments).set_into_module(&mut module, |_: i64| ());
            module
        };
        assert_eq!(
            faults_of(module("///"), &[]),
            ["sleep: hides Rhai's own function of the same signature; say `@replaces` if it is meant to"]
        );
        assert_eq!(faults_of(module("/// @replaces"), &[]), [""; 0]);
    }
}
