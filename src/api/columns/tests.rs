use super::*;
use crate::api::test_script::TestScript;
use crate::lang::catalog::{Catalog, Entry, Kind as Callable};
use crate::lang::natives::Docs;
use crate::lang::types::Type;
use crate::libvirt::test_node::GUEST;
use crate::session::bare_engine;

/// How a value of a type is had on a prepared test node; the other types have no driver there.
const VALUES: &[(&str, &str)] = &[
    ("Domain", "vm"),
    ("DomainSnapshot", r#"vm.snapshot("second")"#),
    ("DomainCheckpoint", r#"other.checkpoint("second")"#),
    ("Job", "job"),
    ("Network", r#"network("default")"#),
    ("Interface", r#"interface("eth1")"#),
    ("NodeDevice", r#"node_device("net_eth1")"#),
    ("StoragePool", r#"pool("default")"#),
    ("StorageVolume", r#"volume("/img/v1")"#),
    ("Connection", "conn()"),
    ("Host", "host()"),
];

/// A guest with snapshots, and one with checkpoints, because none has both.
fn prepared() -> String {
    let disk = "<devices><disk type='file'><source file='/a'/><target dev='vda'/></disk></devices></domain>";
    let other = GUEST.replace("guest", "other").replace("</domain>", disk);
    format!(
        r#"let vm = conn().define_domain(`{GUEST}`);
        vm.start();
        let job = vm.managed_save();
        job.wait();
        vm.start();
        let other = conn().define_domain(`{other}`);
        other.start();
        for name in ["first", "second"] {{
            vm.snapshot_create(#{{ name: name }});
            other.checkpoint_create(#{{ name: name }});
        }}"#
    )
}

#[test]
fn every_default_column_is_a_property_or_a_method_of_its_type() {
    let catalog = Catalog::from_engine(&bare_engine(Docs::Kept), &[]);
    for Known { type_name, columns, .. } in TYPES {
        let type_ = Type::from_doc(type_name);
        let methods_only = ["Connection", "Host"].contains(type_name);
        for (column, ..) in *columns {
            let found = if methods_only {
                catalog.method(&type_, column).filter(|entry| entry.with_arguments(0).next().is_some())
            } else {
                catalog.property(&type_, column)
            };
            let found = found.filter(|entry| entry.kind != Callable::Index);
            assert!(found.is_some(), "{type_name} has the column {column}, which scripts cannot read");
        }
    }
}

#[test]
fn what_is_documented_in_bytes_is_shown_so_under_its_name() {
    let catalog = Catalog::from_engine(&bare_engine(Docs::Kept), &[]);
    let in_bytes = |entry: &&Entry| {
        matches!(entry.kind, Callable::Property { .. }) && entry.doc().summary.contains("in bytes")
    };
    let wrong: Vec<String> = catalog
        .entries()
        .iter()
        .filter(in_bytes)
        .filter(|entry| crate::output::kind_of_field(&entry.name) != Kind::Size)
        .map(Entry::path)
        .collect();
    assert_eq!(wrong, [""; 0]);
    for Known { type_name, columns, .. } in TYPES.iter().filter(|known| known.type_name != "Job") {
        for (column, kind, _) in *columns {
            assert_eq!(crate::output::kind_of_field(column), *kind, "{type_name}.{column}");
        }
    }
}

#[test]
fn a_column_and_its_property_say_the_same() {
    let t = TestScript::new();
    let mut checks = Vec::new();
    for (type_name, value) in VALUES {
        let known = TYPES.iter().find(|known| known.type_name == *type_name).expect(type_name);
        let call = if ["Connection", "Host"].contains(type_name) { "()" } else { "" };
        // A handle stands for its name, and time goes on.
        for (column, ..) in known.columns.iter().filter(|(column, ..)| *column != "elapsed") {
            checks.push(format!("compare({value}, \"{type_name}.{column}\", |value| value.{column}{call})"));
        }
    }
    // What a driver does not tell is nothing as data, and an error to who asks.
    let compare = r#"
        fn compare(value, column, read) {
            let read = attempt(|| read.call(value));
            let read = if read.ok || read.error.code != "unsupported" { read.value } else { () };
            let data = json::parse(to_json(value))[column.split(".")[1]];
            let handles = ["Domain", "DomainSnapshot", "DomainCheckpoint", "StoragePool"];
            if data == read || type_of(read) in handles && data == read.name { () }
            else { `${column}: ${data} and ${read}` }
        }"#;
    let script = format!("{compare} {} [{}].filter(|one| one != ())", prepared(), checks.join(", "));
    assert_eq!(t.json(&script), "[]");
}
