use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::api::global::ExitStatus;
use crate::api::permissions::Permissions;
use crate::lang::catalog::Origin;
use crate::lang::reference::{Body, help, index};
use crate::lang::self_check::self_check;

fn session(uri: &str) -> Session {
    session_with(uri, &["one"])
}

fn session_with(uri: &str, args: &[&str]) -> Session {
    session_keeping(uri, args, None)
}

/// A session with a history store of its own.
fn session_keeping(uri: &str, args: &[&str], history: Option<String>) -> Session {
    Session::new(Settings {
        door: Arc::default(),
        permissions: Permissions::default(),
        uri: Some(uri.into()),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        folder: None,
        library: None,
        view: crate::output::View::default(),
        history,
    })
}

#[test]
fn variables_functions_imports_and_closures_survive_from_one_source_to_the_next() {
    let mut session = session("test:///default");
    for text in
        ["let a = 20;", "fn twice(x) { x * 2 }", r#"import "table" as t;"#, "let f = |x| twice(x) + a;"]
    {
        let _ = session.eval("line", text).unwrap();
    }
    let sum = session.eval("line", "f.call(1) + t::sum_by([1, 2], |n| n)").unwrap();
    assert_eq!(sum.as_int(), Ok(25));
}

#[test]
fn the_bytes_of_a_blob_are_numbers_as_any_other() {
    let mut session = session("test:///default");
    let digits = session.eval(
        "s",
        "let digits = \"\"; for byte in \"Az\".to_blob() { digits += (byte + 1).to_hex() } digits",
    );
    assert_eq!(digits.unwrap().into_immutable_string().unwrap(), "427b");
}

#[test]
fn what_was_made_before_a_failure_stays() {
    let mut session = session("test:///default");
    let _ = session.eval("line", "let a = 1; throw 2;").unwrap_err();
    assert_eq!(session.eval("line", "a").unwrap().as_int(), Ok(1));
}

#[test]
fn arguments_are_a_variable_and_a_function() {
    let mut session = session("test:///default");
    let equal = session.eval("line", "fn inside() { args() } inside() == args").unwrap();
    assert_eq!(equal.as_bool(), Ok(true));
}

#[test]
fn everything_callable_is_documented_and_consistent() {
    let engine = bare_engine(Docs::Kept);
    let faults = self_check(&catalog(&engine));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_list_shows_a_form_with_what_is_said_of_that_form() {
    let catalog = catalog(&bare_engine(Docs::Kept));
    let mut rows = Vec::new();
    let types = catalog.types().into_iter().filter_map(|name| help(&catalog, name));
    for text in types.chain([index(&catalog)]) {
        for section in text.sections {
            if let Body::Rows(listed) = section.body {
                rows.extend(listed);
            }
        }
    }
    let forms: Vec<(String, String)> = catalog
        .entries()
        .iter()
        .flat_map(|entry| entry.overloads.iter().map(|form| (entry.signature(form), form.doc().summary)))
        .collect();
    let signatures: BTreeSet<&str> = forms.iter().map(|(signature, _)| signature.as_str()).collect();
    // The index has types and modules too.
    let wrong = |row: &&(String, String)| signatures.contains(row.0.as_str()) && !forms.contains(row);
    assert_eq!(rows.iter().filter(wrong).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert!(rows.iter().any(|(signature, _)| signature == "connect(uri: string) -> Connection"));
}

/// The documentation cannot lie: each example runs, against a host of its own.
#[test]
fn every_example_runs() {
    let engine = bare_engine(Docs::Kept);
    let catalog = catalog(&engine);
    let folder = tempfile::tempdir().unwrap();
    let node = folder.path().join("node.xml");
    std::fs::write(&node, EXAMPLE_HOST).unwrap();
    let uri = format!("test://{}", node.display());
    let store = folder.path().join("history.db").display().to_string();
    let session = session_keeping(&uri, &[], Some(store));
    let mut failures = Vec::new();
    let mut ran = 0;
    for entry in catalog.entries().iter().filter(|entry| entry.origin != Origin::Rhai) {
        for example in entry.overloads.iter().flat_map(|overload| overload.doc().examples) {
            ran += 1;
            session.context().set_connection(Connection::new(Some(uri.clone()), false, Arc::default()));
            if let Err(error) = session.engine().run(&example)
                && !matches!(ExitStatus::of(&error), Some(ExitStatus(status)) if status != USAGE)
            {
                failures.push(format!("{}: {error}\n{example}", entry.path()));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {ran} fail:\n{}", failures.len(), failures.join("\n\n"));
    assert!(ran > 100, "only {ran} examples");
}

/// An example may end by `exit`, but not because a script module found its arguments wrong.
const USAGE: u8 = 2;

/// What `test:///default` has, in a file, so that each example has a host of its own.
const EXAMPLE_HOST: &str = include_str!("example_host.xml");

#[test]
fn a_program_that_panics_the_optimizer_is_an_error() {
    let mut session = session("test:///default");
    let _ = session.eval("line", "const m = #{a: 1}; m.a = 2;").unwrap_err();
    assert_eq!(session.eval("line", "1 + 1").unwrap().as_int(), Ok(2));
}

#[test]
fn a_first_line_for_the_shell_is_skipped() {
    let mut session = session("test:///default");
    assert_eq!(session.eval("line", "#!/usr/bin/env virhai\n42").unwrap().as_int(), Ok(42));
}

mod documentation;
mod modules;
mod operations;
mod reports;
mod topics;
