use super::*;
use crate::lang::toy;

fn toy_catalog() -> Catalog {
    toy::catalog(&toy::engine())
}

fn signatures(entry: Option<&Entry>) -> Vec<String> {
    entry.map(Entry::signatures).unwrap_or_default()
}

#[test]
fn methods_belong_to_the_type_of_their_first_parameter() {
    let catalog = toy_catalog();
    let guest = Type::object("Guest");
    assert_eq!(
        signatures(catalog.method(&guest, "undefine")),
        ["Guest.undefine()", "Guest.undefine(options: map)"]
    );
    assert_eq!(signatures(catalog.method(&guest, "host")), ["Guest.host() -> Host"]);
    assert_eq!(signatures(catalog.method(&Type::Text, "contains")).len(), 2);
    assert!(catalog.method(&Type::object("Host"), "undefine").is_none());
}

#[test]
fn a_getter_and_its_setter_are_one_property() {
    let catalog = toy_catalog();
    let guest = Type::object("Guest");
    assert_eq!(signatures(catalog.property(&guest, "autostart")), ["Guest.autostart: bool (settable)"]);
    assert_eq!(signatures(catalog.property(&guest, "name")), ["Guest.name: string"]);
    assert_eq!(signatures(catalog.property(&guest, "xml")), ["Guest.xml: Doc"], "its setter refuses");
    assert!(catalog.named("get$name").next().is_none() && catalog.method(&guest, "name").is_none());
}

#[test]
fn functions_have_a_namespace_or_none() {
    let catalog = toy_catalog();
    assert_eq!(signatures(catalog.function("fs", "read")), ["fs::read(path: string) -> string"]);
    assert_eq!(
        signatures(catalog.function("", "guests")),
        ["guests() -> [Guest]", "guests(options: map) -> [Guest]"]
    );
    assert_eq!(signatures(catalog.function("", "gib")), ["gib(count: int) -> int"]);
    assert!(catalog.function("", "read").is_none());
    assert_eq!(catalog.namespaces().into_iter().collect::<Vec<_>>(), ["fs"]);
}

#[test]
fn a_module_brings_functions_and_methods() {
    let catalog = toy_catalog();
    let paths: Vec<_> = catalog.module_entries("snapshots").map(Entry::path).collect();
    assert_eq!(paths, ["snapshots::prune", "Guest.wait_gone"]);
    let method = catalog.method(&Type::object("Guest"), "wait_gone").unwrap();
    assert_eq!(method.module.as_deref(), Some("snapshots"));
    assert_eq!(method.returns(&Type::Any, &[], &Type::Any), Type::Bool);
    assert_eq!(catalog.modules().collect::<Vec<_>>(), ["snapshots"]);
    assert_eq!(catalog.doc("snapshots").unwrap().summary, "Snapshots by age.");
}

#[test]
fn doc_tags_give_the_types_that_rust_does_not() {
    let catalog = toy_catalog();
    let guests = catalog.function("", "guests").unwrap();
    assert_eq!(guests.returns(&Type::Any, &[], &Type::Any), Type::array_of(Type::object("Guest")));
    let edit = catalog.method(&Type::object("Guest"), "edit").unwrap();
    assert_eq!(edit.closure_params(&Type::Any, 1), [Type::object("Doc")]);
}

#[test]
fn methods_of_arrays_follow_the_element_type() {
    let catalog = toy_catalog();
    let guests = Type::array_of(Type::object("Guest"));
    let method = |name| catalog.method(&guests, name).unwrap();
    let closure = [Type::Closure];
    assert_eq!(method("filter").returns(&guests, &closure, &Type::Bool), guests);
    assert_eq!(method("map").returns(&guests, &closure, &Type::Text), Type::array_of(Type::Text));
    assert_eq!(method("pop").returns(&guests, &[], &Type::Any), Type::object("Guest"));
    assert_eq!(method("filter").closure_params(&guests, 1), [Type::object("Guest"), Type::Int]);
    assert_eq!(method("for_each").closure_params(&guests, 1), [Type::object("Guest")]);
}

#[test]
fn the_hosts_form_of_a_function_replaces_rhais() {
    let catalog = toy_catalog();
    let for_each = catalog.method(&Type::array_of(Type::Any), "for_each").unwrap();
    assert_eq!(for_each.origin, Origin::Host);
    assert_eq!(for_each.overloads.len(), 1);
    assert_eq!(for_each.doc().summary, "Calls a closure with each element.");
}

#[test]
fn operators_and_odd_numbers_are_left_out() {
    let catalog = toy_catalog();
    let odd = |entry: &&Entry| {
        let name = entry.name.as_str();
        name != "[]" && !rhai::is_valid_identifier(name)
    };
    assert_eq!(catalog.entries().iter().find(odd).map(Entry::path), None);
    let known = [
        "any",
        "array",
        "blob",
        "bool",
        "char",
        "closure",
        "float",
        "int",
        "map",
        "nothing",
        "range",
        "string",
        "timestamp",
        "Doc",
        "Guest",
        "Host",
    ];
    for name in catalog.types() {
        assert!(known.contains(&name), "{name}");
    }
}

#[test]
fn the_order_is_stable() {
    let list = |catalog: &Catalog| catalog.entries().iter().flat_map(Entry::signatures).collect::<Vec<_>>();
    assert_eq!(list(&toy_catalog()), list(&toy_catalog()));
}

#[test]
fn live_values_have_types() {
    let engine = toy::engine();
    let catalog = toy::catalog(&engine);
    for (code, name) in [
        ("1", "int"),
        ("\"a\"", "string"),
        ("[1]", "[int]"),
        ("[]", "array"),
        ("#{}", "map"),
        ("()", "nothing"),
        ("|x| x", "closure"),
        ("0..3", "range"),
        ("guest(\"web1\")", "Guest"),
        ("[guest(\"web1\")]", "[Guest]"),
        ("guest(\"web1\").host()", "Host"),
    ] {
        let value: Dynamic = engine.eval(code).unwrap();
        assert_eq!(catalog.type_of(&value).to_string(), name, "{code}");
    }
}

#[test]
fn docs_of_types_come_when_asked_for() {
    let engine = toy::engine();
    let mut catalog = toy::catalog(&engine);
    assert!(catalog.doc("Guest").is_none());
    catalog.add_type_docs(&engine);
    assert_eq!(catalog.doc("Guest").unwrap().summary, "A guest on a host.");
}

#[test]
fn options_tables_are_found_by_function() {
    let catalog = toy_catalog();
    assert_eq!(catalog.option_table("Guest.undefine").unwrap().options.len(), 3);
    assert!(catalog.option_table("Guest.start").is_none());
    assert_eq!(catalog.option_tables().count(), 2);
}
