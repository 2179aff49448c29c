//! Every refusal of a wrong argument says which operation it was.

use super::*;
use crate::lang::catalog::{Entry, Kind, Param};
use crate::lang::names::subject;
use crate::lang::natives::Docs;
use crate::lang::types::Type;

/// How a value of a type is had on the example host; the others have no driver there.
const VALUES: &[(&str, &str)] = &[
    ("Domain", r#"domain("test")"#),
    ("DomainSnapshot", r#"domain("test").snapshot_create()"#),
    ("DomainCheckpoint", r#"domain("test").checkpoint_create()"#),
    ("Job", r#"domain("test").managed_save()"#),
    ("Network", r#"network("default")"#),
    ("Interface", r#"interface("eth1")"#),
    ("NodeDevice", r#"node_device("computer")"#),
    ("StoragePool", r#"pool("default-pool")"#),
    ("StorageVolume", r#"volume("/default-pool/vol1")"#),
    ("Connection", "conn()"),
    ("Host", "host()"),
];

/// What methods of a connection are about beside the types above.
const OTHERS: [&str; 4] = ["NetworkPort", "NwFilter", "NwFilterBinding", "Secret"];

/// True for a type's word, a full stop and the name of one of its functions: `domain.start`.
fn is_operation(text: &str) -> bool {
    let known = VALUES.iter().map(|(type_name, _)| *type_name).chain(OTHERS);
    let Some((word, name)) = text.split_once('.') else { return false };
    let is_name = name.chars().all(|letter| letter == '_' || letter.is_ascii_lowercase());
    is_name && !name.is_empty() && known.map(subject).any(|known| known == word)
}

/// Values that are wrong for most parameters of a type.
fn wrong(param: &Param) -> &'static [&'static str] {
    match &param.type_ {
        Type::Any => &["-1", r#""/none/?!""#, "#{ nope: 1 }", "[()]", r#"["?!"]"#, "1.5", "()"],
        Type::Text => &[r#""/none/?!""#, r#""""#],
        Type::Int => &["-1", "1 << 62"],
        Type::Float => &["-1.5"],
        Type::Bool => &["true"],
        Type::Map => &["#{ nope: 1 }"],
        Type::Array(_) => &["[()]", r#"["?!"]"#],
        Type::Closure => &["|x| x"],
        Type::Object(name) if &**name == "Connection" => &["conn()"],
        _ => &[],
    }
}

/// Calls and assignments with wrong arguments.
fn attempts(entry: &Entry, value: &str) -> Vec<String> {
    let any = Param { name: String::new(), type_: Type::Any };
    match entry.kind {
        Kind::Property { settable: true } => {
            wrong(&any).iter().map(|wrong| format!("let v = {value}; v.{} = {wrong}", entry.name)).collect()
        }
        Kind::Method => {
            let mut all = Vec::new();
            for overload in &entry.overloads {
                let mut lists = vec![Vec::new()];
                for param in &overload.params {
                    lists = lists
                        .into_iter()
                        .flat_map(|list| wrong(param).iter().map(move |one| [&list[..], &[*one]].concat()))
                        .collect();
                }
                let call = |list: Vec<&str>| format!("{value}.{}({})", entry.name, list.join(", "));
                all.extend(lists.into_iter().filter(|list| !list.is_empty()).map(call));
            }
            all
        }
        _ => Vec::new(),
    }
}

#[test]
fn a_refused_argument_says_which_operation_it_was() {
    let engine = bare_engine(Docs::Kept);
    let catalog = catalog(&engine);
    let folder = tempfile::tempdir().unwrap();
    let node = folder.path().join("node.xml");
    std::fs::write(&node, EXAMPLE_HOST).unwrap();
    let uri = format!("test://{}", node.display());
    let session = session_with(&uri, &[]);
    let mut faults = Vec::new();
    let mut refused = 0;
    for (type_name, value) in VALUES {
        let type_ = Type::object(type_name);
        for entry in catalog.members(&type_).filter(|entry| entry.origin == Origin::Host) {
            for code in attempts(entry, value) {
                session.context().set_connection(Connection::new(Some(uri.clone()), false, Arc::default()));
                let Err(failure) = session.engine().run(&code) else { continue };
                let error = crate::api::error::from_rhai(&failure);
                if error.code() != "usage" {
                    continue;
                }
                refused += 1;
                let operation = error.facts().operation.as_deref().unwrap_or("nothing");
                if !is_operation(operation) {
                    faults.push(format!("{code}: {operation}: {error}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} of {refused}:\n{}", faults.len(), faults.join("\n"));
    assert!(refused > 100, "{refused}");
}
